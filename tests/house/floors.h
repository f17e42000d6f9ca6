// The floors of the house and the check that no file includes from a higher one, a neighbour, or a library that is not
// its own.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace qvlm::house {

/// A file's path from the repository root, and its text.
using Tree = std::map<std::string, std::string>;

/// Every source file under app, core, gpu, shaders and tests of the repository at `root`.
Tree read_tree(const std::string& root);

/// One line a violation: "FILE: what is wrong". Empty: the house stands.
std::vector<std::string> violations_of(const Tree& tree);

}  // namespace qvlm::house
