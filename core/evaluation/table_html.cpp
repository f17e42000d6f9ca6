// A table as one self-contained page.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/evaluation/table.h"

namespace qvlm {

namespace {

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --page: #fcfcfb; --ink: #1b1d21; --muted: #686d76; --line: #e2e4e8; --band: #f3f4f6;
  --mark: #2f6fd0; --whisker: #12356e; --float: #8a8f98; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --page: #16181c; --ink: #e7e9ec; --muted: #9aa0aa; --line: #31353c; --band: #1e2126;
    --mark: #6ea4f4; --whisker: #d3e3ff; --float: #7a808a; --bad: #f2938c; } }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 16px; margin: 40px 0 8px; }
p { margin: 0; color: var(--muted); overflow-wrap: anywhere; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; white-space: nowrap; }
th, td { padding: 5px 12px; border-bottom: 1px solid var(--line); text-align: right; }
th { font-weight: 600; color: var(--muted); position: sticky; top: 0; background: var(--page); }
th:first-child, td:first-child { text-align: left; padding-left: 4px; position: sticky; left: 0; background: var(--page); }
tbody tr:hover td { background: var(--band); }
td.failed { color: var(--bad); white-space: normal; }
svg { display: block; width: 100%; height: auto; max-width: 960px; }
svg text { fill: var(--ink); font: 12.5px system-ui, sans-serif; } svg .muted { fill: var(--muted); }
svg .grid { stroke: var(--line); } svg .float { stroke: var(--float); stroke-dasharray: 4 3; }
svg .mark { fill: var(--mark); } svg .own { fill: var(--float); } svg .whisker { stroke: var(--whisker); stroke-width: 1.6; }
svg .bad { fill: var(--bad); }
)";

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      default: result.push_back(c);
    }
  }
  return result;
}

/// One row of a plot.
struct Bar {
  std::string name, note;
  bool present = false;
  double value = 0, low = 0, high = 0;  // low = high: no interval
  std::string text;                     // the value as it is written
  bool own = false;                     // the model itself
};

struct Plot {
  std::string caption;
  bool logarithmic = false;  // dots on a logarithmic axis; else bars from 0
  std::vector<double> ticks;
  double from = 0, to = 1;
  double reference = std::nan("");  // a dashed line: the model itself
  std::vector<Bar> bars;
};

constexpr double kLeft = 330, kRight = 880, kTop = 30, kStep = 28;

double place(const Plot& plot, double value) {
  const auto scale = [&](double x) { return plot.logarithmic ? std::log10(x) : x; };
  const double share = (scale(value) - scale(plot.from)) / (scale(plot.to) - scale(plot.from));
  return kLeft + std::clamp(share, 0.0, 1.0) * (kRight - kLeft);
}

std::string cut(const std::string& name, size_t most) {
  if (name.size() <= most) return name;
  size_t end = most - 1;
  while (end > 0 && (name[end] & 0xC0) == 0x80) --end;
  return name.substr(0, end) + "…";
}

std::string to_svg(const Plot& plot) {
  const double height = kTop + kStep * static_cast<double>(plot.bars.size()) + 8;
  std::string svg = fmt::format("<svg viewBox=\"0 0 960 {:.0f}\" role=\"img\" aria-label=\"{}\">\n", height, escaped(plot.caption));
  for (const double tick : plot.ticks) {
    const double x = place(plot, tick);
    svg += fmt::format("<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.0f}\" y2=\"{2:.0f}\"/>"
                       "<text class=\"muted\" x=\"{0:.1f}\" y=\"18\" text-anchor=\"middle\">{3:g}</text>\n",
                       x, kTop - 4, height - 6, tick);
  }
  if (std::isfinite(plot.reference)) {
    svg += fmt::format("<line class=\"float\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.0f}\" y2=\"{2:.0f}\"/>\n",
                       place(plot, plot.reference), kTop - 4, height - 6);
  }
  for (size_t i = 0; i < plot.bars.size(); ++i) {
    const Bar& bar = plot.bars[i];
    const double y = kTop + kStep * static_cast<double>(i) + kStep / 2;
    svg += fmt::format("<g><title>{}: {}</title>", escaped(bar.name + " (" + bar.note + ")"), escaped(bar.text));
    svg += fmt::format("<text x=\"{:.0f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", kLeft - 12, y + 4.5,
                       escaped(cut(bar.name, 44)));
    double end = kLeft;
    if (bar.present) {
      const double x = end = place(plot, bar.value);
      const char* style = bar.own ? "own" : "mark";
      if (plot.logarithmic) {
        svg += fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\"/>", style, x, y);
        end += 4;
      } else {
        svg += fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"14\" rx=\"2\"/>", style,
                           kLeft, y - 7, std::max(0.0, x - kLeft));
      }
      if (bar.high > bar.low) {
        const double low = place(plot, bar.low), high = end = place(plot, bar.high);
        svg += fmt::format("<path class=\"whisker\" fill=\"none\" d=\"M{0:.1f} {2:.1f}H{1:.1f}M{0:.1f} {3:.1f}v8M{1:.1f} {3:.1f}v8\"/>",
                           low, high, y, y - 4);
      }
    }
    svg += fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text></g>\n", bar.text == "failed" ? "bad" : "muted", end + 8,
                       y + 4.5, escaped(cut(bar.text, 26)));
  }
  return svg + "</svg>\n";
}

/// Powers of ten around the values; false where none is positive.
bool fit_logarithmic(Plot& plot) {
  plot.logarithmic = true;
  double least = INFINITY, most = 0;
  for (const Bar& bar : plot.bars) {
    if (!bar.present || !(bar.value > 0)) continue;
    least = std::min(least, bar.value);
    most = std::max(most, bar.value);
  }
  if (!(most > 0)) return false;
  const int first = static_cast<int>(std::floor(std::log10(least))), last = static_cast<int>(std::ceil(std::log10(most)));
  plot.from = std::pow(10.0, first);
  plot.to = std::pow(10.0, std::max(last, first + 1));
  for (int power = first; power <= std::max(last, first + 1); ++power) plot.ticks.push_back(std::pow(10.0, power));
  return true;
}

Bar bar_of(const TableRow& row) {
  Bar bar{row.name, row.weights + "; activations " + row.activations};
  if (!row.failure.empty()) bar.text = "failed";
  bar.own = row.bits == "float";
  return bar;
}

Plot accuracy_plot(const Table& table) {
  Plot plot{"Right answers, %, with 95 % intervals"};
  plot.to = 100;
  plot.ticks = {0, 20, 40, 60, 80, 100};
  for (const TableRow& row : table.rows) {
    Bar& bar = plot.bars.emplace_back(bar_of(row));
    if (!row.evaluation) continue;
    const Accuracy& all = row.evaluation->overall;
    bar.present = true;
    bar.value = 100 * all.value();
    bar.low = 100 * all.low;
    bar.high = 100 * all.high;
    bar.text = fmt::format("{:.1f}", bar.value);
    if (plot.bars.size() == 1 && bar.own) {
      plot.reference = bar.value;
      plot.caption += "; dashed: float";
    }
  }
  return plot;
}

Plot figure_plot(const Table& table, std::string caption,
                 const std::function<std::optional<double>(const EvaluationFinished&)>& figure, const char* format) {
  Plot plot{std::move(caption)};
  for (const TableRow& row : table.rows) {
    Bar bar = bar_of(row);
    if (row.evaluation) {
      if (const auto value = figure(*row.evaluation)) {
        bar.present = *value > 0;
        bar.value = *value;
        bar.text = fmt::format(fmt::runtime(format), *value);
      }
    }
    // The model itself has no distance from itself.
    if (bar.present || !row.failure.empty()) plot.bars.push_back(std::move(bar));
  }
  return plot;
}

std::string plots(const Table& table) {
  std::string html;
  const auto add = [&](const Plot& plot) { html += "<h2>" + escaped(plot.caption) + "</h2>\n" + to_svg(plot); };
  if (table.is_text) {
    Plot plot = figure_plot(table, "Perplexity of the text (logarithmic)", [](const EvaluationFinished& e) -> std::optional<double> {
      const auto found = e.likelihood.find("text");
      return found == e.likelihood.end() ? std::nullopt : std::optional(found->second.perplexity());
    }, "{:.3f}");
    if (fit_logarithmic(plot)) add(plot);
  } else {
    add(accuracy_plot(table));
  }
  Plot plot = figure_plot(table, "KL(float || row), nats a token (logarithmic)", [](const EvaluationFinished& e) -> std::optional<double> {
    return e.divergence.empty() ? std::nullopt : std::optional(e.mean_kl);
  }, "{:.2e}");
  if (!plot.bars.empty()) plot.bars.insert(plot.bars.begin(), Bar{"float", "the model itself", false, 0, 0, 0, "0"});
  if (fit_logarithmic(plot)) add(plot);
  return html;
}

std::string to_html(const Grid& grid) {
  std::string html = "<h2>" + escaped(grid.caption) + "</h2>\n<div class=\"scroll\"><table><thead><tr>";
  for (size_t column = 0; column < grid.columns.size(); ++column) html += "<th scope=\"col\">" + escaped(grid.heading(column)) + "</th>";
  html += "</tr></thead><tbody>\n";
  for (const auto& row : grid.rows) {
    html += "<tr>";
    if (row.size() == grid.columns.size()) {
      for (const auto& cell : row) html += "<td>" + escaped(cell) + "</td>";
    } else {
      html += fmt::format("<td class=\"failed\" colspan=\"{}\">{}</td>", grid.columns.size(), escaped(row.front()));
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

}  // namespace

std::string to_html(const Table& table, TableLayout layout) {
  std::string html = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
                     escaped(table.title) + "</title>\n<style>" + kStyle + "</style></head>\n<body><main>\n<h1>" +
                     escaped(table.title) + "</h1>\n";
  html += fmt::format("<p>Model {}, calibration {}, {} {}</p>\n", escaped(table.model), escaped(table.calibration),
                      table.is_text ? "text" : "questions", escaped(table.questions));
  html += plots(table);
  for (const Grid& grid : make_grids(table, layout)) html += to_html(grid);
  return html + "</main></body></html>\n";
}

}  // namespace qvlm
