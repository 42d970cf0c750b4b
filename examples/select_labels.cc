// SPDX-License-Identifier: Apache-2.0
// select_labels VOLUME MASK [VALUE...]: a mask of the voxels that have one of the values, or any but 0; on
// the grid of VOLUME.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <vector>

#include "sonde/core/error.h"
#include "sonde/io/label_map.h"
#include "sonde/io/write.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: select_labels VOLUME MASK [VALUE...]\n";
    return 2;
  }
  try {
    std::vector<int> values;
    for (int i = 3; i < argc; ++i) values.push_back(std::atoi(argv[i]));
    const sonde::LabelMap map = sonde::read_labels(argv[1]).layers.front();
    sonde::BinaryVolume mask{map.geometry.extent, {}};
    for (const int label : map.labels) {
      const bool wanted =
          values.empty() ? label != 0 : std::find(values.begin(), values.end(), label) != values.end();
      mask.voxels.push_back(wanted ? 1 : 0);
    }
    sonde::write_mask_volume(argv[2], mask, map.geometry);
    return 0;
  } catch (const sonde::Error& error) {
    std::cerr << "select_labels: " << error.what() << '\n';
    return 3;
  }
}
