// A stack machine for the pickles of torch.save: it builds plain values and tensor records, and can do nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace qvlm {

/// A value of a pickle. Pointers belong to the Pickle.
struct PickleValue {
  enum class Kind { NONE, BOOL, INT, FLOAT, TEXT, TUPLE, LIST, DICT, GLOBAL, STORAGE, TENSOR, MARK } kind = Kind::NONE;
  int64_t integer = 0;
  double number = 0;
  std::string text;                                            // TEXT; GLOBAL: "module name"; STORAGE: its key
  std::vector<PickleValue*> items;                             // TUPLE, LIST
  std::vector<std::pair<PickleValue*, PickleValue*>> entries;  // DICT
  // STORAGE: text is the key, type its class ("torch FloatStorage"), integer its elements. TENSOR: storage and layout,
  // in elements.
  std::string type;
  PickleValue* storage = nullptr;
  int64_t offset = 0;
  std::vector<int64_t> shape, strides;
};

struct Pickle {
  std::vector<std::unique_ptr<PickleValue>> values;
  PickleValue* root = nullptr;
};

/// Throws Error naming `file`, the byte, and any global that is not one of a tensor's.
Pickle read_pickle(std::span<const std::byte> bytes, const std::string& file);

}  // namespace qvlm
