// The quantized model's folder: what is written is what is opened, to the bit, whatever the grid.
#include <signal.h>
#include <sys/resource.h>

#include <QTemporaryDir>
#include <QTest>
#include <cmath>
#include <cstring>

#include "core/base/half.h"
#include "core/base/mapped_file.h"
#include "core/model/gguf_model.h"
#include "core/model/gguf_names.h"
#include "core/model/qvlm_folder.h"
#include "core/model/sites.h"
#include "core/model/tokenizer_data.h"
#include "tests/model/tiny_checkpoint.h"

using namespace qvlm;
using tiny::Names;
namespace fs = std::filesystem;

namespace {

const fs::path kGolden = fs::path(QVLM_SOURCE_DIR) / "tests/golden/model";

/// Round to nearest over each group's range: enough for a grid with all its parts different.
QuantizedMatrix quantize(const std::vector<float>& weights, int64_t rows, int64_t columns, int bits, int64_t group,
                         bool symmetric) {
  QuantizedMatrix matrix{rows, columns, bits, group, symmetric, {}, {}, {}};
  matrix.codes.resize(weights.size());
  const int top = (1 << bits) - 1;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t g = 0; g < matrix.groups(); ++g) {
      float low = 0, high = 0;
      const auto at = static_cast<size_t>(row * columns + g * group);
      for (size_t i = at; i < at + static_cast<size_t>(group); ++i)
        low = std::min(low, weights[i]), high = std::max(high, weights[i]);
      if (symmetric) high = std::max(high, -low), low = -high;
      const uint16_t scale = to_half(std::max((high - low) / static_cast<float>(top), 1e-4f));
      const float step = from_half(scale);
      const int zero = symmetric ? 1 << (bits - 1) : std::clamp(static_cast<int>(std::lround(-low / step)), 0, top);
      matrix.scales.push_back(scale);
      matrix.zeros.push_back(static_cast<uint8_t>(zero));
      for (size_t i = at; i < at + static_cast<size_t>(group); ++i)
        matrix.codes[i] =
            static_cast<uint8_t>(std::clamp(static_cast<int>(std::lround(weights[i] / step)) + zero, 0, top));
    }
  return matrix;
}

bool same(const QuantizedMatrix& a, const QuantizedMatrix& b) {
  return a.rows == b.rows && a.columns == b.columns && a.bits == b.bits && a.group == b.group &&
         a.symmetric == b.symmetric && a.codes == b.codes && a.scales == b.scales && a.zeros == b.zeros &&
         a.codebook == b.codebook && a.residual == b.residual && a.double_scales == b.double_scales;
}

void add_residual(QuantizedMatrix& matrix, int rank) {
  matrix.residual.rank = rank;
  for (int64_t i = 0; i < matrix.rows * rank; ++i) matrix.residual.left.push_back(to_half(0.01f * static_cast<float>(i % 37)));
  for (int64_t i = 0; i < matrix.columns * rank; ++i) matrix.residual.right.push_back(to_half(0.02f * static_cast<float>(i % 29) - 0.3f));
}

void quantize_scales(QuantizedMatrix& matrix) {
  matrix.double_scales = double_quantize(matrix.scale_values());
  matrix.scales.clear();
}

bool is_linear(const std::string& name) {
  return name.starts_with("decoder.") && name.ends_with(".weight") &&
         (name.find(".mlp.") != name.npos || name.find(".attention.") != name.npos);
}

}  // namespace

class TestQvlmFolder : public QObject {
  Q_OBJECT

 private slots:
  void init() {
    temporary_ = std::make_unique<QTemporaryDir>();
    source_ = fs::path(temporary_->path().toStdString()) / "tiny";
    target_ = fs::path(temporary_->path().toStdString()) / "tiny.qvlm";
    tiny::write(source_, Names::OLD);
    tiny::write_text(source_ / "generation_config.json", R"({"eos_token_id":[2,7]})");
    tiny::write_text(source_ / "preprocessor_config.json",
                     R"({"size":{"shortest_edge":28},"crop_size":28,"resample":2,"do_pad":true})");
    fs::create_directories(target_);
  }

  void round_trip_data() {
    QTest::addColumn<int>("bits");
    QTest::addColumn<int>("group");  // 0: a row; below 0: scales quantized twice
    QTest::addColumn<bool>("symmetric");
    QTest::addColumn<QString>("architecture");
    QTest::addColumn<bool>("codebook");
    QTest::addColumn<int>("rank");
    QTest::newRow("4 bits, symmetric, 32") << 4 << 32 << true << "llama" << false << 0;
    QTest::newRow("8 bits, symmetric, 32") << 8 << 32 << true << "llama" << false << 0;
    QTest::newRow("5 bits, symmetric, 32") << 5 << 32 << true << "llama" << false << 0;
    QTest::newRow("4 bits, 32") << 4 << 32 << false << "qvlm" << false << 0;
    QTest::newRow("3 bits, 32") << 3 << 32 << false << "qvlm" << false << 0;
    QTest::newRow("6 bits, symmetric, row") << 6 << 0 << true << "qvlm" << false << 0;
    QTest::newRow("4 bits, row") << 4 << 0 << false << "qvlm" << false << 0;
    QTest::newRow("codebook") << 4 << 32 << true << "qvlm" << true << 0;
    QTest::newRow("residual") << 3 << 32 << false << "qvlm" << false << 5;
    QTest::newRow("codebook and residual") << 4 << 32 << true << "qvlm" << true << 3;
    QTest::newRow("codebook and double scales") << 4 << -32 << true << "qvlm" << true << 0;
  }
  void round_trip() {
    QFETCH(int, bits);
    QFETCH(int, group);
    const bool twice = group < 0;
    group = std::abs(group);
    QFETCH(bool, symmetric);
    QFETCH(QString, architecture);
    QFETCH(bool, codebook);
    QFETCH(int, rank);
    const auto source = open_model(source_);
    QvlmDescription description = describe(*source);
    std::map<std::string, QuantizedMatrix> matrices;
    {
      QvlmWriter writer(target_, description);
      for (const std::string& name : source->names()) {
        if (is_linear(name)) {
          const Shape shape = std::get<TensorView>(source->load(name)).shape;
          matrices[name] =
              quantize(load_float(*source, name), shape[0], shape[1], bits, group > 0 ? group : shape[1], symmetric);
          if (codebook)
            for (int i = 0; i < 16; ++i) matrices[name].codebook.push_back(std::sinh(0.3f * static_cast<float>(i - 7)));
          if (rank > 0) add_residual(matrices[name], rank);
          if (twice) quantize_scales(matrices[name]);
          writer.add(name, matrices[name]);
        } else {
          writer.add(name, source->load(name));
        }
      }
      writer.finish();
    }
    const auto model = open_model(target_);
    QCOMPARE(to_json(model->config()), to_json(source->config()));
    QVERIFY(model->names() == source->names());
    QVERIFY(model->unmatched().empty());
    QVERIFY(model->activations() == description.activations);
    double stored = 0, weights = 0;
    for (const std::string& name : model->names()) {
      const Weight weight = model->load(name);
      if (matrices.contains(name)) {
        QVERIFY2(same(std::get<QuantizedMatrix>(weight), matrices[name]), name.c_str());
        const double count = static_cast<double>(matrices[name].codes.size());
        stored += matrices[name].bits_per_weight() * count, weights += count;
      } else {
        QVERIFY2(load_float(*model, name) == load_float(*source, name), name.c_str());
      }
      model->release(name);
    }
    QVERIFY(std::abs(model->stored_bits() - stored / weights) < 1e-9);  // what the planes say, read off the file
    const GgufFile file(target_ / "model.gguf");
    QCOMPARE(file.text("general.architecture"), architecture.toStdString());
    QCOMPARE(file.text("qvlm.partition"), description.partition);
    QCOMPARE(GgufFile(target_ / "vision.gguf").text("general.architecture"), std::string("clip"));
    QVERIFY(model->fingerprint() != source->fingerprint());
    QCOMPARE(open_model(target_)->fingerprint(), model->fingerprint());
    // The decoder's file alone is a text model for everybody.
    QCOMPARE(open_model(target_ / "model.gguf")->config().decoder.heads, tiny::kHeads);
    OpenOptions pair;
    pair.vision = target_ / "vision.gguf";
    QCOMPARE(to_json(open_model(target_ / "model.gguf", pair)->config()), to_json(source->config()));
  }

  void the_same_run_writes_the_same_bytes() {
    write_float(target_);
    const fs::path again = target_.parent_path() / "again.qvlm";
    fs::create_directories(again);
    write_float(again);
    for (const char* name : {"model.gguf", "vision.gguf"}) {
      const MappedFile a(target_ / name), b(again / name);
      QVERIFY(std::ranges::equal(a.bytes(), b.bytes()));
    }
  }

  void quantized_tower() {
    const auto source = open_model(source_);
    QvlmWriter writer(target_, describe(*source));
    const std::string linear = "vision.0.attention.query.weight";
    const auto matrix = quantize(load_float(*source, linear), 48, 48, 8, 48, true);
    for (const std::string& name : source->names())
      name == linear ? writer.add(name, matrix) : writer.add(name, source->load(name));
    writer.finish();
    const auto model = open_model(target_);
    QVERIFY(same(std::get<QuantizedMatrix>(model->load(linear)), matrix));
    QCOMPARE(to_json(model->config()), to_json(source->config()));
    QCOMPARE(GgufFile(target_ / "vision.gguf").text("general.architecture"), std::string("qvlm"));
  }

  // A file that lies about its planes is refused by name.
  void hostile_planes() {
    const auto source = open_model(source_);
    QuantizedMatrix last;
    QvlmWriter writer(target_, describe(*source));
    for (const std::string& name : source->names()) {
      if (!is_linear(name)) {
        writer.add(name, source->load(name));
        continue;
      }
      const Shape shape = std::get<TensorView>(source->load(name)).shape;
      auto matrix = quantize(load_float(*source, name), shape[0], shape[1], 4, 32, true);
      for (int i = 0; i < 16; ++i) matrix.codebook.push_back(static_cast<float>(i) - 7.5f);
      add_residual(matrix, 2);
      quantize_scales(matrix);
      if (name == "decoder.1.mlp.down.weight") last = matrix;
      writer.add(name, matrix);
    }
    writer.finish();
    const MappedFile file(target_ / "model.gguf");
    const std::string bytes(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
    const auto damaged = [&](const std::string& from, const std::string& to) {
      std::string copy = bytes;
      const auto at = copy.rfind(from);
      if (at == std::string::npos) return std::string("not found: ") + from;
      copy.replace(at, from.size(), to);
      tiny::write_text(target_ / "other.gguf", copy);
      return qvlm::message_of([&] {
        const auto model = open_model(target_ / "other.gguf");
        for (const std::string& name : model->names()) model->load(name);
      });
    };
    const auto has = [](const std::string& message, const char* part) { return message.find(part) != std::string::npos; };
    std::string message = damaged("blk.1.ffn_down.weight.codebook", "blk.1.ffn_down.weight.codeb00k");
    QVERIFY2(has(message, "blk.1.ffn_down.weight.codebook"), message.c_str());
    message = damaged("blk.1.ffn_down.weight.residual.left", "blk.1.ffn_down.weight.residual.lefd");
    QVERIFY2(has(message, "blk.1.ffn_down.weight.residual.left"), message.c_str());
    for (const char* plane : {"codes", "maxima", "mean"}) {
      const std::string name = std::string("blk.1.ffn_down.weight.scales.") + plane;
      message = damaged(name, name.substr(0, name.size() - 1) + "?");
      QVERIFY2(has(message, name.c_str()), message.c_str());
    }
    std::string mean(4, '\0'), infinite("\0\0\x80\x7f", 4);
    std::memcpy(mean.data(), &last.double_scales.mean, 4);
    message = damaged(mean, infinite);
    QVERIFY2(has(message, "blk.1.ffn_down.weight: mean of scales: expected a finite number"), message.c_str());
    const std::string largest(reinterpret_cast<const char*>(last.double_scales.maxima.data()), 4 * last.double_scales.maxima.size());
    message = damaged(largest, infinite + largest.substr(4));
    QVERIFY2(has(message, "blk.1.ffn_down.weight: maximum of scales: expected a finite number"), message.c_str());
    // The array of ranks: 4 bytes each behind key, type (array of int32) and count.
    std::string ranks = "qvlm.planes.ranks";
    const auto at = bytes.find(ranks);
    QVERIFY(at != std::string::npos);
    const std::string head = bytes.substr(at, ranks.size() + 4 + 4 + 8);
    for (const auto& [rank, part] : {std::pair{1000000, "residual's rank"}, {-1, "residual's rank"}, {3, "residual.left"}}) {
      std::string value(4, '\0');
      std::memcpy(value.data(), &rank, 4);
      message = damaged(head + std::string("\2\0\0\0", 4), head + value);
      QVERIFY2(has(message, part), message.c_str());
    }
  }

  // Learned transforms come in pairs of their sites' shapes, and only where the key says so.
  void hostile_transforms() {
    const auto source = open_model(source_);
    QvlmDescription description = describe(*source);
    description.config.decoder.site_transforms = true;
    const std::vector<float> zeros(64 * 64);
    {
      QvlmWriter writer(target_, description);
      for (const ExpectedTensor& tensor : expected_tensors(description.config)) {
        if (tensor.name.find(".transform.") == std::string::npos) {
          if (source->has(tensor.name)) writer.add(tensor.name, source->load(tensor.name));
          continue;
        }
        const auto count = static_cast<size_t>(element_count(tensor.shape, tensor.name));
        writer.add(tensor.name, TensorView{DType::F32, tensor.shape, std::as_bytes(std::span(zeros).first(count)), tensor.name});
      }
      writer.finish();
    }
    const auto model = open_model(target_);
    QCOMPARE(to_json(model->config()), to_json(description.config));
    QVERIFY(model->fingerprint() != source->fingerprint());
    QCOMPARE(GgufFile(target_ / "model.gguf").text("general.architecture"), std::string("qvlm"));  // others refuse it
    QCOMPARE(std::get<TensorView>(model->load("decoder.1.transform.down.right")).shape, (Shape{12, 12}));
    QCOMPARE(model->stored_bits(), 16.0);  // of the linears alone
    const MappedFile file(target_ / "model.gguf");
    const std::string bytes(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
    const auto damaged = [&](const std::string& from, const std::string& to) {
      std::string copy = bytes;
      const auto at = copy.rfind(from);
      if (at == std::string::npos) return std::string("not found: ") + from;
      copy.replace(at, from.size(), to);
      tiny::write_text(target_ / "other.gguf", copy);
      return qvlm::message_of([&] { open_model(target_ / "other.gguf"); });
    };
    const auto has = [](const std::string& message, const char* part) { return message.find(part) != std::string::npos; };
    std::string message = damaged("blk.1.transform.down.left", "blk.1.transform.down.lefd");
    QVERIFY2(has(message, "blk.1.transform.down.left is missing"), message.c_str());
    // The tensor's dimensions stand behind its name and their number.
    const std::string name = "blk.0.transform.down.left" + std::string("\2\0\0\0", 4) + std::string("\10\0\0\0\0\0\0\0", 8);
    std::string wrong = name;
    wrong[wrong.size() - 8] = 4;
    message = damaged(name, wrong);
    QVERIFY2(has(message, "blk.0.transform.down.left") && has(message, "shape"), message.c_str());
    message = damaged("qvlm.site_transforms", "qvlm.site_transformz");
    QVERIFY2(has(message, "the key qvlm.site_transforms does not ask for it"), message.c_str());
  }

  void rotary_rows_are_in_the_file_order_of_llama() {
    write_float(target_);
    const GgufFile file(target_ / "model.gguf");
    const auto& tensor = file.tensor("blk.0.attn_k.weight");
    const auto stored = dequantize_blocks(tensor.type, tensor.bytes, "k");
    const auto canonical = load_float(*open_model(source_), "decoder.0.attention.key.weight");
    // Row 1 of the file is row head_dim / 2 = 8 of the checkpoint.
    QVERIFY(std::equal(stored.begin() + 64, stored.begin() + 128, canonical.begin() + 8 * 64));
    QVERIFY(std::equal(stored.begin(), stored.begin() + 64, canonical.begin()));
  }

  void the_tokenizer_comes_along() {
    fs::copy_file(kGolden / "llama_style.json", source_ / "tokenizer.json");
    auto source = open_model(source_);
    QCOMPARE(source->config().tokens.begin, 1);
    write_float(target_);
    QCOMPARE(open_model(target_)->tokenizer().kind, TokenizerSource::Kind::TOKENIZER_JSON);
    QVERIFY(std::ranges::equal(MappedFile(target_ / "tokenizer.json").bytes(),
                               MappedFile(source_ / "tokenizer.json").bytes()));
    const auto text = open_model(target_ / "model.gguf");
    QCOMPARE(text->tokenizer().kind, TokenizerSource::Kind::GGUF_FILE);
    QCOMPARE(read_tokenizer(text->tokenizer()).vocabulary(), tiny::kVocabulary);
  }

  void rope_scaling_is_kept() {
    for (
        const char* scaling :
        {R"({"rope_type":"linear","factor":2.0})",
         R"({"rope_type":"llama3","factor":32.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":8192})"}) {
      auto config = tiny::config(Names::OLD);
      config["text_config"]["rope_scaling"] = tiny::json::parse(scaling);
      tiny::write_text(source_ / "config.json", config.dump());
      write_float(target_);
      QCOMPARE(to_json(open_model(target_)->config()), to_json(open_model(source_)->config()));
    }
  }

  // A vision file whose pictures are as wide as another decoder's tokens.
  void a_vision_file_of_another_model() {
    write_float(target_);
    std::string bytes;
    {
      const MappedFile file(target_ / "vision.gguf");
      bytes.assign(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
    }
    const std::string name = "mm.2.weight" + std::string("\2\0\0\0", 4);
    const size_t rows = bytes.find(name) + name.size() + 8;  // behind the columns
    QCOMPARE(bytes.at(rows), char(tiny::kHidden));
    bytes[rows] = 32;
    const fs::path other = target_ / "other.gguf";
    tiny::write_text(other, bytes);
    const std::string message = qvlm::message_of([&] { open_model(target_ / "model.gguf", {.vision = other}); });
    for (const char* part : {"other.gguf", "model.gguf", "its pictures have 32 channels", "takes 64", "belongs to another model"})
      QVERIFY2(message.find(part) != std::string::npos, message.c_str());
    QVERIFY(qvlm::message_of([&] { open_model(target_ / "model.gguf", {.vision = target_ / "model.gguf"}); }).find("model.gguf") != std::string::npos);
  }

  void what_does_not_belong_is_refused() {
    const auto source = open_model(source_);
    QvlmWriter writer(target_, describe(*source));
    auto matrix = quantize(load_float(*source, "decoder.0.mlp.up.weight"), 96, 64, 4, 32, true);
    VERIFY_MESSAGE(writer.add("decoder.9.mlp.up.weight", matrix), "decoder.9.mlp.up.weight is no tensor of this model");
    VERIFY_MESSAGE(writer.add("decoder.0.mlp.down.weight", matrix), "shape: expected [64, 96], found [96, 64]");
    matrix.group = 48;
    VERIFY_MESSAGE(writer.add("decoder.0.mlp.gate.weight", matrix),
                   "group size: expected a divisor of the row's 64 columns (32, 64), found 48");
    writer.add("decoder.norm.weight", source->load("decoder.norm.weight"));
    VERIFY_MESSAGE(writer.add("decoder.norm.weight", source->load("decoder.norm.weight")), "written twice");
    VERIFY_MESSAGE(writer.finish(), "was not written");
    QVERIFY(!fs::exists(target_ / "model.gguf"));
  }

  void unfinished_and_incomplete_folders() {
    write_float(target_);
    fs::rename(target_ / "vision.gguf", target_ / "away");
    VERIFY_MESSAGE(open_model(target_), "expected vision.gguf (the model is of the family llava)");
    fs::remove(target_ / "model.gguf");
    VERIFY_MESSAGE(open_model(target_), "expected model.gguf");
    const fs::path partial = target_.string() + ".partial";
    fs::rename(target_, partial);
    VERIFY_MESSAGE(open_model(partial), "this run is not finished; resume it with qvlm quantize --resume -o tiny.qvlm");
  }

  void tensors_missing_from_the_file() {
    write_float(target_);
    // Damage one name in place: ffn_gate -> ffn_gait.
    const MappedFile file(target_ / "model.gguf");
    std::string bytes(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
    const auto at = bytes.find("blk.1.ffn_gate.weight");
    QVERIFY(at != std::string::npos);
    bytes.replace(at, 21, "blk.1.ffn_gait.weight");
    tiny::write_text(target_ / "other.gguf", bytes);
    VERIFY_MESSAGE(open_model(target_ / "other.gguf"),
                   "the tensor blk.1.ffn_gate.weight is missing; the file has blk.1.ffn_gait.weight, which nothing "
                   "takes: was it renamed?");
    VERIFY_MESSAGE(open_model(target_ / "vision.gguf"), "a vision tower: give it with --vision");
  }

  void a_full_disk() {
    rlimit before{};
    QCOMPARE(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    rlimit small = before;
    small.rlim_cur = 60000;
    QCOMPARE(setrlimit(RLIMIT_FSIZE, &small), 0);
    const std::string message = qvlm::message_of([&] { write_float(target_); });
    setrlimit(RLIMIT_FSIZE, &before);
    QVERIFY2(message.find("cannot be written") != std::string::npos, message.c_str());
    QVERIFY(fs::is_empty(target_));
  }

 private:
  QvlmDescription describe(const Model& source) const {
    QvlmDescription description;
    description.config = source.config();
    description.tokenizer = source.tokenizer();
    description.weight_method = "rtn";
    description.partition = R"({"blocks":[]})";
    description.source_fingerprint = source.fingerprint();
    for (int site = 0; site < tiny::kLayers * kSitesPerLayer; ++site)
      description.activations.push_back(
          {static_cast<ActivationGranularity>(site % 4), 4 + site, 32, -0.1f * static_cast<float>(site), 0.3f, 0.95f});
    return description;
  }
  void write_float(const fs::path& target) const {
    const auto source = open_model(source_);
    QvlmWriter writer(target, describe(*source));
    for (const std::string& name : source->names()) writer.add(name, source->load(name));
    writer.finish();
  }

  std::unique_ptr<QTemporaryDir> temporary_;
  fs::path source_, target_;
};

QTEST_GUILESS_MAIN(TestQvlmFolder)
#include "test_qvlm_folder.moc"
