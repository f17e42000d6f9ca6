// Hashes what a model would be asked.
#include "core/data/data_fingerprint.h"

#include <map>

#include "core/base/hash.h"
#include "core/base/mapped_file.h"

namespace qvlm {

std::string fingerprint(const std::vector<Sample>& samples) {
  Hasher hasher;
  const auto add = [&hasher](std::string_view text) {
    hasher.update(static_cast<uint64_t>(text.size()));
    hasher.update(text);
  };
  std::map<std::filesystem::path, std::string> pictures;  // hashed once
  for (const Sample& sample : samples) {
    add(sample.id);
    add(sample.text);
    add(sample.answer);
    for (const auto* list : {&sample.answers, &sample.categories}) {
      hasher.update(static_cast<uint64_t>(list->size()));
      for (const std::string& text : *list) add(text);
    }
    hasher.update(static_cast<uint64_t>(sample.novel));
    hasher.update(static_cast<uint64_t>(sample.messages.size()));
    for (const Message& message : sample.messages) {
      add(name_of(message.role));
      add(message.text);
      hasher.update(static_cast<uint64_t>(message.images));
    }
    hasher.update(static_cast<uint64_t>(sample.images.size()));
    for (const auto& path : sample.images) {
      const auto [at, added] = pictures.try_emplace(path);
      if (added) {
        const MappedFile file(path);
        at->second = hash128_hex(file.bytes());
      }
      add(at->second);
    }
  }
  return hasher.digest128_hex();
}

}  // namespace qvlm
