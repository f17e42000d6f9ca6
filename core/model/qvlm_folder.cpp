// Opening NAME.qvlm folders.
#include "core/model/qvlm_folder.h"

#include "core/base/error.h"
#include "core/model/gguf_model.h"
#include "core/model/token_config.h"

namespace qvlm {

namespace {

std::string name_of_folder(const std::filesystem::path& folder) {
  const auto path = std::filesystem::absolute(folder).lexically_normal();
  return path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
}

}  // namespace

bool is_qvlm_folder(const std::filesystem::path& folder) {
  const std::string name = name_of_folder(folder);
  return std::filesystem::exists(folder / kDecoderFile) || name.ends_with(".qvlm") || name.ends_with(".qvlm.partial");
}

std::unique_ptr<Model> open_qvlm_folder(const std::filesystem::path& folder, const OpenOptions& options) {
  if (const std::string name = name_of_folder(folder); name.ends_with(".partial"))
    throw Error(folder.string() + ": this run is not finished; resume it with qvlm quantize --resume -o " +
                name.substr(0, name.size() - std::string_view(".partial").size()));
  if (!std::filesystem::exists(folder / kDecoderFile))
    throw Error::in(folder.string(), "", kDecoderFile, "nothing of that name");
  TokenizerSource tokenizer = find_tokenizer(folder);
  if (tokenizer.kind == TokenizerSource::Kind::NONE)
    tokenizer = {TokenizerSource::Kind::GGUF_FILE, folder / kDecoderFile};
  const std::filesystem::path vision =
      std::filesystem::exists(folder / kVisionFile) ? folder / kVisionFile : std::filesystem::path{};
  auto model = std::make_unique<GgufModel>(folder, folder / kDecoderFile, vision, tokenizer, options);
  if (model->config().family != "llama" && vision.empty())
    throw Error::in(folder.string(), "",
                    std::string(kVisionFile) + " (the model is of the family " + model->config().family + ")",
                    "nothing of that name");
  return model;
}

}  // namespace qvlm
