// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/data_testing.h"
#include "sonde/io/formats.h"
#include "sonde/io/volume/volume_testing.h"

namespace sonde {
namespace {

TEST(LiverNrrdTwins, HaveTheGeometryOfTheCtSeries) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared data";
  const auto folder = *shared / "data" / "volumes" / "liver_dcmqi";
  const Volume ct = read_dicom_folder(folder / "ct", {});
  for (const char* name : {"liver_seg.nrrd", "heart_seg.nrrd", "spine_seg.nrrd"}) {
    const Volume twin = read_nrrd(folder / name, {});
    EXPECT_EQ(twin.geometry.extent, ct.geometry.extent);
    expect_near(twin.geometry.mm_from_voxel.value(), ct.geometry.mm_from_voxel.value(), 1e-5);
  }
}

}  // namespace
}  // namespace sonde
