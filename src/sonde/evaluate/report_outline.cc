// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>
#include <vector>

#include "sonde/evaluate/report_drawing.h"

namespace sonde {
namespace {

enum Direction : std::uint8_t { east, south, west, north };
struct Step {
  std::int64_t x = 0, y = 0;
};
constexpr std::array<Step, 4> kSteps{Step{1, 0}, Step{0, 1}, Step{-1, 0}, Step{0, -1}};

// Edges between inside and outside, directed with the inside to the right, as bits of the corner where they
// start. They are taken out as the path runs along them.
class Edges {
 public:
  explicit Edges(const Mask& mask) : mask_(mask), columns_(mask.extent.width + 1) {
    bits_.resize(static_cast<std::size_t>(columns_ * (mask.extent.height + 1)), 0);
    for (std::int64_t y = 0; y < mask.extent.height; ++y)
      for (std::int64_t x = 0; x < mask.extent.width; ++x) add_pixel(x, y);
  }

  std::uint8_t& at(Step corner) { return bits_[static_cast<std::size_t>(corner.y * columns_ + corner.x)]; }

 private:
  bool inside(std::int64_t x, std::int64_t y) const {
    return x >= 0 && y >= 0 && x < mask_.extent.width && y < mask_.extent.height &&
           mask_.pixels[static_cast<std::size_t>(y * mask_.extent.width + x)] != 0;
  }
  void add(std::int64_t x, std::int64_t y, Direction direction) {
    at({x, y}) = static_cast<std::uint8_t>(at({x, y}) | 1U << direction);
  }
  void add_pixel(std::int64_t x, std::int64_t y) {
    if (!inside(x, y)) return;
    if (!inside(x, y - 1)) add(x, y, east);
    if (!inside(x + 1, y)) add(x + 1, y, south);
    if (!inside(x, y + 1)) add(x + 1, y + 1, west);
    if (!inside(x - 1, y)) add(x, y + 1, north);
  }

  const Mask& mask_;
  std::int64_t columns_;
  std::vector<std::uint8_t> bits_;
};

void append_run(std::string& path, Direction direction, std::int64_t length) {
  path += direction == east || direction == west ? 'h' : 'v';
  path += std::to_string(direction == east || direction == south ? length : -length);
}

// Where two pixels touch at a corner the path turns left, so that they lie in one outline (8-connected).
Direction next_direction(std::uint8_t bits, Direction came) {
  for (const unsigned turn : {3U, 0U, 1U}) {
    const auto direction = static_cast<Direction>((came + turn) % 4);
    if ((bits & 1U << direction) != 0) return direction;
  }
  return came;
}

void append_loop(std::string& path, Edges& edges, Step start, std::int64_t scale) {
  path += 'M' + std::to_string(start.x * scale) + ' ' + std::to_string(start.y * scale);
  Step corner = start;
  Direction direction = east;
  std::int64_t run = 0;
  do {
    edges.at(corner) = static_cast<std::uint8_t>(edges.at(corner) & ~(1U << direction));
    corner = {corner.x + kSteps[direction].x, corner.y + kSteps[direction].y};
    ++run;
    const Direction next = next_direction(edges.at(corner), direction);
    if (next == direction) continue;
    append_run(path, direction, run * scale);
    direction = next;
    run = 0;
  } while (edges.at(corner) != 0 && (edges.at(corner) & 1U << direction) != 0);
  path += 'z';  // draws the last run
}

Mask coarser(const Mask& mask, std::int64_t factor) {
  Mask result =
      empty_mask({(mask.extent.width + factor - 1) / factor, (mask.extent.height + factor - 1) / factor});
  std::vector<std::int64_t> counts(result.pixels.size(), 0);
  const auto block_of = [&](std::int64_t x, std::int64_t y) {
    return static_cast<std::size_t>(y / factor * result.extent.width + x / factor);
  };
  for (std::int64_t y = 0; y < mask.extent.height; ++y)
    for (std::int64_t x = 0; x < mask.extent.width; ++x)
      counts[block_of(x, y)] += mask.pixels[static_cast<std::size_t>(y * mask.extent.width + x)];
  for (std::size_t i = 0; i < counts.size(); ++i) result.pixels[i] = 2 * counts[i] >= factor * factor;
  return result;
}

}  // namespace

std::string outline_path(const Mask& mask, std::int64_t scale) {
  Edges edges(mask);
  std::string path;
  for (std::int64_t y = 0; y <= mask.extent.height; ++y)
    for (std::int64_t x = 0; x <= mask.extent.width; ++x)
      while ((edges.at({x, y}) & 1U << east) != 0) append_loop(path, edges, {x, y}, scale);
  return path;
}

std::string outline_path_within(const Mask& mask, std::size_t max) {
  std::string path = outline_path(mask);
  for (std::int64_t factor = 2; path.size() > max && factor < 64; factor *= 2)
    path = outline_path(coarser(mask, factor), factor);
  return path;
}

}  // namespace sonde
