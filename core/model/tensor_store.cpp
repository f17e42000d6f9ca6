// Finds a folder's weight files and joins its shards.
#include "core/model/tensor_store.h"

#include <map>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/model/pickle.h"
#include "core/model/safetensors.h"

namespace qvlm {

namespace {

/// Shards of one kind (SafetensorsFile or PickleFile); a tensor belongs to the shard that the index names.
template <typename File>
class ShardedStore : public TensorStore {
 public:
  explicit ShardedStore(const std::filesystem::path& single) {
    shards_.push_back(std::make_unique<File>(single));
    for (const std::string& name : shards_[0]->names()) place_[name] = shards_[0].get();
  }

  ShardedStore(const std::filesystem::path& folder, const std::filesystem::path& index) {
    std::map<std::string, const File*> by_name;
    for (const auto& [tensor, shard] : read_weight_map(index)) {
      auto found = by_name.find(shard);
      if (found == by_name.end()) {
        if (!std::filesystem::exists(folder / shard))
          throw Error(index.string() + ": weight_map: the shard " + shard + " is missing from the folder (needed for " +
                      tensor + ")");
        shards_.push_back(std::make_unique<File>(folder / shard));
        found = by_name.emplace(shard, shards_.back().get()).first;
      }
      if (!found->second->has(tensor))
        throw Error((folder / shard).string() + ": no tensor " + tensor + ", which " + index.filename().string() +
                    " places there");
      place_[tensor] = found->second;
    }
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> result;
    for (const auto& [name, file] : place_) result.push_back(name);
    return result;
  }
  bool has(std::string_view name) const override { return place_.find(name) != place_.end(); }
  const TensorView& tensor(std::string_view name) const override { return file_of(name).tensor(name); }
  void release(std::string_view name) const override { file_of(name).release(name); }

 private:
  const File& file_of(std::string_view name) const {
    const auto found = place_.find(name);
    if (found == place_.end()) throw Error("no tensor " + std::string(name));
    return *found->second;
  }

  std::vector<std::unique_ptr<File>> shards_;
  std::map<std::string, const File*, std::less<>> place_;
};

}  // namespace

std::vector<std::pair<std::string, std::string>> read_weight_map(const std::filesystem::path& index) {
  const std::string file = index.string();
  const Json json = read_json(index);
  const Json& map = object_field(json, "weight_map", file);
  std::vector<std::pair<std::string, std::string>> result;
  for (const auto& [tensor, value] : map.items()) {
    const auto shard = field<std::string>(map, tensor, file + ": weight_map");
    if (shard.empty() || std::filesystem::path(shard).filename() != shard || shard == "." || shard == "..")
      throw Error::in(file, "weight_map: " + tensor, "a file name without folders", "\"" + shard + "\"");
    result.emplace_back(tensor, shard);
  }
  return result;
}

bool has_tensor_files(const std::filesystem::path& folder) {
  for (const char* name :
       {"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"})
    if (std::filesystem::exists(folder / name)) return true;
  return false;
}

std::unique_ptr<TensorStore> open_tensor_store(const std::filesystem::path& folder) {
  if (const auto file = folder / "model.safetensors.index.json"; std::filesystem::exists(file))
    return std::make_unique<ShardedStore<SafetensorsFile>>(folder, file);
  if (const auto file = folder / "model.safetensors"; std::filesystem::exists(file))
    return std::make_unique<ShardedStore<SafetensorsFile>>(file);
  if (const auto file = folder / "pytorch_model.bin.index.json"; std::filesystem::exists(file))
    return std::make_unique<ShardedStore<PickleFile>>(folder, file);
  if (const auto file = folder / "pytorch_model.bin"; std::filesystem::exists(file))
    return std::make_unique<ShardedStore<PickleFile>>(file);
  throw Error::in(folder.string(), "", "model.safetensors, pytorch_model.bin, or an index of their shards",
                  "none of them");
}

}  // namespace qvlm
