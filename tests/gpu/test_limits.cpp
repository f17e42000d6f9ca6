// What a device lacks or a prompt asks too much of: features switched off, too little memory, long contexts, many pictures, an 8-bit KV cache.
#include <QTest>
#include <algorithm>
#include <cmath>

#include "core/inference/sequence.h"
#include "gpu/features.h"
#include "gpu/self_test.h"
#include "gpu/vulkan_generator.h"
#include "tests/base/message_of.h"
#include "tests/gpu/plain_model.h"
#include "tests/gpu/random_model.h"
#include "tests/gpu/without_device.h"

using namespace qvlm;

namespace {

const RandomWeights kInt4{4, 32, false};

std::shared_ptr<RandomModel> small_model(int layers = 3, int context = 128, RandomWeights weights = kInt4) {
  VlmConfig config = small_config();
  config.decoder.layers = layers;
  config.decoder.context_length = context;
  return std::make_shared<RandomModel>(config, weights);
}

std::vector<PromptPart> prompt_with_picture() {
  return {std::vector<int32_t>{1, 5, 77, 12}, random_picture(32, 9), std::vector<int32_t>{3, 99, 41, 8, 120}};
}

double largest_difference(std::span<const float> a, std::span<const float> b) {
  double largest = a.size() == b.size() ? 0 : INFINITY;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) largest = std::max(largest, std::fabs(double(a[i]) - b[i]));
  return largest;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A prompt, an answer of 5 tokens, a shorter prompt: all logits that came.
std::vector<float> a_dialogue(Generator& generator) {
  std::vector<float> all;
  const auto keep = [&](const std::vector<float>& logits) { all.insert(all.end(), logits.begin(), logits.end()); };
  generator.append(prompt_with_picture());
  keep(generator.last_logits(20));
  for (int i = 0; i < 5; ++i) {
    append_tokens(generator, {generator.sample({}, {})});
    keep(generator.logits());
  }
  generator.truncate(7);
  append_tokens(generator, {4, 5, 6});
  keep(generator.last_logits(3));
  return all;
}

}  // namespace

class TestLimits : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    const std::string why = without_device();
    QVERIFY2(why.empty(), why.c_str());
  }

  void a_device_without_buffer_addresses_is_refused() {
    const std::string message = message_of([&] { make_vulkan_generator(small_model(), {.without = {Feature::BUFFER_ADDRESSES}}); });
    QVERIFY2(has(message, "no buffer device addresses") || has(message, "is usable"), message.c_str());
    QVERIFY2(has(message, list_devices().front().name), message.c_str());
  }

  void features_have_names() {
    const auto names = feature_names();
    for (size_t i = 0; i < names.size(); ++i) QCOMPARE(feature_from(names[i]), static_cast<Feature>(i));
    QVERIFY(has(message_of([] { feature_from("texels"); }), "texel-buffers, subgroup-size-control"));
  }

  // The address kernels, which run where there are no texel buffers, are in test_kernels.
  void kernels_hold_without_each_feature_data() {
    QTest::addColumn<int>("feature");
    for (const Feature f : {Feature::SUBGROUP_SIZE_CONTROL, Feature::MAPPED_MEMORY})  // the others change no kernel of texel buffers
      QTest::newRow(std::string(name_of(f)).c_str()) << static_cast<int>(f);
  }

  void kernels_hold_without_each_feature() {
    QFETCH(int, feature);
    GpuContext gpu({.without = {static_cast<Feature>(feature)}});
    for (const SelfTestLine& line : test_all_kernels(gpu, true))
      QVERIFY2(line.passed, (line.kernel + " " + line.shape + ": " + std::to_string(line.largest_error) + " " + line.message).c_str());
  }

  void answers_are_the_same_without_each_feature_data() {
    QTest::addColumn<int>("feature");
    for (size_t i = 0; i < kFeatures; ++i)
      if (static_cast<Feature>(i) != Feature::BUFFER_ADDRESSES) QTest::newRow(feature_names()[i].c_str()) << static_cast<int>(i);
  }

  void answers_are_the_same_without_each_feature() {
    QFETCH(int, feature);
    const auto generator = make_vulkan_generator(small_model(), {.without = {static_cast<Feature>(feature)}});
    generator->append(prompt_with_picture());
    const std::vector<float> found = generator->last_logits(25);
    QVERIFY(largest_difference(found, PlainModel(*small_model()).logits(prompt_with_picture()).values) < 0.02);
    if (static_cast<Feature>(feature) == Feature::TIMESTAMPS) QVERIFY(profile_step(*generator, 1).kernels.empty());
  }

  void without_large_buffers_blocks_are_small() {
    GpuContext gpu({.without = {Feature::LARGE_BUFFERS}});
    std::vector<const MemoryBlock*> blocks;
    for (int i = 0; i < 5; ++i) {
      const Span span = gpu.memory().allocate(uint64_t{7} << 20, Intent::CODES);
      QVERIFY(span.block->size <= kSmallBuffer);
      if (std::find(blocks.begin(), blocks.end(), span.block) == blocks.end()) blocks.push_back(span.block);
    }
    QVERIFY(blocks.size() >= 3);
    QVERIFY(has(message_of([&] { gpu.memory().allocate(kSmallBuffer + 1, Intent::CODES); }), "one allocation is at most 16 MiB"));
  }

  // 64 MiB: a small model runs, one whose context takes more is refused with the numbers.
  void a_device_of_64_mebibytes() {
    constexpr int64_t kLimit = int64_t{64} << 20;
    const auto generator = make_vulkan_generator(small_model(), {.memory_limit = kLimit});
    QVERIFY(generator->info().total_bytes <= kLimit && generator->info().activation_note.empty());
    const std::string message = message_of([&] { make_vulkan_generator(small_model(3, 1 << 20), {.context = 1 << 20, .memory_limit = kLimit}); });
    for (const char* part : {"too little memory", "MiB more needed", "in use, 64 MiB allowed", "streamed from the host", "--kv 8"})
      QVERIFY2(has(message, part), message.c_str());
  }

  void layers_without_room_are_streamed_and_answer_the_same_data() {
    QTest::addColumn<bool>("mapped");
    QTest::newRow("memory that the host writes") << true;
    QTest::newRow("through a staging buffer") << false;
  }

  void layers_without_room_are_streamed_and_answer_the_same() {
    QFETCH(bool, mapped);
    EngineOptions options;
    if (!mapped) options.without.add(Feature::MAPPED_MEMORY);
    const auto model = small_model(7, 128, {8, 32, false});
    const auto resident = make_vulkan_generator(model, options);
    const std::vector<float> expected = a_dialogue(*resident);
    QVERIFY(resident->info().activation_note.empty());
    const int64_t total = resident->info().total_bytes;
    int streamed = 0;
    int64_t streaming_limit = 0;
    std::string refused;
    std::vector<std::string> notes;
    for (int share = 31; share > 0 && refused.empty(); --share) {
      options.memory_limit = total * share / 32;
      try {
        const auto generator = make_vulkan_generator(model, options);
        QVERIFY(generator->info().total_bytes <= options.memory_limit);
        const std::string note = generator->info().activation_note;
        if (note.empty() || (!notes.empty() && notes.back().substr(0, 6) == note.substr(0, 6))) continue;  // as many layers as the last one
        notes.push_back(note);
        ++streamed;
        streaming_limit = options.memory_limit;
        QVERIFY2(has(note, "of 7 layers") && has(note, "streamed from the host") && has(note, "allowed"), note.c_str());
        QVERIFY(a_dialogue(*generator) == expected);
      } catch (const Error& error) {
        refused = error.what();
      }
    }
    QVERIFY2(streamed >= 1, refused.c_str());
    QVERIFY2(has(refused, "too little memory") && has(refused, "streamed from the host"), refused.c_str());
    options.memory_limit = streaming_limit;
    options.stream_layers = false;
    QVERIFY(has(message_of([&] { make_vulkan_generator(model, options); }), "too little memory"));
  }

  void streaming_goes_on_when_the_device_is_lost() {
    const auto model = small_model(7, 128, {8, 32, false});
    const auto resident = make_vulkan_generator(model);
    const std::vector<float> expected = a_dialogue(*resident);
    int found = 0;
    for (int share = 31; share > 0 && found == 0; --share) {
      try {
        const auto generator = make_vulkan_generator(model, {.memory_limit = resident->info().total_bytes * share / 32, .lose_device_after = 4});
        if (generator->info().activation_note.empty()) continue;
        ++found;
        QVERIFY(largest_difference(a_dialogue(*generator), expected) < 1e-3);
        QCOMPARE(generator->timings().device_losses, 1);
        QVERIFY(has(generator->info().activation_note, "streamed"));
      } catch (const Error&) {  // not even so
        break;
      }
    }
    QCOMPARE(found, 1);
  }

  void keys_and_values_in_8_bits() {
    const auto model = small_model();
    const auto wide = make_vulkan_generator(model), narrow = make_vulkan_generator(model, {.kv_bits = 8});
    const plain::Tensor expected = PlainModel(*model, true).logits(prompt_with_picture());
    narrow->append(prompt_with_picture());
    wide->append(prompt_with_picture());
    const std::vector<float> found = narrow->last_logits(expected.rows);
    const double error = largest_difference(found, expected.values), without = largest_difference(wide->last_logits(expected.rows), expected.values);
    qInfo("largest difference from plain loops over an 8-bit cache: %.4f, of a float16 one: %.4f", error, without);
    QVERIFY(error < 0.05 && without > 2 * error && without < 0.5);  // a value in the middle of two codes may take either
    QCOMPARE(narrow->info().kv_bits, 8 + 32.0 / 24);
    QCOMPARE(wide->info().kv_bits, 16.0);
    QVERIFY(narrow->info().kv_bytes < wide->info().kv_bytes && narrow->info().kv_bytes > wide->info().kv_bytes / 2);
    // A token at a time, on what the prompt left.
    const auto steps = make_vulkan_generator(model, {.kv_bits = 8});
    const std::vector<int32_t> tokens{4, 8, 15, 16, 23, 42, 108, 7, 7, 1};
    narrow->reset();
    append_tokens(*narrow, tokens);
    for (const int32_t token : tokens) append_tokens(*steps, {token});
    QVERIFY(largest_difference(narrow->logits(), steps->logits()) < 0.02);
    QVERIFY(has(message_of([&] { make_vulkan_generator(model, {.kv_bits = 4}); }), "expected 16 or 8, found 4"));
  }

  // Longer than a part of the residual stream, whose rows' logits lie in two of them.
  void a_prompt_of_thousands_of_tokens() {
    const auto model = small_model(1, 6000);
    std::vector<int32_t> tokens(4110);
    for (size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<int32_t>(i * 31 % 129);
    const auto whole = make_vulkan_generator(model, {.context = 6000}), parts = make_vulkan_generator(model, {.context = 6000});
    const int64_t before = whole->info().total_bytes;
    append_tokens(*whole, tokens);
    QVERIFY(whole->info().total_bytes > before);
    append_tokens(*parts, {tokens.begin(), tokens.end() - 30});
    append_tokens(*parts, {tokens.end() - 30, tokens.end()});
    QVERIFY(largest_difference(whole->last_logits(30), parts->last_logits(30)) < 1e-3);
    QVERIFY(has(message_of([&] { make_vulkan_generator(model, {.context = 6001}); }), "at most the model's 6000"));
  }

  void sixteen_pictures_in_one_turn() {
    std::vector<PromptPart> parts{std::vector<int32_t>{1, 5}};
    for (uint32_t i = 0; i < 16; ++i) {
      parts.emplace_back(random_picture(32, 20 + i));
      parts.emplace_back(std::vector<int32_t>{static_cast<int32_t>(7 + i)});
    }
    const auto model = small_model(2, 300);
    const auto generator = make_vulkan_generator(model);
    Sequence sequence(*generator);
    QCOMPARE(sequence.fill(parts).rows, int64_t(2 + 16 * 17));
    const plain::Tensor expected = PlainModel(*model).logits(parts);
    QVERIFY(largest_difference(generator->last_logits(expected.rows), expected.values) < 0.02);
    const auto shorter = make_vulkan_generator(model, {.context = 200});
    Sequence small(*shorter);
    const std::string message = message_of([&] { small.fill(parts); });
    QVERIFY2(has(message, "takes 274 positions") && has(message, "16 pictures of 16") && has(message, "has 200"), message.c_str());
  }
};

QTEST_GUILESS_MAIN(TestLimits)
#include "test_limits.moc"
