// SPDX-License-Identifier: Apache-2.0
// What sonde reads of DICOM files by itself, outside of the child process that GDCM runs in: the first
// elements, the head of a compressed frame, run lengths; and within it, the rewritten data set and texts. The
// first byte says which.
#include "fuzz.h"

#include "sonde/io/dicom/codestream.h"
#include "sonde/io/dicom/explicit.h"
#include "sonde/io/dicom/meta.h"
#include "sonde/io/dicom/rle.h"
#include "sonde/io/dicom/syntax.h"
#include "sonde/io/dicom/text.h"

namespace {

using namespace sonde;  // NOLINT(google-build-using-namespace): a program of one file

// What is given a new head says in it what it said before.
void check_meta(ByteView bytes) {
  looks_like_dicom(bytes);
  const DicomMeta meta = parse_dicom_meta(bytes);
  fuzz::insist(meta.data_set_at <= bytes.size());
  if (!is_known_syntax(meta.transfer_syntax)) return;
  const auto anew = with_dicom_meta(meta.transfer_syntax, bytes.subspan(meta.data_set_at));
  fuzz::insist(looks_like_dicom(anew));
  fuzz::insist(parse_dicom_meta(anew).transfer_syntax == meta.transfer_syntax);
}

// Three bytes: pixels, samples, bytes of a sample.
void check_rle(ByteView bytes) {
  if (bytes.size() < 3) return;
  const auto number = [&](std::size_t i) { return std::to_integer<std::size_t>(bytes[i]); };
  const std::size_t pixels = 1 + number(0), samples = 1 + number(1) % 4, sample_bytes = 1 + number(2) % 4;
  const auto decoded = decode_dicom_rle(bytes.subspan(3), pixels, samples, sample_bytes);
  if (decoded) fuzz::insist(decoded->size() == pixels * samples * sample_bytes);
}

// What is rewritten begins with a tag and no longer has pixels.
void check_data_set(ByteView bytes) {
  for (const char* syntax : {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"}) {
    const auto rewritten = as_explicit_data_set(bytes, syntax);
    if (!rewritten) continue;
    fuzz::insist(rewritten->pixels_at <= bytes.size());
    fuzz::insist(!as_explicit_data_set(rewritten->elements, "1.2.840.10008.1.2.1"));
  }
}

// The first half names the character set.
void check_text(ByteView bytes) {
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::string text = decode_dicom_text(all.substr(all.size() / 2), all.substr(0, all.size() / 2));
  fuzz::insist(decode_dicom_text(text, "ISO_IR 192") == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = fuzz::chosen(data, size);
  if (!input) return 0;
  switch (input->choice % 5) {
    case 0:
      check_meta(input->bytes);
      break;
    case 1:
      parse_codestream(input->bytes);
      break;
    case 2:
      check_rle(input->bytes);
      break;
    case 3:
      check_data_set(input->bytes);
      break;
    default:
      check_text(input->bytes);
  }
  return 0;
}
