// SPDX-License-Identifier: Apache-2.0
#include "sonde/model/recomputed.h"

#include <memory>
#include <utility>

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/variable.h>

namespace sonde::nn {
namespace {

using Work = std::function<torch::Tensor(const Tensors&)>;

struct Recompute : torch::autograd::Node {
  Work work;
  Tensors inputs, parameters;  // those that have a gradient are this node's edges, in this order

  Tensors apply(Tensors&& outer) override {
    const torch::AutoGradMode with_gradient(true);
    Tensors anew, asked;
    for (const auto& input : inputs) {
      anew.push_back(input.detach().set_requires_grad(input.requires_grad()));
      if (input.requires_grad()) asked.push_back(anew.back());
    }
    for (const auto& parameter : parameters) asked.push_back(parameter);
    return torch::autograd::grad({work(anew)}, asked, {outer[0]}, /*retain_graph=*/false,
                                 /*create_graph=*/false, /*allow_unused=*/true);
  }
};

void add_tuned(const Tensors& tensors, Tensors& tuned) {
  for (const auto& tensor : tensors)
    if (tensor.requires_grad()) tuned.push_back(tensor);
}

}  // namespace

torch::Tensor recomputed_function(const Work& f, const Tensors& inputs, const Tensors& parameters) {
  const std::shared_ptr<Recompute> node(new Recompute, torch::autograd::deleteNode);
  add_tuned(parameters, node->parameters);
  Tensors edges;
  add_tuned(inputs, edges);
  add_tuned(node->parameters, edges);
  if (!torch::GradMode::is_enabled() || edges.empty()) return f(inputs);
  node->set_next_edges(torch::autograd::collect_next_edges(edges));
  node->work = f;
  node->inputs = inputs;
  torch::Tensor y;
  {
    const torch::NoGradGuard no_gradient;
    y = f(inputs);
  }
  torch::autograd::create_gradient_edge(y, node);
  return y;
}

}  // namespace sonde::nn
