// Compiled pipelines come back from their file; a file that is cut, changed or another driver's costs nothing but compiling.
#include <QTemporaryDir>
#include <QTest>
#include <cstring>
#include <fstream>
#include <iterator>

#include "core/base/atomic_file.h"
#include "core/base/hash.h"
#include "gpu/gpu_context.h"
#include "tests/gpu/without_device.h"

using namespace qvlm;
namespace fs = std::filesystem;

class TestPipelineCache : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    const std::string why = without_device();
    QVERIFY2(why.empty(), why.c_str());
  }

  void what_was_compiled_comes_back() {
    const QTemporaryDir folder;
    const fs::path place = fs::path(folder.path().toStdString()) / "deep" / "qvlm";
    QCOMPARE(taken_by_a_start(place), size_t(0));
    const std::string kept = read(file_);
    QVERIFY(kept.starts_with("qvlm pipelines 1\n"));
    QCOMPARE(taken_by_a_start(place), kept.size() - 17 - 32);
    QCOMPARE(read(file_), kept);
    QVERIFY(fs::directory_iterator(place) != fs::directory_iterator{});
    QCOMPARE(std::distance(fs::directory_iterator(place), fs::directory_iterator{}), std::ptrdiff_t(1));  // nothing half-written
  }

  void what_does_not_fit_is_left_alone() {
    const QTemporaryDir folder;
    const fs::path place = folder.path().toStdString();
    taken_by_a_start(place);
    const std::string good = read(file_);
    const auto with_data = [&](std::string data) { return good.substr(0, 17) + hash128_hex(std::as_bytes(std::span(data))) + data; };
    std::string other_driver = good.substr(17 + 32), other_vendor = other_driver;
    other_driver[16] ^= 1;  // the UUID's first byte
    other_vendor[8] ^= 1;
    std::string flipped = good;
    flipped.back() ^= 1;
    for (const std::string& bad : {std::string(), std::string("rubbish"), good.substr(0, 40), good.substr(0, good.size() - 1), flipped,
                                   with_data(other_driver), with_data(other_vendor), with_data("short")}) {
      write_file(file_, bad);
      QCOMPARE(taken_by_a_start(place), size_t(0));
      QVERIFY(read(file_) == good);  // made anew
    }
  }

  void a_place_that_cannot_be_written_is_no_error() {
    const QTemporaryDir folder;
    const fs::path file = fs::path(folder.path().toStdString()) / "a-file";
    write_file(file, std::string_view("x"));
    QCOMPARE(taken_by_a_start(file / "below"), size_t(0));
    QCOMPARE(taken_by_a_start({}), size_t(0));
  }

 private:
  // Opens the device, compiles one pipeline, closes. -> bytes taken over from the file
  size_t taken_by_a_start(const fs::path& place) {
    GpuContextOptions options;
    options.cache_folder = place;
    GpuContext gpu(options);
    file_ = PipelineCache::file_in(place, gpu.profile());
    gpu.pipelines().get({"copy", {gpu.profile().small_threads}});
    return gpu.pipelines().cache().taken();
  }
  static std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  fs::path file_;
};

QTEST_GUILESS_MAIN(TestPipelineCache)
#include "test_pipeline_cache.moc"
