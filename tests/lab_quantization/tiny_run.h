// Whole runs on the tiny model: a folder, requests, and a listener that keeps what it hears.
#pragma once

#include <QTemporaryDir>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "core/lab/quantization/quantize_run.h"
#include "tests/lab_quantization/tiny_vlm.h"

namespace tiny_run {

using namespace qvlm;
namespace fs = std::filesystem;

inline std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Keeps the events; runs a function at each.
struct Recorder : RunListener {
  std::vector<TimedEvent> events;
  std::function<void(const Event&)> at_event;
  void on_event(const TimedEvent& event) override {
    events.push_back(event);
    if (at_event) at_event(event.event);
  }
  template <class E>
  std::vector<E> all() const {
    std::vector<E> found;
    for (const TimedEvent& timed : events) {
      if (const auto* one = std::get_if<E>(&timed.event)) found.push_back(*one);
    }
    return found;
  }
};

class TinyRun {
 public:
  TinyRun() {
    write_model("model");
    model_ = open_model(path("model"));
  }

  fs::path path(const std::string& name) const { return fs::path(folder_.path().toStdString()) / name; }
  const std::shared_ptr<const Model>& model() const { return model_; }
  void write_model(const std::string& name) const { tiny_vlm::write_checkpoint(path(name), fs::path(QVLM_SOURCE_DIR) / "resources/demo/model"); }

  /// `text`: the recipe's keys that matter. Four samples, two of them searched.
  static Recipe recipe(const std::string& text) {
    Recipe r = recipe_from_json(text, "test");
    r.samples = 4;
    r.search_samples = 2;
    r.entropy_positions = 2048;
    r.threads = 1;
    return r;
  }

  QuantizeRequest request(const std::string& output, const Recipe& recipe) const {
    QuantizeRequest r;
    r.model = model_;
    r.calibration = fs::path(QVLM_SOURCE_DIR) / "resources/demo/calibration";
    r.recipe = recipe;
    r.output = path(output);
    r.replace = true;
    return r;
  }

  static RunState run(const QuantizeRequest& request) {
    Recorder listener;
    RunControl control;
    return quantize(request, listener, control);
  }

  /// Stopped behind the event of that number; then resumed. True if it was stopped at all.
  static bool run_in_two(QuantizeRequest request, int stop_after) {
    Recorder listener;
    RunControl control;
    std::stop_source stop;
    control.stop = stop.get_token();
    listener.at_event = [&](const Event&) {
      if (static_cast<int>(listener.events.size()) == stop_after) stop.request_stop();
    };
    try {
      quantize(request, listener, control);
    } catch (const Cancelled&) {
      request.resume = true;
      request.recipe.reset();
      run(request);
      return true;
    }
    return false;
  }

 private:
  QTemporaryDir folder_;
  std::shared_ptr<const Model> model_;
};

/// The message of what `call` throws; empty if nothing.
template <class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

}  // namespace tiny_run
