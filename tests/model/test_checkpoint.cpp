// Hugging Face folders: every generation of names gives the same model, defaults are filled in, and what is wrong is
// said.
#include <QTemporaryDir>
#include <QTest>
#include <algorithm>

#include "core/model/model.h"
#include "tests/model/tiny_checkpoint.h"

using namespace qvlm;
using tiny::Names;
namespace fs = std::filesystem;

namespace {

void edit_config(const fs::path& folder, const std::function<void(tiny::json&)>& edit,
                 const char* name = "config.json") {
  std::ifstream in(folder / name);
  tiny::json config = in ? tiny::json::parse(in) : tiny::json::object();
  in.close();
  edit(config);
  tiny::write_text(folder / name, config.dump());
}

OpenOptions with_tower(const fs::path& folder) {
  OpenOptions options;
  options.vision_tower = folder / "tower";
  return options;
}

}  // namespace

class TestCheckpoint : public QObject {
  Q_OBJECT

 private slots:
  void init() {
    temporary_ = std::make_unique<QTemporaryDir>();
    folder_ = fs::path(temporary_->path().toStdString()) / "tiny-llava";
  }

  void every_generation_is_the_same_model() {
    std::vector<std::string> names;
    for (Names generation : {Names::OLD, Names::NEW, Names::FIVE, Names::ORIGINAL}) {
      fs::remove_all(folder_);
      tiny::write(folder_, generation, 40000);  // several shards
      const auto model = open_model(folder_, with_tower(folder_));
      if (names.empty()) names = model->names();
      QVERIFY(model->names() == names);
      QVERIFY2(model->unmatched().empty(), model->unmatched().empty() ? "" : model->unmatched()[0].c_str());
      for (const ExpectedTensor& expected : expected_tensors(model->config())) {
        if (expected.optional) continue;
        const Weight weight = model->load(expected.name);
        QCOMPARE(std::get<TensorView>(weight).shape, expected.shape);
        const auto bits = tiny::values(expected.name, expected.shape);
        const auto bytes = std::get<TensorView>(weight).bytes;
        QVERIFY2(std::equal(bytes.begin(), bytes.end(), std::as_bytes(std::span(bits)).begin()), expected.name.c_str());
        model->release(expected.name);
      }
      QVERIFY(!model->has("vision.2.mlp.up.weight"));  // behind the feature layer
      QCOMPARE(model->config().vision->layers, 2);
      QCOMPARE(model->config().vision->file_layers, 3);
      QCOMPARE(model->stored_bits(), 16.0);
      QCOMPARE(model->config().parameters() * 2, model->stored_bytes());
    }
  }

  void text_only() {
    tiny::write(folder_, Names::TEXT_ONLY);
    const auto model = open_model(folder_);
    QCOMPARE(model->config().family, std::string("llama"));
    QVERIFY(!model->config().vision);
    QCOMPARE(model->config().tokens.image, -1);
    QCOMPARE(load_float(*model, "decoder.norm.weight").size(), size_t{tiny::kHidden});
  }

  void the_description() {
    tiny::write(folder_, Names::OLD);
    const VlmConfig config = open_model(folder_)->config();
    QCOMPARE(config.family, std::string("llava"));
    QCOMPARE(config.name, std::string("tiny-llava"));
    QCOMPARE(config.decoder.head_dim, 16);
    QCOMPARE(config.decoder.kv_heads, 2);
    QCOMPARE(config.decoder.norm_epsilon, 1e-6f);
    QCOMPARE(config.decoder.rope_theta, 10000.0f);
    QCOMPARE(config.vision->patches(), 4);
    QCOMPARE(config.vision->image_tokens(), 4);
    QCOMPARE(config.vision->activation, Activation::QUICK_GELU);
    QCOMPARE(config.projector.hidden, tiny::kHidden);
    QCOMPARE(config.tokens.image, 99);
    QCOMPARE(config.tokens.begin, 1);
    QVERIFY(config.tokens.end == std::vector<int>{2});
    QCOMPARE(config.preprocess.fit, PreprocessConfig::Fit::CENTER_CROP);
    QCOMPARE(config.preprocess.size, 28);
  }

  // A sparse config.json of the real LLaVA-1.5-7B: the defaults are transformers' own.
  void defaults_of_llava_7b() {
    fs::create_directories(folder_);
    tiny::write_text(folder_ / "config.json",
                     R"({"model_type":"llava","image_token_index":32000,"vision_feature_layer":-2,
        "text_config":{"model_type":"llama","rms_norm_eps":1e-5,"max_position_embeddings":4096,"vocab_size":32064},
        "vision_config":{"model_type":"clip_vision_model","hidden_size":1024,"intermediate_size":4096,"num_hidden_layers":24,"num_attention_heads":16,"image_size":336,"patch_size":14}})");
    tiny::write_tensors(folder_, tiny::tensors(Names::OLD));
    // Its first tensor has the wrong size, and the message shows the size that the defaults give.
    VERIFY_MESSAGE(open_model(folder_), "expected [1024, 3, 14, 14] (vision.patch.weight), found [48, 3, 14, 14]");
    edit_config(folder_, [](tiny::json& config) { config["vision_config"] = tiny::vision_config(); });
    VERIFY_MESSAGE(open_model(folder_), "expected [4096, 48] (projector.0.weight), found [64, 48]");
    edit_config(folder_, [](tiny::json& config) {
      config["text_config"]["hidden_size"] = 64, config["text_config"]["num_attention_heads"] = 4;
    });
    VERIFY_MESSAGE(open_model(folder_), "expected [32064, 64] (decoder.embedding.weight), found [100, 64]");
    edit_config(folder_, [](tiny::json& config) {
      config["text_config"]["vocab_size"] = 100, config["image_token_index"] = 99;
    });
    VERIFY_MESSAGE(open_model(folder_),
                   "expected [64, 64] (decoder.0.attention.key.weight), found [32, 64]");  // as many as heads
    edit_config(folder_, [](tiny::json& config) { config["text_config"]["num_key_value_heads"] = 2; });
    VERIFY_MESSAGE(open_model(folder_), "expected [11008, 64] (decoder.0.mlp.gate.weight), found [96, 64]");
    edit_config(folder_, [](tiny::json& config) { config["text_config"]["intermediate_size"] = 96; });
    VERIFY_MESSAGE(open_model(folder_), "the tensor decoder.2.attention_norm.weight");  // of 32 layers
  }

  void unknown_model_type() {
    tiny::write(folder_, Names::OLD);
    edit_config(folder_, [](tiny::json& config) { config["model_type"] = "qwen9_vl"; });
    VERIFY_MESSAGE(open_model(folder_),
                   "config.json: model_type: expected one of llava, llava_llama, llava_mistral, llama, mistral, found "
                   "\"qwen9_vl\"");
    edit_config(folder_, [](tiny::json& config) {
      config["model_type"] = "llava", config["text_config"]["model_type"] = "gemma";
    });
    VERIFY_MESSAGE(open_model(folder_), "expected llama or mistral, found \"gemma\"");
    edit_config(folder_, [](tiny::json& config) {
      config["text_config"]["model_type"] = "llama", config["vision_config"]["model_type"] = "pixtral";
    });
    VERIFY_MESSAGE(open_model(folder_), "expected clip_vision_model, found \"pixtral\"");
  }

  void missing_renamed_and_wrong_tensors() {
    fs::create_directories(folder_);
    tiny::write(folder_, Names::OLD);
    auto list = tiny::tensors(Names::OLD);
    const auto at = [&](const std::string& name) {
      return std::find_if(list.begin(), list.end(), [&](const tiny::Tensor& tensor) { return tensor.name == name; });
    };
    const auto key = at("language_model.model.layers.1.self_attn.k_proj.weight");
    key->name = "language_model.model.layers.1.self_attn.kk_proj.weight";
    tiny::write_tensors(folder_, list);
    VERIFY_MESSAGE(open_model(folder_),
                   "the tensor decoder.1.attention.key.weight (language_model.model.layers.1.self_attn.k_proj.weight) "
                   "is missing; the folder has "
                   "language_model.model.layers.1.self_attn.kk_proj.weight, which nothing takes: was it renamed?");
    list.erase(key);
    tiny::write_tensors(folder_, list);
    VERIFY_MESSAGE(open_model(folder_), "the tensor decoder.1.attention.key.weight");
    list = tiny::tensors(Names::OLD);
    at("language_model.model.norm.weight")->shape = {8, 8};
    tiny::write_tensors(folder_, list);
    VERIFY_MESSAGE(open_model(folder_),
                   "tensor language_model.model.norm.weight: shape: expected [64] (decoder.norm.weight), found [8, 8]");
    list = tiny::tensors(Names::OLD);
    list.push_back({"language_model.model.layers.0.self_attn.q_norm.weight", {16}, std::vector<uint16_t>(16)});
    list.push_back({"vision_tower.vision_model.embeddings.position_ids", {5}, std::vector<uint16_t>(5)});
    tiny::write_tensors(folder_, list);
    QVERIFY(open_model(folder_)->unmatched() ==
            std::vector<std::string>{"language_model.model.layers.0.self_attn.q_norm.weight"});
    auto both = tiny::tensors(Names::OLD);
    both.push_back({"lm_head.weight", {100, 64}, std::vector<uint16_t>(6400)});
    tiny::write_tensors(folder_, both);
    VERIFY_MESSAGE(open_model(folder_), "are the same weight (decoder.head.weight)");
  }

  void a_tower_elsewhere() {
    tiny::write(folder_, Names::ORIGINAL);
    // With its tower's weights but no folder for it: the tower's name says the sizes.
    VERIFY_MESSAGE(open_model(folder_), "openai/clip-vit-large-patch14-336: hidden_size: expected 48 (mm_hidden_size");
    edit_config(folder_, [](tiny::json& config) { config["mm_vision_tower"] = "somebody/else"; });
    VERIFY_MESSAGE(open_model(folder_), "the vision tower (mm_vision_tower: somebody/else) is not in this folder");
    edit_config(folder_, [](tiny::json& config) { config["mm_vision_tower"] = "openai/clip-vit-large-patch14-336"; });
    // Without its tower's weights, as liuhaotian/llava-v1.5-7b: the tower's folder has them, named as CLIP's.
    auto list = tiny::tensors(Names::ORIGINAL), tower = list;
    std::erase_if(list, [](const tiny::Tensor& tensor) { return tensor.name.starts_with("model.vision_tower."); });
    std::erase_if(tower, [](const tiny::Tensor& tensor) { return !tensor.name.starts_with("model.vision_tower."); });
    for (tiny::Tensor& tensor : tower)
      tensor.name = tensor.name.substr(std::string("model.vision_tower.vision_tower.").size());
    tower.push_back({"text_model.embeddings.token_embedding.weight", {3, 4}, std::vector<uint16_t>(12)});
    tiny::write_tensors(folder_, list);
    VERIFY_MESSAGE(open_model(folder_),
                   "the vision tower (mm_vision_tower: openai/clip-vit-large-patch14-336) is not in this folder; give "
                   "the folder of its checkpoint with --vision-tower DIR");
    tiny::write_tensors(folder_ / "tower", tower);
    const auto model = open_model(folder_, with_tower(folder_));
    QVERIFY(model->has("vision.1.mlp.up.weight"));
    QCOMPARE(model->config().preprocess.fit, PreprocessConfig::Fit::PAD_SQUARE);
    QCOMPARE(model->config().tokens.image, tiny::kVocabulary);  // its own mark stands outside the vocabulary
    edit_config(folder_, [](tiny::json& config) { config["mm_vision_tower"] = "tower"; });  // beside config.json
    QVERIFY(open_model(folder_)->has("vision.class"));
    edit_config(folder_, [](tiny::json& config) { config["mm_projector_type"] = "linear"; });
    VERIFY_MESSAGE(open_model(folder_), "mm_projector_type: expected mlp2x_gelu, found \"linear\"");
  }

  void preprocessing() {
    tiny::write(folder_, Names::OLD);
    edit_config(
        folder_,
        [](tiny::json& json) {
          json = {{"size", 28}, {"crop_size", 28}, {"resample", 2}, {"image_mean", {0.5, 0.5, 0.5}}};
        },
        "preprocessor_config.json");
    PreprocessConfig preprocess = open_model(folder_)->config().preprocess;
    QCOMPARE(preprocess.resample, PreprocessConfig::Resample::BILINEAR);
    QCOMPARE(preprocess.mean[1], 0.5f);
    edit_config(
        folder_,
        [](tiny::json& json) {
          json = {{"size", {{"shortest_edge", 32}}}, {"crop_size", {{"height", 28}, {"width", 28}}}, {"do_pad", true}};
        },
        "preprocessor_config.json");
    preprocess = open_model(folder_)->config().preprocess;
    QCOMPARE(preprocess.shortest_edge, 32);
    QCOMPARE(preprocess.size, 28);
    QCOMPARE(preprocess.fit, PreprocessConfig::Fit::PAD_SQUARE);
    edit_config(
        folder_, [](tiny::json& json) { json["crop_size"] = 30; }, "preprocessor_config.json");
    VERIFY_MESSAGE(open_model(folder_), "size of the picture: expected 28 (image_size of the tower), found 30");
    edit_config(
        folder_,
        [](tiny::json& json) {
          json["crop_size"] = {{"height", 28}, {"width", 27}};
        },
        "preprocessor_config.json");
    VERIFY_MESSAGE(open_model(folder_), "expected a square, found 28 and 27");
    fs::remove(folder_ / "preprocessor_config.json");
    edit_config(
        folder_,
        [](tiny::json& json) {
          json["image_processor"] = {{"resample", 0}};
        },
        "processor_config.json");
    QCOMPARE(open_model(folder_)->config().preprocess.resample, PreprocessConfig::Resample::NEAREST);
  }

  void rope_and_ties() {
    tiny::write(folder_, Names::OLD);
    edit_config(folder_, [](tiny::json& config) {
      config["text_config"]["rope_parameters"] = {{"rope_type", "llama3"}, {"rope_theta", 500000},
                                                  {"factor", 8},           {"low_freq_factor", 1},
                                                  {"high_freq_factor", 4}, {"original_max_position_embeddings", 8192}};
    });
    DecoderConfig decoder = open_model(folder_)->config().decoder;
    QCOMPARE(decoder.rope_theta, 500000.0f);
    QCOMPARE(decoder.rope_scaling.kind, RopeScaling::Kind::LLAMA3);
    edit_config(folder_, [](tiny::json& config) {
      config["text_config"].erase("rope_parameters"),
          config["text_config"]["rope_scaling"] = {{"type", "yarn"}, {"factor", 4}};
    });
    VERIFY_MESSAGE(open_model(folder_), "rope_type: expected \"default\", \"linear\" or \"llama3\", found \"yarn\"");
    edit_config(folder_, [](tiny::json& config) {
      config["text_config"].erase("rope_scaling"), config["text_config"]["tie_word_embeddings"] = true;
    });
    QVERIFY(open_model(folder_)->has("decoder.head.weight"));  // the outer flag denies it, and the head is there
    edit_config(folder_, [](tiny::json& config) { config["tie_word_embeddings"] = true; });
    QVERIFY(!open_model(folder_)->has("decoder.head.weight"));
    edit_config(folder_, [](tiny::json& config) { config["text_config"]["attention_bias"] = true; });
    VERIFY_MESSAGE(open_model(folder_), "attention_bias");
  }

  void special_tokens() {
    tiny::write(folder_, Names::OLD);
    edit_config(
        folder_,
        [](tiny::json& json) {
          json["eos_token_id"] = {7, 2};
        },
        "generation_config.json");
    QVERIFY(open_model(folder_)->config().tokens.end == (std::vector<int>{7, 2}));
    edit_config(
        folder_, [](tiny::json& json) { json["eos_token_id"] = 100; }, "generation_config.json");
    VERIFY_MESSAGE(open_model(folder_),
                   "generation_config.json: eos_token_id: expected a token of the vocabulary's 100, found 100");
    fs::remove(folder_ / "generation_config.json");
    edit_config(folder_, [](tiny::json& config) { config["image_token_index"] = 100; });
    VERIFY_MESSAGE(open_model(folder_), "image_token_index");
    edit_config(folder_, [](tiny::json& config) { config["image_token_index"] = 99; });
    tiny::write_text(folder_ / "chat_template.jinja", "USER: {{ x }}");
    QCOMPARE(open_model(folder_)->config().chat_template, std::string("USER: {{ x }}"));
    OpenOptions options;
    options.chat_template = "mine";
    QCOMPARE(open_model(folder_, options)->config().chat_template, std::string("mine"));
  }

  void bad_numbers_in_config() {
    tiny::write(folder_, Names::OLD);
    const auto refuses = [&](const char* part, const char* key, const tiny::json& value, const char* message) {
      const auto before = tiny::config(Names::OLD);
      edit_config(folder_, [&](tiny::json& config) { config = before, config[part][key] = value; });
      VERIFY_MESSAGE(open_model(folder_), message);
    };
    refuses("text_config", "hidden_size", "64", "hidden_size: expected an integer, found the string \"64\"");
    refuses("text_config", "hidden_size", -1, "hidden_size: expected 1 to 1048576, found -1");
    refuses("text_config", "num_hidden_layers", 1000000000, "num_hidden_layers: expected 1 to 4096");
    refuses("text_config", "num_attention_heads", 3,
            "hidden_size: expected a multiple of num_attention_heads (3), found 64");
    refuses("text_config", "num_key_value_heads", 3,
            "num_attention_heads: expected a multiple of num_key_value_heads (3), found 4");
    refuses("vision_config", "patch_size", 0, "patch_size: expected 1 to");
    refuses("vision_config", "hidden_act", "mish", "hidden_act: expected gelu");
    edit_config(folder_,
                [&](tiny::json& config) { config = tiny::config(Names::OLD), config["vision_feature_layer"] = -9; });
    VERIFY_MESSAGE(open_model(folder_), "vision_feature_layer: expected a layer of the tower's 3, found -9");
    tiny::write_text(folder_ / "config.json", "{ not json");
    VERIFY_MESSAGE(open_model(folder_), "config.json: not valid JSON");
  }

  void fingerprints() {
    tiny::write(folder_, Names::OLD);
    const std::string before = open_model(folder_)->fingerprint();
    QCOMPARE(before.size(), size_t{16});
    QCOMPARE(open_model(folder_)->fingerprint(), before);
    auto list = tiny::tensors(Names::OLD);
    list.back().bits[5] ^= 1;
    tiny::write_tensors(folder_, list);
    QVERIFY(open_model(folder_)->fingerprint() != before);
  }

  void a_checkpoint_that_is_quantized_already() {
    tiny::write(folder_, Names::OLD);
    edit_config(folder_, [](tiny::json& config) {
      config["quantization_config"] = {{"quant_method", "awq"}, {"bits", 4}};
    });
    VERIFY_MESSAGE(open_model(folder_), "quantization_config: this checkpoint is quantized already (awq)");
  }

  void paths_that_are_no_model() {
    VERIFY_MESSAGE(open_model(folder_), "there is no such file or folder");
    fs::create_directories(folder_);
    VERIFY_MESSAGE(open_model(folder_), "expected config.json");
    tiny::write_text(folder_ / "a.txt", "x");
    VERIFY_MESSAGE(open_model(folder_ / "a.txt"), "expected a checkpoint folder, a .qvlm folder or a .gguf file");
  }

 private:
  std::unique_ptr<QTemporaryDir> temporary_;
  fs::path folder_;
};

QTEST_GUILESS_MAIN(TestCheckpoint)
#include "test_checkpoint.moc"
