// Whole runs on a tiny random LLaVA: what their tests share.
#pragma once

#include <QtTest>

#include <QTemporaryDir>
#include <fstream>
#include <sstream>

#include "core/base/error.h"
#include "core/lab/quantization/quantize_run.h"
#include "core/run/journal.h"
#include "tests/lab_quantization/tiny_vlm.h"

namespace qvlm {

namespace fs = std::filesystem;

inline std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Keeps the events; runs a function at each.
struct Recorder : RunListener {
  std::vector<TimedEvent> events;
  std::function<void(const Event&)> at_event;
  void on_event(const TimedEvent& event) override {
    events.push_back(event);
    if (at_event) at_event(event.event);
  }
  template <class E>
  int count() const {
    return static_cast<int>(std::count_if(events.begin(), events.end(), [](const TimedEvent& e) { return std::holds_alternative<E>(e.event); }));
  }
};

class RunFixture {
 protected:
  QTemporaryDir folder_;
  std::shared_ptr<const Model> model_;

  fs::path path(const char* name) const { return fs::path(folder_.path().toStdString()) / name; }

  QuantizeRequest request(const char* output, Recipe recipe) const {
    QuantizeRequest r;
    r.model = model_;
    r.calibration = fs::path(QVLM_SOURCE_DIR) / "resources/demo/calibration";
    r.recipe = recipe;
    r.output = path(output);
    return r;
  }

  static Recipe small_recipe() {
    Recipe r;
    r.samples = 4;
    r.search_samples = 2;
    r.entropy_positions = 2048;
    r.threads = 1;
    return r;
  }

  RunState run(const QuantizeRequest& r) const {
    Recorder listener;
    RunControl control;
    return quantize(r, listener, control);
  }

  template <class Call>
  static void verify_refused(Call call, const char* part) {
    try {
      call();
    } catch (const Error& error) {
      QVERIFY2(QString(error.what()).contains(part), error.what());
      return;
    }
    QFAIL("nothing was thrown");
  }

  void make_model() {
    tiny_vlm::write_checkpoint(path("model"), fs::path(QVLM_SOURCE_DIR) / "resources/demo/model");
    model_ = open_model(path("model"));
  }
};

}  // namespace qvlm
