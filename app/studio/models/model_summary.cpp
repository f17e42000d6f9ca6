// A tolerant reader of inspect's result.
#include "app/studio/models/model_summary.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QJsonArray>

namespace qvlm::studio {

namespace {

int integer(const QJsonObject& object, const char* key) {
  return object.value(QLatin1String(key)).toInt();
}

/// "16 bits", or "4 bits, dynamic per token": bits and granularity of the first site that is quantized.
QString activations_text(const QJsonObject& object) {
  const int bits = object.value(QLatin1String("activation_bits")).toInt(16);
  const QString text = QCoreApplication::translate("ModelSummary", "%1 bits").arg(bits);
  for (const QJsonValue& site : object.value(QLatin1String("activations")).toArray()) {
    if (site.toObject().value(QLatin1String("bits")).toInt(16) == bits && bits < 16) {
      return text + QStringLiteral(", ") + site.toObject().value(QLatin1String("granularity")).toString();
    }
  }
  return text;
}

}  // namespace

ModelSummary summary_from_json(const QString& path, const QJsonObject& object) {
  ModelSummary summary;
  summary.path = path;
  summary.family = object.value(QLatin1String("family")).toString();
  summary.name = object.value(QLatin1String("name")).toString(QFileInfo(path).fileName());
  if (summary.name.isEmpty()) summary.name = QFileInfo(path).fileName();
  summary.parameters = object.value(QLatin1String("parameters")).toInteger();
  const QJsonObject decoder = object.value(QLatin1String("decoder")).toObject();
  summary.layers = object.contains(QLatin1String("layers")) ? integer(object, "layers") : integer(decoder, "layers");
  summary.sites = object.contains(QLatin1String("sites")) ? integer(object, "sites") : 4 * summary.layers;
  summary.hidden = integer(decoder, "hidden");
  summary.heads = integer(decoder, "heads");
  summary.vocabulary = integer(decoder, "vocabulary");
  summary.context_length = integer(decoder, "context_length");
  const QJsonValue vision = object.value(QLatin1String("vision"));
  summary.has_vision = vision.isObject();
  const QJsonObject tower = vision.toObject();
  summary.vision_layers = integer(tower, "layers");
  summary.vision_hidden = integer(tower, "hidden");
  summary.image_size = integer(tower, "image_size");
  summary.image_tokens = integer(tower, "image_tokens");
  summary.image_fit = tower.value(QLatin1String("fit")).toString();
  summary.stored_bits = object.value(QLatin1String("stored_bits")).toDouble();
  summary.stored_bytes = object.value(QLatin1String("stored_bytes")).toInteger();
  summary.activations = activations_text(object);
  for (const QJsonValue& value : object.value(QLatin1String("legal_groups")).toArray()) {
    const QJsonObject row = value.toObject();
    LegalGroups groups;
    groups.tensor = row.value(QLatin1String("tensor")).toString();
    groups.rows = row.value(QLatin1String("rows")).toInteger();
    groups.columns = row.value(QLatin1String("columns")).toInteger();
    QStringList sizes;
    for (const QJsonValue& size : row.value(QLatin1String("groups")).toArray()) {
      sizes << (size.toInteger() == groups.columns && groups.columns != 128 && groups.columns != 64 &&
                        groups.columns != 32
                    ? QCoreApplication::translate("ModelSummary", "row")
                    : QString::number(size.toInteger()));
    }
    groups.groups = sizes.join(QStringLiteral(", "));
    summary.legal_groups.push_back(groups);
  }
  for (const QJsonValue& note : object.value(QLatin1String("notes")).toArray()) summary.notes << note.toString();
  return summary;
}

QString sentence_of(const QString& note) {
  return note.left(1).toUpper() + note.mid(1) + QLatin1Char('.');
}

QString notes_text(const ModelSummary& model) {
  QStringList sentences;
  for (const QString& note : model.notes) sentences << sentence_of(note);
  return sentences.join(QLatin1Char('\n'));
}

QString count_text(qint64 count) {
  if (count >= 1'000'000'000) return QStringLiteral("%1 B").arg(double(count) / 1e9, 0, 'f', 2);
  if (count >= 1'000'000) return QStringLiteral("%1 M").arg(double(count) / 1e6, 0, 'f', 1);
  if (count >= 1'000) return QStringLiteral("%1 k").arg(double(count) / 1e3, 0, 'f', 1);
  return QString::number(count);
}

QString bytes_text(qint64 bytes) {
  if (bytes >= 1'000'000'000) return QStringLiteral("%1 GB").arg(double(bytes) / 1e9, 0, 'f', 2);
  if (bytes >= 1'000'000) return QStringLiteral("%1 MB").arg(double(bytes) / 1e6, 0, 'f', 1);
  if (bytes >= 1'000) return QStringLiteral("%1 kB").arg(double(bytes) / 1e3, 0, 'f', 1);
  return QStringLiteral("%1 B").arg(bytes);
}

}  // namespace qvlm::studio
