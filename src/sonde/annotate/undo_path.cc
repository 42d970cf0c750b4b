// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/undo_path.h"

#include <algorithm>
#include <utility>

#include "sonde/core/error.h"

namespace sonde {
namespace {

[[noreturn]] void out_of_turn(Revision event) {
  throw Error(ErrorKind::corrupt_data,
              "the history undoes or redoes event " + std::to_string(event) + " out of turn");
}

bool owns(const std::string& client, const std::string& owner) { return owner.empty() || owner == client; }

}  // namespace

void UndoPath::act(Step step) {
  std::erase_if(undone_, [&](const Undone& undone) {
    if (!owns(step.client, undone.client)) return false;
    given_up_.insert(undone.step.event);
    return true;
  });
  for (const ObjectId object : step.objects) tops_[object].emplace_back(step.event, step.event);
  done_.push_back(std::move(step));
}

void UndoPath::undo(Revision event, Revision at, const std::string& client) {
  const auto found = std::ranges::find(done_, event, &Step::event);
  if (found == done_.end()) out_of_turn(event);
  check_way(*found);
  for (const ObjectId object : found->objects)
    tops_.at(object).emplace_back(at, top_before(object, found->event));
  undone_.push_back({std::move(*found), client});
  done_.erase(found);
}

void UndoPath::redo(Revision event, Revision at, const std::string& client) {
  const auto found = std::ranges::find_if(undone_, [&](const Undone& undone) {
    return undone.step.event == event && owns(client, undone.client);
  });
  if (found == undone_.end()) out_of_turn(event);
  check_way(found->step);
  for (const ObjectId object : found->step.objects) tops_.at(object).emplace_back(at, event);
  done_.push_back(std::move(found->step));
  undone_.erase(found);
}

std::optional<UndoPath::Step> UndoPath::next_undo(const std::string& client) const {
  const auto last =
      std::find_if(done_.rbegin(), done_.rend(), [&](const Step& step) { return owns(client, step.client); });
  return last == done_.rend() ? std::nullopt : std::optional(*last);
}

std::optional<UndoPath::Step> UndoPath::next_redo(const std::string& client) const {
  const auto last = std::find_if(undone_.rbegin(), undone_.rend(),
                                 [&](const Undone& undone) { return owns(client, undone.client); });
  return last == undone_.rend() ? std::nullopt : std::optional(last->step);
}

bool UndoPath::is_undone(Revision event) const {
  return given_up_.contains(event) ||
         std::ranges::any_of(undone_, [&](const Undone& undone) { return undone.step.event == event; });
}

std::optional<ObjectId> UndoPath::changed_since(const Step& step) const {
  const bool done = is_done(step.event);
  for (const ObjectId object : step.objects) {
    if (top(object) != (done ? step.event : top_before(object, step.event))) return object;
  }
  return std::nullopt;
}

std::vector<ObjectId> UndoPath::others_changed_since(const Step& step) const {
  std::vector<ObjectId> others;
  for (const auto& [object, tops] : tops_) {
    if (std::ranges::find(step.objects, object) != step.objects.end()) continue;
    if (top(object) != top_before(object, step.event)) others.push_back(object);
  }
  return others;
}

Revision UndoPath::top(ObjectId object) const { return tops_.at(object).back().second; }

Revision UndoPath::top_before(ObjectId object, Revision event) const {
  const auto& tops = tops_.at(object);
  const auto after = std::ranges::lower_bound(tops, event, {}, &std::pair<Revision, Revision>::first);
  return after == tops.begin() ? 0 : std::prev(after)->second;
}

void UndoPath::check_way(const Step& step) const {
  if (changed_since(step)) out_of_turn(step.event);
}

bool UndoPath::is_done(Revision event) const {
  return std::ranges::find(done_, event, &Step::event) != done_.end();
}

}  // namespace sonde
