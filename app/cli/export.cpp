// qvlm export: a quantized model for other programs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "core/base/error.h"
#include "core/export/export_model.h"

namespace qvlm::cli {

namespace {

using nlohmann::ordered_json;

struct Options {
  std::string model, format, out;
  bool check = false, allow_inexact = false;
};

void line(Session& session, const ordered_json& object) {
  session.output.json_line(object.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

std::string_view name_of(ExportStep::Stage stage) {
  switch (stage) {
    case ExportStep::Stage::CHECKING:
      return "checking";
    case ExportStep::Stage::WRITING:
      return "writing";
    case ExportStep::Stage::READING_BACK:
      return "reading back";
  }
  return "";
}

ExportWatch watch_of(Session& session, const std::string& format) {
  const auto listener = [&session, format, last = std::string(), percent = int64_t{-1}](const ExportStep& step) mutable {
    const std::string stage(name_of(step.stage));
    const int64_t now = step.total > 0 ? 100 * step.done / step.total : 100;
    if (stage == last && now == percent) return;
    last = stage, percent = now;
    session.output.progress(fmt::format("{}: {} {} of {} tensors", format, stage, step.done, step.total));
    line(session, {{"event", "ExportProgress"}, {"format", format}, {"stage", stage}, {"done", step.done}, {"total", step.total}});
  };
  return {listener, session.interrupt.token()};
}

/// Verdicts for people: tensors that are alike share a heading, and each that is not exact has its line.
void tell(Session& session, const std::string& format, const ExportPlan& plan) {
  std::map<std::string, std::string> alike;
  std::map<std::string, int> counts;
  for (const TensorVerdict& one : plan.tensors) {
    const bool exact = one.exactness == Exactness::EXACT;
    if (!exact && !plan.refusal.empty()) continue;
    const std::string kind = fmt::format("{}: {}{}", one.stored, qvlm::name_of(one.exactness), exact ? "" : ", because " + one.reason);
    ++counts[kind];
    alike[kind] += exact ? "" : fmt::format("    {}  relative error {:.2e}\n", one.name, one.loss);
  }
  for (const auto& [kind, lines] : alike) session.output.text(fmt::format("  {} tensors {}\n{}", counts[kind], kind, lines));
  if (!plan.refusal.empty())
    session.output.text(fmt::format("{}: illegal: {}\n", format, plan.refusal));
  else
    session.output.text(fmt::format("{}: {} of weights; {} tensors exact, {} inexact, {} illegal\n", format, bytes_text(plan.bytes()),
                                    plan.count(Exactness::EXACT), plan.count(Exactness::INEXACT), plan.count(Exactness::ILLEGAL)));
  for (const std::string& note : plan.notes) session.output.text("note: " + note + "\n");
}

ordered_json report(Session& session, const std::string& format, const ExportPlan& plan) {
  for (const TensorVerdict& one : plan.tensors) {
    ordered_json object{{"event", "TensorChecked"}, {"format", format},    {"tensor", one.name}, {"verdict", qvlm::name_of(one.exactness)},
                        {"stored", one.stored},     {"bytes", one.bytes}};
    if (!one.reason.empty()) object["reason"] = one.reason;
    if (one.exactness == Exactness::INEXACT) object["relative_error"] = one.loss;
    line(session, object);
  }
  tell(session, format, plan);
  ordered_json checked{{"event", "ExportChecked"},
                       {"format", format},
                       {"bytes", plan.bytes()},
                       {"exact", plan.count(Exactness::EXACT)},
                       {"inexact", plan.count(Exactness::INEXACT)},
                       {"illegal", plan.count(Exactness::ILLEGAL)},
                       {"refusal", plan.refusal},
                       {"notes", plan.notes}};
  line(session, checked);
  return checked;
}

void check(Session& session, const Options& options) {
  auto formats = ordered_json::array();
  for (const std::string& format : export_formats()) {
    if (!options.format.empty() && format != options.format) continue;
    ordered_json checked = report(session, format, plan_export(options.model, format, watch_of(session, format)));
    checked.erase("event");
    formats.push_back(std::move(checked));
  }
  line(session, {{"event", "ExportsChecked"}, {"model", options.model}, {"formats", formats}});
}

void export_it(Session& session, const Options& options) {
  if (options.format.empty()) throw UsageError("export: --to is missing (or --check, which looks at every format)");
  if (options.out.empty()) throw UsageError("export: -o is missing: the folder to write into");
  ordered_json checked;
  const ExportReport written = export_model(options.model, options.format, options.out,
                                            {.allow_inexact = options.allow_inexact,
                                             .planned = [&](const ExportPlan& plan) { checked = report(session, options.format, plan); },
                                             .watch = watch_of(session, options.format)});
  auto files = ordered_json::array();
  for (const ExportedFile& file : written.files) {
    files.push_back({{"path", file.path.string()}, {"bytes", file.bytes}, {"hash", file.hash}});
    session.output.text(fmt::format("{}  {}  {}\n", file.path.string(), bytes_text(file.bytes), file.hash));
  }
  session.output.text(fmt::format("{} tensors read back and compared\n", written.verified));
  ordered_json result{{"event", "Exported"}, {"format", options.format}, {"folder", options.out}, {"files", files}, {"verified", written.verified}};
  for (const char* key : {"bytes", "exact", "inexact", "notes"}) result[key] = checked[key];
  line(session, result);
}

}  // namespace

Command add_export(CLI::App& app) {
  auto options = std::make_shared<Options>();
  Command command;
  command.app = app.add_subcommand("export", "Writes a quantized model for other programs, reads it back and verifies");
  command.app->add_option("MODEL", options->model, "A NAME.qvlm folder")->required();
  command.app->add_option("--to", options->format, "The format")->check(CLI::IsMember(export_formats()));
  command.app->add_option("-o,--output", options->out, "The folder to write: new, empty, or an earlier export, which is replaced");
  command.app->add_flag("--check", options->check, "Writes nothing: what each format (or that of --to) holds exactly, what not, and why");
  command.app->add_flag("--allow-inexact", options->allow_inexact, "Writes tensors that the format holds inexactly, too; their errors are told");
  command.run = [options](Session& session) { options->check ? check(session, *options) : export_it(session, *options); };
  return command;
}

}  // namespace qvlm::cli
