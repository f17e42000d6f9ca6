// Training text of the tokenizer.
#include "app/demo/corpus.h"

#include <array>

#include "app/demo/questions.h"

namespace qvlm::demo {
namespace {

// Written for this corpus: everyday English, so that words outside the demo world become a few pieces, not single
// letters.
constexpr std::array<std::string_view, 72> kEnglish = {
    "The quick answer is not always the right one, so please look at the whole picture before you say anything.",
    "Describe this image in a few words and tell me what you think about it.",
    "I would like to know which of these two photographs was taken first.",
    "There are many people walking along the street in the morning.",
    "Can you help me find the small door behind the large building?",
    "The children were playing with their friends in the garden while it was raining.",
    "She opened the window because the room had become too warm for her.",
    "He has never been to the mountains, but he wants to go there next summer.",
    "Please write a short story about a traveller who lost his way in the forest.",
    "The answer to your question depends on what you mean by the word large.",
    "A young woman is holding a cup of coffee and reading a newspaper at the table.",
    "It looks like the weather will be better tomorrow than it was yesterday.",
    "They should have known that the road was closed during the winter.",
    "What is the difference between these two things, and why does it matter?",
    "My brother works for a company that makes machines for other companies.",
    "Every evening the old man sits on the bench near the river and feeds the ducks.",
    "We could not see anything through the thick fog, although the light was on.",
    "This is the first time that I have heard about such a strange thing.",
    "How much does it cost, and how long will it take to get there?",
    "The teacher asked the students to draw a house with a tree and a fence around it.",
    "If you turn left after the bridge, you will find the station on your right hand side.",
    "Nobody knew exactly when the train would leave or where it would arrive.",
    "The background of the picture is light, and the shapes in front of it are bright.",
    "Is the person in the middle wearing a hat, or is that only a shadow?",
    "Some of them were large and some were small, but all of them were beautiful.",
    "The government said that it would consider the question again next year.",
    "You can use a number of simple tools to make the surface smooth and clean.",
    "Between the two windows there hangs a painting of a ship on a stormy sea.",
    "Give me a list of the animals that you can see and say where each one is standing.",
    "It is important to understand how the system works before you change it.",
    "The kitchen was filled with the smell of fresh bread and roasted vegetables.",
    "Does the sign show a name, a price, a warning or something else?",
    "After dinner they went for a walk and talked about the plans for the holiday.",
    "The bottom part of the screen shows the time, and the top part shows the date.",
    "Our neighbours have two dogs, three cats and a very noisy parrot.",
    "A model that looks at pictures must learn both to see and to speak.",
    "Neither the blue nor the yellow one was what he had been looking for.",
    "Most of the information in this report comes from public sources.",
    "The music was so loud that we had to leave the party early.",
    "Without a map it is difficult to say how far away the village is.",
    "She put the flowers in a glass of water and placed it on the shelf.",
    "The engine of the car made a terrible noise and then stopped completely.",
    "How would you explain the meaning of this sentence to a child?",
    "There is nothing to the left of the chair except a pile of old books.",
    "The letters on the wall are written in a language that I do not understand.",
    "Several players were hurt during the game, but none of them seriously.",
    "We need more time, more money and, above all, more experience.",
    "The answer is yes, but only under certain conditions that are listed below.",
    "Tell me whether the second picture shows the same place as the first one.",
    "In the centre of the town there is a market where farmers sell fruit and cheese.",
    "The woman in the red dress is standing next to a man with a black umbrella.",
    "You might want to compare the results with those of the previous experiment.",
    "It was the best of all the games that we have played together this year.",
    "The moon was shining brightly above the trees, and an owl was calling.",
    "Because of the heavy snow, the school will remain closed until Monday.",
    "I think that the object on the right is further away than the others.",
    "They built their house of wood and stone, with a roof of straw.",
    "Which colours do you like best, and which ones do you use most often?",
    "The doctor told him to drink more water and to sleep at least eight hours.",
    "Under the table a small dog was waiting patiently for something to fall down.",
    "What happened here, who was involved, and what should be done about it?",
    "The total number of visitors has increased by about ten percent since last spring.",
    "Everything that is shown in the picture was drawn by a computer program.",
    "Hello, thank you very much, good morning, good night, and see you again soon.",
    "Each row has the same number of columns, and each column has its own name.",
    "Look carefully: one of these shapes is different from all the others.",
    "The young people of this country are asking for better chances in life.",
    "He was born in a small town near the coast and moved to the city as a student.",
    "Please read the text aloud, word by word, and then explain it in your own words.",
    "I do not know; the picture does not show enough to answer that question.",
    "Only a few of the original buildings are still standing after so many centuries.",
    "Could you show me the same thing again, but a little larger and with more detail?"};

}  // namespace

std::vector<std::string> tokenizer_corpus() {
  std::vector<std::string> lines;
  for (uint64_t seed = 0; seed < 6000; ++seed) {
    Rng rng(mix64(0x636f72707573ULL) ^ seed);
    std::vector<Scene> scenes = {make_scene(rng, Split::TRAIN)};
    if (seed % 6 == 0) scenes.push_back(make_scene(rng, Split::TRAIN));
    for (const Turn& turn : ask(scenes, rng, 6)) {
      lines.push_back("USER: " + turn.question + " ASSISTANT: " + turn.answer);
    }
  }
  for (int repeat = 0; repeat < 20; ++repeat) {  // so that no word to be read is left in parts
    for (const std::string_view word : kWordTable) lines.push_back("word " + std::string(word));
  }
  for (const std::string_view sentence : kEnglish) {
    for (int repeat = 0; repeat < 4; ++repeat) lines.emplace_back(sentence);
  }
  // Every printable ASCII character is known.
  std::string printable;
  for (char c = '!'; c <= '~'; ++c) printable += std::string(1, c) + " ";
  lines.push_back(printable);
  return lines;
}

}  // namespace qvlm::demo
