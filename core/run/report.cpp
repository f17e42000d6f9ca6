// The report: figures from the journal's state, as JSON and as text.
#include "core/run/report.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/model/sites.h"
#include "core/run/json_fields.h"

namespace qvlm {
namespace {

std::string site_label(int site) {
  const Site at = Site::at(site);
  return fmt::format("{}.{}", at.layer, short_name_of(at.kind));
}

std::string joined(const std::vector<float>& values) {
  std::string text;
  for (const float value : values) text += fmt::format("{}{}", text.empty() ? "" : " ", value);
  return text;
}

}  // namespace

double r_squared(std::span<const double> x, std::span<const double> y) {
  if (x.size() != y.size()) throw Error(fmt::format("r_squared: {} values against {}", x.size(), y.size()));
  const auto n = static_cast<double>(x.size());
  double mean_x = 0, mean_y = 0, xx = 0, xy = 0, yy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    mean_x += x[i] / n;
    mean_y += y[i] / n;
  }
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
  }
  return xx > 0 && yy > 0 ? xy * xy / (xx * yy) : 0;
}

RunReport make_report(const RunState& state) {
  RunReport report;
  report.threshold = state.threshold;
  double gains = 0, refined = 0;
  for (int b = 0; b < static_cast<int>(state.partition.blocks.size()); ++b) {
    const Block& block = state.partition.blocks[static_cast<size_t>(b)];
    const BlockSearched* result = state.result_of(b);
    if (result == nullptr) throw Error(fmt::format("report: block {} (sites {} to {}) has no result", b, block.first, block.last));
    BlockReport row;
    row.block = b;
    row.first_site = block.first;
    row.last_site = block.last;
    row.depth = block.depth();
    row.bits = block.bits != 0 ? block.bits : (state.recipe ? state.recipe->weight_bits : 0);
    for (int site = block.first; site <= block.last; ++site) {
      const auto& entropy = state.sites.at(static_cast<size_t>(site)).entropy;
      row.entropy += entropy ? entropy->entropy / block.depth() : 0;
    }
    row.dependency = state.dependency_of(b);
    row.layerwise_parameters = result->layerwise_parameters;
    row.joint_parameters = result->joint_parameters;
    row.unclipped_error = result->unclipped_error;
    row.layerwise_error = result->layerwise_error;
    row.joint_error = result->joint_error;
    row.refined_error = result->refined_error;
    row.spread = result->spread;
    row.search_has_effect = result->search_has_effect;
    row.site_forwards = result->site_forwards;
    row.seconds = result->seconds;
    ++report.depth_histogram[static_cast<size_t>(row.depth)];
    report.blocks_strictly_better += row.joint_error < row.layerwise_error ? 1 : 0;
    report.blocks_with_effect += row.search_has_effect ? 1 : 0;
    if (!result->refined_bounds.empty()) {
      ++report.blocks_refined;
      refined += row.joint_error > 0 ? (row.joint_error - row.refined_error) / row.joint_error : 0;
    }
    report.site_forwards += row.site_forwards;
    gains += row.layerwise_error > 0 ? (row.layerwise_error - row.joint_error) / row.layerwise_error : 0;
    report.blocks.push_back(std::move(row));
  }
  if (!report.blocks.empty()) {
    report.share_strictly_better = static_cast<double>(report.blocks_strictly_better) / static_cast<double>(report.blocks.size());
    report.mean_gain = gains / static_cast<double>(report.blocks.size());
    report.refinement_gain = refined / static_cast<double>(report.blocks.size());
  }
  if (!state.layers.empty() && state.layers.back()) report.layer_output_error = state.layers.back()->output_error;
  for (const auto& layer : state.layers) {
    if (!layer) continue;
    report.mean_layer_error += layer->output_error / static_cast<double>(state.layers.size());
    report.mean_token_error += layer->token_error / static_cast<double>(state.layers.size());
  }
  for (const ProxyValidated& pair : state.validated) {
    ProxyReport row{pair.site, static_cast<int>(pair.difference.size())};
    for (const double difference : pair.difference) row.mean_difference += difference / static_cast<double>(pair.difference.size());
    row.dependency = r_squared(pair.dependency, pair.difference);
    row.entropy = r_squared(pair.entropy, pair.difference);
    row.quantization_error = r_squared(pair.quantization_error, pair.difference);
    report.proxies.push_back(row);
  }
  report.seconds = state.seconds;
  if (state.finished) {
    report.stored_bytes = state.finished->stored_bytes;
    report.stored_bits = state.finished->stored_bits;
    report.peak_bytes = state.finished->peak_bytes;
  }
  return report;
}

std::string to_json(const RunReport& report, const RunState& state) {
  using json_fields::Json;
  Json root;
  json_fields::Writer top(root);
  top("report_version", 1);
  top("model", state.started.model_path);
  top("model_fingerprint", state.started.model_fingerprint);
  top("calibration", state.started.calibration_path);
  top("calibration_fingerprint", state.started.calibration_fingerprint);
  top("samples", state.started.samples);
  top("partition_origin", state.partition_origin);
  top("threshold", report.threshold);
  top("depth_histogram", std::vector<int>(report.depth_histogram.begin() + 1, report.depth_histogram.end()));
  top("blocks_strictly_better", report.blocks_strictly_better);
  top("share_strictly_better", report.share_strictly_better);
  top("mean_gain", report.mean_gain);
  top("blocks_with_effect", report.blocks_with_effect);
  const bool refines = state.recipe && state.recipe->clip_refinement != ClipRefinement::NONE;
  if (refines) {
    top("blocks_refined", report.blocks_refined);
    top("refinement_gain", report.refinement_gain);
  }
  top("layer_output_error", report.layer_output_error);
  top("mean_layer_error", report.mean_layer_error);
  top("mean_token_error", report.mean_token_error);
  top("site_forwards", report.site_forwards);
  top("seconds", report.seconds);
  top("stored_bytes", report.stored_bytes);
  top("stored_bits", report.stored_bits);
  top("peak_bytes", report.peak_bytes);
  top("notices", state.notices);
  if (state.vision) {
    Json object;
    json_fields::Writer w(object);
    w("pictures", state.vision->pictures);
    w("stored_bits", state.vision->stored_bits);
    w("projector_stored_bits", state.vision->projector_stored_bits);
    w("weight_error", state.vision->weight_error);
    w("layer_errors", state.vision->layer_errors);
    w("tower_error", state.vision->tower_error);
    w("projected_error", state.vision->projected_error);
    w("seconds", state.vision->seconds);
    root["vision"] = std::move(object);
  }
  if (state.veo) {
    Json object;
    json_fields::Writer w(object);
    w("epochs", state.veo->epochs);
    w("best_epoch", state.veo->best_epoch);
    w("steps", state.veo->steps);
    w("tower_error_before", state.veo->tower_error_before);
    w("tower_error", state.veo->tower_error);
    w("projected_error_before", state.veo->projected_error_before);
    w("projected_error", state.veo->projected_error);
    w("seconds", state.veo->seconds);
    root["veo"] = std::move(object);
  }
  root["blocks"] = Json::array();
  for (const BlockReport& row : report.blocks) {
    Json object;
    json_fields::Writer w(object);
    w("block", row.block);
    w("first_site", row.first_site);
    w("last_site", row.last_site);
    w("depth", row.depth);
    w("bits", row.bits);
    w("entropy", row.entropy);
    w("dependency", row.dependency);
    w("layerwise_parameters", row.layerwise_parameters);
    w("joint_parameters", row.joint_parameters);
    w("unclipped_error", row.unclipped_error);
    w("layerwise_error", row.layerwise_error);
    w("joint_error", row.joint_error);
    if (refines) w("refined_error", row.refined_error);
    w("spread", row.spread);
    w("search_has_effect", row.search_has_effect);
    w("site_forwards", row.site_forwards);
    w("seconds", row.seconds);
    root["blocks"].push_back(std::move(object));
  }
  root["proxies"] = Json::array();
  for (const ProxyReport& row : report.proxies) {
    Json object;
    json_fields::Writer w(object);
    w("site", row.site);
    w("samples", row.samples);
    w("mean_difference", row.mean_difference);
    w("r_squared_dependency", row.dependency);
    w("r_squared_entropy", row.entropy);
    w("r_squared_quantization_error", row.quantization_error);
    root["proxies"].push_back(std::move(object));
  }
  return root.dump(2) + "\n";
}

std::string to_text(const RunReport& report, const RunState& state) {
  std::string text = fmt::format("{:>5}  {:<18} {:>4} {:>7} {:>7} {:>7}  {:>10} {:>10} {:>10}  {}\n", "block", "sites", "bits",
                                 "H", "D", "spread", "unclipped", "layer-wise", "joint", "parameters");
  for (const BlockReport& row : report.blocks) {
    const std::string sites = row.depth == 1 ? site_label(row.first_site)
                                             : site_label(row.first_site) + " - " + site_label(row.last_site);
    text += fmt::format("{:>5}  {:<18} {:>4} {:>7.3f} {:>7} {:>6.1f}%  {:>10.3e} {:>10.3e} {:>10.3e}  {}{}\n", row.block, sites,
                        row.bits, row.entropy, row.depth > 1 ? fmt::format("{:.3f}", row.dependency) : "-", 100 * row.spread,
                        row.unclipped_error, row.layerwise_error, row.joint_error, joined(row.joint_parameters),
                        row.search_has_effect ? "" : "  (search has no effect here)");
  }
  text += fmt::format("\n{} blocks: {} of depth 1, {} of depth 2, {} of depth 3; threshold h0 {:.4f} ({})\n", report.blocks.size(),
                      report.depth_histogram[1], report.depth_histogram[2], report.depth_histogram[3], report.threshold,
                      state.partition_origin);
  text += fmt::format("joint strictly better than layer-wise in {} of {} blocks ({:.0f} %), mean gain {:.2f} %\n",
                      report.blocks_strictly_better, report.blocks.size(), 100 * report.share_strictly_better,
                      100 * report.mean_gain);
  if (state.recipe && state.recipe->clip_refinement != ClipRefinement::NONE) {
    text += fmt::format("clip bounds refined ({}) in {} of {} blocks, mean gain over joint {:.2f} %\n", name_of(state.recipe->clip_refinement),
                        report.blocks_refined, report.blocks.size(), 100 * report.refinement_gain);
  }
  text += fmt::format("output error of the last layer {:.3e} (relative, squared); {} site forwards searched\n",
                      report.layer_output_error, report.site_forwards);
  for (const ProxyReport& row : report.proxies) {
    text += fmt::format("proxies behind {} - {}: R^2 over {} samples against the discretization error difference (mean {:.2e}): "
                        "dependency {:.3f}, entropy {:.3f}, quantization error {:.3f}\n",
                        site_label(row.site), site_label(row.site + 1), row.samples, row.mean_difference, row.dependency, row.entropy,
                        row.quantization_error);
  }
  if (state.vision) {
    text += fmt::format("vision tower: {:.2f} bits a weight, projector {:.2f}; relative squared error of the tower's output {:.3e}, of the "
                        "projector's {:.3e} ({} pictures, {:.1f} s)\n",
                        state.vision->stored_bits, state.vision->projector_stored_bits, state.vision->tower_error,
                        state.vision->projected_error, state.vision->pictures, state.vision->seconds);
  }
  if (state.veo) {
    text += fmt::format("visual-encoder optimisation: the tower's error from {:.3e} to {:.3e}, the projector's from {:.3e} to {:.3e} (best of "
                        "{} epochs: {}; {:.1f} s)\n",
                        state.veo->tower_error_before, state.veo->tower_error, state.veo->projected_error_before, state.veo->projected_error,
                        state.veo->epochs, state.veo->best_epoch, state.veo->seconds);
  }
  if (state.finished) {
    text += fmt::format("{:.2f} bits a weight stored over the decoder's linears; {:.1f} MB; {:.1f} s; peak memory {:.0f} MB\n",
                        report.stored_bits, static_cast<double>(report.stored_bytes) / 1e6, report.seconds,
                        static_cast<double>(report.peak_bytes) / 1e6);
  }
  for (const std::string& notice : state.notices) text += "note: " + notice + "\n";
  return text;
}

}  // namespace qvlm
