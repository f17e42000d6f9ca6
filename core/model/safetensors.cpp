// Reading and writing safetensors files.
#include "core/model/safetensors.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/atomic_file.h"
#include "core/base/checked_math.h"
#include "core/base/error.h"
#include "core/base/json.h"

namespace qvlm {

namespace {

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the reference implementation

std::optional<DType> dtype_of(const std::string& name) {
  for (DType dtype : {DType::F32, DType::F16, DType::BF16, DType::F64, DType::I64, DType::I32, DType::I16, DType::I8,
                      DType::U8, DType::BOOL})
    if (name_of(dtype) == name) return dtype;
  return std::nullopt;
}

uint64_t read_little_endian(std::span<const std::byte> bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) value |= std::to_integer<uint64_t>(bytes[i]) << (8 * i);
  return value;
}

TensorView read_entry(const Json& entry, std::span<const std::byte> data, const std::string& origin) {
  TensorView view;
  view.origin = origin;
  const std::string type = field<std::string>(entry, "dtype", origin);
  const auto dtype = dtype_of(type);
  if (!dtype)
    throw Error::in(origin, "dtype", "F32, F16, BF16, F64, I64, I32, I16, I8, U8 or BOOL", "\"" + type + "\"");
  view.dtype = *dtype;
  view.shape = field<std::vector<int64_t>>(entry, "shape", origin);
  const auto offsets = field<std::vector<int64_t>>(entry, "data_offsets", origin);
  if (offsets.size() != 2) throw Error::in(origin, "data_offsets", "two numbers", std::to_string(offsets.size()));
  if (offsets[0] < 0 || offsets[1] < offsets[0] || static_cast<uint64_t>(offsets[1]) > data.size())
    throw Error::in(origin, "data_offsets", fmt::format("a range inside the file's {} bytes of data", data.size()),
                    fmt::format("{} to {} (the file may be cut)", offsets[0], offsets[1]));
  const int64_t expected = checked_multiply(element_count(view.shape, origin), size_of(view.dtype), origin);
  if (expected != offsets[1] - offsets[0])
    throw Error::in(origin, "data_offsets", fmt::format("{} bytes ({} {})", expected, type, to_string(view.shape)),
                    fmt::format("{} bytes", offsets[1] - offsets[0]));
  view.bytes = data.subspan(static_cast<size_t>(offsets[0]), static_cast<size_t>(expected));
  return view;
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : file_(path) {
  const std::string name = path.string();
  const auto bytes = file_.bytes();
  if (bytes.size() < 8) throw Error::in(name, "header length", "8 bytes", fmt::format("{} bytes", bytes.size()));
  const uint64_t length = read_little_endian(bytes);
  if (length > bytes.size() - 8 || length > kMaxHeaderBytes)
    throw Error::in(name, "header length",
                    fmt::format("at most {}", std::min<uint64_t>(bytes.size() - 8, kMaxHeaderBytes)),
                    std::to_string(length));
  const Json header =
      parse_json({reinterpret_cast<const char*>(bytes.data()) + 8, static_cast<size_t>(length)}, name + ": header");
  if (!header.is_object()) throw Error::in(name, "header", "an object", describe(header));
  const auto data = bytes.subspan(8 + static_cast<size_t>(length));

  for (const auto& [key, entry] : header.items()) {
    if (key == "__metadata__") {
      for (const auto& [item, value] : entry.items())
        metadata_[item] = field<std::string>(entry, item, name + ": __metadata__");
      continue;
    }
    tensors_.emplace(key, read_entry(entry, data, name + ": tensor " + key));
    names_.push_back(key);
  }
  std::sort(names_.begin(), names_.end(), [this](const std::string& a, const std::string& b) {
    const auto& left = tensors_.find(a)->second.bytes;
    const auto& right = tensors_.find(b)->second.bytes;
    return std::make_pair(left.data(), left.size()) < std::make_pair(right.data(), right.size());
  });
  const std::byte* end = data.data();
  for (const std::string& key : names_) {
    const auto& view = tensors_.find(key)->second;
    if (view.bytes.data() < end) throw Error(view.origin + ": data_offsets overlap another tensor's");
    end = view.bytes.data() + view.bytes.size();
  }
}

const TensorView& SafetensorsFile::tensor(std::string_view name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw Error(file_.path().string() + ": no tensor " + std::string(name));
  return found->second;
}

void SafetensorsFile::release(std::string_view name) const {
  file_.release(tensor(name).bytes);
}

namespace {

using BytesOf = std::function<std::span<const std::byte>(const TensorToStream&)>;

int64_t bytes_of_shape(const TensorToStream& tensor, const std::string& origin) {
  return checked_multiply(element_count(tensor.shape, origin), size_of(tensor.dtype), origin);
}

void stream_file(const std::filesystem::path& path, std::span<const TensorToStream> tensors, const BytesOf& bytes_of,
                 const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  int64_t offset = 0;
  for (const TensorToStream& tensor : tensors) {
    const std::string origin = path.string() + ": tensor " + tensor.name;
    const int64_t size = bytes_of_shape(tensor, origin);
    if (header.contains(tensor.name)) throw Error(origin + ": the name is written twice");
    header[tensor.name] = {
        {"dtype", name_of(tensor.dtype)}, {"shape", tensor.shape}, {"data_offsets", {offset, offset + size}}};
    offset += size;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');  // tensors start on a multiple of 8

  AtomicFile file(path);
  std::string length(8, '\0');
  for (size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(static_cast<uint64_t>(text.size()) >> (8 * i));
  file.write(length);
  file.write(text);
  for (const TensorToStream& tensor : tensors) {
    const std::string origin = path.string() + ": tensor " + tensor.name;
    const auto bytes = bytes_of(tensor);
    if (const int64_t size = bytes_of_shape(tensor, origin); size != static_cast<int64_t>(bytes.size()))
      throw Error::in(origin, "bytes", fmt::format("{} ({} {})", size, name_of(tensor.dtype), to_string(tensor.shape)),
                      std::to_string(bytes.size()));
    file.write(bytes);
  }
  file.commit();
}

// Descriptions alone, and the bytes by place in the list (names may be given twice, which is refused later).
std::pair<std::vector<TensorToStream>, BytesOf> resident(const std::vector<TensorToWrite>& tensors) {
  std::vector<TensorToStream> list;
  for (const TensorToWrite& tensor : tensors) list.push_back({tensor.name, tensor.dtype, tensor.shape});
  return {std::move(list), [&tensors, next = size_t{0}](const TensorToStream&) mutable { return tensors.at(next++).bytes; }};
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, const std::vector<TensorToWrite>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  const auto [list, bytes_of] = resident(tensors);
  stream_file(path, list, bytes_of, metadata);
}

void write_sharded(const std::filesystem::path& folder, const std::vector<TensorToWrite>& tensors, int64_t shard_bytes,
                   const std::map<std::string, std::string>& metadata) {
  const auto [list, bytes_of] = resident(tensors);
  stream_sharded(folder, list, shard_bytes, bytes_of, metadata);
}

void stream_sharded(const std::filesystem::path& folder, const std::vector<TensorToStream>& tensors,
                    int64_t shard_bytes, const BytesOf& bytes_of, const std::map<std::string, std::string>& metadata) {
  std::vector<std::pair<size_t, size_t>> shards{{0, 0}};  // first tensor and count
  int64_t filled = 0, total = 0;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const int64_t size = bytes_of_shape(tensors[i], folder.string() + ": tensor " + tensors[i].name);
    if (shards.back().second > 0 && filled + size > shard_bytes) {
      shards.emplace_back(i, 0);
      filled = 0;
    }
    ++shards.back().second;
    filled += size;
    total += size;
  }

  std::set<std::string> written;
  Json map = Json::object();
  for (size_t i = 0; i < shards.size(); ++i) {
    const std::string name = shards.size() == 1 ? "model.safetensors"
                                                : fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
    const auto shard = std::span(tensors).subspan(shards[i].first, shards[i].second);
    stream_file(folder / name, shard, bytes_of, metadata);
    written.insert(name);
    for (const TensorToStream& tensor : shard) map[tensor.name] = name;
  }
  const auto index = folder / "model.safetensors.index.json";
  if (shards.size() > 1)
    write_json(index, Json{{"metadata", {{"total_size", total}}}, {"weight_map", map}});
  else
    std::filesystem::remove(index);
  // Shards of an earlier write with another count would be dead weight beside these.
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool ours = name == "model.safetensors" || (name.starts_with("model-") && name.ends_with(".safetensors"));
    if (ours && !written.contains(name)) std::filesystem::remove(entry.path());
  }
}

}  // namespace qvlm
