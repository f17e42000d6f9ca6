// XXH3 behind a small interface.
#include "core/base/hash.h"

#include <xxhash.h>

#include <new>

#include <fmt/format.h>

namespace qvlm {

namespace {

std::string hex128(XXH128_hash_t hash) {
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace

struct Hasher::State {
  XXH3_state_t* state = XXH3_createState();
  ~State() { XXH3_freeState(state); }
};

uint64_t hash64(std::span<const std::byte> bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}
uint64_t hash64(std::string_view text, uint64_t seed) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

std::string to_hex(uint64_t value) {
  return fmt::format("{:016x}", value);
}
std::string hash64_hex(std::span<const std::byte> bytes) {
  return to_hex(hash64(bytes));
}
std::string hash128_hex(std::span<const std::byte> bytes) {
  return hex128(XXH3_128bits(bytes.data(), bytes.size()));
}

Hasher::Hasher() : state_(std::make_unique<State>()) {
  if (state_->state == nullptr) throw std::bad_alloc();
  XXH3_128bits_reset(state_->state);
}
Hasher::~Hasher() = default;

void Hasher::update(std::span<const std::byte> bytes) {
  XXH3_128bits_update(state_->state, bytes.data(), bytes.size());
}
void Hasher::update(std::string_view text) {
  XXH3_128bits_update(state_->state, text.data(), text.size());
}
void Hasher::update(uint64_t number) {
  unsigned char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<unsigned char>(number >> (8 * i));
  XXH3_128bits_update(state_->state, bytes, sizeof bytes);
}
uint64_t Hasher::digest64() const {
  return XXH3_128bits_digest(state_->state).low64;
}
std::string Hasher::digest128_hex() const {
  return hex128(XXH3_128bits_digest(state_->state));
}

}  // namespace qvlm
