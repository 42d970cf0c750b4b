// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/data_testing.h"
#include "sonde/server/wire.h"

namespace sonde::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Json golden(const std::string& name) {
  std::ifstream file(test_data_folder() / "wire" / (name + ".json"));
  return Json::parse(file);
}

template <typename T>
T example_action(const std::string& name) {
  const ActionRequest request = parse<ActionRequest>(golden("actions").at(name).dump());
  EXPECT_EQ(request.view, (PlaneRef{Axis::axial, 71}));
  EXPECT_EQ(request.request.substr(0, 9), "0b54f1a2-");
  return std::get<T>(request.action);
}

const PlaneRef kAxial71{Axis::axial, 71};

TEST(WireActions, OfTheExamplesAllParseToTheirKind) {
  const Json examples = golden("actions");
  EXPECT_EQ(examples.size(), 20u);
  for (const auto& [name, example] : examples.items()) {
    const ActionRequest request = parse<ActionRequest>(example.dump());
    EXPECT_EQ(kind_of(request.action), example["action"]["kind"].get<std::string>()) << name;
  }
}

TEST(WireActions, AskCarriesItsPrompt) {
  const auto first = example_action<PromptAction>("ask");
  EXPECT_EQ(first.plane, kAxial71);
  EXPECT_EQ(first.prompt.window, "auto");
  ASSERT_EQ(first.prompt.points.size(), 2u);
  EXPECT_EQ(first.prompt.points[1].position, (Point2{3.5, 4.25}));
  EXPECT_EQ(first.prompt.points[0].label, PointLabel::foreground);
  EXPECT_EQ(first.prompt.points[1].label, PointLabel::background);
  EXPECT_FALSE(first.prompt.box || first.proposal || first.target);
  const auto again = example_action<PromptAction>("ask again");
  EXPECT_EQ(again.prompt.box, (Box2{1, 2, 30.5, 40}));
  EXPECT_EQ(again.proposal, 12);
  EXPECT_EQ(example_action<PromptAction>("ask to change").target, 14);
  EXPECT_FALSE(again.prompt.class_name);
  EXPECT_EQ(example_action<PromptAction>("ask for a class").prompt.class_name, "liver");
}

TEST(WireActions, StrokeAndLassoCarryTheirShapes) {
  const auto fresh = example_action<StrokeAction>("stroke of a new object");
  EXPECT_FALSE(fresh.object);
  EXPECT_EQ(fresh.label, 2);
  EXPECT_EQ(fresh.paint, Paint::add);
  EXPECT_EQ(fresh.radii, (BrushRadii{4.5, 4.5}));
  EXPECT_THAT(fresh.points, ElementsAre(Point2{10, 20}, Point2{11.25, 20.5}));
  const auto more = example_action<StrokeAction>("stroke");
  EXPECT_EQ(more.object, 14);
  EXPECT_EQ(more.paint, Paint::remove);
  const auto lasso = example_action<LassoAction>("lasso");
  EXPECT_EQ(lasso.plane, (PlaneRef{Axis::sagittal, 3}));
  EXPECT_THAT(lasso.polygon, ElementsAre(Point2{1, 1}, Point2{9, 1}, Point2{5, 8.5}));
}

TEST(WireActions, OnObjectsCarryThem) {
  EXPECT_EQ(example_action<ChooseAction>("choose").candidate, 2u);
  EXPECT_THAT(example_action<AcceptAction>("accept").objects, ElementsAre(12, 20));
  EXPECT_EQ(example_action<AcceptAction>("accept").label, 1);
  EXPECT_THAT(example_action<DeleteAction>("delete").objects, ElementsAre(14));
  EXPECT_EQ(example_action<RelabelAction>("label").label, 2);
  EXPECT_EQ(example_action<NameAction>("name").name, "left lobe");
  EXPECT_THAT(example_action<LockAction>("lock").objects, ElementsAre(14));
  EXPECT_THAT(example_action<UnlockAction>("unlock").objects, ElementsAre(14));
  EXPECT_THAT(example_action<MergeAction>("merge").objects, ElementsAre(14, 17));
  EXPECT_EQ(example_action<SplitAction>("split").object, 14);
  EXPECT_EQ(example_action<FillHolesAction>("fill holes").axis, Axis::coronal);
  EXPECT_EQ(example_action<DropSpecksAction>("drop specks").below, 20);
}

TEST(WireRequests, OfTheExamplesAllParse) {
  const Json labels = golden("label_actions");
  EXPECT_EQ(std::get<AddLabel>(parse<LabelAction>(labels["add"].dump())).label.shortcut, "3");
  EXPECT_FALSE(std::get<AddLabel>(parse<LabelAction>(labels["add with defaults"].dump())).label.colour);
  EXPECT_EQ(std::get<EditLabel>(parse<LabelAction>(labels["edit"].dump())).edit.shortcut, "");
  EXPECT_FALSE(std::get<EditLabel>(parse<LabelAction>(labels["edit the shortcut"].dump())).edit.name);
  EXPECT_EQ(std::get<DeleteLabel>(parse<LabelAction>(labels["delete"].dump())).label, 2);
  EXPECT_EQ(parse<SettingsRequest>(golden("settings")["request"].dump()).overlap, Overlap::allow);
  EXPECT_EQ(parse<FocusRequest>(golden("focus")["request"].dump()).plane, kAxial71);
  const Json grids = golden("everything");
  const EverythingAction own = parse<EverythingRequest>(grids["request"].dump()).action;
  EXPECT_EQ(own.settings.points_per_side, 16);
  EXPECT_EQ(own.settings.min_region, 10);
  EXPECT_EQ(parse<EverythingRequest>(grids["request with defaults"].dump()).action.settings.pred_iou, 0.88);
  const Json progress = golden("progress")["requests"];
  EXPECT_EQ(parse<ProgressRequest>(progress[0].dump()).active_ms, 5000);
  EXPECT_EQ(parse<ProgressRequest>(progress[1].dump()).done, true);
  EXPECT_EQ(parse<ProgressRequest>(progress[2].dump()).done, false);
  const Json training = golden("training");
  EXPECT_EQ(parse<TrainingRequest>(training["requests"][0].dump()).settings.what, TrainingPart::decoder);
  EXPECT_EQ(parse<TrainingRequest>(training["requests"][1].dump()).settings.steps, 200);
  EXPECT_EQ(parse<TrainingRequest>(training["requests"][2].dump()).go_on, 2);
  EXPECT_EQ(parse<ModelRequest>(training["model"].dump()).training, 2);
  EXPECT_EQ(parse<ModelRequest>(training["model before"].dump()).training, std::nullopt);
  EXPECT_EQ(parse<CompareRequest>(training["compare"].dump()).prompt.points.size(), 1u);
  const Json exports = golden("export")["requests"];
  for (const Json& example : exports) {
    const ExportRequest request = parse<ExportRequest>(example.dump());
    EXPECT_EQ(request.each == ExportEach::objects, example["each"] == "objects");
  }
}

// What is said of an action that is refused.
std::string refusal_of_text(const std::string& body) {
  try {
    parse<ActionRequest>(body);
  } catch (const RefusedRequest& refused) {
    EXPECT_EQ(refused.status(), 400) << body;
    return refused.what();
  }
  ADD_FAILURE() << "was taken: " << body;
  return "";
}
std::string refusal_of(const Json& body) { return refusal_of_text(body.dump()); }

TEST(WireRequests, RefuseWhatIsNotAsItIsWrittenDown) {
  const Json good = golden("actions")["ask"];
  const auto with = [&](const char* pointer, Json value) {
    Json changed = good;
    changed[Json::json_pointer(pointer)] = std::move(value);
    return changed;
  };
  EXPECT_THAT(refusal_of(with("/action/colour", 1)), HasSubstr("\"colour\" is not known"));
  EXPECT_THAT(refusal_of(with("/more", 1)), HasSubstr("\"more\" is not known"));
  EXPECT_THAT(refusal_of(with("/action/kind", "paint")), HasSubstr("must be one of"));
  EXPECT_THAT(refusal_of(with("/action/kind", 7)), HasSubstr("must be a text"));
  EXPECT_THAT(refusal_of(with("/action/points", "none")), HasSubstr("must be a list"));
  EXPECT_THAT(refusal_of(with("/action/points/0", Json::array())), HasSubstr("points[0] must be an object"));
  EXPECT_THAT(refusal_of(with("/action/points/0/x", "1")), HasSubstr("points[0].x must be a number"));
  EXPECT_THAT(refusal_of(with("/action/points/0/x", 1e7)), HasSubstr("must be within"));
  EXPECT_THAT(refusal_of(with("/action/points/0/label", 2)), HasSubstr("inside"));
  EXPECT_THAT(refusal_of(with("/action/box", {1, 2, 3})), HasSubstr("list of 4 numbers"));
  EXPECT_THAT(refusal_of(with("/action/proposal", -1)), HasSubstr("whole number"));
  EXPECT_THAT(refusal_of(with("/action/proposal", 1.5)), HasSubstr("whole number"));
  EXPECT_THAT(refusal_of(with("/action/proposal", std::uint64_t{1} << 63)), HasSubstr("whole number"));
  EXPECT_THAT(refusal_of(with("/action/plane/axis", "oblique")), HasSubstr("axial"));
  EXPECT_THAT(refusal_of(with("/action/window", std::string(5000, 'x'))), HasSubstr("longer than"));
  EXPECT_THAT(refusal_of(with("/view", nullptr)), HasSubstr("view must be an object"));
  EXPECT_THAT(refusal_of(with("/request", "short")), HasSubstr("8 to 64"));
  EXPECT_THAT(refusal_of(with("/request", "with spaces in it")), HasSubstr("8 to 64"));
  Json without = good;
  without["action"].erase("window");
  EXPECT_THAT(refusal_of(without), HasSubstr("action.window is missing"));
}

TEST(WireRequests, MayNameTheClient) {
  Json request = golden("actions")["ask"];
  EXPECT_EQ(parse<ActionRequest>(request.dump()).client, "");
  request["client"] = "0b54f1a2-page";
  EXPECT_EQ(parse<ActionRequest>(request.dump()).client, "0b54f1a2-page");
  request["client"] = "a page";
  EXPECT_THAT(refusal_of(request), HasSubstr("client must be 8 to 64"));
  Json everything = golden("everything")["request"];
  everything["client"] = "0b54f1a2-page";
  EXPECT_EQ(parse<EverythingRequest>(everything.dump()).client, "0b54f1a2-page");
}

TEST(WireRequests, RefuseWhatIsNoJson) {
  EXPECT_THAT(refusal_of_text(""), HasSubstr("not JSON"));
  EXPECT_THAT(refusal_of_text("{} {}"), HasSubstr("not JSON"));
  EXPECT_THAT(refusal_of_text("[1]"), HasSubstr("must be an object"));
  EXPECT_THAT(refusal_of_text("{\"request\": NaN}"), HasSubstr("not JSON"));
  EXPECT_THAT(refusal_of_text("{\"request\": 1e999}"), HasSubstr("too large"));
  EXPECT_THAT(refusal_of_text("{\"request\": \"\xff\xfe\"}"), HasSubstr("not JSON"));
  EXPECT_THAT(refusal_of_text(R"({"request": "a", "request": "b"})"), HasSubstr("comes twice"));
  EXPECT_THAT(refusal_of_text(std::string(100000, '[')), HasSubstr("nested"));
}

TEST(WireRequests, RefuseMoreThanAMinuteAtOnceAndNothingAtAll) {
  EXPECT_THROW(parse<ProgressRequest>(R"({"active_ms": 60001})"), RefusedRequest);
  EXPECT_THROW(parse<ProgressRequest>("{}"), RefusedRequest);
  EXPECT_THROW(parse<ExportRequest>(R"({"format": "jpeg", "each": "labels"})"), RefusedRequest);
  EXPECT_THROW(parse<LabelAction>(R"({"kind": "add_label", "colour": "#000000"})"), RefusedRequest);
}

}  // namespace
}  // namespace sonde::wire
