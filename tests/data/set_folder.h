// A temporary folder with a data set in it.
#pragma once

#include <QTemporaryDir>

#include <filesystem>
#include <string>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "tests/base/message_of.h"

namespace qvlm {

class SetFolder {
 public:
  std::filesystem::path path(const std::string& name = "") const { return std::filesystem::path(folder_.path().toStdString()) / name; }
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(path(name).parent_path());
    write_file(path(name), text);
    return path(name);
  }

 private:
  QTemporaryDir folder_;
};

}  // namespace qvlm
