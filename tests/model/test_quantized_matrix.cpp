// The quantized matrix: its checks, its exact block types, its planes; and the plain loop of activation quantization.
#include <QTest>
#include <cmath>
#include <random>

#include "core/base/half.h"
#include "core/model/activation_quantizer.h"
#include "core/model/gguf_types.h"
#include "core/model/planes.h"
#include "core/model/sites.h"
#include "core/model/vlm_config.h"
#include "tests/model/tiny_checkpoint.h"

using namespace qvlm;

namespace {

QuantizedMatrix random_matrix(int64_t rows, int64_t columns, int bits, int64_t group, bool symmetric,
                              unsigned seed = 1) {
  std::mt19937 random(seed);
  QuantizedMatrix matrix{rows, columns, bits, group, symmetric, {}, {}, {}};
  for (int64_t i = 0; i < rows * columns; ++i) matrix.codes.push_back(static_cast<uint8_t>(random() % (1u << bits)));
  for (int64_t i = 0; i < rows * matrix.groups(); ++i) {
    matrix.scales.push_back(to_half((static_cast<float>(random() % 2000) - 500.0f) / 7000.0f));
    matrix.zeros.push_back(static_cast<uint8_t>(symmetric ? 1u << (bits - 1) : random() % (1u << bits)));
  }
  return matrix;
}

bool same(const QuantizedMatrix& a, const QuantizedMatrix& b) {
  return a.rows == b.rows && a.columns == b.columns && a.bits == b.bits && a.group == b.group &&
         a.symmetric == b.symmetric && a.codes == b.codes && a.scales == b.scales && a.zeros == b.zeros &&
         a.codebook == b.codebook && a.residual == b.residual && a.double_scales == b.double_scales;
}

}  // namespace

class TestQuantizedMatrix : public QObject {
  Q_OBJECT

 private slots:
  void dequantizes() {
    const QuantizedMatrix matrix{1, 4, 4, 2, false, {0, 15, 3, 8}, {to_half(0.5f), to_half(2.0f)}, {4, 8}};
    validate(matrix, "m");
    QVERIFY(matrix.dequantize() == (std::vector<float>{-2, 5.5f, -10, 0}));
    QCOMPARE(matrix.bits_per_weight(), 4 + 12.0);
  }

  void legal_groups_divide_the_row() {
    QVERIFY(legal_groups(4096) == (std::vector<int64_t>{32, 64, 128, 4096}));
    QVERIFY(legal_groups(576) == (std::vector<int64_t>{32, 64, 576}));  // SmolVLM
    QVERIFY(legal_groups(4304) == std::vector<int64_t>{4304});          // SigLIP
    QVERIFY(legal_groups(32) == std::vector<int64_t>{32});
  }

  void refusals() {
    auto matrix = random_matrix(2, 576, 4, 64, false);
    validate(matrix, "m");
    matrix.group = 128;
    VERIFY_MESSAGE(validate(matrix, "layer 3"),
                   "layer 3: group size: expected a divisor of the row's 576 columns (32, 64, 576), found 128");
    matrix.group = 0;
    VERIFY_MESSAGE(validate(matrix, "m"), "group size");
    matrix.group = 64;
    matrix.codes[7] = 16;
    VERIFY_MESSAGE(validate(matrix, "m"), "codes: expected 0 to 15, found 16");
    matrix.codes.pop_back();
    VERIFY_MESSAGE(validate(matrix, "m"), "codes: expected 1152, found 1151");
    matrix = random_matrix(2, 64, 4, 64, true);
    matrix.zeros[0] = 7;
    VERIFY_MESSAGE(validate(matrix, "m"), "expected 8, found 7");
    matrix = random_matrix(2, 64, 4, 64, true);
    matrix.scales[1] = 0x7c00;
    VERIFY_MESSAGE(validate(matrix, "m"), "expected a finite number, found infinity or NaN");
    matrix.bits = 9;
    VERIFY_MESSAGE(validate(matrix, "m"), "bits: expected 2 to 8, found 9");
  }

  void codebooks_and_residuals() {
    // 2 bits with levels of their own, and a residual of rank 1: [1, 2]^T [0.5, 0, 0, -1].
    QuantizedMatrix matrix{2, 4, 2, 4, true, {0, 1, 2, 3, 3, 3, 0, 0}, {to_half(2.0f), to_half(1.0f)}, {2, 2}};
    matrix.codebook = {-1, -0.25f, 0.25f, 1};
    validate(matrix, "m");
    QVERIFY(matrix.dequantize() == (std::vector<float>{-2, -0.5f, 0.5f, 2, 1, 1, -1, -1}));
    QCOMPARE(beyond_integers(matrix), std::string("a codebook of 4 values"));
    const double without = matrix.bits_per_weight();
    QCOMPARE(without, 2 + 4.0 + 32.0 * 4 / 8);
    matrix.residual = {1, {to_half(1.0f), to_half(2.0f)}, {to_half(0.5f), 0, 0, to_half(-1.0f)}};
    validate(matrix, "m");
    QVERIFY(matrix.dequantize() == (std::vector<float>{-1.5f, -0.5f, 0.5f, 1, 2, 1, -1, -3}));
    QCOMPARE(matrix.bits_per_weight(), without + 16.0 * 6 / 8);
    QCOMPARE(beyond_integers(matrix), std::string("a codebook of 4 values and a low-rank residual of rank 1"));

    QuantizedMatrix bad = matrix;
    bad.codebook.pop_back();
    VERIFY_MESSAGE(validate(bad, "m"), "m: codebook: expected 4 values, found 3");
    bad = matrix;
    bad.codebook[2] = -0.25f;
    VERIFY_MESSAGE(validate(bad, "m"), "codebook: expected finite values that ascend");
    bad = matrix;
    bad.symmetric = false;
    VERIFY_MESSAGE(validate(bad, "m"), "zeros beside a codebook");
    bad = matrix;
    bad.residual.rank = 3;
    VERIFY_MESSAGE(validate(bad, "m"), "residual's rank: expected 0 to 2, found 3");
    bad = matrix;
    bad.residual.right.pop_back();
    VERIFY_MESSAGE(validate(bad, "m"), "residual's right factor: expected 4, found 3");
    bad = matrix;
    bad.residual.left[1] = 0x7c00;
    VERIFY_MESSAGE(validate(bad, "m"), "residual's left factor: expected finite numbers");
  }

  // No block type of GGUF takes a matrix for a plain grid that is none.
  void block_types_hold_no_codebook_and_no_residual() {
    auto matrix = random_matrix(5, 96, 4, 32, true);
    QVERIFY(storage_type_for(matrix));
    matrix.residual = {1, std::vector<uint16_t>(5), std::vector<uint16_t>(96)};
    QVERIFY(!storage_type_for(matrix) && exact_types(matrix).empty());
    VERIFY_MESSAGE(write_blocks(matrix, GgufType::Q4_0, "m"), "Q4_0 does not hold this grid exactly");
    matrix.residual = {};
    for (int i = 0; i < 16; ++i) matrix.codebook.push_back(static_cast<float>(i * i));
    QVERIFY(!storage_type_for(matrix) && exact_types(matrix).empty());
  }

  void block_types_hold_the_grid_bit_for_bit_data() {
    QTest::addColumn<int>("bits");
    QTest::addColumn<int>("type");
    QTest::newRow("Q4_0") << 4 << static_cast<int>(GgufType::Q4_0);
    QTest::newRow("Q5_0") << 5 << static_cast<int>(GgufType::Q5_0);
    QTest::newRow("Q8_0") << 8 << static_cast<int>(GgufType::Q8_0);
  }
  void block_types_hold_the_grid_bit_for_bit() {
    QFETCH(int, bits);
    QFETCH(int, type);
    const auto matrix = random_matrix(5, 96, bits, 32, true);
    QVERIFY(storage_type_for(matrix) == static_cast<GgufType>(type));
    const auto blocks = write_blocks(matrix, static_cast<GgufType>(type), "m");
    const auto back = read_as_matrix(static_cast<GgufType>(type), blocks, 5, 96);
    QVERIFY(back && same(*back, matrix));
    QVERIFY(dequantize_blocks(static_cast<GgufType>(type), blocks, "m") == matrix.dequantize());
  }

  void asymmetric_grids() {
    auto matrix = random_matrix(4, 128, 4, 64, false);
    QVERIFY(!storage_type_for(matrix));
    // Q5_0 holds any 4-bit grid (algorithms.md 4.5), Q8_0 too; Q4_1 needs s z exact in float16.
    auto types = exact_types(matrix);
    QVERIFY(std::find(types.begin(), types.end(), GgufType::Q5_0) != types.end());
    QVERIFY(std::find(types.begin(), types.end(), GgufType::Q8_0) != types.end());
    QVERIFY(std::find(types.begin(), types.end(), GgufType::Q4_1) == types.end());
    VERIFY_MESSAGE(write_blocks(matrix, GgufType::Q4_1, "m"), "Q4_1 does not hold this grid exactly");
    VERIFY_MESSAGE(write_blocks(matrix, GgufType::Q4_0, "m"), "Q4_0 does not hold this grid exactly");
    for (GgufType type : {GgufType::Q5_0, GgufType::Q8_0})
      QVERIFY(dequantize_blocks(type, write_blocks(matrix, type, "m"), "m") == matrix.dequantize());
    for (uint16_t& scale : matrix.scales) scale &= 0xfff0;  // a 7-bit significand
    types = exact_types(matrix);
    QVERIFY(types.front() == GgufType::Q4_1);
    const auto blocks = write_blocks(matrix, GgufType::Q4_1, "m");
    QVERIFY(dequantize_blocks(GgufType::Q4_1, blocks, "m") == matrix.dequantize());
    const auto back = read_as_matrix(GgufType::Q4_1, blocks, 4, 128);
    QVERIFY(back && back->dequantize() == matrix.dequantize());
    QCOMPARE(back->group, int64_t{32});
  }

  void groups_that_are_no_multiple_of_a_block() {
    const auto matrix = random_matrix(2, 48, 4, 48, true);
    QVERIFY(exact_types(matrix).empty() && !storage_type_for(matrix));
    VERIFY_MESSAGE(write_blocks(matrix, GgufType::Q4_0, "m"),
                   "group size: expected a multiple of 32 for Q4_0, found 48");
    const auto wide = random_matrix(3, 256, 4, 128, true);  // a scale is repeated over four blocks
    QVERIFY(dequantize_blocks(GgufType::Q4_0, write_blocks(wide, GgufType::Q4_0, "m"), "m") == wide.dequantize());
    QVERIFY(!storage_type_for(wide));  // planes take less
  }

  void a_q4_1_that_is_no_grid() {
    std::vector<std::byte> block(20, std::byte{0x21});
    const uint16_t scale = to_half(0.1f), minimum = to_half(-0.333f);
    std::memcpy(block.data(), &scale, 2);
    std::memcpy(block.data() + 2, &minimum, 2);
    auto matrix = read_as_matrix(GgufType::Q4_1, block, 1, 32);
    QVERIFY(matrix && matrix->zeros.empty());
    QCOMPARE(matrix->minimums, std::vector<float>{from_half(minimum)});
    validate(*matrix, "m");
    QCOMPARE(beyond_integers(*matrix), std::string("real minimums"));
    QVERIFY(exact_types(*matrix).empty() && !storage_type_for(*matrix));
    matrix->symmetric = true;
    VERIFY_MESSAGE(validate(*matrix, "m"), "minimums: expected none on a symmetric grid or beside a codebook");
    matrix->symmetric = false;
    matrix->minimums.push_back(0);
    VERIFY_MESSAGE(validate(*matrix, "m"), "minimums: expected 1, found 2");
    matrix->minimums = {INFINITY};
    VERIFY_MESSAGE(validate(*matrix, "m"), "minimums: expected finite numbers");
    matrix->minimums.clear();
    VERIFY_MESSAGE(validate(*matrix, "m"), "zeros: expected 1, found 0");
    const uint16_t infinite = 0x7c00;
    auto spoiled = block;
    std::memcpy(spoiled.data() + 2, &infinite, 2);
    QVERIFY(!read_as_matrix(GgufType::Q4_1, spoiled, 1, 32));
    VERIFY_MESSAGE(dequantize_blocks(GgufType::Q4_1, spoiled, "m"), "scales of Q4_1: expected finite numbers");
    QCOMPARE(dequantize_blocks(GgufType::Q4_1, block, "m")[0], from_half(scale) * 1 + from_half(minimum));
  }

  void float32_scales() {
    auto matrix = random_matrix(3, 64, 4, 32, true);
    const auto before = matrix.dequantize();
    matrix.wide_scales = matrix.scale_values();
    matrix.scales.clear();
    validate(matrix, "m");
    QVERIFY(matrix.dequantize() == before);
    QCOMPARE(beyond_integers(matrix), std::string("float32 scales"));
    matrix.wide_scales[2] = NAN;
    VERIFY_MESSAGE(validate(matrix, "m"), "float32 scales: expected finite numbers");
    matrix.wide_scales.pop_back();
    VERIFY_MESSAGE(validate(matrix, "m"), "float32 scales: expected 6, found 5");
  }

  void packed_codes() {
    for (int bits = 2; bits <= 8; ++bits)
      for (int64_t columns : {int64_t{1}, int64_t{7}, int64_t{32}, int64_t{45}}) {
        const auto matrix = random_matrix(3, columns, bits, columns, false, static_cast<unsigned>(bits));
        const auto packed = pack_codes(matrix);
        QCOMPARE(packed.size(), static_cast<size_t>(3 * ((columns * bits + 7) / 8)));
        QVERIFY(unpack_codes(std::as_bytes(std::span(packed)), 3, columns, bits) == matrix.codes);
      }
    const QuantizedMatrix nibbles{1, 4, 4, 4, false, {1, 2, 3, 15}, {0}, {0}};
    QVERIFY(pack_codes(nibbles) == (std::vector<uint8_t>{0x21, 0xf3}));
  }

  void activations_are_quantized() {
    // 2 bits over [-1, 2]: step 1, zero point 1.
    std::vector<float> x{-1, -0.4f, 0.5f, 1.5f, 2, 9};
    quantize_activations(x, 6, {ActivationGranularity::STATIC_TENSOR, 2, 0, -1, 2, 1});
    QVERIFY(x == (std::vector<float>{-1, 0, 0, 2, 2, 2}));  // half to even
    // Each token has its own range; zero always lies inside it.
    x = {0, 3, 10, 13};
    quantize_activations(x, 2, {ActivationGranularity::DYNAMIC_TOKEN, 2, 0, 0, 0, 1});
    QCOMPARE(x[1], 3.0f);
    QCOMPARE(x[3], 13.0f);
    QVERIFY(std::abs(x[2] - 2 * 13.0f / 3) < 1e-5f);
    x = {0, 3, 1, 1};
    quantize_activations(x, 4, {ActivationGranularity::DYNAMIC_GROUP, 4, 2, 0, 0, 0.5f});
    QCOMPARE(x[1], 1.5f);  // clipped to half of its group's range
    QCOMPARE(x[2], 0.5f);
    x = {1, 2, 3};
    quantize_activations(x, 3, {});
    QVERIFY(x == (std::vector<float>{1, 2, 3}));
    VERIFY_MESSAGE(quantize_activations(x, 2, (ActivationQuantizer{ActivationGranularity::DYNAMIC_TOKEN, 4})),
                   "channels");
    VERIFY_MESSAGE(quantize_activations(x, 3, (ActivationQuantizer{ActivationGranularity::DYNAMIC_GROUP, 4, 2})),
                   "group size: expected a divisor of 3 channels");
    x = {0, 0, 0};
    quantize_activations(x, 3, {ActivationGranularity::DYNAMIC_TOKEN, 4});  // an empty range is no division by zero
    QVERIFY(x == (std::vector<float>{0, 0, 0}));
  }

  void sites() {
    QCOMPARE(Site::at(13).layer, 3);
    QCOMPARE(Site::at(13).kind, SiteKind::OUTPUT_INPUT);
    QCOMPARE(Site::at(13).index(), 13);
    DecoderConfig config;
    config.hidden = 64, config.heads = 3, config.head_dim = 24, config.ffn = 96;
    QCOMPARE(width_of(config, SiteKind::OUTPUT_INPUT), 72);
    QCOMPARE(width_of(config, SiteKind::DOWN_INPUT), 96);
    QCOMPARE(linears_of(SiteKind::MLP_INPUT).size(), size_t{2});
    QCOMPARE(short_name_of(SiteKind::ATTENTION_INPUT), std::string_view("qkv"));
  }
};

QTEST_GUILESS_MAIN(TestQuantizedMatrix)
#include "test_quantized_matrix.moc"
