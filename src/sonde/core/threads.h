// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sonde {

// Physical cores this process may run on (affinity and cgroup quota respected), at least 1: the default of
// --threads.
int physical_core_count();

}  // namespace sonde
