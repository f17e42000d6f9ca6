// Whole runs on the tiny model: small recipes, requests, and a listener that keeps what it hears.
#pragma once

#include <algorithm>
#include <fstream>
#include <functional>
#include <sstream>
#include <stop_token>
#include <string>
#include <vector>

#include "core/lab/quantization/quantize_run.h"
#include "tests/base/verify_refused.h"
#include "tests/lab_quantization/model_fixture.h"

namespace qvlm {

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
  template <class E>
  int count() const {
    return static_cast<int>(std::count_if(events.begin(), events.end(), [](const TimedEvent& e) { return std::holds_alternative<E>(e.event); }));
  }
};

class RunFixture : protected ModelFixture {
 protected:
  /// `text`: the recipe's keys that matter. Four samples, two of them searched.
  static Recipe small_recipe(const std::string& text = "{}") {
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
    r.calibration = calibration_folder();
    r.recipe = recipe;
    r.output = path(output);
    return r;
  }

  /// Over what an earlier run left under that name.
  QuantizeRequest replacing(const std::string& output, const Recipe& recipe) const {
    QuantizeRequest r = request(output, recipe);
    r.replace = true;
    return r;
  }

  static RunState run(const QuantizeRequest& r) {
    Recorder listener;
    RunControl control;
    return quantize(r, listener, control);
  }

  using When = std::function<bool(const Event&)>;

  /// Stopped behind the first event that `when` is true of: true. False where the run ended without one.
  static bool run_until(const QuantizeRequest& r, Recorder& listener, const When& when) {
    RunControl control;
    std::stop_source stop;
    control.stop = stop.get_token();
    listener.at_event = [&](const Event& event) {
      if (when(event)) stop.request_stop();
    };
    try {
      quantize(r, listener, control);
    } catch (const Cancelled&) {
      return true;
    }
    return false;
  }
  template <class E>
  static bool is(const Event& event) { return std::holds_alternative<E>(event); }
  /// True behind event `number` of the listener.
  static When behind(const Recorder& listener, int number) {
    return [&listener, number](const Event&) { return static_cast<int>(listener.events.size()) == number; };
  }
};

}  // namespace qvlm
