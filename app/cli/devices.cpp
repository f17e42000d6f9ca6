// qvlm devices: the Vulkan devices and what they can do.
#include "gpu/devices.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "app/cli/model_options.h"
#include "core/base/error.h"
#include "gpu/bench.h"

namespace qvlm::cli {

namespace {

using Json = nlohmann::ordered_json;

Json to_json(const DeviceInfo& device) {
  return {{"index", device.index},
          {"name", device.name},
          {"kind", device.kind},
          {"driver", device.driver},
          {"api", device.api},
          {"memory_bytes", device.memory_bytes},
          {"subgroup_size", device.subgroup_size},
          {"buffer_addresses", device.buffer_addresses},
          {"float16", device.float16},
          {"integer_dot_product", device.integer_dot_product},
          {"cooperative_matrix", device.cooperative_matrix},
          {"cooperative_shapes", device.cooperative_shapes},
          {"cooperative_unused", device.cooperative_unused},
          {"quirks", device.quirks},
          {"unusable", device.unusable}};
}

std::string to_text(const DeviceInfo& device) {
  std::string text = fmt::format("{}  {} ({}, {})\n", device.index, device.name, device.kind, device.driver);
  text += fmt::format("   Vulkan {}, {} memory, subgroups of {}\n", device.api, bytes_text(device.memory_bytes),
                      device.subgroup_size);
  const auto can = [](bool able) { return able ? "yes" : "no"; };
  text += fmt::format("   float16 {}, integer dot product {}, cooperative matrix {}\n", can(device.float16),
                      can(device.integer_dot_product), can(device.cooperative_matrix));
  if (!device.cooperative_shapes.empty()) text += fmt::format("   matrix units {}\n", fmt::join(device.cooperative_shapes, ", "));
  if (!device.cooperative_unused.empty()) text += "   matrix units are not used: " + device.cooperative_unused + "\n";
  for (const auto& quirk : device.quirks) text += "   workaround: " + quirk + "\n";
  if (!device.unusable.empty()) text += "   cannot be used: " + device.unusable + "\n";
  return text;
}

void test_device(Session& session, int index, const FeatureSet& without) {
  const SelfTestReport report = self_test(index, without);
  int failed = 0;
  Json lines = Json::array();
  for (const SelfTestLine& line : report.lines) {
    failed += line.passed ? 0 : 1;
    lines.push_back({{"kernel", line.kernel},
                     {"shape", line.shape},
                     {"largest_error", line.largest_error},
                     {"tolerance", line.tolerance},
                     {"passed", line.passed},
                     {"message", line.message}});
    session.output.text(fmt::format("{:4} {:28} {:32} error {:.1e} (at most {:.1e}) {}\n", line.passed ? "ok" : "FAIL",
                                    line.kernel, line.shape, line.largest_error, line.tolerance, line.message));
  }
  session.output.text(fmt::format("{}: {} passed, {} failed, {:.1f} s\n", report.device.name,
                                  int(report.lines.size()) - failed, failed, report.seconds));
  session.output.json_line(Json{
      {"event", "SelfTestFinished"},
      {"device", to_json(report.device)},
      {"lines", lines},
      {"passed", report.passed()},
      {"seconds",
       report.seconds}}.dump());
  if (!report.passed())
    throw Error(
        fmt::format("self-test of {}: {} of {} kernels failed", report.device.name, failed, report.lines.size()));
}

void tune_device(Session& session, int index, const FeatureSet& without, int sizes, int rounds) {
  const std::filesystem::path folder = cache_folder();
  if (folder.empty()) throw Error("there is no folder to keep the choices in: set HOME or XDG_CACHE_HOME");
  const TuningReport report = tune(index, without, folder, rounds, sizes - 1);
  Json lines = Json::array();
  for (const TuningLine& line : report.lines) {
    lines.push_back({{"products", line.products}, {"chosen", line.chosen}, {"gain", line.gain}});
    session.output.text(fmt::format("{:54} {:46} {}\n", line.products, line.chosen,
                                    line.gain > 1 ? fmt::format("{:.2f} times as fast", line.gain) : "as untuned"));
  }
  session.output.text(fmt::format("{}: {:.1f} s; kept in {} for this driver ({}), used by chat, evaluate and bench\n",
                                  report.device.name, report.seconds, report.file.string(), report.device.driver));
  session.output.json_line(Json{{"event", "Tuned"}, {"device", to_json(report.device)}, {"lines", lines},
                                {"file", report.file.string()}, {"seconds", report.seconds}}.dump());
}

}  // namespace

Command add_devices(CLI::App& app) {
  struct Options {
    bool self_test = false, tune = false, bandwidth = false;
    int device = -1, sizes = 3, rounds = 9;
    std::vector<std::string> without;
  };
  auto options = std::make_shared<Options>();
  Command command;
  command.app = app.add_subcommand("devices", "The Vulkan devices of this machine and what they can do");
  command.app->add_flag("--self-test", options->self_test, "Run each kernel and compare it with its plain loop");
  command.app->add_flag("--bandwidth", options->bandwidth, "Measure how fast each device reads its memory");
  command.app->add_flag("--tune", options->tune,
                        "Time the variants of the matrix kernels and of attention and keep the quickest for this device and driver");
  command.app->add_option("--sizes", options->sizes, "--tune: 1: small products and few keys alone, 2: middling ones too, 3: all")
      ->check(CLI::Range(1, 3))
      ->capture_default_str();
  command.app->add_option("--rounds", options->rounds, "--tune: measurements of each, the best of which counts")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.app->add_option("--device", options->device, "The device to test or tune; -1: the first usable");
  add_without_option(*command.app, options->without);
  command.run = [options](Session& session) {
    if (options->self_test) return test_device(session, options->device, features_from(options->without));
    if (options->tune) return tune_device(session, options->device, features_from(options->without), options->sizes, options->rounds);
    const auto devices = list_devices();
    Json list = Json::array();
    for (const DeviceInfo& device : devices) {
      list.push_back(to_json(device));
      session.output.text(to_text(device));
      if (!options->bandwidth || !device.unusable.empty()) continue;
      const double gigabytes = measure_read_bandwidth(device.index, device.name).gigabytes_per_second;
      list.back()["read_gigabytes_per_second"] = gigabytes;
      session.output.text(fmt::format("   reads {:.1f} GB/s\n", gigabytes));
    }
    if (devices.empty())
      session.output.text(
          "No Vulkan device. Debian's mesa-vulkan-drivers brings drivers, and one that runs on any CPU.\n");
    session.output.json_line(Json{{"event", "Devices"}, {"devices", list}, {"laboratory", has_laboratory()}}.dump());
  };
  return command;
}

}  // namespace qvlm::cli
