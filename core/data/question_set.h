// Reading questions with known answers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/data/sample.h"

namespace qvlm {

struct QuestionOptions {
  std::filesystem::path images;       // where the pictures are; empty: beside the set's file
  std::filesystem::path annotations;  // VQAv2: the annotations; empty: the file named after the questions' file
  std::string split = "test";         // ScienceQA
  int64_t samples = 0;                // so many, drawn by seed; 0: all
  uint64_t seed = 0;
};

/// `path` is one of
/// - JSON lines {"id", "images": [...], "question", "answer", "category", "novel"}, or a folder with questions.jsonl;
/// - LLaVA's conversation JSON: one question for each answer of a dialogue, with the turns before it;
/// - ScienceQA's problems.json (or its folder): without captions; categories NAT, SOC, LAN and TXT, IMG, NO (a question has one of the first
///   three, and of the others those that apply); pictures in SPLIT/ID/ under the image folder; answered with an option's letter;
/// - VQAv2's questions with its annotations: ten answers each, category by answer type;
/// - VizWiz's annotations: ten answers each, category by answer type.
/// Throws Error naming file, entry and path: absent pictures, duplicate ids, missing answers (up to five are listed), another format.
std::vector<Sample> read_question_set(const std::filesystem::path& path, const QuestionOptions& options = {});

}  // namespace qvlm
