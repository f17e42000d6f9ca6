// A JSON file a result, named by what it is of; reading and writing go on other threads.
#include "app/studio/models/evaluation_results.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QPointer>
#include <QThreadPool>
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/studio/models/workbench.h"
#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/data/text_set.h"

namespace qvlm::studio {

namespace {

constexpr int64_t kVersion = 1;
const QString kEnding = QStringLiteral(".json"), kAside = QStringLiteral(".removed");

QString word(std::string_view text) { return QString::fromUtf8(text.data(), qsizetype(text.size())); }

/// The content of what was asked. Throws Error where a text cannot be read again.
QString asked_of(const EvaluateRequest& request, quint64 asked, int count) {
  const std::string questions = request.questions.toStdString();
  const std::string content = to_hex(is_text_set(questions) ? hash64(read_text_set(questions)) : asked);
  return QStringLiteral("%1-%2").arg(QString::fromStdString(content)).arg(count);
}

/// What ran says what it is: a checkpoint in full precision, or a file that another program quantized.
void describe_running(const GeneratorInfo& info, bool run, TableRow& row) {
  const bool full = !run && info.weight_bits >= 16;
  const QString weights = QString::number(info.weight_bits, 'g', 3), activations = QString::number(info.activation_bits);
  row.method = full ? "float" : "other";
  row.bits = full ? "float" : QStringLiteral("W%1A%2").arg(weights, activations).toStdString();
  row.weights = QStringLiteral("%1 bit").arg(weights).toStdString();
  row.activations = full ? "not quantized" : QStringLiteral("%1 bit").arg(activations).toStdString();
}

/// By its recipe and its report, as far as they are there. Throws Error.
void describe_run(const ChatModelChoice& model, TableRow& row, Table& table) {
  const std::filesystem::path folder = model.path.toStdString(), recipe_file = folder / "recipe.json", report = folder / "report.json";
  if (std::filesystem::exists(recipe_file)) {
    Recipe recipe = read_recipe(recipe_file);
    row.method = method_of(recipe).toStdString();
    if (model.activations_as_a16) recipe.activation_bits = recipe.vision_activation_bits = 16;  // so it ran
    describe_recipe(recipe, row);
  }
  if (!std::filesystem::exists(report)) return;
  const Json json = read_json(report);
  table.model = field_or<std::string>(json, "model", report.string(), table.model);
  table.calibration = field_or<std::string>(json, "calibration", report.string(), "");
  row.run = read_run_figures(report);
}

}  // namespace

std::string to_json(const KeptResult& result) {
  const nlohmann::ordered_json json{{"kept_version", kVersion},
                                    {"model", result.model.toStdString()},
                                    {"asked", result.asked.toStdString()},
                                    {"backend", result.backend.toStdString()},
                                    {"at", result.at.toUTC().toString(Qt::ISODateWithMs).toStdString()},
                                    {"table", nlohmann::ordered_json::parse(to_json(result.table))}};
  return json.dump(1) + "\n";
}

KeptResult kept_result_from_json(const Json& json, const std::string& file) {
  const auto version = field<int64_t>(json, "kept_version", file);
  if (version != kVersion) throw Error::in(file, "kept_version", std::to_string(kVersion), std::to_string(version));
  const auto text = [&](const char* key) { return QString::fromStdString(field<std::string>(json, key, file)); };
  KeptResult result{text("model"), text("asked"), text("backend"), QDateTime::fromString(text("at"), Qt::ISODateWithMs),
                    table_from_json(object_field(json, "table", file), file + ": table")};
  if (!result.at.isValid()) throw Error::in(file, "at", "a date", "\"" + text("at").toStdString() + "\"");
  if (result.table.rows.size() != 1) throw Error::in(file, "table.rows", "1", std::to_string(result.table.rows.size()));
  if (!result.table.rows.front().evaluation) throw Error::in(file, "table.rows[0].evaluation", "an object", "nothing");
  return result;
}

quint64 hash_of(const QuestionAnswered& question) {
  Hasher hasher;
  hasher.update(static_cast<uint64_t>(question.index));
  const auto add = [&hasher](std::string_view text) {
    hasher.update(static_cast<uint64_t>(text.size()));
    hasher.update(text);
  };
  for (const std::string& text : {question.id, question.category, question.question, question.expected}) add(text);
  for (const std::string& image : question.images) add(std::filesystem::path(image).filename().string());
  return hasher.digest64();
}

QString method_of(const Recipe& recipe) {
  QStringList parts{word(name_of(recipe.weight_method)).toUpper()};
  if (recipe.search != SearchMode::NONE) parts << word(name_of(recipe.search));
  if (recipe.rotation != RotationMode::NONE) parts << word(name_of(recipe.rotation));
  if (recipe.transform != TransformMode::NONE) parts << word(name_of(recipe.transform)) + QStringLiteral(" transform");
  if (recipe.veo) parts << QStringLiteral("VEO");
  return parts.join(QStringLiteral(", "));
}

Table table_of(const EvaluateRequest& request, const EvaluationFinished& result, QString& problem) {
  const ChatModelChoice& model = request.model;
  Table table;
  table.title = QFileInfo(request.questions).fileName().toStdString();
  table.model = model.path.toStdString();
  table.questions = request.questions.toStdString();
  table.is_text = is_text_set(table.questions);
  TableRow row;
  QString name = model_name(model.path);
  if (model.activations_as_a16) name += QStringLiteral(" as A16");
  if (model.kv_bits != 16) name += QStringLiteral(", KV %1 bit").arg(model.kv_bits);
  row.name = name.toStdString();
  row.evaluation = result;
  const bool run = is_quantized(model.path);
  describe_running(result.info, run, row);
  try {
    if (run) describe_run(model, row, table);
  } catch (const std::exception& error) {
    problem = QString::fromUtf8(error.what());
  }
  table.rows.push_back(std::move(row));
  return table;
}

EvaluationResults::EvaluationResults(QString folder, QObject* parent) : QObject(parent), folder_(std::move(folder)) {}

void EvaluationResults::refresh() {
  if (reading_) {
    again_ = true;
    return;
  }
  reading_ = true;
  QPointer<EvaluationResults> self(this);
  QThreadPool::globalInstance()->start([self, folder = folder_, tidied = std::exchange(tidy_, true)] {
    std::vector<KeptResult> results;
    QStringList problems;
    const QDir there(folder);
    // What an earlier start of the studio put aside nobody can ask back.
    for (const QString& name : tidied ? QStringList() : there.entryList({QLatin1Char('*') + kAside}, QDir::Files)) QFile::remove(there.filePath(name));
    for (const QFileInfo& info : there.entryInfoList({QLatin1Char('*') + kEnding}, QDir::Files, QDir::Name)) {
      const std::string file = info.absoluteFilePath().toStdString();
      try {
        results.push_back(kept_result_from_json(read_json(file), file));
        results.back().file = info.absoluteFilePath();
      } catch (const std::exception& error) {
        problems << QString::fromUtf8(error.what());
      }
    }
    std::stable_sort(results.begin(), results.end(), [](const KeptResult& a, const KeptResult& b) { return a.at > b.at; });
    QMetaObject::invokeMethod(QCoreApplication::instance(), [self, results = std::move(results), problems] {
      if (self) self->take(results, problems);
    });
  });
}

void EvaluationResults::take(std::vector<KeptResult> results, const QStringList& problems) {
  reading_ = false;
  results_ = std::move(results);
  problems_ = problems;
  Q_EMIT changed();
  if (!again_) return;
  again_ = false;
  refresh();
}

void EvaluationResults::keep(const EvaluateRequest& request, const EvaluationFinished& finished, quint64 asked, int count) {
  QPointer<EvaluationResults> self(this);
  QThreadPool::globalInstance()->start([self, request, finished, asked, count, folder = folder_, at = QDateTime::currentDateTimeUtc()] {
    QString failure, problem, content;
    try {
      content = asked_of(request, asked, count);
      const KeptResult result{request.model.path, content, QString::fromStdString(finished.info.backend), at, table_of(request, finished, problem)};
      const QString name = QString::fromStdString(result.table.rows.front().name);
      const QString of = QStringList{content, name, result.model, result.backend, request.against}.join(QLatin1Char('\n'));
      if (!QDir().mkpath(folder)) throw Error(tr("%1: cannot be made").arg(folder).toStdString());
      write_file(std::filesystem::path(folder.toStdString()) / (to_hex(hash64(of.toStdString())) + ".json"), std::string_view(to_json(result)));
      if (!problem.isEmpty()) failure = tr("The result is kept without the figures of its run: %1").arg(problem);
    } catch (const std::exception& error) {
      failure = tr("The result is not kept for the tables: %1").arg(QString::fromUtf8(error.what()));
      content.clear();
    }
    QMetaObject::invokeMethod(QCoreApplication::instance(), [self, failure, content] {
      if (!self) return;
      if (!content.isEmpty()) Q_EMIT self->kept(content);
      if (!failure.isEmpty()) Q_EMIT self->failed(failure);
      self->refresh();
    });
  });
}

void EvaluationResults::remove(const QStringList& files, const QString& what) {
  for (const QString& file : std::exchange(aside_, {})) QFile::remove(file + kAside);
  for (const QString& file : files) aside_ << file.chopped(kEnding.size());
  rename(aside_, kEnding, kAside, what);
}

void EvaluationResults::undo_remove() { rename(std::exchange(aside_, {}), kAside, kEnding, {}); }

void EvaluationResults::rename(const QStringList& files, const QString& from, const QString& to, const QString& what) {
  QPointer<EvaluationResults> self(this);
  QThreadPool::globalInstance()->start([self, files, from, to, what] {
    QStringList failures;
    for (const QString& file : files) {
      QFile moved(file + from);
      if (!moved.rename(file + to)) failures << tr("%1: %2").arg(file + from, moved.errorString());
    }
    QMetaObject::invokeMethod(QCoreApplication::instance(), [self, failures, what] {
      if (!self) return;
      if (!failures.isEmpty()) {
        Q_EMIT self->failed(failures.join(QLatin1Char('\n')));
      } else if (!what.isEmpty()) {
        Q_EMIT self->removed(what);
      }
      self->refresh();
    });
  });
}

}  // namespace qvlm::studio
