// SPDX-License-Identifier: Apache-2.0
// seeds DIR WIRE: what the targets begin with, in DIR/TARGET. WIRE holds the examples of the server's shapes.
#include <algorithm>
#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <onnx/onnx_pb.h>
#include <zlib.h>

#include "sonde/io/volume/gzip.h"
#include "sonde/weights/checkpoint_testing.h"

namespace {

using namespace sonde;  // NOLINT(google-build-using-namespace): a program of one file
using nlohmann::json;
using sonde::test::le;

std::filesystem::path out, examples;

void write(const std::string& target, const std::string& content) {
  static int written = 0;
  std::filesystem::create_directories(out / target);
  std::ofstream(out / target / std::to_string(written++), std::ios::binary) << content;
}
void write(const std::string& target, int choice, const std::string& content) {
  write(target, static_cast<char>(choice) + content);
}

json example(const std::string& name) { return json::parse(std::ifstream(examples / (name + ".json"))); }

std::string counting_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<char>(i);
  return bytes;
}
std::string big(std::uint64_t value, std::size_t size) {
  std::string bytes = le(value).substr(0, size);
  return {bytes.rbegin(), bytes.rend()};
}
std::string gzipped(const std::string& content) {
  const auto packed = gzip(std::as_bytes(std::span(content)));
  return {reinterpret_cast<const char*>(packed.data()), packed.size()};
}
std::string deflated(const std::string& content) {
  uLongf size = compressBound(content.size());
  std::string packed(size, '\0');
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(content.data()),
           content.size());
  return packed.substr(0, size);
}

std::string small_onnx() {
  onnx::ModelProto model;
  auto* tensor = model.mutable_graph()->add_initializer();
  tensor->set_name("weight");
  tensor->set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t extent : {2, 3}) tensor->add_dims(extent);
  tensor->set_raw_data(std::string(24, '\1'));
  auto* node = model.mutable_graph()->add_node();
  node->set_op_type("Constant");
  node->add_output("bias");
  auto* attribute = node->add_attribute();
  attribute->set_name("value");
  attribute->mutable_t()->set_data_type(onnx::TensorProto::FLOAT);
  attribute->mutable_t()->add_dims(2);
  for (const float number : {1.5F, 2.5F}) attribute->mutable_t()->add_float_data(number);
  auto* product = model.mutable_graph()->add_node();
  product->set_op_type("MatMul");
  for (const char* input : {"input", "weight"}) product->add_input(input);
  product->add_output("product");
  return model.SerializeAsString();
}

void checkpoints() {
  write("checkpoint", test::small_pth());
  write("checkpoint", test::small_safetensors());
  write("checkpoint", test::small_pickle());
  write("checkpoint", small_onnx());
}

// 2 x 3 x 2 voxels of int16 with an sform, voxels behind the header or in a file beside it.
std::string nifti(const char* magic) {
  std::string header(348, '\0');
  const auto put = [&](std::size_t at, const std::string& bytes) { header.replace(at, bytes.size(), bytes); };
  put(0, le<std::int32_t>(348));
  const std::array<std::int16_t, 8> dim{3, 2, 3, 2, 1, 1, 1, 1};
  for (std::size_t i = 0; i < dim.size(); ++i) {
    put(40 + 2 * i, le(dim[i]));
    put(76 + 4 * i, le(1.0F));
  }
  put(70, le<std::int16_t>(4) + le<std::int16_t>(16));  // datatype, bitpix
  const bool pair = magic[1] == 'i';
  put(108, le(pair ? 0.0F : 352.0F) + le(1.0F));        // vox_offset, scl_slope
  put(252, le<std::int16_t>(1) + le<std::int16_t>(1));  // qform_code, sform_code
  for (std::size_t row = 0; row < 3; ++row) put(280 + 20 * row, le(0.5F + static_cast<float>(row)));
  put(344, magic);
  return header + (pair ? "" : std::string(4, '\0') + counting_bytes(24));
}

// 5 x 4 x 3 voxels of 16 bits, with axes exchanged.
std::string mgh_header() {
  std::string header =
      big(1, 4) + big(5, 4) + big(4, 4) + big(3, 4) + big(1, 4) + big(4, 4) + big(0, 4) + big(1, 2);
  for (const float value : {0.5F, 1.F, 2.F, -1.F, 0.F, 0.F, 0.F, 0.F, -1.F, 0.F, 1.F, 0.F, 1.F, 2.F, 3.F})
    header += big(std::bit_cast<std::uint32_t>(value), 4);
  return header + std::string(284 - header.size(), '\0');
}

void volumes() {
  enum { nii, hdr, nrrd, mha, npy, nhdr, mgz };
  write("volume", nii, nifti("n+1"));
  write("volume", nii, gzipped(nifti("n+1")));
  write("volume", hdr, nifti("ni1"));
  const std::string axes =
      "space: RAS\nspace directions: none (1,0,0) (0,1,0) (0,0,1)\nspace origin: (1,2,3)\n";
  const std::string colours =
      "NRRD0005\ntype: uchar\ndimension: 4\nsizes: 3 5 4 3\nkinds: RGB-color domain domain domain\n" + axes;
  write("volume", nrrd, colours + "encoding: raw\nline skip: 0\nbyte skip: 0\n\n" + counting_bytes(180));
  write("volume", nrrd, colours + "encoding: gzip\n\n" + gzipped(counting_bytes(180)));
  write("volume", nhdr, colours + "encoding: raw\nbyte skip: -1\ndata file: a.img\n");
  const std::string flat =
      "NRRD0004\ntype: short\ndimension: 2\nsizes: 3 2\nspacings: 0.5 2\nendian: little\n";
  write("volume", nrrd, flat + "encoding: text\n\n1 2 3\n-4 5 6\n");
  write("volume", nrrd, flat + "encoding: hex\n\n0001 0203 0405 0607 0809 0a0b\n");
  const std::string meta =
      "ObjectType = Image\nNDims = 3\nDimSize = 5 4 3\nElementType = MET_UCHAR\nElementNumberOfChannels = 1\n"
      "TransformMatrix = 1 0 0 0 1 0 0 0 1\nElementSpacing = 1 2 3\nOffset = 1 2 3\n";
  write("volume", mha, meta + "HeaderSize = -1\nElementDataFile = LOCAL\n" + counting_bytes(60));
  write("volume", mha, meta + "HeaderSize = 0\nElementDataFile = a.img\n");
  write("volume", mha,
        meta + "CompressedData = True\nElementDataFile = LOCAL\n" + deflated(counting_bytes(60)));
  for (const char* fields : {"'descr': '<i2', 'fortran_order': True, 'shape': (2, 3, 5, 4), ",
                             "'descr': '|b1', 'fortran_order': False, 'shape': (5, 4), "}) {
    std::string header = std::string("\x93NUMPY\1\0\x76\0", 10) + "{" + fields + "}";
    header.resize(127, ' ');
    write("volume", npy, header + '\n' + counting_bytes(240));
  }
  const std::string mgh = mgh_header();
  write("volume", mgz, mgh + counting_bytes(120));
  write("volume", mgz, gzipped(mgh + counting_bytes(120)));
}

std::string png_chunk(const std::string& type, const std::string& data) {
  const std::string checked = type + data;
  return big(data.size(), 4) + checked +
         big(crc32_z(0, reinterpret_cast<const Bytef*>(checked.data()), checked.size()), 4);
}

std::string small_tiff() {
  const auto tag = [](std::uint16_t number, std::uint32_t value) {
    return le(number) + le<std::uint16_t>(4) + le<std::uint32_t>(1) + le(value);
  };
  const auto tags = tag(256, 2) + tag(257, 2) + tag(258, 8) + tag(259, 1) + tag(262, 1) + tag(273, 8) +
                    tag(277, 1) + tag(278, 2) + tag(279, 4);
  return std::string("II*\0", 4) + le<std::uint32_t>(12) + "abcd" + le<std::uint16_t>(9) + tags +
         le<std::uint32_t>(0);
}
std::string small_big_tiff() {
  const auto tag = [](std::uint16_t number, std::uint64_t value) {
    return big(number, 2) + big(4, 2) + big(1, 8) + big(value, 4) + big(0, 4);
  };
  const auto tags = tag(256, 2) + tag(257, 2) + tag(258, 8) + tag(259, 1) + tag(262, 1) + tag(277, 1) +
                    tag(322, 16) + tag(323, 16) + tag(324, 16) + tag(325, 256);
  return std::string("MM\0+\0\10\0\0", 8) + big(16 + 256, 8) + counting_bytes(256) + big(10, 8) + tags +
         big(0, 8);
}

void pictures() {
  constexpr int kPage = 0;
  const std::string size = big(3, 4) + big(2, 4);
  const std::string end = png_chunk("IDAT", deflated(std::string(8, '\0'))) + png_chunk("IEND", "");
  const std::string start = "\x89PNG\r\n\x1a\n";
  write("picture", kPage, start + png_chunk("IHDR", size + std::string("\10\0\0\0\0", 5)) + end);
  write("picture", kPage,
        start + png_chunk("IHDR", size + std::string("\10\3\0\0\0", 5)) + png_chunk("PLTE", "abcdef") +
            png_chunk("tRNS", "a") + end);
  const std::string exif = std::string("Exif\0\0II*\0\10\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0", 32);
  const std::string frame = std::string("\xff\xc0\0\x11\10\0\2\0\3\3\1\x11\0\2\x11\1\3\x11\1", 19);
  const std::string scan = std::string("\xff\xda\0\14\3\1\0\2\x11\3\x11\0?\0", 14) + "abc" + "\xff\xd9";
  write("picture", kPage, "\xff\xd8" + frame + scan);
  write("picture", kPage, "\xff\xd8\xff\xe1" + big(exif.size() + 2, 2) + exif + frame + scan);
  const std::string info = le<std::uint32_t>(40) + le<std::int32_t>(2) + le<std::int32_t>(-2) +
                           le<std::uint16_t>(1) + le<std::uint16_t>(24) + std::string(24, '\0');
  write("picture", kPage,
        "BM" + le<std::uint32_t>(70) + std::string(4, '\0') + le<std::uint32_t>(54) + info +
            std::string(16, '\7'));
  write("picture", kPage, small_tiff());
  write("picture", kPage, small_big_tiff());
}

void dicom() {
  enum { meta, codestream, run_lengths };
  const std::string uid = "1.2.840.10008.1.2.1";
  write("dicom", meta,
        std::string(128, '\0') + "DICM" + std::string("\2\0\0\0UL\4\0\x1c\0\0\0", 12) +
            std::string("\2\0\x10\0UI\x14\0", 8) + uid + '\0' + std::string("\10\0\5\0CS\2\0A ", 10));
  write("dicom", meta,
        std::string("\10\0\5\0\2\0\0\0A \10\0\x16\0\4\0\0\0"
                    "1.2",
                    21) +
            '\0' + std::string(16, '\0'));
  write("dicom", codestream,
        std::string("\xff\xd8\xff\xee\0\16Adobe\0d\0\0\0\0\0\xff\xf7\0\10\10\0\2\0\3\1", 28));
  write("dicom", codestream,
        std::string("\xff\x4f\xff\x51\0\x29\0\0\0\0\0\3\0\0\0\2", 16) + std::string(40, '\1'));
  std::string frame(64, '\0');
  frame[0] = 1;
  frame[4] = 64;
  write("dicom", run_lengths,
        std::string("\2\0\0", 3) + frame +
            "\x02"
            "abc");
  write("dicom", run_lengths,
        std::string("\2\0\0", 3) + frame +
            "\xfe"
            "a");
}

void data_sets() {
  enum { coco, run_lengths, labels, table };
  write("data_set", coco,
        R"({"images":[{"id":1,"file_name":"a.png","width":9,"height":7}],)"
        R"("categories":[{"id":1,"name":"cell"}],"annotations":[)"
        R"({"id":1,"image_id":1,"category_id":1,"segmentation":[[1,1,5.5,1,5,6]]},)"
        R"({"id":2,"image_id":1,"category_id":1,"segmentation":{"size":[7,9],"counts":[3,60]}},)"
        R"({"id":3,"image_id":1,"category_id":1,"segmentation":{"size":[7,9],"counts":"3l1"}}]})");
  write("data_set", run_lengths,
        "\x08\x06"
        "3l1");
  write("data_set", labels, R"({"mask_kind":"semantic","labels":{"1":"liver"},"object":"cell"})");
  write("data_set", table, "image,\"iou\"\r\n\"a,\"\"b\",0.5\r\n\nc,nan\n");
}

void wire() {
  enum { action, bundle, label_action, settings, focus, everything, progress, exports };
  for (const json& entry : example("actions")) write("wire", action, entry.dump());
  for (const json& entry : example("label_actions")) write("wire", label_action, entry.dump());
  write("wire", settings, example("settings").at("request").dump());
  write("wire", focus, example("focus").at("request").dump());
  write("wire", everything, example("everything").at("request").dump());
  const json asked = example("progress"), ordered = example("export");
  for (const json& entry : asked.at("requests")) write("wire", progress, entry.dump());
  for (const json& entry : ordered.at("requests")) write("wire", exports, entry.dump());
  write("wire", bundle, "pixels of a mask");
}

void requests() {
  const std::string token = "0123456789abcdef0123456789abcdef", host = "Host: 127.0.0.1:8080\r\n";
  constexpr int kPiece = 7;  // bytes
  for (const std::string& request : {
           "GET /api/changes?since=3 HTTP/1.1\r\n" + host + "Authorization: Bearer " + token + "\r\n\r\n",
           "GET /?token=" + token + " HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: [::1]:8080\r\nOrigin: http://[::1]:8080\r\nCookie: a=b; sonde_8080=" +
               token + "\r\n\r\n",
           "POST /api/labels HTTP/1.1\r\n" + host + "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n{}",
           std::string("POST /api/export HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n"
                       "Trailer: x\r\n\r\n"),
           std::string(
               "GET /api/images/1/masks?axis=axial&slice=%37 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
       })
    write("request", kPiece, request);
}

void projects() {
  enum { voxels, mask_file, record, action };
  write("project", voxels, std::string("\n\10\4\3\5\x64\1\x80\1\2", 10));
  write("project", mask_file,
        "SNDVOX1\n" + le<std::uint64_t>(40) + le<std::uint64_t>(30) + le<std::uint64_t>(20) +
            std::string("\0\5\xc8\1\7", 5));
  write("project", record,
        R"({"id":1,"image":1,"state":"proposed","locked":false,"label":null,"name":"",)"
        R"("source":"prompt","proposal":{"plane":{"axis":"axial","slice":2},"target":null,)"
        R"("candidates":[[0.5,0.5,3]],"chosen":0,)"
        R"("prompt":{"points":[[1,2,1]],"box":[1,2,3,4],"window":"auto"}},)"
        R"("area":3,"asked_at":3,"slices":[[1,2],[1,2],[1,2]]})");
  for (const json& entry : example("actions"))
    write("project", action,
          json{{"action", entry["action"]}, {"overlap", "keep"}, {"next_object", 1}}.dump());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: seeds DIR WIRE\n";
    return 2;
  }
  out = argv[1];
  examples = argv[2];
  checkpoints();
  volumes();
  pictures();
  dicom();
  data_sets();
  wire();
  requests();
  projects();
  return 0;
}
