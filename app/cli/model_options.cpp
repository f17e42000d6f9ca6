// Opening a model and constructing the concrete Generator: the only place of the house that does.
#include "app/cli/model_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <thread>

#include "app/cli/output.h"
#include "core/base/error.h"
#include "core/input/chat_template.h"
#include "gpu/vulkan_generator.h"
#ifdef QVLM_WITH_LAB
#include "core/lab/reference/reference_generator.h"
#include "core/lab/reference/threads.h"
#endif

namespace qvlm::cli {

namespace {

std::string known_templates() {
  std::string names;
  for (const std::string_view name : template_names()) names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

}  // namespace

void add_model_options(CLI::App& app, ModelOptions& options) {
  app.add_option("MODEL", options.model, "A checkpoint folder, a NAME.qvlm folder, or a GGUF file")->required();
  app.add_option("--vision", options.vision, "The mmproj file of a GGUF model");
  app.add_option("--vision-tower", options.vision_tower, "A folder with the vision tower that the checkpoint lacks");
  app.add_option("--template", options.chat_template,
                 "The chat template, where the checkpoint's is missing or unknown: a file, or " + known_templates());
}

void add_run_options(CLI::App& app, RunOptions& options) {
  app.add_option("--backend", options.backend, "vulkan: the engine; reference: libtorch on the CPU")
      ->check(CLI::IsMember({"vulkan", "reference"}))
      ->capture_default_str();
  app.add_option("--device", options.device, "Vulkan device: its number (qvlm devices) or a part of its name");
  app.add_option("--context", options.context, "Positions of the sequence; 0: the model's")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--kv", options.kv_bits, "Bits of the KV cache, 16 or 8; reference: or 32, its default")->check(CLI::IsMember({32, 16, 8}));
  app.add_flag("--activations-as-a16", options.activations_as_a16,
               "Run a model of quantized activations with 16-bit ones; every answer says so");
  app.add_flag("--bf16", options.bfloat16, "reference: compute in bfloat16 instead of float32");
  app.add_option("--threads", options.threads, "reference: CPU threads; 0: all")->check(CLI::NonNegativeNumber);
  app.add_option("--memory-limit", options.memory_limit_mib, "vulkan: most memory on the device, MiB; 0: what it has")
      ->check(CLI::NonNegativeNumber);
  add_without_option(app, options.without);
  app.add_flag("--validation", options.validation,
               "vulkan: run under the Khronos validation layers and print what they say");
}

void add_without_option(CLI::App& app, std::vector<std::string>& without) {
  app.add_option("--without", without, "vulkan: do as if the device lacked a feature, to find a fault of its driver; several times for several")
      ->check(CLI::IsMember(feature_names()))
      ->allow_extra_args(false);
}

FeatureSet features_from(const std::vector<std::string>& names) {
  FeatureSet features;
  for (const std::string& name : names) features.add(feature_from(name));
  return features;
}

DeviceChoice choose_device(const RunOptions& options) {
  DeviceChoice choice;
  const std::string& device = options.device;
  if (device.empty()) return choice;
  const bool number = std::all_of(device.begin(), device.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (number && device.size() > 4) throw UsageError("--device " + device + ": no such number");
  if (number) {
    choice.index = std::stoi(device);
  } else {
    choice.name = device;
  }
  return choice;
}

std::shared_ptr<const Model> open_model(const ModelOptions& options) {
  OpenOptions open;
  open.vision = options.vision;
  open.vision_tower = options.vision_tower;
  open.chat_template = options.chat_template;
  if (std::error_code problem; std::filesystem::is_regular_file(options.chat_template, problem)) {
    std::ifstream file(options.chat_template);
    open.chat_template = std::string(std::istreambuf_iterator<char>(file), {});
  }
  return qvlm::open_model(options.model, open);
}

std::filesystem::path cache_folder() {
  if (const char* chosen = std::getenv("XDG_CACHE_HOME"); chosen != nullptr && *chosen == '/') return std::filesystem::path(chosen) / "qvlm";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') return std::filesystem::path(home) / ".cache" / "qvlm";
  return {};
}

namespace {

std::unique_ptr<Generator> make_engine(std::shared_ptr<const Model> model, const RunOptions& options) {
  if (options.bfloat16) throw UsageError("--bf16 belongs to --backend reference");
  EngineOptions engine;
  const DeviceChoice device = choose_device(options);
  engine.device = device.index;
  engine.device_name = device.name;
  engine.cache_folder = cache_folder();
  engine.activations_as_a16 = options.activations_as_a16;
  engine.context = options.context;
  if (options.kv_bits == 32) throw UsageError("--kv 32 belongs to --backend reference");
  if (options.kv_bits > 0) engine.kv_bits = options.kv_bits;
  engine.without = features_from(options.without);
  engine.memory_limit = options.memory_limit_mib * 1024 * 1024;
  engine.validation = options.validation;
  if (options.validation) {
    engine.on_validation_message = [](const std::string& message) { fmt::print(stderr, "validation: {}\n", message); };
  }
  try {
    return make_vulkan_generator(std::move(model), engine);
  } catch (const Cancelled&) {
    throw;
  } catch (const Error& error) {
    const std::string message = error.what();
    const std::string advice = has_laboratory() ? " (--backend reference runs on the CPU, with libtorch)" : "";
    throw Error(message.find("--backend") == std::string::npos ? message + advice : message);
  }
}

#ifdef QVLM_WITH_LAB
reference::ReferenceOptions reference_options(const RunOptions& options) {
  if (!options.device.empty()) throw UsageError("--device belongs to --backend vulkan");
  if (options.threads > 0) reference::set_threads(options.threads);
  reference::ReferenceOptions page;
  page.bfloat16 = options.bfloat16;
  page.activations_as_a16 = options.activations_as_a16;
  page.context = options.context;
  if (options.kv_bits > 0) page.kv_bits = options.kv_bits;
  return page;
}
#endif

}  // namespace

std::unique_ptr<Generator> make_generator(std::shared_ptr<const Model> model, const RunOptions& options) {
  if (options.backend == "vulkan") return make_engine(std::move(model), options);
#ifdef QVLM_WITH_LAB
  return reference::make_reference_generator(std::move(model), reference_options(options));
#else
  throw Error(no_laboratory("--backend reference"));
#endif
}

std::unique_ptr<BatchGenerator> make_batch_generator(std::shared_ptr<const Model> model, const RunOptions& options) {
  if (options.backend == "vulkan") return std::make_unique<SequentialBatch>(make_engine(std::move(model), options));
#ifdef QVLM_WITH_LAB
  const reference::ReferenceOptions page = reference_options(options);
  if (options.threads == 0) reference::set_threads(static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
  return reference::make_reference_batch_generator(std::move(model), page);
#else
  throw Error(no_laboratory("--backend reference"));
#endif
}

std::string describe(const GeneratorInfo& info) {
  std::string line = fmt::format("{} on {}, {:.2f}-bit weights, {}-bit activations", info.backend, info.device,
                                 info.weight_bits, info.activation_bits);
  if (info.kv_bits < 16) {
    line += fmt::format(", {:.2f}-bit keys and values", info.kv_bits);
    if (info.kv_bytes > 0) line += fmt::format(" ({})", bytes_text(info.kv_bytes));
  }
  if (!info.activation_note.empty()) line += "; " + info.activation_note;
  return line;
}

bool has_laboratory() {
#ifdef QVLM_WITH_LAB
  return true;
#else
  return false;
#endif
}

std::string no_laboratory(const std::string& what) {
  return what + ": this build has no laboratory (libtorch); build with -DQVLM_LAB=ON";
}

}  // namespace qvlm::cli
