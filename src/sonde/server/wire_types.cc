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

std::string around(std::string_view before, std::string_view text, std::string_view after = "") {
  return text.empty() ? "" : std::string(before).append(text).append(after);
}

// The shapes so far, each after those that it is made of.
struct Types {
  Use use = Use::request;
  std::string script = {}, tables = {};
  std::set<std::string_view> named = {};

  // Its name from now on; without one, what it is.
  std::string declare(std::string_view name, std::string_view about, const std::string& is) {
    if (name.empty()) return is;
    const auto keyword = is.starts_with("{\n")
                             ? around("export interface ", name, " ")
                             : around("export type ", name, is.starts_with('\n') ? " =" : " = ");
    if (named.insert(name).second) script += around("// ", about, "\n") + keyword + is + "\n\n";
    return std::string(name);
  }
  template <class T>
  std::string type_of();
};

template <class T>
std::string Types::type_of() {
  if constexpr (kIs<T, std::optional>) {
    return type_of<typename T::value_type>() + " | null";
  } else if constexpr (kIs<T, std::vector>) {
    return type_of<typename T::value_type>() + "[]";
  } else if constexpr (Enumerated<T>) {
    if (std::is_same_v<decltype(to_word(T{})), bool>) return "boolean";
    std::string is;
    for (const auto& word : words(T{}).list) is += (is.empty() ? "" : " | ") + json_text(Json(word));
    std::ranges::replace(is, '"', '\'');
    return declare(words(T{}).name, "", is);
  } else if constexpr (kIs<T, std::variant>) {
    const std::string_view name = kUnionName<T>;
    if (!name.empty()) tables += around("\n| `kind` of `", name, "` | fields | |\n| --- | --- | --- |\n");
    const char* between = name.empty() ? " | " : "\n  | ";
    std::string is;
    const auto add_all = [&]<class... One>(const std::variant<One...>&) {
      ((is += between + type_of<One>()), ...);
    };
    add_all(T{});
    return name.empty() ? is.substr(3) : declare(name, "", is);
  } else if constexpr (Plain<T>) {
    return std::is_same_v<T, bool> ? "boolean" : std::is_arithmetic_v<T> ? "number" : "string";
  } else {
    std::string inline_form, lines, names;
    bool is_list = false;
    const auto add = [&](auto name, const auto& rule, const auto& value, std::size_t list_size) {
      using Value = std::remove_cvref_t<decltype(value)>;
      constexpr bool kIsOptional = kIs<Value, std::optional>;
      const bool is_left_out = rule.presence == Presence::left_out;
      const bool is_required = rule.presence == Presence::required;
      const bool may_be_absent = rule.presence == Presence::defaulted || is_left_out ||
                                 (kIsOptional && use == Use::request && !is_required);
      std::string type;
      if constexpr (std::is_same_v<Value, std::string_view>) {
        type = around("'", value, "'");  // kKind
      } else {
        type = type_of<Value>();
        if (kIsOptional && (is_left_out || is_required)) type.resize(type.rfind(" | null"));
        names += (names.empty() ? "`" : ", `") + std::string(name) + (may_be_absent ? "?`" : "`");
      }
      is_list = list_size > 0;
      const std::string field = around("", name, may_be_absent ? "?: " : ": ") + type;
      inline_form += (inline_form.empty() ? "" : is_list ? ", " : "; ") + field;
      lines += "  " + field + around(" // ", rule.note) + "\n";
    };
    const auto said = visit_fields<Layout::wire>(T{}, add);
    if constexpr (requires { T::kKind; })
      tables += around("| `", T::kKind, "` | ") + names + " | " + std::string(said.about) + " |\n";
    if (is_list) return declare(said.name, said.about, "[" + inline_form + "]");
    return declare(said.name, said.about,
                   said.name.empty() ? "{ " + inline_form + " }" : "{\n" + lines + "}");
  }
}

template <class... Shapes>
void add(Types& types, Use use) {
  types.use = use;
  (types.type_of<Shapes>(), ...);
}

enum class Mode { write, check };
// Makes `made` what follows the line that names this program. Whether it was so.
bool renew(const std::filesystem::path& path, const std::string& made, Mode mode) {
  std::ifstream file(path, std::ios::binary);
  const std::string there{std::istreambuf_iterator<char>(file), {}};
  const auto content = there.substr(0, there.find('\n', there.find("ade by sonde_wire_types")) + 1) + made;
  if (content == there) return true;
  if (mode == Mode::write) std::ofstream(path, std::ios::binary) << content;
  if (mode == Mode::check) {
    std::cerr << path.string() << " is not what the descriptions in wire.h give; to renew it: "
              << "sonde_wire_types ROOT\n";
  }
  return false;
}

}  // namespace
}  // namespace sonde::wire

int main(int count, char** arguments) {
  using namespace sonde::wire;  // NOLINT
  const std::vector<std::string> words(arguments + 1, arguments + count);
  if (words.empty()) return 2;
  const std::filesystem::path root = words[0];
  const Mode mode = words.size() > 1 && words[1] == "--check" ? Mode::check : Mode::write;
  Types types;
  add<ActionRequest, LabelAction, SettingsRequest, FocusRequest, EverythingRequest, ProgressRequest,
      ExportRequest, TrainingRequest, ModelRequest, CompareRequest>(types, Use::request);
  add<ProjectFacts, ProjectChanges, LabelsChanged, Settings, OpenedFacts, Bundle, EmbeddingFacts,
      ImageProgress, History, JobFacts, JobList, TrainingList, sonde::ErrorBody>(types, Use::answer);
  const std::string fenced = "\n```ts\n" + types.script + "```\n<!-- end of what is made -->\n";
  const bool docs = renew(root / "docs/http.md", types.tables.substr(1) + fenced, mode);
  const bool page = renew(root / "web/annotate/src/wire/types.generated.ts", "\n" + types.script, mode);
  return mode == Mode::write || (docs && page) ? 0 : 1;
}
