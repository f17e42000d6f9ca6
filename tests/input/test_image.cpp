// Decoding equals Pillow's convert("RGB") on every kind of file; what is no picture, cut or too large is refused with its name.
#include <QTest>

#include <fstream>

#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "tests/base/message_of.h"
#include "tests/input/golden.h"

using namespace qvlm;

namespace {

std::vector<std::byte> bytes_of(const std::filesystem::path& path) {
  const MappedFile file(path);
  return {file.bytes().begin(), file.bytes().end()};
}

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::string message_of_decoding(const std::vector<std::byte>& bytes) {
  return message_of([&] { decode_image(bytes, "a.png"); });
}

/// A PNG that claims a size: signature, IHDR (8-bit RGB) and nothing else.
std::vector<std::byte> png_header(uint32_t width, uint32_t height) {
  std::string png("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
  for (const uint32_t side : {width, height}) {
    for (int shift = 24; shift >= 0; shift -= 8) png += static_cast<char>(side >> shift);
  }
  png += std::string("\x08\x02\0\0\0\0\0\0\0", 9);
  return bytes_of(std::string_view(png));
}

}  // namespace

class TestImage : public QObject {
  Q_OBJECT
 private slots:
  void decodes_as_pillow_data() {
    QTest::addColumn<QString>("input");
    QTest::addColumn<QString>("output");
    for (const auto& entry : std::filesystem::directory_iterator(golden("images"))) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with("in_")) continue;
      std::string output = "out_" + name.substr(3) + ".png";
      output[output.rfind('.', output.size() - 5)] = '_';
      QTest::newRow(name.c_str()) << QString::fromStdString(name) << QString::fromStdString(output);
    }
  }
  void decodes_as_pillow() {
    QFETCH(QString, input);
    QFETCH(QString, output);
    const Image found = read_image(golden("images/" + input.toStdString()));
    const Image expected = read_image(golden("images/" + output.toStdString()));
    QCOMPARE(greatest_difference(found, expected), 0);
  }

  void writes_and_reads_png() {
    const Image image = formula_picture(19, 7);
    const auto path = std::filesystem::temp_directory_path() / "qvlm_test_image.png";
    write_png(image, path);
    QCOMPARE(greatest_difference(read_image(path), image), 0);
    std::filesystem::remove(path);
    QVERIFY_THROWS_EXCEPTION(Error, write_png(image, "/nowhere/at/all.png"));
    QVERIFY_THROWS_EXCEPTION(Error, write_png(Image{}, path));
  }

  void one_pixel() {
    const auto path = std::filesystem::temp_directory_path() / "qvlm_test_pixel.png";
    write_png(Image{1, 1, {1, 2, 3}}, path);
    const Image image = read_image(path);
    QCOMPARE(image.rgb, (std::vector<uint8_t>{1, 2, 3}));
    std::filesystem::remove(path);
  }

  void refuses_what_is_no_picture() {
    QCOMPARE(message_of_decoding(bytes_of(std::string_view("hello, I am a text"))),
             std::string("a.png: expected a picture (PNG, JPEG, WebP, BMP, GIF or PNM), found something else"));
    QCOMPARE(message_of_decoding({}), std::string("a.png: expected a picture (PNG, JPEG, WebP, BMP, GIF or PNM), found an empty file"));
    QVERIFY(message_of_decoding(bytes_of(std::string_view("\x89PNG\r\n\x1a\nrubbish"))).starts_with("a.png: not a readable picture"));
    try {
      read_image("/nowhere/picture.png");
      QFAIL("an absent file was read");
    } catch (const Error& error) {
      QVERIFY(std::string(error.what()).find("/nowhere/picture.png") != std::string::npos);
    }
  }

  void refuses_a_picture_that_is_too_large() {
    // 20,000 x 20,000 pixels are refused by the header alone: no pixel follows it.
    QCOMPARE(message_of_decoding(png_header(20000, 20000)), std::string("a.png: picture size: expected at most 200 million pixels, found 20000 x 20000"));
    QCOMPARE(message_of_decoding(png_header(100000, 3)), std::string("a.png: picture size: expected sides of at most 65535 pixels, found 100000 x 3"));
    QVERIFY(message_of_decoding(png_header(0, 5)).starts_with("a.png: "));
    QVERIFY(message_of_decoding(png_header(0xFFFFFFFF, 0xFFFFFFFF)).starts_with("a.png: "));
  }

  void refuses_a_cut_file_data() { decodes_as_pillow_data(); }
  void refuses_a_cut_file() {
    QFETCH(QString, input);
    const auto whole = bytes_of(golden("images/" + input.toStdString()));
    // Two thirds of the file hold the header, and not all pixels.
    const std::vector<std::byte> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(whole.size() * 2 / 3));
    if (input == "in_animated.webp") return;  // its first picture is whole there
    QVERIFY2(message_of_decoding(cut).starts_with("a.png: not a readable picture"), message_of_decoding(cut).c_str());
  }

  void survives_changed_bytes_data() { decodes_as_pillow_data(); }
  void survives_changed_bytes() {
    QFETCH(QString, input);
    const auto whole = bytes_of(golden("images/" + input.toStdString()));
    uint32_t random = 12345;
    for (int round = 0; round < 60; ++round) {
      auto bytes = whole;
      for (int change = 0; change < 3; ++change) {
        random = random * 1664525 + 1013904223;
        bytes[(random >> 8) % bytes.size()] = static_cast<std::byte>(random >> 3);
      }
      try {
        const Image image = decode_image(bytes, "changed");
        QCOMPARE(image.rgb.size(), static_cast<size_t>(image.width) * static_cast<size_t>(image.height) * 3);
      } catch (const Error&) {  // the only other way out
      }
    }
  }
};

QTEST_GUILESS_MAIN(TestImage)
#include "test_image.moc"
