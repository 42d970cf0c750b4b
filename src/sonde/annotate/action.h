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

// What a person does to an image, as docs/http.md describes it ("ACTION").
namespace sonde {

struct PromptAction {
  PlaneRef plane;
  PromptWithWindow prompt;
  std::optional<ObjectId> proposal;  // asked again with these prompts
  std::optional<ObjectId> target;
};
struct ChooseAction {
  ObjectId proposal = 0;
  std::size_t candidate = 0;
};
struct AcceptAction {
  std::vector<ObjectId> objects;
  LabelId label = 0;
};
struct DeleteAction {
  std::vector<ObjectId> objects;
};
enum class Paint { add, remove };
struct StrokeAction {
  PlaneRef plane;
  std::optional<ObjectId> object;  // absent: a new approved one with `label`
  LabelId label = 0;
  Paint paint = Paint::add;
  BrushRadii radii;
  std::vector<Point2> points;
};
struct LassoAction {
  PlaneRef plane;
  std::optional<ObjectId> object;
  LabelId label = 0;
  Paint paint = Paint::add;
  std::vector<Point2> polygon;
};
struct RelabelAction {
  std::vector<ObjectId> objects;
  LabelId label = 0;
};
struct NameAction {
  ObjectId object = 0;
  std::string name;
};
struct LockAction {
  std::vector<ObjectId> objects;
  Lock lock = Lock::locked;
};
struct MergeAction {
  std::vector<ObjectId> objects;
};
struct SplitAction {
  ObjectId object = 0;
};
struct FillHolesAction {
  std::vector<ObjectId> objects;
  Axis axis = Axis::axial;
};
struct DropSpecksAction {
  std::vector<ObjectId> objects;
  std::int64_t below = 0;  // pixels or voxels
};
// Proposals of a grid of prompts; those of the same plane that nobody has accepted go.
struct EverythingSettings {
  std::int64_t points_per_side = 32;
  double pred_iou = 0.88, stability = 0.95;
  std::int64_t min_region = 0;  // pixels
};
struct EverythingAction {
  PlaneRef plane;
  std::string window;
  EverythingSettings settings;
};
// Approved objects from elsewhere. voxels lie on the image's grid.
struct ImportedObject {
  LabelId label = 0;
  std::string name;
  RunLengthMask voxels;
};
struct ImportAction {
  std::string from;  // the file
  std::vector<ImportedObject> objects;
  // What becomes of voxels that several of the objects have. The overlap rule is for objects from elsewhere;
  // old histories, which applied it here too, say nothing.
  enum class Among { overlap_rule, shared } among = Among::shared;
};
struct UndoAction {};
struct RedoAction {};

using Action = std::variant<PromptAction, ChooseAction, AcceptAction, DeleteAction, StrokeAction, LassoAction,
                            RelabelAction, NameAction, LockAction, MergeAction, SplitAction, FillHolesAction,
                            DropSpecksAction, EverythingAction, ImportAction, UndoAction, RedoAction>;

std::string_view kind_of(const Action& action);  // "ask", "choose", ..., as in docs/http.md

}  // namespace sonde
