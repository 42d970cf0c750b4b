// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/server/api_testing.h"
#include "sonde/server/assets.h"

namespace sonde {
namespace {

using testing::HasSubstr;

class ApiTest : public testing::Test, protected TestApi {};

TEST_F(ApiTest, ListsTheProject) {
  const Json json = get_json("/api/project");
  EXPECT_EQ(json["name"], "test.sonde");
  EXPECT_EQ(json["version"], "0.1.0");
  EXPECT_EQ(json["model"]["architecture"], "vit");
  EXPECT_EQ(json["overlap"], "keep");
  ASSERT_EQ(json["images"].size(), 4u);
  EXPECT_EQ(json["images"][0]["name"], "disc.png");
  EXPECT_EQ(json["images"][0]["status"], "new");
  EXPECT_EQ(json["images"][0]["extent"], nullptr);
}

TEST_F(ApiTest, ChangesLabelsAndTellsThoseWhoAskWhatHasChanged) {
  const auto since = [&](std::int64_t revision) {
    return get_json("/api/changes?since=" + std::to_string(revision));
  };
  const std::int64_t start = get_json("/api/project")["revision"];
  EXPECT_EQ(since(start)["labels"], nullptr);
  const std::int64_t liver = add_label("liver");
  const Json added = since(start);
  EXPECT_EQ(added["labels"].back()["name"], "liver");
  EXPECT_EQ(since(added["revision"])["labels"], nullptr);
  const Response edited =
      post("/api/labels", {{"kind", "edit_label"}, {"label", liver}, {"name", "spleen"}, {"shortcut", "s"}});
  EXPECT_EQ(edited.status, 200);
  EXPECT_EQ(since(added["revision"])["labels"].back()["name"], "spleen");
  EXPECT_EQ(post("/api/labels", {{"kind", "delete_label"}, {"label", liver}}).status, 200);
  EXPECT_EQ(post("/api/settings", {{"overlap", "allow"}}).status, 200);
  EXPECT_EQ(since(start)["overlap"], "allow");
}

TEST_F(ApiTest, OpensPicturesAndVolumes) {
  const Json picture = get_json("/api/images/1");
  EXPECT_EQ(picture["plain"], true);
  EXPECT_EQ(picture["extent"], Json({60, 40, 1}));
  EXPECT_EQ(picture["planes"].size(), 1u);
  EXPECT_EQ(picture["planes"][0]["pixel_mm"], nullptr);
  EXPECT_EQ(picture["window"]["name"], "none");
  EXPECT_EQ(picture["presets"].size(), 0u);
  const Json volume = get_json("/api/images/3");
  EXPECT_EQ(volume["orientation"], "RPS");
  EXPECT_EQ(volume["planes"].size(), 3u);
  EXPECT_EQ(volume["planes"][0]["pixel_mm"], Json({0.5, 0.7}));
  EXPECT_EQ(volume["default_plane"], Json({{"axis", "axial"}, {"slice", 6}}));
  EXPECT_EQ(volume["window"]["name"], "auto");
  EXPECT_EQ(volume["presets"].size(), 5u);
  EXPECT_EQ(volume["image"]["extent"], Json({20, 30, 12}));
}

TEST_F(ApiTest, KeepsWhyAnImageCannotBeOpened) {
  const Response response = get("/api/images/4");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(error_of(response)["kind"], "unavailable");
  EXPECT_THAT(error_of(response)["message"].get<std::string>(), HasSubstr("the header is cut"));
  EXPECT_THAT(get_json("/api/project")["images"][3]["fault"].get<std::string>(),
              HasSubstr("the header is cut"));
  EXPECT_EQ(get("/api/images/99").status, 404);
}

TEST_F(ApiTest, SendsPictures) {
  const Response response = get("/api/images/3/picture?axis=coronal&slice=4");
  EXPECT_EQ(header_of(response, "Content-Type"), "application/x-sonde-picture");
  const std::string head("SNDP\1\2\0\0\x14\0\0\0\x0c\0\0\0", 16);  // int16, 20 x 12
  EXPECT_EQ(response.body.substr(0, 16), head);
  EXPECT_EQ(response.body.size(), 16u + 2 * 20 * 12);
  EXPECT_EQ(get("/api/images/3/picture?axis=coronal&slice=30").status, 422);
  EXPECT_EQ(get("/api/images/1/picture?axis=coronal&slice=0").status, 422);
  EXPECT_EQ(get("/api/images/3/picture?axis=oblique&slice=3").status, 400);
  EXPECT_EQ(get("/api/images/3/picture?axis=axial").status, 400);
}

TEST_F(ApiTest, AnswersEveryFailureWithAStatusAndOneLine) {
  struct Case {
    Request request;
    int status;
    std::string kind;
  };
  Request plain = request("POST", "/api/settings", R"({"overlap": "keep"})");
  plain.head.headers.back().second = "text/plain";
  const std::vector<Case> cases{
      {request("GET", "/api/nowhere"), 404, "not_found"},
      {request("GET", "/api/images/x"), 404, "not_found"},
      {request("GET", "/api/images/1/2"), 404, "not_found"},
      {request("GET", "/assets/nothing.js"), 404, "not_found"},
      {request("GET", "/assets/%2e%2e/%2e%2e/etc/passwd"), 404, "not_found"},
      {request("GET", "/assets/../../etc/passwd"), 400, "malformed"},
      {request("POST", "/api/project", "{}"), 405, "method"},
      {request("DELETE", "/"), 405, "method"},
      {request("TRACE", "/api/project"), 405, "method"},
      {request("GET", "/api/project?x=1"), 400, "malformed"},
      {request("GET", "/api/changes"), 400, "malformed"},
      {request("GET", "/api/changes?since=-1"), 400, "malformed"},
      {request("POST", "/api/settings", "{"), 400, "malformed"},
      {request("POST", "/api/settings", std::string(kMaxBody + 1, ' ')), 413, "too_large"},
      {plain, 415, "media_type"},
      {request("GET", "/api/jobs/1"), 404, "not_found"},
      {request("GET", "/api/images/1/history?limit=1000000"), 400, "malformed"},
  };
  for (const Case& c : cases) {
    const Response response = api().handle(c.request);
    EXPECT_EQ(response.status, c.status) << c.request.head.target;
    EXPECT_EQ(error_of(response)["kind"], c.kind) << c.request.head.target;
    EXPECT_EQ(header_of(response, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(header_of(response, "Cache-Control"), "no-store");
  }
  EXPECT_EQ(header_of(api().handle(request("POST", "/api/project", "{}")), "Allow"), "GET");
  EXPECT_EQ(header_of(api().handle(request("POST", "/api/jobs/1", "{}")), "Allow"), "GET, DELETE");
}

TEST_F(ApiTest, AnswersNothingWithoutTheToken) {
  for (const char* target : {"/", "/api/project", "/api/images/1", "/assets/x.js", "/nowhere"}) {
    Request request = TestApi::request("GET", target);
    request.head.headers.pop_back();
    const Response response = api().handle(request);
    EXPECT_EQ(response.status, 401) << target;
    EXPECT_EQ(header_of(response, "X-Content-Type-Options"), "nosniff");
  }
}

TEST_F(ApiTest, ServesThePageUnderAPolicyThatLetsNothingElseIn) {
  const Response page = get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(header_of(page, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(header_of(page, "Content-Encoding"), "gzip");
  EXPECT_EQ(header_of(page, "Cache-Control"), "no-store");
  const std::string policy = header_of(page, "Content-Security-Policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, testing::Not(HasSubstr("unsafe-inline")));
  for (const char* name : {"Referrer-Policy", "Cross-Origin-Resource-Policy", "Cross-Origin-Opener-Policy"})
    EXPECT_NE(header_of(page, name), "") << name;
  bool has_script = false;
  for (const Asset& asset : assets()) {
    if (!asset.path.starts_with("/assets/")) continue;
    has_script = has_script || asset.path.ends_with(".js");
    const Response response = get(std::string(asset.path));
    EXPECT_EQ(response.status, 200) << asset.path;
    EXPECT_THAT(header_of(response, "Cache-Control"), HasSubstr("immutable")) << asset.path;
    EXPECT_EQ(response.content(), asset.bytes);
  }
  EXPECT_TRUE(has_script);
}

}  // namespace
}  // namespace sonde
