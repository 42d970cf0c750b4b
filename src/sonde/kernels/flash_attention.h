// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "sonde/kernels/buffer.h"

namespace sonde::kernels {

// Attention among the tokens of a square grid, with learned positions relative to the query. Tile by tile
// with a running maximum and sum, so that there are never more scores than a tile's. Source: Dao et al. 2022,
// algorithm 1; Li et al. 2022 (MViTv2) for the positions, apart for rows and columns.
//
// Queries are the lanes of vectors and keys follow each other in time, so that neither maxima nor sums run
// across lanes. Operands are placed as the tiles read them: queries in blocks of kQueryBlock, values in
// blocks of kKeyBlock.
constexpr std::size_t kQueryBlock = 64;
// Whole tiles of 6 keys and whole pairs; a block's scores are 60 kB, which stay in the L2 cache between the
// products.
constexpr std::size_t kKeyBlock = 240;

constexpr float kLog2E = 1.44269504F;

struct GridShape {
  std::size_t side = 0;      // of the grid of keys
  std::size_t channels = 0;  // of a head
  Storage storage = Storage::fp32;

  std::size_t keys() const { return side * side; }
  // A row of channels as it is placed: even, the odd one is 0.
  std::size_t row() const { return (channels + 1) / 2 * 2; }
  // Values of one head's operands.
  std::size_t queries_size(std::size_t queries) const {
    return (queries + kQueryBlock - 1) / kQueryBlock * kQueryBlock * row();
  }
  std::size_t keys_size() const { return keys() * row(); }
  std::size_t values_size() const { return (keys() + kKeyBlock - 1) / kKeyBlock * kKeyBlock * channels; }
};

// Rows [channels] of `count` tokens, `stride` apart, to the places of `first`, `first` + 1 .. among the
// head's queries, keys or values.
struct TokenRows {
  const void* rows = nullptr;
  std::size_t stride = 0, count = 0, first = 0;
};
void place_queries(const TokenRows& tokens, const GridShape& shape, void* queries);
void place_keys(const TokenRows& tokens, const GridShape& shape, void* keys);
void place_values(const TokenRows& tokens, const GridShape& shape, void* values);

// out = softmax of exp2(q k^T + q rows[qy - ky + side - 1] + q columns[qx - kx + side - 1]), times v. So the
// queries come times log2(e) / sqrt(channels), the positions times sqrt(channels).
struct GridHead {
  GridShape shape;
  const void* queries = nullptr;
  std::size_t query_count = 0, query_width = 1;  // query i is at row i / query_width, column i % query_width
  const void* keys = nullptr;
  const void* values = nullptr;
  const void* row_positions = nullptr;             // [2 * side - 1][shape.row()]
  const void* column_positions = nullptr;          // [2 * side - 1][shape.row()]
  void* out = nullptr;                             // [channels] of the query at row and column 0
  std::size_t out_row_stride = 0, out_stride = 0;  // from row to row, from column to column
};
// Of the block's queries; one thread.
void attend(const GridHead& head, std::size_t block);

}  // namespace sonde::kernels
