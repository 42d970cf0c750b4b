// SPDX-License-Identifier: Apache-2.0
// compare_masks A B AXIS SLICE: the IoU of two masks of one grid on one slice; what is above 0 is inside.
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <stdexcept>
#include <string>

#include "sonde/imaging/picture.h"
#include "sonde/imaging/slice.h"
#include "sonde/io/read.h"

namespace {

sonde::Mask mask_of_slice(const char* path, sonde::Axis axis, std::int64_t slice) {
  const sonde::Volume volume = sonde::read_volume(path);
  const sonde::Picture picture =
      sonde::extract_slice(volume, sonde::slice_plane(volume.geometry, axis), slice);
  sonde::Mask mask = sonde::empty_mask(picture.extent);
  for (std::size_t i = 0; i < picture.grey.size(); ++i) mask.pixels[i] = picture.grey[i] > 0 ? 1 : 0;
  return mask;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 5) throw std::invalid_argument("usage: compare_masks A B axial|coronal|sagittal SLICE");
  const sonde::Axis axis = sonde::parse_axis(argv[3]);
  const std::int64_t slice = std::stoll(argv[4]);
  std::cout << std::fixed << std::setprecision(4)
            << sonde::iou(mask_of_slice(argv[1], axis, slice), mask_of_slice(argv[2], axis, slice)) << '\n';
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
