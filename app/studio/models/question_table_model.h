// The questions of an evaluation as a table, and its filter.
#pragma once

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>
#include <QString>
#include <map>
#include <string>
#include <vector>

#include "core/evaluation/evaluation_events.h"

namespace qvlm::studio {

class QuestionTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { PICTURE, VERDICT, CATEGORY, QUESTION, EXPECTED, ANSWER, COLUMNS };
  enum Role { RIGHT_ROLE = Qt::UserRole + 1, CATEGORY_ROLE, IMAGES_ROLE, AGAINST_ROLE, AGREES_ROLE };  // AGAINST: whether the other is right, if asked

  using QAbstractTableModel::QAbstractTableModel;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

  void clear();
  void append(const QuestionAnswered& answered);
  const QuestionAnswered& at(int row) const { return rows_.at(static_cast<size_t>(row)); }

  /// Over the rows so far, with Wilson intervals.
  Accuracy overall() const { return overall_; }
  const std::map<std::string, Accuracy>& categories() const { return categories_; }

 private:
  std::vector<QuestionAnswered> rows_;
  Accuracy overall_;
  std::map<std::string, Accuracy> categories_;
};

class QuestionFilter : public QSortFilterProxyModel {
  Q_OBJECT
 public:
  enum class Verdict { ALL, RIGHT, WRONG, ONLY_AGAINST_RIGHT, ONLY_THIS_RIGHT, ANSWERS_DIFFER };
  using QSortFilterProxyModel::QSortFilterProxyModel;
  void set_verdict(Verdict verdict);
  void set_category(const QString& category);  // empty: all
  void set_text(const QString& text);          // found in question, expected or answer

 protected:
  bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

 private:
  Verdict verdict_ = Verdict::ALL;
  QString category_, text_;
};

}  // namespace qvlm::studio
