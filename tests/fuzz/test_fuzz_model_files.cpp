// Small deterministic fuzzing of the readers of model files: whatever a file holds, an Error is all that may come out.
// Run it under the sanitizers to see reads out of bounds.
#include <QTemporaryDir>
#include <QTest>
#include <functional>
#include <random>

#include "core/model/gguf.h"
#include "core/model/model.h"
#include "core/model/pickle.h"
#include "core/model/qvlm_folder.h"
#include "core/model/tokenizer_data.h"
#include "tests/model/tiny_checkpoint.h"

using namespace qvlm;
namespace fs = std::filesystem;

namespace {

const fs::path kGolden = fs::path(QVLM_SOURCE_DIR) / "tests/golden/model";
constexpr int kRounds = 400;

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// One to four changes: a bit, a byte, a number of extreme value, a cut, a stretch twice. Mostly in the first `head`
/// bytes, where the structure is.
std::string mutate(std::string bytes, std::mt19937& random, size_t head) {
  const int changes = 1 + static_cast<int>(random() % 4);
  for (int i = 0; i < changes && !bytes.empty(); ++i) {
    const size_t range = random() % 8 != 0 ? std::min(head, bytes.size()) : bytes.size();
    const size_t at = random() % range;
    static constexpr uint64_t extremes[] = {0,
                                            1,
                                            0x7f,
                                            0xff,
                                            0x7fffffff,
                                            0xffffffff,
                                            0x7fffffffffffffff,
                                            0xffffffffffffffff,
                                            uint64_t{1} << 32,
                                            uint64_t{1} << 60};
    switch (random() % 6) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
        break;
      case 1:
        bytes[at] = static_cast<char>(random());
        break;
      case 2: {
        const uint64_t value = extremes[random() % std::size(extremes)];
        const size_t width = size_t{1} << (random() % 4);
        for (size_t b = 0; b < width && at + b < bytes.size(); ++b) bytes[at + b] = static_cast<char>(value >> (8 * b));
        break;
      }
      case 3:
        bytes.resize(at);
        break;
      case 4:
        bytes.insert(at, bytes.substr(at, random() % 32));
        break;
      default:
        bytes.erase(at, random() % 16);
        break;
    }
  }
  return bytes;
}

}  // namespace

class TestFuzzModelFiles : public QObject {
  Q_OBJECT

 private slots:
  void init() {
    temporary_ = std::make_unique<QTemporaryDir>();
    folder_ = fs::path(temporary_->path().toStdString()) / "model";
  }

  void safetensors() {
    tiny::write(folder_, tiny::Names::TEXT_ONLY);
    const std::string whole = bytes_of(folder_ / "model.safetensors");
    fuzz(folder_ / "model.safetensors", whole, 2500, [&] { read_all(folder_); });
  }

  void config() {
    tiny::write(folder_, tiny::Names::OLD);
    const std::string whole = bytes_of(folder_ / "config.json");
    fuzz(folder_ / "config.json", whole, whole.size(), [&] { read_all(folder_); });
  }

  void index() {
    tiny::write(folder_, tiny::Names::TEXT_ONLY, 20000);
    const std::string whole = bytes_of(folder_ / "model.safetensors.index.json");
    fuzz(folder_ / "model.safetensors.index.json", whole, whole.size(), [&] { read_all(folder_); });
  }

  void pickle() {
    fs::create_directories(folder_);
    const std::string whole = bytes_of(kGolden / "state.bin");
    fuzz(folder_ / "pytorch_model.bin", whole, whole.size(), [&] {
      const PickleFile file(folder_ / "pytorch_model.bin");
      for (const std::string& name : file.names())
        if (file.tensor(name).dtype != DType::I64) consume(tiny_sum(file.tensor(name)));
    });
  }

  void gguf_types() {
    fs::create_directories(folder_);
    const std::string whole = bytes_of(kGolden / "types.gguf");
    fuzz(folder_ / "a.gguf", whole, 1400, [&] {
      const GgufFile file(folder_ / "a.gguf");
      for (const auto& [name, tensor] : file.tensors())
        consume(dequantize_blocks(tensor.type, tensor.bytes, tensor.origin).size());
    });
  }

  void gguf_model() {
    write_quantized();
    const std::string whole = bytes_of(folder_ / "q.qvlm" / "model.gguf");
    fuzz(folder_ / "q.qvlm" / "model.gguf", whole, whole.find("GGUF") + 9000, [&] { read_all(folder_ / "q.qvlm"); });
  }

  void gguf_vision() {
    write_quantized();
    const std::string whole = bytes_of(folder_ / "q.qvlm" / "vision.gguf");
    fuzz(folder_ / "q.qvlm" / "vision.gguf", whole, 5000, [&] { read_all(folder_ / "q.qvlm"); });
  }

  void tokenizer_json() {
    fs::create_directories(folder_);
    const std::string whole = bytes_of(kGolden / "llama_style.json");
    fuzz(folder_ / "tokenizer.json", whole, whole.size(),
         [&] { consume(read_tokenizer_json(folder_ / "tokenizer.json").pieces.size()); });
  }

  void tokenizer_model() {
    fs::create_directories(folder_);
    const std::string whole = bytes_of(kGolden / "spm_bpe.model");
    fuzz(folder_ / "tokenizer.model", whole, whole.size(),
         [&] { consume(read_tokenizer_model(folder_ / "tokenizer.model").pieces.size()); });
  }

 private:
  /// Every mutation is either read whole or refused with an Error that says something.
  void fuzz(const fs::path& path, const std::string& whole, size_t head, const std::function<void()>& read) {
    tiny::write_text(path, whole);
    read();  // the file itself is good
    std::mt19937 random(20241);
    int refused = 0;
    for (int round = 0; round < kRounds; ++round) {
      tiny::write_text(path, mutate(whole, random, head));
      try {
        read();
      } catch (const Error& error) {
        ++refused;
        QVERIFY(std::string(error.what()).size() > 10);
      } catch (const std::exception& other) {
        QFAIL(qPrintable(QString("round %1: not an Error: %2").arg(round).arg(other.what())));
      }
    }
    QVERIFY2(refused > kRounds / 8,
             qPrintable(QString("only %1 refused").arg(refused)));  // the mutations do hit the structure
  }

  void read_all(const fs::path& path) {
    const auto model = open_model(path);
    for (const std::string& name : model->names()) consume(load_float(*model, name).size());
    consume(model->fingerprint().size() + static_cast<size_t>(model->stored_bits()));
  }

  static size_t tiny_sum(const TensorView& view) { return to_float(view).size(); }
  void consume(size_t value) { sink_ = sink_ + value; }

  void write_quantized() {
    tiny::write(folder_, tiny::Names::OLD);
    fs::create_directories(folder_ / "q.qvlm");
    const auto source = open_model(folder_);
    QvlmDescription description;
    description.config = source->config();
    description.weight_method = "rtn";
    QvlmWriter writer(folder_ / "q.qvlm", std::move(description));
    for (const std::string& name : source->names()) {
      if (!name.starts_with("decoder.0.")) {
        writer.add(name, source->load(name));
        continue;
      }
      const Weight weight = source->load(name);
      const Shape shape = std::get<TensorView>(weight).shape;
      if (shape.size() != 2) {
        writer.add(name, weight);
        continue;
      }
      const bool blocks = name.find(".mlp.") != name.npos;  // one half as Q4_0, one as planes
      QuantizedMatrix matrix{shape[0], shape[1], 4, 32, blocks, {}, {}, {}};
      matrix.codes.assign(static_cast<size_t>(shape[0] * shape[1]), 5);
      matrix.scales.assign(static_cast<size_t>(shape[0] * matrix.groups()), 0x2c00);
      matrix.zeros.assign(matrix.scales.size(), 8);
      writer.add(name, matrix);
    }
    writer.finish();
  }

  std::unique_ptr<QTemporaryDir> temporary_;
  fs::path folder_;
  volatile size_t sink_ = 0;
};

QTEST_GUILESS_MAIN(TestFuzzModelFiles)
#include "test_fuzz_model_files.moc"
