// Tokenizing dialogues.
#include "app/demo/prompt_ids.h"

#include <algorithm>

#include "core/base/error.h"

namespace qvlm::demo {
namespace {

// The pieces of a segment that does not start the text: without the dummy blank. A line feed is a byte token of its own
// and merges with nothing, so encoding "\n" + segment and dropping the first two ids (the blank, the line feed) gives
// them.
std::vector<int32_t> encode_inner(const Tokenizer& tokenizer, const std::string& segment) {
  std::vector<int32_t> ids = tokenizer.encode("\n" + segment, /*add_special=*/false);
  if (ids.size() < 2) throw Error("tokenizer: a line feed gives no byte token (is it trained with byte fallback?)");
  ids.erase(ids.begin(), ids.begin() + 2);
  return ids;
}

std::string question_text(const Turn& turn, bool first, size_t images) {
  std::string text = "USER: ";
  for (size_t i = 0; first && i < images; ++i) text += "<image>\n";
  return text + turn.question + " ASSISTANT:";
}

}  // namespace

std::string dialogue_text(const Example& example) {
  std::string text;
  for (size_t i = 0; i < example.turns.size(); ++i) {
    text += question_text(example.turns[i], i == 0, example.images.size()) + " " + example.turns[i].answer + "</s>";
  }
  return text;
}

TokenizedExample tokenize(const Example& example, const Tokenizer& tokenizer,
                          int32_t image_id, int image_tokens) {
  const int32_t begin = tokenizer.token_id("<s>"), end = tokenizer.token_id("</s>");
  if (begin < 0 || end < 0) throw Error("tokenizer: it has no <s> or no </s>");
  TokenizedExample out;
  const auto append = [&](const std::vector<int32_t>& ids, size_t trained_from) {
    for (size_t i = 0; i < ids.size(); ++i) {
      out.ids.push_back(ids[i]);
      out.trained.push_back(i >= trained_from ? 1 : 0);
    }
  };
  append({begin}, 1);
  for (size_t i = 0; i < example.turns.size(); ++i) {
    const Turn& turn = example.turns[i];
    std::string asked = turn.question + " ASSISTANT:";
    if (i == 0) {
      const std::vector<int32_t> user = tokenizer.encode("USER: ", false);  // starts the text: with the dummy blank
      append(user, user.size());
      for (size_t image = 0; image < example.images.size(); ++image) {
        const std::vector<int32_t> patches(static_cast<size_t>(image_tokens), image_id);
        append(patches, patches.size());
        if (image + 1 < example.images.size()) {
          const std::vector<int32_t> line_feed = encode_inner(tokenizer, "\n");
          append(line_feed, line_feed.size());
        }
      }
      asked = "\n" + asked;
    } else {
      asked = "USER: " + asked;
    }
    const std::vector<int32_t> prefix = encode_inner(tokenizer, asked);
    const std::vector<int32_t> whole = encode_inner(tokenizer, asked + " " + turn.answer);
    if (whole.size() <= prefix.size() || !std::equal(prefix.begin(), prefix.end(), whole.begin())) {
      throw Error("tokenizer: the answer '" + turn.answer + "' does not start at a token's border");
    }
    append(whole, prefix.size());
    append({end}, 0);
  }
  return out;
}

}  // namespace qvlm::demo
