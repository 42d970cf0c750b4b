// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/formats.h"
#include "sonde/io/volume/gzip.h"
#include "sonde/io/volume/samples.h"
#include "sonde/io/volume/volume_testing.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kOblique =
    "space: left-posterior-superior\n"
    "space directions: (0.4330127,0.2349232,0.0855050) (-0.375,0.6103482,0.2221486) "
    "(0,1.0260604,-2.8190779)\n"
    "space origin: (-12.5, 30.25, 7.125)\n";

class ReadNrrd : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& content, const std::string& name = "a.nrrd") const {
    return write_file(folder_.path() / name, content);
  }
  // `fields` without the magic and the empty line.
  std::filesystem::path nrrd(const std::string& fields, const std::string& data) const {
    return file("NRRD0004\n" + fields + "\n" + data);
  }
  Volume read(const std::string& fields, const std::string& data, const ReadOptions& options = {}) const {
    return read_nrrd(nrrd(fields, data), options);
  }
  Refused refused(const std::string& fields, const std::string& data) const {
    const auto path = nrrd(fields, data);
    const Refused by_reading = refusal([&] { read_nrrd(path, {}); });
    EXPECT_EQ(refusal([&] { inspect_nrrd(path); }).message, by_reading.message);
    return by_reading;
  }

  TestFolder folder_;
};

TEST_F(ReadNrrd, HasTheGeometryAndVoxelsThatItkRead) {
  const auto path = nrrd("type: short\ndimension: 3\nsizes: 2 3 2\nendian: big\nencoding: raw\n" + kOblique,
                         swapped_bytes<std::int16_t>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1100}));
  const Volume volume = read_nrrd(path, {});
  const Affine3 by_itk{{Vec3{0.4330127, 0.2349232, 0.0855050}, Vec3{-0.375, 0.6103482, 0.2221486},
                        Vec3{0, 1.0260604, -2.8190779}},
                       {-12.5, 30.25, 7.125}};
  expect_near(volume.geometry.mm_from_voxel.value(), by_itk, 1e-9);
  expect_near(volume.geometry.mm_from_voxel.value(), oblique_affine(), 1e-6);
  EXPECT_THAT(volume.voxels, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1100));
  EXPECT_THAT(volume.notes, ElementsAre(HasSubstr("oblique")));
}

TEST_F(ReadNrrd, ReadsAFileThatItkWrote) {
  const auto data = bytes_from_hex(
      "1f8b080000000000000363601805a321306021c0080250db71b11990d40c984307abc500dbfde055c0030000");
  const auto path = nrrd(
      "# Complete NRRD file format specification at:\n# http://teem.sourceforge.net/nrrd/format.html\n"
      "type: unsigned char\ndimension: 3\nspace: left-posterior-superior\nsizes: 12 10 8\n"
      "space directions: (0.4330126941204071,0.23492315411567688,0.085505023598670959) "
      "(-0.37500000000000006,0.61034822463989258,0.22214856743812558) "
      "(0,1.0260603427886963,-2.819077730178833)\n"
      "kinds: domain domain domain\nencoding: gzip\nspace origin: (-12.5,30.25,7.125)\n",
      raw_bytes(data.value()));
  const Volume volume = read_nrrd(path, {});
  EXPECT_EQ(volume.geometry.extent, (Extent3{12, 10, 8}));
  EXPECT_EQ(set_voxels(volume), kItkMask);
  expect_near(volume.geometry.mm_from_voxel.value(), oblique_affine(), 1e-6);
}

TEST_F(ReadNrrd, TurnsOtherAnatomicalSpacesToLeftPosteriorSuperior) {
  const std::string fields =
      "type: uchar\ndimension: 3\nsizes: 2 3 2\nencoding: raw\n"
      "space directions: (1,0,0) (0,2,0) (0,0,3)\nspace origin: (10,20,30)\nspace: ";
  const Volume ras = read(fields + "RAS\n", counting_bytes(12));
  EXPECT_EQ(ras.geometry.mm_from_voxel.value(),
            (Affine3{{Vec3{-1, 0, 0}, Vec3{0, -2, 0}, Vec3{0, 0, 3}}, {-10, -20, 30}}));
  const Volume las = read(fields + "left-anterior-superior\n", counting_bytes(12));
  EXPECT_EQ(las.geometry.mm_from_voxel.value(),
            (Affine3{{Vec3{1, 0, 0}, Vec3{0, -2, 0}, Vec3{0, 0, 3}}, {10, -20, 30}}));
  EXPECT_THAT(read(fields + "scanner-xyz\n", counting_bytes(12)).notes,
              ElementsAre(HasSubstr("not an anatomical one")));
  EXPECT_THAT(refused(fields + "left-posterior-superior-time\n", counting_bytes(12)).message,
              HasSubstr("vectors of 4 finite numbers"));
}

TEST_F(ReadNrrd, ReadsEveryEncoding) {
  const std::string fields = "type: ushort\ndimension: 2\nsizes: 2 2\nendian: little\nencoding: ";
  const std::vector<std::uint16_t> values{1, 2, 300, 4};
  const std::string raw = raw_bytes(values);
  const auto packed = gzip(std::as_bytes(std::span(raw)));
  const std::string packed_text(reinterpret_cast<const char*>(packed.data()), packed.size());
  EXPECT_THAT(read(fields + "raw\n", raw).voxels, ElementsAre(1, 2, 300, 4));
  EXPECT_THAT(read(fields + "gzip\n", packed_text).voxels, ElementsAre(1, 2, 300, 4));
  EXPECT_THAT(read(fields + "ascii\n", "1 2\n300,4\n").voxels, ElementsAre(1, 2, 300, 4));
  EXPECT_THAT(read(fields + "hex\n", "01000200\n2c010400\n").voxels, ElementsAre(1, 2, 300, 4));
  EXPECT_THAT(refused(fields + "bzip2\n", raw).message, HasSubstr("bzip2"));
  EXPECT_THAT(refused(fields + "ascii\n", "1 2 300").message, HasSubstr("cut"));
  EXPECT_THAT(refused(fields + "ascii\n", "1 2 300 70000").message, HasSubstr("not a number of its type"));
  EXPECT_THAT(refused(fields + "gzip\n", packed_text.substr(0, 12)).message, HasSubstr("cut"));
}

TEST_F(ReadNrrd, TakesAListBeforeOrAfterSpaceAsFrames) {
  const std::string fields = "type: uchar\nencoding: raw\n";
  const Volume last =
      read(fields + "dimension: 4\nsizes: 2 1 2 3\n", counting_bytes(12), {.frame = 2, .series = ""});
  EXPECT_THAT(last.voxels, ElementsAre(8, 9, 10, 11));
  EXPECT_EQ(last.frame_count, 3);
  const Volume first = read(fields + "dimension: 4\nsizes: 3 2 1 2\nkinds: list domain domain domain\n",
                            counting_bytes(12), {.frame = 2, .series = ""});
  EXPECT_THAT(first.voxels, ElementsAre(2, 5, 8, 11));
  EXPECT_EQ(first.frame_count, 3);
  const Volume undirected = read(fields +
                                     "dimension: 3\nsizes: 3 2 2\nspace dimension: 3\n"
                                     "space directions: none (1,0,0) (0,1,0)\n",
                                 counting_bytes(12));
  EXPECT_EQ(undirected.geometry.extent, (Extent3{2, 2, 1}));
  EXPECT_EQ(undirected.frame_count, 3);
}

TEST_F(ReadNrrd, TakesTheFourthDimensionOfASpaceAsTime) {
  const std::string fields =
      "type: uchar\nencoding: raw\ndimension: 4\nsizes: 2 3 1 2\nkinds: domain domain domain domain\n"
      "space directions: (0.8,0,0,0) (0,0.5,0,0) (0,0,2.5,0) (0,0,0,1)\nspace origin: (-8,-9,5,0)\n";
  const Affine3 lps{{Vec3{0.8, 0, 0}, Vec3{0, 0.5, 0}, Vec3{0, 0, 2.5}}, {-8, -9, 5}};
  for (const std::string space : {"space dimension: 4\n", "space: left-posterior-superior-time\n",
                                  "space: LPST\n", "space: scanner-xyz-time\n"}) {
    SCOPED_TRACE(space);
    const Volume volume = read(fields + space, counting_bytes(12), {.frame = 1});
    EXPECT_EQ(volume.geometry.extent, (Extent3{2, 3, 1}));
    EXPECT_EQ(volume.frame_count, 2);
    EXPECT_THAT(volume.voxels, ElementsAre(6, 7, 8, 9, 10, 11));
    EXPECT_EQ(volume.geometry.mm_from_voxel.value(), lps);
  }
  EXPECT_EQ(read(fields + "space: RAST\n", counting_bytes(12)).geometry.mm_from_voxel->origin,
            (Vec3{8, 9, 5}));
  const Refused mixed = refused(
      "type: uchar\nencoding: raw\ndimension: 4\nsizes: 2 3 1 2\nspace dimension: 4\n"
      "space directions: (0.8,0,0,1) (0,0.5,0,0) (0,0,2.5,0) (0,0,0,1)\n",
      counting_bytes(12));
  EXPECT_EQ(mixed.kind, ErrorKind::unsupported);
  EXPECT_THAT(mixed.message, HasSubstr("mix space and time"));
}

TEST_F(ReadNrrd, TakesTheOneAxisOfWhichNothingIsSaidAsFrames) {
  const std::string fields = "type: uchar\nencoding: raw\ndimension: 4\n";
  for (const std::string unsaid : {"none", "???", "list"}) {
    const Volume first = read(fields + "sizes: 3 2 1 2\nkinds: " + unsaid + " domain domain domain\n",
                              counting_bytes(12), {.frame = 2});
    EXPECT_EQ(first.geometry.extent, (Extent3{2, 1, 2}));
    EXPECT_THAT(first.voxels, ElementsAre(2, 5, 8, 11));
    const Volume last = read(fields + "sizes: 2 1 2 3\nkinds: space space space " + unsaid + "\n",
                             counting_bytes(12), {.frame = 2});
    EXPECT_THAT(last.voxels, ElementsAre(8, 9, 10, 11));
  }
}

TEST_F(ReadNrrd, ReadsColour) {
  const Volume volume =
      read("type: uchar\nencoding: raw\ndimension: 3\nsizes: 3 2 2\nkinds: RGB-color domain domain\n",
           counting_bytes(12));
  EXPECT_EQ(volume.photometric, Photometric::rgb);
  EXPECT_EQ(volume.rgb.size(), 12);
  EXPECT_EQ(volume.geometry.extent, (Extent3{2, 2, 1}));
}

TEST_F(ReadNrrd, SkipsLinesAndBytes) {
  const std::string fields = "type: uchar\nencoding: raw\ndimension: 2\nsizes: 2 2\n";
  EXPECT_THAT(read(fields + "line skip: 1\nbyte skip: 2\n", "one line\n!!abcd").voxels,
              ElementsAre('a', 'b', 'c', 'd'));
  EXPECT_THAT(read(fields + "byte skip: -1\n", "anything abcd").voxels, ElementsAre('a', 'b', 'c', 'd'));
  EXPECT_THAT(refused(fields + "byte skip: -2\n", "abcd").message, HasSubstr("byte skip"));
  EXPECT_THAT(refused(fields + "byte skip: 5\n", "abcd").message, HasSubstr("byte skip"));
}

TEST_F(ReadNrrd, TakesSpacingsWithoutDirectionsAsStored) {
  const Volume volume =
      read("type: uchar\nencoding: raw\ndimension: 2\nsizes: 2 2\nspacings: 0.5 2\n", "abcd");
  expect_near(spacing_mm(volume.geometry.mm_from_voxel.value()), {0.5, 2, 1}, 0);
  EXPECT_THAT(volume.notes, ElementsAre(HasSubstr("no orientation")));
  EXPECT_FALSE(read("type: uchar\nencoding: raw\ndimension: 2\nsizes: 2 2\n", "abcd")
                   .geometry.mm_from_voxel.has_value());
}

TEST_F(ReadNrrd, FollowsADataFileInItsOwnFolderOnly) {
  const std::string fields = "NRRD0004\ntype: uchar\nencoding: raw\ndimension: 2\nsizes: 2 2\ndata file: ";
  file("abcd", "a.raw");
  EXPECT_THAT(read_nrrd(file(fields + "a.raw\n", "a.nhdr"), {}).voxels, ElementsAre('a', 'b', 'c', 'd'));
  EXPECT_THAT(read_nrrd(file(fields + "./a.raw", "b.nhdr"), {}).voxels, ElementsAre('a', 'b', 'c', 'd'));
  const TestFolder elsewhere;
  const auto secret = write_file(elsewhere.path() / "secret", "abcd");
  std::filesystem::create_symlink(secret, folder_.path() / "link.raw");
  for (const std::string& name :
       {std::string("../a.raw"), secret.string(), std::string("link.raw"), std::string("|id"),
        std::string(".."), std::string("LIST"), std::string("a%d.raw 1 2 1")}) {
    const auto path = file(fields + name + "\n", "c.nhdr");
    EXPECT_THAT(refusal([&] { read_nrrd(path, {}); }).message, HasSubstr("c.nhdr: ")) << name;
  }
  EXPECT_EQ(refusal([&] { read_nrrd(file(fields + "absent.raw\n", "d.nhdr"), {}); }).kind,
            ErrorKind::corrupt_data);
}

TEST_F(ReadNrrd, RefusesHeadersThatBreakTheStandard) {
  const std::string fields = "type: short\nencoding: raw\ndimension: 2\nsizes: 2 2\n";
  EXPECT_THAT(refused(fields, "abcdefgh").message, HasSubstr("no \"endian\""));
  EXPECT_THAT(refused(fields + "endian: little\nendian: big\n", "abcdefgh").message, HasSubstr("twice"));
  EXPECT_THAT(refused(fields + "endian: little\nkinds: domain\n", "abcdefgh").message, HasSubstr("kinds"));
  EXPECT_THAT(refused(fields + "endian: little\nno field\n", "abcdefgh").message, HasSubstr("no field"));
  EXPECT_THAT(refused("type: quaternion\nencoding: raw\ndimension: 2\nsizes: 2 2\n", "abcd").message,
              HasSubstr("type"));
}

TEST_F(ReadNrrd, NotesTrailingBytes) {
  EXPECT_THAT(read("type: uchar\nencoding: raw\ndimension: 2\nsizes: 2 2\n", "abcdefg").notes,
              testing::Contains("3 bytes after the last voxel are ignored"));
}

}  // namespace
}  // namespace sonde
