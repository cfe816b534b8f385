// A link between some service and a plugin instance of this process: four rings in private memory.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "core/ring/ring_memory.h"
#include "core/ring/ring_reader.h"
#include "core/ring/ring_writer.h"

namespace busbar::host {

/// What becomes of a message for which a link has no room. The numbers are those of PolicyKind (schema/bus/plan.fbs).
enum class WhenFull : uint8_t { kBlock = 0, kError = 1, kDropNewest = 2 };

struct Policy {
  uint32_t type_id = 0;  // 0: of all types that have no policy of their own
  WhenFull when_full = WhenFull::kBlock;
  uint32_t timeout_ms = 5000;  // kBlock: how long a publish waits before it is dropped and counted as timeout
};

struct LinkOptions {
  uint32_t capacity_bytes = 1 << 20;
  uint32_t frame_bytes_max = 256 << 10;
  /// Of the plugin's service: stamped into the frames that it sends.
  uint32_t source_id = 0;
  uint32_t epoch = 0;
  /// At most one of a type; a type without any has that of type id 0, and without that the default.
  std::vector<Policy> policies;
  /// Makes the memory of one ring, null when there is none; called by `Link::create` only. Default: pages of its own.
  std::function<std::shared_ptr<ring::RingMemory>(uint32_t capacity_bytes)> make_memory;
  /// Place of the peer among those whose marks close a tick for this instance; kUnmarked for all others.
  uint32_t clock_rank = kUnmarked;
  /// The peer is the simulated clock.
  bool is_clock = false;
  static constexpr uint32_t kUnmarked = UINT32_MAX;
  /// Wakes the other side, which found its ring empty, or full. From the instance's thread; must not block.
  std::function<void()> ring_peer;
};

/// Index of the rings of a link; also the order in which the addon hands them out.
enum RingIndex : uint32_t { kInData, kInControl, kOutData, kOutControl, kRings };

/// Made by any thread; `in`, `out` and `sequence` belong to the instance's thread, the rest says who may call it.
class Link {
 public:
  /// @returns null when there is no memory
  static std::shared_ptr<Link> create(LinkOptions options);

  const LinkOptions& options() const { return options_; }
  Policy policy_of(uint32_t type_id) const;
  uint32_t capacity() const { return rings_[0]->capacity(); }
  const std::shared_ptr<ring::RingMemory>& memory(RingIndex index) const { return rings_[index]; }

  /// Any thread. From now on a message of the type (topic_id 0: of any topic) is wanted, or no more.
  void subscribe(uint32_t type_id, uint32_t topic_id, bool active);
  bool wants(uint32_t type_id, uint32_t topic_id) const;

  /// Any thread. No frame is taken from or put on a closed link.
  void close() { closed_.store(true, std::memory_order_release); }         // release; pairs with the acquire in closed
  bool closed() const { return closed_.load(std::memory_order_acquire); }  // acquire; pairs with the release in close

  std::array<ring::RingReader, 2> in;
  std::array<ring::RingWriter, 2> out;
  std::array<uint64_t, 2> sequence{};
  /// The plugin could not take the message at the head of the data lane: the lane waits for the next on_wake.
  bool held = false;

  /// Written by the instance's thread, read by any. Relaxed: each is a number by itself.
  std::array<std::atomic<uint64_t>, 2> committed{};
  std::array<std::atomic<uint64_t>, ring::kDropReasons> dropped{};
  /// Not taken, by WhenFull::kError: neither published nor dropped.
  std::atomic<uint64_t> refused{0};

 private:
  using Rings = std::array<std::shared_ptr<ring::RingMemory>, kRings>;
  struct Subscription {
    uint32_t type_id;
    uint32_t topic_id;
  };
  Link(LinkOptions options, Rings rings);

  LinkOptions options_;
  Rings rings_;
  std::atomic<bool> closed_{false};
  mutable std::mutex mutex_;
  std::vector<Subscription> subscriptions_;  // by mutex_
};

}  // namespace busbar::host
