// SPDX-License-Identifier: Apache-2.0
// `sonde` itself: sets what libraries read from the environment before main() could, then becomes sonde-main.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <unistd.h>

int main(int, char** argv) {
  // OpenMP's threads wait for one another by spinning for a millisecond, which halves the speed where another
  // program has one of the cores. libgomp has no call for it and reads this as it is loaded.
  ::setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/0);
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  for (const auto& program : {self / "sonde-main", self.parent_path() / "libexec" / "sonde" / "sonde-main"}) {
    ::execv(program.c_str(), argv);
  }
  std::fputs("sonde: sonde-main is not beside it: install it again\n", stderr);
  return 3;
}
