// pytorch_model.bin: files that torch wrote are read; a pickle that wants to run something is refused by name.
#include <QTemporaryDir>
#include <QTest>

#include "core/base/atomic_file.h"
#include "core/base/mapped_file.h"
#include "core/model/pickle.h"
#include "core/model/pickle_machine.h"
#include "core/model/tensor_store.h"
#include "tests/model/tiny_checkpoint.h"

using namespace qvlm;
namespace fs = std::filesystem;

namespace {

const fs::path kGolden = fs::path(QVLM_SOURCE_DIR) / "tests/golden/model";

Pickle pickle_of(const std::string& text) {
  return read_pickle(std::as_bytes(std::span(text.data(), text.size())), "p");
}

}  // namespace

class TestPickle : public QObject {
  Q_OBJECT

 private slots:
  void a_state_dictionary_of_torch() {
    const PickleFile file(kGolden / "state.bin");
    QCOMPARE(file.names().size(), size_t{8});
    const auto f32 = to_float(file.tensor("f32"));
    QCOMPARE(file.tensor("f32").shape, (Shape{4, 6}));
    for (int i = 0; i < 24; ++i) QCOMPARE(f32[static_cast<size_t>(i)], static_cast<float>(i) / 8);
    QCOMPARE(file.tensor("slice").shape, (Shape{2, 6}));
    QCOMPARE(to_float(file.tensor("slice"))[0], 12.0f / 8);
    QVERIFY(to_float(file.tensor("f16")) == (std::vector<float>{1.5f, -2.25f, 0, 65504}));
    QVERIFY(to_float(file.tensor("bf16")) == (std::vector<float>{1, -0.5f, 3}));
    QVERIFY(to_float(file.tensor("f64")) == (std::vector<float>{0.1f, -7}));
    QCOMPARE(file.tensor("i64").dtype, DType::I64);
    QCOMPARE(file.tensor("i64").bytes.size(), size_t{24});
    QCOMPARE(file.tensor("scalar").shape, Shape{});
    QVERIFY(to_float(file.tensor("scalar")) == std::vector<float>{4.5f});
    QVERIFY(to_float(file.tensor("parameter")) == (std::vector<float>{9, 8}));
    QVERIFY(to_float(PickleFile(kGolden / "plain_dict.bin").tensor("plain")) == std::vector<float>(3, 1.0f));
  }

  void nothing_is_executed() {
    VERIFY_MESSAGE(PickleFile(kGolden / "os_system.bin"),
                   "posix.system, which is no part of a tensor: refused, nothing was executed");
    VERIFY_MESSAGE(PickleFile(kGolden / "eval.bin"), "eval, which is no part of a tensor");
  }

  void what_is_not_supported_says_so() {
    VERIFY_MESSAGE(PickleFile(kGolden / "transposed.bin"),
                   "tensor transposed: strides: expected a contiguous tensor, found [1, 6] for [6, 4]");
    VERIFY_MESSAGE(PickleFile(kGolden / "legacy_format.bin"),
                   "expected a zip file as torch.save writes it since PyTorch 1.6");
    VERIFY_MESSAGE(PickleFile(kGolden / "compressed.bin"), "is compressed");
  }

  void every_cut_is_refused() {
    const MappedFile whole(kGolden / "state.bin");
    QTemporaryDir folder;
    const fs::path path = folder.path().toStdString() + "/cut.bin";
    for (size_t length = 0; length < whole.bytes().size(); length += 61) {
      write_file(path, whole.bytes().first(length));
      QVERIFY2(qvlm::message_of([&] { PickleFile{path}; }) != "no error", std::to_string(length).c_str());
    }
  }

  void hostile_programs() {
    VERIFY_MESSAGE(pickle_of(""), "ends early");
    VERIFY_MESSAGE(pickle_of("."), "empty stack");
    VERIFY_MESSAGE(pickle_of("(."), "mark");
    VERIFY_MESSAGE(pickle_of("h\x05."), "reads an empty memo");
    VERIFY_MESSAGE(pickle_of(std::string("X\xff\xff\xff\x7f", 5) + "abc"), "ends early");
    VERIFY_MESSAGE(pickle_of("]}K\x01s."), "expected a dictionary");
    VERIFY_MESSAGE(pickle_of(")R."), "empty stack");
    VERIFY_MESSAGE(pickle_of("cbuiltins\nexec\n."), "builtins.exec");
    VERIFY_MESSAGE(pickle_of("\x8c\x02os\x8c\x06system\x93."), "os.system");
    VERIFY_MESSAGE(pickle_of("ctorch._utils\n_rebuild_tensor_v2\n)R."), "needs a storage");
    VERIFY_MESSAGE(pickle_of("\x81."), "opcode 0x81");
    VERIFY_MESSAGE(pickle_of("i"), "opcode 0x69");  // INST, which would call
    // A dictionary that holds itself is read and let go of without a leak.
    const Pickle loop = pickle_of("}q\x01K\x01h\x01s.");
    QCOMPARE(loop.root->entries[0].second, loop.root);
  }

  void a_folder_of_shards() {
    QTemporaryDir folder;
    const fs::path path = folder.path().toStdString();
    fs::copy_file(kGolden / "state.bin", path / "pytorch_model-00001-of-00002.bin");
    fs::copy_file(kGolden / "plain_dict.bin", path / "pytorch_model-00002-of-00002.bin");
    tiny::write_text(
        path / "pytorch_model.bin.index.json",
        R"({"weight_map":{"f32":"pytorch_model-00001-of-00002.bin","plain":"pytorch_model-00002-of-00002.bin"}})");
    const auto store = open_tensor_store(path);
    QCOMPARE(store->names().size(), size_t{2});
    QVERIFY(to_float(store->tensor("plain")) == std::vector<float>(3, 1.0f));
    store->release("plain");
    QVERIFY(to_float(store->tensor("plain")) == std::vector<float>(3, 1.0f));
  }
};

QTEST_GUILESS_MAIN(TestPickle)
#include "test_pickle.moc"
