// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iomanip>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/evaluate/case_loader.h"
#include "sonde/evaluate/data_set.h"
#include "sonde/io/write.h"

// What the tests of data sets share: little data sets on the disk.
namespace sonde {

inline std::filesystem::path write_text(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

// A PNG whose values are `values`, rows of `width`: an image or a mask.
inline std::filesystem::path write_grey(const std::filesystem::path& path, std::int64_t width,
                                        const std::vector<std::uint8_t>& values) {
  std::filesystem::create_directories(path.parent_path());
  RgbImage image{{width, static_cast<std::int64_t>(values.size()) / width}, {}};
  for (const std::uint8_t value : values) image.pixels.insert(image.pixels.end(), 3, value);
  write_png(path, image);
  return path;
}
// All of one value.
inline std::filesystem::path write_flat(const std::filesystem::path& path, std::int64_t width,
                                        std::int64_t height, std::uint8_t value = 100) {
  return write_grey(path, width, std::vector<std::uint8_t>(static_cast<std::size_t>(width * height), value));
}

// A NRRD of 8-bit voxels.
inline std::filesystem::path write_volume(const std::filesystem::path& path, Extent3 extent,
                                          const Affine3& mm_from_voxel,
                                          const std::vector<std::uint8_t>& voxels) {
  std::ostringstream text;
  const auto vector = [&](Vec3 v) { text << '(' << v.x << ',' << v.y << ',' << v.z << ") "; };
  text << std::setprecision(17) << "NRRD0004\ntype: uint8\ndimension: 3\nspace: left-posterior-superior\n"
       << "sizes: " << extent.x << ' ' << extent.y << ' ' << extent.z << "\nspace directions: ";
  for (const Vec3 column : mm_from_voxel.columns) vector(column);
  text << "\nspace origin: ";
  vector(mm_from_voxel.origin);
  text << "\nencoding: raw\n\n" << std::string(voxels.begin(), voxels.end());
  return write_text(path, text.str());
}

// Anisotropic (0.5 x 0.75 x 3 mm), oblique by 30 degrees about z, k running downwards. LPS+.
inline Affine3 oblique_rows() {
  return {{Vec3{0.4330127018922193, 0.25, 0}, Vec3{-0.375, 0.649519052838329, 0}, Vec3{0, 0, -3}},
          Vec3{-12.5, 30.25, 7.125}};
}

inline DataSetPlan plan_one(const std::filesystem::path& path, const PlanOptions& options = {}) {
  auto plans = plan_data_sets(std::vector{path}, options);
  EXPECT_EQ(plans.size(), 1U);
  return std::move(plans.at(0));
}

// "a.png: 1 liver 5, 2 spleen 3" a case; instances as "1 object/17 5".
inline std::vector<std::string> tasks_of(const DataSetPlan& plan) {
  std::vector<std::string> lines;
  for (const StudyCase& picture : plan.cases) {
    std::ostringstream line;
    line << picture.image << ':';
    for (const StudyTask& task : picture.tasks) {
      line << (&task == &picture.tasks.front() ? " " : ", ") << task.label;
      if (!task.label_name.empty()) line << ' ' << task.label_name;
      if (!task.object.empty()) line << '/' << task.object;
      line << ' ' << task.area_px;
    }
    lines.push_back(line.str());
  }
  return lines;
}

// "a.png unnamed_label 7".
inline std::vector<std::string> failures_of(const DataSetPlan& plan) {
  std::vector<std::string> lines;
  for (const StudyFailure& failure : plan.failures) {
    std::ostringstream line;
    line << failure.image << ' ' << to_string(failure.kind);
    if (failure.label) line << ' ' << *failure.label;
    lines.push_back(line.str());
    EXPECT_EQ(failure.dataset, plan.name);
    EXPECT_EQ(failure.reason.find('\n'), std::string::npos);
    EXPECT_NE(failure.reason.find('/'), std::string::npos) << failure.reason;  // names the file
  }
  return lines;
}

inline LoadedCase loaded(const StudyCase& study_case, const CaseLoader& loader = CaseLoader({})) {
  auto result = loader.load(study_case);
  if (const auto* failure = std::get_if<StudyFailure>(&result)) throw std::runtime_error(failure->reason);
  return std::get<LoadedCase>(std::move(result));
}
inline StudyFailure failed(const StudyCase& study_case, const CaseLoader& loader = CaseLoader({})) {
  auto result = loader.load(study_case);
  if (std::holds_alternative<LoadedCase>(result)) throw std::runtime_error("nothing failed");
  return std::get<StudyFailure>(result);
}

// What plan_data_sets refuses.
struct PlanRefusal {
  ErrorKind kind;
  std::string message;
};
inline PlanRefusal plan_refusal(const std::vector<std::filesystem::path>& data,
                                const PlanOptions& options = {}) {
  try {
    plan_data_sets(data, options);
  } catch (const Error& error) {
    return {error.kind(), error.what()};
  }
  ADD_FAILURE() << "nothing was refused";
  return {ErrorKind::internal, ""};
}

}  // namespace sonde
