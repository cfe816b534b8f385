// The sending side of an edge of the plan that starts at a plugin; the twin of bus/core/out-edge.ts. It outlives the links of
// its subscriber: what is published while there is none waits here, bounded, as does what the policies set aside.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/ring/layout.h"
#include "host/link.h"
#include "host/policy.h"

namespace busbar::host {

/// What a reader of the accounts sees. Published on the edge = committed on its links + dropped + waiting.
struct EdgeCounters {
  uint64_t waiting = 0;
  uint64_t waiting_bytes = 0;
  /// Not taken, by WhenFull::kError: neither published nor dropped.
  uint64_t refused = 0;
  std::array<uint64_t, ring::kDropReasons> dropped{};
};

/// The instance's thread only, but for `counters`.
class OutEdge {
 public:
  /// Messages that may wait, beside the capacity in bytes. For as many again of types nobody asks for there is room aside.
  static constexpr size_t kWaitingMax = 1024;
  /// What a subscriber asks for within this time of each other comes in the order of publishing, whatever comes first of the
  /// subscriptions. After it a type that it has not asked for holds back no other, or a service that declares more than it
  /// takes would stop itself.
  static constexpr uint64_t kTogetherNs = 5'000'000;

  enum class Offer : uint8_t {
    kSent,
    kKept,      // it waits here
    kDropped,   // and counted, as its policy says
    kTimedOut,  // dropped and counted: there is no room and no hope of any
    kFull,      // not taken (policy `error`)
    kNotForIt,
    kTooLarge,
    kNoRoom,  // policy `block`: wait for room, and offer it again
  };

  /// @param clock monotonic ns
  explicit OutEdge(EdgeOptions options, uint64_t (*clock)());

  /// The newest link to the subscriber.
  void attach(std::shared_ptr<Link> link);
  /// Lets go of a link that is closed. No call of the plugin may be in work, which may hold it.
  void forget_closed();
  /// Null when there is none that is open.
  Link* link() const { return link_ != nullptr && !link_->closed() ? link_.get() : nullptr; }

  Offer offer(const Outgoing& message);
  /// After kNoRoom: the message is dropped after all.
  void give_up(ring::Drop reason);
  /// After kNoRoom: the caller has waited. For a subscriber that is not there this is done once, else one that is down would
  /// cost every message its time-out.
  void waited();
  Policy policy_of(uint32_t type_id) const;

  /// Sends what waits, as far as that is possible, and drops what has waited too long.
  void pump();
  bool waits() const { return !queue_.empty() || !aside_.empty(); }
  /// What waits could go if there were room in the link's ring.
  bool is_blocked() const { return is_blocked_ && !queue_.empty(); }
  /// Whether there is such room now.
  bool has_room();
  /// Monotonic ns at which `pump` has something to do, whatever else happens; UINT64_MAX: never.
  uint64_t due() const;
  /// Drops what waits as closed.
  void close();

  /// Any thread. With a link, `read` sees its counters as they were when these were taken.
  template <typename Read>
  EdgeCounters counters(Read read) const {
    const std::lock_guard lock(mutex_);
    read();
    return counters_;
  }

 private:
  struct Item {
    frame::Header header;
    std::string topic;
    std::vector<uint8_t> payload;
    uint64_t until;  // monotonic ns; UINT64_MAX: it may wait for ever
    bool staged;
    Outgoing outgoing() const { return {header, payload.data(), topic}; }
  };
  struct Queue {
    std::deque<Item> items;
    uint64_t bytes = 0;
    bool empty() const { return items.empty(); }
  };
  using Place = std::deque<Item>::iterator;

  Interest interest_of(const frame::Header& header) const;
  bool is_late(uint64_t now) const;
  bool has_room(const Queue& queue, uint32_t bytes) const;
  Offer stage(Queue& queue, const Outgoing& message, WhenFull when_full);
  void push(Queue& queue, const Outgoing& message, uint64_t until, bool staged);
  Place drop(Queue& queue, Place place, ring::Drop reason);
  bool pump_head();
  void step_aside(uint32_t type_id);
  void notice();
  void recall();
  void recall_all();
  void expire();

  const EdgeOptions options_;
  uint64_t (*const clock_)();
  std::shared_ptr<Link> link_;
  /// Of the link's interests, as last seen.
  uint32_t changes_seen_ = 0;
  uint64_t changed_at_ = 0;
  Queue queue_;
  /// What waits for a type that the subscriber has not asked for with the others.
  Queue aside_;
  /// Nothing that waits has to go before this.
  uint64_t earliest_ = UINT64_MAX;
  bool is_blocked_ = false;
  bool worn_out_ = false;
  mutable std::mutex mutex_;
  EdgeCounters counters_;  // by mutex_
};

}  // namespace busbar::host
