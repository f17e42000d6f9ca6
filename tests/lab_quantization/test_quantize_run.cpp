// Whole runs on a tiny random LLaVA: every activation mode, determinism, resumption, edits while running, and what is refused.
#include <QtTest>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "core/model/gguf.h"
#include "core/model/safetensors.h"
#include "core/run/report.h"
#include "core/run/reuse.h"
#include "tests/lab_quantization/run_fixture.h"

using namespace qvlm;

class TestQuantizeRun : public QObject, RunFixture {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() { make_model(); }

  void runs_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("recipe");
    QTest::newRow("W4A16 joint") << "a16" << "{}";
    QTest::newRow("W4A16 AWQ") << "awq" << R"({"weight_method": "awq"})";
    QTest::newRow("W4A16 layer-wise") << "layerwise" << R"({"search": "layerwise"})";
    QTest::newRow("W4A16 no search") << "none" << R"({"search": "none"})";
    QTest::newRow("W4A4 a token") << "a4" << R"({"activation_bits": 4})";
    QTest::newRow("W4A8 a group") << "a8" << R"({"activation_bits": 8, "activation_mode": "dynamic-group"})";
    QTest::newRow("W3A6 static") << "a6" << R"({"weight_bits": 3, "activation_bits": 6, "activation_mode": "static-tensor"})";
    QTest::newRow("W3A16 GPTQ") << "gptq" << R"({"weight_bits": 3, "weight_method": "gptq"})";
    QTest::newRow("W3A4 GPTAQ") << "gptaq" << R"({"weight_bits": 3, "weight_method": "gptaq", "activation_bits": 4})";
    QTest::newRow("W4A4 GPTAQ, validated, tokens relative")
        << "relative" << R"({"weight_method": "gptaq", "gptaq_validated": true, "token_weighting": "relative", "activation_bits": 4})";
    QTest::newRow("W3A16 opt-RTN") << "opt-rtn" << R"({"weight_bits": 3, "weight_method": "opt-rtn"})";
    QTest::newRow("NF4") << "nf4" << R"({"weight_method": "nf4", "search": "none"})";
    QTest::newRow("GPTQ and a residual") << "residual" << R"({"weight_bits": 3, "weight_method": "gptq", "residual_rank": 4, "search": "none"})";
    QTest::newRow("W8A8 SmoothQuant") << "smooth" << R"({"weight_bits": 8, "weight_group": 0, "weight_symmetric": true, "activation_bits": 8, "weight_method": "smoothquant"})";
    QTest::newRow("AutoRound") << "autoround" << R"({"weight_method": "autoround", "autoround_iterations": 4, "search": "none"})";
    QTest::newRow("AWQ, duo, by modality") << "duo" << R"({"weight_method": "awq", "awq_duo": true, "awq_clip": false, "token_weighting": "modality", "search": "none"})";
    QTest::newRow("W4A4 AWQ symmetric") << "symmetric" << R"({"weight_symmetric": true, "weight_method": "awq", "activation_bits": 4})";
    QTest::newRow("W4A4 rotated") << "rotated" << R"({"rotation": "r1r2r4", "activation_bits": 4})";
    QTest::newRow("W4A4 learned") << "learned" << R"({"transform": "learned", "transform_epochs": 2, "rotation": "r1r2", "activation_bits": 4})";
    QTest::newRow("W4A4 learned, along axes")
        << "principal" << R"({"transform": "learned", "transform_epochs": 2, "rotation": "principal", "weight_method": "gptaq", "gptaq_validated": true, "activation_bits": 4, "search": "none"})";
    QTest::newRow("W3A4 learned, GPTAQ, static") << "learned_gptaq"
                                                 << R"({"transform": "learned", "transform_epochs": 2, "weight_method": "gptaq", "activation_bits": 4, "activation_mode": "static-tensor", "search": "none"})";
    QTest::newRow("W4A16 AWQ rotated") << "awq_rotated" << R"({"rotation": "r1r2r4", "weight_method": "awq"})";
  }
  void runs() {
    QFETCH(QString, name);
    QFETCH(QString, recipe);
    const Recipe wanted = small_recipe(recipe.toStdString());
    const auto r = request(qPrintable(name + ".qvlm"), wanted);
    const RunState state = run(r);

    QCOMPARE(state.status, RunStatus::FINISHED);
    QCOMPARE(state.layers_done(), tiny_vlm::kLayers);
    validate(state.partition, 8, "run");
    const RunReport report = make_report(state);
    for (const BlockReport& block : report.blocks) {
      QVERIFY(block.joint_error <= block.layerwise_error);
      QVERIFY(block.joint_error <= block.unclipped_error);
      QVERIFY2(block.joint_error > 0 && block.joint_error < 1, qPrintable(QString::number(block.joint_error)));
      QVERIFY(block.entropy > 0 && block.entropy < 1);
    }
    if (wanted.search == SearchMode::LAYERWISE) QCOMPARE(report.depth_histogram[1], 8);
    if (wanted.search == SearchMode::JOINT) QVERIFY(report.depth_histogram[2] + report.depth_histogram[3] > 0);

    // The folder, and what its journal says of it.
    for (const char* file : {"model.gguf", "vision.gguf", "recipe.json", "journal.jsonl", "report.json", "tokenizer.json"}) QVERIFY(fs::exists(r.output / file));
    QVERIFY(!fs::exists(r.output / "work"));
    QVERIFY(!fs::exists(partial_of(r.output)));
    QCOMPARE(read_run(r.output).status, RunStatus::FINISHED);

    const auto opened = open_model(r.output);
    QCOMPARE(opened->activations().size(), wanted.activation_bits < 16 ? size_t{8} : size_t{0});
    if (wanted.activation_bits < 16) {
      for (int site = 0; site < 8; ++site) {
        const ActivationQuantizer& q = opened->activations()[static_cast<size_t>(site)];
        QCOMPARE(q.bits, wanted.activation_bits);
        const int block = state.partition.block_of(site);
        const BlockSearched* result = state.result_of(block);
        const float chosen = result->joint_parameters[static_cast<size_t>(site - result->first_site)];
        if (wanted.activation_mode == ActivationMode::STATIC_TENSOR) {
          QVERIFY(q.low < q.high);
        } else {
          // Learned clips stand beside what the search chose.
          if (wanted.transform == TransformMode::LEARNED) QVERIFY(q.clip < chosen && q.clip > 0.5f * chosen);
          else QCOMPARE(q.clip, chosen);
        }
      }
    }
    const Weight weight = opened->load("decoder.1.mlp.down.weight");
    const auto* matrix = std::get_if<QuantizedMatrix>(&weight);
    QVERIFY(matrix != nullptr);
    QCOMPARE(matrix->bits, wanted.weight_bits);
    QCOMPARE(matrix->columns, tiny_vlm::kFfn);
    const bool plain = wanted.weight_method != WeightMethod::NF4 && wanted.residual_rank == 0;
    if (wanted.weight_bits == 4 && plain) QCOMPARE(opened->stored_bits(), wanted.weight_symmetric ? 4.5 : 4.75);
    QCOMPARE(matrix->codebook.empty(), wanted.weight_method != WeightMethod::NF4);
    QCOMPARE(matrix->residual.rank, int64_t{wanted.residual_rank});
    double bits = 0, weights = 0;
    for (const std::string& name : opened->names()) {
      const Weight one = opened->load(name);
      const auto* quantized = std::get_if<QuantizedMatrix>(&one);
      if (quantized == nullptr) continue;
      bits += quantized->bits_per_weight() * static_cast<double>(quantized->codes.size());
      weights += static_cast<double>(quantized->codes.size());
    }
    QVERIFY(std::abs(bits / weights - opened->stored_bits()) < 1e-9);
    QCOMPARE(state.notices.size(), wanted.token_weighting == TokenWeighting::MODALITY ? size_t{1} : size_t{0});
    QCOMPARE(opened->stored_bits(), report.stored_bits);
  }

  // The quantized model says which online transform it needs, and answers as it was calibrated.
  void aRotatedModelSaysSo() {
    const auto opened = open_model(path("rotated.qvlm"));
    QCOMPARE(opened->config().decoder.down_hadamard, 96);
    QCOMPARE(opened->config().decoder.tied_head, false);
    const GgufFile file(path("rotated.qvlm") / "model.gguf");
    QCOMPARE(file.text("qvlm.rotation"), std::string("r1r2r4: norm gains folded; R1 64 whole; R2 16 whole; R4 (online) 96 whole"));
    QCOMPARE(file.text("qvlm.source"), model_->fingerprint());
    QCOMPARE(file.text("general.architecture"), std::string("qvlm"));  // other readers refuse it
    QVERIFY(bytes_of(path("rotated.qvlm") / "vision.gguf") != bytes_of(path("a4.qvlm") / "vision.gguf"));
    QCOMPARE(read_run(path("rotated.qvlm")).started.model_fingerprint, model_->fingerprint());
  }

  // What the search left on the calibration set is what the folder gives: its layers' transforms among it.
  void aLearnedModelSaysSo() {
    const std::shared_ptr<const Model> opened = open_model(path("learned.qvlm"));
    QVERIFY(opened->config().decoder.site_transforms);
    QVERIFY(opened->has("decoder.1.transform.down.left"));
    QCOMPARE(GgufFile(path("learned.qvlm") / "model.gguf").text("general.architecture"), std::string("qvlm"));
    QVERIFY(!model_->config().decoder.site_transforms);
    const auto error_of = [&](const char* name) { return make_report(read_run(path(name))).mean_layer_error; };
    QVERIFY2(error_of("learned.qvlm") < error_of("a4.qvlm"), qPrintable(QString("%1 %2").arg(error_of("learned.qvlm")).arg(error_of("a4.qvlm"))));
    QuantizeRequest again = request("x.qvlm", small_recipe());
    again.model = opened;
    verify_refused([&] { run(again); }, "quantized already");
  }

  void jointIsBetterSomewhere() {
    const RunReport report = make_report(read_run(path("a4.qvlm")));
    qInfo("W4A4: %d of %zu blocks strictly better, mean gain %.2f %%", report.blocks_strictly_better, report.blocks.size(), 100 * report.mean_gain);
    QVERIFY(report.blocks_strictly_better > 0);
    QVERIFY(report.mean_gain > 0);
  }

  void sameBytesAgain() {
    const Recipe recipe = read_recipe(path("a4.qvlm") / "recipe.json");
    run(request("again.qvlm", recipe));
    QVERIFY(bytes_of(path("again.qvlm") / "model.gguf") == bytes_of(path("a4.qvlm") / "model.gguf"));
    QVERIFY(bytes_of(path("again.qvlm") / "vision.gguf") == bytes_of(path("a4.qvlm") / "vision.gguf"));
  }

  // Stopped at every kind of place, then resumed: the same bytes as without.
  void resumes_data() {
    QTest::addColumn<QString>("source");
    QTest::addColumn<int>("stop_after");  // events
    for (const char* source : {"a16", "awq", "a4", "a6", "gptq", "gptaq", "relative", "rotated", "learned"}) {
      for (const int stop : {6, 60, 200, 420}) QTest::addRow("%s after %d events", source, stop) << source << stop;
    }
    // Without a search there are few events.
    for (const char* source : {"residual", "nf4"}) {
      for (const int stop : {6, 22, 25, 28}) QTest::addRow("%s after %d events", source, stop) << source << stop;
    }
  }
  void resumes() {
    QFETCH(QString, source);
    QFETCH(int, stop_after);
    const fs::path whole = path(qPrintable(source + ".qvlm"));
    QuantizeRequest r = replacing("resumed.qvlm", read_recipe(whole / "recipe.json"));
    Recorder listener;
    const bool cancelled = run_until(r, listener, behind(listener, stop_after));
    if (cancelled) {
      QVERIFY(std::holds_alternative<RunCancelled>(listener.events.back().event));
      QVERIFY(fs::exists(partial_of(r.output)));
      verify_refused([&] { open_model(partial_of(r.output)); }, "resume");
      // A crash may also leave half a line.
      std::ofstream(partial_of(r.output) / "journal.jsonl", std::ios::app) << "{\"event\":\"BlockSea";
      r.resume = true;
      r.replace = true;
      r.recipe.reset();
      const RunState state = run(r);
      QCOMPARE(state.status, RunStatus::FINISHED);
      make_report(state);
    }
    QVERIFY(cancelled || stop_after > (source == "residual" || source == "nf4" ? 20 : 100));
    QVERIFY(bytes_of(r.output / "model.gguf") == bytes_of(whole / "model.gguf"));
    fs::remove_all(r.output);
  }

  void finishedLayersAreReused() {
    QuantizeRequest r = request("reuse.qvlm", read_recipe(path("a16.qvlm") / "recipe.json"));
    Recorder listener;
    QVERIFY(run_until(r, listener, is<LayerQuantized>));
    // A damaged layer is noticed and made again.
    std::ofstream(partial_of(r.output) / "work" / "layer_0.safetensors", std::ios::app) << "x";
    Recorder second;
    RunControl free;
    r.resume = true;
    QVERIFY(run_until(r, second, is<LayerQuantized>));
    QCOMPARE(second.count<CandidateScored>(), 0);  // its blocks were known from the journal
    Recorder third;
    const RunState state = quantize(r, third, free);
    QCOMPARE(third.count<LayerQuantized>(), 1);  // the other was taken as it is
    QCOMPARE(state.status, RunStatus::FINISHED);
    QVERIFY(bytes_of(r.output / "model.gguf") == bytes_of(path("a16.qvlm") / "model.gguf"));
  }

  // The axes are measured once: a resumed run takes their file, a damaged one is made again, the result is the same.
  void axesAreReused() {
    QuantizeRequest r = request("axes.qvlm", read_recipe(path("principal.qvlm") / "recipe.json"));
    Recorder first, second;
    QVERIFY(run_until(r, first, is<AxesMeasured>));
    QCOMPARE(first.count<AxesMeasured>(), 1);
    r.resume = true;
    QVERIFY(run_until(r, second, is<LayerQuantized>));
    QCOMPARE(second.count<AxesMeasured>(), 0);
    std::ofstream(partial_of(r.output) / "work" / "axes.safetensors", std::ios::app) << "x";
    Recorder last;
    RunControl free;
    quantize(r, last, free);
    QCOMPARE(last.count<AxesMeasured>(), 1);
    QVERIFY(bytes_of(r.output / "model.gguf") == bytes_of(path("principal.qvlm") / "model.gguf"));
    const RunState state = read_run(r.output);
    QVERIFY(state.axes && std::abs(std::accumulate(state.axes->shares.begin(), state.axes->shares.end(), 0.0) - 1) < 1e-4);
    QVERIFY(std::is_sorted(state.axes->shares.rbegin(), state.axes->shares.rend()));
  }

  void resumptionRefusesWhatDiffers() {
    Recipe recipe = small_recipe();
    QuantizeRequest r = request("differs.qvlm", recipe);
    Recorder listener;
    QVERIFY(run_until(r, listener, is<PartitionChanged>));
    verify_refused([&] { run(r); }, "--resume");  // not overwritten by accident
    r.resume = true;
    recipe.threads = 2;
    r.recipe = recipe;
    verify_refused([&] { run(r); }, "threads: 1 in the unfinished run, 2 now");
    r.recipe.reset();
    write_model("other");
    auto config = nlohmann::json::parse(bytes_of(path("other") / "config.json"));
    config["text_config"]["rope_theta"] = 5000.0;
    std::ofstream(path("other") / "config.json") << config;
    QuantizeRequest other = r;
    other.model = open_model(path("other"));
    verify_refused([&] { run(other); }, "another model");
    Recipe rotated = small_recipe();
    rotated.rotation = RotationMode::R1R2;
    QuantizeRequest turned = r;
    turned.recipe = rotated;
    verify_refused([&] { run(turned); }, "rotation: \"none\" in the unfinished run, \"r1r2\" now");
    QuantizeRequest data = r;
    data.calibration = path("pictures");
    fs::create_directories(data.calibration);
    for (int i = 0; i < 4; ++i) {
      fs::copy_file(fs::path(QVLM_SOURCE_DIR) / "resources/demo/images" / ("sample-" + std::to_string(i + 1) + ".png"), data.calibration / (std::to_string(i) + ".png"));
    }
    verify_refused([&] { run(data); }, "other calibration data");
    QCOMPARE(run(r).status, RunStatus::FINISHED);
  }

  // A border moved while the run goes: the same files as a fresh run with that partition, and what came before is not searched again.
  void editedPartitionEqualsAFreshRun_data() {
    QTest::addColumn<QString>("recipe");
    QTest::addColumn<int>("edit_after_block");
    QTest::addColumn<int>("bits");
    for (const int block : {0, 1, 3}) {
      QTest::addRow("A4, after block %d", block) << R"({"activation_bits": 4})" << block << 0;
      QTest::addRow("GPTAQ with bits, after block %d", block) << R"({"weight_method": "gptaq", "activation_bits": 4})" << block << 3;
      QTest::addRow("learned with bits, after block %d", block)
          << R"({"transform": "learned", "transform_epochs": 1, "activation_bits": 4})" << block << 3;
      QTest::addRow("AWQ with bits, after block %d", block) << R"({"weight_method": "awq"})" << block << 8;
    }
  }
  void editedPartitionEqualsAFreshRun() {
    QFETCH(QString, recipe);
    QFETCH(int, edit_after_block);
    QFETCH(int, bits);
    const Recipe wanted = small_recipe(recipe.toStdString());
    const Partition before{{{0, 1}, {2, 3}, {4, 5}, {6, 7}}};
    Partition after{{{0, 1}, {2, 4}, {5, 5}, {6, 7}}};
    if (bits != 0) after.set_bits(2, bits);
    QuantizeRequest r = replacing("edited.qvlm", wanted);
    r.partition = before;
    Recorder listener;
    RunControl control;
    int searched_before_edit = 0;
    listener.at_event = [&](const Event& event) {
      if (const auto* block = std::get_if<BlockSearched>(&event); block != nullptr && block->block == edit_after_block && searched_before_edit == 0) {
        searched_before_edit = listener.count<BlockSearched>();
        control.partition.put(after);
      }
    };
    const RunState state = quantize(r, listener, control);
    QCOMPARE(state.status, RunStatus::FINISHED);
    if (edit_after_block < 3) QVERIFY(state.partition == after);
    QuantizeRequest fresh = replacing("fresh.qvlm", wanted);
    fresh.partition = edit_after_block < 3 ? after : before;  // behind the last block an edit comes too late
    run(fresh);
    QVERIFY(bytes_of(r.output / "model.gguf") == bytes_of(fresh.output / "model.gguf"));
    // Candidates of block 0 are scored once, however the partition changed behind it.
    int of_block_0 = 0;
    for (const TimedEvent& e : listener.events) {
      const auto* candidate = std::get_if<CandidateScored>(&e.event);
      of_block_0 += candidate != nullptr && candidate->block == 0 && candidate->samples == 2 ? 1 : 0;
    }
    QCOMPARE(of_block_0, 25);
  }

  // A preview of two edits: what stands between them keeps its parameters and is not searched, what is behind is not looked at. No layer behind the
  // first kept block is written, so that the resumption makes the whole result.
  void aPreviewSearchesOnlyWhatWasEdited_data() {
    QTest::addColumn<QString>("recipe");
    QTest::newRow("A4") << R"({"activation_bits": 4})";
    QTest::newRow("GPTQ") << R"({"weight_method": "gptq"})";
  }
  void aPreviewSearchesOnlyWhatWasEdited() {
    QFETCH(QString, recipe);
    const Recipe wanted = small_recipe(recipe.toStdString());
    QuantizeRequest first = replacing("before.qvlm", wanted);
    first.partition = Partition{{{0, 1}, {2, 3}, {4, 4}, {5, 5}, {6, 7}}};
    run(first);
    Partition after{{{0, 0}, {1, 1}, {2, 3}, {4, 5}, {6, 7}}};
    after.set_bits(0, 8);  // so that another stream enters what is between
    QuantizeRequest r = replacing("preview.qvlm", wanted);
    fs::remove_all(r.output);
    fs::remove_all(partial_of(r.output));
    begin_from(first.output, partial_of(r.output));
    r.replace = false;
    r.resume = r.preview = true;
    r.partition = after;
    Recorder listener;
    RunControl control;
    QVERIFY_EXCEPTION_THROWN(quantize(r, listener, control), Cancelled);
    std::set<int> scored, told;
    for (const CandidateScored& e : listener.all<CandidateScored>()) scored.insert(e.block);
    for (const BlockSearched& e : listener.all<BlockSearched>()) told.insert(e.first_site);
    QVERIFY((scored == std::set<int>{0, 1, 3}));
    QVERIFY((told == std::set<int>{0, 1, 4}));
    QCOMPARE(listener.count<LayerQuantized>(), 0);
    QCOMPARE(listener.count<RunCancelled>(), 1);
    QVERIFY(!fs::exists(r.output));

    r.preview = false;
    r.partition.reset();
    Recorder second;
    QCOMPARE(quantize(r, second, control).status, RunStatus::FINISHED);
    scored.clear();
    for (const CandidateScored& e : second.all<CandidateScored>()) scored.insert(e.block);
    QVERIFY(!scored.contains(0) && !scored.contains(1));  // their stream was the true one
    QVERIFY(scored.contains(2));
    QuantizeRequest fresh = replacing("fresh.qvlm", wanted);
    fresh.partition = after;
    run(fresh);
    QVERIFY(bytes_of(r.output / "model.gguf") == bytes_of(fresh.output / "model.gguf"));
    QVERIFY(bytes_of(r.output / "vision.gguf") == bytes_of(fresh.output / "vision.gguf"));
  }

  // What is said before a run is what the run says at its start, and nothing is written for it.
  void aPlanIsToldWithoutARun() {
    QuantizeRequest r = request("planned.qvlm", small_recipe());
    const PlannedQuantization plan = plan_quantization(r);
    QCOMPARE(plan.sites, 8);
    QCOMPARE(plan.samples, 4);
    QVERIFY(plan.seconds > 0 && plan.bytes > 0);
    QVERIFY(!fs::exists(r.output) && !fs::exists(partial_of(r.output)));
    Recorder listener;
    RunControl control;
    quantize(r, listener, control);
    const RunStarted started = listener.all<RunStarted>().front();
    QCOMPARE(started.samples, plan.samples);
    const double ratio = static_cast<double>(started.planned_bytes) / static_cast<double>(plan.bytes);
    QVERIFY2(ratio > 0.8 && ratio < 1.25, qPrintable(QString::number(ratio)));
    r.recipe->weight_group = 64;
    verify_refused([&] { plan_quantization(r); }, "96 wide (32, 96)");
    r.recipe = small_recipe();
    r.recipe->budget_bits_per_weight = 1;
    verify_refused([&] { plan_quantization(r); }, "budget");
    r.recipe = small_recipe();
    r.calibration = path("nowhere");
    verify_refused([&] { plan_quantization(r); }, "nowhere");
    r.model = open_model(path("a4.qvlm"));
    verify_refused([&] { plan_quantization(r); }, "quantized already");
  }

  // Weights that are not finite end the run with the tensor's name.
  void notFiniteWeightsAreNamed() {
    write_model("nan");
    const fs::path file = path("nan") / "model.safetensors";
    std::string bytes = bytes_of(file);
    {
      const SafetensorsFile tensors(file);
      const TensorView view = tensors.tensor("model.language_model.layers.1.mlp.up_proj.weight");
      bytes.replace(static_cast<size_t>(view.bytes.data() - tensors.file().bytes().data()), 2, "\xff\x7e");
    }
    std::ofstream(file, std::ios::binary) << bytes;
    for (const char* method : {"rtn", "awq", "gptq"}) {
      Recipe recipe = small_recipe();
      recipe.weight_method = weight_method_from(method);
      QuantizeRequest r = replacing("nan.qvlm", recipe);
      r.model = open_model(path("nan"));
      verify_refused([&] { run(r); }, "decoder.1.mlp.up.weight: has values that are not finite");
    }
  }

  void oneCalibrationPair() {
    Recipe recipe = small_recipe();
    recipe.samples = recipe.search_samples = 1;
    recipe.weight_method = WeightMethod::GPTAQ;
    recipe.activation_bits = 4;
    QCOMPARE(run(request("one.qvlm", recipe)).status, RunStatus::FINISHED);
  }

  void pauseAndGoOn() {
    QuantizeRequest r = request("paused.qvlm", small_recipe());
    Recorder listener;
    RunControl control;
    listener.at_event = [&](const Event& event) {
      if (std::holds_alternative<PartitionChanged>(event)) control.pause = true;
      if (std::holds_alternative<RunPaused>(event)) control.pause = false;
    };
    QCOMPARE(quantize(r, listener, control).status, RunStatus::FINISHED);
    QCOMPARE(listener.count<RunPaused>(), 1);
    QCOMPARE(listener.count<RunResumed>(), 1);
    QVERIFY(bytes_of(r.output / "model.gguf") == bytes_of(path("a16.qvlm") / "model.gguf"));
  }

  void refuses() {
    verify_refused([&] { run(request("name", small_recipe())); }, "NAME.qvlm");
    verify_refused([&] { run(request("a16.qvlm", small_recipe())); }, "exists already");
    Recipe group = small_recipe();
    group.weight_group = 128;
    verify_refused([&] { run(request("x.qvlm", group)); }, "weight_group");
    group.weight_group = 64;
    verify_refused([&] { run(request("x.qvlm", group)); }, "96 wide (32, 96)");
    QVERIFY(!fs::exists(path("x.qvlm.partial")));
    Recipe vision = small_recipe();
    vision.vision_bits = 5;
    verify_refused([&] { run(request("x.qvlm", vision)); }, "vision_bits");
    QuantizeRequest absent = request("absent.qvlm", small_recipe());
    absent.calibration = path("nowhere");
    verify_refused([&] { run(absent); }, "nowhere");
    std::ofstream(path("file")) << "x";
    QuantizeRequest blocked = request("x.qvlm", small_recipe());
    blocked.output = path("file") / "x.qvlm";
    verify_refused([&] { run(blocked); }, "x.qvlm.partial");
    QuantizeRequest resume = request("never.qvlm", small_recipe());
    resume.resume = true;
    verify_refused([&] { run(resume); }, "no unfinished run");
    QuantizeRequest partition = request("x.qvlm", small_recipe());
    partition.partition = layerwise_partition(7);
    verify_refused([&] { run(partition); }, "8 sites");
    QuantizeRequest quantized = request("x.qvlm", small_recipe());
    quantized.model = open_model(path("a4.qvlm"));
    verify_refused([&] { run(quantized); }, "quantized already");
  }
};

QTEST_GUILESS_MAIN(TestQuantizeRun)
#include "test_quantize_run.moc"
