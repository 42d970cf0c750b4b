// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sonde/evaluate/segmenter.h"
#include "sonde/predict/embedding_store.h"
#include "sonde/predict/sam_model.h"

namespace sonde {

enum class StoreUse { none, reuse };

// The model as the study asks for it: a picture is encoded once (or its embedding taken from `store`), its
// prompts are decoded in batches.
OpenPicture study_segmenter(SamModel model, EmbeddingStore store, StoreUse use);

}  // namespace sonde
