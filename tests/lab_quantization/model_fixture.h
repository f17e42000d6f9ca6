// The tiny random LLaVA in a temporary folder: what tests of the tower and of whole runs stand on.
#pragma once

#include <QTemporaryDir>

#include <filesystem>
#include <memory>
#include <string>

#include "core/model/model.h"
#include "tests/lab_quantization/tiny_vlm.h"

namespace qvlm {

namespace fs = std::filesystem;

class ModelFixture {
 protected:
  QTemporaryDir folder_;
  std::shared_ptr<const Model> model_;

  static fs::path calibration_folder() { return fs::path(QVLM_SOURCE_DIR) / "resources/demo/calibration"; }
  fs::path path(const std::string& name) const { return fs::path(folder_.path().toStdString()) / name; }
  void write_model(const std::string& name) const { tiny_vlm::write_checkpoint(path(name), fs::path(QVLM_SOURCE_DIR) / "resources/demo/model"); }

  /// In initTestCase(), so that what fails in it fails the test.
  void make_model() {
    write_model("model");
    model_ = open_model(path("model"));
  }
};

}  // namespace qvlm
