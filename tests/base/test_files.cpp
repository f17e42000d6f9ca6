// Mapped files, and files written beside their target and renamed: full disk, read-only folder, nothing half-written.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <QTest>
#include <filesystem>
#include <fstream>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "tests/base/message_of.h"

using namespace qvlm;
namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& path) {
  const MappedFile file(path);
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

int entries(const fs::path& folder) {
  return static_cast<int>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

#define VERIFY_CONTAINS(text, part) QVERIFY2(QString::fromStdString(text).contains(part), (text).c_str())

}  // namespace

class TestFiles : public QObject {
  Q_OBJECT

 private slots:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    path_ = folder_->path().toStdString();
  }

  void maps_and_releases() {
    write_file(path_ / "a", std::string_view("twelve bytes"));
    const MappedFile file(path_ / "a");
    QCOMPARE(file.bytes().size(), size_t{12});
    file.release(file.bytes().subspan(3, 4));
    QCOMPARE(static_cast<char>(file.bytes()[3]), 'l');  // read again from the file
  }

  void maps_an_empty_file() {
    write_file(path_ / "empty", std::string_view());
    QVERIFY(MappedFile(path_ / "empty").bytes().empty());
  }

  void names_what_cannot_be_mapped() {
    VERIFY_CONTAINS(message_of([&] { MappedFile(path_ / "absent"); }), "absent");
    VERIFY_CONTAINS(message_of([&] { MappedFile{path_}; }), "a folder");
  }

  void replaces_only_on_commit() {
    write_file(path_ / "a", std::string_view("old"));
    {
      AtomicFile file(path_ / "a");
      file.write(std::string_view("new"));
      QCOMPARE(text_of(path_ / "a"), std::string("old"));
    }  // given up
    QCOMPARE(text_of(path_ / "a"), std::string("old"));
    QCOMPARE(entries(path_), 1);
    AtomicFile file(path_ / "a");
    file.write(std::string_view("new"));
    file.pad_to(8);
    QCOMPARE(file.position(), int64_t{8});
    file.overwrite(1, std::as_bytes(std::span("E", 1)));
    file.commit();
    QCOMPARE(text_of(path_ / "a"), std::string("nEw\0\0\0\0\0", 8));
    QCOMPARE(entries(path_), 1);
    VERIFY_CONTAINS(message_of([&] { file.write(std::string_view("late")); }), "finished");
  }

  void a_full_disk_leaves_nothing() {
    write_file(path_ / "a", std::string_view("old"));
    // A limit on file sizes fails a write as a full disk does.
    rlimit before{};
    QCOMPARE(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    rlimit small = before;
    small.rlim_cur = 1 << 20;
    QCOMPARE(setrlimit(RLIMIT_FSIZE, &small), 0);
    const std::string message = message_of([&] { write_file(path_ / "a", std::string(3 << 20, 'x')); });
    setrlimit(RLIMIT_FSIZE, &before);
    VERIFY_CONTAINS(message, "cannot be written");
    VERIFY_CONTAINS(message, QString::fromStdString((path_ / "a").string()));
    QCOMPARE(text_of(path_ / "a"), std::string("old"));
    QCOMPARE(entries(path_), 1);
  }

  void a_folder_that_is_not_writable() {
    const fs::path locked = path_ / "locked";
    fs::create_directory(locked);
    fs::permissions(locked,
                    fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
    fs::permissions(path_, fs::perms::all);
    const bool root = geteuid() == 0;
    if (root) QCOMPARE(seteuid(65534), 0);  // root may write anywhere
    const std::string message = message_of([&] { write_file(locked / "a", std::string_view("x")); });
    if (root) QCOMPARE(seteuid(0), 0);
    fs::permissions(locked, fs::perms::owner_all);
    VERIFY_CONTAINS(message, "not writable");
    VERIFY_CONTAINS(message_of([&] { write_file(path_ / "no" / "such" / "a", std::string_view("x")); }),
                    "does not exist");
  }

 private:
  std::unique_ptr<QTemporaryDir> folder_;
  fs::path path_;
};

QTEST_GUILESS_MAIN(TestFiles)
#include "test_files.moc"
