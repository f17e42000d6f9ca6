// The exported pair gives the same weights as the .qvlm, or the export says why it cannot, and how far off it would be.
#include <QTemporaryDir>
#include <QtTest>

#include <algorithm>

#include "core/base/json.h"
#include "core/export/export_model.h"
#include "tests/export/tiny_qvlm.h"

using namespace qvlm;
namespace fs = std::filesystem;

class TestGgufExport : public QObject {
  Q_OBJECT
  std::unique_ptr<QTemporaryDir> folder_;
  fs::path path(const char* name) const { return fs::path(folder_->path().toStdString()) / name; }
  fs::path make(const tiny::QvlmOptions& options = {}) { return tiny::make_qvlm(path("source"), path("name.qvlm"), options); }

  QString failure(const fs::path& model, const fs::path& out) {
    return QString::fromStdString(message_of([&] { export_model(model, "gguf", out); }));
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
    const fs::path folder = make({.bits = bits, .symmetric = symmetric});
    const ExportReport report = export_model(folder, "gguf", path("out"));
    for (const char* file : {"name.gguf", "name-mmproj.gguf", "README.txt", "qvlm-export.json"}) QVERIFY2(fs::exists(path("out") / file), file);
    QCOMPARE(QString::fromStdString(report.plan.verdict("decoder.0.mlp.up.weight").stored), type);
    QCOMPARE(report.plan.count(Exactness::EXACT), static_cast<int64_t>(report.plan.tensors.size()));
    const auto before = open_model(folder);
    const auto after = open_model(path("out") / "name.gguf", {.vision = path("out") / "name-mmproj.gguf"});
    for (const std::string& name : before->names())
      QVERIFY2(load_float(*before, name) == load_float(*after, name), name.c_str());
    QCOMPARE(after->names().size(), before->names().size());
    QCOMPARE(report.verified, static_cast<int64_t>(before->names().size()));
    QCOMPARE(after->config().decoder.hidden, before->config().decoder.hidden);
  }

  void a_tower_off_ggufs_blocks_is_inexact_with_the_reason() {
    const fs::path folder = make({.tower_bits = 8});  // rows of 48 and 80 are no blocks of 32
    QVERIFY(std::holds_alternative<QuantizedMatrix>(open_model(folder)->load("vision.0.mlp.up.weight")));
    const QString message = failure(folder, path("out"));
    QVERIFY2(message.contains("8-bit") && message.contains("vision.0") && message.contains("--allow-inexact"), qPrintable(message));
    QVERIFY(!fs::exists(path("out")));
    QVERIFY(!fs::exists(path("out.partial")));
  }

  void what_differs_elsewhere_is_said() {
    const fs::path model = make();
    const auto said = [&](const char* part) {
      const auto notes = plan_export(model, "gguf").notes;
      return std::any_of(notes.begin(), notes.end(), [&](const std::string& note) { return note.find(part) != note.npos; });
    };
    QVERIFY(said("pads"));         // the model crops
    QVERIFY(said("class token"));  // the tower is CLIP's
    // Whether a blank stands in front of the text's first word alone, or of every stretch of text.
    QVERIFY(!said("blank in front"));
    const Json metaspace{{"type", "Metaspace"}, {"replacement", "\u2581"}, {"prepend_scheme", "first"}, {"split", false}};
    Json tokenizer = read_json(model / "tokenizer.json");
    tokenizer["pre_tokenizer"] = metaspace;
    write_json(model / "tokenizer.json", tokenizer);
    QVERIFY(said("blank in front"));
    tokenizer["pre_tokenizer"]["prepend_scheme"] = "always";
    write_json(model / "tokenizer.json", tokenizer);
    QVERIFY(!said("blank in front"));
  }

  void codebooks_residuals_and_wide_grids_are_written_on_request_with_their_loss_data() {
    QTest::addColumn<tiny::QvlmOptions>("options");
    QTest::addColumn<QString>("reason");
    QTest::newRow("codebook") << tiny::QvlmOptions{.codebook = true} << "a codebook of 16 values";
    QTest::newRow("residual") << tiny::QvlmOptions{.rank = 3} << "a low-rank residual of rank 3, which no GGUF type";
    QTest::newRow("8 bits with zero points") << tiny::QvlmOptions{.bits = 8, .symmetric = false} << "8-bit";
  }
  void codebooks_residuals_and_wide_grids_are_written_on_request_with_their_loss() {
    QFETCH(tiny::QvlmOptions, options);
    QFETCH(QString, reason);
    const fs::path folder = make(options);
    const QString message = failure(folder, path("out"));
    QVERIFY2(message.contains(reason) && message.contains("decoder.0"), qPrintable(message));
    QVERIFY(!fs::exists(path("out")));
    const ExportReport report = export_model(folder, "gguf", path("out"), {.allow_inexact = true});
    const auto before = open_model(folder), after = open_model(path("out") / "name.gguf", {.vision = path("out") / "name-mmproj.gguf"});
    for (const char* name : {"decoder.1.attention.query.weight", "decoder.0.mlp.down.weight"}) {  // rotary rows, and others
      const double found = relative_error(load_float(*after, name), load_float(*before, name));
      const TensorVerdict& verdict = report.plan.verdict(name);
      QVERIFY(found > 0 && found < 0.01);
      QVERIFY2(std::abs(found - verdict.loss) < 1e-6 && verdict.exactness == Exactness::INEXACT, name);
    }
  }

  void learned_transforms_are_refused_with_the_reason() {
    const QString message = failure(make({.transforms = true}), path("out"));
    QVERIFY2(message.contains("learned transforms") && message.contains("--transform none"), qPrintable(message));
    QVERIFY(!fs::exists(path("out")));
  }

  void what_is_no_quantized_model_is_refused() {
    QVERIFY(failure(path("absent.qvlm"), path("out")).contains("absent.qvlm"));
    QVERIFY(failure(tiny::write(path("source"), tiny::Names::OLD), path("out")).contains("quantize the checkpoint first"));
  }

  void a_folder_that_cannot_be_written_is_named() {
    const fs::path model = make();
    tiny::write_text(path("file"), "in the way");
    QVERIFY(failure(model, path("file") / "out").contains("file"));
  }
};

QTEST_GUILESS_MAIN(TestGgufExport)
#include "test_gguf_export.moc"
