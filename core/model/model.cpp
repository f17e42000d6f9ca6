// Opening models of any kind, and reading weights as float32.
#include "core/model/model.h"

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

std::vector<float> load_float(const Model& model, std::string_view canonical) {
  const Weight weight = model.load(canonical);
  if (const auto* view = std::get_if<TensorView>(&weight)) return to_float(*view);
  return std::get<QuantizedMatrix>(weight).dequantize();
}

}  // namespace qvlm
