// The recipe is strict: every key known, every value within what the run can do.
#include <QtTest>

#include "core/base/error.h"
#include "core/run/recipe.h"

using namespace qvlm;

class TestRecipe : public QObject {
  Q_OBJECT
 private slots:
  void roundTrip() {
    Recipe r;
    r.weight_method = WeightMethod::AWQ;
    r.rotation = RotationMode::R1R2R4;
    r.search = SearchMode::LAYERWISE;
    r.activation_bits = 4;
    r.activation_mode = ActivationMode::DYNAMIC_GROUP;
    r.threshold = 0.123456789;
    r.budget_milliseconds = 0.1 + 0.2;
    r.budget_losses = BudgetLosses::MEASURED;
    r.latency_table = {"a device", 0.75, {{512, 256, 4, 32, false, 0.0123456789012345}, {512, 256, 8, 256, true, 0.03}}};
    r.residual_rank = 8;
    r.token_weighting = TokenWeighting::MODALITY;
    r.awq_clip = false;
    r.clip_refinement = ClipRefinement::GRADIENT;
    r.refinement_epochs = 4;
    r.gptaq_alpha = 0.25;
    r.gptaq_validated = true;
    r.transform_epochs = 3;
    r.autoround_iterations = 50;
    r.candidates = {1.0f, 0.995f, 0.9f};
    r.seed = 0xffffffffffffffffull;
    r.torch_version = "1.13.1";
    QCOMPARE(recipe_from_json(to_json(r), "test"), r);
    QVERIFY(to_json(r).find("0.995,") != std::string::npos);  // not 0.9950000047683716
  }

  void absentKeysKeepDefaults() {
    const Recipe r = recipe_from_json(R"({"weight_bits": 3})", "test");
    QCOMPARE(r.weight_bits, 3);
    QCOMPARE(r.samples, Recipe{}.samples);
  }

  void candidates() {
    Recipe r;
    QCOMPARE(candidates_of(r), (std::vector<float>{1, 0.995f, 0.99f, 0.985f, 0.98f}));
    r.activation_bits = 4;
    QCOMPARE(candidates_of(r), (std::vector<float>{1, 0.95f, 0.9f, 0.85f, 0.8f}));
    r.activation_mode = ActivationMode::STATIC_TENSOR;
    QCOMPARE(candidates_of(r), (std::vector<float>{1, 0.995f, 0.99f, 0.985f, 0.98f}));
    r.activation_mode = ActivationMode::STATIC_CHANNEL;
    QCOMPARE(candidates_of(r), (std::vector<float>{1, 0.995f, 0.99f, 0.985f, 0.98f}));
    r.candidates = {1, 0.7f};
    QCOMPARE(candidates_of(r), (std::vector<float>{1, 0.7f}));
  }

  void names() {
    QCOMPARE(weight_method_from("awq"), WeightMethod::AWQ);
    for (const char* name : {"rtn", "opt-rtn", "gptq", "gptaq", "autoround", "nf4", "smoothquant"}) {
      QCOMPARE(name_of(weight_method_from(name)), std::string_view(name));
      QVERIFY(weight_method_names().find(name) != std::string::npos);
    }
    QCOMPARE(transform_mode_from("learned"), TransformMode::LEARNED);
    QCOMPARE(token_weighting_from("modality"), TokenWeighting::MODALITY);
    QCOMPARE(search_mode_from("joint"), SearchMode::JOINT);
    QCOMPARE(activation_mode_from("static-tensor"), ActivationMode::STATIC_TENSOR);
    QCOMPARE(activation_mode_from("static-channel"), ActivationMode::STATIC_CHANNEL);
    QCOMPARE(clip_refinement_from("coordinate"), ClipRefinement::COORDINATE);
    QVERIFY(is_static(ActivationMode::STATIC_CHANNEL) && is_static(ActivationMode::STATIC_TENSOR) && !is_static(ActivationMode::DYNAMIC_GROUP));
    QVERIFY_THROWS_EXCEPTION(Error, weight_method_from("magic"));
  }

  void refuses_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("mentions");
    QTest::newRow("unknown key") << R"({"weigth_bits": 4})" << "unknown key \"weigth_bits\"";
    QTest::newRow("type") << R"({"weight_bits": "4"})" << "weight_bits: expected an integer";
    QTest::newRow("fraction") << R"({"weight_bits": 4.5})" << "weight_bits: expected an integer";
    QTest::newRow("bits") << R"({"weight_bits": 9})" << "weight_bits: expected 2 to 8, found 9";
    QTest::newRow("group") << R"({"weight_group": 48})" << "32, 64, 128";
    QTest::newRow("activation bits") << R"({"activation_bits": 12})" << "activation_bits";
    QTest::newRow("rotation") << R"({"rotation": "r3"})" << "none, fold, r1r2, r1r2r4, principal";
    QTest::newRow("axes alone") << R"({"rotation": "principal"})" << "rotation: expected principal only with learned transforms";
    QTest::newRow("transform") << R"({"transform": "spin"})" << "none, learned";
    QTest::newRow("transform epochs") << R"({"transform_epochs": 0})" << "transform_epochs: expected 1 to 1000, found 0";
    QTest::newRow("transforms twice") << R"({"transform": "learned", "rotation": "r1r2r4"})" << "rotation: expected none, fold, r1r2 or principal with learned";
    QTest::newRow("transforms and scales") << R"({"transform": "learned", "weight_method": "awq"})" << "weight_method: expected rtn, opt-rtn";
    QTest::newRow("transforms and nf4") << R"({"transform": "learned", "weight_method": "nf4"})" << "found nf4";
    QTest::newRow("vision bits") << R"({"vision_bits": 6})" << "vision_bits: expected 16, 8 or 4";
    QTest::newRow("vision group") << R"({"vision_bits": 4, "vision_group": 16})" << "vision_group";
    QTest::newRow("vision activations alone") << R"({"vision_activation_bits": 8})" << "expected 16 while vision_bits is 16";
    QTest::newRow("optimising nothing") << R"({"veo": true})" << "there is nothing to optimise";
    QTest::newRow("veo epochs") << R"({"vision_bits": 8, "veo": true, "veo_epochs": 0})" << "veo_epochs";
    QTest::newRow("method") << R"({"weight_method": "magic"})" << "rtn, awq";
    QTest::newRow("nf4 bits") << R"({"weight_method": "nf4", "weight_bits": 3})" << "4 with nf4";
    QTest::newRow("nf4 symmetric") << R"({"weight_method": "nf4", "weight_symmetric": true})" << "weight_symmetric";
    QTest::newRow("negative budget") << R"({"budget_bits_per_weight": -4})" << "budget_bits_per_weight: expected a number above 0";
    QTest::newRow("budget as text") << R"({"budget_megabytes": "5"})" << "budget_megabytes: expected a number";
    QTest::newRow("two budgets") << R"({"budget_bits_per_weight": 4, "budget_megabytes": 5})" << "expected 0 beside another budget";
    QTest::newRow("nf4 and a budget") << R"({"weight_method": "nf4", "budget_bits_per_weight": 4.5})" << "nf4, which has 4 bits alone";
    QTest::newRow("budget without a table") << R"({"budget_milliseconds": 5})" << "latency_table: expected a measured table";
    QTest::newRow("table without a budget")
        << R"({"latency_table": {"device": "d", "rest_milliseconds": 0, "rows": [{"rows": 8, "columns": 32, "bits": 4, "group": 32, "symmetric": false, "milliseconds": 1}]}})"
        << "latency_table: expected none without budget_milliseconds";
    QTest::newRow("table of another type") << R"({"latency_table": [1]})" << "latency_table: expected a JSON object";
    QTest::newRow("losses") << R"({"budget_losses": "guessed"})" << "modelled, measured";
    QTest::newRow("rank") << R"({"residual_rank": -1})" << "residual_rank: expected 0 to 256, found -1";
    QTest::newRow("damping") << R"({"gptq_damping": 0})" << "gptq_damping";
    QTest::newRow("alpha") << R"({"gptaq_alpha": 1.5})" << "gptaq_alpha";
    QTest::newRow("iterations") << R"({"autoround_iterations": 0})" << "autoround_iterations";
    QTest::newRow("weighting") << R"({"token_weighting": "magic"})" << "uniform, modality, relative";
    const QString channels = R"({"activation_bits": 4, "activation_mode": "static-channel", %1})";
    QTest::newRow("channels, online") << channels.arg(R"("rotation": "r1r2r4")") << "rotation: expected none, fold or r1r2 with static-channel";
    QTest::newRow("channels, SmoothQuant") << channels.arg(R"("weight_method": "smoothquant")") << "weight_method: expected another one";
    QTest::newRow("channels, AWQ without clipping") << channels.arg(R"("weight_method": "awq", "awq_clip": false)") << "awq_clip: expected true with static-channel";
    QTest::newRow("channels, duo") << channels.arg(R"("weight_method": "awq", "awq_duo": true)") << "awq_duo: expected false";
    QTest::newRow("channels, learned") << channels.arg(R"("transform": "learned")") << "another than static-channel with learned transforms";
    QTest::newRow("channels, proxies") << channels.arg(R"("validated_depths": 2)") << "validated_depths: expected 0";
    QTest::newRow("refinement") << R"({"clip_refinement": "magic"})" << "none, coordinate, gradient";
    QTest::newRow("refining nothing") << R"({"clip_refinement": "gradient"})" << "clip_refinement: expected none while activation_bits is 16";
    QTest::newRow("refining no search") << R"({"activation_bits": 4, "search": "none", "clip_refinement": "gradient"})" << "expected none while search is none";
    QTest::newRow("refinement epochs") << R"({"refinement_epochs": 0})" << "refinement_epochs: expected 1 to 1000";
    QTest::newRow("activation mode") << R"({"activation_mode": "static"})" << "dynamic-token, dynamic-group, static-tensor, static-channel";
    QTest::newRow("boolean") << R"({"awq_clip": 1})" << "awq_clip: expected true or false";
    QTest::newRow("bits of a huge number") << R"({"weight_bits": 99999999999})" << "weight_bits: expected an integer of 32 bits";
    QTest::newRow("negative seed") << R"({"seed": -1})" << "seed";
    QTest::newRow("candidates without 1") << R"({"candidates": [0.9, 0.95]})" << "candidates";
    QTest::newRow("candidates twice") << R"({"candidates": [1, 0.9, 0.9]})" << "candidates";
    QTest::newRow("candidate 0") << R"({"candidates": [1, 0]})" << "candidates";
    QTest::newRow("samples") << R"({"samples": 0})" << "samples";
    QTest::newRow("array") << R"([])" << "a JSON object";
  }
  void refuses() {
    QFETCH(QString, text);
    QFETCH(QString, mentions);
    try {
      recipe_from_json(text.toStdString(), "recipe.json");
      QFAIL("accepted");
    } catch (const Error& error) {
      QVERIFY2(QString(error.what()).contains(mentions), error.what());
      QVERIFY2(QString(error.what()).startsWith("recipe.json"), error.what());
    }
  }
};

QTEST_GUILESS_MAIN(TestRecipe)
#include "test_recipe.moc"
