// The producer's side of a ring. One thread. Never waits, never allocates, owns no memory.
#pragma once

#include <cstdint>

#include "core/ring/layout.h"

namespace busbar::ring {

/// What a claim gave: `bytes` may be written from `at` on; null `at` = no room now.
struct Claim {
  uint8_t* at = nullptr;
  uint32_t bytes = 0;
};

class RingWriter {
 public:
  /// @param ring bytes of a RingMemory (or a mapping) of this capacity; must outlive the writer
  RingWriter(uint8_t* ring, uint32_t capacity);

  /// Reserves at least `bytes_min` contiguous bytes (aligned to 8), more when they are free. `at` is null when there is
  /// no room now; above half of the capacity there may never be. A claim that is not committed is void; the next
  /// replaces it.
  Claim claim(uint32_t bytes_min);
  /// The first `bytes` of the claim, a whole frame, become a record. Visible to the consumer from `publish` on.
  void commit(uint32_t bytes);
  void abort() { claimed_ = 0; }
  /// Shows the consumer everything committed.
  /// @returns true when it slept: the caller rings its bell
  bool publish();

  /// Says that this side is about to wait for room. After it the caller must try `claim` once more before it sleeps.
  void announce_waiting();
  void withdraw_waiting();

  /// Free-running count of bytes committed and not yet released.
  uint32_t in_use() const;
  bool consumer_closed() const;
  void close();

 private:
  /// 0 for a head that no sound consumer leaves: there must never be room beyond the ring.
  uint32_t free_bytes() const { return tail_ - head_ <= capacity_ ? capacity_ - (tail_ - head_) : 0; }

  uint8_t* ring_;
  uint32_t capacity_;
  uint32_t tail_;  // ours; published_ is what the consumer sees of it
  uint32_t published_;
  uint32_t head_;  // the consumer's, as last seen
  uint32_t claimed_ = 0;
  uint32_t pad_ = 0;  // bytes of the PAD record before the claim
};

}  // namespace busbar::ring
