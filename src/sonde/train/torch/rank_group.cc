// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/torch/rank_group.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "sonde/core/error.h"
#include "sonde/model/torch.h"

namespace sonde {
namespace {

using Milliseconds = std::chrono::milliseconds;

// Of the time-out, what is kept for finding out who is missing.
constexpr double kSearchShare = 0.15;
constexpr Milliseconds kMaxSearch{5000}, kLook{50};

struct Address {
  std::string host;
  std::uint16_t port = 0;
};
std::optional<Address> address_of(const std::string& meet) {
  const auto colon = meet.rfind(':');
  if (colon == std::string::npos || meet.find('/') != std::string::npos) return std::nullopt;
  Address address{.host = meet.substr(0, colon)};
  const char* end = meet.data() + meet.size();
  const auto [rest, error] = std::from_chars(meet.data() + colon + 1, end, address.port);
  if (error != std::errc{} || rest != end || address.host.empty()) return std::nullopt;
  return address;
}

std::string rank_name(int rank) { return "rank " + std::to_string(rank); }
std::string key(const std::string& what, int rank) { return what + "/" + std::to_string(rank); }

void check(const RankOptions& options) {
  if (options.rank < 0 || options.rank >= options.ranks) {
    throw Error(ErrorKind::usage, rank_name(options.rank) + " of " + std::to_string(options.ranks) +
                                      ": ranks are 0 to " + std::to_string(options.ranks - 1));
  }
  if (options.meet.empty())
    throw Error(ErrorKind::usage, "several ranks need a file or HOST:PORT where they meet");
}

}  // namespace

struct RankGroup::Impl {
  explicit Impl(const RankOptions& rank_options)
      : options(rank_options),
        timeout(static_cast<std::int64_t>(1000 * rank_options.timeout_s)),
        search(std::min(kMaxSearch, Milliseconds(static_cast<std::int64_t>(kSearchShare * 1000 *
                                                                           rank_options.timeout_s)))) {
    address = address_of(options.meet);
    open_store();
    if (store->add(key("visits", options.rank), 1) > 1) {
      throw Error(ErrorKind::conflict, options.meet + ": " + rank_name(options.rank) +
                                           " has met here before; name another file, or remove it");
    }
    say("here");
    try {
      auto gloo = c10d::ProcessGroupGloo::Options::create(timeout - search);
      gloo->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
      gloo->threads = 1;
      group = c10::make_intrusive<c10d::ProcessGroupGloo>(
          c10::make_intrusive<c10d::PrefixStore>("gloo", store), options.rank, options.ranks, gloo);
    } catch (const c10::Error&) {
      throw missing(absent("here"));
    } catch (const std::exception&) {
      throw missing(absent("here"));
    }
  }

  void sum(std::span<float> numbers) {
    std::vector<torch::Tensor> tensors{
        torch::from_blob(numbers.data(), {static_cast<std::int64_t>(numbers.size())})};
    try {
      group->allreduce(tensors)->wait();
      return;
    } catch (const std::exception&) {  // a connection that broke, or the time-out; Gloo's words name no rank
    }
    throw missing(who_is_silent());
  }

 private:
  void open_store() {
    try {
      if (!address) {
        store = c10::make_intrusive<c10d::FileStore>(options.meet, options.ranks);
      } else {
        c10d::TCPStoreOptions tcp;
        tcp.port = address->port;
        tcp.isServer = options.rank == 0;
        tcp.numWorkers = static_cast<std::size_t>(options.ranks);
        tcp.waitWorkers = false;
        tcp.timeout = timeout;
        store = c10::make_intrusive<c10d::TCPStore>(address->host, tcp);
      }
      store->setTimeout(timeout - search);
    } catch (const std::exception&) {
      throw Error(ErrorKind::unavailable,
                  options.meet + (options.rank == 0 ? ": cannot be the place to meet"
                                                    : ": rank 0 did not answer there within " + seconds()));
    }
  }

  void say(const std::string& what) { store->set(key(what, options.rank), std::vector<std::uint8_t>{1}); }
  bool has(const std::string& what, int rank) { return store->check({key(what, rank)}); }

  std::string seconds() const { return std::to_string(static_cast<int>(options.timeout_s)) + " s"; }
  Error missing(const std::string& who) const {
    return {ErrorKind::unavailable, who + " did not answer within " + seconds()};
  }

  // Who has not said `what`, once all have or the search is over.
  std::string absent(const std::string& what) {
    const auto end = std::chrono::steady_clock::now() + search;
    std::vector<int> ranks;
    do {
      ranks.clear();
      for (int rank = 0; rank < options.ranks; ++rank)
        if (!has(what, rank)) ranks.push_back(rank);
      if (ranks.empty()) return "another rank";
      std::this_thread::sleep_for(kLook);
    } while (std::chrono::steady_clock::now() < end);
    std::string names;
    for (const int rank : ranks) names += (names.empty() ? "" : ", ") + rank_name(rank);
    return names;
  }

  // Each that still runs says that its sum failed; who does not say it is the one. Rank 0, if it has the
  // store, stays until the others have read it.
  std::string who_is_silent() {
    try {
      say("failed");
      const std::string who = absent("failed");
      say("knows");
      if (address && options.rank == 0) await_readers();
      return who;
    } catch (const std::exception&) {  // the store has gone with its process
      return rank_name(0);
    }
  }
  void await_readers() {
    const auto end = std::chrono::steady_clock::now() + search;
    const auto all_know = [&] {
      for (int rank = 0; rank < options.ranks; ++rank)
        if (has("failed", rank) && !has("knows", rank)) return false;
      return true;
    };
    while (!all_know() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(kLook);
  }

  RankOptions options;
  Milliseconds timeout, search;
  std::optional<Address> address;
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group;
};

RankGroup::RankGroup(const RankOptions& options) {
  check(options);
  impl_ = std::make_unique<Impl>(options);
}
RankGroup::~RankGroup() = default;
void RankGroup::sum(std::span<float> numbers) { impl_->sum(numbers); }

}  // namespace sonde
