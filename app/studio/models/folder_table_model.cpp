// What each file of NAME.qvlm is for.
#include "app/studio/models/folder_table_model.h"

#include <QDir>

#include "app/studio/models/model_summary.h"

namespace qvlm::studio {

namespace {

QString purpose(const QString& name) {
  if (name == QLatin1String("model.gguf")) return FolderTableModel::tr("decoder, quantized");
  if (name == QLatin1String("vision.gguf")) return FolderTableModel::tr("vision tower and projector");
  if (name == QLatin1String("recipe.json")) return FolderTableModel::tr("how it was made");
  if (name == QLatin1String("journal.jsonl")) return FolderTableModel::tr("every event of the run");
  if (name == QLatin1String("report.json")) return FolderTableModel::tr("errors, entropies and sizes by block");
  if (name.startsWith(QLatin1String("tokenizer"))) return FolderTableModel::tr("tokenizer");
  return {};
}

}  // namespace

int FolderTableModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int FolderTableModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : int(COLUMNS);
}

QVariant FolderTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  if (role == Qt::TextAlignmentRole && index.column() == SIZE) return int(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole && role != Qt::ToolTipRole) return {};
  const Row& row = rows_[static_cast<size_t>(index.row())];
  switch (index.column()) {
    case NAME:
      return row.name;
    case WHAT:
      return row.what;
    case SIZE:
      return bytes_text(row.bytes);
    default:
      return {};
  }
}

QVariant FolderTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (role == Qt::TextAlignmentRole && orientation == Qt::Horizontal && section == SIZE) {
    return int(Qt::AlignRight | Qt::AlignVCenter);
  }
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  switch (section) {
    case NAME:
      return tr("File");
    case WHAT:
      return tr("Holds");
    case SIZE:
      return tr("Size");
    default:
      return {};
  }
}

void FolderTableModel::set_folder(const QString& folder) {
  beginResetModel();
  rows_.clear();
  if (!folder.isEmpty()) {
    for (const QFileInfo& file : QDir(folder).entryInfoList(QDir::Files, QDir::Name)) {
      rows_.push_back({file.fileName(), purpose(file.fileName()), file.size()});
    }
  }
  endResetModel();
}

qint64 FolderTableModel::total_bytes() const {
  qint64 sum = 0;
  for (const Row& row : rows_) sum += row.bytes;
  return sum;
}

}  // namespace qvlm::studio
