// SPDX-License-Identifier: Apache-2.0
// What becomes of stored values and texts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/imaging/window.h"
#include "sonde/io/dicom/dicom_testing.h"
#include "sonde/io/formats.h"

namespace sonde {
namespace {

using dicom_test::Elements;
using dicom_test::grey_picture;
using testing::ElementsAre;
using testing::HasSubstr;

class DicomValues : public testing::Test {
 protected:
  Volume read(const Elements& data) const {
    return read_dicom(dicom_test::write(folder_.path() / "a.dcm", data), {});
  }
  Error refusal(const Elements& data) const {
    return dicom_test::error_of([&] { read(data); });
  }
  const TestFolder folder_;
};

// PS3.3, C.11.1.1: stored values below the first and above the last take the entries at the ends.
TEST_F(DicomValues, LooksValuesUpInTheModalityTable) {
  const auto with_table = [](std::vector<std::uint16_t> descriptor, const Elements& entries) {
    Elements item = entries;
    item.us(0x28, 0x3002, std::move(descriptor));
    return grey_picture({0, 1, 2, 3, 4, 5}).sequence(0x28, 0x3000, {item});
  };
  const auto wide = Elements().us(0x28, 0x3006, {1000, 2000, 40000});
  EXPECT_THAT(read(with_table({3, 2, 16}, wide)).voxels, ElementsAre(1000, 1000, 1000, 2000, 40000, 40000));
  const auto narrow = Elements().bytes(0x28, 0x3006, "\x07\x09\x0b\xff");
  EXPECT_THAT(read(with_table({4, 1, 8}, narrow)).voxels, ElementsAre(7, 7, 9, 11, 255, 255));
  auto signed_values = with_table({3, 0xfffe, 16}, wide);  // from -2 on
  signed_values.us(0x28, 0x0103, {1}).words(0x7fe0, 0x0010, {0xfffd, 0xfffe, 0xffff, 0, 1, 0x8000});
  EXPECT_THAT(read(signed_values).voxels, ElementsAre(1000, 1000, 2000, 40000, 40000, 1000));
  const auto both = read(with_table({3, 2, 16}, wide).text(0x28, 0x1053, "DS", "5"));
  EXPECT_EQ(both.voxels[3], 2000);
  EXPECT_THAT(both.notes, ElementsAre(HasSubstr("slope and intercept are not used")));
  EXPECT_TRUE(read(with_table({3, 2, 16}, wide)).notes.empty());
  EXPECT_THAT(refusal(with_table({300, 2, 16}, wide)).what(), HasSubstr("its modality lookup table is cut"));
  EXPECT_THAT(refusal(grey_picture().sequence(0x28, 0x3000, {wide})).what(),
              HasSubstr("its modality lookup table is missing"));
}

TEST_F(DicomValues, LeavesPaddingOutOfTheAutomaticWindow) {
  const auto window = [&](const Elements& data) {
    return resolve_window({WindowChoice::Kind::automatic, "auto", {}}, read(data), {}).window.value();
  };
  auto data = grey_picture({0xf830, 0xf830, 100, 110, 120, 130});  // -2000 outside the circle
  data.us(0x28, 0x0103, {1}).text(0x28, 0x1053, "DS", "2").text(0x28, 0x1052, "DS", "-100");
  EXPECT_NEAR(window(data).width, 4260, 300);
  data.us(0x28, 0x0120, {0xf830});
  EXPECT_NEAR(window(data).centre, 130, 1);  // 100 to 160
  EXPECT_NEAR(window(data).width, 60, 2);
  EXPECT_EQ(read(data).voxels[0], -4100) << "values stay as they are";
  data.us(0x28, 0x0121, {100});  // a range from there to 100
  EXPECT_NEAR(window(data).centre, 140, 1);
  EXPECT_NEAR(window(data).width, 40, 2);
  data.words(0x7fe0, 0x0010, std::vector<std::uint16_t>(6, 0xf830));
  EXPECT_EQ(window(data).centre, -4100) << "there is nothing else";
}

TEST_F(DicomValues, DecodesTextByItsCharacterSet) {
  const auto title = [&](Elements data) {
    data.text(0x20, 0x0011, "IS", "7");
    return inspect_dicom(dicom_test::write(folder_.path() / "a.dcm", data)).images.at(0).title;
  };
  EXPECT_EQ(title(grey_picture()
                      .text(8, 5, "CS", "ISO_IR 100")
                      .text(8, 0x103e, "LO",
                            "Sch\xe4"
                            "del")),
            "series 7, Schädel");
  EXPECT_EQ(
      title(grey_picture().text(8, 5, "CS", "\\ISO 2022 IR 87").text(8, 0x103e, "LO", "\x1b$B;3ED\x1b(B")),
      "series 7, 山田");
  EXPECT_EQ(title(grey_picture().text(8, 0x103e, "LO",
                                      "Sch\xe4"
                                      "del")),
            "series 7, Sch\xef\xbf\xbd"
            "del");
}

}  // namespace
}  // namespace sonde
