// Joins the tensor records of a pickle with the storages of its zip.
#include "core/model/pickle.h"

#include <fmt/format.h>

#include "core/base/checked_math.h"
#include "core/base/error.h"
#include "core/model/pickle_machine.h"
#include "core/model/zip_archive.h"

namespace qvlm {

namespace {

DType dtype_of(const std::string& storage) {
  static const std::map<std::string, DType> table{
      {"torch FloatStorage", DType::F32},  {"torch HalfStorage", DType::F16}, {"torch BFloat16Storage", DType::BF16},
      {"torch DoubleStorage", DType::F64}, {"torch LongStorage", DType::I64}, {"torch IntStorage", DType::I32},
      {"torch ShortStorage", DType::I16},  {"torch CharStorage", DType::I8},  {"torch ByteStorage", DType::U8},
      {"torch BoolStorage", DType::BOOL}};
  return table.at(storage);
}

void check_contiguous(const PickleValue& tensor, const std::string& origin) {
  int64_t stride = 1;
  for (size_t i = tensor.shape.size(); i-- > 0;) {
    if (tensor.shape[i] != 1 && tensor.strides[i] != stride)
      throw Error::in(origin, "strides", "a contiguous tensor",
                      to_string(tensor.strides) + " for " + to_string(tensor.shape));
    stride = checked_multiply(stride, tensor.shape[i], origin);
  }
}

TensorView view_of(const PickleValue& tensor, const std::map<std::string, std::span<const std::byte>>& entries,
                   const std::string& prefix, const std::string& origin) {
  const auto entry = entries.find(prefix + "data/" + tensor.storage->text);
  if (entry == entries.end())
    throw Error(origin + ": its storage " + prefix + "data/" + tensor.storage->text + " is missing");
  TensorView view{dtype_of(tensor.storage->type), tensor.shape, {}, origin};
  const int64_t count = element_count(view.shape, origin);
  if (count > 0) check_contiguous(tensor, origin);
  const int64_t size = size_of(view.dtype);
  const int64_t begin = checked_multiply(tensor.offset, size, origin);
  const int64_t end = checked_add(begin, checked_multiply(count, size, origin), origin);
  if (tensor.offset < 0 || end > static_cast<int64_t>(entry->second.size()))
    throw Error::in(origin, "storage", fmt::format("at least {} bytes", end),
                    fmt::format("{} bytes", entry->second.size()));
  view.bytes = entry->second.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  return view;
}

}  // namespace

PickleFile::PickleFile(const std::filesystem::path& path) : file_(path) {
  const std::string file = path.string();
  const auto entries = read_stored_zip(file_.bytes(), file);
  std::string prefix;
  bool found = false;
  for (const auto& [name, bytes] : entries)
    if (name == "data.pkl" || name.ends_with("/data.pkl")) {
      prefix = name.substr(0, name.size() - std::string_view("data.pkl").size());
      found = true;
    }
  if (!found) throw Error::in(file, "", "an entry data.pkl", "none");
  if (const auto order = entries.find(prefix + "byteorder"); order != entries.end()) {
    const std::string text(reinterpret_cast<const char*>(order->second.data()), order->second.size());
    if (text != "little") throw Error::in(file, "byteorder", "little", text);
  }

  const Pickle pickle = read_pickle(entries.at(prefix + "data.pkl"), file + ": data.pkl");
  if (pickle.root->kind != PickleValue::Kind::DICT)
    throw Error::in(file, "data.pkl", "a dictionary of tensors", "something else");
  for (const auto& [key, value] : pickle.root->entries) {
    if (key->kind != PickleValue::Kind::TEXT) throw Error::in(file, "data.pkl", "names as keys", "something else");
    const std::string origin = file + ": tensor " + key->text;
    if (value->kind != PickleValue::Kind::TENSOR) throw Error::in(origin, "", "a tensor", "something else");
    tensors_[key->text] = view_of(*value, entries, prefix, origin);
  }
}

std::vector<std::string> PickleFile::names() const {
  std::vector<std::string> result;
  for (const auto& [name, view] : tensors_) result.push_back(name);
  return result;
}

const TensorView& PickleFile::tensor(std::string_view name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw Error(file_.path().string() + ": no tensor " + std::string(name));
  return found->second;
}

void PickleFile::release(std::string_view name) const {
  file_.release(tensor(name).bytes);
}

}  // namespace qvlm
