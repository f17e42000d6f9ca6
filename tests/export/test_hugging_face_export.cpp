// Folders of AWQ, GPTQ and compressed-tensors: complete, with the model's weights, or not there at all.
#include <QTemporaryDir>
#include <QtTest>

#include <csignal>
#include <sys/resource.h>

#include "core/base/json.h"
#include "core/export/export_model.h"
#include "core/model/tensor_store.h"
#include "tests/export/tiny_qvlm.h"

using namespace qvlm;
namespace fs = std::filesystem;

class TestHuggingFaceExport : public QObject {
  Q_OBJECT
  std::unique_ptr<QTemporaryDir> folder_;
  fs::path path(const char* name) const { return fs::path(folder_->path().toStdString()) / name; }
  fs::path make(const tiny::QvlmOptions& options = {}) { return tiny::make_qvlm(path("source"), path("a model.qvlm"), options); }

  static QString failure(const fs::path& model, const char* format, const fs::path& out, const ExportOptions& options = {}) {
    return QString::fromStdString(message_of([&] { export_model(model, format, out, options); }));
  }
  bool nothing_is_left() const { return !fs::exists(path("out")) && !fs::exists(path("out.partial")); }
  Json quantization(const char* file = "out/config.json") const { return read_json(path(file)).at("quantization_config"); }

 private slots:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }

  void a_folder_is_complete_and_exact_data() {
    QTest::addColumn<QString>("format");
    QTest::addColumn<int>("group");
    QTest::addColumn<bool>("symmetric");
    for (const char* format : {"awq", "gptq", "compressed-tensors"})
      for (const int group : {32, 0})
        for (const bool symmetric : {true, false})
          QTest::addRow("%s, groups of %d, %s", format, group, symmetric ? "symmetric" : "zero points") << format << group << symmetric;
  }
  void a_folder_is_complete_and_exact() {
    QFETCH(QString, format);
    QFETCH(int, group);
    QFETCH(bool, symmetric);
    const fs::path model = make({.group = group, .symmetric = symmetric});
    const ExportReport report = export_model(model, format.toStdString(), path("out"));
    QCOMPARE(report.plan.count(Exactness::EXACT), static_cast<int64_t>(report.plan.tensors.size()));
    QCOMPARE(report.verified, static_cast<int64_t>(open_model(model)->names().size()));
    QStringList files;
    for (const ExportedFile& file : report.files) files << QString::fromStdString(file.path.filename().string());
    for (const char* file : {"README.txt", "config.json", "generation_config.json", "model.safetensors", "preprocessor_config.json",
                             "processor_config.json", "qvlm-export.json", "tokenizer.json", "tokenizer_config.json"})
      QVERIFY2(files.contains(QLatin1String(file)), file);
    QVERIFY(!fs::exists(path("out.partial")));
    QCOMPARE(QString::fromStdString(quantization().at("quant_method")), format);

    // What is not packed stands there under Hugging Face's names, as float16 with the source's values; the tower has the layers that run.
    const auto store = open_tensor_store(path("out"));
    const auto source = open_model(path("source"));
    for (const auto& [name, canonical] : std::map<std::string, std::string>{
             {"vision_tower.vision_model.encoder.layers.1.mlp.fc2.weight", "vision.1.mlp.down.weight"},
             {"vision_tower.vision_model.embeddings.class_embedding", "vision.class"},
             {"multi_modal_projector.linear_2.bias", "projector.2.bias"},
             {"language_model.model.embed_tokens.weight", "decoder.embedding.weight"},
             {"language_model.model.layers.1.input_layernorm.weight", "decoder.1.attention_norm.weight"},
             {"language_model.lm_head.weight", "decoder.head.weight"}}) {
      QVERIFY2(store->has(name) && store->tensor(name).dtype == DType::F16, name.c_str());
      QVERIFY2(to_float(store->tensor(name)) == load_float(*source, canonical), name.c_str());
    }
    QVERIFY(store->has("vision_tower.vision_model.post_layernorm.weight"));
    QVERIFY(!store->has("vision_tower.vision_model.encoder.layers.2.mlp.fc2.weight"));
    QVERIFY(!store->has("language_model.model.layers.0.mlp.up_proj.weight"));
    const Json config = read_json(path("out/config.json"));
    QCOMPARE(config.at("vision_config").at("num_hidden_layers").get<int>(), 2);
    QCOMPARE(config.at("vision_feature_layer").get<int>(), -1);
  }

  void configurations_say_the_grid() {
    const fs::path model = make({.group = 0, .symmetric = false});
    export_model(model, "awq", path("awq"));
    Json config = quantization("awq/config.json");
    QVERIFY(config.at("group_size") == -1 && config.at("bits") == 4 && config.at("zero_point") == true && config.at("version") == "gemm");
    export_model(model, "gptq", path("gptq"));
    config = quantization("gptq/config.json");
    QVERIFY(config.at("checkpoint_format") == "gptq_v2" && config.at("sym") == false && config.at("desc_act") == false && config.at("group_size") == -1);
    export_model(model, "compressed-tensors", path("ct"));
    config = quantization("ct/config.json").at("config_groups").at("group_0");
    QVERIFY(config.at("targets") == Json::array({"Linear"}) && config.at("weights").at("strategy") == "channel");
    QVERIFY(config.at("weights").at("symmetric") == false && config.at("weights").at("group_size").is_null());
  }

  void mixed_bits_are_exact_where_the_format_tells_linears_apart() {
    const std::string down = "decoder.1.mlp.down.weight";
    const fs::path model = make({.other_linear = down});
    ExportReport report = export_model(model, "gptq", path("gptq"));
    QCOMPARE(report.plan.verdict(down).stored, std::string("int8 in groups of 32 without zero points"));
    QCOMPARE(quantization("gptq/config.json").at("dynamic").at("+:.*language_model.*layers\\.1\\.mlp\\.down_proj$").at("bits").get<int>(), 8);
    report = export_model(model, "compressed-tensors", path("ct"));
    const Json groups = quantization("ct/config.json").at("config_groups");
    QCOMPARE(groups.size(), size_t{2});
    QVERIFY(groups.at("group_1").at("targets") == Json::array({"re:.*language_model.*layers\\.1\\.mlp\\.down_proj$"}));
    QCOMPARE(report.plan.count(Exactness::INEXACT), int64_t{0});

    // AWQ has one width: the linear stays float16, near its values, and the configuration names it.
    const QString message = failure(model, "awq", path("out"));
    QVERIFY2(message.contains("8 bits") && message.contains("decoder.1.mlp.down.weight") && message.contains("--allow-inexact"), qPrintable(message));
    QVERIFY(nothing_is_left());
    report = export_model(model, "awq", path("out"), {.allow_inexact = true});
    const TensorVerdict& verdict = report.plan.verdict(down);
    QVERIFY(verdict.exactness == Exactness::INEXACT && verdict.stored == "F16" && verdict.loss > 1e-6 && verdict.loss < 1e-3);
    const auto store = open_tensor_store(path("out"));
    const auto stored = to_float(store->tensor("language_model.model.layers.1.mlp.down_proj.weight"));
    QVERIFY(std::abs(relative_error(stored, load_float(*open_model(model), down)) - verdict.loss) < 1e-9);
    const Json skipped = quantization().at("modules_to_not_convert");
    QVERIFY(std::find(skipped.begin(), skipped.end(), "layers.1.mlp.down_proj") != skipped.end());
  }

  void a_linear_beside_a_plain_one_is_kept_plain() {
    const fs::path model = make({.other_linear = "decoder.0.attention.key.weight", .other_bits = 16});
    const ExportPlan plan = plan_export(model, "compressed-tensors");
    QVERIFY(plan.verdict("decoder.0.attention.key.weight").exactness == Exactness::EXACT);
    const TensorVerdict& query = plan.verdict("decoder.0.attention.query.weight");  // float16 holds its values: the scales are short
    QVERIFY(!query.grid && query.stored == "F16" && query.exactness == Exactness::EXACT);
    QVERIFY(plan.verdict("decoder.0.attention.output.weight").grid.has_value());
  }

  void a_quantized_tower_is_packed_where_the_format_has_a_place() {
    const fs::path model = make({.tower_bits = 8});
    const ExportReport report = export_model(model, "compressed-tensors", path("out"));
    QCOMPARE(report.plan.count(Exactness::INEXACT), int64_t{0});
    QVERIFY(open_tensor_store(path("out"))->has("vision_tower.vision_model.encoder.layers.0.self_attn.q_proj.weight_packed"));
    const ExportPlan plan = plan_export(model, "gptq");
    QVERIFY(plan.verdict("vision.0.mlp.up.weight").reason.find("decoder's linears alone") != std::string::npos);
  }

  void what_the_format_cannot_is_said_before_anything_is_written() {
    for (const char* format : {"awq", "gptq", "compressed-tensors"}) {
      folder_ = std::make_unique<QTemporaryDir>();
      QString message = failure(make({.codebook = true}), format, path("out"), {.allow_inexact = true});
      QVERIFY2(message.contains("a codebook of 16 values") && message.contains("a model.qvlm"), qPrintable(message));
      QVERIFY(nothing_is_left());
      folder_ = std::make_unique<QTemporaryDir>();
      message = failure(make({.transforms = true}), format, path("out"));
      QVERIFY2(message.contains("--transform none"), qPrintable(message));
      folder_ = std::make_unique<QTemporaryDir>();
      message = failure(make({.tokenizer = false}), format, path("out"));
      QVERIFY2(message.contains("tokenizer.json"), qPrintable(message));
      QVERIFY(nothing_is_left());
    }
  }

  void a_text_decoder_has_its_own_names() {
    const fs::path model = make({.names = tiny::Names::TEXT_ONLY});
    export_model(model, "awq", path("out"));
    const auto store = open_tensor_store(path("out"));
    QVERIFY(store->has("model.layers.0.self_attn.q_proj.qweight") && store->has("lm_head.weight"));
    QVERIFY(!fs::exists(path("out/preprocessor_config.json")));
    QCOMPARE(read_json(path("out/config.json")).at("architectures").at(0).get<std::string>(), std::string("LlamaForCausalLM"));
  }

  void an_earlier_export_is_replaced_and_other_folders_are_not() {
    const fs::path model = make();
    export_model(model, "awq", path("out"));
    export_model(model, "gptq", path("out"));
    QCOMPARE(quantization().at("quant_method").get<std::string>(), std::string("gptq"));
    QVERIFY(!fs::exists(path("out.earlier")));
    fs::create_directories(path("mine"));
    tiny::write_text(path("mine/letter.txt"), "dear");
    const QString message = failure(model, "awq", path("mine"));
    QVERIFY2(message.contains("mine") && message.contains("earlier export"), qPrintable(message));
    QVERIFY(fs::exists(path("mine/letter.txt")) && !fs::exists(path("mine.partial")));
  }

  void a_full_disk_leaves_nothing() {
    const fs::path model = make();
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    QCOMPARE(getrlimit(RLIMIT_FSIZE, &before), 0);
    rlimit small = before;
    small.rlim_cur = 20000;
    QCOMPARE(setrlimit(RLIMIT_FSIZE, &small), 0);
    const QString message = failure(model, "awq", path("out"));
    setrlimit(RLIMIT_FSIZE, &before);
    QVERIFY2(message.contains("model.safetensors") && message.contains("cannot be written"), qPrintable(message));
    QVERIFY(nothing_is_left());
  }

  void a_cancelled_export_leaves_nothing() {
    const fs::path model = make();
    std::stop_source stop;
    const ExportWatch watch{[&](const ExportStep& step) {
                              if (step.stage == ExportStep::Stage::WRITING && step.done == 3) stop.request_stop();
                            },
                            stop.get_token()};
    QCOMPARE(failure(model, "gptq", path("out"), {.watch = watch}), QStringLiteral("cancelled"));
    QVERIFY(nothing_is_left());
  }

  void a_damaged_model_is_named() {
    const fs::path model = make();
    fs::remove(model / "vision.gguf");
    const QString message = failure(model, "awq", path("out"));
    QVERIFY2(message.contains("vision.gguf"), qPrintable(message));
    fs::resize_file(model / "model.gguf", fs::file_size(model / "model.gguf") / 2);
    QVERIFY(failure(model, "awq", path("out")).contains("model.gguf"));
    QVERIFY(nothing_is_left());
  }
};

QTEST_GUILESS_MAIN(TestHuggingFaceExport)
#include "test_hugging_face_export.moc"
