// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/encoding_queue.h"

#include <algorithm>
#include <exception>
#include <sys/resource.h>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace sonde {
namespace {

constexpr std::size_t kKeptFailures = 64;

template <typename Pairs>
auto find_key(Pairs& pairs, const PictureKey& key) {
  return std::find_if(pairs.begin(), pairs.end(), [&](const auto& pair) { return pair.first == key; });
}

}  // namespace

bool operator<(const PictureKey& a, const PictureKey& b) {
  return std::tie(a.image, a.plane.axis, a.plane.slice, a.window) <
         std::tie(b.image, b.plane.axis, b.plane.slice, b.window);
}

EncodingQueue::EncodingQueue(Encode encode, EncodingOptions options)
    : encode_(std::move(encode)), options_(options), background_([this] { run(); }) {}

EncodingQueue::~EncodingQueue() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  background_.join();
}

EncodingQueue::Encoded EncodingQueue::get(const PictureKey& key) { return encode_once(key, Haste::asked); }

void EncodingQueue::focus(const PictureKey& key, std::vector<Neighbour> neighbours) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.clear();
    waiting_.emplace_back([key] { return key; }, Haste::in_view);
    for (Neighbour& neighbour : neighbours) waiting_.emplace_back(std::move(neighbour), Haste::ahead);
    failed_.remove_if([&](const auto& failure) { return failure.first == key; });
    begin_at_ = Clock::now() + options_.rest;
  }
  changed_.notify_all();
}

wire::EmbeddingFacts EncodingQueue::state(const PictureKey& key) {
  using State = wire::EmbeddingState;
  const std::lock_guard lock(mutex_);
  if (find_key(kept_, key) != kept_.end()) return {State::ready, ""};
  if (encoding_.contains(key)) return {State::encoding, ""};
  if (const auto failure = find_key(failed_, key); failure != failed_.end())
    return {State::failed, failure->second};
  return {State::queued, ""};
}

EncodingQueue::Encoded EncodingQueue::kept(const PictureKey& key) {
  const auto found = find_key(kept_, key);
  if (found == kept_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found);
  return found->second;
}

EncodingQueue::Encoded EncodingQueue::encode_once(const PictureKey& key, Haste haste) {
  std::promise<Encoded> promise;
  std::shared_future<Encoded> by_another;
  {
    const std::lock_guard lock(mutex_);
    if (const Encoded found = kept(key)) return found;
    if (const auto found = encoding_.find(key); found != encoding_.end()) {
      by_another = found->second;
    } else {
      encoding_.emplace(key, promise.get_future().share());
    }
  }
  if (by_another.valid()) return by_another.get();
  try {
    const Encoded encoded = encode_alone(key, haste);
    keep(key, encoded);
    promise.set_value(encoded);
    return encoded;
  } catch (const std::exception& error) {
    fail(key, error.what());
    promise.set_exception(std::current_exception());
    throw;
  }
}

EncodingQueue::Encoded EncodingQueue::encode_alone(const PictureKey& key, Haste haste) {
  std::unique_lock one_at_a_time(asked_, std::defer_lock);
  if (haste == Haste::asked) one_at_a_time.lock();
  return encode_(key, haste);
}

void EncodingQueue::keep(const PictureKey& key, const Encoded& encoded) {
  const std::lock_guard lock(mutex_);
  kept_.emplace_front(key, encoded);
  if (kept_.size() > options_.keep) kept_.pop_back();
  failed_.remove_if([&](const auto& failure) { return failure.first == key; });
  encoding_.erase(key);
}

void EncodingQueue::fail(const PictureKey& key, const std::string& message) {
  const std::lock_guard lock(mutex_);
  failed_.emplace_front(key, message);
  if (failed_.size() > kKeptFailures) failed_.pop_back();
  encoding_.erase(key);
}

void EncodingQueue::run() {
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), options_.nice);  // of this thread alone
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
    if (ending_) return;
    // A later focus moves the time on.
    if (const auto at = begin_at_; Clock::now() < at) {
      changed_.wait_until(lock, at);
      continue;
    }
    const auto [wanted, haste] = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    encode_in_background(wanted, haste);
    lock.lock();
  }
}

void EncodingQueue::encode_in_background(const Neighbour& wanted, Haste haste) {
  try {
    encode_once(wanted(), haste);
  } catch (const std::exception&) {
    // state() tells of it; a neighbour that cannot be read is met when somebody opens it.
  }
}

}  // namespace sonde
