// Tower and projector first: the decoder's search reads what they give.
#include "core/lab/quantization/vision_phase.h"

#include <chrono>
#include <optional>
#include <tuple>

#include "core/base/error.h"
#include "core/lab/quantization/layer_file.h"
#include "core/lab/quantization/veo.h"
#include "core/lab/quantization/vision_quantize.h"

namespace qvlm::quantization {
namespace {

constexpr const char* kFile = "vision.safetensors";
constexpr const char* kOptimisedFile = "vision_veo.safetensors";

class Phase {
 public:
  Phase(const Model& model, const Recipe& recipe, const std::vector<calibration::CalibrationPrompt>& prompts, const std::filesystem::path& work,
        const reference::Workers& workers, RunRecorder& recorder)
      : model_(model), recipe_(recipe), prompts_(prompts), work_(work), workers_(workers), recorder_(recorder) {
    if (!model.config().vision) {
      throw Error(model.path().string() + ": the model has no vision tower; expected vision_bits and projector_bits of 16 in the recipe");
    }
    pixels_ = calibration::pixels_of(model.config(), prompts);
    if (!pixels_.defined()) throw Error("calibration: expected pictures, by which the vision tower is quantized, found none");
  }

  VisionPhase run() {
    const RunState& state = recorder_.state();
    std::optional<QuantizedVision> vision;
    if (recipe_.veo && state.veo) vision = taken_up(kOptimisedFile, state.veo->hash);
    if (!vision) {
      if (state.vision) vision = taken_up(kFile, state.vision->hash);
      if (!vision) vision = quantize();
      if (recipe_.veo) vision = optimise(*vision);
    }
    const VisionOutput output = run_vision(model_, &*vision, pixels_, workers_);
    VisionPhase result{std::move(*vision), {}};
    for (const torch::Tensor& picture : output.projected.unbind(0)) result.pictures.push_back(picture.clone());
    return result;
  }

 private:
  using Clock = std::chrono::steady_clock;
  static double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

  std::optional<QuantizedVision> taken_up(const char* name, const std::string& hash) const {
    const std::filesystem::path path = work_ / name;
    if (!std::filesystem::exists(path) || hash_of_file(path) != hash) return std::nullopt;
    return read_vision(path, hash, model_.config().vision->positions());
  }

  const VisionOutput& float_output() {
    if (!float_output_) float_output_ = run_vision(model_, nullptr, pixels_, workers_);
    return *float_output_;
  }

  // Relative squared errors of the tower's and of the projector's output.
  std::pair<double, double> errors(const QuantizedVision& vision) {
    const VisionOutput output = run_vision(model_, &vision, pixels_, workers_);
    return {relative_squared_error(output.tower, float_output().tower), relative_squared_error(output.projected, float_output().projected)};
  }

  // Stored bits a weight of the matrices whose names begin with `prefix`; what the model itself stores where there are none.
  static double bits_of(const QuantizedVision& vision, std::string_view prefix, double otherwise) {
    double bits = 0, weights = 0;
    for (const auto& [name, matrix] : vision.matrices) {
      if (!name.starts_with(prefix)) continue;
      bits += matrix.bits_per_weight() * static_cast<double>(matrix.codes.size());
      weights += static_cast<double>(matrix.codes.size());
    }
    return weights > 0 ? bits / weights : otherwise;
  }

  QuantizedVision quantize() {
    const auto start = Clock::now();
    const int layers = recipe_.vision_bits < 16 ? model_.config().vision->layers : 0;
    recorder_.start_phase("vision", layers + 1);
    VisionQuantization made = quantize_vision(model_, recipe_, pixels_, workers_, [&](int done) {
      recorder_.poll();
      recorder_.progress(done);
    });
    VisionQuantized event;
    std::tie(event.tower_error, event.projected_error) = errors(made.vision);
    event.file = std::string("work/") + kFile;
    event.hash = write_vision(work_ / kFile, made.vision);
    event.bytes = static_cast<int64_t>(std::filesystem::file_size(work_ / kFile));
    event.pictures = static_cast<int>(pixels_.size(0));
    event.stored_bits = bits_of(made.vision, "vision.", vision_stored_bits(model_));
    event.projector_stored_bits = bits_of(made.vision, "projector.", projector_stored_bits(model_));
    event.weight_error = made.weight_error;
    event.layer_errors = made.layer_errors;
    event.seconds = seconds_since(start);
    recorder_.progress(layers + 1);
    recorder_.record(event);
    return std::move(made.vision);
  }

  QuantizedVision optimise(const QuantizedVision& vision) {
    const auto start = Clock::now();
    VeoListener listener;
    bool begun = false;
    listener.poll = [&] { recorder_.poll(); };
    listener.on_step = [&](const VeoStep& event) { recorder_.record(event); };
    listener.on_epoch = [&](const VeoEpoch& event) { recorder_.record(event); };
    listener.on_progress = [&](int done, int total) {
      if (!begun) recorder_.start_phase("veo", total);
      begun = true;
      recorder_.progress(done);
    };
    VeoResult done = optimise_vision(model_, recipe_, vision, prompts_, work_ / "veo", workers_, listener);
    VeoFinished event;
    std::tie(event.tower_error_before, event.projected_error_before) = errors(vision);
    std::tie(event.tower_error, event.projected_error) = errors(done.vision);
    event.file = std::string("work/") + kOptimisedFile;
    event.hash = write_vision(work_ / kOptimisedFile, done.vision);
    event.bytes = static_cast<int64_t>(std::filesystem::file_size(work_ / kOptimisedFile));
    event.epochs = done.epochs;
    event.best_epoch = done.best_epoch;
    event.steps = done.steps;
    event.seconds = seconds_since(start);
    recorder_.record(event);
    return std::move(done.vision);
  }

  const Model& model_;
  const Recipe& recipe_;
  const std::vector<calibration::CalibrationPrompt>& prompts_;
  const std::filesystem::path& work_;
  const reference::Workers& workers_;
  RunRecorder& recorder_;
  torch::Tensor pixels_;  // [pictures, 3, size, size]
  std::optional<VisionOutput> float_output_;
};

}  // namespace

VisionPhase run_vision_phase(const Model& model, const Recipe& recipe, const std::vector<calibration::CalibrationPrompt>& prompts,
                             const std::filesystem::path& work, const reference::Workers& workers, RunRecorder& recorder) {
  return Phase(model, recipe, prompts, work, workers, recorder).run();
}

}  // namespace qvlm::quantization
