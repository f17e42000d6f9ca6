// The plain GGUF pair of llama.cpp: NAME.gguf and NAME-mmproj.gguf.
#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "core/base/atomic_file.h"
#include "core/base/mapped_file.h"
#include "core/export/export_format.h"
#include "core/export/gguf_packing.h"
#include "core/export/llama_cpp_notes.h"
#include "core/model/gguf_config.h"
#include "core/model/gguf_model.h"
#include "core/model/qvlm_folder.h"

namespace qvlm {

namespace {

namespace fs = std::filesystem;

std::string refusal_of(const Model& model, bool planes) {
  const DecoderConfig& decoder = model.config().decoder;
  if (decoder.down_hadamard > 0)
    return fmt::format("the model needs an online Hadamard transform before mlp.down (blocks of {}), which no GGUF reader applies; quantize with "
                       "--rotation r1r2, which is fused into the weights",
                       decoder.down_hadamard);
  if (decoder.site_transforms)
    return "the model needs its learned transforms before every linear, which no GGUF reader applies; quantize with --transform none";
  if (planes && !fits_llama_architecture(decoder)) return "the decoder's activation is not SiLU: no architecture of GGUF that llama.cpp reads has it";
  return {};
}

bool has_planes(const fs::path& file) { return GgufFile(file).text("general.architecture") == "qvlm"; }

void copy_bytes(const fs::path& from, const fs::path& to) {
  const MappedFile source(from);
  AtomicFile target(to);
  constexpr size_t kPiece = size_t{16} << 20;  // pages are given back as they are written: nothing stays resident
  for (size_t at = 0; at < source.bytes().size(); at += kPiece) {
    const auto piece = source.bytes().subspan(at, std::min(kPiece, source.bytes().size() - at));
    target.write(piece);
    source.release(piece);
  }
  target.commit();
}

class GgufFormat : public ExportFormat {
 public:
  std::string usage(const std::string& name, bool vision) const override {
    return vision ? fmt::format("  llama-mtmd-cli -m {0}.gguf --mmproj {0}-mmproj.gguf --image A.png -p \"What is in the picture?\"\n", name)
                  : fmt::format("  llama-cli -m {}.gguf -p \"Hello\"\n", name);
  }

  ExportPlan plan(const Model& model, const ExportWatch& watch) const override {
    ExportPlan plan;
    const VlmConfig& config = model.config();
    const bool planes = has_planes(model.path() / kDecoderFile), vision_planes = config.vision && has_planes(model.path() / kVisionFile);
    plan.refusal = refusal_of(model, planes);
    plan.notes = llama_cpp_notes(model);
    if (std::string note = activation_note(model, "a GGUF file"); !note.empty()) plan.notes.push_back(std::move(note));
    if (planes || vision_planes)
      plan.notes.push_back("the weights' scales and zero points take more room in GGUF's blocks than in the .qvlm; the values are the same");
    const auto names = model.names();
    for (const std::string& name : names) {
      watch.step({ExportStep::Stage::CHECKING, static_cast<int64_t>(plan.tensors.size()), static_cast<int64_t>(names.size())});
      plan.tensors.push_back(gguf_verdict(name, model.load(name)));
      model.release(name);
    }
    return plan;
  }

  void write(const Model& model, const ExportPlan& plan, const fs::path& folder, const std::string& name,
             const ExportWatch& watch) const override {
    const auto one = [&](const char* file, const std::string& target, auto pack) {
      const fs::path from = model.path() / file;
      has_planes(from) ? pack(model, plan, from, folder / target, watch) : copy_bytes(from, folder / target);
    };
    one(kDecoderFile, name + ".gguf", pack_planes);
    if (model.config().vision) one(kVisionFile, name + "-mmproj.gguf", pack_vision_planes);
  }

  WrittenValues read_back(const Model& model, const ExportPlan&, const fs::path& folder, const std::string& name) const override {
    const bool vision = model.config().vision.has_value();
    std::shared_ptr<const Model> written =
        open_gguf_model(folder / (name + ".gguf"), {.vision = vision ? folder / (name + "-mmproj.gguf") : fs::path{}});
    return [written](const std::string& canonical) {
      auto values = load_float(*written, canonical);
      written->release(canonical);
      return values;
    };
  }
};

}  // namespace

std::unique_ptr<ExportFormat> make_gguf_format() { return std::make_unique<GgufFormat>(); }

}  // namespace qvlm
