// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sonde/core/bytes.h"

// Numbers as volume files store them.
namespace sonde {

enum class SampleType { int8, uint8, int16, uint16, int32, uint32, int64, uint64, float16, float32, float64 };
enum class ByteOrder { little, big };

std::int64_t byte_size(SampleType type);
std::string_view to_string(SampleType type);

struct Scaling {
  double slope = 1, intercept = 0;
  bool operator==(const Scaling&) const = default;
};
// The largest magnitude that samples of a type take after scaling; absent for floating point, which knows no
// bound.
std::optional<double> largest_scaled(SampleType type, const Scaling& scaling);

struct SampleFormat {
  SampleType type = SampleType::uint8;
  ByteOrder order = ByteOrder::little;
  Scaling scaling;
  std::int64_t stride = 1;  // samples from one taken to the next
};
// Takes the first sample and every stride-th after it, as many as `target` holds; `stored` holds them all.
// Values beyond a float become infinite.
void convert_samples(ByteView stored, const SampleFormat& format, std::span<float> target);

// Numbers written as text, between white space or commas, to little-endian samples of `type`: at most `most`
// of them. Absent if something is not a number of that type.
std::optional<std::vector<std::byte>> samples_from_text(std::string_view text, SampleType type,
                                                        std::int64_t most);
// Pairs of hexadecimal digits, white space between them allowed; absent if anything else is found.
std::optional<std::vector<std::byte>> bytes_from_hex(std::string_view text);

}  // namespace sonde
