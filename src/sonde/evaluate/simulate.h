// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sonde/imaging/picture.h"
#include "sonde/imaging/prompt.h"

namespace sonde {

// Prompts for an object whose mask is known, as a simulated user gives them (RITM: robot user).
// Source: Mazurowski et al. 2023, the five modes of use and iterative prompts; docs/study.md says where the
// published script departs from it.

enum class Ties { first, random };  // among pixels equally far from the boundary
Ties parse_ties(std::string_view text);
std::string_view to_string(Ties ties);

struct SimulatedUser {
  Ties ties = Ties::random;
  std::uint64_t seed = 1;
  double jitter_px = 0;  // points and box corners are moved by up to this much along x and along y
  double slack = 0;      // boxes grow to each side by this share of their width or height
};
void validate(const SimulatedUser& user);  // Error{usage} names the option

// The user at one task. Random draws depend on the seed, the task and what is drawn, not on what came before.
struct TaskUser : SimulatedUser {
  std::string task;  // its name, unique in the study
};

// The pixel of `region` farthest from the region's boundary (the picture's edge is boundary) by
// chamfer_distance, and the same point jittered. Absent for an empty region.
// index: of the point in its prompt, from 1; part of the draw's seed.
struct AimedPoint {
  Point2 aim, jittered;
};
std::optional<AimedPoint> farthest_point(const Mask& region, const TaskUser& user, int index);

// A pixel of `region`, each as likely as any other. Absent for an empty region.
std::optional<Point2> random_point(const Mask& region, const TaskUser& user);

// The box of `region`, each side moved by a draw from a normal distribution whose deviation is this share of
// the box's width or height, by 20 pixels at most, so that it may cut the region. At least one pixel of the
// picture; absent for an empty region. Source: Kirillov et al. 2023, appendix A, "Training algorithm".
std::optional<Box2> jittered_box(const Mask& region, double share, const TaskUser& user);

// The five modes of use.
//   1 a point in the largest region          2 a point in each of up to three regions, one prompt
//   3 a box around the largest region        4 a box around each of up to three, a prompt each
//   5 a box round everything
// Regions are 8-connected, largest first (find_regions). truth: not empty. mode: 1 to 5.
std::vector<Prompt> mode_prompts(int mode, const Mask& truth, const TaskUser& user);

// A click at the error of `prediction`, farthest from the error's boundary; foreground if its aim lies in
// `positive`. Absent where there is no error.
std::optional<PointPrompt> next_click(const Mask& truth, const Mask& prediction, const Mask& positive,
                                      const TaskUser& user, int index);

// "+x,y;-x,y" for points, "x0,y0,x1,y1;..." for boxes.
std::string prompt_text(const std::vector<Prompt>& prompts);

}  // namespace sonde
