// SPDX-License-Identifier: Apache-2.0
#include "sonde/cli/study_segmenter.h"

#include <iterator>
#include <utility>

#include "sonde/predict/predictor.h"

namespace sonde {
namespace {

MaskOutput output_of(AnswerRequest request) {
  const bool three = request.candidates == AnswerRequest::Candidates::three;
  const bool single = request.single == AnswerRequest::Single::one;
  if (three && single) return MaskOutput::single_and_three;
  return three ? MaskOutput::three_candidates : MaskOutput::single;
}

Answer to_answer(Prediction prediction, AnswerRequest request) {
  Answer answer;
  auto next = prediction.begin();
  if (request.single == AnswerRequest::Single::one) answer.single = std::move(*next++);
  answer.candidates.assign(std::move_iterator(next), std::move_iterator(prediction.end()));
  return answer;
}

}  // namespace

OpenPicture study_segmenter(SamModel model, EmbeddingStore store, StoreUse use) {
  return [model = std::move(model), store = std::move(store), use](const RgbImage& image) -> Segmenter {
    const Embedding embedding =
        use == StoreUse::reuse ? embed_with_store(model, image, store) : embed(model, image);
    return [predictor = Predictor(model, embedding)](std::span<const Prompt> prompts, AnswerRequest request) {
      std::vector<Answer> answers;
      for (Prediction& prediction : predictor.segment(prompts, output_of(request))) {
        answers.push_back(to_answer(std::move(prediction), request));
      }
      return answers;
    };
  };
}

}  // namespace sonde
