// SPDX-License-Identifier: Apache-2.0
// Bodies of requests and the binary answers. The first byte says which. An action that is understood is the
// same after it has been in the history; masks come out of a bundle as they went in.
#include <algorithm>
#include <array>
#include <cstring>

#include "fuzz.h"
#include <nlohmann/json.hpp>

#include "sonde/server/wire.h"

namespace {

using namespace sonde;  // NOLINT(google-build-using-namespace): a program of one file
using fuzz::insist;

void check_action(std::string_view body) {
  const wire::ActionRequest request = wire::parse<wire::ActionRequest>(body);
  EventInput input;
  input.action = std::visit([](const auto& one) -> Action { return one; }, request.action);
  const std::string kept = input_to_json(input);
  insist(input_to_json(input_from_json(kept)) == kept);
}

// What a client does with the masks of a bundle (docs/http.md, BUNDLE).
class BundleReader {
 public:
  explicit BundleReader(std::string_view bytes) : bytes_(bytes) {}

  std::string_view take(std::size_t count) {
    insist(count <= bytes_.size());
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  std::uint32_t number() {
    std::uint32_t value = 0;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  bool is_at_end() const { return bytes_.empty(); }

  Mask mask(Extent2 extent) {
    Mask mask = empty_mask(extent);
    const std::uint32_t x0 = number(), y0 = number(), width = number(), height = number();
    BundleReader runs(take(number()));
    std::size_t at = 0;
    for (std::uint8_t inside = 0; !runs.is_at_end(); inside = 1 - inside) {
      for (std::uint64_t left = runs.leb128(); left > 0; --left, ++at) {
        const std::size_t x = x0 + at % width, y = y0 + at / width;
        mask.pixels.at(y * static_cast<std::size_t>(extent.width) + x) = inside;
      }
    }
    insist(at == std::size_t{width} * height);
    return mask;
  }

 private:
  std::uint64_t leb128() {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1).front());
      value |= std::uint64_t{byte & 0x7Fu} << shift;
      if (byte < 128) return value;
    }
  }
  std::string_view bytes_;
};

// The first two bytes are the extent, the rest pixels.
void check_bundle(std::string_view data) {
  if (data.size() < 2) return;
  const Extent2 extent{1 + static_cast<unsigned char>(data[0]) % 40,
                       1 + static_cast<unsigned char>(data[1]) % 40};
  wire::Bundle bundle;
  bundle.changes.image.source.name = data.substr(2);
  for (data.remove_prefix(2); !data.empty(); data.remove_prefix(std::min(data.size(), std::size_t{200}))) {
    Mask mask = empty_mask(extent);
    for (std::size_t i = 0; i < mask.pixels.size(); ++i)
      mask.pixels[i] = static_cast<unsigned char>(data[i / 8 % data.size()]) >> (i % 8) & 1;
    BinaryVolume picture{{extent.width, extent.height, 1}, std::move(mask.pixels)};
    bundle.masks.push_back(
        {static_cast<ObjectId>(bundle.masks.size()), std::nullopt, 7, voxels_from_mask(picture)});
  }
  const std::string bytes = wire::encode_bundle(bundle);
  BundleReader reader(bytes);
  insist(reader.take(8) == std::string_view("SNDB\1\0\0\0", 8));
  const std::uint32_t head = reader.number(), masks = reader.number();
  insist(bytes.size() == 16 + std::size_t{head} + masks);
  insist(Json::accept(reader.take(head)));
  reader.take(8);
  insist(reader.number() == bundle.masks.size());
  for (const ObjectMask& mask : bundle.masks) {
    insist(reader.number() == mask.object);
    insist(reader.number() == 0xFFFFFFFF && reader.number() == 7);
    insist(reader.mask(extent).pixels == mask_from_voxels(mask.pixels).voxels);
  }
  insist(reader.is_at_end());
}

using Check = void (*)(std::string_view);
constexpr std::array<Check, 8> kChecks{check_action,
                                       check_bundle,
                                       [](std::string_view b) { wire::parse<wire::LabelAction>(b); },
                                       [](std::string_view b) { wire::parse<wire::SettingsRequest>(b); },
                                       [](std::string_view b) { wire::parse<wire::FocusRequest>(b); },
                                       [](std::string_view b) { wire::parse<wire::EverythingRequest>(b); },
                                       [](std::string_view b) { wire::parse<wire::ProgressRequest>(b); },
                                       [](std::string_view b) { wire::parse<wire::ExportRequest>(b); }};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = fuzz::chosen(data, size);
  if (!input) return 0;
  try {
    kChecks[input->choice % kChecks.size()](input->text);
  } catch (const RefusedRequest& refused) {
    insist(refused.status() == 400 && *refused.what() != '\0');
  }
  return 0;
}
