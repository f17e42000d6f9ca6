// The way of every export, whatever its format.
#include "core/export/export_model.h"

#include <algorithm>
#include <cmath>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mapped_file.h"
#include "core/model/qvlm_folder.h"

namespace qvlm {

namespace {

namespace fs = std::filesystem;

constexpr const char* kVerdictsFile = "qvlm-export.json";

std::unique_ptr<Model> open_quantized(const fs::path& folder) {
  std::error_code problem;
  if (!fs::is_regular_file(folder / kDecoderFile, problem) && !folder.filename().string().ends_with(".partial"))
    throw Error::in(folder.string(), "", "a quantized model (a NAME.qvlm folder with model.gguf)", "none; quantize the checkpoint first");
  return open_qvlm_folder(folder, {});
}

std::string name_of_model(const fs::path& folder) {
  fs::path normal = fs::absolute(folder).lexically_normal();
  if (!normal.has_filename()) normal = normal.parent_path();
  return normal.stem().string();
}

void refuse(const fs::path& folder, const std::string& format, const ExportPlan& plan, bool allow_inexact) {
  if (!plan.refusal.empty()) throw Error(fmt::format("{}: cannot be exported as {}: {}", folder.string(), format, plan.refusal));
  for (const Exactness bar : {Exactness::ILLEGAL, Exactness::INEXACT}) {
    const int64_t count = plan.count(bar);
    if (count == 0 || (bar == Exactness::INEXACT && allow_inexact)) continue;
    const auto first = std::find_if(plan.tensors.begin(), plan.tensors.end(), [&](const TensorVerdict& one) { return one.exactness == bar; });
    throw Error(fmt::format("{}: tensor {}: {} as {}: {}{}", folder.string(), first->name, name_of(bar), format, first->reason,
                            bar == Exactness::ILLEGAL ? fmt::format("; {} tensors are illegal", count)
                                                      : fmt::format("; {} tensors are inexact (this one's relative error is {:.2g}): --allow-inexact "
                                                                    "writes them nevertheless",
                                                                    count, first->loss)));
  }
}

/// OUT.partial, which is removed unless keep() put it in its place.
class PartialFolder {
 public:
  explicit PartialFolder(const fs::path& out) : out_(fs::absolute(out).lexically_normal()) {
    if (!out_.has_filename()) out_ = out_.parent_path();
    std::error_code problem;
    if (fs::exists(out_, problem)) {
      if (!fs::is_directory(out_, problem)) throw Error::in(out_.string(), "", "a folder", "a file");
      if (!fs::is_empty(out_, problem) && !fs::exists(out_ / kVerdictsFile, problem))
        throw Error::in(out_.string(), "", "a new or an empty folder, or an earlier export", "a folder with other files");
    }
    partial_ = out_.string() + ".partial";
    fs::remove_all(partial_, problem);
    fs::create_directories(partial_, problem);
    if (problem) throw Error(partial_.string() + ": cannot make the folder: " + problem.message());
  }
  ~PartialFolder() {
    std::error_code ignored;
    if (!kept_) fs::remove_all(partial_, ignored);
  }
  PartialFolder(const PartialFolder&) = delete;
  PartialFolder& operator=(const PartialFolder&) = delete;

  const fs::path& path() const { return partial_; }
  const fs::path& target() const { return out_; }

  void keep() {
    const fs::path earlier = out_.string() + ".earlier";
    std::error_code problem;
    fs::remove_all(earlier, problem);
    const bool replaces = fs::exists(out_, problem);
    if (replaces) fs::rename(out_, earlier, problem);
    if (!problem) fs::rename(partial_, out_, problem);
    if (problem) {
      std::error_code ignored;
      if (replaces && !fs::exists(out_, ignored)) fs::rename(earlier, out_, ignored);
      throw Error(out_.string() + ": cannot be put in place: " + problem.message());
    }
    kept_ = true;
    fs::remove_all(earlier, problem);
  }

 private:
  fs::path out_, partial_;
  bool kept_ = false;
};

void demand_space(const fs::path& folder, int64_t bytes) {
  std::error_code problem;
  const fs::space_info space = fs::space(folder, problem);
  if (!problem && space.available < static_cast<uintmax_t>(bytes))
    throw Error::in(folder.string(), "free space", fmt::format("{} bytes", bytes), fmt::format("{} (the disk is too full)", space.available));
}

int64_t verify(const Model& model, const ExportPlan& plan, const WrittenValues& written, const ExportWatch& watch) {
  int64_t done = 0;
  const auto total = static_cast<int64_t>(plan.tensors.size());
  for (const TensorVerdict& verdict : plan.tensors) {
    watch.step({ExportStep::Stage::READING_BACK, done++, total});
    const std::vector<float> expected = load_float(model, verdict.name), found = written(verdict.name);
    model.release(verdict.name);
    if (found.size() != expected.size())
      throw Error::in("tensor " + verdict.name, "values read back", std::to_string(expected.size()), std::to_string(found.size()));
    if (verdict.exactness == Exactness::EXACT ? found == expected
                                              : std::abs(relative_error(found, expected) - verdict.loss) <= 1e-3 * verdict.loss + 1e-9)
      continue;
    throw Error(fmt::format("tensor {}: read back, its values differ from the model's (relative error {:.3g}, {:.3g} was told)", verdict.name,
                            relative_error(found, expected), verdict.loss));
  }
  watch.step({ExportStep::Stage::READING_BACK, total, total});
  return done;
}

Json verdicts_json(const Model& model, const std::string& format, const ExportPlan& plan) {
  Json tensors = Json::array();
  for (const TensorVerdict& verdict : plan.tensors) {
    Json one{{"name", verdict.name}, {"verdict", name_of(verdict.exactness)}, {"stored", verdict.stored}, {"bytes", verdict.bytes}};
    if (!verdict.reason.empty()) one["reason"] = verdict.reason, one["relative_error"] = verdict.loss;
    tensors.push_back(std::move(one));
  }
  return {{"format", format}, {"model", model.config().name}, {"fingerprint", model.fingerprint()}, {"notes", plan.notes}, {"tensors", tensors}};
}

std::vector<ExportedFile> files_of(const fs::path& folder) {
  std::vector<ExportedFile> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const MappedFile file(entry.path());
    files.push_back({entry.path().filename(), static_cast<int64_t>(file.bytes().size()), hash128_hex(file.bytes())});
  }
  std::sort(files.begin(), files.end(), [](const ExportedFile& a, const ExportedFile& b) { return a.path < b.path; });
  return files;
}

std::string readme(const std::string& name, const std::string& format, const std::string& usage, const ExportPlan& plan,
                   const std::vector<ExportedFile>& files) {
  std::string text = fmt::format("{}: a model quantized by Q-VLM Studio, as {}.\n\n", name, format);
  for (const ExportedFile& file : files) text += fmt::format("  {}  {} bytes  XXH3-128 {}\n", file.path.string(), file.bytes, file.hash);
  text += "\nTo run it:\n" + usage;
  const int64_t inexact = plan.count(Exactness::INEXACT);
  text += inexact == 0 ? "\nEvery weight has the values that it has in the .qvlm.\n"
                       : fmt::format("\n{} tensors are near those of the .qvlm, not equal: {} has each one's reason and error.\n", inexact,
                                     kVerdictsFile);
  if (!plan.notes.empty()) text += "\nWhere the answers differ from those of qvlm:\n";
  for (const std::string& note : plan.notes) text += "- " + note + "\n";
  return text;
}

}  // namespace

ExportPlan plan_export(const fs::path& folder, const std::string& format, const ExportWatch& watch) {
  const auto writer = make_export_format(format);
  return writer->plan(*open_quantized(folder), watch);
}

ExportReport export_model(const fs::path& folder, const std::string& format, const fs::path& out, const ExportOptions& options) {
  const auto writer = make_export_format(format);
  const auto model = open_quantized(folder);  // a damaged folder is noticed before anything is written
  ExportReport report;
  report.plan = writer->plan(*model, options.watch);
  if (options.planned) options.planned(report.plan);
  refuse(folder, format, report.plan, options.allow_inexact);

  PartialFolder partial(out);
  demand_space(partial.path(), report.plan.bytes());
  const std::string name = name_of_model(folder);
  writer->write(*model, report.plan, partial.path(), name, options.watch);
  report.verified = verify(*model, report.plan, writer->read_back(*model, report.plan, partial.path(), name), options.watch);
  write_json(partial.path() / kVerdictsFile, verdicts_json(*model, format, report.plan));
  write_file(partial.path() / "README.txt",
             readme(name, format, writer->usage(name, model->config().vision.has_value()), report.plan, files_of(partial.path())));
  report.files = files_of(partial.path());
  partial.keep();
  for (ExportedFile& file : report.files) file.path = out / file.path;
  return report;
}

}  // namespace qvlm
