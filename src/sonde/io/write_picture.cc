// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

void require_size(const std::filesystem::path& path, Extent2 extent, std::size_t bytes,
                  std::int64_t channels) {
  if (extent.width > 0 && extent.height > 0 &&
      bytes == static_cast<std::size_t>(pixel_count(extent) * channels))
    return;
  throw Error(ErrorKind::internal, path.string() + ": the picture to be written has no pixels or too few");
}

void write_encoded(const std::filesystem::path& path, const cv::Mat& picture) {
  std::vector<unsigned char> bytes;
  try {
    cv::imencode(".png", picture, bytes);
  } catch (const cv::Exception&) {
    bytes.clear();
  }
  if (bytes.empty()) throw Error(ErrorKind::internal, path.string() + ": the PNG encoder failed");
  write_durably(path, as_byte_view(bytes));
}

}  // namespace

void write_mask_png(const std::filesystem::path& path, const Mask& mask) {
  require_size(path, mask.extent, mask.pixels.size(), 1);
  cv::Mat picture(static_cast<int>(mask.extent.height), static_cast<int>(mask.extent.width), CV_8UC1);
  std::ranges::transform(mask.pixels, picture.data, [](std::uint8_t inside) {
    return static_cast<std::uint8_t>(inside != 0 ? 255 : 0);
  });
  write_encoded(path, picture);
}

void write_png(const std::filesystem::path& path, const RgbImage& image) {
  require_size(path, image.extent, image.pixels.size(), 3);
  cv::Mat picture(static_cast<int>(image.extent.height), static_cast<int>(image.extent.width), CV_8UC3);
  for (std::size_t i = 0; i < image.pixels.size(); i += 3)  // OpenCV's order is blue, green, red
    std::reverse_copy(image.pixels.begin() + static_cast<std::ptrdiff_t>(i),
                      image.pixels.begin() + static_cast<std::ptrdiff_t>(i + 3), picture.data + i);
  write_encoded(path, picture);
}

}  // namespace sonde
