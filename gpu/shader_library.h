// The SPIR-V of every shader, embedded in the program.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace qvlm {

/// SPIR-V words of a shader by its name in gpu/CMakeLists.txt. Throws Error for an unknown name.
std::span<const uint32_t> shader_words(std::string_view name);
/// False for an unknown name, and for a shader that the build's compiler could not make.
bool has_shader(std::string_view name);

}  // namespace qvlm
