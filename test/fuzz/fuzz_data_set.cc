// SPDX-License-Identifier: Apache-2.0
// Texts that come with data sets: COCO files and their masks, compressed run lengths, labels.json and tables.
// The first byte says which.
#include <array>

#include "fuzz.h"

#include "sonde/evaluate/coco_file.h"
#include "sonde/evaluate/csv.h"
#include "sonde/imaging/rle.h"
#include "sonde/io/masks/label_scheme.h"

namespace {

using namespace sonde;  // NOLINT(google-build-using-namespace): a program of one file
using fuzz::Chosen, fuzz::insist, fuzz::refusal;

constexpr std::int64_t kMaxPixels = 1 << 20;  // of masks that are drawn here: more only takes time

void check_coco(const Chosen& input) {
  const CocoFile file = read_coco_file(fuzz::file_of("instances.json", input.bytes));
  for (const CocoImage& image : file.images) {
    if (pixel_count(image.extent) > kMaxPixels) continue;
    for (const CocoObject& object : image.objects) {
      refusal([&] { insist(mask_of(object, image.extent).extent == image.extent); });
    }
  }
}

// Two bytes of extent, the text. The same runs come out of the text that they are written as.
void check_rle(const Chosen& input) {
  if (input.bytes.size() < 2) return;
  const auto side = [&](std::size_t i) { return 1 + std::to_integer<std::int32_t>(input.bytes[i]); };
  const Extent2 extent{side(0), side(1)};
  const Rle rle = rle_from_coco_string(input.text.substr(2), extent);
  insist(rle_from_coco_string(coco_string(rle), extent) == rle);
  const Mask mask = decode_rle(rle);
  insist(decode_rle(encode_rle(mask)) == mask && area_px(encode_rle(mask)) == area_px(rle));
}

void check_labels(const Chosen& input) {
  is_named(read_label_scheme(fuzz::file_of("labels.json", input.bytes).parent_path()), 1);
}

void check_table(const Chosen& input) {
  constexpr std::array<std::string_view, 2> kColumns{"image", "iou"};
  CsvReader reader("table.csv", input.text, kColumns);
  while (reader.next()) {
    std::string line;
    append_csv_field(line, reader.text(0));
    const std::string table = "image,iou\r\n" + line + ",1\r\n";
    CsvReader again("again.csv", table, kColumns);
    insist(again.next() && again.text(0) == reader.text(0) && !again.next());
    refusal([&] { reader.number(1); });
    refusal([&] { insist(reader.integer(1, -5, 5) <= 5); });
  }
}

constexpr std::array kChecks{check_coco, check_rle, check_labels, check_table};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const auto input = fuzz::chosen(data, size))
    refusal([&] { kChecks[input->choice % kChecks.size()](*input); });
  return 0;
}
