// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <fstream>
#include <iterator>
#include <utility>

#include "sonde/core/error.h"
#include "sonde/imaging/rle.h"
#include "sonde/server/api.h"

// Requests about training on what is approved, and about whose answers a person wants.
namespace sonde {
namespace {

// An empty mask has no box.
std::string encoded(std::int64_t number, const Mask& mask) {
  const Rle rle = encode_rle(mask);
  return wire::encode_mask(number, rle, bounding_box(rle).value_or(Box2{}));
}

}  // namespace

Response Api::get_jobs(const Call& /*call*/) { return json_response(200, wire::JobList{jobs_.all()}); }

Response Api::get_training(const Call& /*call*/) { return json_response(200, trainings_.list()); }

Response Api::post_training(const Call& call) {
  const auto turn = trainings_.begin(wire::parse<wire::TrainingRequest>(call.body));
  const auto job = jobs_.start(
      "training",
      [this, turn](const JobReport& report) mutable {
        const auto held = std::move(turn);  // given back before the job's end is told
        return trainings_.run(*held, report);
      },
      JobLane::training);
  return json_response(202, job);
}

// A page of its own, which says itself what it may do.
Response Api::get_training_report(const Call& call) {
  std::ifstream in(trainings_.report_of(call.id()), std::ios::binary);
  Response response = binary_response("text/html; charset=utf-8", {std::istreambuf_iterator<char>(in), {}});
  response.headers.emplace_back("Content-Security-Policy",
                                "sandbox allow-scripts allow-downloads; default-src 'none'; "
                                "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; "
                                "font-src data:; frame-ancestors 'none'");
  return response;
}

Response Api::post_model(const Call& call) {
  trainings_.choose(wire::parse<wire::ModelRequest>(call.body).training);
  return json_response(200, trainings_.model_facts());
}

Response Api::post_compare(const Call& call) {
  const wire::CompareRequest asked = wire::parse<wire::CompareRequest>(call.body);
  const PictureKey key{call.id(), asked.plane, asked.prompt.window};
  const SamModel after = trainings_.model_of(asked.training);
  const Prediction old_answers = service_.ask(service_.first_model(), key, asked.prompt),
                   new_answers = service_.ask(after, key, asked.prompt);
  const std::string of_old = encoded(0, old_answers.front().mask),
                    of_new = encoded(1, new_answers.front().mask);
  return binary_response("application/x-sonde-masks",
                         wire::encode_masks(std::array<std::string_view, 2>{of_old, of_new}));
}

}  // namespace sonde
