// SPDX-License-Identifier: Apache-2.0
// sonde_wire_types ROOT [--check]: writes what the page's types and the tables of docs/http.md say of the
// shapes of wire.h, or says which of the two differs and exits with 1. ROOT is the checkout.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>

#include "sonde/server/wire.h"

namespace sonde::wire {
namespace {

enum class Use { request, answer };  // where what may be null may be absent, and where it is not

template <class T>
inline constexpr std::string_view kUnionName = "";
template <>
inline constexpr std::string_view kUnionName<RequestedAction> = "ImageAction";
template <>
inline constexpr std::string_view kUnionName<LabelAction> = "LabelAction";

struct ShapeField {
  std::string name, type, note;
};
std::string joined(const std::vector<ShapeField>& fields, const std::string& between) {
  std::string text;
  for (const auto& [name, type, note] : fields) text += (text.empty() ? "" : between) + name + ": " + type;
  return text;
}
// The shapes so far, each after those that it is made of.
struct Types {
  std::string script, tables;

  template <class T>
  std::string type_of(Use use);

 private:
  template <class... T>
  std::string union_of(const std::variant<T...>& all, Use use);
  std::string alias(std::string_view name, const std::string& is, std::string_view about);
  std::set<std::string, std::less<>> named_;
};

// A visitor that writes down what a description says.
struct ShapeNotes {
  static constexpr Layout kLayout = Layout::wire;
  Types& types;
  Use use;
  std::string name = {}, about = {};
  std::vector<ShapeField> fields = {};
  enum class Form { fields, list } form = Form::fields;
  enum class Told { no, yes } told = Told::no;

  void shape(std::string_view its_name, std::string_view what = {}) {
    if (std::exchange(told, Told::yes) == Told::no) name = its_name, about = what;
  }
  static void require(bool /*holds*/, std::string_view /*else_message*/) {}
  template <class T>
  void operator()(std::string_view field, const T& /*value*/, const FieldRule& rule = {}) {
    std::string type = types.type_of<T>(use);
    const bool must_be_there = rule.presence == Presence::required;
    if (kIs<T, std::optional> && (must_be_there || rule.presence == Presence::left_out))
      type.resize(type.size() - 7);
    const bool may_be_absent = rule.presence == Presence::defaulted || rule.presence == Presence::left_out ||
                               (use == Use::request && kIs<T, std::optional> && !must_be_there);
    fields.push_back({std::string(field) + (may_be_absent ? "?" : ""), type, std::string(rule.note)});
  }
  template <class... T>
  void list(const std::array<std::string_view, sizeof...(T)>& names, const FieldRule& /*rule*/,
            const T&... values) {
    form = Form::list;
    std::size_t i = 0;
    ((*this)(names[i++], values), ...);
  }
};

std::string comment(const char* before, std::string_view text, const char* after) {
  return text.empty() ? "" : before + std::string(text) + after;
}

std::string Types::alias(std::string_view name, const std::string& is, std::string_view about) {
  if (!name.empty() && named_.insert(std::string(name)).second)
    script += comment("// ", about, "\n") + "export type " + std::string(name) + " = " + is + "\n\n";
  return name.empty() ? is : std::string(name);
}

template <class... T>
std::string Types::union_of(const std::variant<T...>& /*all*/, Use use) {
  const std::string name(kUnionName<std::variant<T...>>);
  std::string types, table = "\n| `kind` of `" + name + "` | fields | |\n| --- | --- | --- |\n";
  const auto add = [&](const auto& alternative) {
    using One = std::remove_cvref_t<decltype(alternative)>;
    if constexpr (std::is_same_v<One, std::monostate>) {
      types += " | null";
    } else if constexpr (requires { One::kKind; }) {
      ShapeNotes notes{*this, use};
      One one;
      describe(notes, one);
      const std::string kind(One::kKind);
      types += "\n  | { kind: '" + kind + "'";
      table += "| `" + kind + "` | ";
      for (const auto& [field, type, note] : notes.fields) {
        types += "; " + field + ": " + type;
        table += (table.ends_with("| ") ? "`" : ", `") + field + "`";
      }
      types += " }";
      table += " | " + notes.about + " |\n";
    } else {
      types += " | " + type_of<One>(use);
    }
  };
  (add(T{}), ...);
  if (name.empty()) return types.substr(3);
  if (named_.insert(name).second) {
    script += "export type " + name + " =" + types + "\n\n";
    tables += table;
  }
  return name;
}

template <class T>
std::string Types::type_of(Use use) {
  if constexpr (kIs<T, std::optional>) {
    return type_of<typename T::value_type>(use) + " | null";
  } else if constexpr (kIs<T, std::vector>) {
    return type_of<typename T::value_type>(use) + "[]";
  } else if constexpr (kLengthOf<T> > 0) {
    const std::string type = type_of<typename T::value_type>(use);
    std::string list = "[" + type;
    for (std::size_t i = 1; i < kLengthOf<T>; ++i) list += ", " + type;
    return list + "]";
  } else if constexpr (Enumerated<T>) {
    if (std::is_same_v<decltype(to_word(T{})), bool>) return "boolean";
    std::string is;
    for (const auto& word : words(T{}).list) is += (is.empty() ? "" : " | ") + json_text(Json(word));
    std::ranges::replace(is, '"', '\'');
    return alias(words(T{}).name, is, "");
  } else if constexpr (kIs<T, std::variant>) {
    return union_of(T{}, use);
  } else if constexpr (std::is_same_v<T, bool>) {
    return "boolean";
  } else if constexpr (std::is_arithmetic_v<T>) {
    return "number";
  } else if constexpr (std::is_same_v<T, std::string>) {
    return "string";
  } else {
    ShapeNotes notes{*this, use};
    T value{};
    describe(notes, value);
    if (notes.form == ShapeNotes::Form::list)
      return alias(notes.name, "[" + joined(notes.fields, ", ") + "]", notes.about);
    if (notes.name.empty()) return "{ " + joined(notes.fields, "; ") + " }";
    if (!named_.insert(notes.name).second) return notes.name;
    script += comment("// ", notes.about, "\n") + "export interface " + notes.name + " {\n";
    for (const auto& [name, type, note] : notes.fields)
      script += "  " + name + ": " + type + comment(" // ", note, "") + "\n";
    script += "}\n\n";
    return notes.name;
  }
}

template <class... Shapes>
void add(Types& types, Use use) {
  (types.type_of<Shapes>(use), ...);
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

enum class Mode { write, check };
enum class Outcome { same, differs };
Outcome renew(const std::filesystem::path& path, const std::string& content, Mode mode) {
  if (content_of(path) == content) return Outcome::same;
  if (mode == Mode::write) std::ofstream(path, std::ios::binary) << content;
  if (mode == Mode::check) std::cerr << path.string() << " is not what the descriptions in wire.h give\n";
  return Outcome::differs;
}

int run(const std::filesystem::path& root, Mode mode) {
  Types types;
  add<ActionRequest, LabelAction, SettingsRequest, FocusRequest, EverythingRequest, ProgressRequest,
      ExportRequest>(types, Use::request);
  add<ProjectFacts, ProjectChanges, LabelsChanged, Settings, OpenedFacts, Bundle, EmbeddingFacts,
      ImageProgress, History, JobFacts, ErrorBody>(types, Use::answer);
  const std::string begin = "<!-- made by sonde_wire_types -->\n", end = "<!-- end of what is made -->\n";
  const auto tables = root / "docs/http.md";
  std::string text = content_of(tables);
  const std::size_t first = text.find(begin) + begin.size();
  text.replace(first, text.find(end) - first, types.tables.substr(1) + "\n```ts\n" + types.script + "```\n");
  const auto a = renew(tables, text, mode);
  const auto b = renew(root / "web/annotate/src/wire/types.generated.ts",
                       "// SPDX-License-Identifier: Apache-2.0\n"
                       "// Made by sonde_wire_types from the descriptions in src/sonde/server/wire.h.\n\n" +
                           types.script,
                       mode);
  if (mode == Mode::write || (a == Outcome::same && b == Outcome::same)) return 0;
  std::cerr << "to renew them: sonde_wire_types " << root.string() << "\n";
  return 1;
}

}  // namespace
}  // namespace sonde::wire

int main(int count, char** arguments) {
  using sonde::wire::Mode;
  const std::vector<std::string> words(arguments + 1, arguments + count);
  if (words.empty()) return 2;
  return sonde::wire::run(words[0], words.size() > 1 && words[1] == "--check" ? Mode::check : Mode::write);
}
