// The decoder on the device: weights, KV cache, prefill in chunks, one-token steps recorded once, logits and sampling.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "core/inference/sampling.h"
#include "gpu/gpu_context.h"
#include "gpu/layer_stream.h"
#include "gpu/site_input.h"
#include "gpu/weight_loader.h"

namespace qvlm {

/// The rows that an append adds: a token id, or for a picture's row -1 - its index into `features`.
struct InputRows {
  std::vector<int32_t> ids;
  std::vector<float> features;  // [picture rows, hidden]
};

struct DecoderOptions {
  int64_t context = 0;       // positions
  int64_t prefill_rows = 0;  // most rows computed together
  int kv_bits = 16;          // or 8
  bool stream_layers = false;  // those for which the device has no room stay on the host
};

class Decoder {
 public:
  /// activations: one a site, as a model has them; empty: nothing is rounded. Throws Error, OutOfDeviceMemory.
  Decoder(const DecoderConfig& config, std::span<const ActivationQuantizer> activations, const DecoderOptions& options,
          GpuContext& gpu, WeightLoader& loader);

  int64_t context() const { return context_; }
  size_t layers() const { return layers_.size(); }
  /// Computes rows at positions [position, position + rows); afterwards logits are of the last row. Throws Cancelled,
  /// DeviceLost.
  void forward(const InputRows& rows, int64_t position, std::stop_token stop);
  /// Of the last forward's last row, [vocabulary].
  std::vector<float> logits();
  /// Of the last forward's last `count` rows, [count, vocabulary].
  std::vector<float> last_logits(int64_t rows, int64_t count);
  /// From the current logits; `position` is the next token's.
  int32_t sample(const SamplingParameters& parameters, std::span<const int32_t> recent, int64_t position);

  double weight_bits() const { return weight_bits_; }
  /// Of the matrices that one token's step reads.
  uint64_t step_weight_bytes() const;
  /// The fewest and the most that any site's linears read, by the kernels that run; 16: not rounded.
  int least_activation_bits() const { return least_activation_bits_; }
  int most_activation_bits() const { return most_activation_bits_; }
  /// Of a cached element, with scales.
  double kv_bits() const;
  uint64_t kv_bytes() const;
  /// Layers that are copied from the host for every step, and their bytes there.
  size_t streamed_layers() const { return stream_ ? stream_->layers() : 0; }
  uint64_t streamed_bytes() const { return stream_ ? stream_->host_bytes() : 0; }
  /// Of the recorded one-token step (at `position`: with as many keys, attention may be cut otherwise), and of a prefill of `rows` rows recorded
  /// anew: for the barrier checker.
  const Trace& decode_trace(int64_t position = 0);
  Trace prefill_trace(uint32_t rows);
  const Trace& logits_trace() const { return read_logits_.trace(); }
  const Trace& sample_trace() const { return sample_.trace(); }
  size_t decode_dispatches();
  /// A step of `rows` tokens from `position` on (no more than are computed together), the quickest of `runs`: with kernels timed, so it takes a
  /// little longer than without. What the cache holds there and the logits are overwritten.
  StepProfile profile_step(int64_t position, int runs, int64_t rows);

 private:
  struct Layer {
    DeviceVector attention_norm, mlp_norm, qkv_bias, query_norm, key_norm;
    std::vector<DeviceMatrix> qkv;
    std::vector<DeviceMatrix> gate_up;  // one in pairs, or gate and up where their grids differ
    DeviceMatrix output, down;
    std::array<SiteInput, kSitesPerLayer> inputs;
    KeyValues cache;
    std::optional<size_t> streamed;  // its number in stream_
  };
  // A layer's matrices as they lie in one row: all of qkv and gate_up, output, down.
  std::vector<PackedMatrix> packed_layer(int layer, WeightLoader& loader, Layer& into) const;
  static void place(Layer& layer, std::vector<DeviceMatrix> matrices);
  void load_layers(bool stream, WeightLoader& loader);
  KeyValues new_cache(int kv_bits) const;
  // Rows of the residual stream, inside one of its parts; the part is made when it is first needed.
  DeviceTensor residual(uint32_t first, uint32_t rows);
  void make_site_inputs(std::span<const ActivationQuantizer> activations, WeightLoader& loader);
  /// All kernels of `rows` rows into stream rows [first, first + rows); with_logits: also the head on the last one; key_ranges: of one row.
  Recording record(uint32_t first, uint32_t rows, bool with_logits, uint32_t key_ranges = 1, Timestamps* timestamps = nullptr);
  uint32_t key_ranges(int64_t position) const;
  /// The one-token step, recorded when first needed.
  const Recording& decode_step(int64_t position);
  void write_inputs(const InputRows& rows, size_t first, size_t count, int64_t position);
  void logits_of(Recorder& recorder, const DeviceTensor& hidden, const DeviceTensor& logits);

  DecoderConfig config_;
  int64_t context_;
  uint32_t chunk_;  // most rows computed together
  GpuContext& gpu_;
  DeviceMatrix embedding_, head_;
  DeviceVector norm_;
  std::vector<Layer> layers_;
  Span cosines_, sines_, state_, ids_, request_, result_, work_, logits_host_;
  uint32_t part_rows_;                      // a multiple of chunk_
  std::vector<DeviceTensor> residual_;      // [part_rows_, hidden] each: residual stream of the last forward
  std::optional<LayerStream> stream_;
  DeviceTensor features_;  // [chunk, hidden], written by the host
  DeviceTensor normed_, qkv_, attended_, ffn_, logits_, many_normed_, many_logits_;
  SiteScratch site_scratch_;
  Span attention_parts_;  // of the most ranges; absent where keys are never cut
  std::map<uint32_t, Recording> decode_;  // by the number of key ranges
  Recording read_logits_, sample_;
  double weight_bits_ = 16;
  int least_activation_bits_ = 16, most_activation_bits_ = 16;
};

}  // namespace qvlm
