// The words of AWQ, GPTQ and compressed-tensors, bit for bit: against golden files that NumPy wrote from the layouts, and unpacked again by loops
// that are the layouts' definition.
#include <QtTest>

#include <bit>
#include <cstring>
#include <fstream>

#include "core/base/half.h"
#include "core/base/json.h"
#include "core/export/packed_format.h"
#include "core/export/packed_grid.h"
#include "tests/export/tiny_qvlm.h"

using namespace qvlm;

namespace {

struct Packed {
  std::map<std::string, std::vector<std::byte>> bytes;
  std::map<std::string, TensorToStream> layout;
  int64_t width(const char* name) const { return layout.at(name).shape.back(); }
  uint32_t word(const char* name, int64_t row, int64_t column) const { return at<uint32_t>(name, row * width(name) + column); }
  float half(const char* name, int64_t row, int64_t column) const { return from_half(at<uint16_t>(name, row * width(name) + column)); }
  template <typename T>
  T at(const char* name, int64_t index) const {
    T value;
    std::memcpy(&value, bytes.at(name).data() + index * static_cast<int64_t>(sizeof(T)), sizeof(T));
    return value;
  }
};

std::unique_ptr<ExportFormat> make(const std::string& name, const PackedFormat*& format) {
  auto made = make_export_format(name);
  format = dynamic_cast<const PackedFormat*>(made.get());
  return made;
}

Packed pack(const PackedFormat& format, const QuantizedMatrix& matrix, const StoredGrid& grid) {
  Packed result;
  auto parts = format.pack(on_grid(matrix, grid), grid);
  auto layout = format.layout(matrix.rows, matrix.columns, grid);
  for (size_t i = 0; i < parts.size(); ++i) {
    result.bytes[layout[i].name] = std::move(parts[i]);
    result.layout[layout[i].name] = layout[i];
  }
  return result;
}

/// What a reader computes for output `o` and input `i`, by the layout's definition.
float awq_weight(const Packed& p, int64_t group, int64_t o, int64_t i) {
  constexpr int kNibble[8] = {0, 4, 1, 5, 2, 6, 3, 7};  // of output 8 c + k
  const int shift = 4 * kNibble[o % 8];
  const int q = (p.word("qweight", i, o / 8) >> shift) & 15, z = (p.word("qzeros", i / group, o / 8) >> shift) & 15;
  return static_cast<float>(q - z) * p.half("scales", i / group, o);
}

float gptq_weight(const Packed& p, int bits, int64_t o, int64_t i) {
  const int64_t per_word = 32 / bits, group = p.at<int32_t>("g_idx", i);
  const uint32_t mask = (1u << bits) - 1;
  const int q = static_cast<int>((p.word("qweight", i / per_word, o) >> (bits * (i % per_word))) & mask);
  const int z = static_cast<int>((p.word("qzeros", group, o / per_word) >> (bits * (o % per_word))) & mask);
  return static_cast<float>(q - z) * p.half("scales", group, o);
}

float compressed_weight(const Packed& p, int bits, int64_t group, int64_t o, int64_t i) {
  const int64_t per_word = 32 / bits, half_range = 1 << (bits - 1);
  const uint32_t mask = (1u << bits) - 1;
  const auto q = static_cast<int64_t>((p.word("weight_packed", o, i / per_word) >> (bits * (i % per_word))) & mask) - half_range;
  int64_t z = 0;
  if (p.bytes.contains("weight_zero_point"))
    z = static_cast<int64_t>((p.word("weight_zero_point", o / per_word, i / group) >> (bits * (o % per_word))) & mask) - half_range;
  return static_cast<float>(q - z) * p.half("weight_scale", o, i / group);
}

}  // namespace

class TestPackedLayouts : public QObject {
  Q_OBJECT

 private slots:
  void words_are_those_of_the_golden_file() {
    const Json cases = read_json(QVLM_SOURCE_DIR "/tests/golden/export/packed_layouts.json");
    int compared = 0;
    for (const Json& one : cases) {
      const PackedFormat* format = nullptr;
      const auto owner = make(one["format"], format);
      const StoredGrid grid{one["bits"], one["group"], one["symmetric"]};
      const int64_t columns = one["columns"];
      const QuantizedMatrix matrix{one["rows"], columns, grid.bits, grid.group > 0 ? grid.group : columns, grid.symmetric, one["codes"], one["scales"], one["zeros"]};
      validate(matrix, "golden");
      const Packed packed = pack(*format, matrix, grid);
      QCOMPARE(packed.bytes.size(), one["tensors"].size());
      for (const auto& [name, tensor] : one["tensors"].items()) {
        const std::string what = one["format"].get<std::string>() + " " + to_string(grid) + " " + name;
        QVERIFY2(packed.bytes.contains(name) && packed.layout.at(name).shape == tensor["shape"].get<Shape>(), what.c_str());
        const auto& bytes = packed.bytes.at(name);
        const auto equal = [&]<typename T>(T) {
          const std::vector<std::byte> expected = bytes_of(tensor["values"].get<std::vector<T>>());
          return expected == bytes;
        };
        const DType dtype = packed.layout.at(name).dtype;
        QVERIFY2(dtype == DType::F16 ? equal(uint16_t{}) : dtype == DType::I64 ? equal(int64_t{}) : equal(int32_t{}), what.c_str());
        ++compared;
      }
    }
    QVERIFY(compared > 50);
  }

  void a_reader_gets_the_matrixs_values_data() {
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("columns");
    QTest::addColumn<int>("bits");
    QTest::addColumn<int>("group");
    QTest::addColumn<bool>("symmetric");
    for (const bool symmetric : {true, false}) {
      const char* kind = symmetric ? "symmetric" : "zero points";
      for (const auto& [rows, columns, group] :
           {std::array{72, 576, 32}, {8, 960, 64}, {16, 1152, 128}, {64, 72, 72}, {8, 4304, 4304}, {24, 40, 40}}) {
        QTest::addRow("%d x %d in %d, 4 bits, %s", rows, columns, group, kind) << rows << columns << 4 << group << symmetric;
        QTest::addRow("%d x %d in %d, 8 bits, %s", rows, columns, group, kind) << rows << columns << 8 << group << symmetric;
        QTest::addRow("%d x %d in %d, 3 bits, %s", rows, columns, group, kind) << rows << columns << 3 << group << symmetric;
      }
      QTest::addRow("odd, %s", kind) << 5 << 37 << 4 << 37 << symmetric;
    }
  }
  void a_reader_gets_the_matrixs_values() {
    QFETCH(int, rows);
    QFETCH(int, columns);
    QFETCH(int, bits);
    QFETCH(int, group);
    QFETCH(bool, symmetric);
    const QuantizedMatrix matrix = tiny::matrix_of(rows, columns, bits, group, symmetric);
    const std::vector<float> expected = matrix.dequantize();
    const int width = bits <= 4 ? 4 : 8;
    for (const char* name : {"awq", "gptq", "compressed-tensors"}) {
      const std::string which = name;
      if ((which == "awq" && (width == 8 || rows % 8 != 0)) || (which == "gptq" && (rows % 8 != 0 || columns % 8 != 0))) continue;
      const PackedFormat* format = nullptr;
      const auto owner = make(name, format);
      // Its own group, and a smaller one whose scales are repeated.
      for (const int64_t stored : {group == columns ? 0 : group, columns % 32 == 0 ? 32 : 0}) {
        const StoredGrid grid{width, stored, which != "awq" && symmetric};
        const int64_t per_group = stored > 0 ? stored : columns;
        if (group % per_group != 0) continue;
        const Packed packed = pack(*format, matrix, grid);
        for (int64_t o = 0; o < rows; ++o)
          for (int64_t i = 0; i < columns; ++i) {
            const float found = which == "awq"    ? awq_weight(packed, per_group, o, i)
                                : which == "gptq" ? gptq_weight(packed, width, o, i)
                                                  : compressed_weight(packed, width, per_group, o, i);
            if (std::bit_cast<uint32_t>(found) != std::bit_cast<uint32_t>(expected[static_cast<size_t>(o * columns + i)]))
              QFAIL(qPrintable(QStringLiteral("%1 [%2, %3]: %4").arg(name).arg(o).arg(i).arg(found)));
          }
      }
    }
  }

  void linears_of_one_site_share_their_grid() {
    const auto linear = [](const char* name, int64_t rows, int64_t columns, int bits, int64_t group, bool symmetric) {
      return LinearGrid{name, rows, columns, bits, group, symmetric, {}};
    };
    const auto choose = [](std::vector<LinearGrid> linears, bool differ, const std::vector<std::string>& plain = {}) {
      choose_grids(linears, plain, {differ ? std::vector{4, 8} : std::vector{4}, differ, true, [](int64_t rows, int64_t, int) {
                                      return std::string(rows % 8 == 0 ? "" : "odd outputs");
                                    }});
      return linears;
    };
    // Bits of the widest, groups of the smallest, zero points if one has them.
    auto chosen = choose({linear("decoder.0.attention.query.weight", 64, 128, 4, 128, true), linear("decoder.0.attention.key.weight", 32, 128, 8, 32, false),
                          linear("decoder.0.attention.output.weight", 64, 64, 3, 64, true)},
                         true);
    QVERIFY((chosen[0].grid == StoredGrid{8, 32, false}) && chosen[0].grid == chosen[1].grid);
    QVERIFY((chosen[2].grid == StoredGrid{4, 0, true}));
    // One grid for the model: rows fit into the groups of others.
    chosen = choose({linear("decoder.0.mlp.down.weight", 64, 96, 4, 96, true), linear("decoder.0.attention.output.weight", 64, 128, 4, 64, true)}, false);
    QVERIFY((chosen[0].grid == StoredGrid{4, 32, true}) && chosen[0].grid == chosen[1].grid);
    // ... or do not, and say so.
    chosen = choose({linear("decoder.0.mlp.down.weight", 64, 72, 4, 72, true), linear("decoder.0.attention.output.weight", 64, 128, 4, 64, true)}, false);
    QVERIFY(chosen[0].obstacle.find("no multiple of the model's groups") != std::string::npos && chosen[1].obstacle.empty());
    // What one cannot, the site's others do not.
    chosen = choose({linear("decoder.0.mlp.gate.weight", 60, 64, 4, 64, true), linear("decoder.0.mlp.up.weight", 64, 64, 4, 64, true)}, true);
    QVERIFY(chosen[0].obstacle == "odd outputs" && chosen[1].obstacle.find("decoder.0.mlp.gate.weight of its site") == 0);
    chosen = choose({linear("decoder.0.mlp.up.weight", 64, 64, 4, 64, true)}, true, {"decoder.0.gate_up"});
    QVERIFY(chosen[0].obstacle.find("not quantized") != std::string::npos);
    chosen = choose({linear("decoder.0.mlp.up.weight", 64, 64, 8, 64, true)}, false);
    QVERIFY(chosen[0].obstacle.find("8 bits") != std::string::npos);
  }
};

QTEST_GUILESS_MAIN(TestPackedLayouts)
#include "test_packed_layouts.moc"
