// Which variant of a matrix kernel runs a product, and into how many ranges attention cuts its keys: the quickest on this device and driver,
// measured once and kept in a file.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gpu/device_profile.h"
#include "gpu/packing.h"

namespace qvlm {

/// Products that are chosen for together.
struct ProductClass {
  WeightFormat format = WeightFormat::INT4;
  bool vector = true;  // one row of x; else more than the matrix x vector kernel takes
  int size = 0;        // 0: small, 1: middling, 2: large, by multiply-adds
  bool codes = false;  // x was rounded, and its codes stand beside it
  auto operator<=>(const ProductClass&) const = default;
};
ProductClass product_class(WeightFormat format, uint32_t rows, uint32_t columns, uint32_t tokens, bool codes = false);
/// "int4 matrix x vector, large"
std::string to_string(const ProductClass& product);

/// A matrix kernel's specialization. Texel-buffer kernels: rows of the weights a lane, tokens a workgroup. Others: rows a workgroup and its
/// threads (matrix x vector), or float16 arithmetic or matrix units (matrix x matrix); integer products of codes.
struct Variant {
  uint32_t rows = 0, tokens = 0, threads = 0;
  bool float16 = false;
  bool integer_dot = false;
  bool cooperative = false;
  auto operator<=>(const Variant&) const = default;
};
std::string to_string(const Variant& variant);

/// What the device could run for such products; the first is what runs where nothing was measured. Integer products stand before the others where
/// the device is quick at them, else behind.
std::vector<Variant> variants(const ProductClass& product, const DeviceProfile& profile);

/// Those on matrix units that the device runs; empty: it does not.
std::vector<Variant> cooperative_variants(const DeviceProfile& profile, const CooperativeShape& shape);
/// Attention of one row whose keys are cut alike.
struct AttentionClass {
  int keys = 0;             // of kFewestKeys
  bool many_heads = false;  // 16 or more
  auto operator<=>(const AttentionClass&) const = default;
};
inline constexpr std::array<uint32_t, 3> kFewestKeys{1, 513, 2049};
AttentionClass attention_class(uint32_t keys, uint32_t heads);
/// "attention over 513 to 2048 keys, fewer than 16 heads"
std::string to_string(const AttentionClass& attention);

/// Into how many ranges the device could cut a head's keys; the first is what runs where nothing was measured. 1: not at all.
std::vector<uint32_t> key_ranges(const AttentionClass& attention, const DeviceProfile& profile);

class Tuning {
 public:
  struct Choice {
    Variant variant;
    double gain = 1;  // time of the first variant over that of this one, as measured
  };
  struct RangesChoice {
    uint32_t ranges = 1;
    double gain = 1;  // likewise
  };
  /// The choices of this device and driver in `folder`. Empty where there are none, or the file is cut, changed, of another device or
  /// driver version, or names what the device does not run: never throws for a file.
  static Tuning load(const std::filesystem::path& folder, const DeviceProfile& profile);
  /// A disk that is full or not writable throws Error.
  void save(const std::filesystem::path& folder, const DeviceProfile& profile) const;
  static std::filesystem::path file_in(const std::filesystem::path& folder, const DeviceProfile& profile);

  void choose(const ProductClass& product, const Choice& choice) { choices_[product] = choice; }
  /// The choice, else the first of variants().
  Variant variant_for(const ProductClass& product, const DeviceProfile& profile) const;
  const std::map<ProductClass, Choice>& choices() const { return choices_; }
  void choose(const AttentionClass& attention, const RangesChoice& choice) { ranges_[attention] = choice; }
  /// The choice, else the first of key_ranges().
  uint32_t ranges_for(const AttentionClass& attention, const DeviceProfile& profile) const;
  const std::map<AttentionClass, RangesChoice>& ranges() const { return ranges_; }

 private:
  std::map<ProductClass, Choice> choices_;
  std::map<AttentionClass, RangesChoice> ranges_;
};

class GpuContext;
/// Times every variant on random weights, and every number of ranges, in turns, `rounds` times; keeps another than the first only where it is
/// quicker by 3 % or more. largest_size: of products and of keys.
Tuning measure_tuning(GpuContext& gpu, int rounds, int largest_size = 2);

}  // namespace qvlm
