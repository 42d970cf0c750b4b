// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/same_name.h"

#include <cstdlib>
#include <memory>
#include <utf8proc.h>

namespace sonde {

std::string decomposed(std::string_view name) {
  utf8proc_uint8_t* bytes = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(name.data()),  // NOLINT
                   static_cast<utf8proc_ssize_t>(name.size()), &bytes,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE));
  if (size < 0) return std::string(name);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(bytes, &std::free);
  return {bytes, bytes + size};
}

}  // namespace sonde
