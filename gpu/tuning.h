// Which variant of a matrix kernel runs a product: the quickest on this device and driver, measured once and kept in a file.
#pragma once

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
  auto operator<=>(const ProductClass&) const = default;
};
ProductClass product_class(WeightFormat format, uint32_t rows, uint32_t columns, uint32_t tokens);
/// "int4 matrix x vector, large"
std::string to_string(const ProductClass& product);

/// A matrix kernel's specialization. Texel-buffer kernels: rows of the weights a lane, tokens a workgroup. Others: rows a workgroup and its
/// threads (matrix x vector), or float16 arithmetic or matrix units (matrix x matrix).
struct Variant {
  uint32_t rows = 0, tokens = 0, threads = 0;
  bool float16 = false;
  bool cooperative = false;
  auto operator<=>(const Variant&) const = default;
};
std::string to_string(const Variant& variant);

/// What the device could run for such products; the first is what runs where nothing was measured.
std::vector<Variant> variants(const ProductClass& product, const DeviceProfile& profile);

/// Those on matrix units that the device runs; empty: it does not.
std::vector<Variant> cooperative_variants(const DeviceProfile& profile, const CooperativeShape& shape);

class Tuning {
 public:
  struct Choice {
    Variant variant;
    double gain = 1;  // time of the first variant over that of this one, as measured
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

 private:
  std::map<ProductClass, Choice> choices_;
};

class GpuContext;
/// Times every variant on random weights, in turns, `rounds` times; keeps another than the first only where it is quicker by 3 % or more.
Tuning measure_tuning(GpuContext& gpu, int rounds, int largest_size = 2);

}  // namespace qvlm
