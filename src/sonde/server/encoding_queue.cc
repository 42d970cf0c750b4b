// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/encoding_queue.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <sys/resource.h>
#include <tuple>
#include <unistd.h>
#include <utility>

#include "sonde/core/cause.h"
#include "sonde/core/start_thread.h"

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
    : encode_(std::move(encode)), options_(options) {
  in_view_thread_ = start_thread([this] { encode_in_view(); });
  try {
    ahead_thread_ = start_thread([this] { encode_ahead(); });
  } catch (const std::exception&) {
    end();
    throw;
  }
}

EncodingQueue::~EncodingQueue() { end(); }

void EncodingQueue::end() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread* thread : {&in_view_thread_, &ahead_thread_})
    if (thread->joinable()) thread->join();
}

EncodingQueue::Encoded EncodingQueue::get(const PictureKey& key) {
  return encode_once(key, Priority::requested);
}

void EncodingQueue::focus(const PictureKey& key, std::vector<Neighbour> neighbours) {
  {
    const std::lock_guard lock(mutex_);
    in_view_ = key;
    ahead_.assign(std::move_iterator(neighbours.begin()), std::move_iterator(neighbours.end()));
    failed_.remove_if([&](const auto& failure) { return failure.first == key; });
    begin_at_ = Clock::now() + options_.rest;
  }
  changed_.notify_all();
}

wire::EmbeddingFacts EncodingQueue::state(const PictureKey& key) {
  using State = wire::EmbeddingState;
  const std::lock_guard lock(mutex_);
  if (find_key(kept_, key) != kept_.end()) return {State::ready, ""};
  if (in_work_.contains(key)) return {State::encoding, ""};
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

EncodingQueue::Encoded EncodingQueue::encode_once(const PictureKey& key, Priority priority) {
  std::promise<Encoded> promise;
  std::shared_future<Encoded> by_another;
  {
    const std::lock_guard lock(mutex_);
    if (Encoded found = kept(key)) return found;
    const auto found = in_work_.find(key);
    // The thread of low priority may be slow where others use the cores: it is overtaken.
    if (found != in_work_.end() &&
        (found->second.priority != Priority::prefetch || priority == Priority::prefetch)) {
      by_another = found->second.encoded;
    } else {
      in_work_[key] = {priority, promise.get_future().share()};
    }
  }
  if (by_another.valid()) return by_another.get();
  try {
    Encoded encoded = encode_alone(key, priority);
    finish(key, priority, encoded);
    promise.set_value(encoded);
    return encoded;
  } catch (const std::exception& error) {
    fail(key, priority, cause_of(error));
    promise.set_exception(std::current_exception());
    throw;
  }
}

EncodingQueue::Encoded EncodingQueue::encode_alone(const PictureKey& key, Priority priority) {
  std::unique_lock one_at_a_time(asked_, std::defer_lock);
  if (priority == Priority::requested) one_at_a_time.lock();
  return encode_(key, priority);
}

void EncodingQueue::finish(const PictureKey& key, Priority priority, const Encoded& encoded) {
  const std::lock_guard lock(mutex_);
  leave(key, priority);
  if (find_key(kept_, key) != kept_.end()) return;  // it was overtaken
  kept_.emplace_front(key, encoded);
  if (kept_.size() > options_.keep) kept_.pop_back();
  failed_.remove_if([&](const auto& failure) { return failure.first == key; });
}

void EncodingQueue::fail(const PictureKey& key, Priority priority, const std::string& message) {
  const std::lock_guard lock(mutex_);
  leave(key, priority);
  failed_.emplace_front(key, message);
  if (failed_.size() > kKeptFailures) failed_.pop_back();
}

// What was overtaken is another's by now.
void EncodingQueue::leave(const PictureKey& key, Priority priority) {
  const auto found = in_work_.find(key);
  if (found != in_work_.end() && found->second.priority == priority) in_work_.erase(found);
}

// Whether it is too early; sleeps until it is not, or something has changed. A later focus moves the time on.
bool EncodingQueue::waits_for_time(std::unique_lock<std::mutex>& lock) {
  const auto at = begin_at_;
  if (Clock::now() >= at) return false;
  changed_.wait_until(lock, at);
  return true;
}

void EncodingQueue::encode_in_view() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return ending_ || in_view_; });
    if (ending_) return;
    if (waits_for_time(lock)) continue;
    const PictureKey key = *in_view_;
    lock.unlock();
    try {
      encode_once(key, Priority::visible);
    } catch (const std::exception&) {  // state() tells of it
    }
    lock.lock();
    if (in_view_ == key) in_view_.reset();
    changed_.notify_all();
  }
}

void EncodingQueue::encode_ahead() {
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), options_.nice);  // of this thread alone
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return ending_ || (!in_view_ && !ahead_.empty()); });
    if (ending_) return;
    const Neighbour neighbour = std::move(ahead_.front());
    ahead_.pop_front();
    lock.unlock();
    try {
      encode_once(neighbour(), Priority::prefetch);
    } catch (const std::exception&) {  // met again when somebody opens it
    }
    lock.lock();
  }
}

}  // namespace sonde
