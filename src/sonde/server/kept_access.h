// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace sonde {

// What a page that is open goes on with when the server is started again: the port that it asks and the token
// that it holds. A token is of use at its port alone.
struct KeptAccess {
  std::string token;
  std::uint16_t port = 0;
};

// That of the project's last server, from the file sonde.token in its folder. Absent where there is none, or
// one that others may know: a link, another user's, readable by others, not as keep_access() writes it.
std::optional<KeptAccess> kept_access(const std::filesystem::path& project);

// For the next server; nobody but this user can read it. A folder that cannot be written to, or whose file
// system has no modes, keeps nothing: the next server begins with another token.
void keep_access(const std::filesystem::path& project, const KeptAccess& access);

}  // namespace sonde
