// Rows come as questions are answered; accuracies are kept beside them.
#include "app/studio/models/question_table_model.h"

#include <QStringList>

#include "core/evaluation/accuracy.h"

namespace qvlm::studio {

int QuestionTableModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int QuestionTableModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : int(COLUMNS);
}

QVariant QuestionTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  const QuestionAnswered& row = rows_[static_cast<size_t>(index.row())];
  if (role == RIGHT_ROLE) return row.right;
  if (role == AGAINST_ROLE) return row.against_right ? QVariant(*row.against_right) : QVariant();
  if (role == AGREES_ROLE) return row.agrees;
  if (role == CATEGORY_ROLE) return QString::fromStdString(row.category);
  if (role == IMAGES_ROLE) {
    QStringList images;
    for (const std::string& image : row.images) images << QString::fromStdString(image);
    return images;
  }
  if (role != Qt::DisplayRole && role != Qt::ToolTipRole && role != Qt::AccessibleTextRole) return {};
  switch (index.column()) {
    case PICTURE:
      return role == Qt::AccessibleTextRole ? tr("%1 pictures").arg(row.images.size()) : QVariant();
    case VERDICT:
      if (!row.against_right || *row.against_right == row.right) return row.right ? tr("right") : tr("wrong");
      return row.right ? tr("right (other wrong)") : tr("wrong (other right)");
    case CATEGORY:
      return QString::fromStdString(row.category);
    case QUESTION:
      return QString::fromStdString(row.question);
    case EXPECTED:
      return QString::fromStdString(row.expected);
    case ANSWER:
      return QString::fromStdString(row.answer);
    default:
      return {};
  }
}

QVariant QuestionTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (role != Qt::DisplayRole) return {};
  if (orientation == Qt::Vertical) return section + 1;
  switch (section) {
    case PICTURE:
      return tr("Picture");
    case VERDICT:
      return tr("Verdict");
    case CATEGORY:
      return tr("Category");
    case QUESTION:
      return tr("Question");
    case EXPECTED:
      return tr("Expected");
    case ANSWER:
      return tr("Answer");
    default:
      return {};
  }
}

void QuestionTableModel::clear() {
  beginResetModel();
  rows_.clear();
  overall_ = {};
  categories_.clear();
  endResetModel();
}

void QuestionTableModel::append(const QuestionAnswered& answered) {
  const int row = rowCount();
  beginInsertRows({}, row, row);
  rows_.push_back(answered);
  const auto count = [&answered](Accuracy& accuracy) {
    ++accuracy.total;
    accuracy.right += answered.right ? 1 : 0;
    fill_wilson_interval(accuracy);
  };
  count(overall_);
  count(categories_[answered.category]);
  endInsertRows();
}

void QuestionFilter::set_verdict(Verdict verdict) {
  verdict_ = verdict;
  invalidateFilter();
}

void QuestionFilter::set_category(const QString& category) {
  category_ = category;
  invalidateFilter();
}

void QuestionFilter::set_text(const QString& text) {
  text_ = text;
  invalidateFilter();
}

bool QuestionFilter::filterAcceptsRow(int row, const QModelIndex& parent) const {
  const auto cell = [&](int column, int role) { return sourceModel()->index(row, column, parent).data(role); };
  const bool right = cell(0, QuestionTableModel::RIGHT_ROLE).toBool();
  if (verdict_ == Verdict::RIGHT && !right) return false;
  if (verdict_ == Verdict::WRONG && right) return false;
  if (verdict_ == Verdict::ONLY_AGAINST_RIGHT || verdict_ == Verdict::ONLY_THIS_RIGHT) {
    const QVariant against = cell(0, QuestionTableModel::AGAINST_ROLE);
    if (!against.isValid() || right == against.toBool() || right != (verdict_ == Verdict::ONLY_THIS_RIGHT)) return false;
  }
  if (verdict_ == Verdict::ANSWERS_DIFFER && cell(0, QuestionTableModel::AGREES_ROLE).toBool()) return false;
  if (!category_.isEmpty() && cell(0, QuestionTableModel::CATEGORY_ROLE).toString() != category_) return false;
  if (text_.isEmpty()) return true;
  for (const int column : {QuestionTableModel::QUESTION, QuestionTableModel::EXPECTED, QuestionTableModel::ANSWER}) {
    if (cell(column, Qt::DisplayRole).toString().contains(text_, Qt::CaseInsensitive)) return true;
  }
  return false;
}

}  // namespace qvlm::studio
