// The newest prefixes of the families' tables that every reader still takes.
#include "core/model/families/saved_names.h"

#include <vector>

#include "core/base/error.h"
#include "core/model/families/clip.h"
#include "core/model/families/llama.h"

namespace qvlm {

namespace {

std::vector<NameGroup> names(bool vision) {
  if (!vision) return {llama_names({"model."}), llama_head_names({""})};
  return {clip_names({kSavedTower}),
          {{"multi_modal_projector."}, {{"linear_1.*", "projector.0.*"}, {"linear_2.*", "projector.2.*"}}, {}},
          llama_names({"language_model.model."}),
          llama_head_names({"language_model."})};
}

}  // namespace

std::string hugging_face_name(const VlmConfig& config, const std::string& canonical) {
  const auto found = file_names(names(config.vision.has_value()), canonical);
  if (found.empty()) throw Error("Hugging Face's layout has no name for the tensor " + canonical);
  return found.front();
}

}  // namespace qvlm
