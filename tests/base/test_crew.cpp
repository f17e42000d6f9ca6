// Threads that share the parts of a calculation.
#include <QtTest>
#include <atomic>
#include <stdexcept>
#include <vector>

#include "core/base/crew.h"

using namespace qvlm;

class TestCrew : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void everyPartOnce() {
    for (const int threads : {1, 2, 5}) {
      Crew crew(threads);
      for (const size_t parts : {size_t{0}, size_t{1}, size_t{3}, size_t{100}}) {
        std::vector<std::atomic<int>> calls(parts);
        crew.run(parts, [&](size_t part) { ++calls[part]; });
        for (const auto& count : calls) QCOMPARE(count.load(), 1);
      }
    }
  }

  void aFailureReachesTheCallerAndTheCrewGoesOn() {
    Crew crew(3);
    std::atomic<int> done = 0;
    QVERIFY_THROWS_EXCEPTION(std::runtime_error, crew.run(10, [&](size_t part) {
                               if (part == 4) throw std::runtime_error("part 4");
                               ++done;
                             }));
    QCOMPARE(done.load(), 9);
    crew.run(2, [&](size_t) { ++done; });
    QCOMPARE(done.load(), 11);
  }
};

QTEST_GUILESS_MAIN(TestCrew)
#include "test_crew.moc"
