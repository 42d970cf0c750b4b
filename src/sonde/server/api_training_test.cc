// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/server/api_testing.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ApiTrainingTest : public testing::Test, protected TestApi {
 protected:
  // Two objects on each of the three images that can be read.
  void approve_enough() {
    const std::int64_t label = add_label("disc");
    for (const ImageId image : {1, 2, 3}) {
      EXPECT_EQ(get("/api/images/" + std::to_string(image)).status, 200);
      for (const double x : {6.0, 14.0}) EXPECT_EQ(act(image, stroke(label, x, 8)).status, 200);
    }
  }
  void hold() const { std::ofstream(train_folder() / "hold"); }
  void let_go() const { fs::remove(train_folder() / "hold"); }
  Json start(const Json& request = {{"steps", 5}}) {
    const Response started = post("/api/training", request);
    EXPECT_EQ(started.status, 202) << started.body;
    return Json::parse(started.body);
  }
  Json train() { return wait_for_job(start()); }
  std::int64_t starts() const {
    std::ifstream file(train_folder() / "starts");
    std::int64_t count = 0;
    for (std::string line; std::getline(file, line);) ++count;
    return count;
  }
  Json wait_until_reported(const Json& job) {
    for (int i = 0; i < 20000; ++i) {
      const Json now = get_json("/api/jobs/" + job["job"].dump());
      if (now["total"] != 0 || now["state"] == "failed") return now;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    throw std::runtime_error("a training that says nothing");
  }
  Json model() { return get_json("/api/project")["model"]; }
  Json compare(std::int64_t training) {
    return {{"training", training},
            {"plane", {{"axis", "axial"}, {"slice", 0}}},
            {"points", Json::array({{{"x", 30.0}, {"y", 20.0}, {"label", 1}}})},
            {"box", nullptr},
            {"window", "none"}};
  }
};

TEST_F(ApiTrainingTest, IsRefusedWhereTooLittleIsApprovedAndSaysHowMuchIsNeeded) {
  const Json list = get_json("/api/training");
  EXPECT_EQ(list["objects"], 0);
  EXPECT_THAT(list["missing"].get<std::string>(), HasSubstr("at least 6 objects in 3 images"));
  paint(add_label("disc"), 20, 20);
  const Response refused = post("/api/training", {{"steps", 5}});
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(error_of(refused)["message"].get<std::string>(), HasSubstr("1 object in 1 image"));
  EXPECT_EQ(get_json("/api/training")["trainings"].size(), 0u);
  EXPECT_FALSE(fs::exists(folder() / "training"));
}

TEST_F(ApiTrainingTest, RefusesWhatItDoesNotKnow) {
  for (const Json& wrong :
       std::vector<Json>{{{"what", "full"}}, {{"steps", 0.5}}, {{"steps", 10001}}, {{"lr", 1}}})
    EXPECT_EQ(post("/api/training", wrong).status, 400) << wrong;
  EXPECT_EQ(post("/api/training", {{"go_on", 7}}).status, 404);
  EXPECT_EQ(post("/api/model", {{"training", 7}}).status, 404);
  EXPECT_EQ(post("/api/images/1/compare", compare(7)).status, 404);
  EXPECT_EQ(get("/api/training/7/report").status, 404);
}

TEST_F(ApiTrainingTest, TrainsOnACopyAndTellsWhatCameOfIt) {
  approve_enough();
  EXPECT_EQ(get_json("/api/training")["missing"], nullptr);
  const Json ended = train();
  EXPECT_EQ(ended["state"], "done") << ended;
  EXPECT_EQ(ended["result"], Json({{"training", 1}}));
  const Json training = get_json("/api/training")["trainings"][0];
  EXPECT_EQ(training["state"], "done");
  EXPECT_EQ(training["what"], "lora");
  EXPECT_EQ(training["steps"], 5);
  EXPECT_EQ(training["file"], "training/1/model.safetensors");
  EXPECT_EQ(training["test"][0]["before"], 0.4);
  EXPECT_EQ(training["test"][0]["after"], 0.7);
  EXPECT_EQ(training["guards"][0]["passed"], false);
  EXPECT_EQ(training["report"], false);
  EXPECT_FALSE(fs::exists(folder() / "training/1.copy"));
  std::ofstream(folder() / "training/1/report.html") << "<p>report</p>";
  const Response report = get("/api/training/1/report");
  EXPECT_EQ(report.body, "<p>report</p>");
  EXPECT_THAT(header_of(report, "Content-Security-Policy"), HasSubstr("sandbox"));
}

TEST_F(ApiTrainingTest, IsFollowedStoppedAndGoneOnWith) {
  approve_enough();
  hold();
  const Json job = start();
  const Json shown = wait_until_reported(job);
  EXPECT_EQ(shown["message"], "reading and encoding the pictures");
  EXPECT_EQ(shown["total"], 2);
  EXPECT_EQ(get_json("/api/jobs")["jobs"][0]["kind"], "training");
  EXPECT_EQ(get_json("/api/training")["trainings"][0]["state"], "running");
  EXPECT_EQ(post("/api/training", {{"steps", 5}}).status, 409);
  // Other work does not wait for it.
  const Json exported = Json::parse(post("/api/export", {{"format", "png"}, {"each", "labels"}}).body);
  EXPECT_EQ(wait_for_job(exported)["kind"], "export");
  EXPECT_EQ(api().handle(request("DELETE", "/api/jobs/" + job["job"].dump())).status, 200);
  EXPECT_EQ(wait_for_job(job)["state"], "cancelled");
  EXPECT_EQ(get_json("/api/training")["trainings"][0]["state"], "stopped");
  EXPECT_EQ(post("/api/model", {{"training", 1}}).status, 404);
  let_go();
  EXPECT_EQ(wait_for_job(start({{"go_on", 1}}))["state"], "done");
  EXPECT_EQ(starts(), 2);
  EXPECT_EQ(post("/api/training", {{"go_on", 1}}).status, 422);
}

TEST_F(ApiTrainingTest, SaysWhatTheTrainerSaidLastWhereItFails) {
  approve_enough();
  std::ofstream(train_folder() / "fail") << "the gradient self-test failed\nnote: see the log\n";
  const Json ended = train();
  EXPECT_EQ(ended["state"], "failed");
  EXPECT_EQ(ended["message"], "the gradient self-test failed");
  EXPECT_EQ(get_json("/api/training")["trainings"][0]["state"], "stopped");
}

TEST_F(ApiTrainingTest, ComparesWeightsAndLetsTheChosenOnesAnswer) {
  approve_enough();
  const std::string before = model()["sha256"];
  const std::int64_t revision = get_json("/api/project")["revision"];
  train();
  const Response masks = post("/api/images/1/compare", compare(1));
  EXPECT_EQ(masks.status, 200) << masks.body;
  EXPECT_EQ(masks.body.substr(0, 4), "SNDM");
  EXPECT_EQ(get_json("/api/project")["revision"], revision);  // it goes into no history

  const Response chosen = post("/api/model", {{"training", 1}});
  ASSERT_EQ(chosen.status, 200) << chosen.body;
  const Json now = Json::parse(chosen.body);
  EXPECT_EQ(now["training"], 1);
  EXPECT_NE(now["sha256"], before);
  EXPECT_EQ(get_json("/api/changes?since=0")["model"], now);
  const Json event = get_json("/api/images/1/history")["events"][0];
  EXPECT_EQ(event["kind"], "model");
  EXPECT_THAT(event["summary"].get<std::string>(), HasSubstr(now["sha256"].get<std::string>().substr(0, 12)));
  const auto kept = project().chosen_model().value();
  EXPECT_EQ(kept.file, "training/1/model.safetensors");
  EXPECT_EQ(kept.sha256, now["sha256"]);

  post("/api/model", {{"training", nullptr}});
  EXPECT_EQ(model()["sha256"], before);
  EXPECT_EQ(project().chosen_model(), std::nullopt);
  EXPECT_EQ(project().models_chosen(), std::vector{kept});
}

TEST_F(ApiTrainingTest, AnswersWithTheChosenWeightsAndReplaysBothKinds) {
  approve_enough();
  train();
  const Json ask{{"kind", "ask"},
                 {"plane", {{"axis", "axial"}, {"slice", 0}}},
                 {"points", Json::array({{{"x", 30.0}, {"y", 20.0}, {"label", 1}}})},
                 {"box", nullptr},
                 {"window", "none"},
                 {"proposal", nullptr},
                 {"target", nullptr}};
  ASSERT_EQ(act(1, ask).status, 200);
  post("/api/model", {{"training", 1}});
  ASSERT_EQ(act(1, ask).status, 200);
  AskTimes times;
  const std::vector both{service().segmenter(times, service().first_model()),
                         service().segmenter(times, service().model())};
  EXPECT_THAT(project().replay(both).faults, testing::IsEmpty());
  const auto faults = project().replay(both.front()).faults;
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].kind, ReplayFault::Kind::another_model);
}

TEST_F(ApiTrainingTest, ChoosesAgainWhatWasChosenBefore) {
  approve_enough();
  train();
  post("/api/model", {{"training", 1}});
  const std::string chosen = model()["sha256"];
  ImageService next(project(), {tiny_model(), std::nullopt}, [](const ImageSource&) { return Volume{}; });
  Trainings again(project(), next, options());
  EXPECT_EQ(again.choose_again(), std::nullopt);
  EXPECT_EQ(next.model().sha256(), chosen);
  EXPECT_EQ(again.model_facts().training, 1);
  fs::remove(folder() / "training/1/model.safetensors");
  EXPECT_THAT(Trainings(project(), next, options()).choose_again().value(),
              HasSubstr("in place of training 1"));
}

}  // namespace
}  // namespace sonde
