// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "sonde/inference/encoder.h"
#include "sonde/inference/neck.h"
#include "sonde/inference/padding.h"
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

// (model/tiny_vit.cc, TinyVit; sides for the published frame of 1024)
class TinyVitEncoder : public Encoder {
 public:
  TinyVitEncoder(const TinyVitTensors& encoder, Storage storage)
      : side_(as_size(encoder.sizes.image_size) / 4),
        channels_(as_size(encoder.sizes.embed_dims[0])),
        patch_embed_(encoder, storage),
        neck_(encoder.neck, storage),
        farthest_window_(as_size(std::ranges::max(encoder.sizes.window_sizes))),
        pool_(largest_grid(encoder.sizes)) {
    for (std::size_t stage = 0; stage < encoder.stages.size(); ++stage) add_stage(encoder, stage, storage);
  }

  std::vector<float> encode(const FramePixels& pixels, int threads) const override {
    Workspace workspace = pool_.take();
    PaddingTracker padding(padding_, pixels, 4 * side_, farthest_window_);
    // Two grids: a layer reads one and writes the other, then they change places.
    std::size_t other = 1;
    const auto next = [&](std::size_t side, std::size_t channels) {
      return FeatureMap(workspace[std::exchange(other, 1 - other)].as<float>(), side, side, channels);
    };
    // x = patch_embed(x): [3][1024][1024] -> [256 * 256][C0], channels last from here on
    FeatureMap grid = embed_patches(pixels, FeatureMap(workspace[0].as<float>(), side_, side_, channels_),
                                    padding, threads);
    // x = layer(x) of layers 0 .. 3: [256 * 256][C0] -> [128 * 128][C1] -> [64 * 64][C2] -> [64 * 64][C3]
    for (const Stage& stage : stages_) {
      for (const TinyBottleneck& block : stage.convolutions)
        grid = convolve(block, grid, next(grid.width(), block.outputs()), padding, threads);
      for (const TinyBlock& block : stage.blocks)
        grid = attend(block, grid, next(grid.width(), grid.channels()), padding, threads);
      for (const TinyBottleneck& merging : stage.merging)
        grid = convolve(merging, grid, next(side_after(grid, merging), merging.outputs()), padding, threads);
    }
    padding.finish();
    // x = neck(x): [64 * 64][C3] -> [64 * 64][out_chans]
    std::vector<float> embedding(grid.height() * grid.width() * neck_.outputs());
    neck_.run(grid.at(0, 0), (grid.width() + 2) * grid.channels(), grid.height(), grid.width(),
              embedding.data(), threads);
    pool_.give_back(std::move(workspace));
    return embedding;
  }

 private:
  // `layers.0` has blocks of convolution, the others of attention; all but the last end in `downsample`.
  struct Stage {
    std::vector<TinyBottleneck> convolutions;
    std::vector<TinyBlock> blocks;
    std::vector<TinyBottleneck> merging;  // none or one
  };

  FeatureMap embed_patches(const FramePixels& pixels, const FeatureMap& out, PaddingTracker& padding,
                           int threads) const {
    patch_embed_.run(pixels, out, padding.after_patches(out), threads);
    padding.done(out);
    return out;
  }
  static FeatureMap convolve(const TinyBottleneck& block, const FeatureMap& in, const FeatureMap& out,
                             PaddingTracker& padding, int threads) {
    block.run(in, out, padding.after_convolution(out, block.stride()), threads);
    padding.done(out);
    return out;
  }
  static FeatureMap attend(const TinyBlock& block, const FeatureMap& in, const FeatureMap& out,
                           PaddingTracker& padding, int threads) {
    // x = x + attn(x), in place; then x = local_conv(x), x + mlp(x), from grid to grid: a convolution's
    // neighbours must not have been overwritten. (model/tiny_vit.cc, TinyVitBlock)
    block.attend(in, padding.after_windows(in, block.window()), threads);
    padding.done(in);
    block.transform(in, out, padding.after_convolution(out, 1), threads);
    padding.done(out);
    return out;
  }

  // An odd side is rounded up: 3 x 3, stride 2, one zero on each side.
  static std::size_t side_after(const FeatureMap& grid, const TinyBottleneck& merging) {
    return (grid.width() + merging.stride() - 1) / merging.stride();
  }

  // Floats of the largest map: the first stage's side, or a later one's channels.
  static std::size_t largest_grid(const TinyVitSizes& sizes) {
    std::size_t side = as_size(sizes.image_size) / 4, most = 0;
    for (std::size_t stage = 0; stage < sizes.embed_dims.size(); ++stage) {
      most = std::max(most, FeatureMap::floats(side, side, as_size(sizes.embed_dims.at(stage))));
      if (stage < 2) side = (side + 1) / 2;
    }
    return most;
  }

  void add_stage(const TinyVitTensors& encoder, std::size_t index, Storage storage) {
    const TinyVitStageTensors& from = encoder.stages.at(index);
    Stage stage;
    for (const BottleneckTensors& block : from.convolutions)
      stage.convolutions.emplace_back(block, TinyBottleneck::Kind::mb_conv, 1, storage);
    for (const TinyVitBlockTensors& block : from.blocks) {
      stage.blocks.emplace_back(block, as_size(encoder.sizes.num_heads.at(index)),
                                as_size(encoder.sizes.window_sizes.at(index)), storage);
    }
    if (from.downsample) {
      const std::size_t stride = index + 2 == encoder.stages.size() ? 1 : 2;  // the last keeps the side
      stage.merging.emplace_back(*from.downsample, TinyBottleneck::Kind::patch_merging, stride, storage);
    }
    stages_.push_back(std::move(stage));
  }

  std::size_t side_, channels_;  // of the first grid
  TinyPatchEmbed patch_embed_;
  std::vector<Stage> stages_;
  Neck neck_;
  std::size_t farthest_window_;
  mutable WorkspacePool pool_;
  mutable PaddingStore padding_;
};

// Pairs of bf16 must span neither two positions nor two heads.
bool has_odd_channels(const TinyVitSizes& sizes) {
  bool is_odd = sizes.embed_dims[0] % 4 != 0;  // half of them lie between the patch embedding's convolutions
  for (std::size_t stage = 1; stage < sizes.embed_dims.size(); ++stage)
    is_odd = is_odd || sizes.embed_dims.at(stage) / sizes.num_heads.at(stage) % 2 != 0;
  return is_odd;
}

}  // namespace

std::unique_ptr<Encoder> make_encoder(const TinyVitTensors& encoder, Storage storage) {
  return std::make_unique<TinyVitEncoder>(encoder, has_odd_channels(encoder.sizes) ? Storage::fp32 : storage);
}

}  // namespace sonde
