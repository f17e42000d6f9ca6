// What stands beside the weights of a Hugging Face folder: config.json, generation, tokenizer, preprocessing, template.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/json.h"
#include "core/model/model.h"
#include "core/model/tensor_store.h"

namespace qvlm {

/// Why no Hugging Face class says what the model is, or what its folder lacks; empty: it can be written.
std::string hugging_face_refusal(const Model& model);
/// The note for a template that is no Jinja text, which a folder cannot carry; empty for others.
std::string template_note(const VlmConfig& config);

/// Every file but the weights. Throws Error naming the file.
void write_hugging_face_files(const Model& model, const Json& quantization, const std::filesystem::path& folder);

/// Reads the folder's description as a checkpoint's is read. Throws Error where it differs from the model's, or a tensor that a class of
/// Hugging Face wants is not in `store`.
void check_hugging_face_files(const Model& model, const std::filesystem::path& folder, const TensorStore& store);

/// Of a canonical tensor of the model.
Shape expected_shape(const Model& model, const std::string& canonical);

}  // namespace qvlm
