// A temporary folder with a data set in it.
#pragma once

#include <QTemporaryDir>

#include <filesystem>
#include <functional>
#include <string>

#include "core/base/atomic_file.h"
#include "core/base/error.h"

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

inline std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace qvlm
