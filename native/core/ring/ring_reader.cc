#include "core/ring/ring_reader.h"

#include <algorithm>
#include <cstring>

#include "core/ring/ring_memory.h"

namespace busbar::ring {
namespace {

constexpr uint32_t kPadBytesMin = 8;

}  // namespace

RingReader::RingReader(uint8_t* ring, uint32_t capacity) : ring_(ring), capacity_(capacity) {
  head_ = word(ring_, at::kHead).load(std::memory_order_relaxed);  // ours alone
  released_ = head_;
  // acquire; pairs with the store of `tail` in ring_writer.cc publish: the records up to it are written
  tail_ = word(ring_, at::kTail).load(std::memory_order_acquire);
}

Next RingReader::peek() {
  for (;;) {
    if (head_ == tail_) {
      // acquire; pairs with the store of `tail` in ring_writer.cc publish
      tail_ = word(ring_, at::kTail).load(std::memory_order_acquire);
      if (head_ == tail_) return Next::kEmpty;
    }
    const uint32_t position = head_ & (capacity_ - 1);
    const uint32_t to_end = capacity_ - position;
    const uint32_t used = tail_ - head_;
    fault_ = frame::Fault::kLength;
    // A cursor that is not a multiple of 8, or a tail beyond the ring, cannot come from a sound producer.
    if (used > capacity_ || (used & 7) != 0) return Next::kFault;
    const uint32_t available = std::min(used, to_end);
    const uint8_t* record = ring_ + kHeaderBytes + position;
    if (available < kPadBytesMin) {
      fault_ = frame::Fault::kShort;
      return Next::kFault;
    }
    if (record[6] == frame::kind::kPad) {
      uint32_t length;
      std::memcpy(&length, record, sizeof length);
      // A pad reaches exactly to the end of the data, and something follows it.
      if (length != to_end || length > used || record[4] != frame::kMagic) return Next::kFault;
      head_ += length;
      continue;
    }
    fault_ = frame::check(record, available);
    if (fault_ != frame::Fault::kNone) return Next::kFault;
    uint32_t length;
    std::memcpy(&length, record, sizeof length);
    frame_ = record;
    frame_bytes_ = static_cast<uint32_t>(frame::padded_bytes(length));
    return Next::kFrame;
  }
}

void RingReader::pass() {
  head_ += frame_bytes_;
  frame_bytes_ = 0;
}

void RingReader::count_delivered() {
  auto counter = word(ring_, at::kDelivered);  // relaxed: one writer; `release` orders it for the reader of counters
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void RingReader::count_dropped(Drop reason) {
  auto counter = word(ring_, at::kDropped + 4 * static_cast<uint32_t>(reason));  // as above
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

bool RingReader::release() {
  if (head_ == released_) return false;
  released_ = head_;
  // seq_cst; pairs with the load of `head` that follows the store of `waiting` in ring_writer.cc announce_waiting:
  // either the producer sees this room, or we see that it waits. Also the release that gives the bytes back.
  word(ring_, at::kHead).store(head_, std::memory_order_seq_cst);
  auto waiting = word(ring_, at::kWaiting);
  if (waiting.load(std::memory_order_seq_cst) == 0) return false;
  // acquire; pairs with the store of `tail` in ring_writer.cc publish
  const uint32_t used = word(ring_, at::kTail).load(std::memory_order_acquire) - head_;
  return capacity_ - used >= capacity_ / 4 && waiting.exchange(0, std::memory_order_seq_cst) != 0;
}

bool RingReader::take_report_wanted() {
  auto wanted = word(ring_, at::kReportWanted);
  // seq_cst; pairs with the producer's store of `report_wanted` before it reads our counters
  return wanted.load(std::memory_order_seq_cst) != 0 && wanted.exchange(0, std::memory_order_seq_cst) != 0;
}

bool RingReader::announce_sleep() {
  // seq_cst; pairs with the load of `sleeping` that follows the store of `tail` in ring_writer.cc publish
  word(ring_, at::kSleeping).store(1, std::memory_order_seq_cst);
  // seq_cst; the other half of that pair
  tail_ = word(ring_, at::kTail).load(std::memory_order_seq_cst);
  if (head_ == tail_) return true;
  withdraw_sleep();
  return false;
}

void RingReader::withdraw_sleep() { word(ring_, at::kSleeping).store(0, std::memory_order_seq_cst); }

bool RingReader::empty() {
  // acquire; pairs with the store of `tail` in ring_writer.cc publish
  if (head_ == tail_) tail_ = word(ring_, at::kTail).load(std::memory_order_acquire);
  return head_ == tail_;
}

bool RingReader::producer_closed() const {
  // acquire; pairs with the release in ring_writer.cc close
  return word(ring_, at::kProducerClosed).load(std::memory_order_acquire) != 0;
}

void RingReader::close() {
  // release; pairs with the acquire in ring_writer.cc consumer_closed
  word(ring_, at::kConsumerClosed).store(1, std::memory_order_release);
}

}  // namespace busbar::ring
