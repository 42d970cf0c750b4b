// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "sonde/inference/encoder.h"
#include "sonde/inference/neck.h"
#include "sonde/inference/tiny_vit_layers.h"

namespace sonde {
namespace {

using kernels::Buffer;
using kernels::Storage;

std::size_t as_size(std::int64_t value) { return static_cast<std::size_t>(value); }

// Two grids' memory, from which layers read and to which they write in turn.
using Workspace = std::array<Buffer, 2>;

// Workspaces that are not in use: their pages are touched once, not for every picture.
class WorkspacePool {
 public:
  explicit WorkspacePool(std::size_t grid_floats) : grid_floats_(grid_floats) {}
  Workspace take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return {Buffer(grid_floats_ * sizeof(float)), Buffer(grid_floats_ * sizeof(float))};
    Workspace workspace = std::move(free_.back());
    free_.pop_back();
    return workspace;
  }
  void give_back(Workspace workspace) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(workspace));
  }

 private:
  std::size_t grid_floats_;
  std::mutex mutex_;
  std::vector<Workspace> free_;
};

class TinyVitEncoder : public Encoder {
 public:
  TinyVitEncoder(const WeightReader& encoder, const TinyVitSizes& sizes, Storage storage)
      : side_(as_size(sizes.image_size) / 4),
        channels_(as_size(sizes.embed_dims[0])),
        patch_embed_(encoder / "patch_embed" / "seq", storage),
        neck_(encoder / "neck", storage),
        pool_(largest_grid(sizes)) {
    for (std::size_t stage = 0; stage < sizes.embed_dims.size(); ++stage)
      add_stage(encoder, sizes, stage, storage);
  }

  std::vector<float> encode(const FramePixels& pixels, int threads) const override {
    Workspace workspace = pool_.take();
    Grid grid(workspace[0].as<float>(), side_, side_, channels_);
    patch_embed_.run(pixels, grid, threads);
    std::size_t other = 1;
    const auto next = [&](std::size_t side, std::size_t channels) {
      return Grid(workspace[std::exchange(other, 1 - other)].as<float>(), side, side, channels);
    };
    for (const Stage& stage : stages_) {
      for (const TinyBottleneck& block : stage.convolutions)
        grid = run_layer(block, grid, next(grid.width(), block.outputs()), threads);
      for (const TinyBlock& block : stage.blocks)
        grid = run_layer(block, grid, next(grid.width(), grid.channels()), threads);
      for (const TinyBottleneck& merging : stage.merging)
        grid = run_layer(merging, grid, next(grid.width() / merging.stride(), merging.outputs()), threads);
    }
    std::vector<float> embedding(grid.height() * grid.width() * neck_.outputs());
    neck_.run(grid.at(0, 0), (grid.width() + 2) * grid.channels(), grid.height(), grid.width(),
              embedding.data(), threads);
    pool_.give_back(std::move(workspace));
    return embedding;
  }

 private:
  struct Stage {
    std::vector<TinyBottleneck> convolutions;
    std::vector<TinyBlock> blocks;
    std::vector<TinyBottleneck> merging;  // none or one
  };

  template <typename Layer>
  static Grid run_layer(const Layer& layer, const Grid& in, const Grid& out, int threads) {
    layer.run(in, out, threads);
    return out;
  }

  static std::size_t largest_grid(const TinyVitSizes& sizes) {
    std::size_t side = as_size(sizes.image_size) / 4, most = 0;
    for (std::size_t stage = 0; stage < sizes.embed_dims.size(); ++stage) {
      most = std::max(most, Grid::floats(side, side, as_size(sizes.embed_dims.at(stage))));
      if (stage < 2) side /= 2;
    }
    return most;
  }

  void add_stage(const WeightReader& encoder, const TinyVitSizes& sizes, std::size_t index, Storage storage) {
    const WeightReader layer = encoder / "layers" / std::to_string(index);
    Stage stage;
    for (std::size_t i = 0; i < as_size(sizes.depths.at(index)); ++i) {
      const WeightReader block = layer / "blocks" / std::to_string(i);
      if (index == 0) {
        stage.convolutions.emplace_back(block, TinyBottleneck::Kind::mb_conv, 1, storage);
      } else {
        stage.blocks.emplace_back(block, as_size(sizes.num_heads.at(index)),
                                  as_size(sizes.window_sizes.at(index)), storage);
      }
    }
    if (index + 1 < sizes.embed_dims.size()) {
      const std::size_t stride = index + 2 == sizes.embed_dims.size() ? 1 : 2;  // the last keeps the side
      stage.merging.emplace_back(layer / "downsample", TinyBottleneck::Kind::patch_merging, stride, storage);
    }
    stages_.push_back(std::move(stage));
  }

  std::size_t side_, channels_;
  TinyPatchEmbed patch_embed_;
  std::vector<Stage> stages_;
  Neck neck_;
  mutable WorkspacePool pool_;
};

}  // namespace

std::unique_ptr<Encoder> make_tiny_vit_encoder(const NamedTensors& tensors, const TinyVitSizes& sizes,
                                               Storage storage) {
  return std::make_unique<TinyVitEncoder>(WeightReader(tensors, "image_encoder."), sizes, storage);
}

}  // namespace sonde
