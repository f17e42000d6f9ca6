// What a format of other programs is here: a verdict on every tensor before anything is written, a folder, and a way to read it back. One file a
// format; export_model.h does the rest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/model.h"

namespace qvlm {

enum class Exactness {
  EXACT,    // every value of the model, bit for bit once dequantized
  INEXACT,  // the format holds values near them; written on request alone
  ILLEGAL   // the format has no place for the tensor
};

/// "exact", "inexact", "illegal".
std::string_view name_of(Exactness exactness);

/// The integer grid that a format packs a linear on. It may be wider than the matrix's own: more bits, smaller groups with repeated scales.
struct StoredGrid {
  int bits = 4;
  int64_t group = 0;  // columns a group; 0: one group a row
  bool symmetric = false;
  bool operator==(const StoredGrid&) const = default;
};

/// "int4 in groups of 32 with zero points".
std::string to_string(const StoredGrid& grid);

struct TensorVerdict {
  std::string name;  // canonical
  Exactness exactness = Exactness::EXACT;
  std::string stored;               // "int4 in groups of 32 with zero points", "F16", "Q4_1"
  std::string reason;               // of another verdict than EXACT
  double loss = 0;                  // INEXACT: |stored - model| / |model| over the tensor's values (Frobenius norms), measured
  int64_t bytes = 0;                // stored
  std::optional<StoredGrid> grid = {};  // of a packed linear of a Hugging Face folder
};

struct ExportPlan {
  std::string refusal;  // why the model as a whole has no place in the format; empty: it has
  std::vector<TensorVerdict> tensors;
  std::vector<std::string> notes;  // where another program would answer differently

  int64_t bytes() const;
  int64_t count(Exactness exactness) const;
  const TensorVerdict& verdict(std::string_view canonical) const;  // of a tensor that is there
};

struct ExportStep {
  enum class Stage { CHECKING, WRITING, READING_BACK } stage = Stage::CHECKING;
  int64_t done = 0, total = 0;  // tensors
};

/// Who looks on, and may stop the work. step() throws Cancelled.
struct ExportWatch {
  std::function<void(const ExportStep&)> listener = {};
  std::stop_token stop = {};
  void step(const ExportStep& step) const;
};

/// A tensor's values as a written folder has them, dequantized. [as the model's]
using WrittenValues = std::function<std::vector<float>(const std::string& canonical)>;

class ExportFormat {
 public:
  virtual ~ExportFormat() = default;
  /// What a person starts with the folder: lines of a shell, FOLDER for the folder.
  virtual std::string usage(const std::string& name, bool vision) const = 0;
  /// Loads one tensor at a time.
  virtual ExportPlan plan(const Model& model, const ExportWatch& watch) const = 0;
  /// Fills an empty folder. `model` is a NAME.qvlm folder; the plan has neither refusal nor illegal tensors. Throws Error, Cancelled.
  virtual void write(const Model& model, const ExportPlan& plan, const std::filesystem::path& folder, const std::string& name,
                     const ExportWatch& watch) const = 0;
  /// Opens what write() left, and checks its description against the model's. Throws Error naming file and field.
  virtual WrittenValues read_back(const Model& model, const ExportPlan& plan, const std::filesystem::path& folder,
                                  const std::string& name) const = 0;
};

/// "gguf", "awq", "gptq", "compressed-tensors".
const std::vector<std::string>& export_formats();
/// Throws Error for another name.
std::unique_ptr<ExportFormat> make_export_format(std::string_view name);

std::unique_ptr<ExportFormat> make_gguf_format();
std::unique_ptr<ExportFormat> make_awq_format();
std::unique_ptr<ExportFormat> make_gptq_format();
std::unique_ptr<ExportFormat> make_compressed_tensors_format();

/// |a - b| / |b| by Frobenius norms; 0 where both are zero. Equal sizes.
double relative_error(const std::vector<float>& a, const std::vector<float>& b);
/// Each value rounded to float16 and back.
std::vector<float> through_half(const std::vector<float>& values);

/// The note for a model whose activations run quantized here; nothing (empty) for others. `carrier`: "a GGUF file".
std::string activation_note(const Model& model, const std::string& carrier);

}  // namespace qvlm
