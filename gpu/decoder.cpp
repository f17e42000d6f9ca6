// Records and runs the decoder.
#include "gpu/decoder.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <optional>
#include <set>

#include "core/inference/sampling.h"
#include "gpu/rotary_table.h"
#include "gpu/step_state.h"

namespace qvlm {
namespace {
constexpr uint32_t kLogitRows = 16;       // rows that last_logits computes together
constexpr uint32_t kResidualRows = 4096;  // about as many a part of the residual stream
}

Decoder::Decoder(const DecoderConfig& config, std::span<const ActivationQuantizer> activations, const DecoderOptions& options,
                 GpuContext& gpu, WeightLoader& loader)
    : config_(config),
      context_(options.context),
      chunk_(static_cast<uint32_t>(std::min(options.context, options.prefill_rows))),
      gpu_(gpu),
      part_rows_(std::max(1u, kResidualRows / chunk_) * chunk_) {
  if (config.head_dim % 4 != 0 || config.head_dim > 256)
    throw Error("the engine runs attention heads of a multiple of 4 channels, at most 256; the model has " +
                std::to_string(config.head_dim));
  if (options.kv_bits != 16 && options.kv_bits != 8) throw Error::in("the KV cache", "bits", "16 or 8", std::to_string(options.kv_bits));
  embedding_ = loader.matrix("decoder.embedding.weight");
  for (int i = 0; i < config.layers; ++i) {
    const std::string p = "decoder." + std::to_string(i) + ".";
    Layer layer;
    layer.attention_norm = loader.vector(p + "attention_norm.weight");
    if (config.attention_bias)
      layer.qkv_bias =
          loader.vector({p + "attention.query.bias", p + "attention.key.bias", p + "attention.value.bias"});
    if (config.query_key_norm) {
      layer.query_norm = loader.vector(p + "attention.query_norm.weight");
      layer.key_norm = loader.vector(p + "attention.key_norm.weight");
    }
    layer.mlp_norm = loader.vector(p + "mlp_norm.weight");
    layers_.push_back(std::move(layer));
  }
  norm_ = loader.vector("decoder.norm.weight");
  head_ = config.tied_head ? embedding_ : loader.matrix("decoder.head.weight");

  const RotaryTable rotary = rotary_table(config, context_);
  cosines_ = gpu.upload(std::span<const float>(rotary.cosines), Intent::CODES);
  sines_ = gpu.upload(std::span<const float>(rotary.sines), Intent::CODES);

  const auto hidden = static_cast<uint32_t>(config.hidden), vocabulary = static_cast<uint32_t>(config.vocabulary);
  const auto queries = static_cast<uint32_t>(config.heads * config.head_dim),
             kv = static_cast<uint32_t>(config.kv_heads * config.head_dim);
  for (Layer& layer : layers_) layer.cache = new_cache(options.kv_bits);
  residual(0, 1);
  features_ = gpu.new_tensor(chunk_, hidden, Intent::UPLOAD);
  normed_ = gpu.new_tensor(chunk_, hidden);
  qkv_ = gpu.new_tensor(chunk_, queries + 2 * kv);
  attended_ = gpu.new_tensor(chunk_, queries);
  ffn_ = gpu.new_tensor(chunk_, static_cast<uint32_t>(config.ffn));
  make_site_inputs(activations, loader);
  uint32_t most_ranges = 1;
  for (const uint32_t keys : kFewestKeys)
    if (keys <= context_) most_ranges = std::max(most_ranges, key_ranges(keys - 1));
  if (most_ranges > 1)
    attention_parts_ = gpu.memory().allocate(
        Kernels::attention_part_bytes(1, static_cast<uint32_t>(config.heads), static_cast<uint32_t>(config.head_dim), most_ranges), Intent::SCRATCH);
  logits_ = gpu.new_tensor(1, vocabulary);
  many_normed_ = gpu.new_tensor(kLogitRows, hidden);
  many_logits_ = gpu.new_tensor(kLogitRows, vocabulary);
  work_ = gpu.memory().allocate(uint64_t{vocabulary} * 4, Intent::SCRATCH);
  state_ = gpu.memory().allocate(sizeof(StepState), Intent::UPLOAD);
  ids_ = gpu.memory().allocate(uint64_t{chunk_} * 4, Intent::UPLOAD);
  request_ = gpu.memory().allocate(sizeof(SamplingRequest) + uint64_t{vocabulary} * 4, Intent::UPLOAD);
  result_ = gpu.memory().allocate(sizeof(SamplingResult), Intent::READBACK);
  logits_host_ = gpu.memory().allocate(many_logits_.span.size, Intent::READBACK);
  load_layers(options.stream_layers, loader);  // last: what room is left is theirs

  Recorder reading = gpu.recorder();
  reading.add(gpu.kernels().copy(logits_.span, logits_host_, logits_.span.size));
  read_logits_ = reading.finish();
  Recorder sampling = gpu.recorder();
  sampling.add(gpu.kernels().sample(logits_, work_, request_, result_));
  sample_ = sampling.finish();
}

std::vector<PackedMatrix> Decoder::packed_layer(int layer, WeightLoader& loader, Layer& into) const {
  const std::string p = "decoder." + std::to_string(layer) + ".";
  std::vector<PackedMatrix> all;
  const auto take = [&](std::vector<PackedMatrix> matrices) {
    for (PackedMatrix& matrix : matrices) all.push_back(std::move(matrix));
    return matrices.size();
  };
  into.qkv.resize(take(loader.packed({p + "attention.query.weight", p + "attention.key.weight", p + "attention.value.weight"})));
  into.gate_up.resize(take(loader.packed({p + "mlp.gate.weight", p + "mlp.up.weight"}, gpu_.kernels().row_pair())));
  take(loader.packed({p + "attention.output.weight"}));
  take(loader.packed({p + "mlp.down.weight"}));
  return all;
}

void Decoder::place(Layer& layer, std::vector<DeviceMatrix> matrices) {
  auto next = matrices.begin();
  for (auto* parts : {&layer.qkv, &layer.gate_up})
    for (DeviceMatrix& part : *parts) part = *next++;
  layer.output = *next++;
  layer.down = *next;
}

void Decoder::load_layers(bool stream, WeightLoader& loader) {
  const auto uploaded = [&](const std::vector<PackedMatrix>& packed) {
    std::vector<DeviceMatrix> matrices;
    for (const PackedMatrix& matrix : packed) matrices.push_back(gpu_.upload_matrix(matrix));
    return matrices;
  };
  loader.counting = true;
  std::vector<std::vector<PackedMatrix>> waiting;
  for (size_t i = 0; i < layers_.size(); ++i) {
    std::vector<PackedMatrix> packed = packed_layer(static_cast<int>(i), loader, layers_[i]);
    if (stream)
      waiting.push_back(std::move(packed));  // the largest says how large the places for streamed ones are
    else
      place(layers_[i], uploaded(packed));
  }
  loader.counting = false;
  weight_bits_ = loader.counted_bits();
  if (!stream) return;
  stream_.emplace(waiting, gpu_);
  bool room = true;
  for (size_t i = 0; i < layers_.size(); ++i) {
    if (room) {
      try {
        place(layers_[i], uploaded(waiting[i]));
      } catch (const OutOfDeviceMemory&) {
        room = false;
      }
    }
    if (!room) {
      layers_[i].streamed = stream_->layers();
      place(layers_[i], stream_->add(waiting[i]));
    }
    waiting[i] = {};
  }
}

KeyValues Decoder::new_cache(int kv_bits) const {
  const auto rows = static_cast<uint64_t>(context_), heads = static_cast<uint64_t>(config_.kv_heads),
             width = heads * static_cast<uint64_t>(config_.head_dim);
  KeyValues cache{.format = kv_bits == 8 ? KvFormat::INT8 : KvFormat::F16, .stride = static_cast<uint32_t>(width)};
  const auto allocate = [&](uint64_t bytes) { return gpu_.memory().allocate(bytes, Intent::CACHE); };
  const uint64_t element = cache.format == KvFormat::INT8 ? 1 : 2;
  cache.keys = allocate(rows * width * element);
  cache.values = allocate(rows * width * element);
  if (cache.format == KvFormat::INT8) cache.scales = allocate(rows * heads * 2 * sizeof(float));
  return cache;
}

uint64_t Decoder::kv_bytes() const {
  uint64_t bytes = 0;
  for (const Layer& layer : layers_) bytes += layer.cache.keys.size + layer.cache.values.size + layer.cache.scales.size;
  return bytes;
}

double Decoder::kv_bits() const {
  return layers_.front().cache.format == KvFormat::INT8 ? 8 + 32.0 / config_.head_dim : 16;
}

DeviceTensor Decoder::residual(uint32_t first, uint32_t rows) {
  const auto context = static_cast<uint32_t>(context_);
  const uint32_t part = first / part_rows_;
  while (residual_.size() <= part) {
    const auto begin = static_cast<uint32_t>(residual_.size()) * part_rows_;
    residual_.push_back(gpu_.new_tensor(std::min(part_rows_, context - begin), static_cast<uint32_t>(config_.hidden)));
  }
  return residual_[part].row_part(first - part * part_rows_, rows);
}

void Decoder::make_site_inputs(std::span<const ActivationQuantizer> activations, WeightLoader& loader) {
  const size_t sites = layers_.size() * kSitesPerLayer;
  if (!activations.empty() && activations.size() != sites)
    throw Error::in("the model", "activation quantizers", std::to_string(sites), std::to_string(activations.size()));
  SiteInput hadamard;  // its matrices are the same for every layer
  if (config_.down_hadamard > 0) hadamard.add_hadamard(config_.down_hadamard, gpu_);
  SiteScratchBytes scratch;
  for (size_t i = 0; i < layers_.size(); ++i) {
    for (int k = 0; k < kSitesPerLayer; ++k) {
      const auto kind = static_cast<SiteKind>(k);
      SiteInput& input = layers_[i].inputs[static_cast<size_t>(k)];
      if (kind == SiteKind::DOWN_INPUT) input = hadamard;
      if (config_.site_transforms) {
        const std::string p = "decoder." + std::to_string(i) + ".";
        input.add_transform(loader.values(p + transform_part(kind, "left")), loader.values(p + transform_part(kind, "right")),
                            kronecker_shape(width_of(config_, kind)), gpu_);
      }
      if (!activations.empty()) input.set_rounding(activations[i * kSitesPerLayer + static_cast<size_t>(k)]);
      input.count(scratch, gpu_.kernels(), chunk_, static_cast<uint32_t>(width_of(config_, kind)));
      const bool first = i == 0 && k == 0;
      least_activation_bits_ = first ? input.bits() : std::min(least_activation_bits_, input.bits());
      most_activation_bits_ = first ? input.bits() : std::max(most_activation_bits_, input.bits());
    }
  }
  site_scratch_ = allocate(scratch, gpu_);
}

void Decoder::logits_of(Recorder& r, const DeviceTensor& hidden, const DeviceTensor& logits) {
  const DeviceTensor normed = many_normed_.row_part(0, hidden.rows);
  r.add(gpu_.kernels().norm(hidden, normed, norm_, {}, config_.norm_epsilon));
  r.add(gpu_.kernels().matrix(head_, normed, logits));
}

uint32_t Decoder::key_ranges(int64_t position) const {
  return gpu_.kernels().key_ranges(static_cast<uint32_t>(position + 1), static_cast<uint32_t>(config_.heads));
}

Recording Decoder::record(uint32_t first, uint32_t rows, bool with_logits, uint32_t key_ranges, Timestamps* timestamps) {
  const Kernels& k = gpu_.kernels();
  Recorder r = gpu_.recorder(timestamps);
  const auto heads = static_cast<uint32_t>(config_.heads), kv_heads = static_cast<uint32_t>(config_.kv_heads),
             head_dim = static_cast<uint32_t>(config_.head_dim);
  const DeviceTensor x = residual(first, rows);               // [rows, hidden]
  const DeviceTensor normed = normed_.row_part(0, rows);      // [rows, hidden]
  const DeviceTensor qkv = qkv_.row_part(0, rows);            // [rows, (heads + 2 kv_heads) head_dim]
  const DeviceTensor attended = attended_.row_part(0, rows);  // [rows, heads * head_dim]
  const DeviceTensor ffn = ffn_.row_part(0, rows);            // [rows, ffn]
  KeyRanges ranges{.count = key_ranges};
  if (key_ranges > 1) ranges.parts = attention_parts_.part(0, Kernels::attention_part_bytes(rows, heads, head_dim, key_ranges));
  r.add(k.embed(embedding_, ids_, features_, x));
  if (layers_.front().streamed) stream_->record(r, 0);
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    // What the site's linears read of x.
    const auto site = [&](SiteKind kind) -> const SiteInput& { return layer.inputs[static_cast<size_t>(kind)]; };
    const auto normed_input = [&](SiteKind kind, const DeviceVector& weight, std::span<const DeviceMatrix> linears) {
      return site(kind).record_normed(r, k, x, normed, weight, {}, config_.norm_epsilon, site_scratch_, linears);
    };
    const auto input = [&](SiteKind kind, const DeviceTensor& computed, const DeviceMatrix& linear) {
      return site(kind).record(r, k, computed, site_scratch_, {&linear, 1});
    };
    const MatrixInput attention_input = normed_input(SiteKind::ATTENTION_INPUT, layer.attention_norm, layer.qkv);
    uint32_t column = 0;
    for (const DeviceMatrix& part : layer.qkv) {
      const uint32_t width = part.layout.rows;
      DeviceVector bias;
      if (layer.qkv_bias.present()) bias = {layer.qkv_bias.span.part(uint64_t{column} * 4, uint64_t{width} * 4), width};
      r.add(k.matrix(part, attention_input, qkv.column_part(column, width), {.bias = bias}));
      column += width;
    }
    if (config_.query_key_norm) {
      r.add(k.norm_heads(qkv.column_part(0, heads * head_dim), layer.query_norm, config_.norm_epsilon));
      r.add(k.norm_heads(qkv.column_part(heads * head_dim, kv_heads * head_dim), layer.key_norm, config_.norm_epsilon));
    }
    r.add(k.rope_kv(qkv, layer.cache, cosines_, sines_, state_, heads, kv_heads, head_dim));
    r.add(k.attention_causal(qkv.column_part(0, heads * head_dim), layer.cache, state_, attended, heads, kv_heads, head_dim, ranges));
    if (ranges.count > 1) r.add(k.attention_join(ranges, attended, heads, head_dim));
    r.add(k.matrix(layer.output, input(SiteKind::OUTPUT_INPUT, attended, layer.output), x, {.add = &x}));
    const MatrixInput mlp_input = normed_input(SiteKind::MLP_INPUT, layer.mlp_norm, layer.gate_up);
    // Beside the largest product, which does not wait for it.
    if (i + 1 < layers_.size() && layers_[i + 1].streamed) stream_->record(r, *layers_[i + 1].streamed);
    if (layer.gate_up.size() == 1) {
      r.add(k.gated(layer.gate_up[0], mlp_input, ffn, config_.activation));
    } else {
      r.add(k.matrix(layer.gate_up[1], mlp_input, ffn));
      r.add(k.matrix(layer.gate_up[0], mlp_input, ffn, {.activate = true, .activation = config_.activation, .multiply = &ffn}));
    }
    r.add(k.matrix(layer.down, input(SiteKind::DOWN_INPUT, ffn, layer.down), x, {.add = &x}));
  }
  if (with_logits) logits_of(r, x.row_part(rows - 1, 1), logits_);
  return r.finish();
}

void Decoder::write_inputs(const InputRows& rows, size_t first, size_t count, int64_t position) {
  const StepState state{.position = static_cast<uint32_t>(position)};
  std::memcpy(state_.mapped(), &state, sizeof state);
  std::vector<int32_t> ids(rows.ids.begin() + static_cast<ptrdiff_t>(first),
                           rows.ids.begin() + static_cast<ptrdiff_t>(first + count));
  const size_t hidden = static_cast<size_t>(config_.hidden);
  int32_t staged = 0;
  for (int32_t& id : ids) {
    if (id >= 0) continue;
    const size_t from = static_cast<size_t>(-1 - id) * hidden;
    std::memcpy(features_.span.mapped() + size_t(staged) * features_.stride * 4, rows.features.data() + from,
                hidden * 4);
    id = -1 - staged++;
  }
  std::memcpy(ids_.mapped(), ids.data(), ids.size() * 4);
}

void Decoder::forward(const InputRows& rows, int64_t position, std::stop_token stop) {
  const size_t total = rows.ids.size();
  if (total == 1) {
    const Recording& step = decode_step(position);
    write_inputs(rows, 0, 1, position);
    gpu_.run(step, stop);
    return;
  }
  for (size_t first = 0; first < total; first += chunk_) {
    const size_t count = std::min<size_t>(chunk_, total - first);
    const Recording chunk = record(static_cast<uint32_t>(first), static_cast<uint32_t>(count), first + count == total);
    write_inputs(rows, first, count, position + static_cast<int64_t>(first));
    gpu_.run(chunk, stop);
  }
}

uint64_t Decoder::step_weight_bytes() const {
  uint64_t bytes = head_.bytes();
  for (const Layer& layer : layers_) {
    for (const auto* parts : {&layer.qkv, &layer.gate_up})
      for (const DeviceMatrix& part : *parts) bytes += part.bytes();
    bytes += layer.output.bytes() + layer.down.bytes();
  }
  return bytes;
}

std::vector<float> Decoder::logits() {
  gpu_.run(read_logits_);
  std::vector<float> values(static_cast<size_t>(config_.vocabulary));
  std::memcpy(values.data(), logits_host_.mapped(), values.size() * 4);
  return values;
}

std::vector<float> Decoder::last_logits(int64_t rows, int64_t count) {
  std::vector<float> values;
  const size_t vocabulary = static_cast<size_t>(config_.vocabulary);
  for (int64_t done = 0; done < count;) {
    const auto row = static_cast<uint32_t>(rows - count + done);
    const auto part = static_cast<uint32_t>(std::min<int64_t>({kLogitRows, count - done, part_rows_ - row % part_rows_}));
    const DeviceTensor logits = many_logits_.row_part(0, part);
    Recorder r = gpu_.recorder();
    logits_of(r, residual(row, part), logits);
    r.add(gpu_.kernels().copy(logits.span, logits_host_, logits.span.size));
    gpu_.run(r.finish());
    for (uint32_t i = 0; i < part; ++i) {
      const auto* row = reinterpret_cast<const float*>(logits_host_.mapped()) + size_t{i} * logits.stride;
      values.insert(values.end(), row, row + vocabulary);
    }
    done += part;
  }
  return values;
}

int32_t Decoder::sample(const SamplingParameters& parameters, std::span<const int32_t> recent, int64_t position) {
  constexpr const char* kNotFinite = "sampling: the model's logits hold a value that is not finite";
  if (gpu_.profile().cpu && logits_.span.mapped()) {
    // The device is this processor, and the plain version far quicker on it than a kernel of one workgroup.
    const std::span logits(reinterpret_cast<const float*>(logits_.span.mapped()), logits_.columns);
    if (!std::all_of(logits.begin(), logits.end(), [](float value) { return std::isfinite(value); })) throw Error(kNotFinite);
    return sample_token(logits, parameters, recent, position);
  }
  SamplingRequest request{.temperature = parameters.temperature,
                          .top_k = static_cast<uint32_t>(std::max(parameters.top_k, 0)),
                          .top_p = parameters.top_p,
                          .repetition_penalty = parameters.repetition_penalty,
                          .uniform_number = uniform_at(parameters.seed, position)};
  std::set<int32_t> seen;  // each is punished once
  if (parameters.repetition_penalty != 1)
    for (int32_t id : recent)
      if (id >= 0 && id < config_.vocabulary) seen.insert(id);
  const std::vector<int32_t> ids(seen.begin(), seen.end());
  request.recent = static_cast<uint32_t>(ids.size());
  std::memcpy(request_.mapped(), &request, sizeof request);
  if (!ids.empty()) std::memcpy(request_.mapped() + sizeof request, ids.data(), ids.size() * 4);
  gpu_.run(sample_);
  SamplingResult result;
  std::memcpy(&result, result_.mapped(), sizeof result);
  if (result.not_finite) throw Error(kNotFinite);
  return static_cast<int32_t>(result.token);
}

const Recording& Decoder::decode_step(int64_t position) {
  const uint32_t ranges = key_ranges(position);
  if (!decode_.contains(ranges)) decode_[ranges] = record(0, 1, true, ranges);
  return decode_[ranges];
}

const Trace& Decoder::decode_trace(int64_t position) {
  return decode_step(position).trace();
}

Trace Decoder::prefill_trace(uint32_t rows) {
  return record(0, rows, true).trace();
}

StepProfile Decoder::profile_step(int64_t position, int runs, int64_t rows) {
  rows = std::min<int64_t>(rows, chunk_);
  std::optional<Timestamps> timestamps;
  if (Timestamps::supported(gpu_.profile())) timestamps.emplace(gpu_.device());
  const Recording step = record(0, static_cast<uint32_t>(rows), true, rows == 1 ? key_ranges(position) : 1, timestamps ? &*timestamps : nullptr);
  const InputRows inputs{std::vector<int32_t>(static_cast<size_t>(rows)), {}};
  write_inputs(inputs, 0, inputs.ids.size(), position);
  StepProfile best{.rows = rows, .dispatches = step.dispatches(), .submissions = step.segments().size()};
  for (int run = 0; run <= runs; ++run) {
    const auto start = std::chrono::steady_clock::now();
    gpu_.run(step);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (run == 0 || (best.seconds > 0 && seconds >= best.seconds)) continue;  // the first one warms up
    best.seconds = seconds;
    if (timestamps) best.kernels = timestamps->read();
  }
  return best;
}

size_t Decoder::decode_dispatches() {
  return decode_step(0).dispatches();
}

}  // namespace qvlm
