// What must be refused is refused by name: an Error whose message says what a user can act on.
#pragma once

#include <QtTest>

#include <string_view>

#include "core/base/error.h"

namespace qvlm {

/// Fails the test unless `call` throws an Error whose message holds each of the parts.
template <class Call, class... Part>
void verify_refused(Call call, const Part&... parts) {
  try {
    call();
  } catch (const Error& error) {
    for (const std::string_view part : {std::string_view(parts)...}) {
      QVERIFY2(std::string_view(error.what()).find(part) != std::string_view::npos, error.what());
    }
    return;
  }
  QFAIL("nothing was thrown");
}

}  // namespace qvlm
