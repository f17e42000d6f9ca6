// The pickle opcodes that torch.save emits (protocols 2 to 4).
#include "core/model/pickle_machine.h"

#include <bit>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/base/error.h"

namespace qvlm {

namespace {

using Kind = PickleValue::Kind;

const std::set<std::string>& storage_types() {
  static const std::set<std::string> names{
      "torch FloatStorage", "torch HalfStorage",  "torch BFloat16Storage", "torch DoubleStorage", "torch LongStorage",
      "torch IntStorage",   "torch ShortStorage", "torch CharStorage",     "torch ByteStorage",   "torch BoolStorage"};
  return names;
}

const std::set<std::string>& known_functions() {
  static const std::set<std::string> names{"torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter",
                                           "collections OrderedDict"};
  return names;
}

class Machine {
 public:
  Machine(std::span<const std::byte> bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  Pickle run() {
    while (!step()) {
    }
    result_.root = pop();
    return std::move(result_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(fmt::format("{}: byte {}: {}", file_, at_, what));
  }

  uint64_t number(int count) {
    uint64_t value = 0;
    const auto part = take(static_cast<uint64_t>(count));
    for (int i = 0; i < count; ++i) value |= std::to_integer<uint64_t>(part[static_cast<size_t>(i)]) << (8 * i);
    return value;
  }
  std::span<const std::byte> take(uint64_t count) {
    if (count > bytes_.size() - at_) fail("the pickle ends early (cut?)");
    const auto part = bytes_.subspan(at_, count);
    at_ += count;
    return part;
  }
  std::string text(uint64_t count) {
    const auto part = take(count);
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }
  std::string line() {
    std::string result;
    for (char c; (c = static_cast<char>(number(1))) != '\n';) result += c;
    return result;
  }

  PickleValue* make(Kind kind) {
    result_.values.push_back(std::make_unique<PickleValue>());
    result_.values.back()->kind = kind;
    return result_.values.back().get();
  }
  PickleValue* push(Kind kind) {
    stack_.push_back(make(kind));
    return stack_.back();
  }
  void push_int(int64_t value) { push(Kind::INT)->integer = value; }
  void push_text(std::string value) { push(Kind::TEXT)->text = std::move(value); }
  PickleValue* top() {
    if (stack_.empty()) fail("takes a value from an empty stack");
    return stack_.back();
  }
  PickleValue* pop() {
    PickleValue* value = top();
    if (value->kind == Kind::MARK) fail("takes a mark for a value");
    stack_.pop_back();
    return value;
  }
  /// What lies above the last mark, which goes too.
  std::vector<PickleValue*> pop_mark() {
    std::vector<PickleValue*> items;
    while (top()->kind != Kind::MARK) {
      items.push_back(stack_.back());
      stack_.pop_back();
    }
    stack_.pop_back();
    return {items.rbegin(), items.rend()};
  }
  PickleValue* expect(PickleValue* value, Kind kind, const char* what) {
    if (value->kind != kind) fail(std::string("expected ") + what);
    return value;
  }
  void tuple(size_t count) {
    std::vector<PickleValue*> items(count);
    for (size_t i = count; i-- > 0;) items[i] = pop();
    push(Kind::TUPLE)->items = std::move(items);
  }
  void set_items(PickleValue* dict, const std::vector<PickleValue*>& items) {
    expect(dict, Kind::DICT, "a dictionary");
    if (items.size() % 2 != 0) fail("a key without a value");
    for (size_t i = 0; i < items.size(); i += 2) dict->entries.emplace_back(items[i], items[i + 1]);
  }
  void global(const std::string& module, const std::string& name) {
    const std::string full = module + " " + name;
    if (!known_functions().contains(full) && !storage_types().contains(full))
      throw Error(file_ + ": refers to " + module + "." + name +
                  ", which is no part of a tensor: refused, nothing was executed");
    push(Kind::GLOBAL)->text = full;
  }
  std::vector<int64_t> integers(PickleValue* value) {
    expect(value, Kind::TUPLE, "a tuple of integers");
    std::vector<int64_t> result;
    for (PickleValue* item : value->items) result.push_back(expect(item, Kind::INT, "an integer")->integer);
    return result;
  }
  void reduce() {
    PickleValue* arguments = expect(pop(), Kind::TUPLE, "a tuple of arguments");
    const std::string function = expect(pop(), Kind::GLOBAL, "a function")->text;
    const auto& items = arguments->items;
    if (function == "collections OrderedDict") {
      if (!items.empty()) fail("OrderedDict with arguments");
      push(Kind::DICT);
    } else if (function == "torch._utils _rebuild_parameter") {
      if (items.empty()) fail("_rebuild_parameter without a tensor");
      stack_.push_back(expect(items[0], Kind::TENSOR, "a tensor"));
    } else if (function == "torch._utils _rebuild_tensor_v2") {
      if (items.size() < 4) fail("_rebuild_tensor_v2 needs a storage, an offset, a size and strides");
      PickleValue* tensor = push(Kind::TENSOR);
      tensor->storage = expect(items[0], Kind::STORAGE, "a storage");
      tensor->offset = expect(items[1], Kind::INT, "an offset")->integer;
      tensor->shape = integers(items[2]);
      tensor->strides = integers(items[3]);
      if (tensor->strides.size() != tensor->shape.size())
        fail("a tensor with as many strides as dimensions is expected");
    } else {
      fail("calls " + function);
    }
  }
  void persistent_id() {
    PickleValue* id = expect(pop(), Kind::TUPLE, "a storage's id");
    if (id->items.size() != 5) fail("a storage's id has five parts");
    if (expect(id->items[0], Kind::TEXT, "a text")->text != "storage") fail("an id that is no storage's");
    const std::string type = expect(id->items[1], Kind::GLOBAL, "a storage type")->text;
    if (!storage_types().contains(type)) fail("unknown storage type " + type);
    const std::string key = expect(id->items[2], Kind::TEXT, "a storage's key")->text;
    const int64_t count = expect(id->items[4], Kind::INT, "a storage's length")->integer;
    PickleValue* storage = push(Kind::STORAGE);
    storage->text = key;
    storage->type = type;
    storage->integer = count;
  }
  void memo_get(uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) fail("reads an empty memo");
    stack_.push_back(found->second);
  }
  void long_integer(uint64_t length) {
    if (length > 8) fail("an integer of more than 64 bits");
    uint64_t value = length == 0 ? 0 : number(static_cast<int>(length));
    if (length > 0 && length < 8 && (value >> (8 * length - 1)) != 0) value |= ~uint64_t{0} << (8 * length);
    push_int(static_cast<int64_t>(value));
  }

  /// One opcode; true at the end.
  bool step() {
    const auto opcode = static_cast<unsigned char>(number(1));
    switch (opcode) {
      case 0x80:
        number(1);
        break;  // PROTO
      case 0x95:
        number(8);
        break;  // FRAME
      case '.':
        return true;  // STOP
      case '(':
        push(Kind::MARK);
        break;
      case '0':
        pop();
        break;
      case 'N':
        push(Kind::NONE);
        break;
      case 0x88:
      case 0x89:
        push(Kind::BOOL)->integer = opcode == 0x88;
        break;
      case 'J':
        push_int(static_cast<int32_t>(number(4)));
        break;
      case 'K':
        push_int(static_cast<int64_t>(number(1)));
        break;
      case 'M':
        push_int(static_cast<int64_t>(number(2)));
        break;
      case 0x8a:
        long_integer(number(1));
        break;     // LONG1
      case 'G': {  // BINFLOAT, big-endian
        uint64_t bits = 0;
        for (std::byte byte : take(8)) bits = bits << 8 | std::to_integer<uint64_t>(byte);
        push(Kind::FLOAT)->number = std::bit_cast<double>(bits);
        break;
      }
      case 'X':
        push_text(text(number(4)));
        break;  // BINUNICODE
      case 0x8c:
        push_text(text(number(1)));
        break;
      case 0x8d:
        push_text(text(number(8)));
        break;
      case '}':
        push(Kind::DICT);
        break;
      case ']':
        push(Kind::LIST);
        break;
      case ')':
        push(Kind::TUPLE);
        break;
      case 't': {
        auto items = pop_mark();
        push(Kind::TUPLE)->items = std::move(items);
        break;
      }
      case 0x85:
        tuple(1);
        break;
      case 0x86:
        tuple(2);
        break;
      case 0x87:
        tuple(3);
        break;
      case 'a': {
        PickleValue* item = pop();
        expect(top(), Kind::LIST, "a list")->items.push_back(item);
        break;
      }
      case 'e': {
        const auto items = pop_mark();
        auto& list = expect(top(), Kind::LIST, "a list")->items;
        list.insert(list.end(), items.begin(), items.end());
        break;
      }
      case 's': {
        PickleValue* value = pop();
        PickleValue* key = pop();
        set_items(top(), {key, value});
        break;
      }
      case 'u': {
        const auto items = pop_mark();
        set_items(top(), items);
        break;
      }
      case 'q':
        memo_[number(1)] = top();
        break;
      case 'r':
        memo_[number(4)] = top();
        break;
      case 0x94: {
        const uint64_t index = memo_.size();
        memo_[index] = top();
        break;
      }
      case 'h':
        memo_get(number(1));
        break;
      case 'j':
        memo_get(number(4));
        break;
      case 'c': {
        const std::string module = line();
        global(module, line());
        break;
      }
      case 0x93: {  // STACK_GLOBAL
        const std::string name = expect(pop(), Kind::TEXT, "a name")->text;
        const std::string module = expect(pop(), Kind::TEXT, "a module")->text;
        global(module, name);
        break;
      }
      case 'Q':
        persistent_id();
        break;
      case 'R':
        reduce();
        break;
      case 'b': {  // BUILD: an OrderedDict's _metadata, which nothing needs
        pop();
        expect(top(), Kind::DICT, "a dictionary");
        break;
      }
      default:
        fail(fmt::format("opcode 0x{:02x} is no part of a saved tensor dictionary", opcode));
    }
    return false;
  }

  std::span<const std::byte> bytes_;
  const std::string& file_;
  uint64_t at_ = 0;
  Pickle result_;
  std::vector<PickleValue*> stack_;
  std::map<uint64_t, PickleValue*> memo_;
};

}  // namespace

Pickle read_pickle(std::span<const std::byte> bytes, const std::string& file) {
  return Machine(bytes, file).run();
}

}  // namespace qvlm
