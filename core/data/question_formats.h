// The public benchmarks' own files: ScienceQA, VQAv2, VizWiz.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/data/problems.h"
#include "core/data/sample.h"

namespace qvlm {

/// problems.json of ScienceQA (Lu et al. 2022): {"ID": {"question", "choices", "answer", "hint", "image", "subject", "split", ...}}.
bool is_science_qa(const Json& set);
std::vector<Sample> parse_science_qa(const Json& set, const std::string& split, const std::filesystem::path& images, Problems& problems);

/// v2_OpenEnded_mscoco_SUBTYPE_questions.json of VQAv2 (Goyal et al. 2017). `annotations` empty: v2_mscoco_SUBTYPE_annotations.json beside it.
bool is_vqa_v2(const Json& set);
std::vector<Sample> parse_vqa_v2(const Json& set, const std::filesystem::path& file, const std::filesystem::path& annotations,
                                 const std::filesystem::path& images, Problems& problems);

/// train.json or val.json of VizWiz-VQA (Gurari et al. 2018): [{"image", "question", "answers": [{"answer"}], "answer_type"}].
bool is_viz_wiz(const Json& set);
std::vector<Sample> parse_viz_wiz(const Json& set, const std::filesystem::path& images, Problems& problems);

}  // namespace qvlm
