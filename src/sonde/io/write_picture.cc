// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

void require_size(const std::string& name, Extent2 extent, std::size_t bytes, std::int64_t channels) {
  if (extent.width > 0 && extent.height > 0 &&
      bytes == static_cast<std::size_t>(pixel_count(extent) * channels))
    return;
  throw Error(ErrorKind::internal, name + ": the picture to be written has no pixels or too few");
}

std::vector<unsigned char> encoded(const std::string& name, const cv::Mat& picture,
                                   const std::vector<int>& parameters = {}) {
  std::vector<unsigned char> bytes;
  try {
    cv::imencode(".png", picture, bytes, parameters);
  } catch (const cv::Exception&) {
    bytes.clear();
  }
  if (bytes.empty()) throw Error(ErrorKind::internal, name + ": the PNG encoder failed");
  return bytes;
}

cv::Mat canvas(Extent2 extent, int type) {
  return cv::Mat(static_cast<int>(extent.height), static_cast<int>(extent.width), type);
}

cv::Mat colour_picture(const RgbImage& image) {
  cv::Mat picture = canvas(image.extent, CV_8UC3);
  for (std::size_t i = 0; i < image.pixels.size(); i += 3)  // OpenCV's order is blue, green, red
    std::reverse_copy(image.pixels.begin() + static_cast<std::ptrdiff_t>(i),
                      image.pixels.begin() + static_cast<std::ptrdiff_t>(i + 3), picture.data + i);
  return picture;
}

bool is_grey(const RgbImage& image) {
  for (std::size_t i = 0; i < image.pixels.size(); i += 3)
    if (image.pixels[i] != image.pixels[i + 1] || image.pixels[i] != image.pixels[i + 2]) return false;
  return true;
}

cv::Mat grey_picture(const RgbImage& image) {
  cv::Mat picture = canvas(image.extent, CV_8UC1);
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) picture.data[i / 3] = image.pixels[i];
  return picture;
}

}  // namespace

void write_mask_png(const std::filesystem::path& path, const Mask& mask) {
  require_size(path.string(), mask.extent, mask.pixels.size(), 1);
  cv::Mat picture = canvas(mask.extent, CV_8UC1);
  std::ranges::transform(mask.pixels, picture.data, [](std::uint8_t inside) {
    return static_cast<std::uint8_t>(inside != 0 ? 255 : 0);
  });
  write_durably(path, as_byte_view(encoded(path.string(), picture)));
}

void write_png(const std::filesystem::path& path, const RgbImage& image) {
  require_size(path.string(), image.extent, image.pixels.size(), 3);
  write_durably(path, as_byte_view(encoded(path.string(), colour_picture(image))));
}

std::vector<std::byte> encode_png(const RgbImage& image) {
  require_size("PNG", image.extent, image.pixels.size(), 3);
  const auto bytes =
      encoded("PNG", is_grey(image) ? grey_picture(image) : colour_picture(image),
              {cv::IMWRITE_PNG_COMPRESSION, 7, cv::IMWRITE_PNG_STRATEGY, cv::IMWRITE_PNG_STRATEGY_DEFAULT});
  const ByteView view = as_byte_view(bytes);
  return {view.begin(), view.end()};
}

}  // namespace sonde
