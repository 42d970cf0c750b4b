// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "sonde/io/masks/label_scheme.h"

namespace sonde {

// What nnU-Net's dataset.json says of its labels: {"1": "liver"} (version 1) or {"liver": 1} (version 2). A
// value that stands in regions alone, {"tumour": [1, 2]}, is named after the smallest of them; "ignore" is
// not a label. Throws Error{corrupt_data} naming the file if it cannot be understood.
LabelScheme read_nnunet_labels(const std::filesystem::path& dataset_json);

}  // namespace sonde
