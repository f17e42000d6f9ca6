// The block ribbon for screen readers: a list whose items are the blocks.
#pragma once

namespace qvlm::studio {

/// Registers the factory with Qt; calls after the first one do nothing.
void install_ribbon_accessibility();

}  // namespace qvlm::studio
