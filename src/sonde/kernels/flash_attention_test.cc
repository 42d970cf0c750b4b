// SPDX-License-Identifier: Apache-2.0
#include "sonde/kernels/flash_attention.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sonde/core/random.h"
#include "sonde/kernels/kernels_testing.h"
#include "sonde/kernels/matrix.h"

namespace sonde::kernels {
namespace {

// Rows in a storage, and what they are as numbers after rounding.
class Rows {
 public:
  struct Extent {
    std::size_t count, columns, stride;
  };
  Rows(const Extent& extent, Storage storage, Random& random, double spread)
      : columns_(extent.columns),
        stride_(extent.stride),
        values_(extent.count * stride_),
        stored_(values_.size() * size_of(storage)) {
    for (std::size_t r = 0; r < extent.count; ++r) {
      for (std::size_t c = 0; c < columns_; ++c)
        values_[r * stride_ + c] =
            static_cast<float>(spread * (static_cast<double>(random.next() >> 11) * 0x1p-52 - 1));
    }
    convert(values_.data(), values_.size(), storage, stored_.data());
    if (storage == Storage::fp32) return;
    for (std::size_t i = 0; i < values_.size(); ++i) values_[i] = from_bf16(stored_.as<Bf16>()[i]);
  }
  const void* data() const { return stored_.data(); }
  std::size_t stride() const { return stride_; }
  const float* operator[](std::size_t row) const { return values_.data() + row * stride_; }
  double product(std::size_t row, const float* other) const {
    double sum = 0;
    for (std::size_t c = 0; c < columns_; ++c) sum += static_cast<double>((*this)[row][c]) * other[c];
    return sum;
  }

 private:
  std::size_t columns_, stride_;
  std::vector<float> values_;
  Buffer stored_;
};

// A head with numbers drawn at random, by the kernel and by its definition.
class Head {
 public:
  Head(const GridShape& shape, std::size_t height, std::size_t width, double spread)
      : shape_(shape),
        height_(height),
        width_(width),
        queries_({height * width, shape.channels, shape.channels + 3}, shape.storage, random_, spread),
        keys_({shape.keys(), shape.channels, shape.channels}, shape.storage, random_, spread),
        values_({shape.keys(), shape.channels, shape.channels + 1}, shape.storage, random_, 1),
        rows_({2 * shape.side - 1, shape.channels, shape.row()}, shape.storage, random_, spread),
        columns_({2 * shape.side - 1, shape.channels, shape.row()}, shape.storage, random_, spread) {}

  std::vector<double> expected() const {
    std::vector<double> out;
    for (std::size_t q = 0; q < height_ * width_; ++q) {
      std::vector<double> scores = scores_of(q);
      const double most = *std::max_element(scores.begin(), scores.end());
      double sum = 0;
      for (double& score : scores) sum += score = std::exp2(score - most);
      for (std::size_t c = 0; c < shape_.channels; ++c) {
        double value = 0;
        for (std::size_t k = 0; k < scores.size(); ++k) value += scores[k] / sum * values_[k][c];
        out.push_back(value);
      }
    }
    return out;
  }

  // Rows of results are one position wider than asked for and lie where nothing is aligned.
  std::vector<float> computed() const {
    const std::size_t size = size_of(shape_.storage), queries = height_ * width_, channels = shape_.channels;
    const Buffer q(shape_.queries_size(queries) * size), k(shape_.keys_size() * size),
        v(shape_.values_size() * size), out((height_ * (width_ + 1) * channels + 1) * size);
    std::fill_n(q.as<unsigned char>(), q.size(), 0);
    std::fill_n(v.as<unsigned char>(), v.size(), 0xFF);  // not a number
    std::fill_n(out.as<unsigned char>(), out.size(), 0);
    for (std::size_t at = 0; at < queries; at += 5)
      place_queries(rows_from(queries_, at, std::min<std::size_t>(5, queries - at)), shape_, q.data());
    for (std::size_t at = 0; at < shape_.keys(); at += 7) {
      const std::size_t count = std::min<std::size_t>(7, shape_.keys() - at);
      place_keys(rows_from(keys_, at, count), shape_, k.data());
      place_values(rows_from(values_, at, count), shape_, v.data());
    }
    const GridHead head{.shape = shape_,
                        .queries = q.data(),
                        .query_count = queries,
                        .query_width = width_,
                        .keys = k.data(),
                        .values = v.data(),
                        .row_positions = rows_.data(),
                        .column_positions = columns_.data(),
                        .out = out.data() + size,
                        .out_row_stride = (width_ + 1) * channels,
                        .out_stride = channels};
    for (std::size_t block = 0; block * kQueryBlock < queries; ++block) attend(head, block);
    return unpacked(out, channels);
  }

 private:
  std::vector<double> scores_of(std::size_t q) const {
    std::vector<double> scores;
    const std::size_t side = shape_.side, y = q / width_, x = q % width_;
    for (std::size_t k = 0; k < shape_.keys(); ++k) {
      scores.push_back(keys_.product(k, queries_[q]) + rows_.product(y + side - 1 - k / side, queries_[q]) +
                       columns_.product(x + side - 1 - k % side, queries_[q]));
    }
    return scores;
  }
  TokenRows rows_from(const Rows& rows, std::size_t first, std::size_t count) const {
    return {
        .rows = static_cast<const std::byte*>(rows.data()) + first * rows.stride() * size_of(shape_.storage),
        .stride = rows.stride(),
        .count = count,
        .first = first};
  }
  // The queries' results; fails where anything else was written.
  std::vector<float> unpacked(const Buffer& out, std::size_t channels) const {
    std::vector<float> all(height_ * (width_ + 1) * channels + 1), results;
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i] = shape_.storage == Storage::fp32 ? out.as<float>()[i] : from_bf16(out.as<Bf16>()[i]);
    }
    EXPECT_EQ(all[0], 0);
    for (std::size_t i = 1; i < all.size(); ++i) {
      if ((i - 1) / channels % (width_ + 1) < width_) {
        results.push_back(all[i]);
      } else {
        EXPECT_EQ(all[i], 0);
      }
    }
    return results;
  }

  GridShape shape_;
  std::size_t height_, width_;
  Random random_{7};
  Rows queries_, keys_, values_, rows_, columns_;
};

void expect_close(const Head& head, double tolerance, const std::string& name) {
  const auto expected = head.expected();
  const auto computed = head.computed();
  ASSERT_EQ(computed.size(), expected.size());
  double most = 0;
  for (std::size_t i = 0; i < computed.size(); ++i) {
    ASSERT_TRUE(std::isfinite(computed[i])) << name;
    most = std::max(most, std::abs(computed[i] - expected[i]));
  }
  EXPECT_LT(most, tolerance) << name;
}

using FlashAttention = EveryInstructionSet;

TEST_P(FlashAttention, IsSoftmaxOfScoresAndPositionsTimesValues) {
  struct Case {
    std::size_t side, height, width, channels;
  };
  for (const Case& c : {Case{1, 1, 1, 1}, Case{3, 3, 3, 5}, Case{3, 1, 3, 12}, Case{4, 4, 2, 16},
                        Case{7, 7, 7, 33}, Case{14, 14, 14, 64}, Case{14, 8, 14, 64}, Case{14, 14, 8, 80},
                        Case{14, 8, 8, 7}, Case{23, 23, 23, 24}, Case{33, 33, 33, 8}}) {
    const std::string name = std::to_string(c.side) + " " + std::to_string(c.channels);
    expect_close(Head({c.side, c.channels, Storage::fp32}, c.height, c.width, 1), 1e-5, name);
    expect_close(Head({c.side, c.channels, Storage::bf16}, c.height, c.width, 1), 6e-3, name);
  }
}

TEST_P(FlashAttention, HoldsForScoresFarBeyondWhatExponentialsCanShow) {
  expect_close(Head({17, 64, Storage::fp32}, 17, 17, 20), 5e-3, "fp32");
  expect_close(Head({17, 64, Storage::bf16}, 17, 17, 20), 2e-2, "bf16");
}

INSTANTIATE_TEST_SUITE_P(Every, FlashAttention, testing::ValuesIn(available_instruction_sets()), set_name);

}  // namespace
}  // namespace sonde::kernels
