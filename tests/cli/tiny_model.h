// A LLaVA checkpoint of a few thousand random weights with the demo's tokenizer: answers are nonsense, every path is
// the real one.
#pragma once

#include <filesystem>

#include "tests/model/tiny_checkpoint.h"

namespace qvlm::test {

inline constexpr int kTinyVocabulary = 1024, kTinyImageToken = 1022;

inline std::filesystem::path write_tiny_model(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  fs::create_directories(folder);
  auto list = tiny::tensors(tiny::Names::OLD);
  for (tiny::Tensor& tensor : list) {
    const bool head = tensor.name.ends_with("lm_head.weight"), embedding = tensor.name.ends_with("embed_tokens.weight");
    if (!head && !embedding) continue;
    tensor.shape = {kTinyVocabulary, tiny::kHidden};
    tensor.bits = tiny::values(head ? "decoder.head.weight" : "decoder.embedding.weight", tensor.shape);
  }
  nlohmann::json config = tiny::config(tiny::Names::OLD);
  config["image_token_index"] = kTinyImageToken;
  config["text_config"]["vocab_size"] = kTinyVocabulary;
  config["text_config"]["max_position_embeddings"] = 256;
  tiny::write_text(folder / "config.json", config.dump());
  tiny::write_tensors(folder, list);
  const fs::path tokenizer = fs::path(QVLM_SOURCE_DIR) / "resources/demo/model";
  for (const char* name :
       {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"}) {
    fs::copy_file(tokenizer / name, folder / name, fs::copy_options::overwrite_existing);
  }
  return folder;
}

}  // namespace qvlm::test
