// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <compare>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "sonde/annotate/objects.h"
#include "sonde/predict/predictor.h"
#include "sonde/server/wire.h"

namespace sonde {

// A picture as the network sees it.
struct PictureKey {
  ImageId image = 0;
  PlaneRef plane;
  std::string window;  // as asked for
  bool operator==(const PictureKey&) const = default;
};
bool operator<(const PictureKey& a, const PictureKey& b);

// What somebody waits for; what people look at; what they may look at next.
enum class Priority { requested, visible, prefetch };

struct EncodingOptions {
  std::size_t keep = 12;                // encoded pictures in memory
  std::chrono::milliseconds rest{120};  // while people scroll on, nothing is encoded
  int nice = 10;                        // of the thread in the background
};

// Pictures to predictors. Whoever asks for one waits for no other: it is encoded on the caller's thread. The
// picture in view is encoded on a thread of its own, and then what lies ahead, on one of low priority. Each
// picture is encoded once, but that those in a hurry do not wait for the thread of low priority. Safe to use
// from several threads.
class EncodingQueue {
 public:
  using Encoded = std::shared_ptr<const Predictor>;
  using Encode = std::function<Encoded(const PictureKey&, Priority)>;
  // Called on the background thread when its turn comes; may throw: then it is passed over.
  using Neighbour = std::function<PictureKey()>;

  EncodingQueue(Encode encode, EncodingOptions options);
  EncodingQueue(const EncodingQueue&) = delete;
  EncodingQueue& operator=(const EncodingQueue&) = delete;
  ~EncodingQueue();  // waits for what is being encoded

  // Throws what encoding throws.
  Encoded get(const PictureKey& key);
  // This picture next, then its neighbours in order; replaces what was to be encoded before.
  void focus(const PictureKey& key, std::vector<Neighbour> neighbours);
  wire::EmbeddingFacts state(const PictureKey& key);

 private:
  using Clock = std::chrono::steady_clock;
  struct InWork {
    Priority priority = Priority::requested;
    std::shared_future<Encoded> encoded;
  };
  void end();
  Encoded encode_once(const PictureKey& key, Priority priority);
  Encoded encode_alone(const PictureKey& key, Priority priority);
  void finish(const PictureKey& key, Priority priority, const Encoded& encoded);
  void fail(const PictureKey& key, Priority priority, const std::string& message);
  void leave(const PictureKey& key, Priority priority);
  Encoded kept(const PictureKey& key);
  void encode_in_view();
  void encode_ahead();
  bool waits_for_time(std::unique_lock<std::mutex>& lock);

  Encode encode_;
  EncodingOptions options_;
  std::mutex asked_;  // one encoder at a time for those who wait
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<std::pair<PictureKey, Encoded>> kept_;  // last used first
  std::map<PictureKey, InWork> in_work_;
  std::list<std::pair<PictureKey, std::string>> failed_;  // latest first
  std::optional<PictureKey> in_view_;                     // until it is encoded
  std::list<Neighbour> ahead_;
  Clock::time_point begin_at_;
  bool ending_ = false;
  std::thread in_view_thread_, ahead_thread_;
};

}  // namespace sonde
