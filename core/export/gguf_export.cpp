// Copying, reading back, and saying what the copy cannot carry.
#include "core/export/gguf_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <system_error>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/mapped_file.h"
#include "core/export/gguf_packing.h"
#include "core/model/gguf.h"
#include "core/model/model.h"

namespace qvlm {

namespace {

ExportedFile copy_and_verify(const std::filesystem::path& from, const std::filesystem::path& to) {
  const MappedFile source(from);
  {
    AtomicFile target(to);
    constexpr size_t kPiece = size_t{16} << 20;  // pages are given back as they are written: nothing stays resident
    for (size_t at = 0; at < source.bytes().size(); at += kPiece) {
      const auto piece = source.bytes().subspan(at, std::min(kPiece, source.bytes().size() - at));
      target.write(piece);
      source.release(piece);
    }
    target.commit();
  }
  const MappedFile copy(to);
  const std::string hash = hash128_hex(copy.bytes());
  if (const std::string expected = hash128_hex(source.bytes()); hash != expected) {
    throw Error::in(to.string(), "content read back", "hash " + expected, hash);
  }
  return {to, static_cast<int64_t>(copy.bytes().size()), hash};
}

ExportedFile pack_and_verify(const Model& model, bool vision, const std::filesystem::path& from,
                             const std::filesystem::path& to) {
  vision ? pack_vision_planes(model, from, to) : pack_planes(model, from, to);
  const MappedFile written(to);
  return {to, static_cast<int64_t>(written.bytes().size()), hash128_hex(written.bytes())};
}

std::vector<std::string> types_of(const GgufFile& file) {
  std::map<std::string, int> counts;
  for (const auto& [name, tensor] : file.tensors()) ++counts[name_of(tensor.type)];
  std::vector<std::string> lines;
  for (const auto& [type, count] : counts) lines.push_back(fmt::format("{} tensors {}", count, type));
  return lines;
}

std::vector<std::string> notes_of(const Model& model) {
  std::vector<std::string> notes;
  const VlmConfig& config = model.config();
  if (config.vision && config.preprocess.fit == PreprocessConfig::Fit::CENTER_CROP) {
    notes.push_back(
        "this model was trained on pictures cropped at the centre; llama.cpp pads pictures to a square instead, so "
        "answers "
        "about pictures that are not square differ there");
  }
  if (!model.vision_activations().empty()) {
    notes.push_back(
        "this model's vision tower quantizes its activations; a GGUF file cannot say so, and other programs run them in "
        "16 bits or in their own 8-bit blocks");
  }
  const auto& activations = model.activations();
  if (std::any_of(activations.begin(), activations.end(),
                  [](const ActivationQuantizer& quantizer) { return quantizer.active(); })) {
    notes.push_back(
        "this model quantizes its activations; a GGUF file cannot say so, and other programs run them in 16 bits or in "
        "their "
        "own 8-bit blocks");
  }
  return notes;
}

std::string readme(const std::string& name, bool vision, const ExportReport& report) {
  std::string text = fmt::format("{}: a model quantized by Q-VLM Studio, as plain GGUF.\n\n", name);
  for (const ExportedFile& file : report.files) {
    text += fmt::format("  {}  {} bytes  XXH3-128 {}\n", file.path.filename().string(), file.bytes, file.hash);
  }
  text += "\nWith llama.cpp:\n  ";
  text +=
      vision ? fmt::format(
                   "llama-mtmd-cli -m {0}.gguf --mmproj {0}-mmproj.gguf --image A.png -p \"What is in the picture?\"\n",
                   name)
             : fmt::format("llama-cli -m {}.gguf -p \"Hello\"\n", name);
  if (!report.notes.empty()) text += "\nWhere the answers differ from those of qvlm:\n";
  for (const std::string& note : report.notes) text += "- " + note + "\n";
  return text;
}

}  // namespace

ExportReport export_gguf(const std::filesystem::path& folder, const std::filesystem::path& out) {
  const auto decoder = folder / "model.gguf", vision = folder / "vision.gguf";
  std::error_code problem;
  if (!std::filesystem::is_regular_file(decoder, problem)) {
    throw Error::in(folder.string(), "", "a quantized model (a NAME.qvlm folder with model.gguf)",
                    "none; quantize the checkpoint first");
  }
  const bool has_vision = std::filesystem::is_regular_file(vision, problem);
  ExportReport report;
  const auto model = open_model(folder);  // a damaged folder is noticed before anything is written
  if (const int block = model->config().decoder.down_hadamard; block > 0)
    throw Error(fmt::format("{}: the model needs an online Hadamard transform before mlp.down (blocks of {}), which no "
                            "GGUF reader applies; quantize with --rotation r1r2, which is fused into the weights",
                            folder.string(), block));
  if (model->config().decoder.site_transforms)
    throw Error(fmt::format("{}: the model needs its learned transforms before every linear, which no GGUF reader applies; "
                            "quantize with --transform none",
                            folder.string()));
  report.notes = notes_of(*model);
  bool planes = false, vision_planes = false;
  {
    const GgufFile file(decoder);
    planes = file.text("general.architecture") == "qvlm";
    if (planes) check_packable(file);
  }
  if (has_vision) {
    const GgufFile file(vision);
    vision_planes = file.text("general.architecture") == "qvlm";
    if (vision_planes) check_packable(file);
  }

  std::filesystem::create_directories(out, problem);
  if (problem) throw Error(out.string() + ": cannot make the folder: " + problem.message());
  std::filesystem::path normal = folder.lexically_normal();
  if (!normal.has_filename()) normal = normal.parent_path();
  const std::string name = normal.stem().string();
  const auto target = out / (name + ".gguf");
  report.files.push_back(planes ? pack_and_verify(*model, false, decoder, target) : copy_and_verify(decoder, target));
  report.types = types_of(GgufFile(target));
  if (planes || vision_planes)
    report.notes.push_back(
        "the weights' scales and zero points take more room in GGUF's blocks than in the .qvlm; the values are the same");
  if (has_vision) {
    const auto tower = out / (name + "-mmproj.gguf");
    report.files.push_back(vision_planes ? pack_and_verify(*model, true, vision, tower) : copy_and_verify(vision, tower));
  }
  write_file(out / "README.txt", readme(name, has_vision, report));
  return report;
}

}  // namespace qvlm
