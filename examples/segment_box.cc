// SPDX-License-Identifier: Apache-2.0
// segment_box IMAGE MASK.png: the middle of the middle slice, from a box.
#include <exception>
#include <iostream>
#include <stdexcept>

#include "sonde/imaging/slice.h"
#include "sonde/imaging/window.h"
#include "sonde/io/read.h"
#include "sonde/io/write.h"
#include "sonde/predict/predictor.h"

int main(int argc, char** argv) try {
  if (argc != 3) throw std::invalid_argument("usage: segment_box IMAGE MASK.png");
  const sonde::Volume volume = sonde::read_volume(argv[1]);
  const sonde::SlicePlane plane = sonde::slice_plane(volume.geometry, sonde::default_axis(volume.geometry));
  const sonde::Picture slice = sonde::extract_slice(volume, plane, plane.slice_count / 2);
  const sonde::UsedWindow window = sonde::resolve_window({}, volume, slice);

  const sonde::SamModel model = sonde::SamModel::load("mobile-sam");
  const sonde::Predictor predictor(model, sonde::embed(model, sonde::apply_window(slice, window)));
  const double width = static_cast<double>(plane.extent.width),
               height = static_cast<double>(plane.extent.height);
  const sonde::Prompt prompt{.box = sonde::Box2{0.1 * width, 0.1 * height, 0.9 * width, 0.9 * height}};
  const auto answers = predictor.propose(prompt);

  sonde::write_mask_png(argv[2], answers.front().mask);
  std::cout << argv[2] << ": predicted IoU " << answers.front().predicted_iou << '\n';
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
