// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sonde/annotate/gather.h"
#include "sonde/annotate/open_image.h"
#include "sonde/annotate/project.h"
#include "sonde/core/folder_testing.h"
#include "sonde/imaging/image_geometry.h"

// What the tests of exports and imports share: projects of little images with objects that are put in.
namespace sonde {

struct PutObject {
  std::string label;
  std::vector<std::uint64_t> voxels;  // linear indices
};

inline RunLengthMask voxels_at(Extent3 extent, const std::vector<std::uint64_t>& indices) {
  BinaryVolume mask{extent, std::vector<std::uint8_t>(static_cast<std::size_t>(voxel_count(extent)))};
  for (const std::uint64_t index : indices) mask.voxels.at(index) = 1;
  return voxels_from_mask(mask);
}

class ExportTest : public testing::Test {
 protected:
  ImageId add(const std::filesystem::path& image) {
    const std::vector<std::string> paths{image.string()};
    const auto gathered = gather_images(paths);
    return project_.add_images(gathered.images).front();
  }
  LabelId label(const std::string& name) {
    for (const Label& label : project_.labels())
      if (label.name == name) return label.id;
    return project_.add_label({name, std::nullopt, std::nullopt}).back().id;
  }
  // An image is opened, and gets approved objects.
  ImageGeometry put(ImageId image, const std::vector<PutObject>& objects) {
    const ImageGeometry grid = read_image(project_.image(image).source).geometry;
    project_.set_opened(image, grid);
    ImportAction action{"test", {}};
    for (const PutObject& object : objects)
      action.objects.push_back({label(object.label), "", voxels_at(grid.extent, object.voxels)});
    project_.apply(image, "request-" + std::to_string(project_.revision()), action, {});
    return grid;
  }
  std::int32_t value(const std::string& name) {
    const LabelId id = label(name);
    for (const Label& label : project_.labels())
      if (label.id == id) return label.value;
    return 0;
  }

  const TestFolder folder_;
  const std::filesystem::path root_ = folder_.path(), out_ = root_ / "out";
  Project project_ = Project::open(root_ / "project");
};

}  // namespace sonde
