// Journals: every event survives its line, a torn last line is cut, everything else that is wrong is named by line.
#include <QtTest>

#include <QTemporaryDir>
#include <fstream>
#include <limits>

#include "core/base/error.h"
#include "core/run/journal.h"
#include "core/run/recipe.h"
#include "core/run/reuse.h"

using namespace qvlm;

namespace {

std::vector<TimedEvent> one_of_each() {
  Partition partition;
  partition.blocks = {{0, 2, true, 8}, {3, 3}};
  return {
      {0.0, RunStarted{1, "/m", "ab", "/c", "cd", "{\"weight_bits\": 4}\n", 12, 48, 64, 12.5, int64_t{1} << 40}},
      {0.5, PhaseStarted{"statistics", 12}},
      {0.6, SiteMeasured{3, -1.5f, 2.5f, {-1.5f, -1.25f}, {2.5f, 0.1f}, -1.5f, 2.5f, {1, 0, 4}}},
      {0.7, EntropyMeasured{3, 0.75, 0.5, {0.1f, 0.2f}}},
      {0.8, PartitionChanged{partition, 0.44, "greedy"}},
      {0.9, CandidateScored{1, {1.0f, 0.995f}, 1e-3, 8}},
      {1.0, BlockSearched{1, 2, 3, {1, 1}, {1, 0.98f}, 2e-3, 1e-3, 3e-3, 0.25, true, 155, 0.75, "0123"}},
      {1.1, LayerQuantized{0, "work/layer_0.safetensors", "ff", 1234, 1e-4, 2e-4, 3.5}},
      {1.15, Noticed{"decoder.0.mlp.up: rounded to nearest"}},
      {1.11, AxesMeasured{"work/axes.safetensors", "cc", 97, {0.75f, 0.25f}, 2.5}},
      {1.12, VisionQuantized{"work/vision.safetensors", "aa", 99, 64, 8.0625, 16, 1e-5, {1e-4f, 2e-4f}, 3e-4, 4e-4, 1.5}},
      {1.14, VeoEpoch{0, 0.02, 0.03, 0.05, 0.25, true}},
      {1.15, VeoStep{1, 2, 0.25, 0.5, 0.05}},
      {1.16, VeoFinished{"work/vision_veo.safetensors", "bb", 98, 10, 9, 70, 3e-4, 2e-4, 4e-4, 3e-4, 12.5}},
      {1.2, RunPaused{}},
      {1.3, RunResumed{3, 7}},
      {1.4, RunFinished{9.5, 1000, 2000, 5.0, 12345, "/out.qvlm"}},
      {1.5, RunCancelled{}},
      {1.6, RunFailed{"disk \"full\"\nbadly"}},
  };
}

}  // namespace

class TestJournal : public QObject {
  Q_OBJECT
 private slots:
  void everyEventRoundTrips() {
    for (const TimedEvent& event : one_of_each()) {
      const std::string line = to_json_line(event);
      QVERIFY(line.find('\n') == std::string::npos);
      const TimedEvent back = event_from_json_line(line, "test:1");
      QCOMPARE(back.event.index(), event.event.index());
      QCOMPARE(to_json_line(back), line);
      QCOMPARE(back.seconds, event.seconds);
    }
    const auto back = event_from_json_line(to_json_line(one_of_each()[6]), "test");
    const auto& block = std::get<BlockSearched>(back.event);
    QCOMPARE(block.joint_parameters, (std::vector<float>{1, 0.98f}));
    QCOMPARE(block.joint_error, 1e-3);
    QCOMPARE(block.input_hash, std::string("0123"));
    // Refined bounds come and go together, and only where there are some.
    QVERIFY(to_json_line(one_of_each()[6]).find("refined") == std::string::npos);
    TimedEvent refined = one_of_each()[6];
    std::get<BlockSearched>(refined.event).refined_bounds = {0.9371f, -1.25f, 0.1f};
    std::get<BlockSearched>(refined.event).refined_error = 9e-4;
    const auto again = std::get<BlockSearched>(event_from_json_line(to_json_line(refined), "test").event);
    QCOMPARE(again.refined_bounds, (std::vector<float>{0.9371f, -1.25f, 0.1f}));
    QCOMPARE(again.refined_error, 9e-4);
    const auto partition = std::get<PartitionChanged>(event_from_json_line(to_json_line(one_of_each()[4]), "test").event).partition;
    QCOMPARE(partition.blocks[0], (Block{0, 2, true, 8}));
  }

  void numbersThatAreNotFinite() {
    const TimedEvent event{0, CandidateScored{0, {1.0f}, std::numeric_limits<double>::infinity(), 8}};
    const auto back = event_from_json_line(to_json_line(event), "test");
    QVERIFY(std::isnan(std::get<CandidateScored>(back.event).loss));
  }

  void refuses_data() {
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("mentions");
    QTest::newRow("not JSON") << "{\"event\":" << "not valid JSON";
    QTest::newRow("unknown event") << R"({"event":"Party","at":1})" << "Party";
    QTest::newRow("missing field") << R"({"event":"RunFailed","at":1})" << "message";
    std::string half = to_json_line(one_of_each()[6]);  // a searched block
    half.insert(half.size() - 1, R"(,"refined_bounds":[0.9])");
    QTest::newRow("bounds without their error") << QString::fromStdString(half) << "refined_error";
    QTest::newRow("unknown field") << R"({"event":"RunPaused","at":1,"x":2})" << "unknown key \"x\"";
    QTest::newRow("wrong type") << R"({"event":"RunFailed","at":1,"message":2})" << "a string";
    QTest::newRow("wrong element") << R"({"event":"EntropyMeasured","at":1,"site":1,"entropy":0,"dependency":0,"sample_entropy":["a"]})" << "a number";
    QTest::newRow("number") << "5" << "a JSON object";
  }
  void refuses() {
    QFETCH(QString, line);
    QFETCH(QString, mentions);
    try {
      event_from_json_line(line.toStdString(), "journal.jsonl:7");
      QFAIL("accepted");
    } catch (const Error& error) {
      QVERIFY2(QString(error.what()).contains(mentions), error.what());
      QVERIFY(QString(error.what()).startsWith("journal.jsonl:7"));
    }
  }

  void writeReadAndTornLine() {
    QTemporaryDir folder;
    const std::filesystem::path path = std::filesystem::path(folder.path().toStdString()) / "journal.jsonl";
    const auto events = one_of_each();
    {
      JournalWriter writer(path);
      for (const auto& event : events) writer.append(event);
      writer.append({2.0, Progress{"search", 1, 2, 3.0}});  // left out
    }
    QCOMPARE(read_journal(path).size(), events.size());
    std::ofstream(path, std::ios::app) << "{\"event\":\"RunPau";  // the power went
    QCOMPARE(read_journal(path).size(), events.size());
    {
      JournalWriter writer(path);
      writer.append({3.0, RunResumed{1, 2}});
    }
    const auto again = read_journal(path);
    QCOMPARE(again.size(), events.size() + 1);
    QVERIFY(std::holds_alternative<RunResumed>(again.back().event));
  }

  void wrongLineIsNamed() {
    QTemporaryDir folder;
    const std::filesystem::path path = std::filesystem::path(folder.path().toStdString()) / "journal.jsonl";
    std::ofstream(path) << to_json_line(one_of_each()[0]) << "\nrubbish\n";
    try {
      read_journal(path);
      QFAIL("accepted");
    } catch (const Error& error) {
      QVERIFY2(QString(error.what()).contains("journal.jsonl:2"), error.what());
    }
    QVERIFY_THROWS_EXCEPTION(Error, read_journal(path.parent_path() / "absent.jsonl"));
    QVERIFY_THROWS_EXCEPTION(Error, JournalWriter(path.parent_path() / "no folder" / "journal.jsonl"));
  }

  void aJournalOfALaterVersionSaysSo() {
    std::string line = to_json_line(one_of_each()[0]);
    const std::string key = "\"journal_version\":1";
    line.replace(line.find(key), key.size(), "\"journal_version\":2,\"dreamed\":true");
    try {
      (void)event_from_json_line(line, "x.qvlm/journal.jsonl:1");
      QFAIL("read");
    } catch (const Error& error) {
      QVERIFY2(QString(error.what()).contains("journal.jsonl:1") && QString(error.what()).contains("later version"), error.what());
    }
  }

  void aRunBegunFromAnotherTakesAlongWhatWasMeasured() {
    QTemporaryDir folder;
    const std::filesystem::path root = folder.path().toStdString(), run = root / "a.qvlm", partial = root / "b.qvlm.partial";
    std::filesystem::create_directories(run);
    QVERIFY_THROWS_EXCEPTION(Error, begin_from(run, partial));
    {
      JournalWriter writer(run / "journal.jsonl");
      for (const TimedEvent& event : one_of_each()) writer.append(event);
    }
    QVERIFY_THROWS_EXCEPTION(Error, begin_from(run, partial));  // no recipe
    QVERIFY(!std::filesystem::exists(partial));
    std::ofstream(run / "recipe.json") << to_json(Recipe{});
    begin_from(run, partial);
    QStringList names;
    for (const TimedEvent& event : read_journal(partial / "journal.jsonl")) names << QString::fromStdString(std::string(name_of(event.event)));
    QCOMPARE(names, QStringList({"RunStarted", "PhaseStarted", "SiteMeasured", "EntropyMeasured", "PartitionChanged", "CandidateScored", "BlockSearched",
                                 "Noticed"}));
    QVERIFY(read_recipe(partial / "recipe.json") == Recipe{});
    QVERIFY_THROWS_EXCEPTION(Error, begin_from(run, partial));  // never over what is there
  }

  void followWhileWritten() {
    QTemporaryDir folder;
    const std::filesystem::path path = std::filesystem::path(folder.path().toStdString()) / "journal.jsonl";
    JournalFollower follower(path);
    QVERIFY(follower.poll().empty());
    JournalWriter writer(path);
    writer.append(one_of_each()[0]);
    writer.append(one_of_each()[1]);
    QCOMPARE(follower.poll().size(), size_t{2});
    QVERIFY(follower.poll().empty());
    writer.append(one_of_each()[2]);
    QCOMPARE(follower.poll().size(), size_t{1});
  }
};

QTEST_GUILESS_MAIN(TestJournal)
#include "test_journal.moc"
