// Measures and writes a latency table.
#include "app/cli/latency.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/inference/generator.h"
#include "core/model/sites.h"
#include "core/run/bit_budget.h"
#include "core/run/latency_table.h"
#include "gpu/bench.h"

namespace qvlm::cli {

namespace {

constexpr int kTokens = 32, kPasses = 3, kContext = 16;

/// Each grid that a kernel can tell apart once: times on a device.
class Clock {
 public:
  Clock(Session& session, const RunOptions& run, int layers)
      : session_(session), device_(choose_device(run)), layers_(layers) {}

  double operator()(MatrixGrid grid) {
    grid.bits = executed_bits(grid.bits);  // one measurement for 3 and 4 bits: the same kernel on the same lanes
    const auto known = times_.find(grid);
    if (known != times_.end()) return known->second;
    if (session_.interrupt.token().stop_requested()) throw Cancelled();
    session_.output.progress(fmt::format("{} x {}, {} bits", grid.rows, grid.columns, grid.bits));
    return times_[grid] = measure_matrix_vector(grid, layers_, device_.index, device_.name);
  }

 private:
  Session& session_;
  DeviceChoice device_;
  int layers_;
  std::map<MatrixGrid, double> times_;
};

MatrixGrid grid_of(const Weight& weight) {
  if (const auto* quantized = std::get_if<QuantizedMatrix>(&weight))
    return {quantized->rows, quantized->columns, quantized->bits, quantized->group, quantized->symmetric};
  const auto& view = std::get<TensorView>(weight);
  return {view.shape.at(0), view.shape.at(1), 16, view.shape.at(1), false};
}

/// The matrices of one layer as the engine runs them: like grids that read the same input are one.
std::vector<MatrixGrid> matrices_of(const Model& model, int layer) {
  std::vector<MatrixGrid> matrices;
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    std::vector<MatrixGrid> parts;
    for (const auto suffix : linears_of(static_cast<SiteKind>(kind))) {
      const std::string name = fmt::format("decoder.{}.{}.weight", layer, suffix);
      parts.push_back(grid_of(model.load(name)));
      model.release(name);
    }
    MatrixGrid whole = parts.front();
    bool alike = true;
    for (size_t i = 1; i < parts.size(); ++i) {
      MatrixGrid part = parts[i];
      whole.rows += part.rows;
      part.rows = parts.front().rows;
      alike = alike && part == parts.front();
    }
    if (alike) {
      matrices.push_back(whole);
    } else {
      matrices.insert(matrices.end(), parts.begin(), parts.end());
    }
  }
  return matrices;
}

/// Milliseconds of one decoded token, the best of a few stretches.
double token_milliseconds(Generator& generator, std::stop_token stop) {
  const std::vector<int32_t> prompt(kContext, 1);
  double best = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    generator.reset();
    append_tokens(generator, prompt, stop);
    append_tokens(generator, {generator.sample({}, {})}, stop);
    const double before = generator.timings().decode_seconds;
    for (int i = 0; i < kTokens; ++i) append_tokens(generator, {generator.sample({}, {})}, stop);
    const double milliseconds = (generator.timings().decode_seconds - before) * 1e3 / kTokens;
    if (pass == 0 || milliseconds < best) best = milliseconds;
  }
  return best;
}

}  // namespace

void add_latency_options(CLI::App& app, LatencyOptions& options) {
  CLI::Option* file = app.add_option("--latency-table", options.file,
                                     "Measure the decoder's matrices at 3 to 8 bits instead, into this file (quantize --budget-ms)");
  app.add_option("--group", options.group, "Of the table: weights that share a scale; 0: a whole row")
      ->needs(file)
      ->capture_default_str();
  app.add_flag("--symmetric", options.symmetric, "Of the table: a grid without zero points")->needs(file);
}

void measure_latencies(Session& session, const Model& model, const ModelOptions& model_options, const RunOptions& run,
                       const LatencyOptions& options) {
  if (run.backend != "vulkan")
    throw UsageError("--latency-table: the reference computes in float, whatever the widths; only --backend vulkan has times by width");
  const DecoderConfig& decoder = model.config().decoder;
  Clock clock(session, run, decoder.layers);
  LatencyTable table;
  std::vector<std::string> refused;
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    const SiteShape shape = shape_of(decoder, static_cast<SiteKind>(kind));
    const int64_t group = options.group == 0 ? shape.columns : options.group;
    for (const int bits : budget_widths()) {
      if (table.find(shape.all_rows(), shape.columns, bits, group, options.symmetric)) continue;  // another site's shape too
      try {
        const double milliseconds = clock({shape.all_rows(), shape.columns, bits, group, options.symmetric});
        table.rows.push_back({shape.all_rows(), shape.columns, bits, group, options.symmetric, milliseconds});
      } catch (const Cancelled&) {
        throw;
      } catch (const Error& error) {
        refused.push_back(fmt::format("{} bits: {}", bits, error.what()));
      }
    }
  }
  for (const std::string& text : refused) session.output.note("no row, so not allowed under a budget: " + text);
  if (table.rows.empty()) throw Error("latency table: no width has a kernel for this model: " + (refused.empty() ? "" : refused.front()));

  // What one token takes beside the matrices: the model as it is, less its own matrices.
  const auto generator = make_generator(open_model(model_options), run);
  table.device = generator->info().device;
  const double token = token_milliseconds(*generator, session.interrupt.token());
  double matrices = 0;
  for (int layer = 0; layer < decoder.layers; ++layer) {
    for (const MatrixGrid& grid : matrices_of(model, layer)) matrices += clock(grid);
  }
  table.rest_milliseconds = std::max(token - matrices, 0.0);
  if (token < matrices) session.output.note("the matrices alone took longer than a whole token: the device was busy; measure again");
  write_file(options.file, std::string_view(to_json(table) + "\n"));

  session.output.end_progress();
  session.output.text(fmt::format("{}, group {}{}: ms of one product\n", table.device, options.group == 0 ? "of a row" : std::to_string(options.group),
                                  options.symmetric ? ", symmetric" : ""));
  for (const LatencyRow& row : table.rows)
    session.output.text(fmt::format("  {:>6} x {:<6} {} bits {:10.4f}\n", row.rows, row.columns, row.bits, row.milliseconds));
  session.output.text(fmt::format("  a token of this model {:.3f} ms, its decoder's matrices {:.3f}, the rest {:.3f}\nwritten: {}\n", token,
                                  matrices, table.rest_milliseconds, options.file));
  nlohmann::ordered_json result = nlohmann::ordered_json::parse(to_json(table));
  result["event"] = "LatencyMeasured";
  result["token_milliseconds"] = token;
  result["matrices_milliseconds"] = matrices;
  result["refused"] = refused;
  result["file"] = options.file;
  session.output.json_line(result.dump());
}

}  // namespace qvlm::cli
