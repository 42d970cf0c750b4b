// SPDX-License-Identifier: Apache-2.0
#include "sonde/cli/study_segmenter.h"

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

AnsweredMask answered(Candidate candidate) {
  return {std::move(candidate.mask), candidate.predicted_iou, std::move(candidate.low_res)};
}

Answer to_answer(Prediction prediction, AnswerRequest request) {
  Answer answer;
  auto next = prediction.begin();
  if (request.single == AnswerRequest::Single::one) answer.single = answered(std::move(*next++));
  for (; next != prediction.end(); ++next) answer.candidates.push_back(answered(std::move(*next)));
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
