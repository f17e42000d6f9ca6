// Safetensors files: what is written is read, and a header that lies is refused with file and tensor named.
#include <QTemporaryDir>
#include <QTest>

#include "core/base/mapped_file.h"
#include "core/model/tensor_store.h"
#include "tests/model/tiny_checkpoint.h"

using namespace qvlm;
namespace fs = std::filesystem;

namespace {

std::string with_header(const std::string& header, size_t data, int64_t lie = 0) {
  const uint64_t length = header.size() + static_cast<uint64_t>(lie);
  std::string file;
  for (int i = 0; i < 8; ++i) file += static_cast<char>(length >> (8 * i));
  return file + header + std::string(data, '\1');
}

}  // namespace

class TestSafetensors : public QObject {
  Q_OBJECT

 private slots:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    path_ = folder_->path().toStdString();
  }

  void round_trip() {
    const std::vector<float> a{1, 2, 3, 4, 5, 6};
    const std::vector<int64_t> b{-1, 7};
    const std::vector<uint8_t> none;
    write_safetensors(file(),
                      {tensor_to_write("b", DType::I64, {2}, b), tensor_to_write("a", DType::F32, {2, 3}, a),
                       tensor_to_write("none", DType::U8, {0, 4}, none)},
                      {{"format", "pt"}, {"note", "x"}});
    const SafetensorsFile read(file());
    QCOMPARE(read.tensor("a").shape, (Shape{2, 3}));
    QVERIFY(to_float(read.tensor("a")) == a);
    QCOMPARE(read.tensor("b").dtype, DType::I64);
    QCOMPARE(read.metadata().at("note"), std::string("x"));
    QCOMPARE(read.names()[0], std::string("b"));  // the file's order
    QVERIFY(read.has("none") && read.tensor("none").bytes.empty());
    VERIFY_MESSAGE(to_float(read.tensor("b")), "tensor b: type: expected F32, F16, BF16 or F64, found I64");
    VERIFY_MESSAGE(read.tensor("c"), "no tensor c");
  }

  void converts_types() {
    const std::vector<uint16_t> half{0x3c00, 0xc000}, brain{0x3f80, 0xc000};
    const std::vector<double> wide{0.5, -3};
    write_safetensors(file(),
                      {tensor_to_write("h", DType::F16, {2}, half), tensor_to_write("b", DType::BF16, {2}, brain),
                       tensor_to_write("d", DType::F64, {2}, wide)});
    const SafetensorsFile read(file());
    QVERIFY(to_float(read.tensor("h")) == (std::vector<float>{1, -2}));
    QVERIFY(to_float(read.tensor("b")) == (std::vector<float>{1, -2}));
    QVERIFY(to_float(read.tensor("d")) == (std::vector<float>{0.5, -3}));
  }

  void refuses_to_write_nonsense() {
    const std::vector<float> a{1, 2};
    VERIFY_MESSAGE(write_safetensors(file(), {tensor_to_write("a", DType::F32, {3}, a)}),
                   "tensor a: bytes: expected 12");
    VERIFY_MESSAGE(
        write_safetensors(file(), {tensor_to_write("a", DType::F32, {2}, a), tensor_to_write("a", DType::F32, {2}, a)}),
        "written twice");
    QVERIFY(!fs::exists(file()));
  }

  void hostile_headers_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("message");
    const auto row = [](const char* name, const std::string& bytes, const char* message) {
      QTest::newRow(name) << QByteArray::fromStdString(bytes) << QString(message);
    };
    const std::string good = R"({"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}})";
    row("empty", "", "header length: expected 8 bytes, found 0");
    row("cut length", "abc", "header length: expected 8 bytes, found 3");
    row("header longer than the file", with_header(good, 24, 1 << 20), "header length: expected at most");
    row("header of 2^63 bytes", std::string(7, '\0') + std::string("\x80") + good, "header length: expected at most");
    row("cut data", with_header(good, 23), "tensor a: data_offsets: expected a range inside the file's 23 bytes");
    row("no JSON", with_header("{\"a\": ", 0), "not valid JSON");
    row("no object", with_header("[1]", 0), "header: expected an object, found an array");
    row("dtype", with_header(R"({"a":{"dtype":"F8","shape":[1],"data_offsets":[0,1]}})", 1),
        "tensor a: dtype: expected F32");
    row("no shape", with_header(R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", 4),
        "tensor a: shape: expected an array of numbers, found nothing");
    row("negative", with_header(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4),
        "no negative dimension");
    row("too few bytes", with_header(R"({"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,20]}})", 24),
        "expected 24 bytes (F32 [2, 3]), found 20 bytes");
    row("overflow", with_header(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}})", 0),
        "the size overflows");
    row("overflow in bytes",
        with_header(R"({"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}})", 0),
        "the size overflows");
    row("backwards", with_header(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 8), "data_offsets");
    row("three offsets", with_header(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}})", 8),
        "expected two numbers");
    row("huge offset",
        with_header(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775800,9223372036854775804]}})", 8),
        "data_offsets");
    row("overlap",
        with_header(
            R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
            12),
        "overlap");
    row("metadata", with_header(R"({"__metadata__":{"a":1}})", 0), "__metadata__: a: expected a string");
  }
  void hostile_headers() {
    QFETCH(QByteArray, bytes);
    QFETCH(QString, message);
    tiny::write_text(file(), bytes.toStdString());
    VERIFY_MESSAGE(SafetensorsFile{file()}, message.toStdString());
    VERIFY_MESSAGE(SafetensorsFile{file()}, file().string());
  }

  void shards() {
    const std::vector<float> a(8, 1.5f), b(8, 2.5f), c(8, 3.5f);
    const auto list = std::vector{tensor_to_write("a", DType::F32, {8}, a), tensor_to_write("b", DType::F32, {8}, b),
                                  tensor_to_write("c", DType::F32, {8}, c)};
    write_sharded(path_, list, 70);
    QVERIFY(fs::exists(path_ / "model-00001-of-00002.safetensors"));
    QVERIFY(!fs::exists(path_ / "model.safetensors"));
    const auto store = open_tensor_store(path_);
    QCOMPARE(store->names().size(), size_t{3});
    QVERIFY(to_float(store->tensor("c")) == c);
    write_sharded(path_, list, 1000);  // the earlier shards go
    QVERIFY(fs::exists(path_ / "model.safetensors") && !fs::exists(path_ / "model.safetensors.index.json") &&
            !fs::exists(path_ / "model-00001-of-00002.safetensors"));
    QVERIFY(to_float(open_tensor_store(path_)->tensor("b")) == b);
  }

  void an_index_that_lies() {
    const std::vector<float> a(8, 1.5f), b(8, 2.5f);
    write_sharded(path_, {tensor_to_write("a", DType::F32, {8}, a), tensor_to_write("b", DType::F32, {8}, b)}, 32);
    fs::rename(path_ / "model-00002-of-00002.safetensors", path_ / "away");
    VERIFY_MESSAGE(open_tensor_store(path_),
                   "the shard model-00002-of-00002.safetensors is missing from the folder (needed for b)");
    tiny::write_text(path_ / "model.safetensors.index.json",
                     R"({"weight_map":{"z":"model-00001-of-00002.safetensors"}})");
    VERIFY_MESSAGE(open_tensor_store(path_), "no tensor z");
    tiny::write_text(path_ / "model.safetensors.index.json", R"({"weight_map":{"a":"../other.safetensors"}})");
    VERIFY_MESSAGE(open_tensor_store(path_), "expected a file name without folders");
    tiny::write_text(path_ / "model.safetensors.index.json", R"({"weight_map":[1]})");
    VERIFY_MESSAGE(open_tensor_store(path_), "weight_map: expected an object");
  }

  void a_folder_without_weights() { VERIFY_MESSAGE(open_tensor_store(path_), "expected model.safetensors"); }

 private:
  fs::path file() const { return path_ / "model.safetensors"; }
  std::unique_ptr<QTemporaryDir> folder_;
  fs::path path_;
};

QTEST_GUILESS_MAIN(TestSafetensors)
#include "test_safetensors.moc"
