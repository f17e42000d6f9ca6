// Matrix units: which shape is chosen, that the kernel on them is right, runs where it was chosen and nowhere else. What needs a device that
// has them is skipped, with the reason, where there is none.
#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <cmath>

#include "gpu/cooperative_matrix.h"
#include "gpu/device_profile.h"
#include "gpu/self_test.h"
#include "gpu/vulkan_generator.h"
#include "tests/gpu/plain_model.h"
#include "tests/gpu/random_model.h"
#include "tests/gpu/without_device.h"

using namespace qvlm;

namespace {

const FeatureSet kByAddress{Feature::TEXEL_BUFFERS};  // matrix units read no texel buffers

// Why the first device has no such kernel; empty: it has.
QString without_matrix_units() {
  const GpuContext gpu({.without = kByAddress});
  const DeviceInfo& info = gpu.profile().info;
  if (gpu.profile().cooperative.m > 0) return {};
  return QString::fromStdString(info.name + " (" + info.driver + "): " +
                                (info.cooperative_matrix ? info.cooperative_unused : "it has no VK_KHR_cooperative_matrix"));
}

std::string text(const SelfTestLine& line) {
  return line.kernel + " " + line.shape + ": error " + std::to_string(line.largest_error) + " " + line.message;
}

}  // namespace

class TestCooperative : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    const std::string why = without_device();
    QVERIFY2(why.empty(), why.c_str());
  }

  void the_largest_shape_that_fits_is_chosen() {
    const auto chosen = [](std::vector<CooperativeShape> shapes) { return choose_shape(shapes); };
    QCOMPARE(chosen({}), CooperativeShape());
    QCOMPARE(chosen({{16, 8, 8}, {16, 16, 16}, {16, 8, 16}}), (CooperativeShape{16, 16, 16}));  // as NVIDIA has them
    QCOMPARE(chosen({{8, 8, 16}, {8, 8, 32}}), (CooperativeShape{8, 8, 32}));
    QCOMPARE(chosen({{8, 16, 16}}), (CooperativeShape{8, 16, 16}));
    // Not in 16 tokens, 16 rows or 32 columns a whole number of times.
    for (const CooperativeShape& s :
         {CooperativeShape{16, 32, 16}, {32, 16, 16}, {12, 8, 8}, {16, 16, 64}, {16, 16, 12}, {0, 8, 8}, {8, 0, 8}, {8, 8, 0}, {8, 2, 8}})
      QCOMPARE(chosen({s}), CooperativeShape());
    QCOMPARE(to_string(CooperativeShape{16, 8, 4}), std::string("16 x 8 x 4"));
  }

  void tiles_fit_the_device() {
    const auto count = [](uint32_t subgroup, uint32_t shared, uint32_t threads) {
      DeviceProfile profile;
      profile.cooperative_subgroup = subgroup;
      profile.max_shared_bytes = shared;
      profile.max_workgroup_threads = threads;
      return cooperative_variants(profile, {16, 16, 16}).size();
    };
    QCOMPARE(count(32, 49152, 1024), size_t(4));
    QCOMPARE(count(32, 32768, 1024), size_t(3));  // of shared memory
    QCOMPARE(count(32, 49152, 128), size_t(3));   // of threads
    QCOMPARE(count(16, 49152, 1024), size_t(2));  // of registers, as the lanes are fewer
    QCOMPARE(count(8, 49152, 1024), size_t(1));
    QCOMPARE(count(4, 49152, 1024), size_t(0));
    QCOMPARE(count(32, 16384, 1024), size_t(0));
  }

  void every_product_is_right() {
    if (const QString why = without_matrix_units(); !why.isEmpty()) QSKIP(qPrintable(why));
    GpuContext gpu({.without = kByAddress});
    const auto lines = test_cooperative(gpu, false);
    QVERIFY(lines.size() > 10);
    for (const SelfTestLine& line : lines) {
      if (qEnvironmentVariableIsSet("QVLM_VERBOSE")) qInfo("%s", text(line).c_str());
      QVERIFY2(line.passed, text(line).c_str());
    }
  }

  void it_is_listed_and_can_be_switched_off() {
    if (const QString why = without_matrix_units(); !why.isEmpty()) QSKIP(qPrintable(why));
    const auto has = [](const FeatureSet& without) {
      const GpuContext gpu({.without = without});
      const auto all = variants({WeightFormat::INT4, false, 2}, gpu.profile());
      return std::any_of(all.begin(), all.end(), [](const Variant& v) { return v.cooperative; });
    };
    QVERIFY(has(kByAddress));
    for (const Feature feature : {Feature::COOPERATIVE_MATRIX, Feature::FLOAT16, Feature::SUBGROUP_SIZE_CONTROL})
      QVERIFY(!has({Feature::TEXEL_BUFFERS, feature}));
    const GpuContext gpu({.without = kByAddress});
    QVERIFY(!gpu.profile().info.cooperative_shapes.empty() && gpu.profile().info.cooperative_unused.empty());
  }

  // A prompt with a picture by a tuning file that chose it, under the validation layers.
  void a_model_runs_on_it() {
    if (const QString why = without_matrix_units(); !why.isEmpty()) QSKIP(qPrintable(why));
    const QTemporaryDir folder;
    const std::filesystem::path place = folder.path().toStdString();
    {
      const GpuContext gpu({.without = kByAddress});
      Tuning tuning;
      for (const WeightFormat format : {WeightFormat::INT4, WeightFormat::INT8, WeightFormat::F16})
        for (int size = 0; size <= 2; ++size) tuning.choose({format, false, size}, {variants({format, false, size}, gpu.profile()).back(), 2});
      tuning.save(place, gpu.profile());
      const Tuning back = Tuning::load(place, gpu.profile());
      for (const auto& [product, choice] : tuning.choices()) QCOMPARE(back.choices().at(product).variant, choice.variant);
    }
    const auto model = std::make_shared<RandomModel>(small_config(), RandomWeights{4, 32, false});
    const std::vector<PromptPart> prompt{std::vector<int32_t>{1, 5, 77, 12}, random_picture(32, 9), std::vector<int32_t>{3, 99, 41, 8, 120}};
    std::vector<std::string> messages;
    EngineOptions options{.cache_folder = place, .without = kByAddress,
                          .on_validation_message = [&](const std::string& m) { messages.push_back(m); }};
    const auto logits = [&] {
      const auto generator = make_vulkan_generator(model, options);
      generator->append(prompt);
      return generator->last_logits(25);
    };
    options.validation = true;
    const std::vector<float> found = logits(), expected = PlainModel(*model).logits(prompt).values;
    QVERIFY2(messages.empty(), messages.empty() ? "" : messages.front().c_str());
    QCOMPARE(found.size(), expected.size());
    double difference = 0;
    for (size_t i = 0; i < found.size(); ++i) difference = std::max(difference, std::fabs(double(found[i]) - expected[i]));
    QVERIFY2(difference < 0.05, std::to_string(difference).c_str());
    options.without.add(Feature::COOPERATIVE_MATRIX);
    QVERIFY(logits() != found);  // so it did run
  }
};

QTEST_GUILESS_MAIN(TestCooperative)
#include "test_cooperative.moc"
