// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace sonde {

// One command a file. args: what follows the command's name. Each returns the exit status or throws Error.
using Arguments = std::span<const char* const>;

int run_segment(Arguments args);
int run_everything(Arguments args);
int run_info(Arguments args);
int run_annotate(Arguments args);
int run_export(Arguments args);
int run_study(Arguments args);
int run_model(Arguments args);
int run_train(Arguments args);
int run_bench(Arguments args);

}  // namespace sonde
