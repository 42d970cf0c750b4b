// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/annotate/project.h"
#include "sonde/server/access.h"
#include "sonde/server/http_message.h"
#include "sonde/server/image_service.h"
#include "sonde/server/jobs.h"
#include "sonde/server/target.h"
#include "sonde/server/trainings.h"

namespace sonde {

inline constexpr std::size_t kMaxBody = 4u << 20;  // bytes

// What a request asks for, taken apart.
struct Call {
  const Target& target;
  std::vector<std::int64_t> ids;  // the numbers in the path
  std::string_view body;
  std::int64_t id() const { return ids.front(); }
};

// Requests to answers, docs/http.md whole, without sockets. Safe to use from several threads.
class Api {
 public:
  // `version` is sonde's. Keeps references.
  Api(Project& project, ImageService& service, Trainings& trainings, Jobs& jobs, Access access,
      std::string version);

  // Looks at the head alone: the answer to a request whose body need not be read.
  std::optional<Response> refusal(const RequestHead& head) const;
  // Never throws.
  Response handle(const Request& request);

 private:
  struct Route;
  static const std::vector<Route>& routes();
  Response answer(const Request& request);
  Response answer_failure() const;  // in a catch block

  Response page(const std::string& path) const;
  Response get_project(const Call& call);
  Response get_changes(const Call& call);
  Response post_labels(const Call& call);
  Response post_settings(const Call& call);
  Response post_export(const Call& call);
  Response get_job(const Call& call);
  Response delete_job(const Call& call);
  Response get_preview(const Call& call);

  Response get_jobs(const Call& call);
  Response get_training(const Call& call);
  Response post_training(const Call& call);
  Response get_training_report(const Call& call);
  Response post_model(const Call& call);
  Response post_compare(const Call& call);

  Response get_image(const Call& call);
  Response get_picture(const Call& call);
  Response get_masks(const Call& call);
  Response get_image_changes(const Call& call);
  Response post_action(const Call& call);
  Response post_focus(const Call& call);
  Response get_embedding(const Call& call);
  Response post_everything(const Call& call);
  Response post_progress(const Call& call);
  Response get_history(const Call& call);

  ImageGeometry grid_of_image(ImageId id);
  std::optional<std::vector<Label>> labels_since(Revision since);
  wire::JobResult export_now(const wire::ExportRequest& request, const Progress& progress);

  Project& project_;
  ImageService& service_;
  Trainings& trainings_;
  Jobs& jobs_;
  Access access_;
  std::string version_;

  std::mutex labels_mutex_;
  std::vector<Label> labels_seen_;
  Revision labels_changed_ = 0;  // at the latest
};

Response json_response(int status, const Json& json);
// `shape`: one of wire.h.
template <class T>
Response json_response(int status, const T& shape) {
  return json_response(status, wire::to_json(shape));
}
Response binary_response(std::string_view content_type, std::string bytes);

}  // namespace sonde
