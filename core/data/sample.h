// One entry of a data set, whatever its format: pictures, a dialogue, and for question sets what should be answered.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/input/chat_template.h"

namespace qvlm {

struct Sample {
  std::string id;
  std::vector<std::filesystem::path> images;  // in the order in which the messages count them
  std::vector<Message> messages;  // calibration: the dialogue with its answers; questions: ends with the question
  std::string text;               // plain text sets: the text itself, and no messages

  // Question sets only.
  std::string answer;                  // expected
  std::vector<std::string> answers;    // of several people (VQAv2, VizWiz: 10), for soft accuracy; else empty
  std::vector<std::string> categories;  // ScienceQA: subject and kind of context; others: one or none
  bool novel = false;                  // asks for a combination that was never trained (demo set)
};

/// `count` samples drawn without repetition by `seed`, in their order in the set; all of them where count is 0 or not less than their number.
/// The same on every machine.
std::vector<Sample> select_samples(std::vector<Sample> samples, int64_t count, uint64_t seed);

}  // namespace qvlm
