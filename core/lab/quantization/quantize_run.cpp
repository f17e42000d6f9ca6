// The run: prepare, measure, partition, search, write; and taking up an unfinished one.
#include "core/lab/quantization/quantize_run.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/lab/calibration/float_pass.h"
#include "core/lab/calibration/prepare.h"
#include "core/lab/quantization/assignment_errors.h"
#include "core/lab/quantization/modality_weights.h"
#include "core/lab/quantization/model_output.h"
#include "core/lab/quantization/layer_file.h"
#include "core/lab/quantization/plan.h"
#include "core/lab/quantization/principal_axes.h"
#include "core/lab/quantization/proxies.h"
#include "core/lab/quantization/run_recorder.h"
#include "core/lab/quantization/run_request.h"
#include "core/lab/quantization/search_pass.h"
#include "core/lab/quantization/transforms/transformed_model.h"
#include "core/lab/quantization/vision_phase.h"
#include "core/lab/quantization/vision_quantize.h"
#include "core/lab/reference/threads.h"
#include "core/run/bit_budget.h"
#include "core/run/report.h"

namespace qvlm {
namespace {

namespace fs = std::filesystem;
using namespace quantization;

// "threads: 2 in the run, 4 now"; empty where both are the same.
std::string differences(const Recipe& stored, const Recipe& now) {
  const auto a = nlohmann::json::parse(to_json(stored)), b = nlohmann::json::parse(to_json(now));
  std::string text;
  for (const auto& [key, value] : a.items()) {
    if (b.at(key) == value) continue;
    text += (text.empty() ? "" : "; ") + key + ": " + value.dump() + " in the unfinished run, " + b.at(key).dump() + " now";
  }
  return text;
}

double threshold_of(const Recipe& recipe, std::vector<double> scores) {
  if (recipe.threshold > 0) return recipe.threshold;
  if (scores.empty()) return 0;
  if (recipe.threshold_quantile > 0) {
    std::sort(scores.begin(), scores.end());
    const double position = recipe.threshold_quantile * static_cast<double>(scores.size() - 1);
    const auto index = static_cast<size_t>(position);
    const size_t next = std::min(index + 1, scores.size() - 1);
    return scores[index] + (position - static_cast<double>(index)) * (scores[next] - scores[index]);
  }
  double sum = 0;
  for (const double score : scores) sum += score;
  return sum / static_cast<double>(scores.size());
}

void make_folder(const fs::path& folder) {
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) throw Error(folder.string() + ": cannot be made: " + problem.message());
}

class Run {
 public:
  Run(const QuantizeRequest& request, RunListener& listener, RunControl& control)
      : request_(request), control_(control), output_(fs::absolute(request.output).lexically_normal()), partial_(partial_of(output_)) {
    prepare_folder();
    recorder_ = std::make_unique<RunRecorder>(partial_ / "journal.jsonl", earlier_, listener, control);
  }

  RunState run() {
    try {
      start();
      turn_to_axes();
      measure();
      choose_partition();
      search();
      finish();
      return recorder_->state();
    } catch (const Cancelled&) {
      recorder_->record(RunCancelled{});
      throw;
    } catch (const std::exception& error) {
      const std::string message = error.what();
      try {
        recorder_->record(RunFailed{message});
      } catch (const Error&) {
        // The disk that the run failed on cannot take the journal's last line either; the message goes to the caller.
      }
      if (dynamic_cast<const Error*>(&error) != nullptr) throw;
      throw Error(message);
    }
  }

 private:
  const VlmConfig& config() const { return request_.model->config(); }

  // Checks the request against the disk; makes or takes up NAME.qvlm.partial.
  void prepare_folder() {
    check_model(request_.model.get());
    model_fingerprint_ = request_.model->fingerprint();
    if (output_.extension() != ".qvlm") throw Error::in(output_.string(), "name", "NAME.qvlm", output_.filename().string());
    if (fs::exists(output_) && !request_.replace) throw Error(output_.string() + ": exists already; choose another name, or ask for it to be replaced");
    if (request_.resume) {
      take_up();
    } else {
      if (fs::exists(partial_) && !request_.replace) {
        throw Error(partial_.string() + ": an unfinished run is there; take it up with --resume, or ask for it to be replaced");
      }
      recipe_ = resolve(request_.recipe.value_or(Recipe{}));
    }
    check_recipe(request_, recipe_);
    transform_model();
    read_data();
    if (!request_.resume && fs::exists(partial_)) fs::remove_all(partial_);  // only where it was asked for
    make_folder(partial_ / "work");
    fs::remove_all(partial_ / "work" / "activations");  // a killed run's
    spill_ = std::make_unique<calibration::ActivationSpill>(partial_ / "work" / "activations", request_.memory_bytes);
    if (!request_.resume) write_file(partial_ / "recipe.json", std::string_view(to_json(recipe_)));
  }

  // From here on every pass sees the model that the recipe's rotation makes; one along axes that are still to be measured begins with the
  // norms folded.
  void transform_model() {
    if (recipe_.rotation == RotationMode::NONE) return;
    source_ = request_.model;
    const bool measures = recipe_.rotation == RotationMode::PRINCIPAL;
    transform_by(make_transform(config().decoder, measures ? RotationMode::FOLD : recipe_.rotation, recipe_.seed));
  }

  void transform_by(ModelTransform transform) {
    rotation_ = std::string(name_of(recipe_.rotation)) + ": " + describe(transform, config().decoder);
    request_.model = std::make_shared<TransformedModel>(source_, std::move(transform));
  }

  // Measured once a run: a resumed one takes the file.
  void turn_to_axes() {
    if (recipe_.rotation != RotationMode::PRINCIPAL) return;
    const fs::path path = partial_ / "work" / "axes.safetensors";
    const auto& known = recorder_->state().axes;
    if (!known || !fs::exists(path) || hash_of_file(path) != known->hash) {
      const double begin = recorder_->seconds();
      recorder_->start_phase("axes", config().decoder.layers);
      const auto poll = [&](int) { recorder_->poll(); };
      const auto batches = calibration::make_batches(calibration::embed_prompts(*request_.model, prompts_, *workers_, poll), recipe_.search_samples);
      const PrincipalAxes found = principal_axes(*request_.model, batches, *workers_, [&](int done) {
        recorder_->poll();
        recorder_->progress(done);
      });
      const std::string hash = write_axes(path, found.axes);
      recorder_->record(AxesMeasured{"work/axes.safetensors", hash, static_cast<int64_t>(fs::file_size(path)), found.shares, recorder_->seconds() - begin});
    }
    transform_by(make_transform(config().decoder, recipe_.rotation, recipe_.seed, read_axes(path, config().decoder.hidden)));
  }

  void read_data() {
    reference::set_threads(recipe_.threads);
    workers_ = std::make_unique<reference::Workers>(recipe_.threads);
    prompts_ = read_prompts(request_, recipe_);
    data_ = calibration::fingerprint(prompts_);
    if (!request_.resume) return;
    const std::string& was = std::get<RunStarted>(earlier_.front().event).calibration_fingerprint;
    if (data_ != was) throw Error(partial_.string() + ": cannot be resumed: other calibration data (fingerprint " + was + " in the unfinished run, " + data_ + " now)");
  }

  void take_up() {
    if (!fs::exists(partial_ / "journal.jsonl")) throw Error(partial_.string() + ": no unfinished run to take up");
    recipe_ = read_recipe(partial_ / "recipe.json");
    Recipe now = request_.recipe.value_or(recipe_);
    if (!request_.recipe) now.torch_version.clear();
    now = resolve(now);
    if (const std::string text = differences(recipe_, now); !text.empty()) throw Error(partial_.string() + ": cannot be resumed: " + text);
    earlier_ = read_journal(partial_ / "journal.jsonl");
    if (earlier_.empty() || !std::holds_alternative<RunStarted>(earlier_.front().event)) {
      throw Error::in((partial_ / "journal.jsonl").string(), "first line", "RunStarted", earlier_.empty() ? "an empty file" : std::string(name_of(earlier_.front().event)));
    }
    const std::string& was = std::get<RunStarted>(earlier_.front().event).model_fingerprint;
    if (model_fingerprint_ != was) {
      throw Error(partial_.string() + ": cannot be resumed: another model (fingerprint " + was + " in the unfinished run, " + model_fingerprint_ + " now)");
    }
  }

  int sites() const { return config().decoder.layers * kSitesPerLayer; }

  void start() {
    if (request_.resume) {
      recorder_->record(RunResumed{recorder_->state().layers_done(), static_cast<int>(recorder_->state().blocks.size())});
      return;
    }
    const RunPlan plan = plan_of(request_, recipe_, prompts_);
    RunStarted started;
    started.model_path = request_.model->path().string();
    started.model_fingerprint = model_fingerprint_;
    started.calibration_path = request_.calibration.string();
    started.calibration_fingerprint = data_;
    started.recipe = to_json(recipe_);
    started.layers = config().decoder.layers;
    started.sites = sites();
    started.samples = static_cast<int>(prompts_.size());
    started.planned_seconds = plan.seconds;
    started.planned_bytes = plan.bytes;
    recorder_->record(started);
  }

  // Pictures and embeddings, then the float pass. A resumed run that has its partition needs the pass only for its method's statistics.
  void measure() {
    const bool measured = !recorder_->state().partition.blocks.empty();
    const bool needs_pass = !measured || recipe_.weight_method != qvlm::WeightMethod::RTN || folds_channels(recipe_);
    const int count = static_cast<int>(prompts_.size()), layers = config().decoder.layers;
    std::optional<VisionPhase> quantized;
    if (quantizes_vision(recipe_)) quantized = run_vision_phase(*request_.model, recipe_, prompts_, partial_ / "work", *workers_, *recorder_);
    calibration::demand_finite_ends(*request_.model);
    recorder_->start_phase("pictures", count);
    std::vector<torch::Tensor> embedded = calibration::embed_prompts(*request_.model, prompts_, *workers_, [&](int done) {
      recorder_->poll();
      recorder_->progress(done);
    });
    std::vector<torch::Tensor> embedded_quantized;
    if (quantized) embedded_quantized = calibration::embed_prompts(*request_.model, prompts_, quantized->pictures);
    std::vector<RowTokens> tokens;
    if (recipe_.token_weighting == TokenWeighting::MODALITY) tokens = row_tokens(config(), prompts_);
    if (has_budget(recipe_)) answers_ = answer_rows(prompts_);
    prompts_.clear();
    batches_ = calibration::make_batches(embedded, recipe_.search_samples);
    embedded.clear();
    if (quantized) {
      calibration::add_quantized_inputs(batches_, embedded_quantized);
      vision_ = std::move(quantized->vision);
    }
    if (!tokens.empty()) {
      const auto ratios = modality_ratios(*request_.model, batches_, tokens, [&] { recorder_->poll(); });
      sublayer_weights_ = modality_weights(ratios, batches_, tokens);
      const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
      recorder_->record(Noticed{fmt::format("a picture's token counts {:.3g} to {:.3g} of a text token in the weight method's losses", *least, *most)});
    }
    if (!needs_pass) return;
    recorder_->start_phase("statistics", layers);
    const std::vector<float> percentiles = candidates_of(recipe_);
    calibration::FloatPassListener listener;
    if (!measured) {
      listener.on_statistics = [&](int site, const calibration::SiteStatistics& s) {
        recorder_->record(SiteMeasured{site, s.minimum, s.maximum, s.percentile_low, s.percentile_high, s.minimum, s.maximum, s.histogram});
      };
      listener.on_entropy = [&](int site, const calibration::SiteEntropy& e) {
        recorder_->record(EntropyMeasured{site, e.entropy, e.dependency, e.sample_entropy, e.quantization_error});
      };
    }
    listener.on_layer = [&](int done) {
      recorder_->poll();
      recorder_->progress(done);
    };
    float_pass_ = calibration::float_pass(*request_.model, batches_, recipe_, listener, *workers_, *spill_);
  }

  void choose_partition() {
    const RunState& state = recorder_->state();
    if (!state.partition.blocks.empty()) {
      // Taken up: the journal's own partition, and what it has searched.
      partition_ = state.partition;
      threshold_ = state.threshold;
      known_ = known_results();
      if (request_.preview) known_.keep_blocks_of(partition_);  // a block that the edit brings back is edited all the same
      if (request_.partition && common_blocks(partition_, *request_.partition) < static_cast<int>(std::max(partition_.blocks.size(), request_.partition->blocks.size()))) {
        const bool couples = make_weight_method(recipe_)->couples_sites();
        known_.partition_changed(partition_, *request_.partition, couples);
        partition_ = *request_.partition;
        recorder_->record(PartitionChanged{partition_, threshold_, "user"});
      }
      return;
    }
    recorder_->start_phase("partition", 1);
    if (recipe_.validated_depths > 0) validate_proxies();
    const std::vector<double> scores = partition_scores(*request_.model, recipe_, float_pass_);
    threshold_ = threshold_of(recipe_, scores);
    std::string origin = std::string(name_of(recipe_.partition_rule));
    if (request_.partition) {
      partition_ = *request_.partition;
      origin = "file";
    } else if (recipe_.search == SearchMode::LAYERWISE) {
      partition_ = layerwise_partition(sites());
      origin = "layerwise";
    } else if (recipe_.partition_rule == PartitionRule::EXACT) {
      partition_ = exact_partition(scores, sites(), threshold_, recipe_.partition_gain, static_cast<int>(candidates_of(recipe_).size()), {}, recipe_.max_depth);
    } else {
      partition_ = greedy_partition(scores, sites(), threshold_, {}, recipe_.max_depth);
    }
    recorder_->progress(1);
    if (has_budget(recipe_)) allocate_bits();
    recorder_->record(PartitionChanged{partition_, threshold_, origin});
  }

  // Bits for the blocks that have none, under the recipe's budget. The partition that the journal records has them, so that a resumed run
  // does not measure again; an edited partition is taken as it is.
  void allocate_bits() {
    recorder_->start_phase("bits", config().decoder.layers);
    const auto losses = block_losses(*request_.model, batches_, recipe_, partition_, answers_, *workers_, [&](int done, int steps) {
      recorder_->poll();
      recorder_->progress(int64_t{done} * config().decoder.layers / steps);
    });
    const Allocation allocation = qvlm::allocate_bits(config().decoder, recipe_, partition_, losses);
    recorder_->record(Noticed{describe(allocation, recipe_)});
    partition_ = allocation.partition;
  }

  // At depths spread evenly over the decoder: the pair of the attention's output and what follows it.
  void validate_proxies() {
    const int layers = config().decoder.layers, depths = std::min(recipe_.validated_depths, layers);
    recorder_->start_phase("proxies", depths);
    std::vector<int> pairs;
    for (int i = 0; i < depths; ++i) pairs.push_back(Site{(2 * i + 1) * layers / (2 * depths), SiteKind::OUTPUT_INPUT}.index());
    const torch::NoGradGuard no_gradients;
    int done = 0;
    quantization::validate_proxies(*request_.model, batches_, recipe_, pairs, *workers_, [&](const ProxyValidated& event) {
      recorder_->record(event);
      recorder_->poll();
      recorder_->progress(++done);
    });
  }

  // What the journal says is done, in its order: an edited partition takes some of it back.
  KnownResults known_results() const {
    KnownResults known;
    Partition current;
    const bool couples = make_weight_method(recipe_)->couples_sites();
    for (const TimedEvent& timed : earlier_) {
      if (const auto* change = std::get_if<PartitionChanged>(&timed.event)) {
        known.partition_changed(current, change->partition, couples);
        current = change->partition;
      }
      known.add(timed.event);
    }
    return known;
  }

  void search() {
    recorder_->start_phase("search", planned_forwards(to_search(partition_), recipe_, batches_.samples));
    SearchPassListener listener;
    listener.on_event = [&](const Event& event) {
      recorder_->record(event);
      if (const auto* change = std::get_if<PartitionChanged>(&event)) {
        recorder_->start_phase("search", planned_forwards(to_search(change->partition), recipe_, batches_.samples));
      }
    };
    listener.poll = [&] {
      recorder_->poll();
      const int done = recorder_->state().layers_done();
      if (request_.stop_after_layers > 0 && done >= request_.stop_after_layers && done < config().decoder.layers) throw Cancelled();
    };
    listener.check = [&] {
      if (control_.stop.stop_requested()) throw Cancelled();
    };
    listener.new_partition = [&] { return control_.partition.take(); };
    listener.on_forwards = [&](int64_t done) { recorder_->progress(done); };
    const SearchPassInputs inputs{*request_.model, batches_, recipe_, float_pass_.statistics, partial_ / "work", threshold_, *workers_, *spill_,
                                  request_.memory_bytes, sublayer_weights_, request_.preview};
    search_pass(inputs, partition_, known_, listener);
    if (request_.preview) throw Cancelled();  // there is no whole model to write
  }

  // As far as the search goes: a preview ends with the last block that is not known.
  Partition to_search(Partition partition) const {
    while (request_.preview && !partition.blocks.empty() && known_.holds(partition.blocks.back())) partition.blocks.pop_back();
    return partition;
  }

  void finish() {
    recorder_->poll();
    recorder_->start_phase("write", config().decoder.layers);
    const OutputSizes sizes = write_output(
        *request_.model, {rotation_, model_fingerprint_}, recipe_, partition_, vision_, partial_, [&](int layer) { return known_.layers.at(layer).hash; },
        [&](int done) { recorder_->progress(done); });
    RunFinished finished;
    finished.seconds = recorder_->seconds();
    finished.peak_bytes = peak_memory();
    finished.stored_bytes = sizes.stored_bytes;
    finished.stored_bits = sizes.stored_bits;
    for (int b = 0; b < static_cast<int>(partition_.blocks.size()); ++b) finished.site_forwards += recorder_->state().result_of(b)->site_forwards;
    finished.output = output_.string();
    RunState state = recorder_->state();
    state.apply({finished.seconds, finished});
    write_file(partial_ / "report.json", std::string_view(to_json(make_report(state), state)));
    if (fs::exists(output_)) fs::remove_all(output_);  // only where it was asked for
    std::error_code problem;
    fs::rename(partial_, output_, problem);
    if (problem) throw Error(output_.string() + ": " + partial_.string() + " cannot be renamed to it: " + problem.message());
    fs::remove_all(output_ / "work");
    recorder_->record(finished);  // whoever hears it may open the folder
  }

  QuantizeRequest request_;  // its model: what runs, transformed where the recipe says so
  std::shared_ptr<const Model> source_;  // the model that was given, where another runs
  std::string model_fingerprint_;  // of the model that was given
  std::string rotation_;           // what was done to it; empty: nothing
  RunControl& control_;
  fs::path output_, partial_;
  Recipe recipe_;
  std::vector<TimedEvent> earlier_;
  std::unique_ptr<RunRecorder> recorder_;
  std::unique_ptr<reference::Workers> workers_;
  std::vector<calibration::CalibrationPrompt> prompts_;
  std::string data_;  // their fingerprint
  std::unique_ptr<calibration::ActivationSpill> spill_;
  calibration::Batches batches_;
  AnswerRows answers_;  // where a budget chooses bits
  QuantizedVision vision_;  // empty where the recipe keeps tower and projector
  calibration::FloatPassResult float_pass_;
  std::vector<TokenWeights> sublayer_weights_;  // empty: all tokens count the same
  Partition partition_;
  double threshold_ = 0;
  KnownResults known_;
};

}  // namespace

fs::path partial_of(const fs::path& output) {
  fs::path partial = output;
  partial += ".partial";
  return partial;
}

RunState quantize(const QuantizeRequest& request, RunListener& listener, RunControl& control) {
  return Run(request, listener, control).run();
}

}  // namespace qvlm
