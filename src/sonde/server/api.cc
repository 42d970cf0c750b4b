// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/api.h"

#include <algorithm>
#include <new>
#include <system_error>
#include <utility>

#include "sonde/core/error.h"
#include "sonde/core/json_text.h"
#include "sonde/core/text.h"
#include "sonde/server/assets.h"

namespace sonde {
namespace {

constexpr std::uintmax_t kFullDisk = 1u << 20;  // bytes that are left

bool is_full(const std::filesystem::path& folder) {
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  return !error && space.available < kFullDisk;
}

std::vector<std::string_view> parts_of(std::string_view pattern) {
  std::vector<std::string_view> parts;
  for (pattern.remove_prefix(1);;) {
    const auto slash = pattern.find('/');
    parts.push_back(pattern.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    pattern.remove_prefix(slash + 1);
  }
}

// The numbers where `pattern` has *; absent if the path is another.
std::optional<std::vector<std::int64_t>> match(const Target& target, std::string_view pattern) {
  const auto parts = parts_of(pattern);
  if (parts.size() != target.segments.size()) return std::nullopt;
  std::vector<std::int64_t> ids;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] == "*") {
      const auto id = integer(target.segments[i]);
      if (!id) return std::nullopt;
      ids.push_back(*id);
    } else if (parts[i] != target.segments[i]) {
      return std::nullopt;
    }
  }
  return ids;
}

void check_media_type(const RequestHead& head) {
  const auto type = header_value(head, "content-type");
  const std::string text(type.value_or(""));
  if (lower_case(trimmed(text.substr(0, text.find(';')))) != "application/json")
    throw RefusedRequest(415, "media_type", "bodies are application/json");
}

Response failure_response(ErrorKind kind, const std::string& message, const std::filesystem::path& folder) {
  switch (kind) {
    case ErrorKind::usage:
      return error_response(422, "usage", message);
    case ErrorKind::not_found:
      return error_response(404, "not_found", message);
    case ErrorKind::conflict:
      return error_response(409, "conflict", message);
    case ErrorKind::unsupported:
    case ErrorKind::corrupt_data:
    case ErrorKind::unavailable:
      return error_response(is_full(folder) ? 507 : 503, "unavailable", message);
    case ErrorKind::internal:
      return error_response(500, "internal", message);
  }
  return error_response(500, "internal", message);
}

}  // namespace

struct Api::Route {
  std::string_view method, pattern;
  std::vector<std::string_view> query;
  Response (Api::*answer)(const Call&);
};

const std::vector<Api::Route>& Api::routes() {
  static const std::vector<Route> kRoutes{
      {"GET", "/api/project", {}, &Api::get_project},
      {"GET", "/api/changes", {"since"}, &Api::get_changes},
      {"POST", "/api/labels", {}, &Api::post_labels},
      {"POST", "/api/settings", {}, &Api::post_settings},
      {"POST", "/api/export", {}, &Api::post_export},
      {"GET", "/api/training", {}, &Api::get_training},
      {"POST", "/api/training", {}, &Api::post_training},
      {"GET", "/api/training/*/report", {}, &Api::get_training_report},
      {"POST", "/api/model", {}, &Api::post_model},
      {"GET", "/api/jobs", {}, &Api::get_jobs},
      {"GET", "/api/jobs/*", {}, &Api::get_job},
      {"DELETE", "/api/jobs/*", {}, &Api::delete_job},
      {"GET", "/api/jobs/*/preview", {}, &Api::get_preview},
      {"GET", "/api/images/*", {"client"}, &Api::get_image},
      {"GET", "/api/images/*/picture", {"axis", "slice"}, &Api::get_picture},
      {"GET", "/api/images/*/masks", {"axis", "slice", "client"}, &Api::get_masks},
      {"GET", "/api/images/*/changes", {"since", "axis", "slice", "client"}, &Api::get_image_changes},
      {"POST", "/api/images/*/actions", {}, &Api::post_action},
      {"POST", "/api/images/*/focus", {}, &Api::post_focus},
      {"GET", "/api/images/*/embedding", {"axis", "slice", "window"}, &Api::get_embedding},
      {"POST", "/api/images/*/everything", {}, &Api::post_everything},
      {"POST", "/api/images/*/compare", {}, &Api::post_compare},
      {"POST", "/api/images/*/progress", {}, &Api::post_progress},
      {"GET", "/api/images/*/history", {"limit"}, &Api::get_history},
  };
  return kRoutes;
}

Api::Api(Project& project, ImageService& service, Trainings& trainings, Jobs& jobs, Access access,
         std::string version)
    : project_(project),
      service_(service),
      trainings_(trainings),
      jobs_(jobs),
      access_(std::move(access)),
      version_(std::move(version)),
      labels_seen_(project.labels()),
      labels_changed_(project.revision()) {}

std::optional<Response> Api::refusal(const RequestHead& head) const {
  auto response = access_.answer(head);
  if (response) add_security_headers(*response);
  return response;
}

Response Api::handle(const Request& request) {
  if (auto refused = refusal(request.head)) return std::move(*refused);
  Response response;
  try {
    response = answer(request);
  } catch (...) {
    response = answer_failure();
  }
  add_security_headers(response);
  const auto& headers = response.headers;
  if (std::none_of(headers.begin(), headers.end(), [](const auto& h) { return h.first == "Cache-Control"; }))
    response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Response Api::answer_failure() const {
  try {
    throw;
  } catch (const RefusedRequest& refused) {
    return error_response(refused.status(), refused.kind(), refused.what());
  } catch (const Error& error) {
    return failure_response(error.kind(), error.what(), project_.folder());
  } catch (const std::bad_alloc&) {
    return error_response(503, "unavailable", "there is not enough memory");
  } catch (const std::exception& error) {
    return error_response(500, "internal", error.what());
  }
}

Response Api::answer(const Request& request) {
  const RequestHead& head = request.head;
  const Target target = parse_target(head.target);
  std::string allowed;
  for (const Route& route : routes()) {
    const auto ids = match(target, route.pattern);
    if (!ids) continue;
    if (route.method != head.method) {
      allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
      continue;
    }
    if (head.method == "POST") check_media_type(head);
    if (request.body.size() > kMaxBody)
      throw RefusedRequest(413, "too_large", "a body has at most " + std::to_string(kMaxBody) + " bytes");
    check_query(target, route.query);
    return (this->*route.answer)({target, *ids, request.body});
  }
  if (allowed.empty() && head.method == "GET") return page(target.path);
  if (allowed.empty() && !find_asset(target.path))
    throw RefusedRequest(404, "not_found", "there is nothing at " + target.path);
  if (allowed.empty()) allowed = "GET";
  Response response = error_response(405, "method", target.path + " answers " + allowed);
  response.headers.emplace_back("Allow", allowed);
  return response;
}

Response Api::page(const std::string& path) const {
  const auto asset = find_asset(path);
  if (!asset) throw RefusedRequest(404, "not_found", "there is nothing at " + path);
  Response response;
  response.headers = {{"Content-Type", std::string(asset->content_type)}};
  if (asset->encoding == Asset::Encoding::gzip) response.headers.emplace_back("Content-Encoding", "gzip");
  // Names of what lies in assets/ change with their content.
  if (path.starts_with("/assets/"))
    response.headers.emplace_back("Cache-Control", "public, max-age=31536000, immutable");
  response.lasting_body = asset->bytes;
  return response;
}

Response json_response(int status, const Json& json) {
  Response response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = json_text(json);
  return response;
}

Response binary_response(std::string_view content_type, std::string bytes) {
  Response response;
  response.headers = {{"Content-Type", std::string(content_type)}};
  response.body = std::move(bytes);
  return response;
}

}  // namespace sonde
