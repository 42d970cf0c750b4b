// SPDX-License-Identifier: Apache-2.0
#pragma once

// What of LibTorch is used: tensors, modules, guards, devices. <torch/torch.h> has data loaders, optimisers,
// TorchScript and every ready-made layer besides, and takes twice as long to compile.
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <torch/cuda.h>
#include <torch/nn/module.h>
#include <torch/types.h>
#include <torch/utils.h>
