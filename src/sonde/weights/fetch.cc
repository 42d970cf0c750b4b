// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/evp.h>

#include "sonde/core/bytes.h"
#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/core/text.h"
#include "sonde/weights/checkpoint_cursor.h"
#include "sonde/weights/import_plugin.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

constexpr long kOk = 200, kPartialContent = 206, kRangeNotSatisfiable = 416;

std::string system_error() { return std::error_code(errno, std::generic_category()).message(); }

std::string md5_hex(ByteView bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_md5(), nullptr) != 1) {
    throw Error(ErrorKind::unavailable, "MD5 is not available");
  }
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

// What has arrived so far, TARGET.part, held by one fetch at a time; beside it TARGET.part.version, by which
// the server tells whether it still has the same file.
class PartFile {
 public:
  explicit PartFile(const fs::path& target)
      : target_(target), part_(target.string() + ".part"), version_(part_.string() + ".version") {
    std::error_code error;
    if (target.has_parent_path()) fs::create_directories(target.parent_path(), error);
    descriptor_ = ::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (descriptor_ < 0) fail();
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      ::close(descriptor_);
      throw Error(ErrorKind::unavailable, target_.string() + ": another fetch of this file is running");
    }
    const off_t end = ::lseek(descriptor_, 0, SEEK_END);
    size_ = end < 0 ? 0 : end;
  }
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;
  ~PartFile() {
    if (size_ == 0) remove();
    ::close(descriptor_);
  }

  std::int64_t size() const { return size_; }
  const fs::path& path() const { return part_; }
  std::string version() const {
    std::ifstream file(version_);
    std::string line;
    std::getline(file, line);
    return line;
  }
  void restart(const std::string& version) {
    if (::ftruncate(descriptor_, 0) != 0 || ::lseek(descriptor_, 0, SEEK_SET) != 0) fail();
    size_ = 0;
    write_durably(version_, std::string_view(version));
  }
  void append(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) fail();
      size_ += written;
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void remove() {
    std::error_code ignored;
    fs::remove(part_, ignored);
    fs::remove(version_, ignored);
    size_ = 0;
  }
  // The whole file to its name.
  void finish() {
    if (::fsync(descriptor_) != 0 || ::rename(part_.c_str(), target_.c_str()) != 0) fail();
    std::error_code ignored;
    fs::remove(version_, ignored);
    const fs::path folder = target_.has_parent_path() ? target_.parent_path() : fs::path(".");
    const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return;
    ::fsync(directory);
    ::close(directory);
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(ErrorKind::unavailable, target_.string() + ": cannot be written: " + system_error());
  }

  fs::path target_, part_, version_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

// One HTTP exchange: what the server said, and the body on its way into the part file.
class Exchange {
 public:
  Exchange(const FetchRequest& request, PartFile& part, const Progress& progress)
      : request_(request), part_(part), progress_(progress), name_(request.target.filename().string()) {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    curl_.reset(started == CURLE_OK ? curl_easy_init() : nullptr);
    if (!curl_) throw Error(ErrorKind::unavailable, "libcurl cannot be started");
  }

  // Asks for the rest of the part, or for everything. Returns the HTTP status, 0 where there was no answer.
  long run() {
    set_options();
    std::string range;
    if (part_.size() > 0) {
      range = std::to_string(part_.size()) + "-";
      set(CURLOPT_RANGE, range.c_str());
      if (const auto version = part_.version(); !version.empty()) add_header("If-Range: " + version);
    }
    set(CURLOPT_HTTPHEADER, headers_.get());
    result_ = curl_easy_perform(curl_.get());
    if (failure_) std::rethrow_exception(failure_);
    long status = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
    return status;
  }
  bool is_complete() const { return result_ == CURLE_OK && body_started_; }
  std::string fault() const {
    if (result_ == CURLE_OK) return "the server sent nothing";
    return errors_[0] != '\0' ? errors_.data() : curl_easy_strerror(result_);
  }

 private:
  template <typename T>
  void set(CURLoption option, T value) {
    if (curl_easy_setopt(curl_.get(), option, value) != CURLE_OK) {
      throw Error(ErrorKind::internal, "libcurl refuses an option");
    }
  }
  void add_header(const std::string& line) {
    headers_.reset(curl_slist_append(headers_.release(), line.c_str()));
  }
  void set_options() {
    constexpr long kMaxRedirects = 5, kConnectSeconds = 30, kIdleSeconds = 60;
    const bool is_https = request_.url.starts_with("https://");
    set(CURLOPT_URL, request_.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_REDIR_PROTOCOLS_STR, is_https ? "https" : "http,https");
    set(CURLOPT_FOLLOWLOCATION, 1L);
    set(CURLOPT_MAXREDIRS, kMaxRedirects);
    set(CURLOPT_FAILONERROR, 1L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, kIdleSeconds);
    set(CURLOPT_USERAGENT, "sonde");
    set(CURLOPT_ERRORBUFFER, errors_.data());
    set(CURLOPT_HEADERFUNCTION, &Exchange::on_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &Exchange::on_body);
    set(CURLOPT_WRITEDATA, this);
  }

  // libcurl is C: nothing may be thrown through it.
  template <typename Work>
  std::size_t guarded(std::size_t size, Work work) noexcept {
    try {
      work();
      return size;
    } catch (...) {
      failure_ = std::current_exception();
      return size + 1;  // any other number than `size` ends the transfer
    }
  }
  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self) {
    auto* exchange = static_cast<Exchange*>(self);
    return exchange->guarded(size, [&] { exchange->read_header({data, size}); });
  }
  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) {
    auto* exchange = static_cast<Exchange*>(self);
    return exchange->guarded(size, [&] { exchange->read_body({data, size}); });
  }

  // name: in lower case, with its colon.
  static std::optional<std::string> header_value(std::string_view line, std::string_view name) {
    if (lower_case(line.substr(0, name.size())) != name) return std::nullopt;
    return std::string(trimmed(line.substr(name.size())));
  }
  void read_header(std::string_view line) {
    if (line.starts_with("HTTP/"))
      etag_ = modified_ = content_range_ = "";  // the next answer, after a redirect
    if (const auto value = header_value(line, "etag:")) etag_ = *value;
    if (const auto value = header_value(line, "last-modified:")) modified_ = *value;
    if (const auto value = header_value(line, "content-range:")) content_range_ = *value;
  }
  // A weak tag (W/...) does not promise the same bytes.
  std::string version() const { return etag_.empty() || etag_.starts_with("W/") ? modified_ : etag_; }

  void read_body(std::string_view bytes) {
    if (!body_started_) start_body();
    body_started_ = true;
    part_.append(bytes);
    if (progress_) progress_({.what = name_, .done = part_.size(), .total = total_});
  }
  void start_body() {
    long status = 0;
    curl_off_t length = -1;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    const bool continues = status == kPartialContent &&
                           content_range_.starts_with("bytes " + std::to_string(part_.size()) + "-");
    if (status == kPartialContent && !continues) {
      throw Error(ErrorKind::unavailable,
                  request_.url + ": the server sent another range than the one asked for");
    }
    if (status != kOk && !continues) {
      throw Error(ErrorKind::unavailable, request_.url + ": HTTP status " + std::to_string(status));
    }
    if (!continues) part_.restart(version());
    total_ = length < 0 ? 0 : part_.size() + length;
  }

  const FetchRequest& request_;
  PartFile& part_;
  const Progress& progress_;
  std::string name_;
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl_{nullptr, &curl_easy_cleanup};
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers_{nullptr, &curl_slist_free_all};
  std::array<char, CURL_ERROR_SIZE> errors_{};
  std::string etag_, modified_, content_range_;
  std::exception_ptr failure_;
  CURLcode result_ = CURLE_OK;
  std::int64_t total_ = 0;
  bool body_started_ = false;
};

struct HashCheck {
  std::string kind, found, wanted;  // empty where no hash is known
  bool matches() const { return found == wanted; }
};

HashCheck hash_of(const FetchRequest& request, const PartFile& part) {
  const MappedFile file(part.path());
  if (!request.sha256.empty()) return {"SHA-256", sha256_hex(file.bytes()), request.sha256};
  if (!request.md5.empty()) return {"MD5", md5_hex(file.bytes()), request.md5};
  return {};
}

// A part that cannot be gone on with: nobody can say whether the rest would fit.
bool is_useless(const FetchRequest& request, const PartFile& part) {
  return part.size() > 0 && part.version().empty() && request.sha256.empty() && request.md5.empty();
}

// Until the server has sent everything; throws where it has not.
void transfer(const FetchRequest& request, PartFile& part, const Progress& progress) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    Exchange exchange(request, part, progress);
    const long status = exchange.run();
    if (exchange.is_complete()) return;
    if (status != kRangeNotSatisfiable || attempt > 0 || part.size() == 0) {
      throw Error(ErrorKind::unavailable, request.url + ": " + printable(exchange.fault()) + "; " +
                                              std::to_string(part.size()) +
                                              " bytes are kept, the same command goes on from there");
    }
    // The part is as long as the file: a fetch that was killed before the renaming, or of no use.
    if (const auto hash = hash_of(request, part); !hash.kind.empty() && hash.matches()) return;
    part.restart("");
  }
}

}  // namespace

void fetch_by_curl(const FetchRequest& request, const Progress& progress) {
  if (!request.url.starts_with("http://") && !request.url.starts_with("https://")) {
    throw Error(ErrorKind::usage, printable(request.url) + ": only http:// and https:// are fetched");
  }
  PartFile part(request.target);
  if (is_useless(request, part)) part.restart("");
  transfer(request, part, progress);
  if (const auto hash = hash_of(request, part); !hash.matches()) {
    part.remove();
    throw Error(ErrorKind::corrupt_data, request.url + ": the " + hash.kind + " of what was fetched is " +
                                             hash.found + ", not " + hash.wanted + "; it was removed");
  }
  part.finish();
}

}  // namespace sonde
