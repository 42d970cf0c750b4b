// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sonde/weights/onnx_model.h"
#include "sonde/weights/sam_tensors.h"

namespace sonde {

// A SAM as the two ONNX files that other programs load: an image encoder and a decoder (prompt encoder, mask
// decoder and the enlargement of the masks). The decoder's inputs, outputs and steps are those of
// segment-anything's scripts/export_onnx_model.py (SamOnnxModel), with S = image_size, E = embedding_side,
// C channels, T mask tokens, N points and all numbers 32-bit floats:
//   image_embeddings [1,C,E,E]    point_coords [1,N,2], x and y in pixels of the picture with its long side S
//   mask_input [1,1,4E,4E]        point_labels [1,N]: 0 background, 1 foreground, 2 and 3 corners of a box,
//   -1 none has_mask_input [1]: 0 or 1    orig_im_size [2]: height and width of the picture
//   -> masks [1,T,height,width], logits    iou_predictions [1,T]    low_res_masks [1,T,4E,4E]
// A client adds a point with label -1 where it has no box, as published.

// For whom: what input_image is, and which masks there are. Where there is one mask (T = 1), it is the best
// of the others than token 0 by predicted IoU, from three points on (padding included) token 0: published
// --return-single-mask.
enum class OnnxClient : std::uint8_t {
  // segment-anything's decoder as published, all T masks; with samexporter's encoder.
  published,
  // What samexporter's scripts make, for AnyLabeling and for Cornerstone3D's input_image_hwc (OHIF):
  // input_image [image_height,image_width,3], RGB from 0 to 255, the long side S; the encoder normalises and
  // pads. One mask.
  samexporter,
  // Cornerstone3D's input_image (OHIF), which ONNX Runtime's Tensor.fromImage makes: [1,3,S,S], RGB from 0 to
  // 1; the encoder normalises. One mask.
  cornerstone,
};

OnnxModel onnx_encoder(const SamTensors& sam, OnnxClient client);
OnnxModel onnx_decoder(const SamTensors& sam, OnnxClient client);

// Every file that export_onnx() may write; the encoder's data only where a network is too large for one file.
std::vector<std::filesystem::path> possible_onnx_files(const std::filesystem::path& folder);

struct OnnxExport {
  std::vector<std::filesystem::path> files;  // that were written
  std::vector<std::string> left_out;  // tensors that no such client knows: class tokens, the object score
};
// Writes them to `folder`, which is there already, each atomically. Throws as sizes_from_tensors, fit_tensors
// (with `file` in the message) and write_onnx_model do.
OnnxExport export_onnx(const NamedTensors& tensors, const std::string& file,
                       const std::filesystem::path& folder, OnnxClient client);

// The encoders, from normalised and padded pixels [1,3,S,S] to the embedding [1,C,E,E].
std::string add_onnx_encoder(OnnxModel& model, const std::string& pixels, const VitTensors& vit);
std::string add_onnx_encoder(OnnxModel& model, const std::string& pixels, const TinyVitTensors& tiny);

}  // namespace sonde
