// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/train.h"

#include <chrono>
#include <csignal>
#include <fstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/train/train_testing.h"
#include "sonde/weights/checkpoint.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class TrainTest : public testing::Test {
 protected:
  ~TrainTest() override {
    PlainTuner::disturb() = {};
    PlainTuner::gradient_fault() = 0;
  }
  TrainResult run(const TrainRequest& request, const TrainHooks& hooks = {}) {
    return train(request, base_, kPlainPlugin, hooks);
  }
  // What training throws; nothing may be left of a run that is refused at once.
  std::string refusal(const TrainRequest& request, ErrorKind kind = ErrorKind::usage) {
    try {
      run(request);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "nothing was refused";
    return "";
  }
  static std::string result_of(const fs::path& out) {
    std::string all;
    for (const char* name : {"model.safetensors", "adapter.safetensors", "card.json", "validation.csv",
                             "guard.csv", "state/step_14.safetensors", "state/step_14.json"})
      all += content_of(out / name);
    return all;
  }

  const TestFolder folder_;
  const fs::path root_ = folder_.path(), data_ = write_square_set(root_ / "squares", 10);
  const BaseModel base_ = small_base();
  const TrainRequest request_ = small_request(data_, root_ / "run");
};

TEST_F(TrainTest, WritesTheFilesOfARunWithACardInTheModel) {
  const TrainResult result = run(request_);
  EXPECT_EQ(result.end, TrainResult::End::done);
  EXPECT_EQ(result.steps, 14);
  const fs::path out = request_.out;
  const Checkpoint model = load_checkpoint(out / "model.safetensors");
  EXPECT_EQ(model.tensors.size(), base_.tensors.size());
  EXPECT_EQ(load_checkpoint(out / "model.pth").tensors.size(), base_.tensors.size());
  ASSERT_TRUE(model.card);
  EXPECT_EQ(model.card->parent_sha256, std::string(64, 'a'));
  EXPECT_EQ(model.card->tuned, "lora");
  EXPECT_FALSE(model.card->test.empty());
  EXPECT_EQ(model.card->data.at(0).pictures, 10);
  EXPECT_THAT(content_of(out / "split.csv"), HasSubstr("squares,ima.png,"));
  EXPECT_THAT(content_of(out / "train.csv"), HasSubstr("\n14,"));
  for (const char* part : {"\n0,squares,validation,1 point,single,", "\n4,squares,validation,",
                           "\n14,squares,validation,", ",squares,test,5 clicks,oracle,"})
    EXPECT_THAT(content_of(out / "validation.csv"), HasSubstr(part));
  EXPECT_THAT(content_of(out / "guard.csv"), HasSubstr("box kept: IoU,"));
  EXPECT_FALSE(fs::exists(out / "pictures"));
  EXPECT_EQ(run(request_).end, TrainResult::End::done_before);
}

TEST_F(TrainTest, GivesTheSameBytesAgainAndOthersForAnotherSeed) {
  TrainRequest again = request_, other = request_;
  again.out = root_ / "again";
  other.out = root_ / "other";
  other.settings.seed = 2;
  run(request_);
  run(again);
  run(other);
  const auto state = [](const TrainRequest& of) {
    return content_of(of.out / "state" / "step_14.safetensors");
  };
  EXPECT_TRUE(state(request_) == state(again));
  EXPECT_FALSE(state(request_) == state(other));
  EXPECT_EQ(content_of(request_.out / "validation.csv"), content_of(again.out / "validation.csv"));
}

TEST_F(TrainTest, StopsAtTheNextGoodStepAndGoesOnToTheSameBytes) {
  TrainRequest whole = request_;
  whole.out = root_ / "whole" / "run";  // the card has the folder's name
  run(whole);
  for (int at = 1; at <= 13; at += 4) {
    std::atomic<bool> stop = false;
    TrainRequest stopped = request_;
    stopped.out = root_ / std::to_string(at) / "run";
    TrainHooks hooks{.progress = [&](const TrainProgress& p) { stop = stop || p.step == at; }, .stop = &stop};
    EXPECT_EQ(run(stopped, hooks).end, TrainResult::End::stopped);
    EXPECT_EQ(run(stopped).end, TrainResult::End::done);
    EXPECT_TRUE(result_of(stopped.out) == result_of(whole.out)) << at;
  }
}

// The same run in a process of its own, which is killed after `ms`. Returns how it ended.
int run_in_child(const TrainRequest& request, const BaseModel& base, int ms,
                 rlim_t largest_file = RLIM_INFINITY) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{largest_file, largest_file};
    if (largest_file != RLIM_INFINITY) ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      train(request, base, kPlainPlugin);
      ::_exit(0);
    } catch (const Error& error) {
      ::_exit(error.kind() == ErrorKind::unavailable ? 3 : 4);
    } catch (...) {
      ::_exit(5);
    }
  }
  if (ms >= 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
    ::kill(child, SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

TEST_F(TrainTest, IsKilledAtTenMomentsAndGoesOnToTheSameBytes) {
  TrainRequest whole = request_, killed = request_;
  whole.out = root_ / "whole" / "run";
  killed.out = root_ / "killed" / "run";
  const auto began = std::chrono::steady_clock::now();
  ASSERT_EQ(run_in_child(whole, base_, -1), 0);
  const double ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
  int kills = 0;
  for (int i = 1; i <= 10; ++i) {  // each goes on from where the one before was killed, or anew
    if (i % 3 == 1) fs::remove_all(killed.out);
    kills += run_in_child(killed, base_, static_cast<int>(ms * i / 11)) == -SIGKILL ? 1 : 0;
  }
  EXPECT_GT(kills, 3);
  EXPECT_EQ(run_in_child(killed, base_, -1), 0);
  EXPECT_TRUE(result_of(killed.out) == result_of(whole.out));
}

TEST_F(TrainTest, GoesOnToTheSameBytesOnceTheDiskIsNoLongerFull) {
  TrainRequest whole = request_, full = request_;
  whole.out = root_ / "whole" / "run";
  full.out = root_ / "full" / "run";
  ASSERT_EQ(run_in_child(whole, base_, -1), 0);
  const auto model = fs::file_size(whole.out / "model.safetensors");
  for (const rlim_t largest : {rlim_t{100}, rlim_t{900}, rlim_t{9000}, static_cast<rlim_t>(model - 1)})
    EXPECT_EQ(run_in_child(full, base_, -1, largest), 3) << largest;
  EXPECT_FALSE(fs::exists(full.out / "model.safetensors"));
  EXPECT_EQ(run_in_child(full, base_, -1), 0);
  EXPECT_TRUE(result_of(full.out) == result_of(whole.out));
}

TEST_F(TrainTest, RefusesToGoOnWithOtherSettingsOrDataAndNamesThem) {
  std::atomic<bool> stop = false;
  run(request_, {.progress = [&](const TrainProgress& p) { stop = p.step > 0; }, .stop = &stop});
  TrainRequest other = request_;
  other.settings.jitter = 0.2;
  EXPECT_THAT(refusal(other), HasSubstr("another --jitter: 0.1, not 0.2"));
  other = request_;
  other.settings.split.test = 0.3;
  EXPECT_THAT(refusal(other), HasSubstr("--test"));
  write_square_picture(data_, "ima", 17);
  EXPECT_THAT(refusal(request_), HasSubstr("another data SHA-256"));
  fs::create_directories(root_ / "mine");
  write_text(root_ / "mine" / "thesis.txt", "mine");
  other = request_;
  other.out = root_ / "mine";
  EXPECT_THAT(refusal(other), HasSubstr("holds no training"));
  EXPECT_FALSE(fs::exists(root_ / "mine" / "run.json"));
}

TEST_F(TrainTest, SkipsAStepThatIsNotFiniteAndStopsAfterThree) {
  PlainTuner::disturb() = [](std::int64_t step, StepResult& result) {
    if (step == 5) {
      result.gradient_norm = std::numeric_limits<double>::quiet_NaN();
      result.bad_parameter = "mask_decoder.x";
    }
  };
  run(request_);
  EXPECT_THAT(
      content_of(request_.out / "state" / "bad_5.json"),
      testing::AllOf(HasSubstr("mask_decoder.x"), HasSubstr("\"image\": \"im"), HasSubstr("\"prompt\": ")));
  EXPECT_THAT(content_of(request_.out / "guard.csv"),
              HasSubstr("finite: share of steps that were not,0,0.0714286,0.05,yes"));

  PlainTuner::disturb() = [](std::int64_t step, StepResult& result) {
    if (step >= 9) result.gradient_norm = std::numeric_limits<double>::infinity();
  };
  TrainRequest other = request_;
  other.out = root_ / "other";
  EXPECT_THAT(refusal(other, ErrorKind::corrupt_data), HasSubstr("training has come apart: 3 of 11 steps"));
  EXPECT_TRUE(fs::exists(other.out / "state" / "step_8.json"));
  EXPECT_FALSE(fs::exists(other.out / "model.safetensors"));
}

TEST_F(TrainTest, RefusesAGradientThatTwoWaysComputeDifferently) {
  PlainTuner::gradient_fault() = 1e-3;
  EXPECT_THAT(refusal(request_, ErrorKind::internal), HasSubstr("gradient self-test"));
  EXPECT_FALSE(fs::exists(request_.out / "state" / "step_4.json"));
}

TEST_F(TrainTest, MeasuresGuardSetsAndRefusesOnesThatAreTrainedOn) {
  TrainRequest request = request_;
  request.guard = {write_square_set(root_ / "elsewhere", 3, 11)};
  run(request);
  EXPECT_THAT(content_of(request.out / "guard.csv"), HasSubstr("zero-shot: elsewhere: 3 clicks,"));
  EXPECT_THAT(content_of(request.out / "validation.csv"), HasSubstr(",elsewhere,guard,box,card,"));
  request.out = root_ / "other";
  request.guard = {data_};
  EXPECT_THAT(refusal(request), HasSubstr("trained on"));
}

TEST_F(TrainTest, RefusesDataThatDoNotDoAndTouchesNothing) {
  const auto refused = [&](const fs::path& data) {
    TrainRequest request = small_request(data, root_ / "not made");
    const std::string message = refusal(request);
    EXPECT_FALSE(fs::exists(request.out)) << message;
    return message;
  };
  EXPECT_THAT(refused(write_square_set(root_ / "one", 1)), HasSubstr("the validation part is empty"));
  write_flat(root_ / "nothing" / "images" / "a.png", 8, 8);
  write_flat(root_ / "nothing" / "masks" / "a.png", 8, 8, 0);
  EXPECT_THAT(refused(root_ / "nothing"), HasSubstr("no object to train on"));
  write_square_set(root_ / "twice", 6);
  fs::copy_file(root_ / "twice" / "images" / "ima.png", root_ / "twice" / "images" / "imb.png",
                fs::copy_options::overwrite_existing);
  TrainRequest request = small_request(root_ / "twice", root_ / "not made");
  std::string leak;  // whether they meet in two parts depends on the draw
  for (request.settings.seed = 1; leak.empty() && request.settings.seed < 30; ++request.settings.seed) {
    request.out = root_ / ("twice" + std::to_string(request.settings.seed));
    try {
      run(request);
    } catch (const Error& error) {
      leak = error.what();
    }
  }
  EXPECT_THAT(leak, testing::AllOf(HasSubstr("ima.png"), HasSubstr("imb.png"), HasSubstr("the same pixels")));
}

TEST_F(TrainTest, TrainsASmallNetworkByTheRealEngineAndGoesOnToTheSameBytes) {
  TrainRequest whole = request_, stopped = request_;
  for (TrainRequest* request : {&whole, &stopped}) {
    request->settings.steps = 8;
    request->settings.views = 2;
  }
  whole.out = root_ / "whole" / "run";
  stopped.out = root_ / "stopped" / "run";
  const TrainPlugin& plugin = load_train_plugin();
  train(whole, base_, plugin);
  std::atomic<bool> stop = false;
  const TrainHooks hooks{.progress = [&](const TrainProgress& p) { stop = stop || p.step == 5; },
                         .stop = &stop};
  EXPECT_EQ(train(stopped, base_, plugin, hooks).end, TrainResult::End::stopped);
  train(stopped, base_, plugin);
  const fs::path state = "state/step_8.safetensors";
  EXPECT_TRUE(content_of(whole.out / state) == content_of(stopped.out / state));
  EXPECT_TRUE(content_of(whole.out / "model.safetensors") == content_of(stopped.out / "model.safetensors"));
}

TEST_F(TrainTest, TeachesClassesAndMeasuresHowTheyAreFound) {
  TrainRequest request = request_;
  request.settings.classes = true;
  request.settings.steps = 4;
  write_text(data_ / "labels.json", R"({"mask_kind": "semantic", "labels": {"1": "bright", "2": "dark"}})");
  const TrainResult result = train(request, base_, load_train_plugin());
  ASSERT_EQ(result.card.classes.size(), 2U);
  EXPECT_EQ(result.card.classes[0].name, "bright");
  EXPECT_EQ(result.card.classes[0].n, 2);
  EXPECT_THAT(content_of(request.out / "validation.csv"), HasSubstr(",squares,validation,class,single,4,"));
  EXPECT_TRUE(load_checkpoint(request.out / "model.safetensors")
                  .tensors.contains("prompt_encoder.class_embeddings.weight"));
}

TEST_F(TrainTest, TrainsWithoutValidationAndTestOnOnePicture) {
  TrainRequest request = small_request(write_square_set(root_ / "one", 1), root_ / "run");
  request.settings.split.validation = request.settings.split.test = 0;
  const TrainResult result = run(request);
  EXPECT_EQ(result.end, TrainResult::End::done);
  EXPECT_EQ(result.best_step, 14);
  EXPECT_TRUE(result.card.test.empty());
}

TEST_F(TrainTest, TakesWhatCanBeUsedAndNamesTheRest) {
  write_flat(data_ / "images" / "odd.png", 9, 9);
  write_flat(data_ / "masks" / "odd.png", 8, 9, 1);
  write_flat(data_ / "images" / "empty.png", 9, 9);
  write_flat(data_ / "masks" / "empty.png", 9, 9, 0);
  const TrainResult result = run(request_);
  std::vector<std::string> failed;
  for (const StudyFailure& failure : result.failures) failed.push_back(failure.image);
  EXPECT_THAT(failed, testing::UnorderedElementsAre("odd.png", "empty.png"));
  EXPECT_EQ(result.end, TrainResult::End::done);
}

}  // namespace
}  // namespace sonde
