// What an Error says, for tests of refusals.
#pragma once

#include <string>

#include "core/base/error.h"

namespace qvlm {

/// "no error" where none is thrown.
template <class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace qvlm
