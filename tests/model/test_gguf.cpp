// GGUF files: those of the gguf package are read, ours are read back, and files that lie are refused.
#include <QTemporaryDir>
#include <QTest>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>

#include "core/base/atomic_file.h"
#include "core/base/half.h"
#include "core/base/mapped_file.h"
#include "core/model/gguf.h"
#include "core/model/gguf_config.h"
#include "core/model/gguf_names.h"
#include "core/model/gguf_writer.h"
#include "core/model/model.h"
#include "tests/model/tiny_checkpoint.h"

using namespace qvlm;
namespace fs = std::filesystem;

namespace {

const fs::path kGolden = fs::path(QVLM_SOURCE_DIR) / "tests/golden/model";

/// A hand-made file, field by field.
struct Bytes {
  std::string text;
  Bytes& number(uint64_t value, int count) {
    for (int i = 0; i < count; ++i) text += static_cast<char>(value >> (8 * i));
    return *this;
  }
  Bytes& string(const std::string& value) {
    number(value.size(), 8);
    text += value;
    return *this;
  }
  Bytes& header(uint64_t tensors, uint64_t keys, uint64_t version = 3) {
    text += "GGUF";
    return number(version, 4).number(tensors, 8).number(keys, 8);
  }
  Bytes& tensor(const std::string& name, std::vector<uint64_t> dimensions, uint32_t type, uint64_t offset) {
    string(name).number(dimensions.size(), 4);
    for (uint64_t dimension : dimensions) number(dimension, 8);
    return number(type, 4).number(offset, 8);
  }
  Bytes& data(size_t count) {
    text.resize((text.size() + 31) / 32 * 32 + count, '\0');
    return *this;
  }
};

}  // namespace

class TestGguf : public QObject {
  Q_OBJECT

 private slots:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    path_ = fs::path(folder_->path().toStdString()) / "a.gguf";
  }

  void keys_of_the_gguf_package() {
    const GgufFile file(kGolden / "types.gguf");
    QCOMPARE(file.integer("k.u8"), int64_t{200});
    QCOMPARE(file.integer("k.i8"), int64_t{-3});
    QCOMPARE(file.integer("k.u16"), int64_t{60000});
    QCOMPARE(file.integer("k.i16"), int64_t{-30000});
    QCOMPARE(file.integer("k.u32"), int64_t{4000000000});
    QCOMPARE(file.integer("k.i32"), int64_t{-2000000000});
    QCOMPARE(file.integer("k.u64"), int64_t{1} << 40);
    QCOMPARE(file.integer("k.i64"), -(int64_t{1} << 40));
    QCOMPARE(file.number("k.f32"), 0.5);
    QCOMPARE(file.number("k.f64"), 0.1);
    QCOMPARE(file.flag("k.bool"), true);
    QCOMPARE(file.text("k.string"), std::string("gr\u00fc\u00df"));
    QVERIFY(file.texts("k.strings") == (std::vector<std::string>{"a", "", "\u2581b"}));
    QVERIFY(file.integers("k.ints") == (std::vector<int64_t>{1, -2, 3}));
    QVERIFY(file.numbers("k.floats") == (std::vector<double>{0.25, -1.5}));
    VERIFY_MESSAGE(file.integer("k.string"), "k.string: expected an integer, found a string");
    VERIFY_MESSAGE(file.text("k.none"), "k.none: expected a value, found nothing");
    VERIFY_MESSAGE(file.size("k.i8"), "k.i8: expected 1 to 1048576, found -3");
  }

  void types_of_the_gguf_package() {
    const GgufFile file(kGolden / "types.gguf");
    const SafetensorsFile expected(kGolden / "types_expected.safetensors");
    for (const std::string& name : expected.names()) {
      const GgufTensor& tensor = file.tensor(name);
      QCOMPARE(tensor.shape, expected.tensor(name).shape);
      const auto values = dequantize_blocks(tensor.type, tensor.bytes, tensor.origin),
                 wanted = to_float(expected.tensor(name));
      QCOMPARE(values.size(), wanted.size());
      for (size_t i = 0; i < values.size(); ++i)
        QVERIFY2(std::abs(values[i] - wanted[i]) <= 1e-6f * std::abs(wanted[i]),
                 QString("%1 [%2]: %3 for %4").arg(name.c_str()).arg(i).arg(values[i]).arg(wanted[i]).toUtf8());
      const auto matrix = read_as_matrix(tensor.type, tensor.bytes, tensor.shape[0], tensor.shape[1]);
      QCOMPARE(matrix.has_value(), !dtype_of(tensor.type).has_value());
      if (!matrix) continue;
      validate(*matrix, name);
      QVERIFY(matrix->dequantize() == values);
      QCOMPARE(matrix->minimums.empty(), name == "Q4_0" || name == "Q5_0" || name == "Q8_0" || name == "Q6_K");
      QCOMPARE(matrix->wide_scales.empty(), !name.ends_with("_K"));
    }
  }

  void round_trip() {
    const std::vector<float> values{1, -2, 3, 4, 5, 6};
    {
      GgufWriter writer(path_);
      writer.set_u32("u", 7);
      writer.add("late", GgufType::F32, {6}, std::as_bytes(std::span(values)));
      writer.set_i32("i", -7);
      writer.set_f32("f", 0.5f);
      writer.set_bool("b", true);
      writer.set_text("t", "text");
      writer.set_i32s("is", {1, -1});
      writer.set_f32s("fs", {2.5f});
      writer.set_texts("ts", {"x", ""});
      writer.add("m", GgufType::F32, {2, 3}, std::as_bytes(std::span(values)));
      VERIFY_MESSAGE(writer.add("m", GgufType::F32, {6}, std::as_bytes(std::span(values))), "m is written twice");
      VERIFY_MESSAGE(writer.add("n", GgufType::F32, {7}, std::as_bytes(std::span(values))),
                     "tensor n: bytes: expected 28, found 24");
      VERIFY_MESSAGE(writer.add("n", GgufType::Q4_0, {6}, std::as_bytes(std::span(values))),
                     "row length: expected a multiple of 32 for Q4_0");
      QVERIFY(!fs::exists(path_));
      writer.finish();
    }
    const GgufFile file(path_);
    QCOMPARE(file.version(), 3);
    QCOMPARE(file.integer("i"), int64_t{-7});
    QCOMPARE(file.keys().size(), size_t{8});
    QCOMPARE(file.tensor("m").shape, (Shape{2, 3}));
    QVERIFY(std::memcmp(file.tensor("m").bytes.data(), values.data(), 24) == 0);
    QCOMPARE(std::distance(fs::directory_iterator(path_.parent_path()), fs::directory_iterator()), std::ptrdiff_t{1});
  }

  void a_writer_that_is_given_up_leaves_nothing() {
    {
      GgufWriter writer(path_);
      writer.set_u32("u", 7);
    }
    QVERIFY(fs::is_empty(path_.parent_path()));
  }

  void hostile_files_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("message");
    const auto row = [](const char* name, const Bytes& bytes, const char* message) {
      QTest::newRow(name) << QByteArray::fromStdString(bytes.text) << QString(message);
    };
    row("empty", Bytes{}, "expected a GGUF file");
    row("other", Bytes{"GGML0000"}, "expected a GGUF file");
    row("version 1", Bytes().header(0, 0, 1), "version: expected 2 or 3, found 1");
    row("big-endian", Bytes().header(0, 0, 0x03000000), "a big-endian file");
    row("2^60 tensors", Bytes().header(uint64_t{1} << 60, 0).data(64), "number of tensors: expected at most");
    row("2^60 keys", Bytes().header(0, uint64_t{1} << 60).data(64), "number of keys: expected at most");
    row("cut in a key", Bytes().header(0, 1).number(100, 8).data(16), "a key's name: expected 100 bytes");
    row("key of 2^63 bytes", Bytes().header(0, 1).number(uint64_t{1} << 63, 8).data(64),
        "the file is cut, or its header lies");
    row("type of a value", Bytes().header(0, 1).string("k").number(13, 4).data(64),
        "key k: type: expected 0 to 12, found 13");
    row("array of arrays", Bytes().header(0, 1).string("k").number(9, 4).number(9, 4).number(1, 8).data(64),
        "key k: type of the array's elements");
    row("long array", Bytes().header(0, 1).string("k").number(9, 4).number(8, 4).number(uint64_t{1} << 61, 8).data(64),
        "key k: length of the array: expected at most");
    row("key twice",
        Bytes().header(0, 2).string("k").number(7, 4).number(1, 1).string("k").number(7, 4).number(1, 1).data(0),
        "key k: stands there twice");
    row("bool of 2", Bytes().header(0, 1).string("k").number(7, 4).number(2, 1).data(0), "expected 0 or 1, found 2");
    row("alignment 0", Bytes().header(0, 1).string("general.alignment").number(4, 4).number(0, 4).data(0),
        "general.alignment: expected a power of two");
    row("alignment 48", Bytes().header(0, 1).string("general.alignment").number(4, 4).number(48, 4).data(0),
        "general.alignment");
    row("no dimension", Bytes().header(1, 0).tensor("t", {}, 0, 0).data(64),
        "tensor t: dimensions: expected 1 to 4, found 0");
    row("2^32 dimensions", Bytes().header(1, 0).string("t").number(0xffffffff, 4).data(64),
        "tensor t: dimensions: expected 1 to 4");
    row("overflow", Bytes().header(1, 0).tensor("t", {uint64_t{1} << 40, uint64_t{1} << 40}, 0, 0).data(64),
        "the size overflows");
    row("empty dimension", Bytes().header(1, 0).tensor("t", {0}, 0, 0).data(64),
        "length of a dimension: expected 1 to 2^48, found 0");
    row("unknown type", Bytes().header(1, 0).tensor("t", {32}, 99, 0).data(64), "tensor t: type: expected F32");
    row("half a block", Bytes().header(1, 0).tensor("t", {33}, 2, 0).data(64),
        "row length: expected a multiple of 32 for Q4_0, found 33");
    row("cut data", Bytes().header(1, 0).tensor("t", {32}, 0, 0).data(127),
        "tensor t: data: expected 128 bytes at 0 of the file's 127");
    row("offset behind the end", Bytes().header(1, 0).tensor("t", {1}, 0, uint64_t{1} << 40).data(64),
        "tensor t: data");
    row("offset 2^64", Bytes().header(1, 0).tensor("t", {1}, 0, ~uint64_t{31}).data(64), "tensor t: data");
    row("unaligned", Bytes().header(1, 0).tensor("t", {1}, 0, 4).data(64),
        "offset: expected a multiple of 32, found 4");
    row("overlap", Bytes().header(2, 0).tensor("t", {16}, 0, 0).tensor("u", {4}, 0, 32).data(64), "overlap");
    row("name twice", Bytes().header(2, 0).tensor("t", {4}, 0, 0).tensor("t", {4}, 0, 32).data(64),
        "tensor t: stands there twice");
  }
  void hostile_files() {
    QFETCH(QByteArray, bytes);
    QFETCH(QString, message);
    tiny::write_text(path_, bytes.toStdString());
    VERIFY_MESSAGE(GgufFile{path_}, message.toStdString());
    VERIFY_MESSAGE(GgufFile{path_}, path_.string());
  }

  void every_cut_is_refused() {
    const MappedFile whole(kGolden / "types.gguf");
    for (size_t length = 0; length + 32 < whole.bytes().size(); length += 97) {
      write_file(path_, whole.bytes().first(length));
      QVERIFY2(qvlm::message_of([&] { GgufFile{path_}; }) != "no error", std::to_string(length).c_str());
    }
  }

  void names() {
    QCOMPARE(gguf_name("decoder.3.attention.query.weight"), std::string("blk.3.attn_q.weight"));
    QCOMPARE(gguf_name("vision.0.mlp.down.bias"), std::string("v.blk.0.ffn_down.bias"));
    QCOMPARE(gguf_name("projector.2.weight"), std::string("mm.2.weight"));
    QCOMPARE(*canonical_name("v.class_embd"), std::string("vision.class"));
    QVERIFY(!canonical_name("blk.x.attn_q.weight"));
    VERIFY_MESSAGE(gguf_name("decoder.x"), "GGUF has no name for the tensor decoder.x");
  }

  void rotary_row_order() {
    // One head of 6 rows: the halves (0 1 2), (3 4 5) are interleaved.
    QVERIFY(rotary_rows(6, 1) == (std::vector<int64_t>{0, 3, 1, 4, 2, 5}));
    QVERIFY(rotary_rows(8, 2) == (std::vector<int64_t>{0, 2, 1, 3, 4, 6, 5, 7}));
    const auto order = rotary_rows(48, 4), back = inverse(order);
    for (size_t i = 0; i < 48; ++i) QCOMPARE(back[static_cast<size_t>(order[i])], static_cast<int64_t>(i));
  }

  // The same model under both architectures: queries and keys of `llama` in interleaved order, of `qwen2` in halves; biases with them.
  void rotary_order_by_architecture() {
    constexpr int kHidden = 64, kHeads = 4, kKvHeads = 2, kHeadDim = 16, kFfn = 96, kVocabulary = 40;
    const auto write = [&](const fs::path& path, const std::string& architecture) {
      GgufWriter writer(path);
      const std::string p = architecture + ".";
      writer.set_text("general.architecture", architecture);
      for (const auto& [key, value] : std::map<std::string, uint32_t>{{"embedding_length", kHidden}, {"block_count", 1},
               {"feed_forward_length", kFfn}, {"attention.head_count", kHeads}, {"attention.head_count_kv", kKvHeads}, {"context_length", 128}})
        writer.set_u32(p + key, value);
      writer.set_f32(p + "attention.layer_norm_rms_epsilon", 1e-6f);
      writer.set_f32(p + "rope.freq_base", 1e6f);
      const auto add = [&](const std::string& name, Shape shape, GgufType type) {
        const auto rows = static_cast<size_t>(shape[0]);
        size_t row = type == GgufType::Q8_0 ? static_cast<size_t>(shape[1]) / 32 * 34 : shape.size() > 1 ? static_cast<size_t>(shape[1]) * 4 : 4;
        std::vector<std::byte> bytes(rows * row);
        for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>((i * 7 + name.size() * 13 + i / row * 5) % 61);
        const bool query = name.find("attn_q") != std::string::npos, key = name.find("attn_k") != std::string::npos;
        if (architecture == "llama" && (query || key)) bytes = reorder_rows(bytes, rotary_rows(shape[0], query ? kHeads : kKvHeads));
        writer.add(name, type, shape, bytes);
      };
      add("token_embd.weight", {kVocabulary, kHidden}, GgufType::F32);
      add("output_norm.weight", {kHidden}, GgufType::F32);
      for (const char* norm : {"blk.0.attn_norm.weight", "blk.0.ffn_norm.weight"}) add(norm, {kHidden}, GgufType::F32);
      for (const auto& [name, rows] : std::map<std::string, int64_t>{{"q", kHeads * kHeadDim}, {"k", kKvHeads * kHeadDim}, {"v", kKvHeads * kHeadDim}}) {
        add("blk.0.attn_" + name + ".weight", {rows, kHidden}, GgufType::Q8_0);
        add("blk.0.attn_" + name + ".bias", {rows}, GgufType::F32);
      }
      if (architecture == "qwen3")
        for (const char* norm : {"blk.0.attn_q_norm.weight", "blk.0.attn_k_norm.weight"}) add(norm, {kHeadDim}, GgufType::F32);
      add("blk.0.attn_output.weight", {kHidden, kHeads * kHeadDim}, GgufType::Q8_0);
      for (const char* name : {"gate", "up"}) add(std::string("blk.0.ffn_") + name + ".weight", {kFfn, kHidden}, GgufType::Q8_0);
      add("blk.0.ffn_down.weight", {kHidden, kFfn}, GgufType::Q8_0);
      writer.finish();
    };
    const fs::path other = path_.parent_path() / "b.gguf";
    write(path_, "llama");
    write(other, "qwen2");
    const auto llama = open_model(path_), qwen2 = open_model(other);
    QCOMPARE(qwen2->config().family, std::string("qwen2"));
    QVERIFY(qwen2->config().decoder.attention_bias && qwen2->config().decoder.tied_head);
    QCOMPARE(qwen2->config().decoder.rope_theta, 1e6f);
    QVERIFY(qwen2->unmatched().empty());
    QCOMPARE(llama->names(), qwen2->names());
    for (const std::string& name : qwen2->names()) {
      const auto a = load_float(*llama, name), b = load_float(*qwen2, name);
      QVERIFY2(a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * 4) == 0, name.c_str());
    }
    // And not as the file has them.
    const auto rows = qwen2->load("decoder.0.attention.query.weight");
    const GgufFile file(path_);
    QVERIFY(std::get<QuantizedMatrix>(rows).codes != read_as_matrix(GgufType::Q8_0, file.tensor("blk.0.attn_q.weight").bytes, 64, 64)->codes);
    write(other, "qwen3");
    const auto qwen3 = open_model(other);
    QVERIFY(qwen3->config().decoder.query_key_norm && !qwen2->config().decoder.query_key_norm);
    QVERIFY(!fits_llama_architecture(qwen3->config().decoder));
    QVERIFY(qwen3->unmatched().empty());
    QCOMPARE(qwen3->names().size(), qwen2->names().size() + 2);
    QCOMPARE(load_float(*qwen3, "decoder.0.attention.key_norm.weight").size(), size_t{kHeadDim});
    for (const std::string& name : qwen2->names()) QVERIFY2(load_float(*qwen3, name) == load_float(*qwen2, name), name.c_str());
    write(other, "gemma");
    VERIFY_MESSAGE(open_model(other), "general.architecture: expected llama, qwen2 or qwen3 (or qvlm), found \"gemma\"");
  }

  void absurd_vocabularies() {
    const auto write = [&](const std::function<void(GgufWriter&)>& more) {
      GgufWriter writer(path_);
      writer.set_text("general.architecture", "llama");
      for (const auto& [key, value] : std::map<std::string, uint32_t>{{"embedding_length", 64}, {"block_count", 1}, {"feed_forward_length", 96},
               {"attention.head_count", 4}, {"attention.head_count_kv", 2}, {"context_length", 128}})
        writer.set_u32("llama." + key, value);
      writer.set_f32("llama.attention.layer_norm_rms_epsilon", 1e-6f);
      more(writer);
      writer.finish();
    };
    write([](GgufWriter& writer) { writer.set_u32("llama.vocab_size", 4'000'000'000); });
    VERIFY_MESSAGE(open_model(path_), "llama.vocab_size: expected");
    VERIFY_MESSAGE(open_model(path_), "4000000000");
    const std::vector<std::byte> embedding(40 * 64 * 4);
    write([&](GgufWriter& writer) {
      writer.set_u32("tokenizer.ggml.bos_token_id", 4'000'000'000);
      writer.add("token_embd.weight", GgufType::F32, {40, 64}, embedding);
    });
    VERIFY_MESSAGE(open_model(path_), "tokenizer.ggml.bos_token_id: expected a token of the vocabulary's 40");
  }

  void llama3_factors() {
    DecoderConfig decoder;
    decoder.head_dim = 128;
    decoder.rope_theta = 500000;
    decoder.rope_scaling = {RopeScaling::Kind::LLAMA3, 8, 1, 4, 8192};
    const auto factors = llama3_rope_factors(decoder);
    QCOMPARE(factors.size(), size_t{64});
    QCOMPARE(factors.front(), 1.0f);
    QCOMPARE(factors.back(), 8.0f);
    QVERIFY(std::is_sorted(factors.begin(), factors.end()));
  }

 private:
  std::unique_ptr<QTemporaryDir> folder_;
  fs::path path_;
};

QTEST_GUILESS_MAIN(TestGguf)
#include "test_gguf.moc"
