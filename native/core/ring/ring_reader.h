// The consumer's side of a ring. One thread. Believes nothing that it reads: cursors and lengths are checked against
// the ring before a byte behind them is touched.
#pragma once

#include <cstdint>

#include "core/frame/frame.h"
#include "core/ring/layout.h"

namespace busbar::ring {

enum class Next : uint8_t { kFrame, kEmpty, kFault };

class RingReader {
 public:
  /// @param ring bytes of a RingMemory (or a mapping) of this capacity; must outlive the reader
  RingReader(uint8_t* ring, uint32_t capacity);

  /// Looks at the next frame, skipping padding. The frame stays until `pass`. After kFault the ring must not be used.
  Next peek();
  /// Of the frame that the last `peek` found; it has passed frame::check.
  const uint8_t* frame() const { return frame_; }
  frame::Fault fault() const { return fault_; }
  /// Done with the frame: its space goes back with the next `release`.
  void pass();

  void count_delivered();
  void count_dropped(Drop reason);

  /// Gives the space of all passed frames back, and shows the counters.
  /// @returns true when the producer waits for room and there is a quarter of it now: the caller rings its bell
  bool release();
  /// @returns true when the producer wanted to hear of our counters: the caller rings its bell
  bool take_report_wanted();

  /// Says that this side is about to sleep. @returns false when there is something to read after all
  bool announce_sleep();
  void withdraw_sleep();

  bool empty();
  bool producer_closed() const;
  void close();

 private:
  uint8_t* ring_;
  uint32_t capacity_;
  uint32_t head_;  // ours; released_ is what the producer sees of it
  uint32_t released_;
  uint32_t tail_;  // the producer's, as last seen
  const uint8_t* frame_ = nullptr;
  uint32_t frame_bytes_ = 0;
  frame::Fault fault_ = frame::Fault::kNone;
};

}  // namespace busbar::ring
