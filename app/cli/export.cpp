// qvlm export: a quantized model for other programs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "core/export/gguf_export.h"

namespace qvlm::cli {

namespace {

struct Options {
  std::string model, format, out;
};

void export_model(Session& session, const Options& options) {
  const ExportReport report = export_gguf(options.model, options.out);
  auto files = nlohmann::ordered_json::array();
  for (const ExportedFile& file : report.files) {
    files.push_back({{"path", file.path.string()}, {"bytes", file.bytes}, {"hash", file.hash}});
    session.output.text(fmt::format("{}  {}  read back, {}\n", file.path.string(), bytes_text(file.bytes), file.hash));
  }
  for (const auto& type : report.types) session.output.text("  " + type + "\n");
  for (const auto& note : report.notes) session.output.text("note: " + note + "\n");
  const nlohmann::ordered_json result{{"event", "Exported"}, {"format", options.format}, {"folder", options.out},
                                      {"files", files},      {"types", report.types},    {"notes", report.notes}};
  session.output.json_line(result.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace

Command add_export(CLI::App& app) {
  auto options = std::make_shared<Options>();
  Command command;
  command.app = app.add_subcommand("export", "Writes a quantized model for other programs, reads it back and verifies");
  command.app->add_option("MODEL", options->model, "A NAME.qvlm folder")->required();
  command.app->add_option("--to", options->format, "The format")->check(CLI::IsMember({"gguf"}))->required();
  command.app->add_option("-o,--output", options->out, "The folder to write into")->required();
  command.run = [options](Session& session) { export_model(session, *options); };
  return command;
}

}  // namespace qvlm::cli
