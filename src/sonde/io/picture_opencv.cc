// SPDX-License-Identifier: Apache-2.0
// The library libsonde-pictures.so.
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>

#include "sonde/io/picture_codecs.h"

namespace sonde {
namespace {

void set_up() { cv::haveImageWriter(".png"); }

void decode(ByteView file, std::vector<std::byte>& out) {
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_DEBUG);  // else libtiff's messages are lost
  const cv::Mat encoded(1, static_cast<int>(file.size()), CV_8U,
                        const_cast<std::byte*>(file.data()));  // never written through
  const cv::Mat picture = cv::imdecode(encoded, cv::IMREAD_UNCHANGED);
  if (picture.empty()) return;
  const DecodedHead head{picture.rows, picture.cols, picture.channels(),
                         static_cast<std::int32_t>(picture.elemSize1())};
  const auto head_bytes = std::as_bytes(std::span(&head, 1));
  const auto pixels = std::as_bytes(std::span(picture.data, picture.total() * picture.elemSize()));
  out.reserve(head_bytes.size() + pixels.size());
  out.assign(head_bytes.begin(), head_bytes.end());
  out.insert(out.end(), pixels.begin(), pixels.end());
}

}  // namespace

const PictureCodecs sonde_picture_codecs{.set_up = set_up, .decode = decode};

}  // namespace sonde
