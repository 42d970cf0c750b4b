// SPDX-License-Identifier: Apache-2.0
// The readers of checkpoints under libFuzzer. In a build folder configured with clang++ and
// -DSONDE_SANITIZE=fuzzer-no-link,address,undefined, build sonde_weights, then:
//   clang++ -std=c++20 -fsanitize=fuzzer,address,undefined -Isrc test/fuzz/fuzz_checkpoint.cc \
//     BUILD/src/sonde/weights/libsonde_weights.a BUILD/src/sonde/core/libsonde_core.a \
//     -lonnx_proto -lprotobuf -lcurl -lcrypto -lz -o fuzz_checkpoint
//   ./fuzz_checkpoint -rss_limit_mb=1024 -timeout=10 CORPUS     (CORPUS: small .pth and .safetensors files)
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sonde/core/error.h"
#include "sonde/weights/checkpoint_formats.h"
#include "sonde/weights/checkpoint_test_files.h"
#include "sonde/weights/unpickler.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto copy = std::make_shared<const std::vector<std::uint8_t>>(data, data + size);
  const auto bytes = std::as_bytes(std::span(*copy));
  for (const std::string file : {"fuzz.pth", "fuzz.safetensors"}) {
    try {
      sonde::test::sum_of(sonde::read_checkpoint({bytes, copy, file}));
    } catch (const sonde::Error&) {  // refused, as it should be
    }
  }
  try {
    sonde::unpickle_tensors(bytes, "fuzz.pkl");
  } catch (const sonde::Error&) {
  }
  return 0;
}
