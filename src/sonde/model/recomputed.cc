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

using Work = std::function<torch::Tensor(const torch::Tensor&)>;
using torch::autograd::variable_list;

struct Recompute : torch::autograd::Node {
  Work work;
  variable_list inputs;  // x, and what is tuned

  variable_list apply(variable_list&& outer) override {
    const torch::AutoGradMode with_gradient(true);
    variable_list of = inputs;
    of[0] = inputs[0].detach().set_requires_grad(inputs[0].requires_grad());
    const auto y = work(of[0]);
    const bool has_x = of[0].requires_grad();
    if (!has_x) of.erase(of.begin());
    auto gradients = torch::autograd::grad({y}, of, {outer[0]}, /*retain_graph=*/false,
                                           /*create_graph=*/false, /*allow_unused=*/true);
    if (!has_x) gradients.insert(gradients.begin(), torch::Tensor());
    return gradients;
  }
};

}  // namespace

torch::Tensor recomputed(const torch::nn::Module& module, const Work& f, const torch::Tensor& x) {
  variable_list inputs{x};
  for (const auto& parameter : module.parameters())
    if (parameter.requires_grad()) inputs.push_back(parameter);
  if (!torch::GradMode::is_enabled() || inputs.size() == 1) return f(x);
  const std::shared_ptr<Recompute> node(new Recompute, torch::autograd::deleteNode);
  node->set_next_edges(torch::autograd::collect_next_edges(inputs));
  node->work = f;
  node->inputs = std::move(inputs);
  torch::Tensor y;
  {
    const torch::NoGradGuard no_gradient;
    y = f(x);
  }
  torch::autograd::create_gradient_edge(y, node);
  return y;
}

}  // namespace sonde::nn
