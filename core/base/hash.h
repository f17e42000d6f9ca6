// Fast content hashes (XXH3). Not for security: for noticing that something is the same or has changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace qvlm {

uint64_t hash64(std::span<const std::byte> bytes, uint64_t seed = 0);
uint64_t hash64(std::string_view text, uint64_t seed = 0);
/// 16 and 32 lower-case hex digits, most significant first.
std::string hash64_hex(std::span<const std::byte> bytes);
std::string hash128_hex(std::span<const std::byte> bytes);
std::string to_hex(uint64_t value);

/// Hashes in pieces; the result depends on the concatenation alone.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  void update(std::span<const std::byte> bytes);
  void update(std::string_view text);
  /// The number's eight bytes, little-endian.
  void update(uint64_t number);
  uint64_t digest64() const;
  std::string digest128_hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace qvlm
