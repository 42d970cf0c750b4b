// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/server/api_testing.h"

namespace sonde {
namespace {

using testing::HasSubstr;

class ApiActions : public testing::Test, protected TestApi {
 protected:
  std::int64_t revision() { return get_json("/api/project")["revision"]; }
  static Json ask(double x, double y) {
    return {{"kind", "ask"},
            {"plane", {{"axis", "axial"}, {"slice", 0}}},
            {"window", "auto"},
            {"points", {{{"x", x}, {"y", y}, {"label", 1}}}}};
  }
};

TEST_F(ApiActions, AStrokeComesBackAsTheMaskThatItPainted) {
  const std::int64_t label = add_label("liver");
  const Response response = act(1, stroke(label, 30, 20));
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(header_of(response, "Content-Type"), "application/x-sonde-bundle");
  const ReadBundle bundle = read_bundle(response.body);
  ASSERT_EQ(bundle.json["changed"].size(), 1u);
  EXPECT_EQ(bundle.json["changed"][0]["state"], "approved");
  EXPECT_EQ(bundle.json["changed"][0]["area"], 81);  // pixels within 5 of a pixel
  EXPECT_EQ(bundle.json["undo"], "stroke");
  EXPECT_EQ(bundle.json["labels"].back()["objects"], 1);
  EXPECT_EQ(bundle.json["image"]["approved"], 1);
  ASSERT_EQ(bundle.masks.size(), 1u);
  EXPECT_EQ(bundle.masks[0].area(), 81);
  EXPECT_EQ(bundle.masks[0].x0, 25);
  EXPECT_EQ(bundle.masks[0].y0, 15);
  EXPECT_EQ(bundle.masks[0].width, 11);
}

TEST_F(ApiActions, AreSeenByOthersOnceAndForAll) {
  const std::int64_t label = add_label("liver");
  const std::int64_t before = revision();
  const std::int64_t first = paint(label, 10, 10);
  const std::int64_t second = paint(label, 40, 20);
  const ReadBundle all = read_bundle(get("/api/images/1/masks?axis=axial&slice=0").body);
  EXPECT_EQ(all.json["changed"].size(), 2u);
  EXPECT_EQ(all.masks.size(), 2u);
  const std::string since = "/api/images/1/changes?axis=axial&slice=0&since=";
  EXPECT_EQ(read_bundle(get(since + std::to_string(before)).body).masks.size(), 2u);
  EXPECT_EQ(read_bundle(get(since + all.json["revision"].dump()).body).masks.size(), 0u);
  act(1, {{"kind", "delete"}, {"objects", {first}}});
  const ReadBundle gone = read_bundle(get(since + all.json["revision"].dump()).body);
  EXPECT_EQ(gone.json["removed"], Json({first}));
  const Json changed = get_json("/api/changes?since=" + all.json["revision"].dump());
  ASSERT_EQ(changed["images"].size(), 1u);
  EXPECT_EQ(changed["images"][0]["approved"], 1);
  EXPECT_EQ(read_bundle(get("/api/images/1/masks?axis=axial&slice=0").body).masks[0].object, second);
}

TEST_F(ApiActions, ThatComeASecondTimeAreNotDoneAgain) {
  const std::int64_t label = add_label("liver");
  const Json request{{"request", "one-request"},
                     {"view", {{"axis", "axial"}, {"slice", 0}}},
                     {"action", stroke(label, 30, 20)}};
  const ReadBundle first = read_bundle(post("/api/images/1/actions", request).body);
  const ReadBundle again = read_bundle(post("/api/images/1/actions", request).body);
  EXPECT_EQ(first.json["changed"], again.json["changed"]);
  EXPECT_EQ(get_json("/api/images/1")["objects"].size(), 1u);
}

TEST_F(ApiActions, ThatAreRefusedChangeNothing) {
  const std::int64_t label = add_label("liver");
  const std::int64_t object = paint(label, 30, 20);
  act(1, {{"kind", "lock"}, {"objects", {object}}});
  const std::int64_t before = revision();
  const Response locked = act(1, {{"kind", "name"}, {"object", object}, {"name", "left"}});
  EXPECT_EQ(locked.status, 409);
  EXPECT_EQ(error_of(locked)["kind"], "conflict");
  EXPECT_EQ(act(1, {{"kind", "delete"}, {"objects", {4711}}}).status, 409);
  EXPECT_EQ(act(1, stroke(label + 17, 5, 5)).status, 422);
  EXPECT_EQ(act(1, ask(60, 0)).status, 422);
  Json sharp = ask(3, 3);
  sharp["window"] = "sharp";
  EXPECT_EQ(act(1, sharp).status, 422);
  // A view that is not there is found before anything is done.
  Json elsewhere{{"request", "another-view"},
                 {"view", {{"axis", "axial"}, {"slice", 9}}},
                 {"action", stroke(label, 10, 10)}};
  EXPECT_EQ(post("/api/images/1/actions", elsewhere).status, 422);
  EXPECT_EQ(act(4, stroke(label, 5, 5)).status, 503);
  EXPECT_EQ(act(99, stroke(label, 5, 5)).status, 404);
  const Json objects = get_json("/api/images/1")["objects"];
  ASSERT_EQ(objects.size(), 1u);
  EXPECT_EQ(objects[0]["name"], "");
  EXPECT_EQ(get_json("/api/images/1")["objects"][0]["revision"], before);
}

TEST_F(ApiActions, AskForThreeCandidatesThenAcceptOne) {
  const std::int64_t label = add_label("liver");
  const ReadBundle asked = read_bundle(act(1, ask(30, 20)).body);
  ASSERT_EQ(asked.json["changed"].size(), 1u);
  const Json& proposal = asked.json["changed"][0];
  EXPECT_EQ(proposal["state"], "proposed");
  EXPECT_EQ(proposal["candidates"].size(), 3u);
  std::int64_t candidates = 0;
  for (const ReadMask& mask : asked.masks) {
    if (!mask.candidate) continue;
    ++candidates;
    EXPECT_EQ(mask.area(), proposal["candidates"][static_cast<std::size_t>(*mask.candidate)]["area"]);
  }
  EXPECT_EQ(candidates, 3);
  EXPECT_GT(asked.json["timing_ms"]["total"].get<double>(), 0.0);
  const Response again = act(1, [&] {
    Json refined = ask(30, 20);
    refined["proposal"] = proposal["id"];
    refined["points"].push_back({{"x", 2}, {"y", 2}, {"label", 0}});
    return refined;
  }());
  EXPECT_EQ(read_bundle(again.body).json["changed"][0]["id"], proposal["id"]);
  const ReadBundle accepted =
      read_bundle(act(1, {{"kind", "accept"}, {"objects", {proposal["id"]}}, {"label", label}}).body);
  EXPECT_EQ(accepted.json["changed"][0]["state"], "approved");
  EXPECT_EQ(accepted.json["undo"], "accept");
  EXPECT_EQ(read_bundle(act(1, {{"kind", "undo"}}).body).json["redo"], "accept");
}

TEST(ApiClasses, AskByNameIsAProposalWithItsObjectScore) {
  TestApi api(tiny_model_of_classes({"liver", "spleen"}));
  const Json classes = api.get_json("/api/project")["model"]["classes"];
  ASSERT_EQ(classes.size(), 2U);
  EXPECT_EQ(classes[1]["name"], "spleen");
  Json ask{{"kind", "ask"},     {"plane", {{"axis", "axial"}, {"slice", 0}}},
           {"window", "auto"},  {"points", Json::array()},
           {"box", nullptr},    {"class", "spleen"},
           {"target", nullptr}, {"proposal", nullptr}};
  const Response response = api.act(1, ask);
  ASSERT_EQ(response.status, 200) << response.body;
  const Json object = read_bundle(response.body).json["changed"][0];
  EXPECT_EQ(object["prompt"]["class"], "spleen");
  EXPECT_TRUE(object["object_score"].is_number());
  EXPECT_EQ(object["candidates"].size(), 4U);  // the single answer first
  ask["class"] = "kidney";
  const Response unknown = api.act(1, ask);
  EXPECT_EQ(unknown.status, 422);
  EXPECT_THAT(unknown.body, testing::HasSubstr("knows liver, spleen"));
}

TEST_F(ApiActions, OfAVolumeAreSeenOnEveryPlane) {
  const std::int64_t label = add_label("liver");
  Json painted = stroke(label, 10, 6);
  painted["plane"] = {{"axis", "coronal"}, {"slice", 7}};
  painted["radii"] = {2.0, 2.0};
  const ReadBundle bundle = read_bundle(act(3, painted).body);
  EXPECT_EQ(bundle.json["changed"][0]["bounds"]["coronal"], Json({7, 7}));
  const Json bounds = bundle.json["changed"][0]["bounds"];
  const auto masks_on = [&](const std::string& axis, const Json& slice) {
    return read_bundle(get("/api/images/3/masks?axis=" + axis + "&slice=" + slice.dump()).body).masks;
  };
  EXPECT_EQ(masks_on("coronal", 7).size(), 1u);
  EXPECT_EQ(masks_on("coronal", 8).size(), 0u);
  EXPECT_EQ(masks_on("axial", bounds["axial"][0]).size(), 1u);
}

TEST_F(ApiActions, FocusEncodesThePictureInTheBackground) {
  const Json focus{{"plane", {{"axis", "axial"}, {"slice", 6}}}, {"window", "auto"}};
  EXPECT_EQ(post("/api/images/3/focus", focus).status, 200);
  const auto state = [&](const std::string& image, int slice) {
    return get_json("/api/images/" + image +
                    "/embedding?axis=axial&window=auto&slice=" + std::to_string(slice))["embedding"];
  };
  const auto comes = [&](const std::string& image, int slice) {
    for (int i = 0; i < 20000 && state(image, slice) != "ready"; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return state(image, slice) == "ready";
  };
  EXPECT_TRUE(comes("3", 6));
  EXPECT_TRUE(comes("3", 5) && comes("3", 9));
  Json wrong = focus;
  wrong["plane"]["slice"] = 12;
  EXPECT_EQ(post("/api/images/3/focus", wrong).status, 422);
  wrong = focus;
  wrong["window"] = "sharp";
  EXPECT_EQ(post("/api/images/3/focus", wrong).status, 422);
  EXPECT_EQ(get("/api/images/3/embedding?axis=axial&window=auto&slice=12").status, 422);
}

TEST_F(ApiActions, APictureThatThisWindowCannotShowSaysSo) {
  const Json focus{{"plane", {{"axis", "axial"}, {"slice", 6}}}, {"window", "none"}};  // beyond 0..255
  post("/api/images/3/focus", focus);
  Json answer;
  for (int i = 0; i < 20000; ++i) {
    answer = get_json("/api/images/3/embedding?axis=axial&window=none&slice=6");
    if (answer["embedding"] == "failed") break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(answer["embedding"], "failed");
  EXPECT_THAT(answer["message"].get<std::string>(), HasSubstr("0..255"));
}

TEST_F(ApiActions, EverythingIsAJob) {
  const Json request{{"plane", {{"axis", "axial"}, {"slice", 0}}},
                     {"window", "auto"},
                     {"points_per_side", 3},
                     {"pred_iou", 0.0},
                     {"stability", 0.0}};
  const Response started = post("/api/images/1/everything", request);
  ASSERT_EQ(started.status, 202) << started.body;
  const Json ended = wait_for_job(Json::parse(started.body));
  ASSERT_EQ(ended["state"], "done") << ended;
  EXPECT_EQ(ended["total"], 9);
  std::int64_t proposals = 0;
  const Json opened = get_json("/api/images/1");
  for (const Json& object : opened["objects"]) proposals += object["source"] == "everything" ? 1 : 0;
  EXPECT_EQ(ended["result"]["proposals"], proposals);
  EXPECT_TRUE(read_masks(get("/api/jobs/" + ended["job"].dump() + "/preview").body).empty());
  EXPECT_EQ(get("/api/jobs/1/preview").status, 404);
  Json wrong = request;
  wrong["points_per_side"] = 0;
  EXPECT_EQ(post("/api/images/1/everything", wrong).status, 422);
  wrong = request;
  wrong["plane"]["slice"] = 1;
  EXPECT_EQ(post("/api/images/1/everything", wrong).status, 422);
}

TEST_F(ApiActions, EverythingShowsWhatItHasSoFarAndStopsWhenAsked) {
  const Json request{{"plane", {{"axis", "axial"}, {"slice", 0}}},
                     {"window", "auto"},
                     {"points_per_side", 128},
                     {"pred_iou", 0.0},
                     {"stability", 0.0}};
  Json job = Json::parse(post("/api/images/1/everything", request).body);
  const std::string target = "/api/jobs/" + job["job"].dump();
  EXPECT_EQ(job["preview"], 0);
  while (job["preview"] == 0 && (job["state"] == "waiting" || job["state"] == "running"))
    job = get_json(target);
  ASSERT_EQ(job["state"], "running");
  const Response preview = get(target + "/preview");
  EXPECT_EQ(header_of(preview, "Content-Type"), "application/x-sonde-masks");
  const auto masks = read_masks(preview.body);
  ASSERT_FALSE(masks.empty());
  for (const ReadMask& mask : masks) EXPECT_LE(mask.x0 + mask.width, 60);
  api().handle(TestApi::request("DELETE", target));
  EXPECT_EQ(wait_for_job(job)["state"], "cancelled");
  EXPECT_TRUE(get_json("/api/images/1")["objects"].empty());
  const Json history = get_json("/api/images/1/history?limit=10");
  for (const Json& event : history["events"]) EXPECT_NE(event["kind"], "everything");
}

TEST_F(ApiActions, ProgressAndHistoryAreKept) {
  EXPECT_EQ(post("/api/images/1/progress", {{"active_ms", 5000}}).status, 200);
  const Json done = Json::parse(post("/api/images/1/progress", {{"active_ms", 1}, {"done", true}}).body);
  EXPECT_EQ(done["image"]["active_ms"], 5001);
  EXPECT_EQ(done["image"]["status"], "done");
  const Json again = Json::parse(post("/api/images/1/progress", {{"done", false}}).body);
  EXPECT_NE(again["image"]["status"], "done");
  EXPECT_EQ(post("/api/images/99/progress", {{"done", true}}).status, 404);
  const std::int64_t label = add_label("liver");
  paint(label, 10, 10);
  paint(label, 40, 20);
  act(1, {{"kind", "undo"}});
  const Json events = get_json("/api/images/1/history?limit=10")["events"];
  ASSERT_GE(events.size(), 2u);
  EXPECT_GT(events[0]["id"], events[1]["id"]);
  EXPECT_EQ(get_json("/api/images/1/history?limit=1")["events"].size(), 1u);
  EXPECT_EQ(get("/api/images/99/history").status, 404);
}

TEST_F(ApiActions, UndoIsOfTheClientThatAsks) {
  const std::int64_t label = add_label("liver");
  const auto post_as = [&](const char* client, const char* request, const Json& action) {
    return post("/api/images/1/actions", {{"request", request},
                                          {"client", client},
                                          {"view", {{"axis", "axial"}, {"slice", 0}}},
                                          {"action", action}});
  };
  const Json first = read_bundle(post_as("first-page", "request-1", stroke(label, 10, 10)).body).json;
  const std::int64_t painted = first["changed"][0]["id"];
  post_as("second-page", "request-2", stroke(label, 40, 20));
  EXPECT_EQ(get_json("/api/images/1?client=third-page")["undo"], nullptr);
  EXPECT_EQ(get_json("/api/images/1?client=second-page")["undo"], "stroke");
  EXPECT_EQ(get("/api/images/1?client=x").status, 400);
  const Json undone = read_bundle(post_as("first-page", "request-3", {{"kind", "undo"}}).body).json;
  EXPECT_EQ(undone["removed"], Json::array({painted}));
  EXPECT_EQ(undone["undo"], nullptr);
  EXPECT_EQ(post_as("first-page", "request-4", {{"kind", "undo"}}).status, 409);
  const auto seen = read_bundle(get("/api/images/1/masks?axis=axial&slice=0&client=second-page").body).json;
  EXPECT_EQ(seen["undo"], "stroke");
  const auto since =
      read_bundle(get("/api/images/1/changes?since=0&axis=axial&slice=0&client=first-page").body).json;
  EXPECT_EQ(since["redo"], "stroke");
}

TEST_F(ApiActions, SaysWhatOverwriteTakes) {
  const std::int64_t label = add_label("liver");
  EXPECT_EQ(post("/api/settings", {{"overlap", "overwrite"}}).status, 200);
  const std::int64_t first = paint(label, 10, 10);
  const Json bundle = read_bundle(act(1, stroke(label, 10, 10)).body).json;
  EXPECT_EQ(bundle["removed"], Json::array({first}));
  EXPECT_EQ(bundle["taken"]["objects"], 1);
  EXPECT_EQ(bundle["taken"]["removed"], 1);
  EXPECT_EQ(bundle["taken"]["area"], bundle["changed"][0]["area"]);
  EXPECT_FALSE(read_bundle(act(1, stroke(label, 40, 20)).body).json.contains("taken"));
}

TEST_F(ApiActions, ExportIsAJobThatWritesUnderTheProject) {
  paint(add_label("liver"), 30, 20);
  const Response started = post("/api/export", {{"format", "png"}, {"each", "labels"}});
  ASSERT_EQ(started.status, 202) << started.body;
  const Json ended = wait_for_job(Json::parse(started.body));
  ASSERT_EQ(ended["state"], "done") << ended;
  const std::filesystem::path exported = ended["result"]["folder"].get<std::string>();
  EXPECT_EQ(exported.parent_path(), folder() / "exports");
  EXPECT_TRUE(std::filesystem::is_directory(exported));
  // Made-up images lie nowhere, so that an exporter that reads them again says so.
  EXPECT_GT(ended["result"]["files"].get<int>() + static_cast<int>(ended["result"]["notes"].size()), 0);
}

}  // namespace
}  // namespace sonde
