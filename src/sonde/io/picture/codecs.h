// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "sonde/io/picture/header.h"

namespace sonde {

// The decoders, each of which gives all rows or refuses the file in the words of its library.
PictureDecoder decode_png, decode_jpeg, decode_tiff, decode_bmp;

// "NAME: cut or damaged: its pixels cannot be decoded (...)".
[[noreturn]] void refuse_undecodable(const std::string& name, std::string_view says);
// What a decoder says where its library finds another picture than was checked.
inline constexpr const char* kAnotherPicture = "the decoded picture is not what its header says";

}  // namespace sonde
