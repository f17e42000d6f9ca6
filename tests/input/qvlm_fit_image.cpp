// Shows what a model sees of a picture, for comparisons with other implementations: IMAGE SHORTEST_EDGE SIZE RESAMPLE crop|pad OUT.png; RESAMPLE is
// PIL's number, and a SIZE of 0 only decodes.
#include <iostream>
#include <string>

#include "core/base/error.h"
#include "core/input/preprocess.h"

int main(int argc, char** argv) {
  if (argc != 7) {
    std::cerr << "usage: qvlm-fit-image IMAGE SHORTEST_EDGE SIZE RESAMPLE crop|pad OUT.png\n";
    return 2;
  }
  try {
    const qvlm::Image image = qvlm::read_image(argv[1]);
    qvlm::PreprocessConfig config;
    config.shortest_edge = std::stoi(argv[2]);
    config.size = std::stoi(argv[3]);
    config.resample = static_cast<qvlm::PreprocessConfig::Resample>(std::stoi(argv[4]));
    if (std::string(argv[5]) == "pad") config.fit = qvlm::PreprocessConfig::Fit::PAD_SQUARE;
    qvlm::write_png(config.size == 0 ? image : qvlm::fit_image(image, config), argv[6]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
