// Composes the messages of errors.
#include "core/base/error.h"

namespace qvlm {

Error Error::in(std::string_view file, std::string_view field, std::string_view expected, std::string_view found) {
  std::string message(file);
  if (!field.empty()) message += (message.empty() ? "" : ": ") + std::string(field);
  if (!expected.empty()) message += ": expected " + std::string(expected);
  if (!found.empty()) message += (expected.empty() ? ": found " : ", found ") + std::string(found);
  return Error(message);
}

}  // namespace qvlm
