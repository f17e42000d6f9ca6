// No include goes up, none goes to a neighbour, none goes round in a circle, anywhere in the tree.
#include <QtTest>

#include "tests/house/floors.h"

using qvlm::house::Tree;
using qvlm::house::violations_of;

namespace {

/// A small house in order, to plant violations in.
Tree sound_house() {
  return {{"core/base/error.h", "// Errors.\n#pragma once\n"},
          {"core/model/model.h", "// Models.\n#pragma once\n#include \"core/base/error.h\"\n"},
          {"core/evaluation/kl.h", "// KL.\n#pragma once\n#include \"core/model/model.h\"\n"},
          {"core/lab/reference/page.h", "// Reference.\n#pragma once\n#include <torch/torch.h>\n"},
          {"core/lab/calibration/sums.h", "// Sums.\n#pragma once\n#include \"core/lab/reference/page.h\"\n"},
          {"gpu/device.cpp", "// Device.\n#include <vulkan/vulkan.h>\n#include \"core/model/model.h\"\n"},
          {"shaders/norm.comp", "// Norm.\n#include \"common.glsl\"\n"},
          {"shaders/common.glsl", "// Common.\n"},
          {"app/studio/views/list.h", "// List.\n#pragma once\n#include <QWidget>\n"},
          {"app/studio/main.cpp", "// Studio.\n#include <QWidget>\n#include \"core/evaluation/kl.h\"\n"}};
}

/// The one violation that appears when `text` stands at `path`.
QString planted(const std::string& path, const std::string& text) {
  Tree tree = sound_house();
  tree[path] = text;
  const auto found = violations_of(tree);
  return found.size() == 1 ? QString::fromStdString(found.front()) : QStringLiteral("%1 violations").arg(found.size());
}

}  // namespace

class TestFloors : public QObject {
  Q_OBJECT
 private slots:
  void the_whole_tree_keeps_its_floors() {
    const Tree tree = qvlm::house::read_tree(QVLM_SOURCE_DIR);
    QVERIFY2(tree.size() > 100, "the tree was not found");
    const auto found = violations_of(tree);
    for (const auto& line : found) qWarning("%s", line.c_str());
    QCOMPARE(found.size(), size_t{0});
  }

  void a_sound_house_has_no_violation() { QCOMPARE(violations_of(sound_house()).size(), size_t{0}); }

  void planted_violations_are_found_data() {
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("message");
    const auto row = [](const char* name, const char* path, const char* text, const char* message) {
      QTest::newRow(name) << path << text << message;
    };
    row("up", "core/base/x.cpp", "// X.\n#include \"core/model/model.h\"\n", "stands higher");
    row("neighbour", "gpu/x.cpp", "// X.\n  #  include \"core/evaluation/kl.h\"\n", "neighbour");
    row("up inside the lab", "core/lab/reference/x.h",
        "// X.\n#pragma once\n#include \"core/lab/calibration/sums.h\"\n", "stands higher");
    row("studio and lab", "app/studio/x.cpp", "// X.\n#include \"core/lab/reference/page.h\"\n", "must not know");
    row("studio's models and views", "app/studio/models/x.cpp", "// X.\n#include \"app/studio/views/list.h\"\n", "stands higher");
    row("widgets in a model", "app/studio/models/x.cpp", "// X.\n#include <QLabel>\n", "Qt's widgets is not this floor's");
    row("application from the core", "core/run/x.cpp", "// X.\n#include \"app/studio/main.cpp\"\n", "stands higher");
    row("libtorch", "app/cli/x.cpp", "// X.\n#include <torch/torch.h>\n", "libtorch is not this floor's");
    row("Vulkan", "app/cli/x.cpp", "// X.\n#include <volk.h>\n", "Vulkan is not this floor's");
    row("Qt", "core/run/x.cpp", "// X.\n#include <QString>\n", "Qt is not this floor's");
    row("self circle", "core/base/a.h", "// A.\n#pragma once\n#include \"core/base/a.h\"\n", "include circle");
    row("absent", "core/base/x.cpp", "// X.\n#include \"error.h\"\n", "no file of the tree");
    row("no comment", "core/base/x.cpp", "int x;\n", "begin with a comment");
    row("no pragma once", "core/base/x.h", "// X.\n", "#pragma once");
    row("no floor", "core/attic/x.cpp", "// X.\n", "no floor");
    row("shader", "core/base/x.cpp", "// X.\n#include \"shaders/common.glsl\"\n", "shaders' wall");
    QTest::newRow("long") << "core/base/x.cpp"
                          << "// X.\n" + QString("\n").repeated(501) << "at most 500";
  }
  void planted_violations_are_found() {
    QFETCH(QString, path);
    QFETCH(QString, text);
    QFETCH(QString, message);
    const QString found = planted(path.toStdString(), text.toStdString());
    QVERIFY2(found.contains(message), qPrintable(found));
  }

  void a_circle_of_two_files_is_found() {
    Tree tree = sound_house();
    tree["core/base/a.h"] = "// A.\n#pragma once\n#include \"core/base/b.h\"\n";
    tree["core/base/b.h"] = "// B.\n#pragma once\n#include \"core/base/a.h\"\n";
    const auto found = violations_of(tree);
    QCOMPARE(found.size(), size_t{1});
    QVERIFY(QString::fromStdString(found.front()).contains("core/base/a.h -> core/base/b.h -> core/base/a.h"));
  }
};

QTEST_GUILESS_MAIN(TestFloors)
#include "test_floors.moc"
