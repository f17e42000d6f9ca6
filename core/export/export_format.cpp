// The table of formats, and what their verdicts share.
#include "core/export/export_format.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/error.h"
#include "core/base/half.h"

namespace qvlm {

std::string_view name_of(Exactness exactness) {
  switch (exactness) {
    case Exactness::EXACT:
      return "exact";
    case Exactness::INEXACT:
      return "inexact";
    case Exactness::ILLEGAL:
      return "illegal";
  }
  throw Error("unknown verdict");
}

std::string to_string(const StoredGrid& grid) {
  const std::string groups = grid.group > 0 ? fmt::format("in groups of {}", grid.group) : "in rows";
  return fmt::format("int{} {} {}", grid.bits, groups, grid.symmetric ? "without zero points" : "with zero points");
}

int64_t ExportPlan::bytes() const {
  int64_t total = 0;
  for (const TensorVerdict& tensor : tensors) total += tensor.bytes;
  return total;
}

int64_t ExportPlan::count(Exactness exactness) const {
  return std::count_if(tensors.begin(), tensors.end(), [&](const TensorVerdict& tensor) { return tensor.exactness == exactness; });
}

const TensorVerdict& ExportPlan::verdict(std::string_view canonical) const {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const TensorVerdict& tensor) { return tensor.name == canonical; });
  if (found == tensors.end()) throw Error("the plan has no tensor " + std::string(canonical));
  return *found;
}

void ExportWatch::step(const ExportStep& step) const {
  if (stop.stop_requested()) throw Cancelled();
  if (listener) listener(step);
}

namespace {

struct FormatEntry {
  std::string_view name;
  std::unique_ptr<ExportFormat> (*make)();
};

constexpr FormatEntry kFormats[] = {{"gguf", make_gguf_format},
                                    {"awq", make_awq_format},
                                    {"gptq", make_gptq_format},
                                    {"compressed-tensors", make_compressed_tensors_format}};

}  // namespace

const std::vector<std::string>& export_formats() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const FormatEntry& format : kFormats) list.emplace_back(format.name);
    return list;
  }();
  return names;
}

std::unique_ptr<ExportFormat> make_export_format(std::string_view name) {
  for (const FormatEntry& format : kFormats)
    if (format.name == name) return format.make();
  throw Error::in("", "format", fmt::format("one of {}", fmt::join(export_formats(), ", ")), "\"" + std::string(name) + "\"");
}

double relative_error(const std::vector<float>& a, const std::vector<float>& b) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < b.size(); ++i) {
    const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    difference += d * d;
    norm += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  return norm > 0 ? std::sqrt(difference / norm) : std::sqrt(difference);
}

std::vector<float> through_half(const std::vector<float>& values) {
  std::vector<float> result(values.size());
  std::transform(values.begin(), values.end(), result.begin(), [](float value) { return from_half(to_half(value)); });
  return result;
}

std::string activation_note(const Model& model, const std::string& carrier) {
  const auto active = [](const auto& quantizers) {
    return std::any_of(quantizers.begin(), quantizers.end(), [](const auto& quantizer) { return quantizer.active(); });
  };
  const bool decoder = active(model.activations()), tower = active(model.vision_activations());
  if (!decoder && !tower) return {};
  return fmt::format("this model{} quantizes its activations; {} cannot say so, and other programs run them in 16 bits or in their own 8-bit blocks",
                     decoder ? "" : "'s vision tower", carrier);
}

}  // namespace qvlm
