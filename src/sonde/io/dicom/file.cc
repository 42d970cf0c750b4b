// SPDX-License-Identifier: Apache-2.0
// From a file's bytes to GDCM's data set, and where the pixels begin.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <istream>
#include <limits>
#include <set>
#include <sys/resource.h>
#include <unistd.h>

#include <gdcmByteValue.h>
#include <gdcmTrace.h>
#include <zlib.h>

#include "sonde/io/dicom/explicit.h"
#include "sonde/io/dicom/gdcm.h"
#include "sonde/io/dicom/meta.h"
#include "sonde/io/dicom/syntax.h"
#include "sonde/io/dicom/text.h"

namespace sonde::dicom {
namespace {

// A seekable stream over bytes that somebody else owns.
class ByteBuffer : public std::streambuf {
 public:
  explicit ByteBuffer(ByteView bytes) {
    auto* begin = const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));  // never written through
    setg(begin, begin, begin + bytes.size());
  }

 protected:
  pos_type seekoff(off_type offset, std::ios_base::seekdir from, std::ios_base::openmode) override {
    const off_type base = from == std::ios_base::beg   ? 0
                          : from == std::ios_base::cur ? gptr() - eback()
                                                       : egptr() - eback();
    return seekpos(base + offset, std::ios_base::in);
  }
  pos_type seekpos(pos_type at, std::ios_base::openmode) override {
    const off_type offset = at;
    if (offset < 0 || offset > egptr() - eback()) return pos_type(off_type(-1));
    setg(eback(), eback() + offset, egptr());
    return at;
  }
};

const gdcm::ByteValue* bytes_of(const DataSet& data, const Tag& tag) {
  if (!data.FindDataElement(tag)) return nullptr;
  return data.GetDataElement(tag).GetByteValue();
}

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kCanLimitMemory = false;  // its shadow takes terabytes of address space
#else
constexpr bool kCanLimitMemory = true;
#endif

// GDCM allocates and clears what an element says it is long, up to 4 GB, before it looks whether that many
// bytes are there.
class MemoryCap {
 public:
  explicit MemoryCap(std::size_t room) {
    std::ifstream statm("/proc/self/statm");
    rlim_t pages = 0;
    statm >> pages;
    if (!kCanLimitMemory || pages == 0 || getrlimit(RLIMIT_AS, &before_) != 0) return;
    rlimit capped = before_;
    capped.rlim_cur =
        std::min<rlim_t>(before_.rlim_cur, pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + room);
    is_set_ = setrlimit(RLIMIT_AS, &capped) == 0;
  }
  MemoryCap(const MemoryCap&) = delete;
  MemoryCap& operator=(const MemoryCap&) = delete;
  ~MemoryCap() {
    if (is_set_) setrlimit(RLIMIT_AS, &before_);
  }

 private:
  rlimit before_{};
  bool is_set_ = false;
};

constexpr const char* kDeflated = "1.2.840.10008.1.2.1.99";
constexpr std::size_t kRoomToParse = std::size_t{64} << 20;
constexpr std::size_t kMaxInflated = std::size_t{1} << 30;

std::vector<std::byte> inflate_raw(const std::filesystem::path& path, ByteView compressed) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    throw Error(ErrorKind::internal, path.string() + ": zlib does not start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
  std::vector<std::byte> out;
  std::vector<std::byte> chunk(std::size_t{1} << 20);
  int state = Z_OK;
  while (state == Z_OK && (stream.avail_in > 0 || !compressed.empty())) {
    if (stream.avail_in == 0) {
      const auto part = compressed.first(std::min<std::size_t>(compressed.size(), std::size_t{1} << 30));
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(part.data()));
      stream.avail_in = static_cast<uInt>(part.size());
      compressed = compressed.subspan(part.size());
    }
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = static_cast<uInt>(chunk.size());
    state = inflate(&stream, Z_NO_FLUSH);
    out.insert(out.end(), chunk.begin(), chunk.end() - stream.avail_out);
    if (out.size() > kMaxInflated)
      throw Error(ErrorKind::corrupt_data, path.string() + ": the deflated data set passes 1 GB");
  }
  if (state != Z_STREAM_END)
    throw Error(ErrorKind::corrupt_data, path.string() + ": the deflated data set is cut or damaged");
  return out;
}

// Before GDCM sees the file, which does not know all that there are.
void require_readable_syntax(const std::filesystem::path& path, const std::string& uid) {
  if (is_known_syntax(uid) || uid == kDeflated) return;
  const auto name = unread_syntax_name(uid);
  throw Error(ErrorKind::unsupported, path.string() + ": the transfer syntax " + uid +
                                          (name.empty() ? "" : ", " + std::string(name) + ",") +
                                          " is not read");
}

}  // namespace

std::string text(const DataSet& data, const Tag& tag) {
  const auto* value = bytes_of(data, tag);
  if (value == nullptr || value->GetPointer() == nullptr) return {};
  std::string all(value->GetPointer(), value->GetLength());
  const auto not_padding = [](char c) { return c != ' ' && c != '\0'; };
  const auto begin = std::ranges::find_if(all, not_padding);
  const auto end = std::find_if(all.rbegin(), all.rend(), not_padding).base();
  return begin < end ? std::string(begin, end) : std::string();
}

std::string shown_text(const DataSet& data, const Tag& tag) {
  return decode_dicom_text(text(data, tag), text(data, Tag(0x0008, 0x0005)));
}

std::vector<double> numbers(const DataSet& data, const Tag& tag) {
  const auto all = text(data, tag);
  std::vector<double> values;
  if (all.empty()) return values;
  for (std::size_t at = 0; at <= all.size();) {
    const auto end = std::min(all.find('\\', at), all.size());
    const char* first = all.data() + at;
    const char* last = all.data() + end;
    while (first < last && (*first == ' ' || *first == '+')) ++first;
    double value = std::numeric_limits<double>::quiet_NaN();
    if (std::from_chars(first, last, value).ec != std::errc())
      value = std::numeric_limits<double>::quiet_NaN();
    values.push_back(value);
    at = end + 1;
  }
  return values;
}

std::optional<double> number(const DataSet& data, const Tag& tag) {
  const auto values = numbers(data, tag);
  if (values.empty() || !std::isfinite(values[0])) return std::nullopt;
  return values[0];
}

std::vector<std::byte> raw(const DataSet& data, const Tag& tag) {
  const auto* value = bytes_of(data, tag);
  if (value == nullptr || value->GetPointer() == nullptr) return {};
  const auto bytes = std::as_bytes(std::span<const char>(value->GetPointer(), value->GetLength()));
  return {bytes.begin(), bytes.end()};
}

std::vector<std::uint16_t> shorts(const DataSet& data, const Tag& tag) {
  const auto bytes = raw(data, tag);
  std::vector<std::uint16_t> values(bytes.size() / sizeof(std::uint16_t));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(std::uint16_t));
  return values;
}

bool has(const DataSet& data, const Tag& tag) {
  return data.FindDataElement(tag) && !data.GetDataElement(tag).IsEmpty();
}

gdcm::SmartPointer<gdcm::SequenceOfItems> sequence(const DataSet& data, const Tag& tag) {
  if (!data.FindDataElement(tag)) return nullptr;
  return data.GetDataElement(tag).GetValueAsSQ();
}

File::File(const std::filesystem::path& path) : mapped_(path), bytes_(mapped_->bytes()) {
  gdcm::Trace::WarningOff();
  gdcm::Trace::ErrorOff();
  const auto meta = parse_dicom_meta(bytes_);
  transfer_syntax_ = meta.transfer_syntax;
  media_storage_ = meta.media_storage;
  if (media_storage_ == "1.2.840.10008.1.3.10")  // GDCM aborts on some of these
    throw Error(ErrorKind::unsupported, path.string() + ": holds no picture (DICOMDIR)");
  require_readable_syntax(path, transfer_syntax_);
  const auto data_set = bytes_.subspan(meta.data_set_at);
  if (transfer_syntax_ == kDeflated) {
    transfer_syntax_ = "1.2.840.10008.1.2.1";
    rebuilt_ = with_dicom_meta(transfer_syntax_, inflate_raw(path, data_set));
    bytes_ = rebuilt_;
  } else if (!meta.is_usual) {
    rebuilt_ = with_dicom_meta(meta.element_syntax, data_set);
    bytes_ = rebuilt_;
  }
  const auto data_set_at = parse_dicom_meta(bytes_).data_set_at;
  const auto rewritten = as_explicit_data_set(bytes_.subspan(data_set_at), meta.element_syntax);
  const auto parse_rewritten = [&] {
    rewritten_ = with_dicom_meta("1.2.840.10008.1.2.1", rewritten->elements);
    if (parse(rewritten_)) locate_pixels(data_set_at + rewritten->pixels_at);
  };
  if (rewritten && rewritten->is_odd) parse_rewritten();
  if (pixels_found_) return;
  const bool parsed = parse(bytes_);
  const auto at = static_cast<std::streamoff>(stream_->tellg());
  if (parsed && at > 0) locate_pixels(static_cast<std::size_t>(at));
  if (!pixels_found_ && rewritten) parse_rewritten();
  if (!parsed && !pixels_found_)
    throw Error(ErrorKind::corrupt_data, path.string() + ": the DICOM data set is cut or damaged");
}

bool File::parse(ByteView bytes) {
  buffer_ = std::make_unique<ByteBuffer>(bytes);
  stream_ = std::make_unique<std::istream>(buffer_.get());
  reader_ = std::make_unique<gdcm::Reader>();
  reader_->SetStream(*stream_);
  const MemoryCap cap(2 * bytes.size() + kRoomToParse);
  return reader_->ReadUpToTag(Tag(0x7fe0, 0x0010), {Tag(0x7fe0, 0x0010)});
}

// GDCM stops behind the pixel element's head: tag, two letters, 00 00 and the length, or tag and length.
void File::locate_pixels(std::size_t value_at) {
  if (value_at < 12 || value_at > bytes_.size()) return;
  const auto byte = [&](std::size_t back) { return std::to_integer<std::uint32_t>(bytes_[value_at - back]); };
  const bool big = is_big_endian();
  const auto is_tag_at = [&](std::size_t back) {
    const std::array<std::uint32_t, 4> found{byte(back), byte(back - 1), byte(back - 2), byte(back - 3)};
    return found == (big ? std::array<std::uint32_t, 4>{0x7f, 0xe0, 0x00, 0x10}
                         : std::array<std::uint32_t, 4>{0xe0, 0x7f, 0x10, 0x00});
  };
  const bool is_explicit = is_tag_at(12);
  if (!is_explicit && !is_tag_at(8)) return;
  pixels_found_ = true;
  pixels_are_bytes_ = is_explicit && byte(8) == 'O' && byte(7) == 'B';
  declared_length_ = big ? (byte(4) << 24 | byte(3) << 16 | byte(2) << 8 | byte(1))
                         : (byte(1) << 24 | byte(2) << 16 | byte(3) << 8 | byte(4));
  encapsulated_ = declared_length_ == 0xffffffff;
  const auto rest = bytes_.subspan(value_at);
  pixels_ = rest.first(static_cast<std::size_t>(std::min<std::uint64_t>(declared_length_, rest.size())));
}

}  // namespace sonde::dicom
