// SPDX-License-Identifier: Apache-2.0
// What a project reads from the disk: sets of voxels, mask files, and the JSON of its history. The first byte
// says which. A set that is understood is the same after it has been written, and sums up.
#include "fuzz.h"
#include <nlohmann/json.hpp>

#include "sonde/annotate/action.h"
#include "sonde/annotate/mask_store.h"
#include "sonde/annotate/object_record.h"
#include "sonde/imaging/run_length_mask.h"

namespace {

using namespace sonde;  // NOLINT(google-build-using-namespace): a program of one file
using fuzz::insist;

void check_set(const RunLengthMask& set) {
  const std::int64_t count = voxel_count(set);
  insist(count >= 0 && count <= voxel_count(set.extent));
  insist(decode_voxels(encode_voxels(set), set.extent) == set);
  insist(bounds(set).has_value() == (count > 0));
  insist(symmetric_difference(set, set).runs.empty() && united(set, set) == set &&
         intersected(set, set) == set);
  if (voxel_count(set.extent) > 100000) return;
  insist(voxels_from_mask(mask_from_voxels(set)) == set);
  std::int64_t in_parts = 0;
  for (const RunLengthMask& part : connected_parts(set)) in_parts += voxel_count(part);
  insist(in_parts == count);
}

// Three bytes of extent, the bytes of a set.
void check_voxels(ByteView bytes) {
  if (bytes.size() < 3) return;
  const auto side = [&](std::size_t i) { return 1 + std::to_integer<std::int64_t>(bytes[i]); };
  const Extent3 extent{side(0), side(1), side(2)};
  const RunLengthMask set = decode_voxels(bytes.subspan(3), extent);
  insist(set.extent == extent);
  check_set(set);
}

// A file of the right hash, as one that somebody has put there on purpose.
void check_mask_file(ByteView bytes) {
  const auto folder = fuzz::file_of("3-5.voxels", bytes).parent_path();
  const auto set = MaskStore(folder).read(3, 5, sha256_hex(bytes), {40, 30, 20});
  if (set) check_set(*set);
}

void check_record(std::string_view text) {
  const std::string kept = record_to_json(record_from_json(std::string(text)));
  insist(record_to_json(record_from_json(kept)) == kept);
}

void check_input(std::string_view text) {
  const std::string kept = input_to_json(input_from_json(std::string(text)));
  insist(input_to_json(input_from_json(kept)) == kept);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = fuzz::chosen(data, size);
  if (!input) return 0;
  try {
    switch (input->choice % 4) {
      case 0:
        check_voxels(input->bytes);
        break;
      case 1:
        check_mask_file(input->bytes);
        break;
      case 2:
        check_record(input->text);
        break;
      default:
        check_input(input->text);
    }
  } catch (const Error&) {  // refused, as it should be
  } catch (const nlohmann::json::exception&) {
  }
  return 0;
}
