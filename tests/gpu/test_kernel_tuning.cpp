// What a tuning run chooses is kept for its device and driver, is what runs, and is left alone where anything does not fit.
#include <QTemporaryDir>
#include <QTest>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "core/base/atomic_file.h"
#include "gpu/devices.h"
#include "gpu/gpu_context.h"
#include "tests/gpu/without_device.h"

using namespace qvlm;
namespace fs = std::filesystem;

class TestTuning : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    const std::string why = without_device();
    QVERIFY2(why.empty(), why.c_str());
  }

  void products_fall_into_classes() {
    QCOMPARE(product_class(WeightFormat::INT4, 2048, 2048, 1).size, 1);
    QCOMPARE(product_class(WeightFormat::INT4, 5632, 2048, 1).size, 2);
    QVERIFY(!product_class(WeightFormat::INT8, 96, 96, 64).vector);
    QCOMPARE(to_string(product_class(WeightFormat::F16, 2048, 2048, 512)), std::string("float16 matrix x matrix, large"));
    QVERIFY(product_class(WeightFormat::INT8, 96, 96, 1, true).codes);
    QVERIFY(!product_class(WeightFormat::F16, 96, 96, 1, true).codes);  // float16 weights read the values
    QCOMPARE(attention_class(512, 15).keys, 0);
    QCOMPARE(attention_class(513, 15).keys, 1);
    QCOMPARE(attention_class(2048, 16).keys, 1);
    QCOMPARE(attention_class(9000, 16).keys, 2);
    QCOMPARE(to_string(attention_class(600, 16)), std::string("attention over 513 to 2048 keys, 16 heads or more"));
    QCOMPARE(to_string(attention_class(9000, 3)), std::string("attention over 2049 and more keys, fewer than 16 heads"));
  }

  // Where the device says that it is quick, untuned; else only where it was measured so; never without the feature or for values alone.
  void integer_products_are_a_variant() {
    GpuContext gpu({.without = {Feature::TEXEL_BUFFERS}});
    DeviceProfile profile = gpu.profile();
    profile.info.integer_dot_product = true;
    for (const uint32_t tokens : {1u, 64u}) {
      const ProductClass product = product_class(WeightFormat::INT4, 256, 256, tokens, true);
      const ProductClass values = product_class(WeightFormat::INT4, 256, 256, tokens);
      profile.integer_dot_quick = false;
      QVERIFY(!variants(product, profile).front().integer_dot && variants(product, profile).back().integer_dot);
      profile.integer_dot_quick = true;
      QVERIFY(variants(product, profile).front().integer_dot);
      for (const Variant& v : variants(values, profile)) QVERIFY(!v.integer_dot);
      PackedLayout layout{.format = WeightFormat::INT4, .rows = 256, .columns = 256};
      QVERIFY(Kernels(profile).runs_on_codes(layout, tokens, 8) && Kernels(profile).has_integer_products());
      DeviceProfile texels = profile;
      texels.texel_buffers = true;  // whole steps alone
      QVERIFY(Kernels(texels).runs_on_codes(layout, tokens, 64) && !Kernels(texels).runs_on_codes(layout, tokens, 8));
      layout.format = WeightFormat::F16;
      QVERIFY(!Kernels(profile).runs_on_codes(layout, tokens, 256));
    }
    GpuContext without({.without = {Feature::TEXEL_BUFFERS, Feature::INTEGER_DOT_PRODUCT}});
    for (const Variant& v : variants({WeightFormat::INT4, true, 0, true}, without.profile())) QVERIFY(!v.integer_dot);
    QVERIFY(!without.kernels().has_integer_products());
  }

  void keys_are_cut_as_was_chosen() {
    GpuContext gpu({});
    QCOMPARE(gpu.kernels().key_ranges(3000, 32), key_ranges(attention_class(3000, 32), gpu.profile()).front());
    DeviceProfile cpu = gpu.profile(), other = gpu.profile();
    cpu.cpu = true;
    other.cpu = false;
    QCOMPARE(Kernels(cpu).key_ranges(3000, 32), 1u);
    QVERIFY(Kernels(other).key_ranges(3000, 32) > 1);
    Tuning tuning;
    tuning.choose(attention_class(3000, 32), {4, 1.5});
    QCOMPARE(Kernels(cpu, tuning).key_ranges(3000, 32), 4u);
    QCOMPARE(Kernels(cpu, tuning).key_ranges(3000, 8), 1u);
    QCOMPARE(Kernels(cpu, tuning).key_ranges(300, 32), 1u);
  }

  void what_is_chosen_runs() {
    GpuContext gpu({});
    for (const uint32_t tokens : {1u, 64u}) {
      const ProductClass product = product_class(WeightFormat::F16, 256, 256, tokens);
      const auto all = variants(product, gpu.profile());
      QVERIFY(all.size() > 1);
      Tuning tuning;
      QCOMPARE(tuning.variant_for(product, gpu.profile()), all.front());
      tuning.choose(product, {all.back(), 1.5});
      DeviceMatrix w;
      w.layout = {.rows = 256, .columns = 256, .outputs = 256, .steps = 8, .interleave = gpu.kernels().row_interleave()};
      w.codes = gpu.memory().allocate(256 * 512, Intent::CODES);
      const DeviceTensor x = gpu.new_tensor(tokens, 256), y = gpu.new_tensor(tokens, 256);
      const Dispatch untuned = gpu.kernels().matrix(w, x, y), tuned = Kernels(gpu.profile(), tuning).matrix(w, x, y);
      QVERIFY(untuned.pipeline != tuned.pipeline);
      if (gpu.profile().texel_buffers) QCOMPARE(tuned.pipeline.constants[3], all.back().rows);
    }
  }

  void choices_come_back() {
    const QTemporaryDir folder;
    const fs::path place = fs::path(folder.path().toStdString()) / "deep" / "qvlm";
    GpuContext gpu({});
    QVERIFY(Tuning::load(place, gpu.profile()).choices().empty());
    const ProductClass product{WeightFormat::INT4, false, 2};
    const Variant last = variants(product, gpu.profile()).back();
    Tuning tuning;
    tuning.choose(product, {last, 1.25});
    tuning.choose(AttentionClass{2, true}, {4, 1.75});
    tuning.save(place, gpu.profile());
    const Tuning back = Tuning::load(place, gpu.profile());
    QCOMPARE(back.choices().size(), size_t(1));
    QCOMPARE(back.ranges().size(), size_t(1));
    QCOMPARE(back.ranges_for({2, true}, gpu.profile()), 4u);
    QCOMPARE(back.ranges().at({2, true}).gain, 1.75);
    QCOMPARE(back.choices().at(product).variant, last);
    QCOMPARE(back.choices().at(product).gain, 1.25);
  }

  void what_does_not_fit_is_left_alone() {
    const QTemporaryDir folder;
    const fs::path place = folder.path().toStdString();
    GpuContext gpu({});
    Tuning tuning;
    tuning.choose({WeightFormat::INT4, false, 2}, {variants({WeightFormat::INT4, false, 2}, gpu.profile()).back(), 2});
    tuning.choose(AttentionClass{1, false}, {2, 1.5});
    tuning.save(place, gpu.profile());
    const fs::path file = Tuning::file_in(place, gpu.profile());
    std::ifstream stream(file);
    const std::string good(std::istreambuf_iterator<char>(stream), {});
    // A newer driver looks elsewhere, and does not take the old one's file for its own.
    DeviceProfile newer = gpu.profile();
    newer.driver_version += 1;
    QVERIFY(Tuning::file_in(place, newer) != file);
    write_file(Tuning::file_in(place, newer), good);
    QVERIFY(Tuning::load(place, newer).choices().empty());
    const auto changed = [&](const char* field, const nlohmann::json& value, const char* list = "choices") {
      auto json = nlohmann::ordered_json::parse(good);
      json[list][0][field] = value;
      return json.dump();
    };
    for (const std::string& bad : {std::string(), std::string("rubbish"), good.substr(0, good.size() / 2), std::string("[]"), changed("rows", 3),
                                   changed("rows", -1), changed("rows", "8"), changed("format", 17), changed("size", 3), changed("tokens", 4096),
                                   changed("integer_dot", true), changed("ranges", 3, "attention"), changed("ranges", "2", "attention"),
                                   changed("keys", 3, "attention"), changed("keys", -1, "attention"), std::string(2 << 20, ' ')}) {
      write_file(file, bad);
      QVERIFY(Tuning::load(place, gpu.profile()).choices().empty());
      QVERIFY(Tuning::load(place, gpu.profile()).ranges().empty());
    }
    write_file(file, good);
    QCOMPARE(Tuning::load(place, gpu.profile()).choices().size(), size_t(1));
  }

  void a_run_measures_and_keeps() {
    const QTemporaryDir folder;
    const fs::path place = folder.path().toStdString();
    const TuningReport report = tune(-1, {}, place, 2, 0);
    const size_t of_codes = report.device.integer_dot_product ? 4 : 0;  // int4 and int8
    QCOMPARE(report.lines.size(), 6 + of_codes + 2);  // three formats, to a vector and to a matrix; attention with few heads and with many
    QVERIFY(fs::exists(report.file));
    for (const TuningLine& line : report.lines) QVERIFY(line.gain >= 1 && line.gain < 100 && !line.chosen.empty());
    GpuContext gpu({});
    QCOMPARE(Tuning::load(place, gpu.profile()).choices().size(), 6 + of_codes);
    QCOMPARE(Tuning::load(place, gpu.profile()).ranges().size(), size_t(2));
    QVERIFY_THROWS_EXCEPTION(std::exception, tune(-1, {}, report.file / "below", 1, 0));
  }
};

QTEST_GUILESS_MAIN(TestTuning)
#include "test_kernel_tuning.moc"
