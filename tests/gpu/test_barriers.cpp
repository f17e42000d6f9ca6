// The barrier checker over everything that the engine records: nothing to find as recorded, and a hazard for every
// barrier taken out.
#include <QTest>

#include "gpu/engine.h"
#include "tests/gpu/random_model.h"
#include "tests/gpu/tuned_folder.h"
#include "tests/gpu/without_device.h"

using namespace qvlm;

namespace {

void check_trace(const Trace& trace) {
  if (const auto hazard = find_hazard(trace)) QFAIL(hazard->describe(trace).c_str());
  size_t barriers = 0, dispatches = 0;
  for (size_t i = 0; i < trace.size(); ++i) {
    if (trace[i].kind == TraceStep::Kind::DISPATCH) {
      ++dispatches;
      QVERIFY(trace[i].kernel == "host" || !trace[i].writes.empty());
      continue;
    }
    ++barriers;
    Trace without = trace;
    without.erase(without.begin() + static_cast<ptrdiff_t>(i));
    QVERIFY2(find_hazard(without),
             qPrintable(QString("step %1: a barrier that nothing needs, or a hazard that is not seen").arg(i)));
  }
  QVERIFY(barriers > dispatches / 2);
}

Trace joined(const std::vector<Trace>& traces) {
  Trace all;
  for (const Trace& trace : traces) all.insert(all.end(), trace.begin(), trace.end());
  return all;
}

}  // namespace

class TestBarriers : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    const std::string why = without_device();
    QVERIFY2(why.empty(), why.c_str());
  }

  void the_checker_sees_each_kind_of_hazard() {
    const AddressRange a{100, 50}, b{149, 10}, far{200, 10};
    const auto dispatch = [](std::vector<AddressRange> reads, std::vector<AddressRange> writes) {
      return TraceStep{TraceStep::Kind::DISPATCH, "kernel", std::move(reads), std::move(writes)};
    };
    const TraceStep barrier{TraceStep::Kind::BARRIER, "", {}, {}};
    QVERIFY(find_hazard({dispatch({}, {a}), dispatch({b}, {far})}));  // read after write
    QVERIFY(find_hazard({dispatch({a}, {}), dispatch({}, {b})}));     // write after read
    QVERIFY(find_hazard({dispatch({}, {a}), dispatch({}, {b})}));     // write after write
    QVERIFY(!find_hazard({dispatch({a}, {}), dispatch({b}, {})}));    // two reads
    QVERIFY(!find_hazard({dispatch({}, {a}), dispatch({}, {far})}));  // apart
    QVERIFY(!find_hazard({dispatch({}, {a}), barrier, dispatch({b}, {})}));
    QVERIFY(find_hazard({dispatch({}, {a}), dispatch({}, {far}), dispatch({b}, {})}));  // not only neighbours
  }

  void every_barrier_is_needed_and_none_is_missing() {
    const RandomModel model(small_config(), RandomWeights{4, 32, false});
    Engine engine(model, {});
    Decoder& d = engine.decoder();
    // A picture, a prompt, and two tokens of an answer, in the order that they are submitted.
    check_trace(engine.vision()->trace());
    check_trace(joined({d.prefill_trace(21), d.sample_trace(), d.decode_trace(), d.sample_trace(), d.decode_trace(),
                        d.logits_trace()}));
    const size_t layers = static_cast<size_t>(model.config().decoder.layers);
    QCOMPARE(d.decode_dispatches(), layers * 8 + 3);
  }

  // With inputs that are turned and rounded on the way, in the decoder and the tower.
  void site_inputs_need_their_barriers() {
    VlmConfig config = small_config();
    config.decoder.site_transforms = true;
    RandomModel model(config, RandomWeights{4, 32, false});
    model.set_activations(std::vector<ActivationQuantizer>(12, {ActivationGranularity::DYNAMIC_TOKEN, 4}));
    model.set_vision_activations(std::vector<VisionQuantizer>(8, {.bits = 8, .low = {1}, .high = {1}}));
    Engine engine(model, {});
    Decoder& d = engine.decoder();
    check_trace(engine.vision()->trace());
    check_trace(joined({d.prefill_trace(21), d.sample_trace(), d.decode_trace(), d.logits_trace()}));
    QCOMPARE(d.decode_dispatches(), static_cast<size_t>(config.decoder.layers) * (8 + 4 * 3) + 3);
    // Without transforms, norms round by themselves.
    RandomModel plain(small_config(), RandomWeights{4, 32, false});
    plain.set_activations(std::vector<ActivationQuantizer>(12, {ActivationGranularity::DYNAMIC_TOKEN, 4}));
    Engine rounding(plain, {});
    Decoder& r = rounding.decoder();
    check_trace(joined({r.prefill_trace(21), r.sample_trace(), r.decode_trace(), r.logits_trace()}));
    QCOMPARE(rounding.decoder().decode_dispatches(), static_cast<size_t>(config.decoder.layers) * (8 + 2) + 3);
  }

  // Copies of layers beside the kernels that read the layer before.
  void streamed_layers_need_their_barriers() {
    VlmConfig config = small_config();
    config.decoder.layers = 7;
    const RandomModel model(config, RandomWeights{8, 32, false});
    uint64_t total = 0;
    {
      Engine resident(model, {});
      total = resident.gpu().memory().allocated_bytes();
    }
    size_t streamed = 0;
    for (uint64_t share = 31; share > 0 && streamed < 3; --share) {
      try {
        Engine engine(model, {.memory_limit = static_cast<int64_t>(total * share / 32)});
        Decoder& d = engine.decoder();
        if (d.streamed_layers() <= streamed) continue;
        streamed = d.streamed_layers();
        check_trace(joined({d.prefill_trace(21), d.sample_trace(), d.decode_trace(), d.sample_trace(), d.decode_trace(), d.logits_trace()}));
      } catch (const Error&) {
        break;
      }
    }
    QVERIFY(streamed > 0);
  }

  void an_8_bit_cache_needs_its_barriers() {
    const RandomModel model(small_config(), RandomWeights{4, 32, false});
    Engine engine(model, {.kv_bits = 8});
    Decoder& d = engine.decoder();
    check_trace(joined({d.prefill_trace(21), d.sample_trace(), d.decode_trace(), d.sample_trace(), d.decode_trace(), d.logits_trace()}));
    QCOMPARE(d.decode_dispatches(), size_t(3 * 8 + 3));
  }

  // Rounded inputs written as codes, keys in ranges.
  void codes_and_ranges_need_their_barriers() {
    const TunedFolder tuned(kByAddress, 4);
    for (const auto granularity : {ActivationGranularity::DYNAMIC_TOKEN, ActivationGranularity::DYNAMIC_GROUP}) {
      RandomModel model(small_config(), RandomWeights{4, 32, false});
      model.set_activations(std::vector<ActivationQuantizer>(12, {granularity, 4, 8}));
      Engine engine(model, {.cache_folder = tuned.path(), .without = kByAddress});
      Decoder& d = engine.decoder();
      const Trace& step = d.decode_trace();
      check_trace(joined({d.prefill_trace(21), d.sample_trace(), step, d.sample_trace(), step, d.logits_trace()}));
      const bool own_kernel = granularity == ActivationGranularity::DYNAMIC_GROUP;  // behind a norm too
      QCOMPARE(d.decode_dispatches(), size_t(3 * (8 + (own_kernel ? 4 : 2) + 1) + 3));
      const auto runs = [&](const std::string& kernel) {
        return static_cast<int>(std::count_if(step.begin(), step.end(), [&](const TraceStep& s) { return s.kernel.starts_with(kernel); }));
      };
      QCOMPARE(runs("attention_join"), 3);
      if (engine.gpu().profile().info.integer_dot_product) QCOMPARE(runs("matvec_integer"), 3 * 4);
    }
  }

  void a_missing_barrier_is_seen_across_submissions() {
    const RandomModel model(small_config(), RandomWeights{4, 32, false});
    Engine engine(model, {.macs_per_segment = 1});  // every dispatch its own submission
    check_trace(joined({engine.decoder().decode_trace(), engine.decoder().sample_trace()}));
  }
};

QTEST_GUILESS_MAIN(TestBarriers)
#include "test_barriers.moc"
