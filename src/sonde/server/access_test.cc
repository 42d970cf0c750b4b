// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/server/token.h"

namespace sonde {
namespace {

using testing::HasSubstr;
using Headers = std::vector<std::pair<std::string, std::string>>;

const std::string kToken(64, 'a');
const std::string kCookie = "sonde_8080=" + kToken;

Access local() { return {kToken, 8080, hosts_of("127.0.0.1", 8080)}; }

// 0: let in.
int status(const Access& access, Headers headers, const std::string& target = "/api/project",
           const std::string& method = "GET") {
  const auto answer = access.answer({method, target, std::move(headers)});
  return answer ? answer->status : 0;
}

TEST(Access, LetsInWhoHasTheCookieOrTheBearerToken) {
  EXPECT_EQ(status(local(), {{"host", "127.0.0.1:8080"}, {"cookie", kCookie}}), 0);
  EXPECT_EQ(status(local(), {{"host", "localhost:8080"}, {"cookie", "a=b; " + kCookie + " ; c=d"}}), 0);
  EXPECT_EQ(status(local(), {{"host", "[::1]:8080"}, {"authorization", "Bearer " + kToken}}), 0);
  EXPECT_EQ(status(local(), {{"host", "LOCALHOST:8080"}, {"authorization", "bearer " + kToken}}), 0);
}

TEST(Access, AnswersNothingButA401WithoutTheToken) {
  const std::pair<std::string, std::string> host{"host", "127.0.0.1:8080"};
  for (const Headers& headers :
       {Headers{host}, Headers{host, {"cookie", "sonde_8080=" + std::string(64, 'b')}},
        Headers{host, {"cookie", "sonde_8081=" + kToken}}, Headers{host, {"cookie", "xsonde_8080=" + kToken}},
        Headers{host, {"cookie", "sonde_8080=" + kToken.substr(1)}}, Headers{host, {"cookie", "sonde_8080="}},
        Headers{host, {"authorization", kToken}}, Headers{host, {"authorization", "Basic " + kToken}},
        Headers{host, {"authorization", "Bearer"}},
        Headers{host, {"authorization", "Bearer " + kToken + "a"}}, Headers{}}) {
    for (const char* target :
         {"/", "/api/project", "/assets/x.js", "/nowhere", "/?token=", "/?token=abc", "/?token=%zz", "/?x=1"})
      EXPECT_EQ(status(local(), headers, target), 401) << target;
  }
}

TEST(Access, TurnsTheTokenOfTheAddressIntoACookie) {
  const auto answer = local().answer({"GET", "/?token=" + kToken, {{"host", "localhost:8080"}}});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 303);
  const auto value_of = [&](const std::string& name) {
    for (const auto& [key, value] : answer->headers) {
      if (key == name) return value;
    }
    return std::string();
  };
  EXPECT_EQ(value_of("Location"), "/");
  EXPECT_EQ(value_of("Set-Cookie"), kCookie + "; Path=/; HttpOnly; SameSite=Strict");
  EXPECT_EQ(value_of("Cache-Control"), "no-store");
  EXPECT_EQ(status(local(), {{"host", "localhost:8080"}}, "/?token=" + kToken, "POST"), 401);
  EXPECT_EQ(status(local(), {{"host", "localhost:8080"}}, "/api/project?token=" + kToken), 401);
}

TEST(Access, RefusesOtherHostsAsAfterDnsRebinding) {
  for (const char* host : {"evil.example:8080", "evil.example", "127.0.0.1", "127.0.0.1:8081", "localhost",
                           "127.0.0.1:8080.evil.example", "192.168.1.7:8080", ""})
    EXPECT_EQ(status(local(), {{"host", host}, {"cookie", kCookie}}), 403) << host;
  EXPECT_EQ(status(local(), {{"cookie", kCookie}}), 403);
  EXPECT_EQ(status(local(), {{"host", "localhost:8080"}, {"host", "localhost:8080"}, {"cookie", kCookie}}),
            403);
  EXPECT_EQ(status(local(), {{"host", "evil.example:8080"}}, "/?token=" + kToken), 403);
}

TEST(Access, RefusesOtherOrigins) {
  const auto from = [](const std::string& origin) {
    return status(local(), {{"host", "127.0.0.1:8080"}, {"cookie", kCookie}, {"origin", origin}});
  };
  EXPECT_EQ(from("http://127.0.0.1:8080"), 0);
  for (const char* origin : {"http://evil.example", "null", "https://127.0.0.1:8080", "http://127.0.0.1:8081",
                             "http://localhost:8080", ""})
    EXPECT_EQ(from(origin), 403) << origin;
}

TEST(Access, OfAServerOnAllAddressesTakesNumbersButNoNames) {
  const Access access(kToken, 8080, hosts_of("0.0.0.0", 8080));
  const auto to = [&](const std::string& host) {
    return status(access, {{"host", host}, {"cookie", kCookie}});
  };
  EXPECT_EQ(to("192.168.1.7:8080"), 0);
  EXPECT_EQ(to("[fe80::1]:8080"), 0);
  EXPECT_EQ(to("localhost:8080"), 0);
  EXPECT_EQ(to("192.168.1.7:80"), 403);
  EXPECT_EQ(to("evil.example:8080"), 403);
  EXPECT_EQ(to("192.168.1.7.evil.example:8080"), 403);
  const Access one(kToken, 8080, hosts_of("192.168.1.7", 8080));
  EXPECT_EQ(status(one, {{"host", "192.168.1.7:8080"}, {"cookie", kCookie}}), 0);
  EXPECT_EQ(status(one, {{"host", "192.168.1.8:8080"}, {"cookie", kCookie}}), 403);
}

TEST(Token, IsRandomAndLong) {
  EXPECT_EQ(random_token().size(), 64u);
  EXPECT_NE(random_token(), random_token());
  EXPECT_TRUE(is_same_secret("abc", "abc"));
  EXPECT_FALSE(is_same_secret("abc", "abd") || is_same_secret("abc", "ab") || is_same_secret("", "a"));
}

}  // namespace
}  // namespace sonde
