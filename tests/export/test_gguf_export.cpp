// The exported pair gives the same weights as the .qvlm, or the export says why it cannot.
#include <QTemporaryDir>
#include <QtTest>

#include "core/base/half.h"
#include "core/export/gguf_export.h"
#include "core/model/model.h"
#include "core/model/qvlm_folder.h"
#include "tests/model/tiny_checkpoint.h"

using namespace qvlm;
namespace fs = std::filesystem;

namespace {

/// Any codes do for packing; scales have few significant bits, as the quantizer makes them where zero points are to fit
/// into Q4_1.
QuantizedMatrix matrix_of(int64_t rows, int64_t columns, int bits, int64_t group, bool symmetric) {
  QuantizedMatrix matrix{rows, columns, bits, group, symmetric, {}, {}, {}};
  uint64_t state = static_cast<uint64_t>(rows * 31 + columns);
  const auto next = [&](uint64_t bound) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (state >> 33) % bound;
  };
  for (int64_t i = 0; i < rows * columns; ++i) matrix.codes.push_back(static_cast<uint8_t>(next(uint64_t{1} << bits)));
  for (int64_t i = 0; i < rows * matrix.groups(); ++i) {
    matrix.scales.push_back(to_half(static_cast<float>(64 + next(64)) / 4096.0f));
    matrix.zeros.push_back(static_cast<uint8_t>(symmetric ? 1 << (bits - 1) : next(uint64_t{1} << bits)));
  }
  return matrix;
}

bool is_tower_linear(const std::string& name) {
  return name.starts_with("vision.") && name.ends_with(".weight") &&
         (name.find(".mlp.") != name.npos || name.find(".attention.") != name.npos);
}

bool is_linear(const std::string& name) {
  return name.starts_with("decoder.") && name.ends_with(".weight") &&
         (name.find(".mlp.") != name.npos || name.find(".attention.") != name.npos);
}

}  // namespace

class TestGgufExport : public QObject {
  Q_OBJECT
  std::unique_ptr<QTemporaryDir> folder_;
  fs::path path(const char* name) const { return fs::path(folder_->path().toStdString()) / name; }

  /// NAME.qvlm whose linears all lie on one grid; the tower's, where `tower_bits`, on a symmetric one with a scale a row.
  fs::path make_qvlm(int bits, int64_t group, bool symmetric, bool codebook = false, int rank = 0, int tower_bits = 0,
                     bool transforms = false) {
    const auto source = open_model(tiny::write(path("source"), tiny::Names::OLD));
    const fs::path target = path("name.qvlm");
    fs::create_directories(target);
    VlmConfig config = source->config();
    config.decoder.site_transforms = transforms;
    const std::vector<float> zeros(64 * 64);
    QvlmWriter writer(target, {.config = config, .tokenizer = source->tokenizer(), .weight_method = "test"});
    for (const ExpectedTensor& tensor : expected_tensors(config)) {
      if (tensor.name.find(".transform.") != std::string::npos) {
        const auto count = size_t(tensor.shape[0] * tensor.shape[1]);
        writer.add(tensor.name, TensorView{DType::F32, tensor.shape, std::as_bytes(std::span(zeros).first(count)), tensor.name});
        continue;
      }
      if (!source->has(tensor.name)) continue;
      if (is_linear(tensor.name)) {
        auto matrix = matrix_of(tensor.shape[0], tensor.shape[1], bits, group, symmetric);
        if (codebook)
          for (int i = 0; i < 16; ++i) matrix.codebook.push_back(static_cast<float>(i) - 8);
        if (rank > 0) matrix.residual = {rank, std::vector<uint16_t>(size_t(rank * matrix.rows)), std::vector<uint16_t>(size_t(rank * matrix.columns))};
        writer.add(tensor.name, matrix);
      } else if (tower_bits != 0 && is_tower_linear(tensor.name)) {
        writer.add(tensor.name, matrix_of(tensor.shape[0], tensor.shape[1], tower_bits, tensor.shape[1], true));
      } else {
        writer.add(tensor.name, source->load(tensor.name));
      }
    }
    writer.finish();
    return target;
  }

  QString failure(const fs::path& model, const fs::path& out) {
    try {
      export_gguf(model, out);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

 private slots:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }

  void the_pair_gives_the_same_weights_data() {
    QTest::addColumn<int>("bits");
    QTest::addColumn<bool>("symmetric");
    QTest::addColumn<QString>("type");
    QTest::newRow("plain pair, copied") << 4 << true << "Q4_0";
    QTest::newRow("8 bits") << 8 << true << "Q8_0";
    QTest::newRow("planes with zero points, packed") << 4 << false << "Q4_1";
  }
  void the_pair_gives_the_same_weights() {
    QFETCH(int, bits);
    QFETCH(bool, symmetric);
    QFETCH(QString, type);
    const fs::path folder = make_qvlm(bits, 32, symmetric);
    const ExportReport report = export_gguf(folder, path("out"));
    QCOMPARE(report.files.size(), size_t{2});
    QVERIFY(fs::exists(path("out") / "README.txt"));
    bool typed = false;
    for (const auto& line : report.types) typed = typed || QString::fromStdString(line).endsWith(type);
    QVERIFY(typed);
    const auto before = open_model(folder);
    const auto after = open_model(path("out") / "name.gguf", {.vision = path("out") / "name-mmproj.gguf"});
    for (const std::string& name : before->names())
      QVERIFY2(load_float(*before, name) == load_float(*after, name), name.c_str());
    QCOMPARE(after->names().size(), before->names().size());
    QCOMPARE(after->config().decoder.hidden, before->config().decoder.hidden);
  }

  void a_tower_off_ggufs_blocks_is_refused_with_the_reason() {
    const fs::path folder = make_qvlm(4, 32, true, false, 0, 8);  // rows of 48 and 80 are no blocks of 32
    const auto model = open_model(folder);
    QVERIFY(std::holds_alternative<QuantizedMatrix>(model->load("vision.0.mlp.up.weight")));
    QVERIFY(vision_stored_bits(*model) < 9);
    const QString message = failure(folder, path("out"));
    QVERIFY2(message.contains("8-bit") && message.contains("v.blk.0"), qPrintable(message));
    QVERIFY(!fs::exists(path("out") / "name.gguf"));
  }

  void what_differs_elsewhere_is_said() {
    const ExportReport report = export_gguf(make_qvlm(4, 32, true), path("out"));
    bool said = false;
    for (const auto& note : report.notes) said = said || note.find("pads") != note.npos;
    QVERIFY(said);  // the model crops
  }

  void a_grid_that_gguf_has_not_is_refused_with_the_reason() {
    const QString message = failure(make_qvlm(8, 32, false), path("out"));
    QVERIFY2(message.contains("8-bit") && message.contains("blk.0"), qPrintable(message));
    QVERIFY(!fs::exists(path("out") / "name.gguf"));
  }

  void codebooks_and_residuals_are_refused_with_the_reason() {
    QString message = failure(make_qvlm(4, 32, true, true), path("out"));
    QVERIFY2(message.contains("a codebook of 16 values") && message.contains("blk.0"), qPrintable(message));
    folder_ = std::make_unique<QTemporaryDir>();
    message = failure(make_qvlm(4, 32, true, false, 3), path("out"));
    QVERIFY2(message.contains("a low-rank residual of rank 3, which no GGUF type"), qPrintable(message));
  }

  void learned_transforms_are_refused_with_the_reason() {
    const QString message = failure(make_qvlm(4, 32, true, false, 0, 0, true), path("out"));
    QVERIFY2(message.contains("learned transforms") && message.contains("--transform none"), qPrintable(message));
    QVERIFY(!fs::exists(path("out") / "name.gguf"));
  }

  void what_is_no_quantized_model_is_refused() {
    QVERIFY(failure(path("absent.qvlm"), path("out")).contains("absent.qvlm"));
    QVERIFY(
        failure(tiny::write(path("source"), tiny::Names::OLD), path("out")).contains("quantize the checkpoint first"));
  }

  void a_folder_that_cannot_be_written_is_named() {
    const fs::path model = make_qvlm(4, 32, true);
    tiny::write_text(path("file"), "in the way");
    QVERIFY(failure(model, path("file") / "out").contains("file"));
  }
};

QTEST_GUILESS_MAIN(TestGgufExport)
#include "test_gguf_export.moc"
