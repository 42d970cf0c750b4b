// SPDX-License-Identifier: Apache-2.0
// sonde_fake_server: for the tests of the page. The real server over made-up images and a network that
// answers with boxes, larger ones once it is trained, and knows two classes. Prints its address, serves any
// number of projects, each to whoever has its token, and ends with its standard input.
//
// POST /fake/project  {"images": [{"name", "is": "picture" | "volume" | "unreadable"}]}  a new project:
// {"token"} with that token: POST /fake/network  {"encodings", "prompts"}  how many more it answers, until
// the next such request; null: all POST /fake/restart  as if the server were started again on the project
// POST /fake/training {"goes": "on" | "holds"}  whether it gets beyond its first step
// POST /fake/end      the project is removed
#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/inference/network.h"
#include "sonde/predict/sam_model_impl.h"
#include "sonde/server/api.h"
#include "sonde/server/http_server.h"
#include "sonde/server/token.h"
#include "sonde/server/training_testing.h"

namespace sonde {
namespace {

// Lets so many pass, and makes the others wait until more may.
class Turnstile {
 public:
  void pass(std::int64_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return left_ >= count; });
    if (left_ != kAll) left_ -= count;
  }
  void allow(std::int64_t count) {
    const std::lock_guard lock(mutex_);
    left_ = count;
    changed_.notify_all();
  }
  static constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t left_ = kAll;
};

constexpr std::size_t kSide = 256;  // of the logits
constexpr float kPixelsMoreWhenTrained = 40;
constexpr float kPixelsPerCell = 4;  // of the frame, 1024 pixels wide

// What it has learned to find by name: liver, which is in every picture at one place, and spleen, in none.
ModelCard card_of_classes() {
  ModelCard card;
  card.classes = {{.name = "liver",
                   .n = 143,
                   .n_absent = 60,
                   .iou = 0.89,
                   .iou_low = 0.86,
                   .iou_high = 0.92,
                   .found = 0.97,
                   .found_absent = 0.03},
                  {.name = "spleen"}};
  return card;
}
constexpr std::array<float, 2> kObjectScores{3.5F, -2.25F};

// Of a prompt its box, a box around its first point, or one for its class. Boxes grow with the points given,
// from mask to mask, and to the right, so that no two objects have one area.
DecodedMask box_around(const FramePrompt& prompt, std::size_t token, float more) {
  std::array<float, 4> box{};
  if (prompt.box) {
    box = *prompt.box;
  } else if (prompt.points.empty()) {
    box = {300, 200, 500 + 8 * static_cast<float>(token), 400};
  } else {
    const FramePoint& point = prompt.points.front();
    const float half = more + 12 + point.x / 32 + 8 * static_cast<float>(token) +
                       8 * static_cast<float>(prompt.points.size() - 1);
    box = {point.x - half, point.y - half, point.x + half, point.y + half};
  }
  constexpr std::array<float, 4> kPredictedIou{0.85F, 0.71F, 0.93F, 0.88F};
  DecodedMask mask{kPredictedIou[token], std::vector<float>(kSide * kSide, -10.0F)};
  const auto cell = [&](std::size_t i) {
    return static_cast<std::size_t>(std::clamp(box[i] / kPixelsPerCell, 0.0F, static_cast<float>(kSide - 1)));
  };
  for (std::size_t y = cell(1); y <= cell(3); ++y) {
    for (std::size_t x = cell(0); x <= cell(2); ++x) mask.logits[y * kSide + x] = 10;
  }
  if (prompt.class_index) mask.object_score = kObjectScores.at(static_cast<std::size_t>(*prompt.class_index));
  return mask;
}

class FakeNetwork : public Network {
 public:
  explicit FakeNetwork(float more) : more_(more) {}
  std::vector<float> encode(const FramePixels&) const override {
    encodings.pass(1);
    return {};
  }
  std::shared_ptr<const PreparedImage> prepare(std::span<const float>) const override {
    return std::make_shared<const PreparedImage>();
  }
  std::vector<std::vector<DecodedMask>> decode(const PreparedImage&, std::span<const FramePrompt> asked,
                                               MaskSet wanted) const override {
    prompts.pass(static_cast<std::int64_t>(asked.size()));
    std::vector<std::vector<DecodedMask>> answers;
    for (const FramePrompt& prompt : asked) {
      auto& masks = answers.emplace_back();
      for (std::size_t i = 0; i < mask_count(wanted); ++i)
        masks.push_back(box_around(prompt, first_token(wanted) + i, more_));
    }
    return answers;
  }

  mutable Turnstile encodings, prompts;

 private:
  float more_;  // pixels of the frame that boxes reach further
};

SamModel fake_model(std::shared_ptr<const FakeNetwork> network, char digit,
                    std::optional<ModelCard> card = {}) {
  auto impl = std::make_shared<SamModel::Impl>();
  impl->name = "fake";
  impl->sha256 = std::string(64, digit);
  impl->card = std::move(card);
  impl->network = std::move(network);
  return SamModel(impl);
}

// A picture of 640 x 480, or a volume of 160 x 120 x 120 voxels of 0.5 x 0.5 x 1 mm.
Volume made_up(const ImageSource& source, const std::string& is) {
  if (is == "unreadable") throw Error(ErrorKind::corrupt_data, source.name + ": is cut off");
  Volume volume;
  volume.geometry.extent = is == "volume" ? Extent3{160, 120, 120} : Extent3{640, 480, 1};
  volume.voxels.resize(static_cast<std::size_t>(voxel_count(volume.geometry.extent)), 100);
  volume.eight_bit = true;
  if (is == "volume")
    volume.geometry.mm_from_voxel = Affine3{{Vec3{-0.5, 0, 0}, Vec3{0, -0.5, 0}, Vec3{0, 0, 1}}, {}};
  return volume;
}

// A project and what serves it.
class Served {
 public:
  Served(const Json& images, std::string token, std::uint16_t port)
      : token_(std::move(token)), port_(port), project_(Project::open(folder_.path() / "test.sonde")) {
    std::vector<ImageSource> sources;
    for (const Json& image : images) {
      const auto name = image.at("name").get<std::string>();
      kinds_[name] = image.at("is").get<std::string>();
      sources.push_back({folder_.path() / name, "", 0, name});
    }
    project_.add_images(sources);
    restart();
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;
  ~Served() { allow({{"encodings", nullptr}, {"prompts", nullptr}}); }

  void restart() {
    allow({{"encodings", nullptr}, {"prompts", nullptr}});  // what runs could not end else
    auto parts = std::make_shared<Parts>(
        project_, ServedModel{fake_model(network_, 'f', card_of_classes()), std::nullopt},
        [this](const ImageSource& source) { return made_up(source, kinds_.at(source.name)); });
    parts->trainings.emplace(project_, parts->service, training_options());
    parts->trainings->choose_again();
    parts->api.emplace(project_, parts->service, *parts->trainings, parts->jobs,
                       Access(token_, port_, hosts_of("127.0.0.1", port_)), "0.0.0");
    const std::lock_guard lock(mutex_);
    parts_ = std::move(parts);
  }
  void allow(const Json& counts) {
    const auto count = [&](const char* of) {
      return counts.at(of).is_null() ? Turnstile::kAll : counts.at(of).get<std::int64_t>();
    };
    network_->encodings.allow(count("encodings"));
    network_->prompts.allow(count("prompts"));
  }
  void let_training(const std::string& goes) const {
    if (goes == "holds") std::ofstream(train_folder() / "hold");
    if (goes == "on") std::filesystem::remove(train_folder() / "hold");
  }
  Response handle(const Request& request) {
    const auto parts = [&] {
      const std::lock_guard lock(mutex_);
      return parts_;
    }();
    if (const auto refusal = parts->api->refusal(request.head)) return *refusal;
    return parts->api->handle(request);
  }

 private:
  struct Parts {
    Parts(Project& project, ServedModel model, ImageService::ReadImage read)
        : service(project, std::move(model), std::move(read),
                  {.encoding = {.rest = std::chrono::milliseconds(1)}}) {}
    ImageService service;
    std::optional<Trainings> trainings;
    Jobs jobs;
    std::optional<Api> api;
  };

  std::filesystem::path train_folder() const { return folder_.path() / "train"; }
  TrainingOptions training_options() const {
    const ModelCard card = scripted_card(std::string(64, 'f'));
    const std::vector<std::string> command = scripted_training(train_folder());
    std::ofstream(train_folder() / "model.safetensors") << "weights";
    write_card(train_folder() / "card.json", card);
    return {command, "", [card](const std::filesystem::path& /*file*/) {
              return fake_model(std::make_shared<const FakeNetwork>(kPixelsMoreWhenTrained), 'e', card);
            }};
  }

  TestFolder folder_;
  std::string token_;
  std::uint16_t port_;
  Project project_;
  std::map<std::string, std::string> kinds_;
  std::shared_ptr<const FakeNetwork> network_ = std::make_shared<const FakeNetwork>(0.0F);
  std::mutex mutex_;
  std::shared_ptr<Parts> parts_;  // last: its threads use all of the above
};

class FakeServer {
 public:
  explicit FakeServer(std::uint16_t port) : port_(port) {}

  Response handle(const Request& request) {
    try {
      const std::string& target = request.head.target;
      if (target == "/fake/project") return begin(Json::parse(request.body));
      const auto served = find(request.head);
      if (!served) return error_response(401, "forbidden", "there is no project with that token");
      if (target == "/fake/network")
        served->allow(Json::parse(request.body));
      else if (target == "/fake/restart")
        served->restart();
      else if (target == "/fake/training")
        served->let_training(Json::parse(request.body).at("goes"));
      else if (target == "/fake/end")
        end(request.head);
      else
        return served->handle(request);
      return json_response(200, Json::object());
    } catch (const std::exception& error) {
      return error_response(500, "internal", error.what());
    }
  }

 private:
  static std::string token_of(const RequestHead& head) {
    const auto value = header_value(head, "authorization");
    return std::string(value ? value->substr(value->find(' ') + 1) : "");
  }
  std::shared_ptr<Served> find(const RequestHead& head) {
    const std::lock_guard lock(mutex_);
    const auto found = served_.find(token_of(head));
    return found == served_.end() ? nullptr : found->second;
  }
  Response begin(const Json& asked) {
    const std::string token = random_token();
    auto served = std::make_shared<Served>(asked.at("images"), token, port_);
    const std::lock_guard lock(mutex_);
    served_[token] = std::move(served);
    return json_response(200, {{"token", token}});
  }
  void end(const RequestHead& head) {
    const auto served = find(head);  // ends outside the lock
    const std::lock_guard lock(mutex_);
    served_.erase(token_of(head));
  }

  std::uint16_t port_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Served>> served_;
};

int run() {
  HttpServer server("127.0.0.1", 0);
  FakeServer fake(server.port());
  std::thread until_input_ends([&] {
    while (std::cin.get() != std::char_traits<char>::eof()) {
    }
    server.stop();
  });
  std::cout << "http://" << server.authority() << std::endl;
  server.run({.refusal = [](const RequestHead&) { return std::nullopt; },
              .handle = [&](const Request& request) { return fake.handle(request); }});
  until_input_ends.join();
  return 0;
}

}  // namespace
}  // namespace sonde

int main() { return sonde::run(); }
