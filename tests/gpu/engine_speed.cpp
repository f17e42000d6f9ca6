// Prints the engine's speed on random weights of the demo model's shape (or a larger decoder), beside the device's read
// bandwidth.
#include <chrono>
#include <cstdio>
#include <cstring>

#include "gpu/bench.h"
#include "gpu/vulkan_generator.h"
#include "tests/gpu/random_model.h"

using namespace qvlm;

int main(int argc, char** argv) {
  VlmConfig c = small_config();
  c.vision = VisionConfig{
      .hidden = 256, .ffn = 768, .layers = 4, .file_layers = 5, .heads = 4, .image_size = 128, .patch_size = 16};
  c.projector = {.hidden = 256};
  c.decoder = {.hidden = 256,
               .ffn = 512,
               .layers = 12,
               .heads = 4,
               .kv_heads = 2,
               .head_dim = 64,
               .vocabulary = 1024,
               .context_length = 2048};
  if (argc > 1 && std::strcmp(argv[1], "large") == 0)
    c.decoder = {.hidden = 2048,
                 .ffn = 5632,
                 .layers = 6,
                 .heads = 32,
                 .kv_heads = 4,
                 .head_dim = 64,
                 .vocabulary = 32000,
                 .context_length = 2048};
  using Clock = std::chrono::steady_clock;
  auto start = Clock::now();
  const auto seconds = [&] {
    const double s = std::chrono::duration<double>(Clock::now() - start).count();
    start = Clock::now();
    return s;
  };
  const auto model = std::make_shared<RandomModel>(c, RandomWeights{4, 32, true});
  std::printf("made in %.2f s\n", seconds());
  const auto generator = make_vulkan_generator(model);
  std::printf("%s, %s: opened in %.2f s, %.2f bits a weight\n", generator->info().device.c_str(),
              generator->info().driver.c_str(), seconds(), generator->info().weight_bits);
  double decoded_bytes = 0;
  for (int run = 0; run < 3; ++run) {
    const PixelTensor picture = random_picture(128, static_cast<uint32_t>(run));
    std::vector<PromptPart> parts{std::vector<int32_t>{1, 2, 3}, picture, std::vector<int32_t>(30, 5)};
    generator->reset();
    generator->append(parts);
    const double first = generator->timings().prefill_seconds;
    for (int i = 0; i < 32; ++i) append_tokens(*generator, {generator->sample({}, {})});
    const GeneratorTimings t = generator->timings();
    std::printf("picture %.1f ms, prefill %lld rows %.1f ms (%.0f rows/s), decode %.2f ms a token (%.0f tokens/s)\n",
                t.vision_seconds * 1e3, static_cast<long long>(t.prefill_tokens), first * 1e3, t.prefill_tokens / first,
                t.decode_seconds / t.decode_tokens * 1e3, t.decode_tokens / t.decode_seconds);
    decoded_bytes = double(generator->info().weight_bytes) * t.decode_tokens / t.decode_seconds;
    seconds();
    generator->sample({.temperature = 0.8f, .top_k = 40, .top_p = 0.9f}, {});
    std::printf("one sampling %.2f ms\n", seconds() * 1e3);
  }
  std::printf("decode reads %.2f GB/s; device %.2f GB/s\n", decoded_bytes * 1e-9,
              measure_read_bandwidth().gigabytes_per_second);
}
