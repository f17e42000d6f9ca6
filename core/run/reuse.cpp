// A filter over the journal.
#include "core/run/reuse.h"

#include <string>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/run/journal.h"
#include "core/run/recipe.h"

namespace qvlm {
namespace {

// What was measured and searched. Layers, axes and towers are files of the other run's work folder, which ends with it.
bool taken_along(const Event& event) {
  return std::holds_alternative<RunStarted>(event) || std::holds_alternative<PhaseStarted>(event) ||
         std::holds_alternative<SiteMeasured>(event) || std::holds_alternative<EntropyMeasured>(event) ||
         std::holds_alternative<ProxyValidated>(event) || std::holds_alternative<PartitionChanged>(event) ||
         std::holds_alternative<CandidateScored>(event) || std::holds_alternative<BlockSearched>(event) ||
         std::holds_alternative<Noticed>(event);
}

}  // namespace

void begin_from(const std::filesystem::path& run, const std::filesystem::path& partial) {
  if (std::filesystem::exists(partial)) throw Error(partial.string() + ": exists already");
  const std::vector<TimedEvent> events = read_journal(run / "journal.jsonl");
  if (events.empty() || !std::holds_alternative<RunStarted>(events.front().event)) {
    throw Error::in((run / "journal.jsonl").string(), "first line", "RunStarted", events.empty() ? "an empty file" : std::string(name_of(events.front().event)));
  }
  const Recipe recipe = read_recipe(run / "recipe.json");
  std::string journal;
  for (const TimedEvent& event : events) {
    if (taken_along(event.event)) journal += to_json_line(event) + "\n";
  }
  std::error_code problem;
  std::filesystem::create_directories(partial, problem);
  if (problem) throw Error(partial.string() + ": cannot be made: " + problem.message());
  write_file(partial / "recipe.json", std::string_view(to_json(recipe)));
  write_file(partial / "journal.jsonl", std::string_view(journal));
}

}  // namespace qvlm
