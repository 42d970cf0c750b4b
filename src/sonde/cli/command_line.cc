// SPDX-License-Identifier: Apache-2.0
#include "sonde/cli/command_line.h"

#include <algorithm>
#include <iostream>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>

#include "sonde/core/error.h"

namespace sonde {

OptionRules& OptionRules::required() {
  option_->required();
  return *this;
}

OptionRules& OptionRules::show_default() {
  option_->capture_default_str();
  return *this;
}

OptionRules& OptionRules::one_value_a_time() {
  option_->allow_extra_args(false);
  return *this;
}

OptionRules& OptionRules::one_of(const std::vector<std::string>& values) {
  option_->check(CLI::IsMember(values));
  return *this;
}

OptionRules& OptionRules::within(std::int64_t min, std::int64_t max) {
  option_->check(CLI::Range(min, max));
  return *this;
}

OptionRules& OptionRules::positive() {
  CLI::Range range(std::int64_t{1}, std::int64_t{1} << 40);
  range.description(">= 1");
  option_->check(range);
  return *this;
}

OptionRules& OptionRules::integer() {
  const auto fault = [](const std::string& text) {
    constexpr std::size_t kMaxDigits = 18;
    const bool fits = !text.empty() && text.size() <= kMaxDigits &&
                      text.find_first_not_of("0123456789") == std::string::npos;
    return fits ? std::string() : "\"" + text + "\" is not a whole number of up to 18 digits";
  };
  option_->check(CLI::Validator(fault, "0..999999999999999999"));
  return *this;
}

OptionRules& OptionRules::not_empty() {
  const auto fault = [](const std::string& text) { return std::string(text.empty() ? "is empty" : ""); };
  option_->check(CLI::Validator(fault, "PATH"));
  return *this;
}

CommandLine::CommandLine(const std::string& summary, const std::string& name)
    : owned_(std::make_unique<CLI::App>(summary, name)), app_(owned_.get()) {}
CommandLine::CommandLine(CLI::App& command) : app_(&command) {}
CommandLine::~CommandLine() = default;

template <typename Value>
OptionRules CommandLine::add(const std::string& name, Value& value, const std::string& description) {
  return OptionRules(*app_->add_option(name, value, description));
}
template OptionRules CommandLine::add(const std::string&, std::string&, const std::string&);
template OptionRules CommandLine::add(const std::string&, std::vector<std::string>&, const std::string&);
template OptionRules CommandLine::add(const std::string&, int&, const std::string&);
template OptionRules CommandLine::add(const std::string&, std::int64_t&, const std::string&);
template OptionRules CommandLine::add(const std::string&, std::uint64_t&, const std::string&);
template OptionRules CommandLine::add(const std::string&, double&, const std::string&);
template OptionRules CommandLine::add(const std::string&, std::optional<std::int64_t>&, const std::string&);

void CommandLine::add_flag(const std::string& name, bool& value, const std::string& description) {
  app_->add_flag(name, value, description);
}

void CommandLine::add_flag(const std::string& name, std::function<void()> when_given,
                           const std::string& description) {
  app_->add_flag_callback(name, std::move(when_given), description);
}

CommandLine& CommandLine::add_command(const std::string& name, const std::string& summary) {
  app_->require_subcommand(1);
  commands_.push_back(std::unique_ptr<CommandLine>(new CommandLine(*app_->add_subcommand(name, summary))));
  return *commands_.back();
}

bool CommandLine::has_command(const std::string& name) const { return app_->got_subcommand(name); }

void CommandLine::footer(const std::string& text) { app_->footer(text); }

bool is_given(std::span<const char* const> args, std::string_view option) {
  return std::ranges::any_of(args, [&](std::string_view text) {
    return text == option || (text.starts_with(option) && text.substr(option.size()).starts_with("="));
  });
}

Parsed CommandLine::parse(std::span<const char* const> args) {
  try {
    app_->parse(std::vector<std::string>(args.rbegin(), args.rend()));  // CLI11 takes them last first
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) {
      throw Error(ErrorKind::usage,
                  app_->get_name() + ": " + error.what() + "; see " + app_->get_name() + " --help");
    }
    app_->exit(error, std::cout, std::cerr);
    return Parsed::helped;
  }
  return Parsed::run;
}

}  // namespace sonde
