// SPDX-License-Identifier: Apache-2.0
#include "sonde/cli/standard_streams.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <iostream>
#include <optional>
#include <streambuf>
#include <string>
#include <system_error>
#include <unistd.h>

#include "sonde/core/error.h"

namespace sonde {
namespace {

// A character of UTF-8 and how many bytes it takes.
struct Character {
  char32_t code = 0;
  std::size_t bytes = 0;
};

std::size_t bytes_of_character(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

// Absent: no UTF-8. Surrogates and longer forms than needed are none (Unicode 15, table 3-7).
std::optional<Character> character_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t bytes = bytes_of_character(byte(0));
  if (bytes == 0 || bytes > text.size()) return std::nullopt;
  constexpr std::array<unsigned, 5> kFirstBits{0, 0x7F, 0x1F, 0x0F, 0x07};
  char32_t code = byte(0) & kFirstBits[bytes];
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return std::nullopt;
    code = code << 6U | (byte(i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kMinOfLength{0, 0, 0x80, 0x800, 0x10000};
  if (code < kMinOfLength[bytes] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return std::nullopt;
  return Character{code, bytes};
}

bool is_obeyed(char32_t code) {
  const bool is_control = code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029;
  const bool turns_text = code == 0x061C || code == 0x200E || code == 0x200F ||
                          (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
  return is_control || turns_text;
}

std::string in_hex(char32_t value, int digits) {
  std::string text;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
    text += "0123456789abcdef"[value >> shift & 0xFU];
  return text;
}

std::string escaped_but(std::string_view text, std::string_view kept) {
  std::string text_out;
  while (!text.empty()) {
    const auto character = character_at(text);
    const std::size_t bytes = character ? character->bytes : 1;
    if (!character) {
      text_out += "\\x" + in_hex(static_cast<unsigned char>(text.front()), 2);
    } else if (is_obeyed(character->code) && kept.find(text.front()) == std::string_view::npos) {
      text_out += "\\u" + in_hex(character->code, 4);
    } else {
      text_out += text.substr(0, bytes);
    }
    text.remove_prefix(bytes);
  }
  return text_out;
}

// A descriptor as a stream that shows what it is given. A fault is kept; what comes after it is dropped.
class EscapedOutput : public std::streambuf {
 public:
  explicit EscapedOutput(int descriptor)
      : descriptor_(descriptor), by_line_(descriptor == STDERR_FILENO || ::isatty(descriptor) != 0) {}
  std::error_code fault() const { return fault_; }

 protected:
  int_type overflow(int_type byte) override {
    if (traits_type::eq_int_type(byte, traits_type::eof())) return traits_type::not_eof(byte);
    const char value = traits_type::to_char_type(byte);
    return xsputn(&value, 1) == 1 ? byte : traits_type::eof();
  }
  std::streamsize xsputn(const char* text, std::streamsize count) override {
    waiting_.append(text, static_cast<std::size_t>(count));
    constexpr std::size_t kMaxWaiting = 1 << 16;
    const bool is_due = waiting_.size() >= kMaxWaiting || (by_line_ && waiting_.ends_with('\n'));
    return is_due && !write_out(Rest::kept) ? 0 : count;
  }
  int sync() override { return write_out(Rest::written) ? 0 : -1; }

 private:
  enum class Rest { kept, written };

  // A character whose bytes have not all come may wait for them.
  std::size_t unfinished() const {
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, waiting_.size()); ++back) {
      const auto byte = static_cast<unsigned char>(waiting_[waiting_.size() - back]);
      if ((byte & 0xC0U) == 0x80U) continue;
      return bytes_of_character(byte) > back ? back : 0;
    }
    return 0;
  }

  bool write_out(Rest rest) {
    const std::size_t kept = rest == Rest::kept ? unfinished() : 0;
    const std::string text = escaped(std::string_view(waiting_).substr(0, waiting_.size() - kept));
    waiting_.erase(0, waiting_.size() - kept);
    std::string_view left = text;
    while (!left.empty() && !fault_) {
      const ssize_t step = ::write(descriptor_, left.data(), left.size());
      if (step >= 0) left.remove_prefix(static_cast<std::size_t>(step));
      if (step < 0 && errno != EINTR) fault_ = std::error_code(errno, std::generic_category());
    }
    return !fault_;
  }

  int descriptor_;
  bool by_line_;
  std::string waiting_;
  std::error_code fault_;
};

// Reading from what stands in for a closed input fails at once, as does writing to an output.
void take_up_closed() {
  constexpr std::array kModes{O_WRONLY, O_RDONLY, O_WRONLY};
  for (int descriptor = 0; descriptor < 3; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) < 0 && errno == EBADF)
      ::open("/dev/null", kModes[static_cast<std::size_t>(descriptor)]);  // takes the lowest number
  }
}

}  // namespace

void begin_standard_streams() {
  take_up_closed();
  std::signal(SIGPIPE, SIG_IGN);
  static EscapedOutput& out = *new EscapedOutput(STDOUT_FILENO);  // written to until the very end
  static EscapedOutput& error = *new EscapedOutput(STDERR_FILENO);
  std::cout.rdbuf(&out);
  std::cerr.rdbuf(&error);
}

void flush_standard_output() {
  std::cout.flush();
  const auto* out = dynamic_cast<const EscapedOutput*>(std::cout.rdbuf());
  const std::error_code fault = out != nullptr ? out->fault() : std::error_code();
  if (fault) throw Error(ErrorKind::unavailable, "standard output: " + fault.message());
  if (!std::cout) throw Error(ErrorKind::unavailable, "standard output: cannot be written");
}

void complain(std::string_view text) { std::cerr << "sonde: " + escaped_on_one_line(text) + '\n'; }

void complain_of_memory() {
  constexpr std::string_view kText = "sonde: not enough memory\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kText.data(), kText.size());
}

std::string escaped(std::string_view text) { return escaped_but(text, "\n\t"); }
std::string escaped_on_one_line(std::string_view text) { return escaped_but(text, ""); }

}  // namespace sonde
