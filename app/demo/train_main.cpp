// qvlm-demo-train: what `qvlm-demo train` runs. A program of its own because libtorch and SentencePiece do not share a process.
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "app/demo/train.h"
#include "core/base/error.h"

int main(int argc, char** argv) {
  try {
    return qvlm::demo::run_training(argc, argv);
  } catch (const qvlm::UsageError& error) {
    fmt::print(stderr, "qvlm-demo train: {}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "qvlm-demo train: {}\n", error.what());
    return 1;
  }
}
