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
enum class Haste { asked, in_view, ahead };

struct EncodingOptions {
  std::size_t keep = 12;                // encoded pictures in memory
  std::chrono::milliseconds rest{120};  // while people scroll on, nothing is encoded
  int nice = 10;                        // of the thread in the background
};

// Pictures to predictors. Whoever asks for one waits for no other: it is encoded on the caller's thread,
// those in the background on one thread of low priority. Each picture is encoded once. Safe to use from
// several threads.
class EncodingQueue {
 public:
  using Encoded = std::shared_ptr<const Predictor>;
  using Encode = std::function<Encoded(const PictureKey&, Haste)>;
  // Called on the background thread when its turn comes; may throw: then it is passed over.
  using Neighbour = std::function<PictureKey()>;

  EncodingQueue(Encode encode, EncodingOptions options);
  EncodingQueue(const EncodingQueue&) = delete;
  EncodingQueue& operator=(const EncodingQueue&) = delete;
  ~EncodingQueue();  // waits for the picture that is being encoded

  // Throws what encoding throws.
  Encoded get(const PictureKey& key);
  // This picture next, then its neighbours in order; replaces what was to be encoded before.
  void focus(const PictureKey& key, std::vector<Neighbour> neighbours);
  wire::EmbeddingFacts state(const PictureKey& key);

 private:
  using Clock = std::chrono::steady_clock;
  Encoded encode_once(const PictureKey& key, Haste haste);
  Encoded encode_alone(const PictureKey& key, Haste haste);
  void keep(const PictureKey& key, const Encoded& encoded);
  void fail(const PictureKey& key, const std::string& message);
  Encoded kept(const PictureKey& key);
  void run();
  void encode_in_background(const Neighbour& wanted, Haste haste);

  Encode encode_;
  EncodingOptions options_;
  std::mutex asked_;  // one encoder at a time for those who wait
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<std::pair<PictureKey, Encoded>> kept_;  // last used first
  std::map<PictureKey, std::shared_future<Encoded>> encoding_;
  std::list<std::pair<PictureKey, std::string>> failed_;  // latest first
  std::list<std::pair<Neighbour, Haste>> waiting_;
  Clock::time_point begin_at_;
  bool ending_ = false;
  std::thread background_;
};

}  // namespace sonde
