// The options that every command about a model shares, and what they construct.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/inference/batch.h"
#include "core/inference/generator.h"
#include "core/model/model.h"
#include "gpu/features.h"

namespace CLI {
class App;
}

namespace qvlm::cli {

struct ModelOptions {
  std::string model;          // MODEL
  std::string vision;         // --vision
  std::string vision_tower;   // --vision-tower
  std::string chat_template;  // --template: a file, or a template's name
};

struct RunOptions {
  std::string backend = "vulkan";
  std::string device;  // index or part of a name; empty: the first usable
  bool activations_as_a16 = false;
  bool bfloat16 = false;
  int64_t context = 0;
  int kv_bits = 0;  // 0: 16 in the engine, 32 in the reference
  std::vector<std::string> without;
  int64_t memory_limit_mib = 0;
  int threads = 0;
  bool validation = false;
};

/// MODEL --vision --vision-tower --template.
void add_model_options(CLI::App& app, ModelOptions& options);
/// --backend --device --context --activations-as-a16 ...
void add_run_options(CLI::App& app, RunOptions& options);

/// The platform's place for what may be lost; empty where there is none.
std::filesystem::path cache_folder();
/// --without FEATURE.
void add_without_option(CLI::App& app, std::vector<std::string>& without);
FeatureSet features_from(const std::vector<std::string>& names);

/// What --device means. Throws UsageError.
struct DeviceChoice {
  int index = -1;    // -1: the first usable
  std::string name;  // a part of it; overrides the index
};
DeviceChoice choose_device(const RunOptions& options);

/// Throws Error.
std::shared_ptr<const Model> open_model(const ModelOptions& options);
/// The engine or the reference. Throws Error; where the Vulkan device is what is missing the message proposes --backend
/// reference.
std::unique_ptr<Generator> make_generator(std::shared_ptr<const Model> model, const RunOptions& options);

/// The same for many prompts at a time: the reference in batches, the engine one by one.
std::unique_ptr<BatchGenerator> make_batch_generator(std::shared_ptr<const Model> model, const RunOptions& options);

/// "vulkan on llvmpipe (LLVM 15), 5.0-bit weights, 16-bit activations": a line for people, with the activation note
/// where there is one.
std::string describe(const GeneratorInfo& info);

/// True where this build has the laboratory (libtorch): quantize and --backend reference.
bool has_laboratory();
/// The message of a build without it. `what` is the command or option.
std::string no_laboratory(const std::string& what);

}  // namespace qvlm::cli
