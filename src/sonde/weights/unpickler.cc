// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/unpickler.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "sonde/core/error.h"
#include "sonde/core/text.h"
#include "sonde/weights/checkpoint_cursor.h"
#include "sonde/weights/pickle_opcodes.h"
#include "sonde/weights/unpickler_parts.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{8} << 20, kMaxValues = 500'000, kMaxClassName = 256,
                      kMaxDimensions = 16;

// Values refer to each other by their place in one vector, so that a cycle leaks nothing and depth costs no
// stack.
using Place = std::uint32_t;

enum class Kind { none, boolean, integer, real, text, tuple, list, dict, type, storage, tensor };
struct Value {
  Kind kind = Kind::none;
  std::int64_t integer =
      0;  // of an integer; of a class, Class; of a storage or tensor, its index in the result
  std::string_view text = {};         // points into the pickle
  std::vector<Place> items = {};      // of a dict: key, value, key, value ...
  NumberType type = NumberType::f32;  // of the class of a storage
};

class Unpickler {
 public:
  Unpickler(ByteView pickle, const std::string& file)
      : file_(file), cursor_(pickle, file + ": data.pkl"), table_(file) {}

  PickledTensors run() {
    if (cursor_.remaining() > kMaxBytes) refuse("is larger than 8 MiB");
    while (true) {
      const auto opcode = cursor_.number<unsigned char>();
      if (opcode == op_stop) break;
      if (!push_simple(opcode) && !push_composite(opcode)) change_stack(opcode);
    }
    if (stack_.size() != 1 || !marks_.empty()) refuse("does not end with one value");
    collect(tensor_dict(values_[stack_.back()]));
    return table_.take();
  }

 private:
  [[noreturn]] void refuse(const std::string& fault) const {
    throw Error(ErrorKind::corrupt_data, file_ + ": data.pkl " + fault);
  }

  // ---- the stack. Nothing reaches below the last mark.
  void push(Value value) {
    if (values_.size() == kMaxValues) refuse("holds more than 500000 values");
    stack_.push_back(static_cast<Place>(values_.size()));
    values_.push_back(std::move(value));
  }
  Place pop() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) refuse("takes a value that is not there");
    const Place place = stack_.back();
    stack_.pop_back();
    return place;
  }
  std::vector<Place> pop_many(std::size_t count) {
    std::vector<Place> places(count);
    for (std::size_t i = count; i-- > 0;) places[i] = pop();
    return places;
  }
  std::vector<Place> pop_to_mark() {
    if (marks_.empty()) refuse("takes a mark that is not there");
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Place> places(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return places;
  }
  Value& pop_kind(Kind kind, const char* what) {
    Value& value = values_[pop()];
    if (value.kind != kind) refuse(std::string("has something else where ") + what + " belongs");
    return value;
  }
  Value& top(Kind kind, const char* what) {
    const Place place = pop();
    stack_.push_back(place);
    if (values_[place].kind != kind) refuse(std::string("has something else where ") + what + " belongs");
    return values_[place];
  }

  // ---- opcodes
  bool push_simple(unsigned char opcode) {
    switch (opcode) {
      case op_none:
        push({});
        return true;
      case op_newtrue:
        push({.kind = Kind::boolean, .integer = 1});
        return true;
      case op_newfalse:
        push({.kind = Kind::boolean, .integer = 0});
        return true;
      case op_binint:
        push_integer(cursor_.number<std::int32_t>());
        return true;
      case op_binint1:
        push_integer(cursor_.number<std::uint8_t>());
        return true;
      case op_binint2:
        push_integer(cursor_.number<std::uint16_t>());
        return true;
      case op_long1:
        push_long(cursor_.number<std::uint8_t>());
        return true;
      case op_long4:
        push_long(cursor_.number<std::uint32_t>());
        return true;
      case op_binfloat:
        cursor_.take(8);
        push({.kind = Kind::real});
        return true;
      case op_binunicode:
      case op_binstring:
        push_text(cursor_.number<std::uint32_t>());
        return true;
      case op_short_binstring:
        push_text(cursor_.number<std::uint8_t>());
        return true;
      default:
        return false;
    }
  }
  bool push_composite(unsigned char opcode) {
    switch (opcode) {
      case op_empty_tuple:
        push_items(Kind::tuple, {});
        return true;
      case op_tuple1:
        push_items(Kind::tuple, pop_many(1));
        return true;
      case op_tuple2:
        push_items(Kind::tuple, pop_many(2));
        return true;
      case op_tuple3:
        push_items(Kind::tuple, pop_many(3));
        return true;
      case op_tuple:
        push_items(Kind::tuple, pop_to_mark());
        return true;
      case op_empty_list:
        push_items(Kind::list, {});
        return true;
      case op_list:
        push_items(Kind::list, pop_to_mark());
        return true;
      case op_empty_dict:
        push_items(Kind::dict, {});
        return true;
      case op_dict:
        push_items(Kind::dict, {});
        extend_dict(pop_under_top_to_mark());
        return true;
      case op_global:
        push_class();
        return true;
      case op_binpersid:
        push_storage();
        return true;
      case op_reduce:
        reduce();
        return true;
      default:
        return false;
    }
  }
  void change_stack(unsigned char opcode) {
    switch (opcode) {
      case op_proto:
        check_protocol(cursor_.number<std::uint8_t>());
        return;
      case op_mark:
        marks_.push_back(stack_.size());
        return;
      case op_pop:
        pop();
        return;
      case op_pop_mark:
        pop_to_mark();
        return;
      case op_dup:
        stack_.push_back(peek());
        return;
      case op_binput:
        memo_[cursor_.number<std::uint8_t>()] = peek();
        return;
      case op_long_binput:
        memo_[cursor_.number<std::uint32_t>()] = peek();
        return;
      case op_binget:
        recall(cursor_.number<std::uint8_t>());
        return;
      case op_long_binget:
        recall(cursor_.number<std::uint32_t>());
        return;
      case op_append:
        extend_list(pop_many(1));
        return;
      case op_appends:
        extend_list(pop_to_mark());
        return;
      case op_setitem:
        extend_dict(pop_many(2));
        return;
      case op_setitems:
        extend_dict(pop_to_mark());
        return;
      case op_build:  // attributes (_metadata, the versions of the modules) are not weights
        pop_kind(Kind::dict, "a dict of attributes");
        top(Kind::dict, "an OrderedDict");
        return;
      default:
        refuse("has opcode " + std::to_string(opcode) + ", which no dict of tensors needs");
    }
  }

  void check_protocol(int protocol) const {
    if (protocol == 2) return;
    throw Error(ErrorKind::unsupported, file_ + ": data.pkl is of pickle protocol " +
                                            std::to_string(protocol) + "; torch.save's default, 2, is read");
  }
  void push_integer(std::int64_t number) { push({.kind = Kind::integer, .integer = number}); }
  void push_long(std::size_t count) {  // two's complement, as few bytes as needed
    const ByteView bytes = cursor_.take(count);
    if (count > 8) refuse("has an integer of more than 64 bits");
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < count; ++i) number |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
    const bool negative = count > 0 && (bytes[count - 1] & std::byte{0x80}) != std::byte{0};
    if (negative && count < 8) number |= ~std::uint64_t{0} << (8 * count);
    push_integer(static_cast<std::int64_t>(number));
  }
  void push_text(std::size_t count) { push({.kind = Kind::text, .text = as_text(cursor_.take(count))}); }
  void push_items(Kind kind, std::vector<Place> items) { push({.kind = kind, .items = std::move(items)}); }
  Place peek() {
    const Place place = pop();
    stack_.push_back(place);
    return place;
  }
  void recall(std::uint32_t number) {
    const auto found = memo_.find(number);
    if (found == memo_.end()) refuse("recalls a value that it has not stored");
    stack_.push_back(found->second);
  }
  std::vector<Place> pop_under_top_to_mark() {
    const Place dict = pop();
    std::vector<Place> items = pop_to_mark();
    stack_.push_back(dict);
    return items;
  }
  void extend_list(const std::vector<Place>& added) {
    auto& items = top(Kind::list, "a list").items;
    items.insert(items.end(), added.begin(), added.end());
  }
  void extend_dict(const std::vector<Place>& added) {
    if (added.size() % 2 != 0) refuse("has a key without a value");
    auto& items = top(Kind::dict, "a dict").items;
    items.insert(items.end(), added.begin(), added.end());
  }

  // ---- classes: a closed list; naming any other is refused before anything can be asked of it
  std::string_view line() {
    std::size_t count = 0;
    const ByteCursor start = cursor_;
    while (cursor_.number<char>() != '\n') {
      if (++count > kMaxClassName) refuse("names a class of more than 256 characters");
    }
    ByteCursor again = start;
    return as_text(again.take(count));
  }
  void push_class() {
    const std::string module(line());
    const KnownClass known = known_class(module + "." + std::string(line()), file_);
    push({.kind = Kind::type, .integer = static_cast<std::int64_t>(known.what), .type = known.number});
  }

  void push_storage() {
    const std::vector<Place> id = pop_kind(Kind::tuple, "a storage").items;
    if (id.size() != 5 || values_[id[0]].text != "storage" || values_[id[2]].kind != Kind::text ||
        values_[id[3]].kind != Kind::text || values_[id[4]].kind != Kind::integer ||
        values_[id[4]].integer < 0) {
      refuse("has a persistent id that is not a storage");
    }
    const Value& type = values_[id[1]];
    if (!is_class(type, Class::storage)) refuse("has a storage without a type");
    const auto index = table_.add_storage({.key = std::string(values_[id[2]].text),
                                           .type = type.type,
                                           .element_count = values_[id[4]].integer});
    push({.kind = Kind::storage, .integer = static_cast<std::int64_t>(index)});
  }

  static bool is_class(const Value& value, Class type) {
    return value.kind == Kind::type && value.integer == static_cast<std::int64_t>(type);
  }

  void reduce() {
    const std::vector<Place> arguments = pop_kind(Kind::tuple, "a tuple of arguments").items;
    const Value& type = pop_kind(Kind::type, "a class");
    if (is_class(type, Class::ordered_dict) && arguments.empty()) {
      push_items(Kind::dict, {});
    } else if (is_class(type, Class::rebuild_tensor) && (arguments.size() == 6 || arguments.size() == 7)) {
      rebuild_tensor(arguments);
    } else if (is_class(type, Class::rebuild_parameter) && arguments.size() == 3 &&
               values_[arguments[0]].kind == Kind::tensor) {
      stack_.push_back(arguments[0]);
    } else {
      refuse("builds an OrderedDict, a tensor or a parameter from something else than its parts");
    }
  }

  // Arguments: storage, offset, shape, strides, requires_grad, hooks, and since torch 2.1 metadata.
  void rebuild_tensor(const std::vector<Place>& arguments) {
    const Value& storage = values_[arguments[0]];
    const Value& offset = values_[arguments[1]];
    if (storage.kind != Kind::storage || offset.kind != Kind::integer)
      refuse("has a tensor without a storage");
    if (arguments.size() == 7 && !values_[arguments[6]].items.empty()) refuse("has a tensor with attributes");
    PickledTensor tensor{.name = {},
                         .storage = static_cast<std::size_t>(storage.integer),
                         .offset = offset.integer,
                         .shape = integers(values_[arguments[2]]),
                         .strides = integers(values_[arguments[3]])};
    const auto index = table_.add_view(std::move(tensor));
    push({.kind = Kind::tensor, .integer = static_cast<std::int64_t>(index)});
  }
  std::vector<std::int64_t> integers(const Value& tuple) const {
    if (tuple.kind != Kind::tuple || tuple.items.size() > kMaxDimensions) {
      refuse("has a tensor whose shape is not a tuple of at most 16 numbers");
    }
    std::vector<std::int64_t> numbers;
    for (const Place place : tuple.items) {
      if (values_[place].kind != Kind::integer)
        refuse("has a tensor whose shape holds something else than integers");
      numbers.push_back(values_[place].integer);
    }
    return numbers;
  }
  // ---- the result
  const Value& tensor_dict(const Value& root) const {
    if (root.kind != Kind::dict) refuse("holds no dict of tensors");
    for (std::size_t i = 0; i + 1 < root.items.size(); i += 2) {
      const Value& key = values_[root.items[i]];
      const Value& value = values_[root.items[i + 1]];
      const bool is_wrapper =
          key.text == "model" || key.text == "state_dict" || key.text == "model_state_dict";
      if (is_wrapper && value.kind == Kind::dict) return value;
    }
    return root;
  }
  void collect(const Value& dict) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      const Value& key = values_[dict.items[i]];
      const Value& value = values_[dict.items[i + 1]];
      if (key.kind != Kind::text) refuse("names a tensor by something else than text");
      const std::string name(key.text);
      if (name.empty() || printable(name) != name)
        refuse("has a tensor with an odd name: " + printable(name));
      if (value.kind != Kind::tensor) refuse("holds " + name + ", which is not a tensor");
      if (!names.insert(key.text).second) refuse("holds " + name + " twice");
      table_.give_name(static_cast<std::size_t>(value.integer), name);
    }
    if (names.empty()) refuse("holds no tensors");
  }

  std::string file_;
  ByteCursor cursor_;
  std::vector<Value> values_;
  std::vector<Place> stack_;
  std::vector<std::size_t> marks_;       // heights of the stack
  std::map<std::uint32_t, Place> memo_;  // ordered: a file cannot make it slow
  TensorTable table_;
};

}  // namespace

PickledTensors unpickle_tensors(ByteView pickle, const std::string& file) {
  return Unpickler(pickle, file).run();
}

}  // namespace sonde
