// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/action_json.h"

#include <limits>

#include <nlohmann/json.hpp>

#include "sonde/core/error.h"

namespace sonde {
namespace {

using nlohmann::json;

json points_to_json(const std::vector<Point2>& points) {
  json list = json::array();
  for (const Point2 point : points) list.push_back({point.x, point.y});
  return list;
}

std::vector<Point2> points_from_json(const json& list) {
  std::vector<Point2> points;
  points.reserve(list.size());
  for (const json& point : list) points.push_back({point.at(0).get<double>(), point.at(1).get<double>()});
  return points;
}

template <typename T>
json optional_to_json(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

std::optional<std::int64_t> optional_from_json(const json& value) {
  return value.is_null() ? std::nullopt : std::optional(integer_from(value));
}

std::string_view to_string(Paint paint) { return paint == Paint::add ? "add" : "remove"; }
Paint paint_of(const json& j) { return j.at("paint") == "add" ? Paint::add : Paint::remove; }

struct ToJson {
  json operator()(const PromptAction& a) const {
    return {{"plane", plane_to_json(a.plane)},
            {"prompt", prompt_to_json(a.prompt)},
            {"proposal", optional_to_json(a.proposal)},
            {"target", optional_to_json(a.target)}};
  }
  json operator()(const ChooseAction& a) const {
    return {{"proposal", a.proposal}, {"candidate", a.candidate}};
  }
  json operator()(const AcceptAction& a) const { return {{"objects", a.objects}, {"label", a.label}}; }
  json operator()(const DeleteAction& a) const { return {{"objects", a.objects}}; }
  json operator()(const StrokeAction& a) const {
    return {{"plane", plane_to_json(a.plane)},
            {"object", optional_to_json(a.object)},
            {"label", a.label},
            {"paint", to_string(a.paint)},
            {"radii", {a.radii.x, a.radii.y}},
            {"points", points_to_json(a.points)}};
  }
  json operator()(const LassoAction& a) const {
    return {{"plane", plane_to_json(a.plane)},
            {"object", optional_to_json(a.object)},
            {"label", a.label},
            {"paint", to_string(a.paint)},
            {"polygon", points_to_json(a.polygon)}};
  }
  json operator()(const RelabelAction& a) const { return {{"objects", a.objects}, {"label", a.label}}; }
  json operator()(const NameAction& a) const { return {{"object", a.object}, {"name", a.name}}; }
  json operator()(const LockAction& a) const { return {{"objects", a.objects}}; }
  json operator()(const MergeAction& a) const { return {{"objects", a.objects}}; }
  json operator()(const SplitAction& a) const { return {{"object", a.object}}; }
  json operator()(const FillHolesAction& a) const {
    return {{"objects", a.objects}, {"axis", to_string(a.axis)}};
  }
  json operator()(const DropSpecksAction& a) const { return {{"objects", a.objects}, {"below", a.below}}; }
  json operator()(const EverythingAction& a) const {
    return {{"plane", plane_to_json(a.plane)},
            {"window", a.window},
            {"points_per_side", a.settings.points_per_side},
            {"pred_iou", a.settings.pred_iou},
            {"stability", a.settings.stability},
            {"min_region", a.settings.min_region}};
  }
  json operator()(const ImportAction& a) const {
    json objects = json::array();
    for (const ImportedObject& object : a.objects)
      objects.push_back({{"label", object.label}, {"name", object.name}});
    json action{{"from", a.from}, {"objects", objects}};
    if (a.among == ImportAction::Among::shared) action["among"] = "shared";
    return action;
  }
  json operator()(const UndoAction&) const { return json::object(); }
  json operator()(const RedoAction&) const { return json::object(); }
};

Action painted_from_json(const json& j, std::string_view kind) {
  const PlaneRef plane = plane_from_json(j.at("plane"));
  const auto object = optional_from_json(j.at("object"));
  const auto label = integer_from(j.at("label"));
  if (kind == "lasso")
    return LassoAction{plane, object, label, paint_of(j), points_from_json(j.at("polygon"))};
  const json& radii = j.at("radii");
  return StrokeAction{plane,
                      object,
                      label,
                      paint_of(j),
                      {radii.at(0).get<double>(), radii.at(1).get<double>()},
                      points_from_json(j.at("points"))};
}

Action everything_from_json(const json& j) {
  EverythingAction action{plane_from_json(j.at("plane")), j.at("window").get<std::string>(), {}};
  action.settings = {integer_from(j.at("points_per_side")), j.at("pred_iou").get<double>(),
                     j.at("stability").get<double>(), integer_from(j.at("min_region"))};
  return action;
}

Action import_from_json(const json& j) {
  ImportAction action{j.at("from").get<std::string>(), {}};
  action.among = j.contains("among") ? ImportAction::Among::shared : ImportAction::Among::overlap_rule;
  for (const json& object : j.at("objects"))
    action.objects.push_back({integer_from(object.at("label")), object.at("name").get<std::string>(), {}});
  return action;
}

Action of_objects_from_json(const json& j, std::string_view kind) {
  const auto objects = integers_from(j.at("objects"));
  if (kind == "accept") return AcceptAction{objects, integer_from(j.at("label"))};
  if (kind == "delete") return DeleteAction{objects};
  if (kind == "label") return RelabelAction{objects, integer_from(j.at("label"))};
  if (kind == "lock") return LockAction{objects, Lock::locked};
  if (kind == "unlock") return LockAction{objects, Lock::open};
  if (kind == "merge") return MergeAction{objects};
  if (kind == "fill_holes") return FillHolesAction{objects, parse_axis(j.at("axis").get<std::string>())};
  if (kind == "drop_specks") return DropSpecksAction{objects, integer_from(j.at("below"))};
  throw Error(ErrorKind::corrupt_data, "the history holds an action \"" + std::string(kind) + "\"");
}

}  // namespace

std::int64_t integer_from(const json& j) {
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!j.is_number_integer() || (j.is_number_unsigned() && j.get<std::uint64_t>() > kMax))
    throw Error(ErrorKind::corrupt_data, "the history holds something else in place of an integer");
  return j.get<std::int64_t>();
}

std::size_t index_from(const json& j) {
  if (!j.is_number_unsigned())
    throw Error(ErrorKind::corrupt_data, "the history holds something else in place of a number from 0");
  return j.get<std::size_t>();
}

std::vector<std::int64_t> integers_from(const json& list) {
  if (!list.is_array())
    throw Error(ErrorKind::corrupt_data, "the history holds something else in place of a list");
  std::vector<std::int64_t> integers;
  integers.reserve(list.size());
  for (const json& integer : list) integers.push_back(integer_from(integer));
  return integers;
}

json plane_to_json(PlaneRef plane) { return {{"axis", to_string(plane.axis)}, {"slice", plane.slice}}; }

PlaneRef plane_from_json(const json& j) {
  return {parse_axis(j.at("axis").get<std::string>()), integer_from(j.at("slice"))};
}

json prompt_to_json(const PromptWithWindow& prompt) {
  json points = json::array();
  for (const PointPrompt& point : prompt.points)
    points.push_back({point.position.x, point.position.y, point.label == PointLabel::foreground ? 1 : 0});
  json box = nullptr;
  if (prompt.box) box = {prompt.box->x0, prompt.box->y0, prompt.box->x1, prompt.box->y1};
  return {{"points", points}, {"box", box}, {"window", prompt.window}};
}

PromptWithWindow prompt_from_json(const json& j) {
  PromptWithWindow prompt;
  for (const json& point : j.at("points")) {
    prompt.points.push_back({{point.at(0).get<double>(), point.at(1).get<double>()},
                             point.at(2) == 1 ? PointLabel::foreground : PointLabel::background});
  }
  const json& box = j.at("box");
  if (!box.is_null()) {
    prompt.box = Box2{box.at(0).get<double>(), box.at(1).get<double>(), box.at(2).get<double>(),
                      box.at(3).get<double>()};
  }
  prompt.window = j.at("window").get<std::string>();
  return prompt;
}

json action_to_json(const Action& action) {
  json j = std::visit(ToJson{}, action);
  j["kind"] = kind_of(action);
  return j;
}

Action action_from_json(const json& j) {
  const auto kind = j.at("kind").get<std::string>();
  if (kind == "ask") {
    return PromptAction{plane_from_json(j.at("plane")), prompt_from_json(j.at("prompt")),
                        optional_from_json(j.at("proposal")), optional_from_json(j.at("target"))};
  }
  if (kind == "choose") return ChooseAction{integer_from(j.at("proposal")), index_from(j.at("candidate"))};
  if (kind == "stroke" || kind == "lasso") return painted_from_json(j, kind);
  if (kind == "name") return NameAction{integer_from(j.at("object")), j.at("name").get<std::string>()};
  if (kind == "split") return SplitAction{integer_from(j.at("object"))};
  if (kind == "everything") return everything_from_json(j);
  if (kind == "import") return import_from_json(j);
  if (kind == "undo") return UndoAction{};
  if (kind == "redo") return RedoAction{};
  return of_objects_from_json(j, kind);
}

}  // namespace sonde
