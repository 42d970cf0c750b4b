// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/masks/mask_names.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

// "IMAGE|SUFFIX", or "" for none.
std::string image_of(const std::vector<std::string>& images, const std::string& mask) {
  ImageNames names;
  for (const std::string& image : images) names.add(image);
  const auto found = names.image_of(mask);
  return found ? found->image + "|" + found->suffix.text() : "";
}

TEST(ImageNames, FindTheImageOfAMaskByItsName) {
  struct Case {
    std::vector<std::string> images;
    std::string mask, expected;
  };
  const std::vector<Case> cases{
      {{"17"}, "17", "17|"},
      {{"17"}, "17_cord", "17|cord"},
      {{"t2s", "t2s_uncropped"}, "t2s_uncropped_grey_matter", "t2s_uncropped|grey_matter"},
      {{"ISIC_01"}, "ISIC_01_Segmentation", "ISIC_01|Segmentation"},
      {{"benign (1)", "benign (10)"}, "benign (1)_mask", "benign (1)|mask"},
      {{"benign (1)"}, "benign (1)_mask_1", "benign (1)|mask_1"},
      {{"21_training"}, "21_training_manual1", "21_training|manual_1"},
      {{"v"}, "v.seg", "v|"},
      {{"v"}, "v.Seg", "v|"},
      {{"a"}, "a-mask", "a|"},
      {{"a"}, "a mask", "a|"},
      {{"a"}, "a-mask_2", "a|mask_2"},
      {{"a"}, "a_cord_1", "a|cord_1"},
      {{"1"}, "1-1", ""},
      {{"1"}, "1.2", ""},
      {{"1"}, "10_mask", ""},
      {{"1"}, "_mask", ""},
      {{"p1/1", "p2/1"}, "p2/1_gt", "p2/1|gt"},
      {{"p1/1"}, "1", ""},
      {{"a_b/1"}, "a_b/2", ""},
      {{"liver_1_0000", "liver_1_0001"}, "liver_1", "liver_1_0000|"},
      {{"liver_1_0000", "liver_1"}, "liver_1", "liver_1|"},
      {{"sch\u00e4del"}, "scha\u0308del_mask", "sch\u00e4del|mask"},
      {{"scha\u0308del"}, "sch\u00e4del", "scha\u0308del|"}};
  for (const Case& c : cases) EXPECT_EQ(image_of(c.images, c.mask), c.expected) << c.mask;
}

TEST(MaskWords, TellMasksFromImages) {
  for (const char* mask : {"mask", "GT", "patient1_seg", "p/patient1-Label", "a_mask_1", "BraTS_001_seg",
                           "21_manual1", "a.segmentation", "case_ground_truth"})
    EXPECT_TRUE(is_named_as_mask(mask)) << mask;
  for (const char* image : {"image", "t1", "seg/1", "masked", "unmask", "BraTS_001_flair", "1", "seg_t1", ""})
    EXPECT_FALSE(is_named_as_mask(image)) << image;
}

}  // namespace
}  // namespace sonde
