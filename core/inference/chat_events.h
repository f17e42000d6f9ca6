// What `qvlm chat --json` says and hears: one JSON object a line. The studio and scripts speak through these.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/inference/generator.h"
#include "core/inference/sampling.h"

namespace qvlm {

/// One turn of a dialogue. role: "system", "user", "assistant".
struct ChatTurn {
  std::string role;
  std::string text;
  std::vector<std::string> images;  // paths, in the order of the picture tokens
};

inline constexpr int kMostAlternatives = 50;

/// {"ask": {...}} on stdin. Carries the whole dialogue; what the sequence already holds is reused.
struct Ask {
  std::vector<ChatTurn> turns;  // the last one is the user's
  SamplingParameters sampling;
  int max_tokens = 256;
  int alternatives = 0;     // how many of the likeliest tokens are told with each one; 0: none, and no probability
  std::string picture_fit;  // "crop" or "pad": other than the model has it; empty: as the model has it
};
struct StopAnswer {};  // {"stop": true}
struct Quit {};        // {"quit": true}
using ChatCommand = std::variant<Ask, StopAnswer, Quit>;

std::string to_json_line(const ChatCommand& command);
/// Throws Error naming the field.
ChatCommand chat_command_from_json_line(const std::string& line);

/// The model is loaded. {"event": "ChatReady", ...}
struct ChatReady {
  GeneratorInfo info;
  std::string model;
  bool takes_images = false;
  int64_t context_length = 0;
  double load_seconds = 0;
};

/// What the model sees of one picture.
struct SeenImage {
  std::string path;
  int width = 0, height = 0;  // of the file, pixels
  int size = 0;               // pixels a side as the model sees it
  std::string fit;            // "centre crop" or "padded to square"
  int tokens = 0;
};

struct PromptReady {
  int64_t tokens = 0;         // rows in all, pictures included
  int64_t reused_tokens = 0;  // of them already computed in an earlier turn
  std::vector<SeenImage> images;
};

/// A token that could have come, with the model's probability at temperature 1, before any sampling rule.
struct TokenChoice {
  std::string text;
  double probability = 0;
  bool operator==(const TokenChoice&) const = default;
};

struct TokenGenerated {
  int32_t id = 0;
  std::string text;  // whole UTF-8 characters only; may be empty
  double probability = 0;                 // of this token; 0: not asked for
  std::vector<TokenChoice> alternatives;  // the likeliest, this one too where it is among them; likeliest first
};

struct AnswerFinished {
  std::string text;
  std::string reason;  // "end", "length", "stopped", "context"
  int tokens = 0;
  double first_token_seconds = 0;  // from the question to the first token, pictures included
  double vision_seconds = 0;
  double prefill_tokens_per_second = 0, decode_tokens_per_second = 0;
  int device_losses = 0;  // times that the device was lost and the answer went on with it opened again
  GeneratorInfo info;  // as executed
};

struct ChatFailed {
  std::string message;
};

using ChatEvent = std::variant<ChatReady, PromptReady, TokenGenerated, AnswerFinished, ChatFailed>;

std::string to_json_line(const ChatEvent& event);
ChatEvent chat_event_from_json_line(const std::string& line);

}  // namespace qvlm
