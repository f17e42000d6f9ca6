// `qvlm-demo train`: trains the demo VLM. This header is free of torch.
#pragma once

namespace qvlm::demo {

/// The arguments after the subcommand's own name: argv[0] is "train". Returns the exit status; throws Error.
int run_training(int argc, char** argv);

}  // namespace qvlm::demo
