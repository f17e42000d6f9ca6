// Records the tower and the projector once, and runs them for each picture.
#include "gpu/vision_encoder.h"

#include <algorithm>
#include <cstring>

namespace qvlm {

VisionEncoder::VisionEncoder(const Model& model, std::span<const VisionQuantizer> activations, GpuContext& gpu,
                             WeightLoader& loader)
    : config_(*model.config().vision),
      projector_(model.config().projector),
      decoder_hidden_(static_cast<uint32_t>(model.config().decoder.hidden)),
      gpu_(gpu) {
  patch_ = loader.matrix("vision.patch.weight");
  patch_bias_ = loader.vector("vision.patch.bias");
  positions_ = loader.vector("vision.position.weight");  // [positions, hidden]
  if (config_.class_token) {                             // its row is the same for every picture: class + position 0
    std::vector<float> row = load_float(model, "vision.class");
    const std::vector<float> positions = load_float(model, "vision.position.weight");
    for (size_t i = 0; i < row.size(); ++i) row[i] += positions[i];
    class_row_ = gpu_.upload_vector(row);
  }
  if (config_.pre_norm) {
    pre_norm_ = loader.vector("vision.pre_norm.weight");
    pre_norm_bias_ = loader.vector("vision.pre_norm.bias");
  }
  const size_t sites = static_cast<size_t>(config_.layers) * kSitesPerLayer;
  if (!activations.empty() && activations.size() != sites)
    throw Error::in(model.path().string(), "the tower's activation quantizers", std::to_string(sites),
                    std::to_string(activations.size()));
  SiteScratchBytes scratch;
  loader.counting = true;
  for (int i = 0; i < config_.layers; ++i) {
    const std::string p = "vision." + std::to_string(i) + ".";
    Layer layer;
    layer.attention_norm = loader.vector(p + "attention_norm.weight");
    layer.attention_norm_bias = loader.vector(p + "attention_norm.bias");
    layer.qkv =
        loader.stacked({p + "attention.query.weight", p + "attention.key.weight", p + "attention.value.weight"});
    layer.qkv_bias = loader.vector({p + "attention.query.bias", p + "attention.key.bias", p + "attention.value.bias"});
    layer.output = loader.matrix(p + "attention.output.weight");
    layer.output_bias = loader.vector(p + "attention.output.bias");
    layer.mlp_norm = loader.vector(p + "mlp_norm.weight");
    layer.mlp_norm_bias = loader.vector(p + "mlp_norm.bias");
    layer.up = loader.matrix(p + "mlp.up.weight");
    layer.up_bias = loader.vector(p + "mlp.up.bias");
    layer.down = loader.matrix(p + "mlp.down.weight");
    layer.down_bias = loader.vector(p + "mlp.down.bias");
    for (size_t k = 0; k < kSitesPerLayer && !activations.empty(); ++k) {
      const VisionQuantizer& quantizer = activations[static_cast<size_t>(i) * kSitesPerLayer + k];
      validate(quantizer, config_.positions(), model.path().string() + ": " + p + "activations");
      layer.inputs[k].set_rounding(quantizer, gpu);
      layer.inputs[k].count(scratch, gpu.kernels(), static_cast<uint32_t>(config_.positions()),
                            static_cast<uint32_t>(static_cast<SiteKind>(k) == SiteKind::DOWN_INPUT ? config_.ffn : config_.hidden));
      activation_bits_ = std::min(activation_bits_, layer.inputs[k].bits());
    }
    layers_.push_back(std::move(layer));
  }
  loader.counting = false;
  weight_bits_ = loader.counted_bits();
  projector_in_ = loader.matrix("projector.0.weight");
  projector_in_bias_ = loader.vector("projector.0.bias");
  projector_out_ = loader.matrix("projector.2.weight");
  projector_out_bias_ = loader.vector("projector.2.bias");

  const auto rows = static_cast<uint32_t>(config_.positions()), hidden = static_cast<uint32_t>(config_.hidden);
  const auto tokens = static_cast<uint32_t>(config_.image_tokens());
  pixels_ = gpu_.memory().allocate(
      uint64_t{3} * static_cast<uint64_t>(config_.image_size) * static_cast<uint64_t>(config_.image_size) * 4,
      Intent::UPLOAD);
  patches_ = gpu_.new_tensor(static_cast<uint32_t>(config_.patches()), patch_.layout.columns);
  hidden_ = gpu_.new_tensor(rows, hidden);
  normed_ = gpu_.new_tensor(rows, hidden);
  qkv_ = gpu_.new_tensor(rows, 3 * hidden);
  attended_ = gpu_.new_tensor(rows, hidden);
  ffn_ = gpu_.new_tensor(rows, static_cast<uint32_t>(config_.ffn));
  site_scratch_ = allocate(scratch, gpu_);
  projected_ = gpu_.new_tensor(tokens, static_cast<uint32_t>(projector_.hidden));
  features_ = gpu_.new_tensor(tokens, decoder_hidden_);
  readback_ = gpu_.memory().allocate(features_.span.size, Intent::READBACK);
  record();
}

void VisionEncoder::record() {
  const Kernels& k = gpu_.kernels();
  Recorder r = gpu_.recorder();
  const auto hidden = static_cast<uint32_t>(config_.hidden), heads = static_cast<uint32_t>(config_.heads);
  const uint32_t head_dim = hidden / heads, classes = config_.class_token ? 1 : 0;
  const auto patches = static_cast<uint32_t>(config_.patches());

  // Patch embedding: a convolution whose stride is its size is a matrix product over patches. [patches, hidden]
  r.add(k.patches(pixels_, static_cast<uint32_t>(config_.image_size), static_cast<uint32_t>(config_.patch_size),
                  patches_));
  const DeviceTensor patch_rows = hidden_.row_part(classes, patches);
  const DeviceTensor positions{positions_.span, static_cast<uint32_t>(config_.positions()), hidden, hidden};
  const DeviceTensor patch_positions = positions.row_part(classes, patches);
  r.add(k.matrix(patch_, patches_, patch_rows, {.bias = patch_bias_, .add = &patch_positions}));
  if (classes) r.add(k.copy(class_row_.span, hidden_.row_part(0, 1).span, uint64_t{hidden} * 4));
  if (config_.pre_norm) r.add(k.norm(hidden_, hidden_, pre_norm_, pre_norm_bias_, config_.norm_epsilon));

  for (const Layer& layer : layers_) {
    const auto input = [&](SiteKind kind, const DeviceTensor& x, const DeviceMatrix& linear) {
      return layer.inputs[static_cast<size_t>(kind)].record(r, k, x, site_scratch_, {&linear, 1});
    };
    const auto normed_input = [&](SiteKind kind, const DeviceVector& weight, const DeviceVector& bias, std::span<const DeviceMatrix> linears) {
      return layer.inputs[static_cast<size_t>(kind)].record_normed(r, k, hidden_, normed_, weight, bias, config_.norm_epsilon, site_scratch_,
                                                                   linears);
    };
    const MatrixInput attention_input = normed_input(SiteKind::ATTENTION_INPUT, layer.attention_norm, layer.attention_norm_bias, layer.qkv);
    uint32_t column = 0;
    for (const DeviceMatrix& part : layer.qkv) {
      const DeviceVector bias =
          layer.qkv_bias.present()
              ? DeviceVector{layer.qkv_bias.span.part(uint64_t{column} * 4, uint64_t{part.layout.rows} * 4),
                             part.layout.rows}
              : DeviceVector{};
      r.add(k.matrix(part, attention_input, qkv_.column_part(column, part.layout.rows), {.bias = bias}));
      column += part.layout.rows;
    }
    const KeyValues kv{qkv_.column_part(hidden, hidden).span, qkv_.column_part(2 * hidden, hidden).span, KvFormat::F32,
                       qkv_.stride};
    r.add(k.attention_full(qkv_.column_part(0, hidden), kv, qkv_.rows, attended_, heads, head_dim));
    r.add(k.matrix(layer.output, input(SiteKind::OUTPUT_INPUT, attended_, layer.output), hidden_,
                   {.bias = layer.output_bias, .add = &hidden_}));
    r.add(k.matrix(layer.up, normed_input(SiteKind::MLP_INPUT, layer.mlp_norm, layer.mlp_norm_bias, {&layer.up, 1}), ffn_,
                   {.bias = layer.up_bias, .activate = true, .activation = config_.activation}));
    r.add(k.matrix(layer.down, input(SiteKind::DOWN_INPUT, ffn_, layer.down), hidden_, {.bias = layer.down_bias, .add = &hidden_}));
  }

  const DeviceTensor kept =
      hidden_.row_part(config_.keep_class_token ? 0 : classes, features_.rows);  // [image_tokens, hidden]
  r.add(k.matrix(projector_in_, kept, projected_,
                 {.bias = projector_in_bias_, .activate = true, .activation = projector_.activation}));
  r.add(k.matrix(projector_out_, projected_, features_, {.bias = projector_out_bias_}));
  r.add(k.copy(features_.span, readback_, features_.span.size));
  recording_ = r.finish();
}

std::vector<float> VisionEncoder::encode(const PixelTensor& pixels, std::stop_token stop) {
  const size_t expected = size_t{3} * static_cast<size_t>(config_.image_size) * static_cast<size_t>(config_.image_size);
  if (pixels.size != config_.image_size || pixels.values.size() != expected)
    throw Error("a picture of " + std::to_string(pixels.size) +
                " pixels a side does not fit the vision tower, which takes " + std::to_string(config_.image_size));
  std::memcpy(pixels_.mapped(), pixels.values.data(), expected * 4);
  gpu_.run(recording_, stop);
  std::vector<float> features(size_t{features_.rows} * features_.columns);
  for (size_t row = 0; row < features_.rows; ++row)
    std::memcpy(features.data() + row * features_.columns, readback_.mapped() + row * features_.stride * 4,
                size_t{features_.columns} * 4);
  return features;
}

}  // namespace qvlm
