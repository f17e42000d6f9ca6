// Opening models of any kind, and reading weights as float32.
#include "core/model/model.h"

#include <algorithm>
#include <initializer_list>

#include "core/base/error.h"
#include "core/model/checkpoint.h"
#include "core/model/gguf_model.h"
#include "core/model/qvlm_folder.h"

namespace qvlm {

std::unique_ptr<Model> open_model(const std::filesystem::path& path, const OpenOptions& options) {
  if (!std::filesystem::exists(path)) throw Error(path.string() + ": there is no such file or folder");
  if (!std::filesystem::is_directory(path)) {
    if (path.extension() == ".gguf") return open_gguf_model(path, options);
    throw Error::in(path.string(), "", "a checkpoint folder, a .qvlm folder or a .gguf file", "another file");
  }
  if (is_qvlm_folder(path)) return open_qvlm_folder(path, options);
  if (!std::filesystem::exists(path / "config.json"))
    throw Error::in(path.string(), "", "config.json (a checkpoint) or model.gguf (a quantized model)", "neither");
  return std::make_unique<HuggingFaceModel>(path, options);
}

const std::vector<VisionQuantizer>& Model::vision_activations() const {
  static const std::vector<VisionQuantizer> none;
  return none;
}

namespace {

// Bits a weight over the model's matrices whose canonical names begin with `prefix`, other than those of `skipped`.
double stored_bits_under(const Model& model, std::string_view prefix, std::initializer_list<std::string_view> skipped) {
  double bits = 0, weights = 0;
  for (const ExpectedTensor& tensor : expected_tensors(model.config())) {
    const bool counts = tensor.name.starts_with(prefix) && tensor.shape.size() == 2 && model.has(tensor.name) &&
                        std::find(skipped.begin(), skipped.end(), tensor.name) == skipped.end();
    if (!counts) continue;
    const Weight weight = model.load(tensor.name);
    const auto* matrix = std::get_if<QuantizedMatrix>(&weight);
    const auto count = static_cast<double>(element_count(tensor.shape, tensor.name));
    bits += count * (matrix ? matrix->bits_per_weight() : 8.0 * static_cast<double>(size_of(std::get<TensorView>(weight).dtype)));
    weights += count;
    model.release(tensor.name);
  }
  return weights > 0 ? bits / weights : 0;
}

}  // namespace

double vision_stored_bits(const Model& model) { return stored_bits_under(model, "vision.", {"vision.position.weight"}); }

double projector_stored_bits(const Model& model) { return stored_bits_under(model, "projector.", {}); }

std::vector<float> load_float(const Model& model, std::string_view canonical) {
  const Weight weight = model.load(canonical);
  if (const auto* view = std::get_if<TensorView>(&weight)) return to_float(*view);
  return std::get<QuantizedMatrix>(weight).dequantize();
}

}  // namespace qvlm
