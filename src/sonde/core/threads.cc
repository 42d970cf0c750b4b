// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/threads.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sched.h>
#include <set>
#include <string>
#include <utility>

namespace sonde {
namespace {

int read_number(const std::filesystem::path& file, int otherwise) {
  std::ifstream stream(file);
  int value = otherwise;
  return stream >> value ? value : otherwise;
}

// CPUs of the quota in cgroup v2's cpu.max ("max 100000" or "200000 100000").
int cgroup_quota() {
  std::ifstream stream("/sys/fs/cgroup/cpu.max");
  double quota = 0;
  double period = 0;
  if (stream >> quota >> period && quota > 0 && period > 0) {
    return std::max(1, static_cast<int>(std::ceil(quota / period)));
  }
  return std::numeric_limits<int>::max();
}

}  // namespace

int physical_core_count() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  std::set<std::pair<int, int>> cores;  // package, core
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    const auto topology =
        std::filesystem::path("/sys/devices/system/cpu/cpu" + std::to_string(cpu)) / "topology";
    const int core = read_number(topology / "core_id", -1);
    cores.emplace(core < 0 ? -1 : read_number(topology / "physical_package_id", 0), core < 0 ? cpu : core);
  }
  return std::clamp(static_cast<int>(cores.size()), 1, cgroup_quota());
}

}  // namespace sonde
