// A link between some service and a plugin instance of this process: four rings in private memory.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "core/frame/frame.h"
#include "core/ring/ring_memory.h"
#include "core/ring/ring_reader.h"
#include "core/ring/ring_writer.h"

namespace busbar::host {

/// A message on its way out. `header` has all that does not depend on the link; the rest is borrowed.
struct Outgoing {
  frame::Header header;
  const uint8_t* payload;
  std::string_view topic;
};

/// What the other side of a link has said about a type (and topic).
enum class Interest : uint8_t { kUnknown, kWanted, kNone, kRefused };

struct LinkOptions {
  uint32_t capacity_bytes = 1 << 20;
  uint32_t frame_bytes_max = 256 << 10;
  /// Of the plugin's service: stamped into the frames that it sends.
  uint32_t source_id = 0;
  uint32_t epoch = 0;
  /// Place among the edges of the plugin of the one that ends at the peer; kNoEdge: what is published to it is published on none.
  uint32_t edge = kNoEdge;
  static constexpr uint32_t kNoEdge = UINT32_MAX;
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
  uint32_t capacity() const { return rings_[0]->capacity(); }
  const std::shared_ptr<ring::RingMemory>& memory(RingIndex index) const { return rings_[index]; }

  /// Any thread. From now on a message of the type (topic_id 0: of any topic) is wanted, or no more.
  void subscribe(uint32_t type_id, uint32_t topic_id, bool active);
  /// Any thread. The handshake found that the peer cannot read the type.
  void refuse(uint32_t type_id);
  Interest interest(uint32_t type_id, uint32_t topic_id) const;
  bool wants(uint32_t type_id, uint32_t topic_id) const { return interest(type_id, topic_id) == Interest::kWanted; }
  /// Any thread. The peer has subscribed to everything that it will: what it has not asked for by now it does not want.
  void settle() { settled_.store(true, std::memory_order_release); }         // release; pairs with the acquire below
  bool is_settled() const { return settled_.load(std::memory_order_acquire); }  // acquire; pairs with the release above
  /// How often an interest has changed.
  uint32_t changes() const { return changes_.load(std::memory_order_acquire); }  // acquire; pairs with the addition in changed

  /// Any thread. No frame is taken from or put on a closed link.
  void close() { closed_.store(true, std::memory_order_release); }         // release; pairs with the acquire in closed
  bool closed() const { return closed_.load(std::memory_order_acquire); }  // acquire; pairs with the release in close

  /// The instance's thread. Stamps the header of a claimed frame whose bytes stand behind it, and sends it.
  void send(uint32_t lane, uint8_t* at, frame::Header header);
  /// The instance's thread. Sends a message on the data lane. @returns false when there is no room
  bool put(const Outgoing& message);
  void put(uint8_t* claimed, const Outgoing& message);

  std::array<ring::RingReader, 2> in;
  std::array<ring::RingWriter, 2> out;
  std::array<uint64_t, 2> sequence{};
  /// The plugin could not take the message at the head of the data lane: the lane waits for the next on_wake.
  bool held = false;

  /// Written by the instance's thread, read by any. Relaxed: each is a number by itself.
  std::array<std::atomic<uint64_t>, 2> committed{};
  /// On no edge: to a peer that the plan gives none.
  std::array<std::atomic<uint64_t>, ring::kDropReasons> dropped{};

 private:
  using Rings = std::array<std::shared_ptr<ring::RingMemory>, kRings>;
  struct Subscription {
    uint32_t type_id;
    uint32_t topic_id;
  };
  Link(LinkOptions options, Rings rings);
  void changed() { changes_.fetch_add(1, std::memory_order_release); }  // release; pairs with the acquire in changes

  LinkOptions options_;
  Rings rings_;
  std::atomic<bool> closed_{false};
  std::atomic<bool> settled_{false};
  std::atomic<uint32_t> changes_{0};
  mutable std::mutex mutex_;
  std::vector<Subscription> subscriptions_;  // by mutex_
  std::vector<uint32_t> left_;               // by mutex_: types that it wanted, and does no more
  std::vector<uint32_t> refused_;            // by mutex_
};

}  // namespace busbar::host
