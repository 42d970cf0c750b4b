// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "sonde/core/error.h"
#include "sonde/server/wire.h"

namespace sonde::wire {
namespace {

constexpr NumberRange kPixels{-1e6, 1e6};
constexpr NumberRange kShare{0, 1};
constexpr std::int64_t kMaxActiveMs = 60000;

PlaneRef plane_from(const Json& json, const std::string& where) {
  Fields fields(json, where);
  PlaneRef plane;
  const std::string axis = fields.text("axis");
  try {
    plane.axis = parse_axis(axis);
  } catch (const Error& error) {
    throw malformed(fields.path("axis") + ": " + error.what());
  }
  plane.slice = fields.integer("slice");
  fields.finish();
  return plane;
}
PlaneRef plane_at(Fields& fields, const char* name) { return plane_from(fields.at(name), fields.path(name)); }

// One of the names of an enumeration.
template <typename T>
T choice_at(Fields& fields, const char* name, const std::map<std::string_view, T>& choices) {
  const std::string text = fields.text(name);
  if (const auto found = choices.find(text); found != choices.end()) return found->second;
  std::string known;
  for (const auto& [choice, value] : choices)
    known += (known.empty() ? "" : ", ") + ('"' + std::string(choice) + '"');
  throw malformed(fields.path(name) + " must be one of " + known);
}

std::vector<ObjectId> ids_at(Fields& fields, const char* name) {
  std::vector<ObjectId> ids;
  fields.each(name,
              [&](const Json& id, const std::string& where) { ids.push_back(integer_from(id, where)); });
  return ids;
}

std::vector<double> numbers_from(const Json& json, const std::string& where, std::size_t count) {
  if (!json.is_array() || json.size() != count)
    throw malformed(where + " must be a list of " + std::to_string(count) + " numbers");
  std::vector<double> numbers;
  for (const Json& number : json) numbers.push_back(number_from(number, where, kPixels));
  return numbers;
}

std::vector<Point2> positions_at(Fields& fields, const char* name) {
  std::vector<Point2> points;
  fields.each(name, [&](const Json& point, const std::string& where) {
    const auto xy = numbers_from(point, where, 2);
    points.push_back({xy[0], xy[1]});
  });
  return points;
}

PointPrompt prompt_point_from(const Json& json, const std::string& where) {
  Fields fields(json, where);
  PointPrompt point;
  point.position = {fields.number("x", kPixels), fields.number("y", kPixels)};
  const std::int64_t label = fields.integer("label");
  if (label > 1) throw malformed(fields.path("label") + " must be 1 (inside) or 0 (outside)");
  point.label = label == 1 ? PointLabel::foreground : PointLabel::background;
  fields.finish();
  return point;
}

// ---- Actions: the fields of each kind

Paint paint_at(Fields& fields) {
  return choice_at<Paint>(fields, "paint", {{"add", Paint::add}, {"remove", Paint::remove}});
}

Action ask_from(Fields& fields) {
  PromptAction ask;
  ask.plane = plane_at(fields, "plane");
  ask.prompt.window = fields.text("window");
  fields.each("points", [&](const Json& point, const std::string& where) {
    ask.prompt.points.push_back(prompt_point_from(point, where));
  });
  if (const Json* box = fields.find("box")) {
    const auto corners = numbers_from(*box, fields.path("box"), 4);
    ask.prompt.box = Box2{corners[0], corners[1], corners[2], corners[3]};
  }
  ask.proposal = fields.optional_integer("proposal");
  ask.target = fields.optional_integer("target");
  return ask;
}
Action choose_from(Fields& fields) {
  return ChooseAction{fields.integer("proposal"), static_cast<std::size_t>(fields.integer("candidate"))};
}
Action accept_from(Fields& fields) {
  return AcceptAction{ids_at(fields, "objects"), fields.integer("label")};
}
Action delete_from(Fields& fields) { return DeleteAction{ids_at(fields, "objects")}; }
Action stroke_from(Fields& fields) {
  StrokeAction stroke;
  stroke.plane = plane_at(fields, "plane");
  stroke.object = fields.optional_integer("object");
  stroke.label = fields.optional_integer("label").value_or(0);
  stroke.paint = paint_at(fields);
  const auto radii = numbers_from(fields.at("radii"), fields.path("radii"), 2);
  stroke.radii = {radii[0], radii[1]};
  stroke.points = positions_at(fields, "points");
  return stroke;
}
Action lasso_from(Fields& fields) {
  LassoAction lasso;
  lasso.plane = plane_at(fields, "plane");
  lasso.object = fields.optional_integer("object");
  lasso.label = fields.optional_integer("label").value_or(0);
  lasso.paint = paint_at(fields);
  lasso.polygon = positions_at(fields, "polygon");
  return lasso;
}
Action label_from(Fields& fields) {
  return RelabelAction{ids_at(fields, "objects"), fields.integer("label")};
}
Action name_from(Fields& fields) { return NameAction{fields.integer("object"), fields.text("name")}; }
Action lock_from(Fields& fields) { return LockAction{ids_at(fields, "objects"), Lock::locked}; }
Action unlock_from(Fields& fields) { return LockAction{ids_at(fields, "objects"), Lock::open}; }
Action merge_from(Fields& fields) { return MergeAction{ids_at(fields, "objects")}; }
Action split_from(Fields& fields) { return SplitAction{fields.integer("object")}; }
Action fill_holes_from(Fields& fields) {
  return FillHolesAction{
      ids_at(fields, "objects"),
      choice_at<Axis>(fields, "axis",
                      {{"axial", Axis::axial}, {"coronal", Axis::coronal}, {"sagittal", Axis::sagittal}})};
}
Action drop_specks_from(Fields& fields) {
  return DropSpecksAction{ids_at(fields, "objects"), fields.integer("below")};
}
Action undo_from(Fields& /*fields*/) { return UndoAction{}; }
Action redo_from(Fields& /*fields*/) { return RedoAction{}; }

using ReadAction = Action (*)(Fields&);
const std::map<std::string_view, ReadAction>& action_readers() {
  static const std::map<std::string_view, ReadAction> kReaders{{"ask", ask_from},
                                                               {"choose", choose_from},
                                                               {"accept", accept_from},
                                                               {"delete", delete_from},
                                                               {"stroke", stroke_from},
                                                               {"lasso", lasso_from},
                                                               {"label", label_from},
                                                               {"name", name_from},
                                                               {"lock", lock_from},
                                                               {"unlock", unlock_from},
                                                               {"merge", merge_from},
                                                               {"split", split_from},
                                                               {"undo", undo_from},
                                                               {"fill_holes", fill_holes_from},
                                                               {"drop_specks", drop_specks_from},
                                                               {"redo", redo_from}};
  return kReaders;
}

Action action_from(const Json& json, const std::string& where) {
  Fields fields(json, where);
  const ReadAction read = choice_at(fields, "kind", action_readers());
  Action action = read(fields);
  fields.finish();
  return action;
}

std::string client_at(Fields& fields) {
  auto client = fields.maybe_text("client");
  return client ? checked_id(*std::move(client), "client") : "";
}

LabelEdit label_edit_from(Fields& fields) {
  return {fields.maybe_text("name"), fields.maybe_text("colour"), fields.maybe_text("shortcut")};
}

}  // namespace

std::string checked_id(std::string id, const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  };
  if (id.size() < 8 || id.size() > 64 || !std::all_of(id.begin(), id.end(), allowed))
    throw malformed(name + " must be 8 to 64 letters, digits and -");
  return id;
}

ActionRequest parse_action(std::string_view body) {
  const Json json = parse_strictly(body);
  Fields fields(json, "");
  ActionRequest request{checked_id(fields.text("request"), "request"), client_at(fields),
                        plane_at(fields, "view"), action_from(fields.at("action"), "action")};
  fields.finish();
  return request;
}

LabelAction parse_label_action(std::string_view body) {
  const Json json = parse_strictly(body);
  Fields fields(json, "");
  enum class Kind { add, edit, remove };
  const Kind kind = choice_at<Kind>(
      fields, "kind", {{"add_label", Kind::add}, {"edit_label", Kind::edit}, {"delete_label", Kind::remove}});
  LabelAction action;
  switch (kind) {
    case Kind::add:
      fields.text("name");  // must be there
      action = AddLabel{label_edit_from(fields)};
      break;
    case Kind::edit:
      action = EditLabel{fields.integer("label"), label_edit_from(fields)};
      break;
    case Kind::remove:
      action = DeleteLabel{fields.integer("label")};
      break;
  }
  fields.finish();
  return action;
}

Overlap parse_settings(std::string_view body) {
  const Json json = parse_strictly(body);
  Fields fields(json, "");
  const auto overlap = choice_at<Overlap>(
      fields, "overlap",
      {{"keep", Overlap::keep}, {"overwrite", Overlap::overwrite}, {"allow", Overlap::allow}});
  fields.finish();
  return overlap;
}

FocusRequest parse_focus(std::string_view body) {
  const Json json = parse_strictly(body);
  Fields fields(json, "");
  FocusRequest request{plane_at(fields, "plane"), fields.text("window")};
  fields.finish();
  return request;
}

EverythingRequest parse_everything(std::string_view body) {
  const Json json = parse_strictly(body);
  Fields fields(json, "");
  EverythingRequest request{client_at(fields), {plane_at(fields, "plane"), fields.text("window"), {}}};
  EverythingAction& action = request.action;
  EverythingSettings& settings = action.settings;
  settings.points_per_side = fields.optional_integer("points_per_side").value_or(settings.points_per_side);
  settings.pred_iou = fields.maybe_number("pred_iou", kShare).value_or(settings.pred_iou);
  settings.stability = fields.maybe_number("stability", kShare).value_or(settings.stability);
  settings.min_region = fields.optional_integer("min_region").value_or(settings.min_region);
  fields.finish();
  return request;
}

ProgressRequest parse_progress(std::string_view body) {
  const Json json = parse_strictly(body);
  Fields fields(json, "");
  ProgressRequest request;
  if (const auto active = fields.optional_integer("active_ms")) {
    if (*active > kMaxActiveMs) throw malformed("active_ms may be at most 60000");
    request.active = std::chrono::milliseconds(*active);
  }
  request.done = fields.maybe_flag("done");
  fields.finish();
  if (!request.active && !request.done) throw malformed("give active_ms or done");
  return request;
}

ExportRequest parse_export(std::string_view body) {
  const Json json = parse_strictly(body);
  Fields fields(json, "");
  ExportRequest request;
  request.format_name = fields.text("format");
  try {
    request.format = parse_export_format(request.format_name);
  } catch (const Error& error) {
    throw malformed(error.what());
  }
  request.each = choice_at<ExportEach>(fields, "each",
                                       {{"labels", ExportEach::labels}, {"objects", ExportEach::objects}});
  fields.finish();
  return request;
}

}  // namespace sonde::wire
