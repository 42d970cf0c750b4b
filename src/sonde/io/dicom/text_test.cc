// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/dicom/text.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

struct Written {
  const char *character_set, *bytes, *text;
};

// The names of PS3.5, annexes H to K, and of the files with which pydicom and DCMTK test theirs.
TEST(DicomText, IsDecodedByEachCharacterSet) {
  for (const auto& [character_set, bytes, text] :
       std::initializer_list<Written>{{"", "plain", "plain"},
                                      {"ISO_IR 6", "plain", "plain"},
                                      {"ISO_IR 100", "Buc^J\xe9r\xf4me", "Buc^Jérôme"},
                                      {"ISO_IR 101", "Wa\xb3\xeasa", "Wałęsa"},
                                      {"ISO_IR 109",
                                       "\xa9\xe8"
                                       "z",
                                       "İèz"},
                                      {"ISO_IR 110", "\xc0ris", "Āris"},
                                      {"ISO_IR 144", "\xbb\xee\xda\x63\x65\xdc\xd1yp\xd3", "Люкceмбypг"},
                                      {"ISO_IR 127", "\xe2\xc8\xc7\xe6\xea", "قباني"},
                                      {"ISO_IR 126", "\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2", "Διονυσιος"},
                                      {"ISO_IR 138", "\xf9\xf8\xe5\xef", "שרון"},
                                      {"ISO_IR 148",
                                       "\xc7"
                                       "avu\xfeo\xf0lu",
                                       "Çavuşoğlu"},
                                      {"ISO_IR 166", "\xb9\xd2\xc1", "นาม"},
                                      {"ISO_IR 192", "\xe7\x8e\x8b", "王"},
                                      {"GB18030", "\xcd\xf5^\xd0\xa1\xb6\xab", "王^小东"},
                                      {"GBK", "\xcd\xf5^\xd0\xa1\xb6\xab", "王^小东"},
                                      {"ISO_IR 13", "\xd4\xcf\xc0\xde^\xc0\xdb\xb3", "ﾔﾏﾀﾞ^ﾀﾛｳ"}})
    EXPECT_EQ(decode_dicom_text(bytes, character_set), text) << character_set;
}

TEST(DicomText, FollowsCodeExtensions) {
  const char* japanese =
      "Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B";
  EXPECT_EQ(decode_dicom_text(japanese, "\\ISO 2022 IR 87"), "Yamada^Tarou=山田^太郎=やまだ^たろう");
  const char* halfwidth =
      "\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J";
  EXPECT_EQ(decode_dicom_text(halfwidth, "ISO 2022 IR 13\\ISO 2022 IR 87"),
            "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう");
  EXPECT_EQ(decode_dicom_text("\x1b$(DBc\x1b(B", "\\ISO 2022 IR 159"), "曌");
  const char* korean =
      "Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf";
  EXPECT_EQ(decode_dicom_text(korean, "\\ISO 2022 IR 149"), "Hong^Gildong=洪^吉洞=홍^길동");
  const char* chinese = "Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=";
  EXPECT_EQ(decode_dicom_text(chinese, "\\ISO 2022 IR 58"), "Zhang^XiaoDong=张^小东=");
  // Behind a delimiter the first set holds again.
  EXPECT_EQ(decode_dicom_text("\xe4\x1b-F\xc4^\xe4", "ISO 2022 IR 100\\ISO 2022 IR 126"), "äΔ^ä");
  // Bytes of two-byte characters that look like delimiters are none.
  EXPECT_EQ(decode_dicom_text("\x1b$B%^%=%\\\x1b(B", "\\ISO 2022 IR 87"), "マソボ");
}

TEST(DicomText, IsAlwaysOneLineOfUtf8) {
  EXPECT_EQ(decode_dicom_text("Sch\xe4"
                              "del",
                              ""),
            "Sch\xef\xbf\xbd"
            "del");
  EXPECT_EQ(decode_dicom_text("Sch\xc3\xa4"
                              "del",
                              ""),
            "Schädel");
  EXPECT_EQ(decode_dicom_text("Sch\xe4"
                              "del",
                              "ISO_IR 192"),
            "Sch\xef\xbf\xbd"
            "del");
  EXPECT_EQ(decode_dicom_text("Sch\xe4"
                              "del",
                              "KOI8"),
            "Sch\xef\xbf\xbd"
            "del");
  EXPECT_EQ(decode_dicom_text("a\nb\x1b[31mc\x07", "ISO_IR 192"), "a b [31mc ");
  EXPECT_EQ(decode_dicom_text("a\x1b[31mc", "ISO_IR 100"), "a[31mc");
  EXPECT_EQ(decode_dicom_text("\x1b$B;", "\\ISO 2022 IR 87"), "\xef\xbf\xbd");
  EXPECT_EQ(decode_dicom_text("\x1b", "\\ISO 2022 IR 87"), "");
  EXPECT_EQ(decode_dicom_text("", "ISO_IR 100"), "");
}

}  // namespace
}  // namespace sonde
