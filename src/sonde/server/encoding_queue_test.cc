// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/encoding_queue.h"

#include <atomic>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"

namespace sonde {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using wire::EmbeddingState;

PictureKey slice(std::int64_t number) { return {1, {Axis::axial, number}, "auto"}; }
std::vector<EncodingQueue::Neighbour> slices(std::initializer_list<std::int64_t> numbers) {
  std::vector<EncodingQueue::Neighbour> wanted;
  for (const std::int64_t number : numbers) wanted.emplace_back([number] { return slice(number); });
  return wanted;
}

// A network that writes down what it is asked for, and encodes nothing while it is held.
class FakeNetwork {
 public:
  EncodingQueue::Encoded encode(const PictureKey& key, Priority priority) {
    std::unique_lock lock(mutex_);
    begun_.push_back(key.plane.slice);
    priorities_.push_back(priority);
    changed_.notify_all();
    changed_.wait(lock, [&] {
      return !held_.contains(key.plane.slice) && !(is_ahead_held_ && priority == Priority::prefetch);
    });
    if (key.plane.slice == 13) throw Error(ErrorKind::usage, "slice 13 is bad luck");
    static int thing = 0;
    return {std::shared_ptr<int>(), reinterpret_cast<const Predictor*>(&thing)};  // nobody looks into it
  }
  EncodingQueue::Encode function() {
    return [this](const PictureKey& key, Priority priority) { return encode(key, priority); };
  }
  void hold(std::int64_t number) {
    const std::lock_guard lock(mutex_);
    held_.insert(number);
  }
  void hold_ahead() {
    const std::lock_guard lock(mutex_);
    is_ahead_held_ = true;
  }
  void release_ahead() {
    const std::lock_guard lock(mutex_);
    is_ahead_held_ = false;
    changed_.notify_all();
  }
  void release(std::int64_t number) {
    const std::lock_guard lock(mutex_);
    held_.erase(number);
    changed_.notify_all();
  }
  std::vector<std::int64_t> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 5s, [&] { return begun_.size() >= count; });
    return begun_;
  }
  std::vector<Priority> priority() {
    const std::lock_guard lock(mutex_);
    return priorities_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::int64_t> begun_;
  std::vector<Priority> priorities_;
  std::set<std::int64_t> held_;
  bool is_ahead_held_ = false;
};

void wait_until_ready(EncodingQueue& queue, const PictureKey& key) {
  for (int i = 0; i < 5000 && queue.state(key).state != EmbeddingState::ready; ++i)
    std::this_thread::sleep_for(1ms);
  EXPECT_EQ(queue.state(key).state, EmbeddingState::ready);
}

TEST(EncodingQueue, EncodesThePictureInViewThenItsNeighboursInOrder) {
  FakeNetwork network;
  EncodingQueue queue(network.function(), {.rest = 1ms});
  queue.focus(slice(5), slices({6, 4, 7, 3}));
  EXPECT_THAT(network.wait_for(5), ElementsAre(5, 6, 4, 7, 3));
  EXPECT_THAT(network.priority(), ElementsAre(Priority::visible, Priority::prefetch, Priority::prefetch,
                                              Priority::prefetch, Priority::prefetch));
  wait_until_ready(queue, slice(3));
}

TEST(EncodingQueue, LeavesOldNeighboursWhenPeopleGoOn) {
  FakeNetwork network;
  network.hold(5);
  EncodingQueue queue(network.function(), {.rest = 1ms});
  queue.focus(slice(5), slices({6, 4}));
  network.wait_for(1);
  EXPECT_EQ(queue.state(slice(5)).state, EmbeddingState::encoding);
  queue.focus(slice(20), slices({21}));
  EXPECT_EQ(queue.state(slice(20)).state, EmbeddingState::queued);
  network.release(5);
  EXPECT_THAT(network.wait_for(3), ElementsAre(5, 20, 21));
}

TEST(EncodingQueue, EncodesNothingWhilePeopleScroll) {
  FakeNetwork network;
  EncodingQueue queue(network.function(), {.rest = 80ms});
  for (int i = 0; i < 10; ++i) {
    queue.focus(slice(i), {});
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_THAT(network.wait_for(1), ElementsAre(9));
}

TEST(EncodingQueue, AnAskWaitsNeitherForTheRestNorForTheBackground) {
  FakeNetwork network;
  network.hold(5);
  EncodingQueue queue(network.function(), {.rest = 1ms});
  queue.focus(slice(5), {});
  network.wait_for(1);
  EXPECT_NE(queue.get(slice(8)), nullptr);  // while 5 is being encoded
  EXPECT_THAT(network.priority(), ElementsAre(Priority::visible, Priority::requested));
  network.release(5);
}

TEST(EncodingQueue, AnAskForWhatIsBeingEncodedGetsThat) {
  FakeNetwork network;
  network.hold(5);
  EncodingQueue queue(network.function(), {.rest = 1ms});
  queue.focus(slice(5), {});
  network.wait_for(1);
  std::atomic<int> answered = 0;
  std::vector<std::thread> asking;
  for (int i = 0; i < 3; ++i) {
    asking.emplace_back([&] {
      queue.get(slice(5));
      ++answered;
    });
  }
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(answered, 0);
  network.release(5);
  for (std::thread& thread : asking) thread.join();
  EXPECT_THAT(network.wait_for(1), ElementsAre(5));
}

TEST(EncodingQueue, AnAskOvertakesTheThreadOfLowPriority) {
  FakeNetwork network;
  EncodingQueue queue(network.function(), {.rest = 1ms});
  network.hold_ahead();
  queue.focus(slice(5), slices({6}));
  network.wait_for(2);
  EXPECT_NE(queue.get(slice(6)), nullptr);  // while 6 is being encoded
  EXPECT_THAT(network.priority(), ElementsAre(Priority::visible, Priority::prefetch, Priority::requested));
  EXPECT_EQ(queue.state(slice(6)).state, EmbeddingState::ready);
  network.release_ahead();
}

TEST(EncodingQueue, KeepsThePicturesThatWereUsedLast) {
  FakeNetwork network;
  EncodingQueue queue(network.function(), {.keep = 2, .rest = 1ms});
  queue.get(slice(1));
  queue.get(slice(2));
  queue.get(slice(1));
  queue.get(slice(3));
  EXPECT_EQ(queue.state(slice(1)).state, EmbeddingState::ready);
  EXPECT_EQ(queue.state(slice(2)).state, EmbeddingState::queued);
  queue.get(slice(1));
  EXPECT_THAT(network.wait_for(3), ElementsAre(1, 2, 3));
}

TEST(EncodingQueue, TellsOfFailuresAndTriesAgain) {
  FakeNetwork network;
  EncodingQueue queue(network.function(), {.rest = 1ms});
  EXPECT_THROW(queue.get(slice(13)), Error);
  EXPECT_EQ(queue.state(slice(13)).state, EmbeddingState::failed);
  EXPECT_EQ(queue.state(slice(13)).message, "slice 13 is bad luck");
  EXPECT_THROW(queue.get(slice(13)), Error);
  // A neighbour that fails, or is not even known, keeps nobody from the next.
  auto neighbours = slices({13});
  neighbours.emplace_back([]() -> PictureKey { throw Error(ErrorKind::unavailable, "the file is gone"); });
  neighbours.emplace_back([] { return slice(14); });
  queue.focus(slice(1), std::move(neighbours));
  wait_until_ready(queue, slice(14));
  EXPECT_THAT(network.wait_for(5), ElementsAre(13, 13, 1, 13, 14));
}

}  // namespace
}  // namespace sonde
