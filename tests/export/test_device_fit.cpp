// Memory and bandwidth: the sums of small models by hand.
#include <QTemporaryDir>
#include <QtTest>

#include "core/export/device_fit.h"
#include "tests/export/tiny_qvlm.h"

using namespace qvlm;

class TestDeviceFit : public QObject {
  Q_OBJECT

  static FitModel decoder() {
    FitModel model;
    model.config.decoder = {.hidden = 8, .ffn = 32, .layers = 2, .heads = 2, .kv_heads = 1, .head_dim = 4, .vocabulary = 10, .context_length = 1000};
    model.weight_bytes = 1000;
    model.step_bytes = 800;
    return model;
  }

 private slots:
  void memory_is_weights_and_cache_and_buffers() {
    const FitMemory memory = fit_memory(decoder(), 100);
    QCOMPARE(memory.weights, int64_t{1000});
    QCOMPARE(memory.kv_cache, int64_t{2 * 2 * 2 * 4 * 100});  // keys and values, two bytes, two layers, four channels
    QCOMPARE(memory.working, int64_t{4 * (100 * 8 + 100 * (16 + 16 + 8 + 32) + 40)});
    // Rows of prefill are bounded, the cache is not.
    QCOMPARE(fit_memory(decoder(), 1000).working - fit_memory(decoder(), 600).working, int64_t{4 * 400 * 8});
  }

  void speed_is_bandwidth_over_bytes_read() {
    const Fit one = fit(decoder(), {"device", 1, 1, 8e-6}, 100, 0.5);  // 8000 bytes a second, half of them reached
    QCOMPARE(one.empty_tokens_per_second, 5.0);
    QCOMPARE(one.full_tokens_per_second, 4000.0 / (800 + 3200));
    QVERIFY(one.fits && one.longest_context == 1000);
  }

  void the_longest_context_is_the_last_that_fits() {
    const double gib = 1024.0 * 1024 * 1024;
    const FitModel model = decoder();
    const Fit exact = fit(model, {"device", static_cast<double>(fit_memory(model, 321).total()) / gib, 1, 1}, 400, 1);
    QVERIFY(!exact.fits);
    QCOMPARE(exact.longest_context, int64_t{321});
    QCOMPARE(fit(model, {"device", 900 / gib, 1, 1}, 1, 1).longest_context, int64_t{0});
    QVERIFY_THROWS_EXCEPTION(UsageError, fit(model, {"device", 1, 1, 1}, 1001, 1));
    QVERIFY_THROWS_EXCEPTION(UsageError, fit(model, {"device", 1, 1, 1}, 1, 1.5));
  }

  void own_entries_are_read() {
    const FitDevice device = parse_fit_device("My: board:16:68.5");
    QCOMPARE(device.name, std::string("My: board"));
    QVERIFY(device.memory_gib == 16 && device.bandwidth_gbps == 68.5);
    for (const char* bad : {"", "board", "board:16", ":16:60", "board:x:60", "board:16:-1", "board:0:60", "board:16:60GB", "board:1e9:60"})
      QVERIFY2(QString::fromStdString(message_of([&] { parse_fit_device(bad); })).contains("NAME:GIB:GBPS"), bad);
  }

  void a_models_bytes_are_those_of_its_file() {
    QTemporaryDir folder;
    const std::filesystem::path path = folder.path().toStdString();
    const auto model = open_model(tiny::make_qvlm(path / "source", path / "a.qvlm", {.symmetric = false}));
    const FitModel found = fit_model(*model);
    QCOMPARE(found.weight_bytes, model->stored_bytes());
    int64_t outside = 0;  // of a decoded token
    for (const std::string& name : model->names())
      if (!name.starts_with("decoder.") || name == "decoder.embedding.weight")
        outside += static_cast<int64_t>(std::get<TensorView>(model->load(name)).bytes.size());
    QCOMPARE(found.step_bytes, found.weight_bytes - outside);
    QVERIFY(known_fit_devices().size() >= 8);
  }
};

QTEST_GUILESS_MAIN(TestDeviceFit)
#include "test_device_fit.moc"
