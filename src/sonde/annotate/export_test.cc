// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/export.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sonde/annotate/export_names.h"
#include "sonde/annotate/project_testing.h"
#include "sonde/annotate/snapshot.h"
#include "sonde/core/error.h"
#include "sonde/imaging/rle.h"
#include "sonde/io/dicom/dicom_testing.h"
#include "sonde/io/dicom/seg.h"
#include "sonde/io/label_map.h"
#include "sonde/io/masks/label_grid.h"
#include "sonde/io/masks/label_scheme.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using dicom_test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Anisotropic, oblique and left-handed: i runs to the front, j to the right, k down.
Affine3 turned_affine() {
  return {{Vec3{0.1, -0.5, 0.05}, Vec3{-0.74, -0.1, 0.1}, Vec3{0.2, 0.3, -2.9}}, Vec3{-12.5, 30.25, 7.125}};
}

class ExportProject : public ExportTest {
 protected:
  fs::path picture(const std::string& name, Extent2 extent = {4, 3}) {
    const fs::path path = root_ / "images" / name;
    fs::create_directories(path.parent_path());
    write_mask_png(path, empty_mask(extent));
    return path;
  }
  fs::path volume(const std::string& name, Extent3 extent = {5, 4, 3}) {
    const fs::path path = root_ / "images" / name;
    fs::create_directories(path.parent_path());
    write_label_map(path, {{extent, turned_affine()},
                           std::vector<std::int32_t>(static_cast<std::size_t>(voxel_count(extent)))});
    return path;
  }
  fs::path series(const std::string& name) {
    for (int i = 0; i < 3; ++i) {
      auto slice = dicom_test::oblique_slice(3 * i, i);
      slice.text(8, 0x0016, "UI", "1.2.840.10008.5.1.4.1.1.4").text(0x20, 0x000d, "UI", "1.2.3.99");
      write(root_ / "images" / name / std::to_string(i), slice);
    }
    return root_ / "images" / name;
  }
  ExportResult exported(ExportFormat format, ExportEach each = ExportEach::labels) {
    return export_project(project_, {format, each, out_});
  }
  std::vector<std::string> files_of(const ExportResult& result) const {
    std::vector<std::string> files;
    for (const fs::path& file : result.files) {
      EXPECT_TRUE(fs::is_regular_file(file)) << file;
      files.push_back(fs::relative(file, out_).string());
    }
    return files;
  }
};

TEST_F(ExportProject, WritesAPictureAsALabelMapOfADataSet) {
  put(add(picture("a.png")), {{"liver", {0, 1, 4}}, {"vessel", {11}}});
  const auto result = exported(ExportFormat::png);
  EXPECT_THAT(files_of(result), ElementsAre("masks/a.png", "labels.json"));
  EXPECT_THAT(result.failures, IsEmpty());
  const std::int32_t l = value("liver");
  const std::int32_t v = value("vessel");
  EXPECT_THAT(read_labels(out_ / "masks/a.png").layers.at(0).labels,
              ElementsAre(l, l, 0, 0, l, 0, 0, 0, 0, 0, 0, v));
  const LabelScheme scheme = read_label_scheme(out_);
  EXPECT_EQ(scheme.kind, LabelScheme::Kind::classes);
  EXPECT_EQ(scheme.names.at(l), "liver");
  EXPECT_EQ(scheme.names.at(v), "vessel");
}

TEST_F(ExportProject, LeavesOutImagesWithoutApprovedObjects) {
  picture("a.png");
  add(picture("b.png"));
  EXPECT_THAT(files_of(exported(ExportFormat::png)), ElementsAre("labels.json"));
  EXPECT_THAT(files_of(exported(ExportFormat::nifti)), ElementsAre("labels.json"));
  EXPECT_THAT(files_of(exported(ExportFormat::coco)), ElementsAre("annotations.json"));
}

TEST_F(ExportProject, ShowsTheLastOfOverlappingLabelsAndSaysHowMuchIsHidden) {
  project_.set_overlap(Overlap::allow);
  put(add(picture("a.png")), {{"liver", {0, 1, 2}}, {"liver", {2, 3}}, {"vessel", {1, 2}}});
  const auto result = exported(ExportFormat::png);
  EXPECT_THAT(result.notes,
              ElementsAre("a.png: 2 pixels belong to objects of several labels; the label map shows "
                          "the last of them"));
  const auto labels = read_labels(out_ / "masks/a.png").layers.at(0).labels;
  EXPECT_EQ(labels[0], value("liver"));
  EXPECT_EQ(labels[1], value("vessel"));
  EXPECT_EQ(labels[2], value("vessel"));
  EXPECT_EQ(labels[3], value("liver"));
}

TEST_F(ExportProject, WritesEachObjectOfAPictureBlackAndWhite) {
  put(add(picture("a.png")), {{"liver", {0, 1}}, {"odd/name..", {11}}});
  const auto result = exported(ExportFormat::png, ExportEach::objects);
  EXPECT_THAT(files_of(result),
              ElementsAre("masks/a/001_liver.png", testing::StartsWith("masks/a/002_odd_name")));
  EXPECT_THAT(read_labels(out_ / "masks/a/001_liver.png").layers.at(0).labels,
              ElementsAre(255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
}

TEST_F(ExportProject, WritesAVolumeOnItsOwnGridInEveryVolumeFormat) {
  const std::vector<std::uint64_t> liver{0, 1, 21, 59};
  const ImageGeometry grid = put(add(volume("v.nrrd")), {{"liver", liver}, {"vessel", {30}}});
  for (const auto& [format, name] :
       {std::pair{ExportFormat::nifti, "labels/v.nii.gz"}, {ExportFormat::nrrd, "labels/v.nrrd"}}) {
    EXPECT_THAT(files_of(exported(format)), ElementsAre(name, "labels.json"));
    const LabelMap map = read_labels(out_ / name).layers.at(0);
    const auto on_image = on_grid({{map}}, grid);
    ASSERT_TRUE(on_image);
    EXPECT_EQ(on_image->layers[0].labels, map.labels);  // no axis was turned
    for (std::size_t i = 0; i < map.labels.size(); ++i) {
      const bool inside = std::ranges::find(liver, i) != liver.end();
      EXPECT_EQ(map.labels[i], inside ? value("liver") : i == 30 ? value("vessel") : 0) << i;
    }
  }
}

TEST_F(ExportProject, WritesEachObjectOfAVolumeAsAFile) {
  put(add(volume("v.nrrd")), {{"liver", {0, 59}}, {"vessel", {30}}});
  EXPECT_THAT(files_of(exported(ExportFormat::nifti, ExportEach::objects)),
              ElementsAre("labels/v/001_liver.nii.gz", "labels/v/002_vessel.nii.gz"));
  EXPECT_EQ(read_labels(out_ / "labels/v/002_vessel.nii.gz").layers.at(0).labels.at(30), 1);
}

TEST_F(ExportProject, WritesTheSlicesOfAVolumeThatHaveLabelsAsPngs) {
  const ImageGeometry grid = put(add(volume("v.nrrd", {5, 4, 12})), {{"liver", {0, 1, 45}}});
  const SlicePlane plane = slice_plane(grid, default_axis(grid));
  ASSERT_EQ(plane.axis, Axis::axial);
  const auto result = exported(ExportFormat::png);
  // k runs down: k = 0 and 2 are slices 11 and 9.
  EXPECT_THAT(files_of(result), ElementsAre("masks/v_axial_09.png", "masks/v_axial_11.png", "labels.json"));
  const LabelMap map = read_labels(out_ / "masks/v_axial_11.png").layers.at(0);
  EXPECT_EQ(map.geometry.extent, (Extent3{4, 5, 1}));  // i runs to the front
  const Mask mask = slice_from_voxels(voxels_at(grid.extent, {0, 1, 45}), plane, 11);
  for (std::size_t i = 0; i < mask.pixels.size(); ++i)
    EXPECT_EQ(map.labels[i], mask.pixels[i] * value("liver"));
}

TEST_F(ExportProject, WritesCocoWithBoxesOfWholePixelsAndSlicesOfVolumes) {
  put(add(picture("a.png")), {{"liver", {1, 2, 5, 6, 9}}, {"vessel", {11}}});
  const ImageGeometry grid = put(add(volume("v.nrrd")), {{"liver", {0, 1, 45}}});
  const auto result = exported(ExportFormat::coco);
  ASSERT_THAT(files_of(result), ElementsAre("annotations.json"));
  std::ifstream file(result.files[0]);
  const auto json = nlohmann::json::parse(file);
  ASSERT_EQ(json["images"].size(), 3U);
  EXPECT_EQ(json["images"][0]["file_name"], "a.png");
  EXPECT_EQ(json["images"][1]["file_name"], "v.nrrd#axial:0");
  EXPECT_EQ(json["images"][2]["file_name"], "v.nrrd#axial:2");
  const auto& first = json["annotations"][0];
  EXPECT_EQ(first["bbox"], (nlohmann::json{1, 0, 2, 3}));
  EXPECT_EQ(first["area"], 5);
  EXPECT_EQ(first["iscrowd"], 0);
  EXPECT_EQ(first["category_id"], value("liver"));
  EXPECT_EQ(json["annotations"][1]["bbox"], (nlohmann::json{3, 2, 1, 1}));
  const SlicePlane plane = slice_plane(grid, Axis::axial);
  for (const std::size_t i : {2U, 3U}) {
    const auto& annotation = json["annotations"][i];
    const Mask mask = slice_from_voxels(voxels_at(grid.extent, {0, 1, 45}), plane, i == 2 ? 0 : 2);
    EXPECT_EQ(decode_rle(rle_from_coco_string(annotation["segmentation"]["counts"].get<std::string>(),
                                              plane.extent)),
              mask);
    const Box2 box = *bounding_box(mask);
    EXPECT_EQ(annotation["bbox"], (nlohmann::json{box.x0, box.y0, box.x1 - box.x0 + 1, box.y1 - box.y0 + 1}));
    EXPECT_EQ(annotation["image_id"], i);
  }
}

TEST_F(ExportProject, WritesADicomSeriesAsADicomSegmentationAndRefusesOthers) {
  put(add(picture("a.png")), {{"liver", {1}}});
  const ImageGeometry grid = put(add(series("mr")), {{"liver", {0, 7}}, {"liver", {17}}, {"vessel", {8}}});
  const auto result = exported(ExportFormat::dicom_seg);
  ASSERT_THAT(files_of(result), ElementsAre("mr_seg.dcm"));
  ASSERT_EQ(result.failures.size(), 1U);
  EXPECT_EQ(result.failures[0].name, "a.png");
  EXPECT_THAT(result.failures[0].reason, HasSubstr("is not DICOM"));
  const DicomSeg seg = read_dicom_seg(result.files[0]);
  ASSERT_EQ(seg.segments.size(), 2U);
  EXPECT_EQ(seg.segments[0].label, "liver");
  EXPECT_EQ(voxels_of_segment(seg, 1, grid), voxels_at(grid.extent, {0, 7, 17}));
  EXPECT_EQ(voxels_of_segment(seg, 2, grid), voxels_at(grid.extent, {8}));
  const DicomSeg each = read_dicom_seg(exported(ExportFormat::dicom_seg, ExportEach::objects).files.at(0));
  ASSERT_EQ(each.segments.size(), 3U);
  EXPECT_EQ(each.segments[1].label, "liver 2");
  EXPECT_EQ(voxels_of_segment(each, 2, grid), voxels_at(grid.extent, {17}));
}

TEST_F(ExportProject, GoesOnWhereAnImageCannotBeWritten) {
  put(add(picture("a.png")), {{"liver", {1}}});
  put(add(picture("b.png")), {{"liver", {2}}});
  fs::create_directories(out_ / "masks" / "a.png");  // in the way
  const auto result = exported(ExportFormat::png);
  EXPECT_THAT(files_of(result), ElementsAre("masks/b.png", "labels.json"));
  ASSERT_EQ(result.failures.size(), 1U);
  EXPECT_EQ(result.failures[0].name, "a.png");
}

TEST_F(ExportProject, LeavesOtherFilesOfTheFolderAndCountsImages) {
  put(add(picture("a.png")), {{"liver", {1}}});
  add(picture("b.png"));
  dicom_test::write(out_ / "masks" / "other.png", std::string("mine"));
  std::vector<std::int64_t> done;
  export_project(project_, {ExportFormat::png, ExportEach::labels, out_},
                 [&](const ProgressUpdate& update) { done.push_back(10 * update.done + update.total); });
  EXPECT_THAT(done, ElementsAre(12, 22));
  EXPECT_TRUE(fs::exists(out_ / "masks" / "other.png"));
}

TEST_F(ExportProject, ReplacesItsOwnFilesAndNoOthers) {
  put(add(picture("a.png")), {{"liver", {1}}});
  put(add(picture("b.png")), {{"liver", {2}}});
  for (const ExportFormat format :
       {ExportFormat::png, ExportFormat::nifti, ExportFormat::nrrd, ExportFormat::coco}) {
    exported(format);
    EXPECT_THAT(exported(format).failures, IsEmpty()) << "its own files";
  }
  dicom_test::write(out_ / "masks" / "a.png", std::string("mine"));
  const auto result = exported(ExportFormat::png);
  EXPECT_THAT(files_of(result), ElementsAre("masks/b.png", "labels.json"));
  ASSERT_EQ(result.failures.size(), 1U);
  EXPECT_THAT(result.failures[0].reason, HasSubstr("was not written by sonde"));
  dicom_test::write(out_ / "labels.json", std::string("{}"));
  dicom_test::write(out_ / "annotations.json", std::string("{}"));
  for (const ExportFormat format : {ExportFormat::png, ExportFormat::nifti, ExportFormat::coco})
    EXPECT_EQ(error_of([&] { exported(format); }).kind(), ErrorKind::usage);
  ExportOptions forced{ExportFormat::png, ExportEach::labels, out_, Existing::any};
  EXPECT_THAT(export_project(project_, forced).failures, IsEmpty());
  EXPECT_EQ(read_labels(out_ / "masks/a.png").layers.at(0).labels[1], value("liver"));
}

TEST_F(ExportProject, FailsWhereTheFolderCannotBeMade) {
  dicom_test::write(root_ / "file", std::string("text"));
  const ExportOptions options{ExportFormat::png, ExportEach::labels, root_ / "file" / "out"};
  EXPECT_EQ(error_of([&] { export_project(project_, options); }).kind(), ErrorKind::unavailable);
}

TEST_F(ExportProject, WritesAProjectThatIsOpenElsewhereAsItIs) {
  put(add(picture("a.png")), {{"liver", {1}}});
  const ProjectSnapshot snapshot(root_ / "project");
  put(add(picture("b.png")), {{"liver", {2}}});  // later than the snapshot
  const auto result = export_project(snapshot.project(), {ExportFormat::png, ExportEach::labels, out_});
  EXPECT_THAT(files_of(result), ElementsAre("masks/a.png", "labels.json"));
  EXPECT_EQ(project_.images().size(), 2U);
}

TEST_F(ExportProject, MakesMasksAgainThatAreGoneWhileAProjectIsCopied) {
  put(add(picture("a.png")), {{"liver", {1, 2}}});
  for (const auto& entry : fs::directory_iterator(root_ / "project" / "masks")) fs::remove(entry.path());
  const ProjectSnapshot snapshot(root_ / "project");
  export_project(snapshot.project(), {ExportFormat::png, ExportEach::labels, out_});
  EXPECT_EQ(read_labels(out_ / "masks/a.png").layers.at(0).labels[2], value("liver"));
}

TEST(ProjectSnapshots, AreOfProjectsAlone) {
  const TestFolder folder;
  EXPECT_EQ(error_of([&] { const ProjectSnapshot snapshot(folder.path()); }).kind(), ErrorKind::not_found);
  dicom_test::write(folder.path() / "sonde.sqlite",
                    std::string("no database, but long enough to be read as one"));
  const Error error = error_of([&] { const ProjectSnapshot snapshot(folder.path()); });
  EXPECT_THAT(error.what(), HasSubstr(folder.path().string()));
}

TEST(ExportFormats, AreNamedAsInTheManual) {
  EXPECT_EQ(parse_export_format("dicom-seg"), ExportFormat::dicom_seg);
  EXPECT_THAT(error_of([] { parse_export_format("jpeg"); }).what(),
              HasSubstr("png, nifti, nrrd, coco or dicom-seg"));
  EXPECT_EQ(parse_export_each("objects"), ExportEach::objects);
  EXPECT_EQ(error_of([] { parse_export_each("all"); }).kind(), ErrorKind::usage);
}

TEST(FileStems, AreSafeAndDiffer) {
  std::vector<ImageSummary> images;
  for (const char* name :
       {"17.png", "17.PNG", "a/b.nii.gz", "cine.dcm#frame:3", "../../etc", "CT, series 2"}) {
    images.emplace_back();
    images.back().source.name = name;
  }
  EXPECT_THAT(file_stems(images),
              ElementsAre("17", "17_2", "a_b", "cine_frame_3", "_._.._etc", "CT, series 2"));
}

TEST(FileNames, KeepNothingThatLeadsElsewhere) {
  EXPECT_EQ(file_name_of(""), "_");
  EXPECT_EQ(file_name_of(".."), "__");
  EXPECT_EQ(file_name_of("a/b\\c:d\n"), "a_b_c_d_");
  EXPECT_EQ(file_name_of("Leber \xc3\xa4"), "Leber \xc3\xa4");
  const std::string umlauts = file_name_of([] {
    std::string text = "x";
    for (int i = 0; i < 100; ++i) text += "\xc3\xa4";
    return text;
  }());
  EXPECT_EQ(umlauts.size(), 99U);  // no half of a character
}

}  // namespace
}  // namespace sonde
