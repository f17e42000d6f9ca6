// What `qvlm inspect --json` says of a model, as values for the pages.
#pragma once

#include <QJsonObject>
#include <QString>
#include <QStringList>
#include <vector>

namespace qvlm::studio {

/// One kind of tensor, its shape, and the group sizes that divide its rows.
struct LegalGroups {
  QString tensor;
  qint64 rows = 0, columns = 0;
  QString groups;  // "32, 64, 128, row"
};

struct ModelSummary {
  QString path, family, name;
  qint64 parameters = 0;
  int layers = 0, sites = 0;  // of the decoder
  int hidden = 0, heads = 0, vocabulary = 0, context_length = 0;
  bool has_vision = false;
  int vision_layers = 0, vision_hidden = 0, image_size = 0, image_tokens = 0;
  QString image_fit;
  double stored_bits = 0;
  qint64 stored_bytes = 0;
  QString activations;
  std::vector<LegalGroups> legal_groups;
  QStringList notes;
  bool quantized() const { return stored_bits > 0 && stored_bits < 15; }
};

/// Keys that are absent stay at their defaults; unknown ones are ignored.
ModelSummary summary_from_json(const QString& path, const QJsonObject& object);

/// A note of the command line with its capital and its full stop.
QString sentence_of(const QString& note);
/// The notes as sentences, a line each.
QString notes_text(const ModelSummary& model);

/// "10.9 M", "6.74 B".
QString count_text(qint64 count);
/// "25.1 MB", in powers of 1000.
QString bytes_text(qint64 bytes);

}  // namespace qvlm::studio
