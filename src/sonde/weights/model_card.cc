// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/model_card.h"

#include <algorithm>
#include <system_error>

#include "sonde/core/bytes.h"
#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/core/fields.h"
#include "sonde/core/json_fields.h"
#include "sonde/core/json_text.h"
#include "sonde/core/text.h"
#include "sonde/weights/checkpoint_cursor.h"
#include "sonde/weights/checkpoint_formats.h"
#include "sonde/weights/registry.h"

namespace sonde {
namespace {

bool is_sha256(std::string_view text) {
  constexpr std::size_t kDigits = 64;
  return text.size() == kDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}
bool is_sha256_or_empty(std::string_view text) { return text.empty() || is_sha256(text); }
bool is_share(double value) { return value >= 0 && value <= 1; }

}  // namespace

// A kind that is not there keeps its default.
template <class V>
void describe(V& v, AnswerRules& rules) {
  for (std::size_t i = 0; i < kPromptKinds; ++i)
    v(words(PromptKind{}).list.at(i), rules.of_kind.at(i), {.presence = Presence::defaulted});
}

template <class V>
void describe(V& v, CardMeasure& m) {
  v("dataset", m.dataset);
  v("prompt", m.prompt);
  v("choice", m.choice);
  v("n", m.n);
  v("iou", m.iou);
  v("iou_low", m.iou_low);
  v("iou_high", m.iou_high);
  v("predicted_iou_error", m.predicted_iou_error);
  v.require(m.n >= 0, "n must be 0 or more");
  v.require(is_share(m.iou) && is_share(m.iou_low) && is_share(m.iou_high),
            "iou, iou_low and iou_high must be within 0 .. 1");
}
template <class V>
void describe(V& v, CardComparison& c) {
  v("before", c.before);
  v("after", c.after);
  v("p", c.p);
  v.require(is_share(c.p), "p must be within 0 .. 1");
}
template <class V>
void describe(V& v, CardGuard& g) {
  v("name", g.name);
  v("before", g.before);
  v("after", g.after);
  v("limit", g.limit);
  v("passed", g.passed);
}
template <class V>
void describe(V& v, CardData& d) {
  v("dataset", d.dataset);
  v("licence", d.licence);
  v("citation", d.citation);
  v("source", d.source);
  v("pictures", d.pictures);
  v("objects", d.objects);
  v.require(d.pictures >= 0 && d.objects >= 0, "pictures and objects must be 0 or more");
}
template <class V>
void describe(V& v, CardClass& c) {
  v("name", c.name);
  v("n", c.n);
  v("n_absent", c.n_absent);
  v("iou", c.iou);
  v("iou_low", c.iou_low);
  v("iou_high", c.iou_high);
  v("found", c.found);
  v("found_absent", c.found_absent);
  v.require(c.n >= 0 && c.n_absent >= 0, "n and n_absent must be 0 or more");
  v.require(is_share(c.iou) && is_share(c.iou_low) && is_share(c.iou_high) && is_share(c.found) &&
                is_share(c.found_absent),
            "iou, its interval, found and found_absent must be within 0 .. 1");
}
template <class V>
void describe(V& v, ModelCard& c) {
  constexpr FieldRule kMayBeAbsent{.presence = Presence::defaulted};
  v("name", c.name);
  v("parent", c.parent, kMayBeAbsent);
  v("parent_sha256", c.parent_sha256,
    {.presence = Presence::defaulted, .note = "64 hexadecimal digits", .form = is_sha256_or_empty});
  v("tuned", c.tuned, kMayBeAbsent);
  v("weights_sha256", c.weights_sha256,
    {.presence = Presence::defaulted, .note = "64 hexadecimal digits", .form = is_sha256});
  v("choice_by_prompt", c.choice_by_prompt);
  v("measured", c.measured, kMayBeAbsent);
  v("test", c.test, kMayBeAbsent);
  v("guards", c.guards, kMayBeAbsent);
  v("data", c.data, kMayBeAbsent);
  v("classes", c.classes, kMayBeAbsent);
  v("notes", c.notes, kMayBeAbsent);
}

namespace {

constexpr int kIndent = 2;

Json parse_object(std::string_view text, const std::string& where) {
  if (text.size() > kMaxCardBytes)
    throw Error(ErrorKind::corrupt_data,
                where + ": longer than " + std::to_string(kMaxCardBytes) + " bytes: no card");
  try {
    return parse_ordered_json(text);
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::corrupt_data, where + ": no valid JSON: " + printable(error.what()));
  }
}

ModelCard card_of(const Json& json, const std::string& where) {
  try {
    return from_json<ModelCard, Layout::stored>(json);
  } catch (const Error& error) {
    throw Error(ErrorKind::corrupt_data, where + ": a model's card: " + printable(error.what()));
  }
}

// What is written can be read back: JSON has no words for numbers that are not finite.
std::string checked_text(const ModelCard& card, int indent) {
  std::string text = json_text(to_json<Layout::stored>(card), indent);
  parse_card(text, "the card of " + printable(card.name));
  return text;
}

// What lies beside weights may be of another file, or of another program: it counts once it names them.
bool names_weights(const Json& json, const std::string& sha256) {
  if (!json.is_object()) return false;
  const auto found = json.find("weights_sha256");
  return found != json.end() && found->is_array() && std::ranges::find(*found, Json(sha256)) != found->end();
}

std::optional<ModelCard> card_in(const std::filesystem::path& file, const std::string& sha256) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return std::nullopt;
  Json json;
  try {
    const MappedFile mapped(file);
    json = parse_object(as_text(mapped.bytes()), file.string());
  } catch (const Error&) {
    return std::nullopt;
  }
  if (!names_weights(json, sha256)) return std::nullopt;
  return card_of(json, file.string());
}

std::optional<ModelCard> registered_card(const std::string& sha256) {
  for (const RegisteredModel& model : registered_models()) {
    if (model.card && model.sha256 == sha256) return model.card;
  }
  return std::nullopt;
}

}  // namespace

std::string card_text(const ModelCard& card) { return checked_text(card, -1); }

ModelCard parse_card(std::string_view text, const std::string& where) {
  return card_of(parse_object(text, where), where);
}

void write_card(const std::filesystem::path& file, const ModelCard& card) {
  write_durably(file, checked_text(card, kIndent) + "\n");
}

ModelCard read_card(const std::filesystem::path& file) {
  const MappedFile mapped(file);
  return parse_card(as_text(mapped.bytes()), file.string());
}

std::filesystem::path card_beside(const std::filesystem::path& weights) {
  return std::filesystem::path(weights).replace_extension(".card.json");
}

std::optional<ModelCard> find_card(const std::filesystem::path& weights, const std::string& sha256,
                                   const std::map<std::string, std::string>& metadata) {
  if (const auto found = metadata.find(kCardKey); found != metadata.end())
    return parse_card(found->second, weights.string() + ": " + kCardKey);
  for (const auto& file : {card_beside(weights), weights.parent_path() / "card.json"}) {
    if (auto card = card_in(file, sha256)) return card;
  }
  return registered_card(sha256);
}

}  // namespace sonde
