// The engine as a Generator, on a small random model: logits against plain loops, and everything that the interface
// promises.
#include <QTest>
#include <algorithm>
#include <cmath>
#include <thread>

#include "gpu/vulkan_generator.h"
#include "tests/base/message_of.h"
#include "tests/gpu/plain_model.h"
#include "tests/gpu/random_model.h"
#include "tests/gpu/tuned_folder.h"
#include "tests/gpu/without_device.h"

using namespace qvlm;

namespace {

const RandomWeights kInt4{4, 32, false};

std::vector<PromptPart> prompt_with_picture() {
  return {std::vector<int32_t>{1, 5, 77, 12}, random_picture(32, 9), std::vector<int32_t>{3, 99, 41, 8, 120}};
}

std::vector<float> softmax(std::span<const float> logits) {
  const float highest = *std::max_element(logits.begin(), logits.end());
  std::vector<float> p(logits.begin(), logits.end());
  float mass = 0;
  for (float& value : p) mass += value = std::exp(value - highest);
  for (float& value : p) value /= mass;
  return p;
}

double divergence(std::span<const float> expected, std::span<const float> found) {
  const auto p = softmax(expected), q = softmax(found);
  double sum = 0;
  for (size_t i = 0; i < p.size(); ++i)
    if (p[i] > 0) sum += p[i] * std::log(double(p[i]) / q[i]);
  return sum;
}

double largest_difference(std::span<const float> a, std::span<const float> b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::fabs(double(a[i]) - b[i]));
  return largest;
}

}  // namespace

class TestGenerator : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    const std::string why = without_device();
    QVERIFY2(why.empty(), why.c_str());
  }

  void logits_are_those_of_plain_loops_data() {
    QTest::addColumn<int>("bits");
    QTest::addColumn<bool>("symmetric");
    QTest::addColumn<int>("prefill_rows");
    QTest::addColumn<int>("group");
    QTest::addColumn<bool>("minimums");
    QTest::addColumn<bool>("query_key_norm");
    QTest::newRow("int4") << 4 << false << 0 << 32 << false << false;
    QTest::newRow("int4 symmetric, prefill in chunks of 6") << 4 << true << 6 << 32 << false << false;
    QTest::newRow("int8") << 8 << false << 0 << 32 << false << false;
    QTest::newRow("3 bits in 4-bit lanes") << 3 << false << 0 << 32 << false << false;
    QTest::newRow("float16") << 16 << false << 0 << 32 << false << false;
    QTest::newRow("int4 with minimums") << 4 << false << 0 << 32 << true << false;
    QTest::newRow("6 bits in groups of 16") << 6 << true << 0 << 16 << false << false;
    QTest::newRow("queries and keys normed") << 4 << false << 0 << 32 << false << true;
  }

  void logits_are_those_of_plain_loops() {
    QFETCH(int, bits);
    QFETCH(bool, symmetric);
    QFETCH(int, prefill_rows);
    QFETCH(int, group);
    QFETCH(bool, minimums);
    QFETCH(bool, query_key_norm);
    VlmConfig config = small_config();
    config.decoder.query_key_norm = query_key_norm;
    const auto model = std::make_shared<RandomModel>(config, RandomWeights{bits, group, symmetric, minimums});
    const auto generator = make_vulkan_generator(model, {.prefill_rows = prefill_rows});
    const auto parts = prompt_with_picture();
    generator->append(parts);
    const plain::Tensor expected = PlainModel(*model).logits(parts);
    QCOMPARE(generator->position(), int64_t(expected.rows));
    const std::vector<float> found = generator->last_logits(expected.rows);
    QCOMPARE(found.size(), expected.values.size());
    const size_t vocabulary = expected.columns;
    for (size_t row = 0; row < expected.rows; ++row) {
      const double kl =
          divergence({&expected.values[row * vocabulary], vocabulary}, {&found[row * vocabulary], vocabulary});
      QVERIFY2(kl <= 1e-5, qPrintable(QString("row %1: KL %2").arg(row).arg(kl)));
    }
    QVERIFY(largest_difference(found, expected.values) < 0.02);
    QVERIFY(largest_difference(generator->logits(), {&expected.values[(expected.rows - 1) * vocabulary], vocabulary}) <
            0.02);
  }

  void steps_equal_prefill() {
    const auto model = std::make_shared<RandomModel>(small_config(), kInt4);
    const auto whole = make_vulkan_generator(model), steps = make_vulkan_generator(model);
    const std::vector<int32_t> tokens{4, 8, 15, 16, 23, 42, 108, 7, 7, 1};
    append_tokens(*whole, tokens);
    for (int32_t token : tokens) append_tokens(*steps, {token});
    QVERIFY(largest_difference(whole->logits(), steps->logits()) < 1e-3);
    QCOMPARE(steps->timings().decode_tokens, int64_t(tokens.size()));
    QCOMPARE(whole->timings().prefill_tokens, int64_t(tokens.size()));
  }

  void truncation_reuses_a_prefix() {
    const auto generator = make_vulkan_generator(std::make_shared<RandomModel>(small_config(), kInt4));
    append_tokens(*generator, {1, 2, 3, 4, 5, 6});
    const std::vector<float> expected = generator->logits();
    append_tokens(*generator, {9, 9, 9, 9});
    generator->truncate(3);
    QCOMPARE(generator->position(), int64_t(3));
    QVERIFY(message_of([&] { generator->logits(); }).find("no logits") != std::string::npos);
    append_tokens(*generator, {4, 5, 6});
    QVERIFY(largest_difference(generator->logits(), expected) < 1e-3);
    QVERIFY(message_of([&] { generator->truncate(7); }) != "no error");
    generator->reset();
    QCOMPARE(generator->position(), int64_t(0));
  }

  void greedy_decoding_repeats_itself_and_sampling_is_the_core_s_data() {
    QTest::addColumn<bool>("mapped");
    QTest::newRow("logits that a CPU device's host reads in place") << true;
    QTest::newRow("by the kernel") << false;
  }
  void greedy_decoding_repeats_itself_and_sampling_is_the_core_s() {
    QFETCH(bool, mapped);
    const auto generator = make_vulkan_generator(std::make_shared<RandomModel>(small_config(), kInt4),
                                                 {.without = mapped ? FeatureSet{} : FeatureSet{Feature::MAPPED_MEMORY}});
    std::vector<int32_t> runs[2];
    for (auto& run : runs) {
      generator->reset();
      generator->append(prompt_with_picture());
      for (int i = 0; i < 12; ++i) {
        const std::vector<float> logits = generator->logits();
        const SamplingParameters warm{
            .temperature = 0.9f, .top_k = 20, .top_p = 0.9f, .repetition_penalty = 1.1f, .seed = 3};
        QCOMPARE(generator->sample(warm, run), sample_token(logits, warm, run, generator->position()));
        const int32_t token = generator->sample({}, {});
        QCOMPARE(token, sample_token(logits, {}, {}, generator->position()));
        run.push_back(token);
        append_tokens(*generator, {token});
      }
    }
    QCOMPARE(runs[0], runs[1]);
    QCOMPARE(generator->timings().cached_images, 1);  // the second run took the picture from the cache
    QCOMPARE(generator->timings().vision_seconds, 0.0);
  }

  void the_picture_is_seen() {
    const auto generator = make_vulkan_generator(std::make_shared<RandomModel>(small_config(), kInt4));
    std::vector<std::vector<float>> logits;
    for (uint32_t seed : {9u, 10u, 9u}) {
      generator->reset();
      auto parts = prompt_with_picture();
      parts[1] = random_picture(32, seed);
      generator->append(parts);
      logits.push_back(generator->logits());
    }
    QVERIFY(largest_difference(logits[0], logits[1]) > 0.01);
    QCOMPARE(logits[0], logits[2]);
  }

  void a_tower_without_a_class_token() {
    VlmConfig config = small_config();
    config.vision->class_token = false;
    config.vision->activation = Activation::GELU;
    const auto model = std::make_shared<RandomModel>(config, kInt4);
    const auto generator = make_vulkan_generator(model);
    const std::vector<PromptPart> parts{random_picture(32, 3)};
    generator->append(parts);
    QCOMPARE(generator->position(), int64_t(16));
    QVERIFY(largest_difference(generator->last_logits(16), PlainModel(*model).logits(parts).values) < 0.02);
  }

  void a_step_is_profiled() {
    const auto model = std::make_shared<RandomModel>(small_config(), kInt4);
    const auto generator = make_vulkan_generator(model, {.macs_per_segment = 60'000});
    append_tokens(*generator, {1, 2, 3});
    const StepProfile profile = profile_step(*generator, 3);
    QCOMPARE(profile.dispatches, size_t(3 * 8 + 3));
    QVERIFY(profile.submissions > 1 && profile.submissions < profile.dispatches && profile.seconds > 0);
    size_t dispatches = 0;
    double seconds = 0;
    for (const KernelTime& time : profile.kernels) {
      dispatches += time.dispatches;
      seconds += time.seconds;
      QVERIFY(time.seconds >= 0);
    }
    if (!profile.kernels.empty()) {  // the device has a clock
      QCOMPARE(dispatches, profile.dispatches);
      QVERIFY2(seconds > 0 && seconds <= 1.05 * profile.seconds, qPrintable(QString("%1 of %2 s").arg(seconds).arg(profile.seconds)));
    }
    QVERIFY(message_of([&] { generator->logits(); }).find("no logits") != std::string::npos);
    const StepProfile rows = profile_step(*generator, 1, 20);
    QCOMPARE(rows.rows, int64_t(20));
    const auto is_matmul = [](const KernelTime& t) { return t.kernel.starts_with("matmul"); };
    QVERIFY(rows.kernels.empty() || std::any_of(rows.kernels.begin(), rows.kernels.end(), is_matmul));
    QVERIFY(message_of([&] { profile_step(*generator, 1, 126); }).find("context is full") != std::string::npos);
    append_tokens(*generator, {4});  // the sequence goes on where it was
    const auto other = make_vulkan_generator(model);
    append_tokens(*other, {1, 2, 3, 4});
    QVERIFY(largest_difference(generator->logits(), other->logits()) < 1e-3);
  }

  void info_says_what_runs() {
    const auto generator =
        make_vulkan_generator(std::make_shared<RandomModel>(small_config(), RandomWeights{4, 32, true}));
    const GeneratorInfo& info = generator->info();
    QCOMPARE(info.backend, std::string("vulkan"));
    QVERIFY(!info.device.empty() && !info.driver.empty());
    QVERIFY(info.weight_bits >= 4.5 && info.weight_bits < 6);
    QVERIFY(info.weight_bytes > 0 && info.total_bytes > info.weight_bytes);
    QCOMPARE(info.activation_bits, 16);
    QVERIFY(info.activation_note.empty());
  }

  // As the plain loops round and turn what each site's linears read.
  void activations_run_as_they_are_quantized_data() {
    QTest::addColumn<int>("bits");  // of the decoder's activations; 16: not rounded
    QTest::addColumn<int>("mode");
    QTest::addColumn<int>("tower_bits");
    QTest::addColumn<int>("hadamard");
    QTest::addColumn<bool>("transforms");
    QTest::addColumn<double>("kl");  // at most: a value in the middle of two codes may take either
    QTest::addColumn<int>("codes");  // integer products: 1: by address, 2: as the device reads weights
    const int token = int(ActivationGranularity::DYNAMIC_TOKEN), group = int(ActivationGranularity::DYNAMIC_GROUP),
              tensor = int(ActivationGranularity::STATIC_TENSOR);
    QTest::newRow("A8 a token") << 8 << token << 16 << 0 << false << 1e-4 << 0;
    QTest::newRow("A6 a group") << 6 << group << 16 << 0 << false << 1e-3 << 0;
    QTest::newRow("A8 a tensor") << 8 << tensor << 16 << 0 << false << 1e-4 << 0;
    QTest::newRow("A4 a token") << 4 << token << 16 << 0 << false << 1e-2 << 0;
    QTest::newRow("tower A8") << 16 << token << 8 << 0 << false << 1e-4 << 0;
    QTest::newRow("A8, tower A4") << 8 << token << 4 << 0 << false << 1e-3 << 0;
    QTest::newRow("Hadamard whole") << 16 << token << 16 << 160 << false << 1e-5 << 0;
    QTest::newRow("A8, Hadamard in blocks") << 8 << token << 16 << 32 << false << 1e-4 << 0;
    QTest::newRow("transforms") << 16 << token << 16 << 0 << true << 1e-5 << 0;
    QTest::newRow("A8, transforms") << 8 << token << 16 << 0 << true << 1e-4 << 0;
    QTest::newRow("A8 a token, as codes") << 8 << token << 16 << 0 << false << 1e-4 << 1;
    QTest::newRow("A6 a group, as codes") << 6 << group << 16 << 0 << false << 1e-3 << 1;
    QTest::newRow("A4 a token, as codes, own variant") << 4 << token << 16 << 0 << true << 1e-2 << 2;
    QTest::newRow("A8 a tensor, as codes, own variant") << 8 << tensor << 16 << 0 << false << 1e-4 << 2;
  }

  void activations_run_as_they_are_quantized() {
    QFETCH(int, bits);
    QFETCH(int, mode);
    QFETCH(int, tower_bits);
    QFETCH(int, hadamard);
    QFETCH(bool, transforms);
    QFETCH(double, kl);
    QFETCH(int, codes);
    VlmConfig config = small_config();
    config.decoder.down_hadamard = hadamard;
    config.decoder.site_transforms = transforms;
    const auto model = std::make_shared<RandomModel>(config, kInt4);
    ActivationQuantizer quantizer{ActivationGranularity(mode), bits, 8, -3, 4, 0.95f};
    std::vector<ActivationQuantizer> activations(12, quantizer);
    activations[5].clip = 0.8f;
    if (bits < 16) model->set_activations(activations);
    if (tower_bits < 16) {
      VisionQuantizer one{.bits = tower_bits, .low = {0.9f}, .high = {1.0f}}, each = one;
      each.range = VisionRange::STATIC_POSITION;
      each.low.assign(17, -2.0f);
      each.high.assign(17, 2.5f);
      each.high[3] = 0.5f;
      model->set_vision_activations({one, each, one, each, each, one, one, each});
    }
    EngineOptions options;
    static const TunedFolder by_address(kByAddress, 2), own_variant({}, 4);
    if (codes == 1) options = {.cache_folder = by_address.path(), .without = kByAddress};
    if (codes == 2) options.cache_folder = own_variant.path();
    const auto generator = make_vulkan_generator(model, options);
    QCOMPARE(generator->info().activation_bits, bits);
    QCOMPARE(generator->info().vision_activation_bits, tower_bits);
    QVERIFY(generator->info().activation_note.empty());
    const auto parts = prompt_with_picture();
    generator->append(parts);
    const plain::Tensor expected = PlainModel(*model).logits(parts);
    const std::vector<float> found = generator->last_logits(expected.rows);
    const size_t vocabulary = expected.columns;
    double mean = 0;
    for (size_t row = 0; row < expected.rows; ++row)
      mean += divergence({&expected.values[row * vocabulary], vocabulary}, {&found[row * vocabulary], vocabulary}) / expected.rows;
    QVERIFY2(mean <= kl, qPrintable(QString("mean KL %1").arg(mean)));
    // The rounding is there: without it, the answer is another.
    if (bits == 16 && tower_bits == 16) return;
    const auto unrounded = make_vulkan_generator(model, {.activations_as_a16 = true});
    unrounded->append(parts);
    const std::vector<float> other = unrounded->last_logits(expected.rows);
    QVERIFY(largest_difference(other, expected.values) > 10 * largest_difference(found, expected.values) ||
            largest_difference(other, expected.values) > 0.05);
    // One token at a time is the same.
    const std::vector<int32_t> tokens{4, 8, 15, 16, 23};
    generator->reset();
    for (const int32_t token : tokens) append_tokens(*generator, {token});
    const plain::Tensor steps = PlainModel(*model).logits({tokens});
    QVERIFY(divergence({&steps.values[4 * vocabulary], vocabulary}, generator->logits()) <= 10 * kl);
    if (codes == 0 || !list_devices().front().integer_dot_product) return;
    const std::vector<KernelTime> kernels = profile_step(*generator, 1).kernels;
    QVERIFY(std::any_of(kernels.begin(), kernels.end(), [](const KernelTime& k) { return k.kernel == "matvec_integer" && k.dispatches == 9; }));
  }

  void what_activations_run_as_is_said() {
    const auto model = std::make_shared<RandomModel>(small_config(), kInt4);
    std::vector<ActivationQuantizer> activations(12, {ActivationGranularity::DYNAMIC_TOKEN, 6});
    model->set_activations(activations);
    QCOMPARE(make_vulkan_generator(model)->info().activation_bits, 6);
    const auto generator = make_vulkan_generator(model, {.activations_as_a16 = true});
    QCOMPARE(generator->info().activation_bits, 16);
    QCOMPARE(generator->info().activation_note, std::string("activations run as A16 (model asks for A6)"));
    activations[3].bits = 8;
    model->set_activations(activations);
    QCOMPARE(make_vulkan_generator(model)->info().activation_note, std::string("activations run as A6 to A8"));
    activations.pop_back();
    model->set_activations(activations);
    const std::string few = message_of([&] { make_vulkan_generator(model); });
    QVERIFY2(few.find("12") != std::string::npos && few.find("11") != std::string::npos, few.c_str());
    activations.push_back({ActivationGranularity::DYNAMIC_GROUP, 4, 7});  // no divisor of 160
    model->set_activations(activations);
    const std::string group = message_of([&] { append_tokens(*make_vulkan_generator(model), {1}); });
    QVERIFY2(group.find("groups of 7") != std::string::npos, group.c_str());
  }

  void what_does_not_fit_is_refused() {
    const auto model = std::make_shared<RandomModel>(small_config(), kInt4);
    const std::string memory = message_of([&] { make_vulkan_generator(model, {.memory_limit = 100'000}); });
    QVERIFY2(memory.find("too little memory") != std::string::npos && memory.find("MiB") != std::string::npos,
             memory.c_str());
    const auto generator = make_vulkan_generator(model, {.context = 8});
    QVERIFY(message_of([&] { append_tokens(*generator, std::vector<int32_t>(9, 1)); }).find("context is full") !=
            std::string::npos);
    append_tokens(*generator, std::vector<int32_t>(8, 1));
    QVERIFY(message_of([&] { append_tokens(*generator, {1}); }).find("8 positions in use") != std::string::npos);
    QVERIFY(message_of([&] { append_tokens(*generator, {131}); }).find("vocabulary") != std::string::npos);
    QVERIFY(message_of([&] { append_tokens(*generator, {}); }) != "no error");
    const PromptPart picture = random_picture(16, 1);
    generator->reset();
    QVERIFY(message_of([&] {
              make_vulkan_generator(model)->append({&picture, 1});
            }).find("vision tower") != std::string::npos);
    QVERIFY(message_of([&] { make_vulkan_generator(model, {.device = 99}); }).find("99") != std::string::npos);
  }

  void weights_that_cannot_run_are_named() {
    const auto model = std::make_shared<RandomModel>(small_config(), kInt4);
    model->values("vision.1.mlp.up.weight")[3] = 1e6f;
    QVERIFY(message_of([&] { make_vulkan_generator(model); }).find("vision.1.mlp.up.weight") != std::string::npos);
    const auto other = std::make_shared<RandomModel>(small_config(), kInt4);
    other->quantized("decoder.2.mlp.down.weight").scales[0] = 0x7e00;  // NaN
    QVERIFY(message_of([&] { make_vulkan_generator(other); }).find("decoder.2.mlp.down.weight") != std::string::npos);
    VlmConfig config = small_config();
    config.decoder.site_transforms = true;
    for (const std::string name : {"decoder.1.mlp_norm.weight", "decoder.1.transform.down.left", "vision.0.attention.output.bias"}) {
      const auto spoilt = std::make_shared<RandomModel>(config, kInt4);
      spoilt->values(name)[1] = std::nanf("");
      const std::string message = message_of([&] { make_vulkan_generator(spoilt); });
      QVERIFY2(message.find(name) != std::string::npos && message.find("finite") != std::string::npos, message.c_str());
    }
  }

  void parts_on_unlike_grids_run_side_by_side() {
    const auto model = std::make_shared<RandomModel>(small_config(), kInt4);
    for (const char* name : {"decoder.1.attention.key.weight", "decoder.2.mlp.gate.weight"}) {
      QuantizedMatrix& matrix = model->quantized(name);
      matrix.bits = 8;
      for (uint8_t& code : matrix.codes) code = static_cast<uint8_t>(code * 17);
      for (uint16_t& scale : matrix.scales) scale = to_half(from_half(scale) / 17);
      for (uint8_t& zero : matrix.zeros) zero = static_cast<uint8_t>(zero * 17);
    }
    const auto generator = make_vulkan_generator(model);
    const std::vector<PromptPart> parts{std::vector<int32_t>{1, 2, 3, 4, 5}};
    generator->append(parts);
    QVERIFY(largest_difference(generator->last_logits(5), PlainModel(*model).logits(parts).values) < 0.02);
  }

  void a_stopped_prefill_leaves_the_sequence_as_it_was() {
    const auto generator =
        make_vulkan_generator(std::make_shared<RandomModel>(small_config(), kInt4), {.macs_per_segment = 1});
    append_tokens(*generator, {1, 2, 3});
    const std::vector<float> expected = generator->logits();
    {  // Stopped from another thread at any moment: either the whole prompt was taken, or nothing of it.
      std::stop_source source;
      std::jthread other([&] { source.request_stop(); });
      const std::string message =
          message_of([&] { append_tokens(*generator, std::vector<int32_t>(50, 7), source.get_token()); });
      QVERIFY(message.empty() || message == "cancelled");
      QCOMPARE(generator->position(), int64_t(message.empty() ? 53 : 3));
      generator->truncate(3);
    }
    std::stop_source stop;
    stop.request_stop();
    QVERIFY_THROWS_EXCEPTION(Cancelled, append_tokens(*generator, std::vector<int32_t>(50, 7), stop.get_token()));
    QCOMPARE(generator->position(), int64_t(3));
    generator->truncate(2);
    append_tokens(*generator, {3});
    QVERIFY(largest_difference(generator->logits(), expected) < 1e-3);
  }

  // At each submission in turn: while the picture is encoded, in prefill, in decode, in sampling and in reading logits.
  void an_answer_goes_on_when_the_device_is_lost() {
    const auto model = std::make_shared<RandomModel>(small_config(), kInt4);
    // Memory that is not mapped: then sampling is a submission of CPU devices, too.
    const auto answer = [&](int lose_device_after, int& losses, std::vector<float>& logits) {
      const auto generator = make_vulkan_generator(model, {.without = {Feature::MAPPED_MEMORY}, .lose_device_after = lose_device_after});
      append_tokens(*generator, {9, 9, 9, 9, 9});
      generator->append(prompt_with_picture());
      generator->truncate(generator->position() - 2);
      append_tokens(*generator, {5, 6});
      std::vector<int32_t> tokens;
      for (int i = 0; i < 6; ++i) {
        tokens.push_back(generator->sample({}, {}));
        append_tokens(*generator, {tokens.back()});
      }
      logits = generator->last_logits(1);
      losses = generator->timings().device_losses;
      return tokens;
    };
    int losses = 0;
    std::vector<float> expected_logits, logits;
    const std::vector<int32_t> expected = answer(-1, losses, expected_logits);
    QCOMPARE(losses, 0);
    for (const int submission : {0, 1, 2, 3, 5, 9, 13}) {
      const std::vector<int32_t> tokens = answer(submission, losses, logits);
      QCOMPARE(losses, 1);
      QCOMPARE(tokens, expected);
      QVERIFY(largest_difference(logits, expected_logits) < 1e-3);
    }
  }

  void the_validation_layers_are_silent() {
    std::vector<std::string> messages;
    VlmConfig config = small_config();
    config.decoder.site_transforms = true;
    const auto rounded = std::make_shared<RandomModel>(config, kInt4);
    rounded->set_activations(std::vector<ActivationQuantizer>(12, {ActivationGranularity::DYNAMIC_GROUP, 6, 8}));
    rounded->set_vision_activations(std::vector<VisionQuantizer>(8, {8, VisionRange::STATIC_POSITION, std::vector<float>(17, -2), std::vector<float>(17, 2)}));
    for (const auto& model : {std::make_shared<RandomModel>(small_config(), kInt4), rounded}) {
      const auto generator = make_vulkan_generator(
          model,
          {.validation = true, .on_validation_message = [&](const std::string& m) { messages.push_back(m); }});
      generator->append(prompt_with_picture());
      for (int i = 0; i < 3; ++i) append_tokens(*generator, {generator->sample({.temperature = 1, .top_p = 0.9f}, {})});
      generator->last_logits(1);
    }
    QVERIFY2(messages.empty(), messages.empty() ? "" : messages.front().c_str());
  }
};

QTEST_GUILESS_MAIN(TestGenerator)
#include "test_generator.moc"
