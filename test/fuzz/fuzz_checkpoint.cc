// SPDX-License-Identifier: Apache-2.0
// The readers of checkpoints: .pth, .safetensors, a pickle by itself, a model's card, and the graph of an
// .onnx file. All of them read every input.
#include <memory>
#include <vector>

#include "fuzz.h"

#include "sonde/weights/checkpoint_formats.h"
#include "sonde/weights/checkpoint_testing.h"
#include "sonde/weights/import_plugin.h"
#include "sonde/weights/unpickler.h"

using sonde::fuzz::refusal;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto copy = std::make_shared<const std::vector<std::uint8_t>>(data, data + size);
  const auto bytes = std::as_bytes(std::span(*copy));
  for (const std::string file : {"fuzz.pth", "fuzz.safetensors"})
    refusal([&] { sonde::test::sum_of(sonde::read_checkpoint({bytes, copy, file}).tensors); });
  refusal([&] { sonde::card_text(sonde::parse_card(sonde::as_text(bytes), "fuzz.json")); });
  refusal([&] { sonde::unpickle_tensors(bytes, "fuzz.pkl"); });
  refusal([&] {
    sonde::test::sum_of(sonde::parse_onnx_graph(sonde::fuzz::file_of("fuzz.onnx", bytes)).constants);
  });
  return 0;
}
