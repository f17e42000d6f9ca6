// Results as evaluations leave them, and what stands in tables of them.
#pragma once

#include <QString>
#include <QStringList>
#include <string>
#include <vector>

#include "app/studio/models/evaluation_tables.h"
#include "core/evaluation/accuracy.h"

namespace qvlm::studio {

/// `right` of ten; with `against` a comparison, too.
inline EvaluationFinished finished_with(int right, const std::string& against = {}) {
  EvaluationFinished result;
  result.overall = {right, 10};
  fill_wilson_interval(result.overall);
  result.categories["colour"] = result.overall;
  result.info.backend = "vulkan";
  result.info.device = "Example GPU";
  result.seconds = 3;
  if (!against.empty()) {
    result.against = against;
    result.mean_kl = 0.25;
    result.divergence["image"] = {100, 0.25, 0.9};
    result.mcnemar = McNemar{1, 2, 1};
  }
  return result;
}

inline KeptResult kept(const QString& model, const EvaluationFinished& finished, int minute, const QString& backend = QStringLiteral("vulkan")) {
  EvaluateRequest request;
  request.model.path = model;
  request.questions = QStringLiteral("/sets/q.jsonl");
  QString problem;
  return {model, QStringLiteral("ab-10"), backend, QDateTime(QDate(2026, 1, 1), QTime(12, minute), Qt::UTC), table_of(request, finished, problem)};
}

inline Table table_of_these(const std::vector<KeptResult>& results) {
  std::vector<const KeptResult*> pointers;
  for (const KeptResult& result : results) pointers.push_back(&result);
  return table_of_results(pointers);
}

inline QStringList names_of(const Table& table) {
  QStringList names;
  for (const TableRow& row : table.rows) names << QString::fromStdString(row.name);
  return names;
}

/// Of a grid's row, beneath a heading.
inline QString cell(const EvaluationTables& tables, int grid, int row, const QString& heading) {
  const TextTableModel& model = *tables.grid(grid);
  for (int column = 0; column < model.columnCount(); ++column) {
    if (model.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString() == heading) return model.text(row, column);
  }
  return QStringLiteral("no such column");
}

}  // namespace qvlm::studio
