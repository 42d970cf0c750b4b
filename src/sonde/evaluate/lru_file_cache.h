// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <utility>

namespace sonde {

// What was read from the files used last. Safe to use from several threads: who asks for a file while
// another reads it waits and gets the same value, or the same exception.
template <typename T>
class LruFileCache {
 public:
  explicit LruFileCache(std::size_t capacity) : capacity_(std::max<std::size_t>(1, capacity)) {}

  // read: path -> std::shared_ptr<const T>
  template <typename Read>
  std::shared_ptr<const T> get(const std::filesystem::path& path, const Read& read) {
    std::promise<Value> mine;
    std::shared_future<Value> value;
    bool is_mine = false;
    {
      const std::lock_guard lock(mutex_);
      auto entry = std::ranges::find(entries_, path, &Entry::first);
      is_mine = entry == entries_.end();
      if (is_mine) entry = entries_.emplace(entries_.end(), path, mine.get_future().share());
      entries_.splice(entries_.begin(), entries_, entry);
      value = entry->second;
      if (entries_.size() > capacity_) entries_.pop_back();
    }
    if (is_mine) {
      try {
        mine.set_value(read(path));
      } catch (...) {
        mine.set_exception(std::current_exception());
      }
    }
    return value.get();
  }

 private:
  using Value = std::shared_ptr<const T>;
  using Entry = std::pair<std::filesystem::path, std::shared_future<Value>>;
  std::size_t capacity_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // the latest first
};

}  // namespace sonde
