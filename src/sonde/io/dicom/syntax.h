// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

// The transfer syntaxes and photometric interpretations that sonde reads.
namespace sonde {

enum class DicomCodec { native, jpeg, jpeg_ls, jpeg_2000, rle };

bool is_known_syntax(std::string_view uid);
// What a transfer syntax that is not read is called: "High-Throughput JPEG 2000"; empty where it is not
// known.
std::string_view unread_syntax_name(std::string_view uid);
bool is_compressed_syntax(std::string_view uid);
DicomCodec codec_of(std::string_view uid);      // of a known one
std::string_view codec_name(DicomCodec codec);  // "JPEG 2000"; empty for native

bool is_known_photometric(std::string_view name);
bool is_three_channel(std::string_view name);
// Luminance and two chrominances that the JPEG 2000 codestream undoes itself are not among these.
bool is_luminance_chrominance(std::string_view name);

}  // namespace sonde
