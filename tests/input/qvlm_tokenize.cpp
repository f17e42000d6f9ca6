// Tokenizes what stands on stdin, for comparisons with other implementations: each line is a JSON string; each line of the answer is
// {"ids": with special tokens, "plain": without, "text": ids decoded, "stream": the same by the streaming decoder}.
#include <iostream>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/input/tokenizer.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: qvlm-tokenize TOKENIZER (tokenizer.json, tokenizer.model, a GGUF file, or a folder) < lines of JSON strings\n";
    return 2;
  }
  try {
    const auto tokenizer = qvlm::Tokenizer::open(std::filesystem::path(argv[1]));
    for (std::string line; std::getline(std::cin, line);) {
      const auto text = nlohmann::json::parse(line).get<std::string>();
      const auto ids = tokenizer->encode(text, true), plain = tokenizer->encode(text, false);
      qvlm::StreamingDecoder decoder(*tokenizer);
      std::string stream;
      for (const int32_t id : ids) stream += decoder.push(id);
      stream += decoder.finish();
      std::cout << nlohmann::json{{"ids", ids}, {"plain", plain}, {"text", tokenizer->decode(ids, true)}, {"stream", stream}}.dump() << "\n";
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
