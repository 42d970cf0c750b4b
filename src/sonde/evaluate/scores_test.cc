// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/scores.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"

namespace sonde {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Mask picture_of(Extent2 extent, const std::function<bool(std::int64_t, std::int64_t)>& inside) {
  Mask mask = empty_mask(extent);
  for (std::int64_t y = 0; y < extent.height; ++y) {
    for (std::int64_t x = 0; x < extent.width; ++x) {
      mask.pixels[static_cast<std::size_t>(y * extent.width + x)] = inside(x, y) ? 1 : 0;
    }
  }
  return mask;
}

BinaryVolume volume_of(Extent3 extent,
                       const std::function<bool(std::int64_t, std::int64_t, std::int64_t)>& inside) {
  BinaryVolume mask{extent, std::vector<std::uint8_t>(static_cast<std::size_t>(voxel_count(extent)))};
  auto voxel = mask.voxels.begin();
  for (std::int64_t z = 0; z < extent.z; ++z) {
    for (std::int64_t y = 0; y < extent.y; ++y) {
      for (std::int64_t x = 0; x < extent.x; ++x) *voxel++ = inside(x, y, z) ? 1 : 0;
    }
  }
  return mask;
}

Mask square(Extent2 extent, std::int64_t left, std::int64_t top, std::int64_t side) {
  return picture_of(
      extent, [=](auto x, auto y) { return x >= left && x < left + side && y >= top && y < top + side; });
}

BinaryVolume cube(std::array<std::int64_t, 3> low, std::int64_t side) {
  return volume_of({16, 16, 16}, [=](auto x, auto y, auto z) {
    return x >= low[0] && x < low[0] + side && y >= low[1] && y < low[1] + side && z >= low[2] &&
           z < low[2] + side;
  });
}

Scores score(const Mask& truth, const Mask& prediction, std::array<double, 2> spacing = {1, 1},
             double tolerance = 2) {
  return Scorer(truth, spacing, tolerance).score(prediction);
}
Scores score(const BinaryVolume& truth, const BinaryVolume& prediction, std::array<double, 3> spacing,
             double tolerance = 2) {
  return Scorer(truth, spacing, tolerance).score(prediction);
}

void expect_near(const Scores& scores, const Scores& expected) {
  EXPECT_NEAR(scores.iou, expected.iou, 1e-12);
  EXPECT_NEAR(scores.dice, expected.dice, 1e-12);
  EXPECT_NEAR(scores.hd95, expected.hd95, 1e-9);
  EXPECT_NEAR(scores.asd, expected.asd, 1e-9);
  EXPECT_NEAR(scores.surface_dice, expected.surface_dice, 1e-12);
}
void expect_equal(const Scores& scores, const Scores& expected) {
  EXPECT_EQ(scores.iou, expected.iou);
  EXPECT_EQ(scores.dice, expected.dice);
  EXPECT_EQ(scores.hd95, expected.hd95);
  EXPECT_EQ(scores.asd, expected.asd);
  EXPECT_EQ(scores.surface_dice, expected.surface_dice);
}

// The definition, one surface cell against every other.
struct Reference {
  std::array<std::int64_t, 3> extent;
  int dimensions;
  std::array<double, 3> spacing;

  bool set(const std::vector<std::uint8_t>& mask, std::array<std::int64_t, 3> at) const {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      if (at[axis] < 0 || at[axis] >= extent[axis]) return false;
    }
    return mask[static_cast<std::size_t>((at[2] * extent[1] + at[1]) * extent[0] + at[0])] != 0;
  }

  std::vector<std::array<std::int64_t, 3>> surface(const std::vector<std::uint8_t>& mask) const {
    std::vector<std::array<std::int64_t, 3>> cells;
    for (std::int64_t i = 0; i < extent[0] * extent[1] * extent[2]; ++i) {
      const std::array<std::int64_t, 3> at{i % extent[0], i / extent[0] % extent[1],
                                           i / extent[0] / extent[1]};
      bool inner = true;
      for (std::size_t axis = 0; axis < static_cast<std::size_t>(dimensions); ++axis) {
        for (const int step : {-1, 1}) {
          auto neighbour = at;
          neighbour[axis] += step;
          inner = inner && set(mask, neighbour);
        }
      }
      if (set(mask, at) && !inner) cells.push_back(at);
    }
    return cells;
  }

  Scores score(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b,
               double tolerance) const {
    const auto surfaces = std::array{surface(a), surface(b)};
    std::vector<double> distances;
    for (const int side : {0, 1}) {
      for (const auto& p : surfaces[static_cast<std::size_t>(side)]) {
        double best = kInfinity;
        for (const auto& q : surfaces[static_cast<std::size_t>(1 - side)]) {
          double sum = 0;
          for (std::size_t axis = 0; axis < 3; ++axis) {
            sum += std::pow(spacing[axis] * static_cast<double>(p[axis] - q[axis]), 2);
          }
          best = std::min(best, std::sqrt(sum));
        }
        distances.push_back(best);
      }
    }
    std::sort(distances.begin(), distances.end());
    const double n = static_cast<double>(distances.size());
    const double place = 0.95 * (n - 1);
    const auto low = static_cast<std::size_t>(std::floor(place));
    const auto high = static_cast<std::size_t>(std::ceil(place));
    double both = 0;
    double either = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      both += a[i] & b[i];
      either += a[i] | b[i];
    }
    double sum = 0;
    double within = 0;
    for (const double distance : distances) {
      sum += distance;
      within += distance <= tolerance + 1e-6 ? 1 : 0;
    }
    return {both / either, 2 * both / (both + either),
            distances[low] + (distances[high] - distances[low]) * (place - std::floor(place)), sum / n,
            within / n};
  }
};

double below(unsigned count, std::mt19937& random) { return static_cast<double>(random() % count); }

// Blobs, specks and empty stretches of every density.
std::vector<std::uint8_t> random_cells(std::int64_t count, std::mt19937& random) {
  std::vector<std::uint8_t> cells(static_cast<std::size_t>(count));
  const auto share = 1 + random() % 99;
  const auto stickiness = random() % 10;
  std::uint8_t value = 0;
  for (auto& cell : cells) {
    if (random() % 10 >= stickiness) value = random() % 100 < share ? 1 : 0;
    cell = value;
  }
  if (random() % 3 == 0) std::fill(cells.begin(), cells.begin() + count / 2, std::uint8_t{0});
  if (random() % 3 == 0) std::fill(cells.begin() + count / 3, cells.end(), std::uint8_t{0});
  cells[random() % cells.size()] = 1;
  return cells;
}

TEST(Scores, ArePerfectForTheTruthItself) {
  const Mask mask = square({20, 20}, 3, 4, 6);
  expect_equal(score(mask, mask), {1, 1, 0, 0, 1});
  const BinaryVolume volume = cube({2, 3, 4}, 5);
  expect_equal(score(volume, volume, {0.7, 0.7, 3.0}, 0), {1, 1, 0, 0, 1});
}

TEST(Scores, OfEmptyMasksAreDefined) {
  const Mask empty = empty_mask({5, 4});
  const Mask dot = square({5, 4}, 1, 1, 1);
  expect_equal(score(empty, empty), {1, 1, 0, 0, 1});
  expect_equal(score(empty, dot), {0, 0, kInfinity, kInfinity, 0});
  expect_equal(score(dot, empty), {0, 0, kInfinity, kInfinity, 0});
  expect_equal(score(empty_mask({0, 0}), empty_mask({0, 0})), {1, 1, 0, 0, 1});
  const BinaryVolume no_cube = cube({0, 0, 0}, 0);
  expect_equal(score(no_cube, no_cube, {1, 1, 1}), {1, 1, 0, 0, 1});
  expect_equal(score(no_cube, cube({0, 0, 0}, 1), {1, 1, 1}), {0, 0, kInfinity, kInfinity, 0});
}

TEST(Scores, OfOnePixelAgainstAnotherAreTheirDistance) {
  const Mask a = square({9, 9}, 0, 8, 1);
  const Mask b = square({9, 9}, 3, 4, 1);
  expect_near(score(a, b), {0, 0, 5, 5, 0});
  expect_near(score(a, b, {1, 1}, 5), {0, 0, 5, 5, 1});
  expect_near(score(a, b, {2, 0.5}), {0, 0, std::sqrt(36 + 4), std::sqrt(36 + 4), 0});
}

TEST(Scores, OfAShiftedSquareAreKnown) {
  // 4 x 4, shifted by one column: 12 surface pixels each, of which 4 are a pixel away from the other's
  // surface, and the 2 x 2 inside of each holds 2 surface pixels of the other, one away as well.
  const Scores scores = score(square({12, 12}, 3, 3, 4), square({12, 12}, 4, 3, 4), {0.7, 0.7}, 0.5);
  expect_near(scores, {12.0 / 20, 24.0 / 32, 0.7, 0.7 * 12 / 24, 12.0 / 24});
}

TEST(Scores, OfAShiftedCubeCountMillimetresAlongEachAxis) {
  const std::array<double, 3> spacing{0.7, 0.7, 3.0};
  // A slab one voxel thick is all surface, so that every distance is the shift.
  const auto slab = [](std::int64_t z) {
    return volume_of({4, 4, 8}, [=](auto, auto, auto k) { return k == z; });
  };
  expect_near(score(slab(1), slab(3), spacing, 5.9), {0, 0, 6, 6, 0});
  expect_near(score(slab(1), slab(3), spacing, 6), {0, 0, 6, 6, 1});
  // Columns 0 and 1 against 8 and 9: half of the voxels are 7 columns from the other cube, half 8.
  const Scores cubes = score(cube({0, 5, 5}, 2), cube({8, 5, 5}, 2), spacing);
  expect_near(cubes, {0, 0, 8 * 0.7, 7.5 * 0.7, 0});
}

TEST(Scores, CountDistancesThatEqualTheTolerance) {
  for (const double step : {0.1, 0.3, 0.7, 0.9, 1.1}) {
    for (const std::int64_t shift : {1, 3, 6, 7}) {
      const double tolerance = std::stod(std::to_string(step * static_cast<double>(shift)));
      const Mask a = square({12, 3}, 1, 1, 1);
      const Mask b = square({12, 3}, 1 + shift, 1, 1);
      EXPECT_EQ(score(a, b, {step, 1}, tolerance).surface_dice, 1) << step << " " << shift;
      EXPECT_EQ(score(a, b, {step, 1}, tolerance * 0.9999).surface_dice, 0) << step << " " << shift;
    }
  }
}

TEST(Scores, OfConcentricSpheresAreTheDifferenceOfTheirRadii) {
  const std::array<double, 3> spacing{0.5, 0.5, 1.0};
  const auto sphere = [&](double radius_mm) {
    return volume_of({65, 65, 33}, [=](auto x, auto y, auto z) {
      return std::hypot(0.5 * static_cast<double>(x - 32), 0.5 * static_cast<double>(y - 32),
                        static_cast<double>(z - 16)) <= radius_mm;
    });
  };
  const Scores scores = score(sphere(14), sphere(10), spacing, 4.8);
  EXPECT_NEAR(scores.asd, 4, 0.25);
  EXPECT_NEAR(scores.hd95, 4, 0.7);
  EXPECT_NEAR(scores.iou, std::pow(10.0 / 14, 3), 0.01);
  EXPECT_GT(scores.surface_dice, 0.97);
}

TEST(Scores, TakeThePicturesEdgeForOutside) {
  const Mask full = square({6, 6}, 0, 0, 6);
  const Mask inner = square({6, 6}, 1, 1, 4);
  // The 20 pixels at the edge are full's surface; 12 are inner's. All one away but full's corners.
  const double corner = std::sqrt(2.0);
  expect_near(score(full, inner, {1, 1}, 1),
              {16.0 / 36, 32.0 / 52, corner, (28 + 4 * corner) / 32, 28.0 / 32});
  // A volume of one slice has its surface everywhere, a picture does not.
  const auto flat = [](const Mask& mask) { return BinaryVolume{{6, 6, 1}, mask.pixels}; };
  expect_near(score(flat(full), flat(inner), {1, 1, 1}, 0),
              {16.0 / 36, 32.0 / 52, corner, (16 + 4 * corner) / 52, 32.0 / 52});
}

TEST(Scores, EqualTheDefinitionOnRandomPictures) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const Extent2 extent{static_cast<std::int64_t>(1 + random() % 17),
                         static_cast<std::int64_t>(1 + random() % 17)};
    const std::array<double, 2> spacing{0.25 + 0.1 * below(30, random), 0.25 + 0.1 * below(30, random)};
    const double tolerance = 0.3 * below(9, random);
    const Mask a{extent, random_cells(pixel_count(extent), random)};
    const Scorer scorer(a, spacing, tolerance);
    for (int prediction = 0; prediction < 4; ++prediction) {  // the distances kept for the truth grow
      const Mask b{extent, random_cells(pixel_count(extent), random)};
      const Reference reference{{extent.width, extent.height, 1}, 2, {spacing[0], spacing[1], 1}};
      const Scores scores = scorer.score(b);
      expect_near(scores, reference.score(a.pixels, b.pixels, tolerance));
      expect_equal(scores, Scorer(a, spacing, tolerance).score(b));
    }
    ASSERT_FALSE(HasFailure()) << "round " << round;
  }
}

TEST(Scores, EqualTheDefinitionOnRandomVolumes) {
  std::mt19937 random(2);
  for (int round = 0; round < 150; ++round) {
    const Extent3 extent{static_cast<std::int64_t>(1 + random() % 9),
                         static_cast<std::int64_t>(1 + random() % 9),
                         static_cast<std::int64_t>(1 + random() % 9)};
    const std::array<double, 3> spacing{0.25 + 0.1 * below(30, random), 0.25 + 0.1 * below(30, random),
                                        0.25 + 0.3 * below(30, random)};
    const double tolerance = 0.3 * below(9, random);
    const BinaryVolume a{extent, random_cells(voxel_count(extent), random)};
    const BinaryVolume b{extent, random_cells(voxel_count(extent), random)};
    const Reference reference{{extent.x, extent.y, extent.z}, 3, spacing};
    expect_near(score(a, b, spacing, tolerance), reference.score(a.voxels, b.voxels, tolerance));
    ASSERT_FALSE(HasFailure()) << "round " << round;
  }
}

TEST(Scores, TellHowMuchTooMuchOrTooLittleIsPredicted) {
  const auto error = [](const auto& truth, const auto& prediction) {
    return score(truth, prediction, {1, 1}).relative_volume_error;
  };
  const Mask empty = empty_mask({9, 9});
  EXPECT_EQ(error(square({9, 9}, 0, 0, 2), square({9, 9}, 5, 5, 3)), 1.25);
  EXPECT_EQ(error(square({9, 9}, 0, 0, 4), square({9, 9}, 1, 1, 3)), -0.4375);
  EXPECT_EQ(error(square({9, 9}, 0, 0, 4), empty), -1);
  EXPECT_EQ(error(empty, empty), 0);
  EXPECT_EQ(error(empty, square({9, 9}, 0, 0, 4)), kInfinity);
  EXPECT_EQ(score(cube({1, 1, 1}, 2), cube({3, 1, 1}, 4), {0.7, 0.7, 3}).relative_volume_error, 7);
}

TEST(Scores, AreTheSameEitherWayRound) {
  std::mt19937 random(3);
  const Extent2 extent{40, 30};
  const Mask a{extent, random_cells(1200, random)};
  const Mask b{extent, random_cells(1200, random)};
  expect_near(score(a, b, {0.7, 1.3}), score(b, a, {0.7, 1.3}));
}

TEST(Scorer, RefusesWhatDoesNotFit) {
  const Scorer scorer(square({5, 4}, 1, 1, 2), {1, 1}, 2);
  const auto kind = [](const std::function<void()>& act) {
    try {
      act();
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::internal;
  };
  EXPECT_EQ(kind([&] { scorer.score(empty_mask({4, 5})); }), ErrorKind::usage);
  EXPECT_EQ(kind([&] {
              scorer.score(BinaryVolume{{5, 4, 1}, std::vector<std::uint8_t>(20)});
            }),
            ErrorKind::usage);
  EXPECT_EQ(kind([&] { scorer.score(Mask{{5, 4}, {1, 0}}); }), ErrorKind::usage);
  EXPECT_EQ(kind([] { Scorer(empty_mask({4, 5}), {0, 1}, 2); }), ErrorKind::usage);
  EXPECT_EQ(kind([] { Scorer(empty_mask({4, 5}), {1, kInfinity}, 2); }), ErrorKind::usage);
  EXPECT_EQ(kind([] { Scorer(empty_mask({4, 5}), {1, 1}, -1); }), ErrorKind::usage);
}

}  // namespace
}  // namespace sonde
