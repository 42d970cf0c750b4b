// SPDX-License-Identifier: Apache-2.0
// What sonde reads of DICOM files by itself, outside of the child process that GDCM runs in: the first
// elements, the head of a compressed frame, and run lengths. The first byte says which.
#include "fuzz.h"

#include "sonde/io/dicom_codestream.h"
#include "sonde/io/dicom_meta.h"
#include "sonde/io/dicom_rle.h"
#include "sonde/io/dicom_syntax.h"

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = fuzz::chosen(data, size);
  if (!input) return 0;
  switch (input->choice % 3) {
    case 0:
      check_meta(input->bytes);
      break;
    case 1:
      parse_codestream(input->bytes);
      break;
    default:
      check_rle(input->bytes);
  }
  return 0;
}
