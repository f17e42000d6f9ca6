// A family of checkpoints: how its config.json and its tensor names become a VlmConfig and canonical names. A new
// family of known building blocks is one new file that defines a Family, and its line in families.cpp.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/model/families/name_table.h"
#include "core/model/model.h"

namespace qvlm {

/// What a family sees of a checkpoint folder.
struct CheckpointFolder {
  std::filesystem::path path;
  const Json& config;       // config.json
  std::string config_file;  // its path, for messages
  const OpenOptions& options;
  std::function<bool(std::string_view)> has_tensor;              // by the file's own name
  std::function<std::optional<int>(std::string_view)> token_id;  // of a piece of the tokenizer
};

struct FamilyDescription {
  VlmConfig config;                    // without tokens other than image, preprocessing's file, or template
  std::vector<NameGroup> names;        // of the checkpoint's tensors
  bool pad_square_by_default = false;  // preprocessing where no file speaks of it
  std::filesystem::path tower;         // another checkpoint folder that holds the vision tower's tensors; empty: none
  std::vector<NameGroup> tower_names;
};

struct Family {
  std::string_view name;
  std::vector<std::string_view> model_types;  // of config.json
  FamilyDescription (*describe)(const CheckpointFolder&);
};

/// All of them.
std::span<const Family> families();

/// The family of a model_type. Throws Error naming `file`, which says which are known.
const Family& family_of(const std::string& model_type, const std::string& file);

}  // namespace qvlm
