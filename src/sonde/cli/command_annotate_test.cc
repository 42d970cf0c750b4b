// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sonde/core/data_testing.h"
#include "sonde/core/folder_testing.h"
#include "sonde/io/write.h"
#include "sonde/predict/model_testing.h"
#include "sonde/server/connection_testing.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using testing::HasSubstr;

// The program as its users start it, in a folder with two pictures, something broken and a small network.
class AnnotateCommand : public testing::Test {
 protected:
  AnnotateCommand() {
    save_random_sam(tiny_sam_sizes(), 1, path("tiny.safetensors"));
    fs::create_directories(path("scans"));
    write_png(path("scans/a.png"), test_picture({60, 40}));
    write_png(path("scans/b.png"), test_picture({50, 30}));
    std::ofstream(path("scans/cut.png")) << "\x89PNG\r\n\x1a\n";
  }
  ~AnnotateCommand() override {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
  }

  fs::path path(const std::string& name) const { return folder_.path() / name; }

  void start(std::vector<std::string> args) {
    args.insert(args.begin(), {"annotate"});
    args.insert(args.end(), {"--model", path("tiny.safetensors"), "--no-store", "--threads", "1"});
    std::vector<char*> pointers{const_cast<char*>(program_path())};  // NOLINT: execv's signature
    for (std::string& arg : args) pointers.push_back(arg.data());
    pointers.push_back(nullptr);
    fs::remove(path("out"));  // of an earlier run
    child_ = ::fork();
    if (child_ != 0) return;
    const int out = ::open(path("out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int error = ::open(path("error").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(error, STDERR_FILENO);
    if (::chdir(folder_.path().c_str()) == 0) ::execv(program_path(), pointers.data());
    ::_exit(127);
  }
  pid_t child() const { return child_; }
  // The caller ends it.
  pid_t release_child() { return std::exchange(child_, 0); }
  int wait_for_end() {
    int status = 0;
    ::waitpid(std::exchange(child_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  int run(std::vector<std::string> args) {
    start(std::move(args));
    return wait_for_end();
  }
  std::string out() const { return content_of(path("out")); }
  std::string error() const { return content_of(path("error")); }

  struct Address {
    std::uint16_t port = 0;
    std::string token;
  };
  // From the last line on stdout, once it is there.
  Address wait_for_address() const {
    for (int i = 0; i < 3000; ++i) {
      const std::string text = out();
      const auto at = text.find("http://127.0.0.1:");
      if (at != std::string::npos && text.back() == '\n') {
        const auto token = text.find("/?token=", at);
        return {static_cast<std::uint16_t>(std::stoi(text.substr(at + 17))), text.substr(token + 8, 64)};
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << "no address\n" << error();
    return {};
  }
  static TestConnection::Answer get(const Address& address, const std::string& target) {
    TestConnection connection(address.port);
    connection.send("GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(address.port) +
                    "\r\nAuthorization: Bearer " + address.token + "\r\n\r\n");
    return connection.receive();
  }
  // An object of one prompt on the first image.
  static void draw(const Address& address) {
    const Json plane{{"axis", "axial"}, {"slice", 0}};
    const Json body{{"request", "00000000-0001"},
                    {"view", plane},
                    {"action",
                     {{"kind", "ask"},
                      {"plane", plane},
                      {"window", "auto"},
                      {"points", {{{"x", 30}, {"y", 20}, {"label", 1}}}},
                      {"box", nullptr},
                      {"proposal", nullptr},
                      {"target", nullptr}}}};
    const std::string text = body.dump();
    TestConnection connection(address.port);
    connection.send("POST /api/images/1/actions HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(address.port) +
                    "\r\nAuthorization: Bearer " + address.token +
                    "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(text.size()) +
                    "\r\n\r\n" + text);
    const auto answer = connection.receive();
    ASSERT_EQ(answer.status, 200) << answer.body;
  }

 private:
  TestFolder folder_;
  pid_t child_ = 0;
};

TEST_F(AnnotateCommand, ServesAProjectNamedAfterItsFirstPathUntilItIsToldToEnd) {
  start({"scans"});
  const Address address = wait_for_address();
  EXPECT_THAT(out(), HasSubstr("scans.sonde: 2 images"));
  EXPECT_THAT(error(), HasSubstr("cut.png: "));
  const Json project = Json::parse(get(address, "/api/project").body);
  EXPECT_EQ(project["name"], "scans.sonde");
  EXPECT_EQ(project["images"].size(), 2u);
  const Json opened = Json::parse(get(address, "/api/images/1").body);
  EXPECT_EQ(opened["extent"], Json({60, 40, 1}));
  EXPECT_EQ(get(address, "/").status, 200);
  EXPECT_EQ(get({address.port, "wrong"}, "/").status, 401);
  ASSERT_EQ(::kill(child(), SIGTERM), 0);
  EXPECT_EQ(wait_for_end(), 0) << error();
  EXPECT_TRUE(fs::exists(path("scans.sonde/sonde.sqlite")));
  EXPECT_FALSE(fs::exists(path("scans.sonde/sonde.sqlite-wal"))) << "was not closed in order";
}

TEST_F(AnnotateCommand, GoesOnWithAProjectAndTellsWhatIsNew) {
  start({"scans/a.png", "--project", "p.sonde"});
  wait_for_address();
  ::kill(child(), SIGINT);
  EXPECT_EQ(wait_for_end(), 0);
  start({"p.sonde", "scans", "--json"});
  wait_for_address();
  const Json json = Json::parse(out());
  EXPECT_EQ(json["images"], 2);
  EXPECT_EQ(json["added"], 1);
  EXPECT_EQ(json["refused"].size(), 1u);
  ::kill(child(), SIGINT);
  EXPECT_EQ(wait_for_end(), 0);
}

TEST_F(AnnotateCommand, LetsAPageThatIsOpenGoOnAfterItHasBeenKilled) {
  start({"scans"});
  const Address before = wait_for_address();
  const fs::path kept = path("scans.sonde/sonde.token");
  EXPECT_EQ(fs::status(kept).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  ::kill(child(), SIGKILL);
  wait_for_end();
  start({"scans"});
  const Address after = wait_for_address();
  EXPECT_EQ(after.port, before.port);
  EXPECT_EQ(after.token, before.token);
  EXPECT_EQ(get(before, "/api/project").status, 200);
  ::kill(child(), SIGTERM);
  EXPECT_EQ(wait_for_end(), 0);

  // Without the file, or with one that others can read: another token.
  fs::permissions(kept, fs::perms::group_read, fs::perm_options::add);
  start({"scans"});
  const Address next = wait_for_address();
  EXPECT_NE(next.token, before.token);
  EXPECT_EQ(fs::status(kept).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  ::kill(child(), SIGTERM);
  EXPECT_EQ(wait_for_end(), 0);
  fs::remove(kept);
  start({"scans"});
  EXPECT_NE(wait_for_address().token, next.token);
  ::kill(child(), SIGTERM);
  EXPECT_EQ(wait_for_end(), 0);
}

TEST_F(AnnotateCommand, TakesAnotherPortAndTokenWhereAnotherHasThatOfLastTime) {
  start({"scans", "--project", "one.sonde"});
  const Address one = wait_for_address();
  const pid_t first = release_child();
  start({"scans", "--project", "two.sonde"});
  wait_for_address();
  ::kill(child(), SIGTERM);
  EXPECT_EQ(wait_for_end(), 0);
  fs::copy_file(path("one.sonde/sonde.token"), path("two.sonde/sonde.token"),
                fs::copy_options::overwrite_existing);
  fs::permissions(path("two.sonde/sonde.token"), fs::perms::owner_read | fs::perms::owner_write);
  start({"scans", "--project", "two.sonde"});
  const Address two = wait_for_address();
  EXPECT_EQ(error().find("port"), std::string::npos) << error();
  EXPECT_NE(two.port, one.port);
  EXPECT_NE(two.token, one.token);
  ::kill(child(), SIGTERM);
  EXPECT_EQ(wait_for_end(), 0);
  ::kill(first, SIGTERM);
  ::waitpid(first, nullptr, 0);
}

TEST_F(AnnotateCommand, SaysWhyItCannotBegin) {
  EXPECT_EQ(run({}), 2);
  EXPECT_THAT(error(), HasSubstr("say what to annotate"));
  EXPECT_EQ(run({"nowhere"}), 2);
  EXPECT_FALSE(fs::exists(path("nowhere.sonde")));
  EXPECT_EQ(run({"scans", "--import", "nowhere"}), 2);
  EXPECT_THAT(error(), HasSubstr("nowhere: there is no such file or folder of masks"));
  EXPECT_FALSE(fs::exists(path("scans.sonde")));
  EXPECT_EQ(run({"--project", "none.sonde"}), 2);
  EXPECT_THAT(error(), HasSubstr("there is no such project"));
  EXPECT_EQ(run({"scans", "--host", "somewhere"}), 2);
  EXPECT_THAT(error(), HasSubstr("numeric address"));
  for (const char* port : {"99999", "65536", "-1", "x", "80.5"}) {
    EXPECT_EQ(run({"scans", "--port", port}), 2);
    EXPECT_THAT(error(), HasSubstr("--port: Value " + std::string(port) + " not in range 0 to 65535"));
    EXPECT_EQ(error().find('\n'), error().size() - 1) << error();
  }
  EXPECT_EQ(run({"scans", "--host", "192.0.2.1"}), 3);  // of documentation: nobody has it
  EXPECT_THAT(error(), HasSubstr("host 192.0.2.1: this machine has no such address"));

  start({"scans", "--project", "one.sonde"});
  const Address address = wait_for_address();
  const pid_t first = release_child();
  EXPECT_EQ(run({"scans", "--port", std::to_string(address.port)}), 3);
  EXPECT_THAT(error(), HasSubstr("port " + std::to_string(address.port)));
  EXPECT_FALSE(fs::exists(path("scans.sonde")));
  EXPECT_EQ(run({"one.sonde"}), 2);  // another process has it
  EXPECT_THAT(error(), HasSubstr("one.sonde"));
  ::kill(first, SIGTERM);
  ::waitpid(first, nullptr, 0);
}

TEST_F(AnnotateCommand, NamesTenOfTheFilesThatAreLeftOut) {
  for (int i = 0; i < 12; ++i)
    fs::copy_file(path("scans/cut.png"), path("scans/cut" + std::to_string(i) + ".png"));
  const auto named = [&] {
    const std::string text = error();
    int lines = 0;
    for (auto at = text.find("left out"); at != std::string::npos; at = text.find("left out", at + 1))
      ++lines;
    return lines;
  };
  start({"scans"});
  wait_for_address();
  EXPECT_EQ(named(), 10);
  EXPECT_THAT(error(), HasSubstr("sonde: and 3 more; --json names all\n"));
  ::kill(child(), SIGINT);
  EXPECT_EQ(wait_for_end(), 0);
  start({"scans", "--json"});
  wait_for_address();
  EXPECT_EQ(Json::parse(out())["refused"].size(), 13u);
  ::kill(child(), SIGINT);
  EXPECT_EQ(wait_for_end(), 0);
}

TEST_F(AnnotateCommand, WarnsWhenItCanBeReachedFromOutside) {
  start({"scans", "--host", "0.0.0.0"});
  const Address address = wait_for_address();
  EXPECT_THAT(error(), HasSubstr("warning: 0.0.0.0 can be reached"));
  EXPECT_EQ(get(address, "/api/project").status, 200);
  EXPECT_FALSE(fs::exists(path("scans.sonde/sonde.token"))) << "it travels through a network";
  ::kill(child(), SIGTERM);
  EXPECT_EQ(wait_for_end(), 0);
}

TEST_F(AnnotateCommand, VerifiesEveryMaskOfAProjectAgainstItsHistory) {
  start({"scans"});
  const Address address = wait_for_address();
  get(address, "/api/images/1");  // opens it
  draw(address);
  const pid_t server = release_child();
  EXPECT_EQ(run({"--verify", "scans.sonde"}), 0) << error();  // while it is open
  EXPECT_THAT(out(), HasSubstr("scans.sonde: 1 event of 1 image replayed, every mask is what"));
  ::kill(server, SIGTERM);
  ::waitpid(server, nullptr, 0);

  const std::string database = content_of(path("scans.sonde/sonde.sqlite"));
  save_random_sam(tiny_sam_sizes(), 2, path("tiny.safetensors"));
  EXPECT_EQ(run({"--verify", "scans.sonde"}), 0);
  EXPECT_THAT(error(), HasSubstr("1 event of another model or precision"));
  save_random_sam(tiny_sam_sizes(), 1, path("tiny.safetensors"));

  write_png(path("scans/a.png"), {{60, 40}, std::vector<std::uint8_t>(60 * 40 * 3, 90)});
  EXPECT_EQ(run({"--verify", "scans.sonde", "--json"}), 1);
  const Json json = Json::parse(out());
  EXPECT_EQ(json["verified"], false);
  ASSERT_EQ(json["faults"].size(), 1U) << out();
  EXPECT_EQ(json["faults"][0]["image"], "a.png");
  EXPECT_EQ(json["faults"][0]["kind"], "differs");
  fs::remove(path("scans/a.png"));
  EXPECT_EQ(run({"--verify", "scans.sonde"}), 1);
  EXPECT_THAT(out(), HasSubstr("0 differ, 1 cannot be computed again"));
  EXPECT_EQ(content_of(path("scans.sonde/sonde.sqlite")), database);

  EXPECT_EQ(run({"--verify", "scans.sonde", "scans"}), 2);
  EXPECT_THAT(error(), HasSubstr("--verify takes a project alone"));
  EXPECT_EQ(run({"--verify", "nowhere.sonde"}), 2);
}

}  // namespace
}  // namespace sonde
