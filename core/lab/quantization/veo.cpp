// Adam over clip bounds and norms, one batch of pairs a step.
#include "core/lab/quantization/veo.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/optim/adam.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>

#include "core/base/error.h"
#include "core/lab/calibration/float_pass.h"
#include "core/lab/quantization/veo_tower.h"
#include "core/lab/reference/tensors.h"

namespace qvlm::quantization {
namespace {

using calibration::CalibrationPrompt;
using reference::VisionTower;

constexpr double kTiny = 1e-24;

torch::Tensor frobenius(const torch::Tensor& x) { return (x.square().sum() + kTiny).sqrt(); }

bool has_picture(const CalibrationPrompt& prompt) {
  return std::any_of(prompt.parts.begin(), prompt.parts.end(), [](const PromptPart& part) { return std::holds_alternative<PixelTensor>(part); });
}

bool has_answer(const CalibrationPrompt& prompt) {
  return std::any_of(prompt.labels.begin(), prompt.labels.end(), [](int32_t label) { return label >= 0; });
}

// Pairs that run together, and what the float model makes of them.
struct Part {
  std::vector<int> samples;
  int64_t float_tower = 0, float_last = 0;  // numbers in the spill
};

// What runs one part at a time: the tower with parameters of its own, and the decoder.
struct Lane {
  std::unique_ptr<VeoTower> tower;
  std::unique_ptr<VeoDecoder> decoder;
};

// Of one part.
struct Losses {
  double token = 0, entropy = 0, tower_error = 0, hidden_error = 0;
  int64_t samples = 0, answers = 0;
  std::vector<torch::Tensor> gradients;  // of the tower's clips, then of its norms
};

class Optimisation {
 public:
  Optimisation(const Model& model, const Recipe& recipe, const QuantizedVision& start, const std::vector<CalibrationPrompt>& prompts,
               const std::filesystem::path& scratch, const reference::Workers& workers, const VeoListener& listener, const VeoSettings& settings)
      : model_(model),
        config_(model.config()),
        recipe_(recipe),
        prompts_(prompts),
        workers_(workers),
        listener_(listener),
        settings_(settings),
        spill_(scratch, settings.memory.spill_bytes),
        embedding_(reference::load_tensor(model, "decoder.embedding.weight", torch::kFloat32)) {
    choose_parts();
    source_ = std::make_unique<DecoderSource>(model, longest_, settings.memory.weight_bytes);
    projector_ = reference::Projector::load(model, torch::kFloat32);
    VisionTower tower = VisionTower::load(model, torch::kFloat32);
    make_lanes(tower, start);
    measure_float(tower);
    start.apply(tower, projector_);  // from here on as it runs
    result_.vision = start;
  }

  VeoResult run() {
    passes_ = static_cast<int>(validation_.size()) * (recipe_.veo_epochs + 1) + static_cast<int>(training_.size()) * recipe_.veo_epochs;
    if (recipe_.veo_lambda1 > 0) {
      passes_ += static_cast<int>(training_.size());
      measure_sensitivity();
    }
    VeoTower& tower = *lanes_.front().tower;  // whose parameters are trained; the other lanes' follow
    using torch::optim::AdamOptions;
    std::vector<torch::optim::OptimizerParamGroup> groups;
    if (!tower.clips().empty()) groups.emplace_back(tower.clips(), std::make_unique<AdamOptions>(settings_.clip_rate));
    groups.emplace_back(tower.norms(), std::make_unique<AdamOptions>(settings_.norm_rate));
    torch::optim::Adam adam(std::move(groups), AdamOptions(settings_.norm_rate));

    double least = validate(0, std::numeric_limits<double>::infinity());
    for (int epoch = 1; epoch <= recipe_.veo_epochs; ++epoch) {
      train(epoch, adam);
      result_.epochs = epoch;
      const double error = validate(epoch, least);
      if (error < least) {
        least = error;
        result_.best_epoch = epoch;
        tower.store(result_.vision);
      } else if (epoch - result_.best_epoch >= settings_.patience) {
        break;
      }
    }
    return std::move(result_);
  }

 private:
  void choose_parts() {
    std::vector<int> training, validation;
    bool answers = false;
    int pairs = 0;
    const auto total = std::count_if(prompts_.begin(), prompts_.end(), has_picture);
    for (size_t i = 0; i < prompts_.size(); ++i) {
      if (!has_picture(prompts_[i])) continue;
      const bool held_out = total >= settings_.validation_every && pairs++ % settings_.validation_every == settings_.validation_every - 1;
      (held_out ? validation : training).push_back(static_cast<int>(i));
      answers = answers || (!held_out && has_answer(prompts_[i]));
      longest_ = std::max(longest_, prompts_[i].rows);
    }
    if (training.empty()) throw Error("veo: expected calibration pairs with pictures, found none");
    if (!answers) throw Error("veo: expected calibration pairs with answers, which its loss is taken on, found none");
    if (validation.empty()) validation = training;  // too few to hold any out
    training_ = parts_of(std::move(training));
    validation_ = parts_of(std::move(validation));
  }

  // Sorted by length, so that little is padded.
  std::vector<Part> parts_of(std::vector<int> samples) const {
    const auto rows = [this](int sample) { return prompts_[static_cast<size_t>(sample)].rows; };
    std::stable_sort(samples.begin(), samples.end(), [&](int a, int b) { return rows(a) < rows(b); });
    std::vector<Part> parts;
    for (size_t begin = 0; begin < samples.size(); begin += static_cast<size_t>(settings_.part)) {
      const size_t end = std::min(begin + static_cast<size_t>(settings_.part), samples.size());
      parts.push_back({{samples.begin() + static_cast<long>(begin), samples.begin() + static_cast<long>(end)}});
    }
    return parts;
  }

  void make_lanes(VisionTower tower, const QuantizedVision& start) {
    reference::Projector projector = projector_;
    start.apply(tower, projector);
    // The graphs of the tower's layers, as the decoder's are estimated, with the quantizers' own on top.
    const VisionConfig& v = *config_.vision;
    const int64_t rows = int64_t{settings_.part} * v.positions();
    const int64_t graph = 4 * rows * (int64_t{30} * v.hidden + int64_t{12} * v.ffn + int64_t{4} * v.heads * v.positions()) * v.layers;
    const int lanes = source_->keeps_layers() ? std::min(workers_.count(), settings_.parts_a_step) : 1;
    for (int i = 0; i < lanes; ++i) {
      lanes_.push_back({std::make_unique<VeoTower>(v, tower, start.activations, graph > settings_.memory.graph_bytes, spill_),
                        std::make_unique<VeoDecoder>(*source_, calibration::probe_of(recipe_), longest_ * settings_.part, longest_, spill_,
                                                     settings_.memory.graph_bytes)});
    }
  }

  // work(lane, i) for each i below `count`, as many side by side as there are lanes.
  void in_lanes(size_t count, const std::function<void(Lane& lane, size_t i)>& work) {
    for (size_t first = 0; first < count; first += lanes_.size()) {
      listener_.poll();
      const size_t side_by_side = std::min(lanes_.size(), count - first);
      workers_.run(side_by_side, [&](size_t lane) { work(lanes_[lane], first + lane); });
    }
  }

  void passed(size_t parts) {
    done_ += static_cast<int>(parts);
    if (listener_.on_progress) listener_.on_progress(done_, passes_);
  }

  VeoBatch batch_of(const Part& part) const { return make_veo_batch(prompts_, part.samples, embedding_, config_.vision->image_tokens()); }

  torch::Tensor projected(const torch::Tensor& features) const { return reference::project(config_.projector, projector_, features); }

  void measure_float(const VisionTower& tower) {
    const torch::NoGradGuard no_gradients;
    for (auto* parts : {&training_, &validation_}) {
      in_lanes(parts->size(), [&](Lane& lane, size_t i) {
        Part& part = (*parts)[i];
        const VeoBatch batch = batch_of(part);
        const auto features = reference::encode(*config_.vision, tower, batch.pixels);
        part.float_tower = spill_.put(features);
        part.float_last = spill_.put(batch.real(lane.decoder->last_hidden(batch.embed(projected(features)))));
      });
    }
  }

  // J_k at the start (Eq. 8), over the training pairs.
  void measure_sensitivity() {
    std::vector<std::vector<double>> tower(training_.size()), decoder(training_.size());
    in_lanes(training_.size(), [&](Lane& lane, size_t i) {
      const VeoBatch batch = batch_of(training_[i]);
      const torch::AutoGradMode gradients(true);
      const auto output = lane.tower->forward_watched(batch.pixels).requires_grad_();
      const auto hidden = batch.embed(projected(reference::vision_select(*config_.vision, output)));
      const auto found = lane.decoder->sensitivity(batch, hidden.detach(), spill_.get(training_[i].float_last));
      torch::autograd::backward({hidden}, {found.input_gradient});
      tower[i] = lane.tower->sensitivity(output.grad());
      decoder[i] = found.sites;
    });
    passed(training_.size());
    const auto mean = [this](const std::vector<std::vector<double>>& of_parts) {
      std::vector<double> sum(of_parts.front().size(), 0);
      for (size_t part = 0; part < of_parts.size(); ++part) {
        for (size_t site = 0; site < sum.size(); ++site) sum[site] += of_parts[part][site] * static_cast<double>(training_[part].samples.size());
      }
      return sum;
    };
    tower_weights_ = mean(tower);
    decoder_weights_ = mean(decoder);
    const double sum = std::accumulate(tower_weights_.begin(), tower_weights_.end(), 0.0) + std::accumulate(decoder_weights_.begin(), decoder_weights_.end(), 0.0);
    // Normalised, and with lambda1, as the gradient takes them.
    for (auto* list : {&tower_weights_, &decoder_weights_}) {
      for (double& one : *list) one *= sum > 0 ? recipe_.veo_lambda1 / sum : 0;
    }
  }

  Losses losses(Lane& lane, const Part& part, bool gradients) {
    const VeoBatch batch = batch_of(part);
    const torch::AutoGradMode mode(gradients);
    auto output = lane.tower->forward(batch.pixels, gradients ? std::span<const double>(tower_weights_) : std::span<const double>());
    if (gradients) output.requires_grad_();
    const auto features = reference::vision_select(*config_.vision, output);
    const auto float_features = spill_.get(part.float_tower);
    const auto tower_error = frobenius(features - float_features) / frobenius(float_features);
    const auto hidden = batch.embed(projected(features));
    const VeoDecoderWeights weights{1, recipe_.veo_lambda2 * recipe_.veo_eta, decoder_weights_};
    const VeoDecoderLosses behind = lane.decoder->losses(batch, hidden.detach(), spill_.get(part.float_last), weights, gradients);
    Losses result{behind.token, 0, tower_error.item<double>(), behind.hidden_error, batch.samples, batch.answers.size(0), {}};
    if (!gradients) return result;
    if (recipe_.veo_lambda1 > 0) result.entropy = (lane.tower->entropy_loss() + behind.entropy) / recipe_.veo_lambda1;
    torch::autograd::backward({hidden, tower_error * recipe_.veo_lambda2}, {behind.input_gradient, torch::ones_like(tower_error)});
    result.gradients = lane.tower->backward(output.grad());
    return result;
  }

  // Means over parts, weighted by their samples.
  static Losses mean_of(const std::vector<Losses>& parts) {
    Losses mean;
    for (const Losses& part : parts) {
      mean.samples += part.samples;
      mean.answers += part.answers;
    }
    for (const Losses& part : parts) {
      const double weight = static_cast<double>(part.samples) / static_cast<double>(mean.samples);
      mean.token += weight * part.token;
      mean.entropy += weight * part.entropy;
      mean.tower_error += weight * part.tower_error;
      mean.hidden_error += weight * part.hidden_error;
      mean.gradients.resize(part.gradients.size());
      for (size_t i = 0; i < part.gradients.size(); ++i) {
        const auto one = part.gradients[i] * weight;
        mean.gradients[i] = mean.gradients[i].defined() ? mean.gradients[i] + one : one;
      }
    }
    return mean;
  }

  void train(int epoch, torch::optim::Adam& adam) {
    // The same order on every machine.
    std::vector<size_t> order(training_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::mt19937_64 random(recipe_.seed * 1000003 + static_cast<uint64_t>(epoch));
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
    const auto parts_a_step = static_cast<size_t>(settings_.parts_a_step);
    VeoTower& tower = *lanes_.front().tower;
    for (size_t first = 0; first < order.size(); first += parts_a_step) {
      std::vector<Losses> parts(std::min(parts_a_step, order.size() - first));
      in_lanes(parts.size(), [&](Lane& lane, size_t i) { parts[i] = losses(lane, training_[order[first + i]], true); });
      const Losses mean = mean_of(parts);
      size_t next = 0;
      for (const auto* list : {&tower.clips(), &tower.norms()}) {
        for (torch::Tensor parameter : *list) parameter.mutable_grad() = mean.gradients[next++];
      }
      adam.step();
      adam.zero_grad();
      for (size_t lane = 1; lane < lanes_.size(); ++lane) lanes_[lane].tower->copy_parameters(tower);
      ++result_.steps;
      if (listener_.on_step) {
        listener_.on_step({epoch, static_cast<int>(first / parts_a_step) + 1, mean.token, mean.entropy, mean.tower_error + recipe_.veo_eta * mean.hidden_error});
      }
      passed(parts.size());
    }
  }

  // L_err over the validation pairs.
  double validate(int epoch, double least) {
    std::vector<Losses> parts(validation_.size());
    in_lanes(parts.size(), [&](Lane& lane, size_t i) { parts[i] = losses(lane, validation_[i], false); });
    const Losses mean = mean_of(parts);
    const double error = mean.tower_error + recipe_.veo_eta * mean.hidden_error;
    if (listener_.on_epoch) listener_.on_epoch({epoch, mean.tower_error, mean.hidden_error, error, mean.token, error < least});
    passed(parts.size());
    return error;
  }

  const Model& model_;
  const VlmConfig& config_;
  const Recipe& recipe_;
  const std::vector<CalibrationPrompt>& prompts_;
  const reference::Workers& workers_;
  const VeoListener& listener_;
  VeoSettings settings_;
  ActivationSpill spill_;
  torch::Tensor embedding_;  // [vocabulary, hidden]
  int64_t longest_ = 0;      // rows of the longest pair
  std::vector<Part> training_, validation_;
  std::unique_ptr<DecoderSource> source_;
  reference::Projector projector_;
  std::vector<Lane> lanes_;
  std::vector<double> tower_weights_, decoder_weights_;  // lambda1 J_k, one a site; empty without L_ent
  VeoResult result_;
  int done_ = 0, passes_ = 0;
};

}  // namespace

VeoResult optimise_vision(const Model& model, const Recipe& recipe, const QuantizedVision& start, const std::vector<CalibrationPrompt>& prompts,
                          const std::filesystem::path& scratch, const reference::Workers& workers, const VeoListener& listener,
                          const VeoSettings& settings) {
  if (recipe.vision_bits == 16) throw Error::in("recipe", "veo", "false while vision_bits is 16 (there is nothing to optimise)", "true");
  return Optimisation(model, recipe, start, prompts, scratch, workers, listener, settings).run();
}

}  // namespace qvlm::quantization
