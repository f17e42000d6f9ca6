// Plays qvlm for the studio's tests: speaks its JSON lines without a model. What it hears is appended to
// $FAKE_QVLM_LOG.
//
// $FAKE_QVLM_PACE: microseconds between events. $FAKE_QVLM_DIE: "run" dies by a signal in the middle of a search,
// "load" fails to open, "disk" finds it full in the middle of a search, "later" writes a recipe of a later version. A
// question that contains "crash" kills it in the middle of the answer, "fail" is refused, "long" streams until it is
// stopped, "code" is answered with Markdown; a quantized model answers "part ways" differently from another.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/evaluation/accuracy.h"
#include "core/evaluation/evaluation_events.h"
#include "core/inference/chat_events.h"
#include "core/run/report.h"
#include "core/run/run_state.h"
#include "tests/studio/fake_run.h"

namespace {

using namespace qvlm;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

void pace() {
  const std::string text = variable("FAKE_QVLM_PACE");
  std::this_thread::sleep_for(std::chrono::microseconds(text.empty() ? 100 : std::stol(text)));
}

void log(const std::string& line) {
  if (variable("FAKE_QVLM_LOG").empty()) return;
  std::ofstream(variable("FAKE_QVLM_LOG"), std::ios::app) << line << std::endl;
}

void say(const std::string& line) {
  std::cout << line << std::endl;
}

/// Lines of stdin, read by a thread of its own.
class Ears {
 public:
  Ears() {
    std::thread([this] {
      std::string line;
      while (std::getline(std::cin, line)) {
        log(line);
        const std::lock_guard lock(mutex_);
        lines_.push_back(line);
        heard_.notify_all();
      }
      const std::lock_guard lock(mutex_);
      closed_ = true;
      heard_.notify_all();
    }).detach();
  }
  bool next(std::string& line, bool wait) {
    std::unique_lock lock(mutex_);
    if (wait) heard_.wait(lock, [this] { return closed_ || !lines_.empty(); });
    if (lines_.empty()) return false;
    line = lines_.front();
    lines_.pop_front();
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable heard_;
  std::deque<std::string> lines_;
  bool closed_ = false;
};

struct Arguments {
  std::vector<std::string> all;
  bool has(const std::string& option) const { return std::find(all.begin(), all.end(), option) != all.end(); }
  std::string after(const std::string& option) const {
    for (size_t i = 0; i + 1 < all.size(); ++i) {
      if (all[i] == option) return all[i + 1];
    }
    return "";
  }
};

GeneratorInfo info_of(const std::string& model, const std::string& backend, const std::string& kv = "") {
  GeneratorInfo info;
  const bool quantized = model.ends_with(".qvlm");
  info.backend = backend.empty() ? "vulkan" : backend;
  info.device = info.backend == "vulkan" ? "Example GPU" : "CPU reference";
  info.driver = "test 1.0";
  info.weight_bits = quantized ? 5 : 16;
  info.kv_bits = kv == "8" ? 8.5 : 16;
  info.weight_bytes = quantized ? 8'300'000 : 22'000'000;
  info.total_bytes = info.weight_bytes + 12'000'000;
  return info;
}

int inspect(const Arguments& arguments) {
  const std::string model = arguments.all.at(2);
  if (!std::filesystem::exists(model)) {
    std::cerr << "error: " << model << ": no such file or folder" << std::endl;
    return 1;
  }
  const bool quantized = model.ends_with(".qvlm");
  const nlohmann::json hidden = {
      {"tensor", "attention.query"}, {"rows", 256}, {"columns", 256}, {"groups", {32, 64, 128, 256}}};
  nlohmann::json down = {{"tensor", "mlp.down"}, {"rows", 256}, {"columns", 768}, {"groups", {32, 64, 128, 768}}};
  if (model.find("odd") != std::string::npos)
    down = {{"tensor", "mlp.down"}, {"rows", 256}, {"columns", 720}, {"groups", {720}}};
  const auto named = [&](const char* name, int rows) {
    nlohmann::json linear = hidden;
    linear["tensor"] = name;
    linear["rows"] = rows;
    return linear;
  };
  say(nlohmann::json{
      {"event", "Inspected"},
      {"family", "llava"},
      {"name", "demo"},
      {"parameters", 11'200'000},
      {"layers", 12},
      {"sites", 48},
      {"vision", {{"layers", 4}, {"hidden", 256}, {"image_size", 128}, {"image_tokens", 64}, {"fit", "centre crop"}}},
      {"decoder", {{"layers", 12}, {"hidden", 256}, {"heads", 8}, {"vocabulary", 1024}, {"context_length", 1024}}},
      {"legal_groups",
       {hidden, named("attention.key", 256), named("attention.value", 256), named("attention.output", 256), named("mlp.gate", 768),
        named("mlp.up", 768), down}},
      {"stored_bits", quantized ? 5.0 : 16.0},
      {"stored_bytes", quantized ? 8'300'000 : 22'400'000},
      {"activation_bits", 16},
      {"activations", nlohmann::json::array()},
      {"a key of a later version", {1, 2, 3}},
      {"notes", {"pictures are cropped at the centre; llama.cpp pads them to a square"}}}
          .dump());
  return 0;
}

int plan(const Recipe& recipe) {
  if (recipe.budget_bits_per_weight > 0 && recipe.budget_bits_per_weight < 3) {
    say(nlohmann::json{{"event", "RunFailed"}, {"message", "recipe: budget_bits_per_weight: expected 4 or more, found less"}}.dump());
    return 1;
  }
  say(nlohmann::json{{"event", "RunPlanned"}, {"layers", 12}, {"sites", 48}, {"samples", recipe.samples}, {"planned_seconds", 0.5 * recipe.samples},
                     {"planned_bytes", 400'000'000}}
          .dump());
  return 0;
}

int quantize(const Arguments& arguments) {
  if (variable("FAKE_QVLM_DIE") == "load") {
    std::cerr << "error: config.json: model_type: expected llava, found nonsense" << std::endl;
    return 1;
  }
  Ears ears;
  fake::RunOrder order;
  order.model = arguments.all.at(2);
  order.calibration = arguments.after("--calibration");
  order.output = arguments.after("-o");
  if (!arguments.after("--recipe").empty()) order.recipe = read_recipe(arguments.after("--recipe"));
  if (!arguments.after("--partition").empty()) order.partition = read_partition(arguments.after("--partition"));
  const std::string reused = arguments.after("--reuse");
  const bool preview = arguments.has("--preview");
  if (arguments.has("--plan")) return plan(order.recipe);
  RunState before;
  std::filesystem::create_directories(order.output + ".partial");
  if (!reused.empty()) {
    before = read_run(reused);
    order.recipe = before.recipe.value();
    std::filesystem::copy_file(std::filesystem::path(reused) / "journal.jsonl", order.output + ".partial/journal.jsonl");
  }
  std::ofstream journal(order.output + ".partial/journal.jsonl", reused.empty() ? std::ios::trunc : std::ios::app);
  Partition edited;
  double seconds = 0;
  int searched = 0;
  bool cancelled = false;
  const auto emit = [&](const Event& event) {
    if (auto later = event; variable("FAKE_QVLM_DIE") == "later" && std::holds_alternative<RunStarted>(later)) {
      std::get<RunStarted>(later).recipe = R"({"dreamed": 1})";
      say(to_json_line({seconds, later}));
    }
    seconds += 0.01;
    if (!std::holds_alternative<Progress>(event)) journal << to_json_line({seconds, event}) << std::endl;
    say(to_json_line({seconds, event}));
    pace();
    searched += std::holds_alternative<BlockSearched>(event) ? 1 : 0;
    if (searched == 4 && variable("FAKE_QVLM_DIE") == "run") std::raise(SIGKILL);
    if (searched == 4 && variable("FAKE_QVLM_DIE") == "disk") {
      say(to_json_line({seconds, RunFailed{"journal.jsonl: cannot be written: No space left on device"}}));
      std::exit(1);
    }
    fake::Next next = fake::Next::GO_ON;
    std::string line;
    bool paused = false;
    while (ears.next(line, paused)) {
      const nlohmann::json heard = nlohmann::json::parse(line);
      if (heard.contains("pause")) {
        say(to_json_line({seconds, RunPaused{}}));
        paused = true;
      } else if (heard.contains("resume")) {
        say(to_json_line({seconds, RunResumed{}}));
        paused = false;
      } else if (heard.contains("cancel")) {
        cancelled = true;
        return fake::Next::CANCEL;
      } else if (heard.contains("nonsense")) {
        say(R"({"event":"ControlRefused","message":"command: expected pause, found nonsense"})");
      } else if (heard.contains("partition")) {
        edited = partition_from_json(heard.at("partition").dump(), "stdin");
        next = fake::Next::NEW_PARTITION;
      }
    }
    while (paused) std::this_thread::sleep_for(std::chrono::seconds(1));  // nobody is left to resume it
    return next;
  };
  if (reused.empty()) {
    fake::play_run(order, emit, [&] { return edited; });
  } else {
    fake::play_edited_run(order, before, preview, emit);
  }
  if (!cancelled && preview) {  // stopped where it was asked to
    say(to_json_line({seconds, RunCancelled{}}));
    journal << to_json_line({seconds, RunCancelled{}}) << std::endl;
    return 0;
  }
  if (cancelled) {
    say(to_json_line({seconds, RunCancelled{}}));
    journal << to_json_line({seconds, RunCancelled{}}) << std::endl;
    return 1;
  }
  std::filesystem::rename(order.output + ".partial", order.output);
  for (const auto& [name, bytes] :
       {std::pair{"model.gguf", 6'100'000}, {"vision.gguf", 2'200'000}}) {
    std::ofstream file(std::filesystem::path(order.output) / name);
    file << "fake";
    file.close();
    std::filesystem::resize_file(std::filesystem::path(order.output) / name, uintmax_t(bytes));
  }
  const RunState state = read_run(order.output);
  std::ofstream(std::filesystem::path(order.output) / "recipe.json") << to_json(order.recipe);
  std::ofstream(std::filesystem::path(order.output) / "report.json") << to_json(make_report(state), state);
  return 0;
}

int evaluate(const Arguments& arguments) {
  Ears ears;
  EvaluationStarted started;
  started.model = arguments.all.at(2);
  started.questions_path = arguments.after("--questions");
  started.questions = arguments.after("--limit").empty() ? 60 : std::stoi(arguments.after("--limit"));
  started.info = info_of(started.model, arguments.after("--backend"));
  say(to_json_line(EvaluationEvent(started)));
  EvaluationFinished finished;
  finished.info = started.info;
  finished.seconds = 3;
  struct Kind {
    const char *category, *question, *right, *wrong;
  };
  const Kind kinds[] = {{"naming", "What stands at the top left?", "a red circle", "a blue circle"},
                        {"colour", "Which colour is the star?", "green", "yellow"},
                        {"count", "How many squares are there?", "3", "4"},
                        {"presence", "Is there a moon?", "yes", "no"},
                        {"place", "Where is the triangle?", "at the bottom", "at the top"},
                        {"reading", "Which word is written?", "apple", "ample"},
                        {"two images", "Which picture has more shapes?", "the second", "the first"}};
  for (int i = 0; i < started.questions; ++i) {
    std::string line;
    if (ears.next(line, false) && line.find("stop") != std::string::npos) {
      finished.stopped = true;
      break;
    }
    const Kind& kind = kinds[i % 7];
    QuestionAnswered answered;
    answered.index = i;
    answered.id = "q" + std::to_string(i);
    answered.category = kind.category;
    answered.question = kind.question;
    answered.expected = kind.right;
    answered.right = (i * 37) % 11 != 0 && (i % 7 != 0 || i % 2 == 0);
    answered.answer = answered.right ? kind.right : kind.wrong;
    if (!variable("FAKE_QVLM_PICTURE").empty()) answered.images = {variable("FAKE_QVLM_PICTURE")};
    if (!arguments.after("--against").empty()) {
      answered.against_right = i % 5 != 0;
      answered.agrees = *answered.against_right == answered.right;
    }
    say(to_json_line(EvaluationEvent(answered)));
    for (Accuracy* accuracy : {&finished.overall, &finished.categories[kind.category]}) {
      ++accuracy->total;
      accuracy->right += answered.right;
      fill_wilson_interval(*accuracy);
    }
    pace();
  }
  if (!arguments.after("--against").empty()) {
    finished.against = arguments.after("--against");
    finished.against_overall = Accuracy{.right = 8, .total = 10};
    finished.agreement = 0.75;
    finished.mean_kl = 0.0125;
    finished.divergence = {{"all", {400, 0.0125, 0.96}}, {"image", {400, 0.0125, 0.96}}};
    finished.mcnemar = McNemar{4, 7, 0.549};
  }
  say(to_json_line(EvaluationEvent(finished)));
  return 0;
}

void answer(Ears& ears, const Ask& ask, const GeneratorInfo& info) {
  const std::string& question = ask.turns.back().text;
  if (question.find("fail") != std::string::npos)
    return say(to_json_line(ChatEvent(ChatFailed{"the prompt has 5000 tokens, the context 1024"})));
  PromptReady prompt;
  prompt.tokens = 90;
  for (const std::string& image : ask.turns.back().images)
    prompt.images.push_back({image, 640, 480, 128, ask.picture_fit == "pad" ? "padded to square" : "centre crop", 64});
  say(to_json_line(ChatEvent(prompt)));
  std::vector<std::string> words = {"There", " are", " three", " shapes:", " a",   " red", " circle", " at",     " the",
                                    " top,", " a",   " green", " star",    " and", " a",   " blue",   " square."};
  if (question.find("code") != std::string::npos) {
    words = {"Count",
             " the",
             " **red**",
             " shapes:\n\n",
             "```python\n",
             "red = [s for s in",
             " shapes",
             " if s.colour == \"red\"]\n",
             "print(len(red))\n",
             "```\n",
             "- one circle\n",
             "- two squares"};
  }
  if (question.find("part ways") != std::string::npos && info.weight_bits < 16) words[5] = " blue";
  const bool endless = question.find("long") != std::string::npos;
  AnswerFinished finished;
  finished.reason = "end";
  for (size_t i = 0; endless ? i < 100000 : i < words.size(); ++i) {
    std::string line;
    if (ears.next(line, false) && line.find("stop") != std::string::npos) {
      finished.reason = "stopped";
      break;
    }
    const std::string& word = words[i % words.size()];
    TokenGenerated token{.id = int32_t(i), .text = word};
    if (ask.alternatives > 0) {
      token.probability = i % 3 == 0 ? 0.4 : 0.9;
      token.alternatives = {{word, token.probability}, {" other", 0.05}};
    }
    say(to_json_line(ChatEvent(token)));
    finished.text += word;
    ++finished.tokens;
    if (i == 5 && question.find("crash") != std::string::npos) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      std::raise(SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  finished.first_token_seconds = 0.21;
  finished.vision_seconds = 0.08;
  finished.prefill_tokens_per_second = 420;
  finished.decode_tokens_per_second = 63.5;
  finished.info = info;
  say(to_json_line(ChatEvent(finished)));
}

int chat(const Arguments& arguments) {
  const std::string model = arguments.all.at(2);
  if (variable("FAKE_QVLM_DIE") == "load") {
    say(to_json_line(ChatEvent(ChatFailed{"no Vulkan device was found; choose the reference"})));
    return 1;
  }
  const GeneratorInfo info = info_of(model, arguments.after("--backend"), arguments.after("--kv"));
  Ears ears;
  ChatReady ready;
  ready.info = info;
  ready.model = model;
  ready.takes_images = true;
  ready.context_length = 1024;
  ready.load_seconds = 0.1;
  say(to_json_line(ChatEvent(ready)));
  std::string line;
  while (ears.next(line, true)) {
    const ChatCommand command = chat_command_from_json_line(line);
    if (std::holds_alternative<Quit>(command)) return 0;
    if (const auto* ask = std::get_if<Ask>(&command)) answer(ears, *ask, info);
  }
  return 0;
}

void say_check(const std::string& format, int exact, int inexact, const std::string& refusal) {
  for (int i = 0; i < exact + inexact; ++i) {
    nlohmann::json tensor{{"event", "TensorChecked"}, {"format", format}, {"tensor", "decoder." + std::to_string(i) + ".mlp.up.weight"},
                          {"verdict", i < exact ? "exact" : "inexact"}, {"stored", i < exact ? "int4 in groups of 32" : "F16"}, {"bytes", 4096}};
    if (i >= exact) tensor["relative_error"] = 2e-4, tensor["reason"] = "its codes have 8 bits, and the format packs 4";
    say(tensor.dump());
  }
  say(nlohmann::json{{"event", "ExportChecked"}, {"format", format}, {"bytes", 8'300'000}, {"exact", exact}, {"inexact", inexact}, {"illegal", 0},
                     {"refusal", refusal}, {"notes", nlohmann::json::array()}}
          .dump());
}

int check_exports() {
  say_check("gguf", 6, 0, "");
  say_check("awq", 4, 2, "");
  say_check("gptq", 6, 0, "");
  say_check("compressed-tensors", 0, 0, "its folder has no tokenizer");
  say(nlohmann::json{{"event", "ExportsChecked"}}.dump());
  return 0;
}

/// A device of 8 GiB that holds contexts up to 4096, and own entries of the arguments.
int fit(const Arguments& arguments) {
  const int context = std::stoi(arguments.after("--context"));
  auto devices = nlohmann::json::array();
  const auto add = [&](const std::string& name) {
    devices.push_back({{"device", name}, {"usable_bytes", 8'000'000'000}, {"bandwidth_gbps", 68.5}, {"basis", "an example"}, {"fits", context <= 4096},
                       {"longest_context", 4096}, {"tokens_per_second_full", 12.25}, {"tokens_per_second_empty", 140.0}});
  };
  add("Example board, 8 GB");
  for (size_t i = 0; i + 1 < arguments.all.size(); ++i)
    if (arguments.all[i] == "--device") add(arguments.all[i + 1].substr(0, arguments.all[i + 1].find(':')));
  say(nlohmann::json{{"event", "Fitted"}, {"context", context}, {"model_context", 8192}, {"bytes", 30'000'000}, {"weight_bytes", 11'000'000},
                     {"kv_cache_bytes", 12'000'000}, {"working_bytes", 7'000'000}, {"devices", devices}}
          .dump());
  return 0;
}

int bench(const Arguments& arguments) {
  if (!std::filesystem::exists(arguments.all.at(2))) {
    std::cerr << "error: " << arguments.all.at(2) << ": no such file or folder" << std::endl;
    return 1;
  }
  say(nlohmann::json{{"event", "Benchmarked"},
                     {"results", {{{"what", "prefill"}, {"tokens_per_second", 420.0}}, {{"what", "decode"}, {"tokens_per_second", 63.5}}}}}
          .dump());
  return 0;
}

int devices(const Arguments& arguments) {
  nlohmann::json gpu = {{"name", "Example GPU"}, {"kind", "discrete"}, {"driver", "test 1.0"}, {"memory_bytes", 8'000'000'000}, {"unusable", ""}};
  nlohmann::json old = {{"name", "Old GPU"}, {"kind", "integrated"}, {"driver", "test 0.1"}, {"memory_bytes", 1'000'000'000}, {"unusable", "Vulkan 1.0 only"}};
  if (arguments.has("--bandwidth")) gpu["read_gigabytes_per_second"] = 448.2;
  say(nlohmann::json{{"event", "Devices"}, {"devices", {gpu, old}}, {"laboratory", true}}.dump());
  return 0;
}

int export_model(const Arguments& arguments) {
  if (arguments.has("--check")) return check_exports();
  if (arguments.after("--to") == "gptq") {
    std::cerr << "the disk is full" << std::endl;
    return 1;
  }
  for (const char* stage : {"checking", "writing", "reading back"})
    say(nlohmann::json{{"event", "ExportProgress"}, {"format", "gguf"}, {"stage", stage}, {"done", 3}, {"total", 6}}.dump());
  std::filesystem::create_directories(arguments.after("-o"));
  std::ofstream(std::filesystem::path(arguments.after("-o")) / "model.gguf") << "fake";
  say(nlohmann::json{{"event", "Exported"},
                     {"notes", {"llama.cpp pads pictures, this model crops them: answers may differ there"}}}
          .dump());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments{{argv, argv + argc}};
  std::string words;
  for (int i = 1; i < argc; ++i) words += (i > 1 ? " " : "") + std::string(argv[i]);
  log("$ " + words);
  if (argc < 3) return 2;
  try {
    const std::string& command = arguments.all[1];
    if (command == "inspect") return inspect(arguments);
    if (command == "quantize") return quantize(arguments);
    if (command == "evaluate") return evaluate(arguments);
    if (command == "chat") return chat(arguments);
    if (command == "bench") return bench(arguments);
    if (command == "devices") return devices(arguments);
    if (command == "export") return export_model(arguments);
    if (command == "fit") return fit(arguments);
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << std::endl;
    return 1;
  }
  return 2;
}
