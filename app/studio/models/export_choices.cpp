// From the commands' lines to rows.
#include "app/studio/models/export_choices.h"

#include <QJsonArray>
#include <QLocale>
#include <algorithm>

#include "app/studio/models/model_summary.h"

namespace qvlm::studio {

namespace {

QString title(const QString& key) {
  if (key == QLatin1String("gguf")) return QStringLiteral("GGUF");
  if (key == QLatin1String("awq")) return QStringLiteral("AWQ");
  if (key == QLatin1String("gptq")) return QStringLiteral("GPTQ v2");
  return key;
}

QString programs(const QString& key) {
  if (key == QLatin1String("gguf")) return QStringLiteral("llama.cpp, Ollama");
  if (key == QLatin1String("awq")) return QStringLiteral("vLLM, SGLang");
  if (key == QLatin1String("gptq")) return QStringLiteral("vLLM, GPTQModel");
  return QStringLiteral("vLLM, transformers");
}

QString text_of(const QJsonObject& object, const char* key) { return object.value(QLatin1String(key)).toString(); }
double number_of(const QJsonObject& object, const char* key) { return object.value(QLatin1String(key)).toDouble(); }
int count_of(const QJsonObject& object, const char* key) { return object.value(QLatin1String(key)).toInt(); }

}  // namespace

ExportChoices::ExportChoices(QObject* parent)
    : QObject(parent),
      formats_({tr("Format"), tr("For"), tr("Weights"), tr("Verdict")}, {SIZE}),
      tensors_({tr("Tensor"), tr("Verdict"), tr("Stored as"), tr("Relative error"), tr("Because")}, {ERROR}),
      devices_({tr("Device"), tr("Usable"), tr("Fits"), tr("Longest context"), tr("Tokens/s, at most"), tr("By")}, {USABLE, CONTEXT, SPEED}) {
  refill_formats();
}

QStringList ExportChoices::keys() {
  return {QStringLiteral("gguf"), QStringLiteral("awq"), QStringLiteral("gptq"), QStringLiteral("compressed-tensors")};
}

void ExportChoices::clear() {
  checked_.clear();
  verdicts_.clear();
  memory_.clear();
  refill_formats();
  tensors_.set_rows({});
  devices_.set_rows({});
}

bool ExportChoices::possible(const QString& key) const {
  const QJsonObject one = checked_.value(key);
  return !one.isEmpty() && text_of(one, "refusal").isEmpty() && count_of(one, "illegal") == 0;
}

bool ExportChoices::inexact(const QString& key) const { return count_of(checked_.value(key), "inexact") > 0; }

QStringList ExportChoices::format_row(const QString& key) const {
  const QJsonObject one = checked_.value(key);
  QString size = QStringLiteral("–"), verdict = tr("not looked at yet");
  if (!one.isEmpty()) {
    const int exact = count_of(one, "exact"), inexact = count_of(one, "inexact"), illegal = count_of(one, "illegal");
    if (const QString refusal = text_of(one, "refusal"); !refusal.isEmpty()) {
      verdict = tr("not possible: %1").arg(refusal);
    } else {
      size = bytes_text(static_cast<qint64>(number_of(one, "bytes")));
      verdict = illegal > 0   ? tr("%1 tensors have no place").arg(illegal)
                : inexact > 0 ? tr("%1 tensors exact, %2 inexact").arg(exact).arg(inexact)
                              : tr("exact, all %1 tensors").arg(exact);
    }
  }
  return {title(key), programs(key), size, verdict};
}

void ExportChoices::refill_formats() {
  std::vector<QStringList> rows;
  for (const QString& key : keys()) rows.push_back(format_row(key));
  formats_.set_rows(std::move(rows));
}

void ExportChoices::take_check(const QJsonObject& line) {
  const QString event = text_of(line, "event"), key = text_of(line, "format");
  if (event == QLatin1String("TensorChecked")) {
    const QString verdict = text_of(line, "verdict");
    const bool is_inexact = verdict == QLatin1String("inexact");
    verdicts_[key].push_back({text_of(line, "tensor"), is_inexact ? tr("inexact") : verdict == QLatin1String("exact") ? tr("exact") : tr("no place"),
                              text_of(line, "stored"), is_inexact ? QLocale().toString(number_of(line, "relative_error"), 'e', 1) : QString(),
                              text_of(line, "reason")});
  } else if (event == QLatin1String("ExportChecked")) {
    checked_[key] = line;
    const auto rank = [](const QStringList& row) { return row[REASON].isEmpty() ? (row[STORED].startsWith(QLatin1Char('F')) ? 2 : 1) : 0; };
    std::stable_sort(verdicts_[key].begin(), verdicts_[key].end(),
                     [&](const QStringList& a, const QStringList& b) { return rank(a) < rank(b); });
    refill_formats();
    if (key == shown_) show_format(key);
  }
}

void ExportChoices::show_format(const QString& key) {
  shown_ = key;
  tensors_.set_rows(checked(key) ? verdicts_.value(key) : std::vector<QStringList>{});
}

void ExportChoices::take_fit(const QJsonObject& result) {
  const QLocale locale;
  model_context_ = count_of(result, "model_context");
  const auto bytes = [&](const char* key) { return bytes_text(static_cast<qint64>(number_of(result, key))); };
  memory_ = tr("%1: weights %2, keys and values %3, working %4")
                .arg(bytes("bytes"), bytes("weight_bytes"), bytes("kv_cache_bytes"), bytes("working_bytes"));
  std::vector<QStringList> rows;
  for (const QJsonValue& value : result.value(QLatin1String("devices")).toArray()) {
    const QJsonObject one = value.toObject();
    const auto speed = [&](const char* key) { return locale.toString(number_of(one, key), 'f', number_of(one, key) < 20 ? 1 : 0); };
    const QString full = speed("tokens_per_second_full"), empty = speed("tokens_per_second_empty");
    rows.push_back({text_of(one, "device"), bytes_text(static_cast<qint64>(number_of(one, "usable_bytes"))),
                    one.value(QLatin1String("fits")).toBool() ? tr("yes") : tr("no"), locale.toString(count_of(one, "longest_context")),
                    full == empty ? full : tr("%1 – %2").arg(full, empty),
                    tr("%1 GB/s: %2").arg(locale.toString(number_of(one, "bandwidth_gbps"), 'g', 5), text_of(one, "basis"))});
  }
  devices_.set_rows(std::move(rows));
}

bool ExportChoices::is_device(const QString& text) {
  const QStringList parts = text.split(QLatin1Char(':'));
  return parts.size() >= 3 && !parts.first().trimmed().isEmpty() && parts[parts.size() - 2].toDouble() > 0 && parts.last().toDouble() > 0;
}

}  // namespace qvlm::studio
