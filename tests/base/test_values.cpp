// Half-precision numbers, hashes, JSON access and checked sizes.
#include <QTest>
#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/base/checked_math.h"
#include "core/base/error.h"
#include "core/base/half.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "tests/base/message_of.h"

using namespace qvlm;

namespace {

// Rounding by search: the nearest of all finite halves, the even one of two equally near.
uint16_t nearest_half(float value) {
  uint16_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (uint32_t bits = 0; bits < 0x7c00u; ++bits) {
    const double distance =
        std::abs(static_cast<double>(from_half(static_cast<uint16_t>(bits))) - std::abs(static_cast<double>(value)));
    if (distance < least || (distance == least && bits % 2 == 0)) {
      least = distance;
      best = static_cast<uint16_t>(bits);
    }
  }
  return static_cast<uint16_t>(best | (std::signbit(value) ? 0x8000u : 0u));
}

}  // namespace

class TestValues : public QObject {
  Q_OBJECT

 private slots:
  void half_known_values() {
    const std::pair<uint16_t, float> pairs[] = {
        {0x0000, 0.0f},     {0x3c00, 1.0f},     {0xc000, -2.0f},           {0x7bff, 65504.0f},
        {0x0001, 0x1p-24f}, {0x0400, 0x1p-14f}, {0x03ff, 1023 * 0x1p-24f}, {0x3555, 0.333251953125f}};
    for (const auto& [bits, value] : pairs) {
      QCOMPARE(from_half(bits), value);
      QCOMPARE(to_half(value), bits);
    }
    QCOMPARE(to_half(65519.0f), uint16_t{0x7bff});
    QCOMPARE(to_half(65520.0f), uint16_t{0x7c00});  // rounds to infinity
    QVERIFY(std::isnan(from_half(to_half(std::numeric_limits<float>::quiet_NaN()))));
    QCOMPARE(to_half(-std::numeric_limits<float>::infinity()), uint16_t{0xfc00});
  }

  void every_half_survives() {
    for (uint32_t bits = 0; bits < 65536; ++bits) {
      const float value = from_half(static_cast<uint16_t>(bits));
      if (!std::isnan(value)) QCOMPARE(to_half(value), static_cast<uint16_t>(bits));
    }
  }

  void bulk_is_the_same_as_one_by_one() {
    std::vector<uint16_t> bits(65536 + 3);
    for (size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<uint16_t>(i);
    std::vector<float> wide(bits.size());
    from_half(bits, wide);
    for (size_t i = 0; i < bits.size(); ++i)
      if (!std::isnan(wide[i])) QCOMPARE(std::bit_cast<uint32_t>(wide[i]), std::bit_cast<uint32_t>(from_half(bits[i])));
    std::vector<float> odd;  // values between halves, and out of their range
    for (uint32_t i = 0; i < 100000; ++i) odd.push_back(std::bit_cast<float>(i * 42949u));
    std::vector<uint16_t> narrow(odd.size());
    to_half(odd, narrow);
    for (size_t i = 0; i < odd.size(); ++i)
      if (!std::isnan(odd[i])) QCOMPARE(narrow[i], to_half(odd[i]));
  }

  void half_rounds_to_nearest_even() {
    for (float value : {1.0f + 0x1p-11f, 1.0f + 3 * 0x1p-11f, -0.1f, 3.14159f, 0x1p-25f, 1.5f * 0x1p-25f, 5.96e-8f,
                        6.1e-5f, 1234.5678f, 2049.0f, 2051.0f})
      QCOMPARE(to_half(value), nearest_half(value));
  }

  void bfloat16() {
    QCOMPARE(to_bfloat16(1.0f), uint16_t{0x3f80});
    QCOMPARE(from_bfloat16(0xc040), -3.0f);
    QCOMPARE(to_bfloat16(std::bit_cast<float>(0x3f808000u)), uint16_t{0x3f80});  // half way, to even
    QCOMPARE(to_bfloat16(std::bit_cast<float>(0x3f818000u)), uint16_t{0x3f82});
    QVERIFY(std::isnan(from_bfloat16(to_bfloat16(std::numeric_limits<float>::quiet_NaN()))));
    std::vector<float> values{1, 2.5, -4};
    std::vector<uint16_t> bits(3);
    to_bfloat16(values, bits);
    std::vector<float> back(3);
    from_bfloat16(bits, back);
    QVERIFY(values == back);
    QVERIFY_THROWS_EXCEPTION(std::invalid_argument, to_half(values, std::span(bits).first(2)));
  }

  void hashes() {
    // XXH3's published value for no bytes.
    QCOMPARE(hash64(std::string_view()), uint64_t{0x2d06800538d394c2});
    QCOMPARE(hash64_hex({}), std::string("2d06800538d394c2"));
    Hasher pieces, whole;
    pieces.update(std::string_view("ab"));
    pieces.update(std::string_view("c"));
    whole.update(std::string_view("abc"));
    QCOMPARE(pieces.digest64(), whole.digest64());
    QCOMPARE(whole.digest128_hex(), hash128_hex(std::as_bytes(std::span("abc", 3))));
    QVERIFY(hash64("abc") != hash64("abd"));
  }

  void json_fields() {
    const Json json = parse_json(
        R"({"n": 3, "x": 0.5, "f": 336.0, "s": "text", "b": true, "z": null, "a": [1, 2], "big": 5000000000})",
        "c.json");
    QCOMPARE(field<int>(json, "n", "c.json"), 3);
    QCOMPARE(field<int>(json, "f", "c.json"), 336);
    QCOMPARE(field<int64_t>(json, "big", "c.json"), int64_t{5000000000});
    QCOMPARE(field<float>(json, "x", "c.json"), 0.5f);
    QCOMPARE(field<std::vector<int>>(json, "a", "c.json"), (std::vector<int>{1, 2}));
    QCOMPARE(field_or<int>(json, "z", "c.json", 7), 7);
    QCOMPARE(field_or<int>(json, "absent", "c.json", 8), 8);
    QCOMPARE(message_of([&] { field<int>(json, "s", "c.json"); }),
             std::string("c.json: s: expected an integer, found the string \"text\""));
    QCOMPARE(message_of([&] { field<int>(json, "big", "c.json"); }),
             std::string("c.json: big: expected an integer, found the number 5000000000"));
    QCOMPARE(message_of([&] { field<int>(json, "x", "c.json"); }),
             std::string("c.json: x: expected an integer, found the number 0.5"));
    QCOMPARE(message_of([&] { field<bool>(json, "absent", "c.json"); }),
             std::string("c.json: absent: expected true or false, found nothing"));
    QCOMPARE(message_of([&] { field_or<int>(json, "s", "c.json", 1); }),
             std::string("c.json: s: expected an integer, found the string \"text\""));
  }

  void json_that_is_none() {
    const std::string message = message_of([] { parse_json("{\"a\": ", "c.json"); });
    QVERIFY2(message.starts_with("c.json: not valid JSON: parse error at line 1, column 7"), message.c_str());
    const std::string deep = message_of([] { parse_json(std::string(100000, '['), "deep.json"); });
    QVERIFY2(deep.find("200 levels") != std::string::npos, deep.c_str());
  }

  void json_unknown_keys() {
    const Json json = parse_json(R"({"weights": 4, "gruop": 32})", "r.json");
    QCOMPARE(message_of([&] {
               refuse_unknown_keys(json, {"weights", "group"}, "r.json");
             }),
             std::string("r.json: unknown key \"gruop\" (did you mean \"group\"?)"));
    refuse_unknown_keys(json, {"weights", "gruop"}, "r.json");
  }

  void sizes_do_not_wrap() {
    QCOMPARE(checked_multiply<int64_t>(1 << 20, 1 << 20, "t"), int64_t{1} << 40);
    const std::string message =
        message_of([] { checked_multiply<int64_t>(int64_t{1} << 40, int64_t{1} << 40, "tensor x"); });
    QVERIFY2(message.starts_with("tensor x: the size overflows"), message.c_str());
    QVERIFY_THROWS_EXCEPTION(Error, checked_add<int64_t>(INT64_MAX, 1, "t"));
  }
};

QTEST_GUILESS_MAIN(TestValues)
#include "test_values.moc"
