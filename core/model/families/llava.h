// LLaVA: a CLIP tower, a two-layer projector and a Llama-style decoder, in all generations of its checkpoints
// (peers.md 4.1).
#pragma once

#include "core/model/families/family.h"

namespace qvlm {

Family llava_family();

}  // namespace qvlm
