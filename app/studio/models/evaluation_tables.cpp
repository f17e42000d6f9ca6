// From kept results to rows, and from the core's grids to item models.
#include "app/studio/models/evaluation_tables.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QPointer>
#include <QThreadPool>
#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

#include "app/studio/models/workbench.h"
#include "core/base/atomic_file.h"
#include "core/base/error.h"

namespace qvlm::studio {

namespace {

constexpr std::array kKnownTexts = {
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "Right answers, %; p of McNemar's exact test against float (right here alone, there alone)"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "95 % intervals of the right answers by category, %"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables",
                      "Distance from float: KL(float || row) in nats a token, and tokens where the most likely one is the same"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables",
                      "The runs: relative squared errors (mean of the blocks; of the layers; of the layers, token by token; last layer), search cost, time "
                      "and memory"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "The evaluations: what ran them, in which bits, their time, and memory on the device"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "Stored size, search cost in site forwards, result (the layout of Q-VLM's Table 1)"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "Accuracy by category, % (the layout of Q-VLM's Table 2)"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables",
                      "Seconds of the evaluation on the reference, which computes in 32 bits whatever the model's bits are; stored size; result (the "
                      "layout of Q-VLM's Table 4)"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables",
                      "Seconds of the evaluation on what ran it; stored size; result (the layout of Q-VLM's Table 4)"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "Result and search cost in site forwards (the layout of Q-VLM's Table 5)"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "row"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "weights"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "activations"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "all"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "95 % interval"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "McNemar p"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "VQA accuracy"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "perplexity"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "answers' perplexity"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "KL, image"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "KL, text"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "top-1 %, image"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "top-1 %, text"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "same answer %"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "block error"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "layer error"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "token error"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "output error"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "site forwards"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "seconds"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "peak MiB"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "stored bits"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "stored MiB"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "ran on"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "bits a weight"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "activation bits"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "weights MiB"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "memory MiB"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "bits"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "method"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "Avg"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "accuracy %"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "search cost"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "MiB"),
    QT_TRANSLATE_NOOP("qvlm::studio::EvaluationTables", "s"),
};

constexpr std::array<std::string_view, 6> kWordColumns = {"row", "weights", "activations", "method", "bits", "ran on"};  // the rest are figures

QString shown_text(const std::string& text) {
  const bool known = std::find(kKnownTexts.begin(), kKnownTexts.end(), std::string_view(text)) != kKnownTexts.end();
  return known ? EvaluationTables::tr(text.c_str()) : QString::fromStdString(text);
}

/// A column's setting stands above it, on lines of its own.
QString heading_of(const Grid& grid, size_t column) {
  const QString figure = shown_text(grid.columns[column]);
  if (grid.settings.empty() || grid.settings[column].empty()) return figure;
  QString setting = QString::fromStdString(grid.settings[column]);
  setting.replace(QLatin1String(" ("), QLatin1String("\n(")).replace(QLatin1String("; "), QLatin1String(";\n"));
  return setting + QLatin1Char('\n') + figure;
}

bool compares_with_float(const KeptResult& result) {
  const std::string& against = result.table.rows.front().evaluation->against;
  return !against.empty() && !is_quantized(QString::fromStdString(against));
}

void leave_out_comparison(EvaluationFinished& result) {
  result.against.clear();
  result.mean_kl = 0;
  result.agreement = 1;
  result.divergence.clear();
  result.against_likelihood.clear();
  result.against_overall.reset();
  result.mcnemar.reset();
}

bool is_float(const TableRow& row) { return row.bits == "float"; }

/// Names that are there twice say where the model ran, or else where it lies.
void part_names(const std::vector<const KeptResult*>& chosen, std::vector<TableRow>& rows) {
  std::map<std::string, std::vector<size_t>> same;
  for (size_t i = 0; i < rows.size(); ++i) same[rows[i].name].push_back(i);
  for (const auto& [name, places] : same) {
    if (places.size() < 2) continue;
    const auto differ = [&](auto of) { return std::any_of(places.begin(), places.end(), [&](size_t i) { return of(i) != of(places.front()); }); };
    const bool folders = differ([&](size_t i) { return chosen[i]->model; }), backends = differ([&](size_t i) { return chosen[i]->backend; });
    for (const size_t i : places) {
      QStringList more;
      if (folders) more << QFileInfo(QDir::cleanPath(chosen[i]->model)).path();
      if (backends) more << chosen[i]->backend;
      rows[i].name += " (" + more.join(QStringLiteral(", ")).toStdString() + ")";
    }
  }
}

void add_distinct(std::string& list, const std::string& text) {
  if (text.empty() || (", " + list + ", ").find(", " + text + ", ") != std::string::npos) return;
  list += (list.empty() ? "" : ", ") + text;
}

/// "demo/questions.jsonl" of a longer path.
QString set_name(const QString& path) {
  const QFileInfo info(QDir::cleanPath(path));
  const QString folder = info.dir().dirName();
  return folder.isEmpty() || folder == QLatin1String(".") ? info.fileName() : folder + QLatin1Char('/') + info.fileName();
}

/// What one row speaks of: model, place and name.
std::tuple<QString, QString, std::string> subject_of(const KeptResult& result) {
  return {result.model, result.backend, result.table.rows.front().name};
}

/// A result a row, in the order of the rows.
std::vector<const KeptResult*> chosen_of(const std::vector<const KeptResult*>& results) {
  std::map<std::tuple<QString, QString, std::string>, const KeptResult*> best;
  for (const KeptResult* result : results) {
    const KeptResult*& kept = best[subject_of(*result)];
    const auto worth = [](const KeptResult& one) { return std::tuple(compares_with_float(one), one.at); };
    if (kept == nullptr || worth(*kept) < worth(*result)) kept = result;
  }
  std::vector<const KeptResult*> chosen;
  for (const auto& [key, result] : best) chosen.push_back(result);
  std::stable_sort(chosen.begin(), chosen.end(), [](const KeptResult* a, const KeptResult* b) {
    const TableRow &one = a->table.rows.front(), &other = b->table.rows.front();
    return std::tuple(!is_float(one), one.name) < std::tuple(!is_float(other), other.name);
  });
  return chosen;
}

}  // namespace

Table table_of_results(const std::vector<const KeptResult*>& results) {
  const std::vector<const KeptResult*> chosen = chosen_of(results);
  Table table;
  for (const KeptResult* result : chosen) {
    if (table.rows.empty()) {
      table.title = set_name(QString::fromStdString(result->table.questions)).toStdString();
      table.questions = result->table.questions;
      table.is_text = result->table.is_text;
    }
    add_distinct(table.model, result->table.model);
    add_distinct(table.calibration, result->table.calibration);
    TableRow& row = table.rows.emplace_back(result->table.rows.front());
    if (!compares_with_float(*result)) leave_out_comparison(*row.evaluation);
  }
  part_names(chosen, table.rows);
  return table;
}

bool looks_like_table(const QString& path) {
  const QFileInfo info(path);
  const QString name = QStringLiteral("table.json");
  return info.isDir() ? QFileInfo::exists(QDir(path).filePath(name)) : info.isFile() && info.fileName() == name;
}

EvaluationTables::EvaluationTables(EvaluationResults& results, QObject* parent) : QObject(parent), results_(results) {
  connect(&results_, &EvaluationResults::changed, this, &EvaluationTables::refill);
  connect(&results_, &EvaluationResults::kept, this, [this](const QString& asked) { awaited_ = asked; });
}

const std::vector<TableLayout>& EvaluationTables::layouts() {
  static const std::vector<TableLayout> all{TableLayout::ROWS, TableLayout::TABLE_1, TableLayout::TABLE_2, TableLayout::TABLE_4,
                                            TableLayout::TABLE_5};
  return all;
}

QString EvaluationTables::name_of(TableLayout layout) {
  switch (layout) {
    case TableLayout::ROWS:
      return tr("All figures");
    case TableLayout::TABLE_1:
      return tr("Table 1: size, cost");
    case TableLayout::TABLE_2:
      return tr("Table 2: categories");
    case TableLayout::TABLE_4:
      return tr("Table 4: time, size");
    case TableLayout::TABLE_5:
      return tr("Table 5: result, cost");
  }
  return {};
}

QStringList EvaluationTables::known_texts() {
  QStringList texts;
  for (const char* text : kKnownTexts) texts << QString::fromUtf8(text);
  return texts;
}

int EvaluationTables::current() const {
  const auto found = std::find_if(sources_.begin(), sources_.end(), [this](const Source& source) { return source.key == current_; });
  return found == sources_.end() ? -1 : int(found - sources_.begin());
}

void EvaluationTables::choose(int source) {
  if (source < 0 || source >= int(sources_.size()) || source == current()) return;
  current_ = sources_[size_t(source)].key;
  show();
}

void EvaluationTables::set_layout(TableLayout layout) {
  layout_ = layout;
  show();
}

std::vector<const KeptResult*> EvaluationTables::of(const QString& asked) const {
  std::vector<const KeptResult*> found;
  for (const KeptResult& result : results_.results()) {
    if (result.asked == asked) found.push_back(&result);
  }
  return found;
}

void EvaluationTables::refill() {
  sources_.clear();
  for (const KeptResult& result : results_.results()) {
    if (std::any_of(sources_.begin(), sources_.end(), [&](const Source& source) { return source.key == result.asked; })) continue;
    const QString path = QString::fromStdString(result.table.questions), count = result.asked.section(QLatin1Char('-'), 1);
    sources_.push_back({result.asked, (result.table.is_text ? tr("%1, stretches: %2") : tr("%1, questions: %2")).arg(set_name(path), count), path});
  }
  for (const auto& [path, table] : opened_) {
    const QString title = QString::fromStdString(table.title);
    sources_.push_back({path, title.isEmpty() ? set_name(path) : title, path});
  }
  if (std::any_of(sources_.begin(), sources_.end(), [this](const Source& source) { return source.key == awaited_; }))
    current_ = std::exchange(awaited_, {});
  if (current() < 0) current_ = sources_.empty() ? QString() : sources_.front().key;
  Q_EMIT sources_changed();
  show();
}

void EvaluationTables::show() {
  table_.reset();
  const auto opened = std::find_if(opened_.begin(), opened_.end(), [this](const auto& one) { return one.first == current_; });
  if (opened != opened_.end()) {
    table_ = opened->second;
  } else if (const auto results = of(current_); !results.empty()) {
    table_ = table_of_results(results);
  }
  captions_.clear();
  const std::vector<Grid> grids = table_ ? make_grids(*table_, layout_) : std::vector<Grid>();
  while (grids_.size() < grids.size()) grids_.push_back(std::make_unique<TextTableModel>(QStringList(), std::vector<int>()));
  for (size_t i = 0; i < grids_.size(); ++i) {
    QStringList headings;
    std::vector<int> numbers;
    std::vector<QStringList> rows;
    if (i < grids.size()) {
      const Grid& grid = grids[i];
      captions_ << shown_text(grid.caption);
      for (size_t column = 0; column < grid.columns.size(); ++column) {
        headings << heading_of(grid, column);
        if (std::find(kWordColumns.begin(), kWordColumns.end(), grid.columns[column]) == kWordColumns.end()) numbers.push_back(int(column));
      }
      for (const auto& cells : grid.rows) {
        QStringList& row = rows.emplace_back();
        for (const std::string& cell : cells) row << QString::fromStdString(cell);
      }
    }
    grids_[i]->set_table(headings, std::move(numbers), std::move(rows));
  }
  Q_EMIT changed();
}

void EvaluationTables::open(const QString& path) {
  QPointer<EvaluationTables> self(this);
  QThreadPool::globalInstance()->start([self, path = QDir::cleanPath(path)] {
    QString failure;
    Table table;
    try {
      table = read_table(path.toStdString());
    } catch (const std::exception& error) {
      failure = QString::fromUtf8(error.what());
    }
    QMetaObject::invokeMethod(QCoreApplication::instance(), [self, path, failure, table = std::move(table)] {
      if (!self) return;
      if (!failure.isEmpty()) {
        Q_EMIT self->failed(failure);
        return;
      }
      std::erase_if(self->opened_, [&](const auto& one) { return one.first == path; });
      self->opened_.emplace_back(path, table);
      self->current_ = path;
      self->refill();
    });
  });
}

bool EvaluationTables::rows_can_go() const { return !of(current_).empty(); }

void EvaluationTables::remove(int row) {
  const int source = current();
  if (source < 0) return;
  const std::vector<const KeptResult*> kept = of(current_);
  if (kept.empty()) {
    std::erase_if(opened_, [this](const auto& one) { return one.first == current_; });
    refill();
    return;
  }
  const KeptResult* shown = row < 0 ? nullptr : chosen_of(kept).at(size_t(row));
  QStringList files;
  for (const KeptResult* result : kept) {
    if (shown == nullptr || subject_of(*result) == subject_of(*shown)) files << result->file;
  }
  results_.remove(files, shown == nullptr ? sources_[size_t(source)].name : QString::fromStdString(table_->rows.at(size_t(row)).name));
}

QString EvaluationTables::text() const { return table_ ? QString::fromStdString(to_text(*table_, layout_)) : QString(); }

QString EvaluationTables::sheet() const { return table_ ? QString::fromStdString(to_tsv(*table_, layout_)) : QString(); }

void EvaluationTables::save(const QString& file) const {
  if (!table_) return;
  const QString ending = QFileInfo(file).suffix().toLower();
  std::string content;
  if (ending == QLatin1String("txt")) {
    content = to_text(*table_, layout_);
  } else if (ending == QLatin1String("json")) {
    content = to_json(*table_);
  } else if (ending == QLatin1String("html")) {
    content = to_html(*table_, layout_);
  } else {
    throw Error::in(file.toStdString(), "", "a name that ends in .txt, .json or .html", ending.toStdString());
  }
  write_file(std::filesystem::path(file.toStdString()), std::string_view(content));
}

}  // namespace qvlm::studio
