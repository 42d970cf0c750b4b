// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sonde/annotate/brush.h"
#include "sonde/annotate/objects.h"
#include "sonde/imaging/picture.h"
#include "sonde/imaging/run_length_mask.h"

// What a person does to an image. Each kind of action is described here (core/fields.h), on the wire and in
// the history, with what docs/http.md says of it; plan_steps.h declares what it does.
namespace sonde {

struct PromptAction {
  static constexpr std::string_view kKind = "ask";
  PlaneRef plane;
  PromptWithWindow prompt;
  std::optional<ObjectId> proposal, target;
};
template <class V>
void describe(V& v, PromptAction& action) {
  v.shape("",
          "asks the network. Without `proposal` a new one, else that one is asked again with these prompts. "
          "`target`: an approved object of this image, not locked, to be changed on this slice; where it has "
          "pixels there, they are sent as the mask prompt");
  v("plane", action.plane);
  if constexpr (kIsStored<V>) {
    v("prompt", action.prompt);
  } else {
    describe(v, action.prompt);
  }
  v("proposal", action.proposal);
  v("target", action.target);
}

struct ChooseAction {
  static constexpr std::string_view kKind = "choose";
  ObjectId proposal = 0;
  std::size_t candidate = 0;
};
template <class V>
void describe(V& v, ChooseAction& action) {
  v.shape("", "shows another of the candidates");
  v("proposal", action.proposal);
  v("candidate", action.candidate);
}

struct AcceptAction {
  static constexpr std::string_view kKind = "accept";
  std::vector<ObjectId> objects;
  LabelId label = 0;
};
template <class V>
void describe(V& v, AcceptAction& action) {
  v.shape("",
          "proposals become approved objects (or change their `target`, which keeps its label); the overlap "
          "rule is applied in the order given. One of which no pixel is left stays a proposal; 409 if none "
          "is accepted");
  v("objects", action.objects);
  v("label", action.label);
}

struct DeleteAction {
  static constexpr std::string_view kKind = "delete";
  std::vector<ObjectId> objects;
};
template <class V>
void describe(V& v, DeleteAction& action) {
  v("objects", action.objects);
}

enum class Paint { add, remove };
constexpr auto words(Paint /*paint*/) { return Words{"", "add", "remove"}; }
template <class V>
void describe(V& v, BrushRadii& radii) {
  v.shape("Radii", "half axes of a brush, pixels");
  v.list({"x", "y"}, {.range = kPixelRange}, radii.x, radii.y);
}
struct StrokeAction {
  static constexpr std::string_view kKind = "stroke";
  PlaneRef plane;
  std::optional<ObjectId> object;  // absent: a new approved one with `label`
  LabelId label = 0;
  Paint paint = Paint::add;
  BrushRadii radii;
  std::vector<Point2> points;
};
template <class V>
void describe(V& v, StrokeAction& action) {
  v.shape("",
          "a brush stroke. Without `object` a new approved one with `label` begins. Painting a proposal "
          "changes that proposal alone");
  v("plane", action.plane);
  v("object", action.object);
  v("label", action.label, {.presence = Presence::defaulted});
  v("paint", action.paint);
  v("radii", action.radii);
  v("points", action.points);
}

struct LassoAction {
  static constexpr std::string_view kKind = "lasso";
  PlaneRef plane;
  std::optional<ObjectId> object;
  LabelId label = 0;
  Paint paint = Paint::add;
  std::vector<Point2> polygon;
};
template <class V>
void describe(V& v, LassoAction& action) {
  v.shape("", "as `stroke`: the pixels whose centres lie inside (even-odd)");
  v("plane", action.plane);
  v("object", action.object);
  v("label", action.label, {.presence = Presence::defaulted});
  v("paint", action.paint);
  v("polygon", action.polygon);
}

struct RelabelAction {
  static constexpr std::string_view kKind = "label";
  std::vector<ObjectId> objects;
  LabelId label = 0;
};
template <class V>
void describe(V& v, RelabelAction& action) {
  v("objects", action.objects);
  v("label", action.label);
}

struct NameAction {
  static constexpr std::string_view kKind = "name";
  ObjectId object = 0;
  std::string name;
};
template <class V>
void describe(V& v, NameAction& action) {
  v("object", action.object);
  v("name", action.name);
}

struct LockAction {
  static constexpr std::string_view kKind = "lock";
  std::vector<ObjectId> objects;
};
template <class V>
void describe(V& v, LockAction& action) {
  v.shape("", "approved ones: a locked object refuses everything but `unlock`");
  v("objects", action.objects);
}

struct UnlockAction {
  static constexpr std::string_view kKind = "unlock";
  std::vector<ObjectId> objects;
};
template <class V>
void describe(V& v, UnlockAction& action) {
  v("objects", action.objects);
}

struct MergeAction {
  static constexpr std::string_view kKind = "merge";
  std::vector<ObjectId> objects;
};
template <class V>
void describe(V& v, MergeAction& action) {
  v.shape("", "approved ones, into the first, whose label and name stay");
  v("objects", action.objects);
}

struct SplitAction {
  static constexpr std::string_view kKind = "split";
  ObjectId object = 0;
};
template <class V>
void describe(V& v, SplitAction& action) {
  v.shape("", "an approved one: an object for each connected part, the largest stays; at most 1,000");
  v("object", action.object);
}

struct FillHolesAction {
  static constexpr std::string_view kKind = "fill_holes";
  std::vector<ObjectId> objects;
  Axis axis = Axis::axial;
};
template <class V>
void describe(V& v, FillHolesAction& action) {
  v.shape("", "slice by slice along `axis`");
  v("objects", action.objects);
  v("axis", action.axis);
}

struct DropSpecksAction {
  static constexpr std::string_view kKind = "drop_specks";
  std::vector<ObjectId> objects;
  std::int64_t below = 0;  // pixels or voxels
};
template <class V>
void describe(V& v, DropSpecksAction& action) {
  v.shape("", "connected parts of fewer than `below` pixels or voxels; the largest stays");
  v("objects", action.objects);
  v("below", action.below);
}

struct UndoAction {
  static constexpr std::string_view kKind = "undo";
};
template <class V>
void describe(V& v, UndoAction& /*action*/) {
  v.shape("", "the client's last action on this image");
}

struct RedoAction {
  static constexpr std::string_view kKind = "redo";
};
template <class V>
void describe(V& v, RedoAction& /*action*/) {
  v.shape("", "what the client has undone last");
}

// Proposals of a grid of prompts; those of the same plane that nobody has accepted go.
struct EverythingSettings {
  std::int64_t points_per_side = 32;
  double pred_iou = 0.88, stability = 0.95;
  std::int64_t min_region = 0;  // pixels
};
struct EverythingAction {
  static constexpr std::string_view kKind = "everything";
  PlaneRef plane;
  std::string window;
  EverythingSettings settings;
};
template <class V>
void describe(V& v, EverythingAction& action) {
  EverythingSettings& settings = action.settings;
  v("plane", action.plane);
  v("window", action.window);
  v("points_per_side", settings.points_per_side, {.presence = Presence::defaulted, .note = "32 by default"});
  v("pred_iou", settings.pred_iou,
    {.range = kShareRange, .presence = Presence::defaulted, .note = "0.88 by default"});
  v("stability", settings.stability,
    {.range = kShareRange, .presence = Presence::defaulted, .note = "0.95 by default"});
  v("min_region", settings.min_region, {.presence = Presence::defaulted, .note = "pixels; 0 by default"});
}

// Approved objects from elsewhere. voxels lie on the image's grid; they are not part of what is written.
struct ImportedObject {
  LabelId label = 0;
  std::string name;
  RunLengthMask voxels;
};
template <class V>
void describe(V& v, ImportedObject& object) {
  v("label", object.label);
  v("name", object.name);
}
struct ImportAction {
  static constexpr std::string_view kKind = "import";
  std::string from;  // the file
  std::vector<ImportedObject> objects;
  // What becomes of voxels that several of the objects have. The overlap rule is for objects from elsewhere;
  // old histories, which applied it here too, say nothing.
  enum class Among { overlap_rule, shared } among = Among::shared;
};
constexpr auto words(ImportAction::Among /*among*/) { return Words{"", "overlap_rule", "shared"}; }
template <class V>
void describe(V& v, ImportAction& action) {
  v("from", action.from);
  v("objects", action.objects);
  v("among", action.among, {.presence = Presence::defaulted});
}

// What a request may hold, and what the history does besides.
using RequestedAction =
    std::variant<PromptAction, ChooseAction, AcceptAction, DeleteAction, StrokeAction, LassoAction,
                 RelabelAction, NameAction, LockAction, UnlockAction, MergeAction, SplitAction,
                 FillHolesAction, DropSpecksAction, UndoAction, RedoAction>;
template <class... T>
std::variant<T..., EverythingAction, ImportAction> with_those_of_sonde(std::variant<T...>);
using Action = decltype(with_those_of_sonde(RequestedAction{}));

template <class... T>
std::string_view kind_of(const std::variant<T...>& action) {
  return std::visit([](const auto& one) { return one.kKind; }, action);
}

// What becomes of an approved object that an action takes the last voxel from. `kept`: in the history of a
// sonde that left it without any.
enum class Emptied { kept, removed };
constexpr auto words(Emptied /*emptied*/) { return Words{"", "kept", "removed"}; }

// What the history keeps of an action: all that its changes follow from, besides the objects and the answers.
struct EventInput {
  Action action;
  Overlap overlap = Overlap::keep;
  Emptied emptied = Emptied::kept;
  ObjectId next_object = 1;                           // the first id that is free
  std::optional<std::size_t> first;                   // of a prompt: the candidate that is shown
  std::optional<double> object_score = std::nullopt;  // of a prompt with a class, as answered
};
template <class V>
void describe(V& v, EventInput& input) {
  v("action", input.action);
  v("overlap", input.overlap);
  v("emptied", input.emptied, {.presence = Presence::defaulted});
  v("next_object", input.next_object);
  v("first", input.first, {.presence = Presence::left_out});
  v("object_score", input.object_score, {.presence = Presence::left_out});
}

std::string input_to_json(const EventInput& input);
// Throws nlohmann::json::exception or Error{corrupt_data} for a text that is none.
EventInput input_from_json(const std::string& text);

}  // namespace sonde
