// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// CLI11 behind a wall: its headers take longer to compile than any command, and only command_line.cc includes
// them.
namespace CLI {  // NOLINT(readability-identifier-naming): its own name
class App;
class Option;
}  // namespace CLI

namespace sonde {

// An option while it is declared. Usable as long as its CommandLine.
class OptionRules {
 public:
  explicit OptionRules(CLI::Option& option) : option_(&option) {}

  OptionRules& required();
  OptionRules& show_default();  // what the variable holds now
  // Of an option that may be given several times: one value each time, so that a positional may follow.
  OptionRules& one_value_a_time();
  OptionRules& one_of(const std::vector<std::string>& values);
  OptionRules& within(std::int64_t min, std::int64_t max);
  OptionRules& positive();
  // For unsigned numbers: CLI11 takes a minus sign, and what does not fit for the largest.
  OptionRules& integer();
  OptionRules& not_empty();

 private:
  CLI::Option* option_;
};

// "--model x" or "--model=x".
bool is_given(std::span<const char* const> args, std::string_view option);

enum class Parsed { run, helped };

// The options of one command, what --help says of them, and the refusal of all else.
class CommandLine {
 public:
  // name: as typed, "sonde segment".
  CommandLine(const std::string& summary, const std::string& name);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // name: "--out", or "images" for a positional. Value: std::string, a vector of them, int, std::int64_t,
  // std::uint64_t, double or an optional std::int64_t; what is given goes there.
  template <typename Value>
  OptionRules add(const std::string& name, Value& value, const std::string& description);
  void add_flag(const std::string& name, bool& value, const std::string& description);
  void add_flag(const std::string& name, std::function<void()> when_given, const std::string& description);
  // A command within this one; one of them must then be given.
  CommandLine& add_command(const std::string& name, const std::string& summary);
  bool has_command(const std::string& name) const;  // whether it was given
  void footer(const std::string& text);

  // args: what follows the name. helped: --help was among them and is printed. Throws Error{usage} for what
  // is not declared.
  Parsed parse(std::span<const char* const> args);

 private:
  explicit CommandLine(CLI::App& command);

  std::unique_ptr<CLI::App> owned_;  // none in a command within another
  CLI::App* app_;
  std::vector<std::unique_ptr<CommandLine>> commands_;
};

}  // namespace sonde
