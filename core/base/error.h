// The one exception type of the project: a message that a user can act on.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace qvlm {

/// Thrown for everything that a user or a file can cause. Caught at the command line's and the studio's edge, shown as it is.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;

  /// "FILE: FIELD: expected EXPECTED, found FOUND"; an empty part is left out.
  static Error in(std::string_view file, std::string_view field, std::string_view expected, std::string_view found);
};

/// A wrong call of a command (exit status 2).
class UsageError : public Error {
 public:
  using Error::Error;
};

/// Thrown where a std::stop_token asked to stop.
class Cancelled : public Error {
 public:
  Cancelled() : Error("cancelled") {}
};

}  // namespace qvlm
