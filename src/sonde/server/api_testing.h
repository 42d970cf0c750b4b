// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/predict/model_testing.h"
#include "sonde/server/api.h"
#include "sonde/server/bundle_testing.h"
#include "sonde/server/training_testing.h"

namespace sonde {

// For tests: a project of a few made-up images, a tiny network and the server's answers, without a socket.
// Images: 1 and 2 are pictures of 60 x 40, 3 a volume of 20 x 30 x 12, 4 cannot be read.
class TestApi {
 public:
  explicit TestApi(SamModel model = tiny_model())
      : project_(Project::open(folder_.path() / "test.sonde")),
        service_(project_, {std::move(model), std::nullopt},
                 [](const ImageSource& source) { return made_up(source); },
                 {.encoding = {.rest = std::chrono::milliseconds(1)}}) {
    std::vector<ImageSource> sources;
    for (const char* name : {"disc.png", "twin.png", "ball.nii.gz", "cut.nii"})
      sources.push_back({folder_.path() / name, "", 0, name});
    project_.add_images(sources);
    api_.emplace(project_, service_, trainings_, jobs_, Access(token(), 8080, hosts_of("127.0.0.1", 8080)),
                 "0.1.0");
  }

  static std::string token() { return std::string(64, 'a'); }
  Project& project() { return project_; }
  Api& api() { return *api_; }
  ImageService& service() { return service_; }
  TrainingOptions options() { return training_options(); }
  const std::filesystem::path& folder() const { return project_.folder(); }
  std::filesystem::path train_folder() const { return folder_.path() / "train"; }  // of scripted_training

  static Request request(const std::string& method, const std::string& target, const std::string& body = "") {
    Request made{{method, target, {{"host", "127.0.0.1:8080"}, {"authorization", "Bearer " + token()}}},
                 body};
    if (method == "POST") made.head.headers.emplace_back("content-type", "application/json");
    return made;
  }
  Response get(const std::string& target) { return api_->handle(request("GET", target)); }
  Response post(const std::string& target, const Json& body) {
    return api_->handle(request("POST", target, body.dump()));
  }
  Json get_json(const std::string& target) { return Json::parse(get(target).body); }

  // An action with a new id, seen from the plane it names, or the axial slice 0.
  Response act(ImageId image, const Json& action) {
    const Json view = action.contains("plane") ? action["plane"] : Json{{"axis", "axial"}, {"slice", 0}};
    return post(
        "/api/images/" + std::to_string(image) + "/actions",
        {{"request", "test-" + std::to_string(1000 + ++actions_)}, {"view", view}, {"action", action}});
  }
  std::int64_t add_label(const std::string& name) {
    return Json::parse(post("/api/labels", {{"kind", "add_label"}, {"name", name}}).body)["labels"]
        .back()["id"];
  }
  // A disc of radius 5 on image 1; returns the new object.
  std::int64_t paint(std::int64_t label, double x, double y) {
    const Response painted = act(1, stroke(label, x, y));
    return read_bundle(painted.body).json["changed"][0]["id"];
  }
  static Json stroke(std::int64_t label, double x, double y) {
    return {{"kind", "stroke"},  {"plane", {{"axis", "axial"}, {"slice", 0}}},
            {"object", nullptr}, {"label", label},
            {"paint", "add"},    {"radii", {5.0, 5.0}},
            {"points", {{x, y}}}};
  }
  // Until it has ended.
  Json wait_for_job(const Json& job) {
    const std::string target = "/api/jobs/" + job["job"].dump();
    for (int i = 0; i < 20000; ++i) {
      Json now = get_json(target);
      if (now["state"] != "waiting" && now["state"] != "running") return now;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    throw std::runtime_error("a job that does not end");
  }

 private:
  // Of other weights with the same encoder, as far as the card says.
  TrainingOptions training_options() {
    const std::filesystem::path made = train_folder();
    const ModelCard card = scripted_card(service_.first_model().sha256());
    const std::vector<std::string> command = scripted_training(made);
    save_safetensors(made / "model.safetensors", random_tensors(tiny_sam_sizes(), 2),
                     {{kCardKey, card_text(card)}});
    write_card(made / "card.json", card);
    return {command, "", [](const std::filesystem::path& file) {
              return SamModel::load(file.string(), {.precision = Precision::fp32});
            }};
  }
  static Volume made_up(const ImageSource& source) {
    if (source.name == "cut.nii") throw Error(ErrorKind::corrupt_data, "cut.nii: the header is cut");
    Volume volume;
    if (source.name == "ball.nii.gz") {
      volume.geometry.extent = {20, 30, 12};
      volume.geometry.mm_from_voxel = Affine3{{Vec3{-0.5, 0, 0}, Vec3{0, 0.7, 0}, Vec3{0, 0, 3}}, {5, -6, 7}};
      for (int i = 0; i < 20 * 30 * 12; ++i) volume.voxels.push_back(static_cast<float>(i % 700 - 200));
      return volume;
    }
    volume.geometry.extent = {60, 40, 1};
    volume.eight_bit = true;
    const RgbImage picture = test_picture({60, 40});
    for (std::size_t i = 0; i < picture.pixels.size(); i += 3) volume.voxels.push_back(picture.pixels[i]);
    return volume;
  }

  TestFolder folder_;
  Project project_;
  ImageService service_;
  Trainings trainings_{project_, service_, training_options()};
  Jobs jobs_;
  std::optional<Api> api_;
  int actions_ = 0;
};

inline std::string header_of(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}
inline Json error_of(const Response& response) { return Json::parse(response.body)["error"]; }

}  // namespace sonde
