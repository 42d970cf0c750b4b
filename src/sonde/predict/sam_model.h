// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sonde/imaging/answer_rule.h"
#include "sonde/weights/model_card.h"

namespace sonde {

enum class Precision { automatic, fp32, bf16 };
Precision parse_precision(const std::string& text);  // Error{usage} lists auto, fp32, bf16

struct ModelOptions {
  std::string device = "cpu";  // cpu, cuda, cuda:N
  Precision precision = Precision::automatic;
  int threads = 0;  // for one picture; 0: physical cores. 1 where pictures run in parallel
};

// A network with its weights on a device. Cheap to copy (shared), safe to use from several threads.
class SamModel {
 public:
  // name_or_path: a registered name or a checkpoint file. Throws Error: usage (unknown name, bad device),
  // unavailable (weights absent, no such device), corrupt_data.
  static SamModel load(const std::string& name_or_path, const ModelOptions& options = {});

  const std::string& name() const;          // as asked for
  const std::string& sha256() const;        // of the weights file
  const std::string& architecture() const;  // "vit_t", ...
  Precision precision() const;              // fp32 or bf16: what it computes in
  std::int64_t image_size() const;          // side of the padded frame, 1024
  const std::optional<ModelCard>& card() const;
  AnswerRules answer_rules() const;  // the card's, else the default
  // The classes that it has learned to find by name, in the order of their tokens; none as published.
  const std::vector<CardClass>& classes() const;
  // Place of one. Throws Error{usage} that lists those there are.
  int class_index(const std::string& class_name) const;

  struct Impl;
  explicit SamModel(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

}  // namespace sonde
