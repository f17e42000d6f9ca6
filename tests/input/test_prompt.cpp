// Chat templates are recognised by their text and rendered as Hugging Face renders them; prompts have its token ids, with pictures at their places.
#include <QTest>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/input/prompt.h"
#include "tests/base/message_of.h"
#include "tests/input/golden.h"

using namespace qvlm;

namespace {

std::vector<Message> dialogue_of(const Json& turns) {
  std::vector<Message> messages;
  for (const Json& turn : turns) messages.push_back({role_from(turn[0].get<std::string>()), turn[1].get<std::string>(), turn[2].get<int>()});
  return messages;
}

/// A model with 4 tokens a picture.
VlmConfig small_vlm(int32_t image_token, std::string chat_template) {
  VlmConfig config;
  config.vision.emplace();
  config.vision->image_size = 32;
  config.vision->patch_size = 16;
  config.tokens.image = image_token;
  config.tokens.end = {2};
  config.chat_template = std::move(chat_template);
  return config;
}

}  // namespace

class TestPrompt : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    cases_ = std::make_unique<Json>(read_json(golden("prompts/cases.json")));
    llama_ = Tokenizer::open(golden("tokenizers/llama/tokenizer.json"));
  }
  void cleanupTestCase() { cases_.reset(); }

  void renders_as_hugging_face_data() {
    QTest::addColumn<QString>("name");
    for (const auto& [name, unused] : (*cases_)["templates"].items()) QTest::newRow(name.c_str()) << QString::fromStdString(name);
  }
  void renders_as_hugging_face() {
    QFETCH(QString, name);
    const Json& entry = (*cases_)["templates"][name.toStdString()];
    const ChatTemplate recognised = recognise_template(entry["template"].get<std::string>());
    for (const Json& render_case : entry["renders"]) {
      const auto messages = dialogue_of((*cases_)["dialogues"][render_case[0].get<size_t>()]);
      const auto found = render(recognised, messages, "<s>", "</s>", render_case[1].get<bool>());
      QCOMPARE(QString::fromStdString(found), QString::fromStdString(render_case[2].get<std::string>()));
    }
  }

  void prompts_have_hugging_faces_ids() {
    for (const Json& prompt : (*cases_)["prompts"]) {
      const auto tokenizer = Tokenizer::open(golden("tokenizers/" + prompt["tokenizer"].get<std::string>()));
      const VlmConfig config = small_vlm(tokenizer->token_id("<image>"), "llava");
      const auto messages = dialogue_of((*cases_)["dialogues"][prompt["dialogue"].get<size_t>()]);
      const auto segments = build_prompt(*tokenizer, config, messages);
      const auto ids = prompt["ids"].get<std::vector<int32_t>>();
      QCOMPARE(flat_ids(segments, config), ids);
      QCOMPARE(prompt_rows(segments, config), static_cast<int64_t>(ids.size()));
    }
  }

  void pictures_are_counted_over_all_messages() {
    const VlmConfig config = small_vlm(llama_->token_id("<image>"), "llava");
    const std::vector<Message> messages{{Role::USER, "a", 2}, {Role::ASSISTANT, "b", 0}, {Role::USER, "c", 1}};
    std::vector<int> images;
    for (const PromptSegment& segment : build_prompt(*llama_, config, messages)) {
      QVERIFY(segment.image >= 0 ? segment.ids.empty() : !segment.ids.empty());
      if (segment.image >= 0) images.push_back(segment.image);
    }
    QCOMPARE(images, (std::vector<int>{0, 1, 2}));
  }

  void a_prompt_is_the_beginning_of_its_dialogue() {
    const VlmConfig config = small_vlm(llama_->token_id("<image>"), "llava");
    std::vector<Message> messages{{Role::USER, "What is it?", 1}};
    const auto prompt = flat_ids(build_prompt(*llama_, config, messages), config);
    messages.push_back({Role::ASSISTANT, "star", 0});
    const auto dialogue = flat_ids(build_dialogue(*llama_, config, messages), config);
    QVERIFY(dialogue.size() > prompt.size());
    QVERIFY(std::equal(prompt.begin(), prompt.end(), dialogue.begin()));
    QCOMPARE(dialogue.back(), llama_->token_id("</s>"));
  }

  void names_are_templates_too() {
    for (const std::string_view name : template_names()) QCOMPARE(message_of([&] { recognise_template(name); }), std::string("no error"));
    QCOMPARE(recognise_template("plain").kind, ChatTemplate::Kind::PLAIN);
    const std::vector<Message> messages{{Role::USER, "once upon", 0}};
    QCOMPARE(render(recognise_template("plain"), messages, "<s>", "</s>", true), std::string("once upon"));
  }

  void unknown_templates_name_the_option() {
    const auto unknown = message_of([] { recognise_template("{{ messages | tojson }}"); });
    QVERIFY2(unknown.find("--template (plain, llava, llava-hf, vicuna, chatml, llama-2, llama-3)") != std::string::npos, unknown.c_str());
    QVERIFY(message_of([] { recognise_template(""); }).find("--template") != std::string::npos);
    QVERIFY(message_of([] { recognise_template("<|im_start|> <|im_end|> {% if enable_thinking %}"); }).find("--template") != std::string::npos);
  }

  void refuses_what_is_no_prompt() {
    const VlmConfig config = small_vlm(llama_->token_id("<image>"), "llava");
    const auto refusal = [&](std::vector<Message> messages) { return message_of([&] { build_prompt(*llama_, config, messages); }); };
    QCOMPARE(refusal({}), std::string("the prompt is empty: there is no message"));
    QCOMPARE(refusal({{Role::USER, " \n", 1}}), std::string("the prompt is empty: the user's message has no text"));
    QVERIFY(refusal({{Role::USER, "a <image> b", 0}}).find("<image>") != std::string::npos);
    QVERIFY(refusal({{Role::USER, "a", 0}, {Role::ASSISTANT, "b", 0}}).find("must end with the user's message") != std::string::npos);
    QVERIFY(refusal({{Role::ASSISTANT, "b", 1}, {Role::USER, "a", 0}}).find("pictures") != std::string::npos);
    VlmConfig blind = config;
    blind.vision.reset();
    QVERIFY(message_of([&] { build_prompt(*llama_, blind, std::vector<Message>{{Role::USER, "a", 1}}); }).find("no vision tower") != std::string::npos);
    VlmConfig endless = config;
    endless.tokens.end.clear();
    QVERIFY(message_of([&] { build_prompt(*llama_, endless, std::vector<Message>{{Role::USER, "a", 0}, {Role::ASSISTANT, "b", 0}, {Role::USER, "c", 0}}); })
                .find("end token") != std::string::npos);
    QVERIFY_THROWS_EXCEPTION(Error, role_from("robot"));
  }

  void a_prompt_past_the_context_says_both_numbers() {
    check_prompt_fits(63, 64);
    QCOMPARE(message_of([] { check_prompt_fits(64, 64); }),
             std::string("the prompt is too long: expected at most 63 tokens (a context of 64 and room for an answer), found 64"));
  }

 private:
  std::unique_ptr<Json> cases_;
  std::unique_ptr<Tokenizer> llama_;
};

QTEST_GUILESS_MAIN(TestPrompt)
#include "test_prompt.moc"
