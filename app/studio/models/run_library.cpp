// Reading journals in the background, and what is shown of each run.
#include "app/studio/models/run_library.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QFont>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLocale>
#include <QPointer>
#include <QThreadPool>
#include <algorithm>
#include <cmath>
#include <limits>

#include "app/studio/models/model_summary.h"
#include "app/studio/models/run_controller.h"
#include "app/studio/models/workbench.h"

namespace qvlm::studio {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

RunEntry read_entry(const QString& folder) {
  RunEntry entry;
  entry.folder = folder;
  entry.name = model_name(entry.unfinished() ? folder.chopped(8) : folder);
  entry.changed = QFileInfo(folder + QStringLiteral("/journal.jsonl")).lastModified();
  try {
    auto state = std::make_shared<RunState>(read_run(folder.toStdString()));
    state->candidates.clear();
    for (SiteState& site : state->sites) {
      site.statistics.reset();
      if (site.entropy) site.entropy->sample_entropy.clear();
    }
    entry.state = std::move(state);
  } catch (const std::exception& error) {
    entry.failure = QString::fromUtf8(error.what());
  }
  return entry;
}

QString status_of(const RunEntry& entry) {
  if (!entry.state) return RunLibrary::tr("cannot be read");
  switch (entry.state->status) {
    case RunStatus::FINISHED:
      return RunLibrary::tr("finished");
    case RunStatus::FAILED:
      return RunLibrary::tr("failed");
    case RunStatus::CANCELLED:
      return RunLibrary::tr("cancelled");
    default:
      return RunLibrary::tr("unfinished");
  }
}

bool is_number(int column) { return column >= RunLibrary::ERROR && column <= RunLibrary::SECONDS; }

/// As the language writes it, with a lower-case e, as in the plots.
QString number(double value, char format, int digits) {
  return std::isfinite(value) ? QLocale().toString(value, format, digits).replace(QLocale().exponential(), QLatin1String("e")) : QStringLiteral("–");
}

/// NaN where a layer is not finished, or there is none.
double mean_over_layers(const RunState& state, double LayerQuantized::*error) {
  double sum = 0;
  for (const auto& layer : state.layers) sum += layer ? (*layer).*error : kNone;
  return sum == 0 ? kNone : sum / double(state.layers.size());  // earlier journals lack some errors
}

}  // namespace

double mean_error(const RunState& state, bool joint) {
  double sum = 0;
  for (const auto& [first, block] : state.blocks) sum += joint ? block.joint_error : block.layerwise_error;
  return state.blocks.empty() ? kNone : sum / double(state.blocks.size());
}

QString recipe_text(const Recipe& recipe) {
  const auto word = [](std::string_view text) { return QString::fromUtf8(text.data(), qsizetype(text.size())); };
  const QString group =
      recipe.weight_group > 0 ? RunLibrary::tr("g%1").arg(recipe.weight_group) : RunLibrary::tr("row");
  return RunLibrary::tr("W%1 %2 %3, A%4, %5")
      .arg(QString::number(recipe.weight_bits), group, word(name_of(recipe.weight_method)).toUpper(),
           QString::number(recipe.activation_bits), word(name_of(recipe.search)));
}

RunLibrary::RunLibrary(Workbench& workbench, QObject* parent) : QAbstractTableModel(parent), workbench_(workbench) {}

QStringList RunLibrary::folders() const {
  QStringList found;
  const QDir own(workbench_.places().data + QStringLiteral("/quantized"));
  for (const QFileInfo& folder : own.entryInfoList(QDir::Dirs | QDir::NoDotAndDotDot))
    found << folder.absoluteFilePath();
  found << workbench_.settings().quantized_models();
  QStringList runs;
  for (const QString& folder : found) {
    const QString clean = QDir::cleanPath(folder);
    if (!runs.contains(clean) && QFileInfo::exists(clean + QStringLiteral("/journal.jsonl"))) runs << clean;
  }
  return runs;
}

void RunLibrary::refresh() {
  if (reading_) {
    again_ = true;
    return;
  }
  reading_ = true;
  QPointer<RunLibrary> self(this);
  QThreadPool::globalInstance()->start([self, folders = folders(), known = runs_] {
    std::vector<RunEntry> runs;
    for (const QString& folder : folders) {
      const auto same = std::find_if(known.begin(), known.end(), [&](const RunEntry& entry) {
        return entry.folder == folder &&
               entry.changed == QFileInfo(folder + QStringLiteral("/journal.jsonl")).lastModified();
      });
      runs.push_back(same != known.end() ? *same : read_entry(folder));
    }
    std::stable_sort(runs.begin(), runs.end(),
                     [](const RunEntry& a, const RunEntry& b) { return a.changed > b.changed; });
    QMetaObject::invokeMethod(QCoreApplication::instance(), [self, runs = std::move(runs)] {
      if (self) self->take(runs);
    });
  });
}

void RunLibrary::take(std::vector<RunEntry> runs) {
  reading_ = false;
  const bool same =
      std::equal(runs.begin(), runs.end(), runs_.begin(), runs_.end(), [](const RunEntry& a, const RunEntry& b) {
        return a.folder == b.folder && a.changed == b.changed && a.state == b.state;
      });
  if (!same) {  // an unchanged list keeps its selection
    beginResetModel();
    runs_ = std::move(runs);
    endResetModel();
  }
  Q_EMIT refreshed();
  if (again_) {
    again_ = false;
    refresh();
  }
}

int RunLibrary::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(runs_.size());
}

int RunLibrary::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : COLUMNS;
}

QVariant RunLibrary::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  const RunEntry& run = at(index.row());
  if (role == Qt::ToolTipRole) return run.failure.isEmpty() ? run.folder : run.failure;
  if (role == Qt::TextAlignmentRole && is_number(index.column())) return QVariant(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  const RunState* state = run.state.get();
  switch (index.column()) {
    case NAME:
      return run.name;
    case STATUS:
      return status_of(run);
    case CHANGED:
      return run.changed.toString(QStringLiteral("yyyy-MM-dd HH:mm"));
    default:
      break;
  }
  if (state == nullptr) return {};
  switch (index.column()) {
    case RECIPE:
      return state->recipe ? recipe_text(*state->recipe) : QString();
    case ERROR:
      return number(mean_error(*state, true), 'g', 3);
    case BITS:
      return state->finished ? number(state->finished->stored_bits, 'f', 2) : QStringLiteral("–");
    case SIZE:
      return state->finished ? bytes_text(state->finished->stored_bytes) : QStringLiteral("–");
    case SECONDS:
      return duration_text(state->finished ? state->finished->seconds : state->seconds);
    default:
      return {};
  }
}

QVariant RunLibrary::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= COLUMNS) return {};
  if (role == Qt::TextAlignmentRole && is_number(section)) return int(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  const QString names[COLUMNS] = {tr("Run", "noun"), tr("State"), tr("Recipe"),   tr("Joint error"),
                                  tr("Bits"),        tr("Size"),  tr("Duration"), tr("Last change")};
  return names[section];
}

RunFigures::RunFigures(Workbench& workbench, QObject* parent) : QAbstractTableModel(parent), workbench_(workbench) {}

void RunFigures::show(std::vector<RunEntry> runs) {
  beginResetModel();
  std::erase_if(runs, [](const RunEntry& run) { return run.state == nullptr; });
  runs_ = std::move(runs);
  figures_.clear();
  // `lower` is better; NaN takes no part.
  const auto add = [this](const QString& name, auto value_of, auto text_of, bool judged, bool lower = true) {
    Figure figure{name, {}, -1};
    double best = 0;
    int valid = 0;
    for (size_t i = 0; i < runs_.size(); ++i) {
      const double value = value_of(runs_[i]);
      figure.values << (std::isnan(value) ? QStringLiteral("–") : text_of(value));
      if (std::isnan(value)) continue;
      if (valid++ == 0 || (lower ? value < best : value > best)) {
        best = value;
        figure.best = static_cast<int>(i);
      }
    }
    if (!judged || valid < 2 || figure.values.count(figure.values.value(figure.best)) > 1) figure.best = -1;
    figures_.push_back(figure);
  };
  const auto add_text = [this](const QString& name, auto text_of) {
    Figure figure{name, {}, -1};
    for (const RunEntry& run : runs_) figure.values << text_of(run);
    figures_.push_back(figure);
  };
  const auto finished = [](auto field) {
    return [field](const RunEntry& run) { return run.state->finished ? field(*run.state->finished) : kNone; };
  };
  const auto significant = [](double value) { return number(value, 'g', 3); };
  const auto whole = [](double value) { return number(value, 'f', 0); };
  if (!runs_.empty()) {
    add_text(tr("State"), status_of);
    add_text(tr("Recipe"),
             [](const RunEntry& run) { return run.state->recipe ? recipe_text(*run.state->recipe) : QString(); });
    add(
        tr("Calibration pairs"), [](const RunEntry& run) { return double(run.state->started.samples); }, whole, false);
    add_text(tr("Partition"), [](const RunEntry& run) {
      return tr("%1 blocks, %2")
          .arg(run.state->partition.blocks.size())
          .arg(QString::fromStdString(run.state->partition_origin));
    });
    add(
        tr("Error, layer-wise"), [](const RunEntry& run) { return mean_error(*run.state, false); }, significant, true);
    add(
        tr("Error, joint"), [](const RunEntry& run) { return mean_error(*run.state, true); }, significant, true);
    add(
        tr("Error, last layer"),
        [](const RunEntry& run) {
          const auto& layers = run.state->layers;
          return layers.empty() || !layers.back() ? kNone : layers.back()->output_error;
        },
        significant, true);
    add(
        tr("Error, mean over layers"), [](const RunEntry& run) { return mean_over_layers(*run.state, &LayerQuantized::output_error); }, significant, true);
    add(
        tr("Error, token by token"), [](const RunEntry& run) { return mean_over_layers(*run.state, &LayerQuantized::token_error); }, significant, true);
    add_text(tr("Accuracy"), [this](const RunEntry& run) {
      const QString text = workbench_.accuracy_text(run.folder);
      return text.isEmpty() ? tr("not evaluated") : text;
    });
    add_text(tr("Decoding speed"), [this](const RunEntry& run) {
      const QString text = workbench_.speed_text(run.folder);
      return text.isEmpty() ? tr("not measured") : text;
    });
    add(
        tr("Bits a weight"), finished([](const RunFinished& end) { return end.stored_bits; }),
        [](double value) { return number(value, 'f', 2); }, true);
    add(
        tr("Size"), finished([](const RunFinished& end) { return double(end.stored_bytes); }),
        [](double value) { return bytes_text(static_cast<qint64>(value)); }, true);
    add(tr("Search cost, site forwards"), finished([](const RunFinished& end) { return double(end.site_forwards); }),
        whole, true);
    add(tr("Duration"), finished([](const RunFinished& end) { return end.seconds; }), duration_text, true);
    add(
        tr("Peak memory"), finished([](const RunFinished& end) { return double(end.peak_bytes); }),
        [](double value) { return bytes_text(static_cast<qint64>(value)); }, true);
    add_recipe_differences();
  }
  endResetModel();
}

void RunFigures::add_recipe_differences() {
  std::vector<QJsonObject> recipes;
  for (const RunEntry& run : runs_)
    recipes.push_back(run.state->recipe ? QJsonDocument::fromJson(QByteArray::fromStdString(to_json(*run.state->recipe))).object() : QJsonObject());
  for (const QString& key : recipes.front().keys()) {
    Figure figure{tr("Recipe: %1").arg(key), {}, -1};
    for (const QJsonObject& recipe : recipes) {
      const QJsonValue value = recipe.value(key);
      // Lists and tables as JSON, everything else as people read it.
      figure.values << (value.isArray() ? QString::fromUtf8(QJsonDocument(value.toArray()).toJson(QJsonDocument::Compact)) : value.toVariant().toString());
    }
    if (std::adjacent_find(recipes.begin(), recipes.end(), [&](const auto& a, const auto& b) { return a.value(key) != b.value(key); }) != recipes.end())
      figures_.push_back(figure);
  }
}

QString RunFigures::table() const {
  QStringList lines, names{tr("Figure")};
  for (const RunEntry& run : runs_) names << run.name;
  lines << names.join(QLatin1Char('\t'));
  for (const Figure& figure : figures_) lines << (QStringList{figure.name} + figure.values).join(QLatin1Char('\t'));
  return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

int RunFigures::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(figures_.size());
}

int RunFigures::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(runs_.size()) + 1;
}

QVariant RunFigures::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount() || index.column() >= columnCount()) return {};
  const Figure& figure = figures_[static_cast<size_t>(index.row())];
  if (role == Qt::DisplayRole) return index.column() == 0 ? figure.name : figure.values.value(index.column() - 1);
  if (role == Qt::FontRole && index.column() > 0 && figure.best == index.column() - 1) {
    QFont bold;
    bold.setWeight(QFont::DemiBold);
    return bold;
  }
  if (role == Qt::ToolTipRole && index.column() == 0) return figure.name;
  if (role == Qt::ToolTipRole)
    return figure.best == index.column() - 1 ? tr("The best of these") : figure.values.value(index.column() - 1);
  return {};
}

QVariant RunFigures::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole || section < 0 || section >= columnCount()) return {};
  return section == 0 ? tr("Figure") : runs_[static_cast<size_t>(section - 1)].name;
}

}  // namespace qvlm::studio
