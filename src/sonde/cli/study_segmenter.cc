// SPDX-License-Identifier: Apache-2.0
#include "sonde/cli/study_segmenter.h"

#include <iterator>
#include <utility>

#include "sonde/predict/predictor.h"

namespace sonde {
namespace {

Answer to_answer(Prediction prediction, MaskSet wanted) {
  Answer answer;
  auto next = prediction.begin();
  if (wanted != MaskSet::three) answer.single = std::move(*next++);
  answer.candidates.assign(std::move_iterator(next), std::move_iterator(prediction.end()));
  return answer;
}

}  // namespace

OpenPicture study_segmenter(SamModel model, EmbeddingStore store, StoreUse use) {
  return [model = std::move(model), store = std::move(store), use](const RgbImage& image) -> Segmenter {
    const Embedding embedding =
        use == StoreUse::reuse ? embed_with_store(model, image, store) : embed(model, image);
    return [predictor = Predictor(model, embedding)](std::span<const Prompt> prompts, MaskSet wanted) {
      std::vector<Answer> answers;
      for (Prediction& prediction : predictor.segment(prompts, wanted)) {
        answers.push_back(to_answer(std::move(prediction), wanted));
      }
      return answers;
    };
  };
}

}  // namespace sonde
