// qvlm-demo testbed: a program of its own, since it brings libtorch.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "app/demo/testbed.h"
#include "core/base/error.h"
#include "core/lab/reference/threads.h"

namespace {

using namespace qvlm::demo;

int run(int argc, char** argv) {
  CLI::App app("Function-preserving changes of a model that make it harder to quantize, as a new checkpoint.");
  app.require_subcommand(1);
  RotatedTestbed rotated;
  OutlierTestbed outliers;
  std::string model;
  int threads = 1;
  bool half = false;
  const auto common = [&](CLI::App* one, std::filesystem::path& folder, uint64_t& seed) {
    one->add_option("MODEL", model, "A checkpoint folder or a GGUF file")->required();
    one->add_option("-o,--output", folder, "A new folder")->required();
    one->add_option("--seed", seed, "Of what is drawn")->capture_default_str();
    one->add_option("--threads", threads, "CPU threads")->check(CLI::Range(1, 1024))->capture_default_str();
    one->add_flag("--float16", half, "Store float16 instead of float32");
  };
  auto* rotate = app.add_subcommand("rotated", "Residual stream rotated by a random orthogonal matrix");
  common(rotate, rotated.folder, rotated.seed);
  auto* plant = app.add_subcommand("outliers", "Residual stream in its principal components, MLP channels scaled up");
  common(plant, outliers.folder, outliers.seed);
  plant->add_option("--calibration", outliers.calibration, "The set that the components are taken from")->required();
  plant->add_option("--samples", outliers.samples, "Samples of it")->check(CLI::PositiveNumber)->capture_default_str();
  plant->add_option("--scale", outliers.scale, "Of the planted channels")->capture_default_str();
  plant->add_option("--channels", outliers.channels, "Planted MLP channels a layer")->capture_default_str();
  plant->add_option("--value-channels", outliers.value_channels, "Planted value channels a layer")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  qvlm::reference::set_threads(threads);
  rotated.model = outliers.model = qvlm::open_model(model);
  rotated.dtype = outliers.dtype = half ? qvlm::DType::F16 : qvlm::DType::F32;
  const TestbedCheck check = rotate->parsed() ? make_rotated_testbed(rotated) : make_outlier_testbed(outliers);
  fmt::print("written: {}\nlogits: relative difference {:.1e} over {} tokens, the same choice at {}\n",
             (rotate->parsed() ? rotated.folder : outliers.folder).string(), check.logits_difference, check.tokens,
             check.same_choices);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "qvlm-demo testbed: {}\n", error.what());
    return 1;
  }
}
