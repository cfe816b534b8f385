#include "core/ring/ring_writer.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "core/frame/frame.h"
#include "core/ring/ring_memory.h"

namespace busbar::ring {

RingWriter::RingWriter(uint8_t* ring, uint32_t capacity) : ring_(ring), capacity_(capacity) {
  tail_ = word(ring_, at::kTail).load(std::memory_order_relaxed);  // ours alone
  published_ = tail_;
  // acquire; pairs with the release of `head` in ring_reader.cc release: bytes that the consumer gave up are ours again
  head_ = word(ring_, at::kHead).load(std::memory_order_acquire);
}

Claim RingWriter::claim(uint32_t bytes_min) {
  const auto need = static_cast<uint32_t>(frame::padded_bytes(bytes_min));
  claimed_ = 0;
  if (bytes_min == 0 || need > capacity_ || need < bytes_min) return {};
  const uint32_t position = tail_ & (capacity_ - 1);
  const uint32_t to_end = capacity_ - position;
  for (int attempt = 0; attempt < 2; attempt++) {
    const uint32_t free = free_bytes();
    const uint32_t contiguous = std::min(free, to_end);
    if (contiguous >= need) {
      pad_ = 0;
      claimed_ = contiguous;
      return {ring_ + kHeaderBytes + position, contiguous};
    }
    if (free > to_end && free - to_end >= need) {
      pad_ = to_end;
      claimed_ = free - to_end;
      return {ring_ + kHeaderBytes, claimed_};
    }
    // acquire; pairs with the release of `head` in ring_reader.cc release
    if (attempt == 0) head_ = word(ring_, at::kHead).load(std::memory_order_acquire);
  }
  return {};
}

void RingWriter::commit(uint32_t bytes) {
  assert(bytes > 0 && bytes <= claimed_);
  if (pad_ > 0) {
    uint8_t* pad = ring_ + kHeaderBytes + (tail_ & (capacity_ - 1));
    std::memcpy(pad, &pad_, sizeof pad_);
    const uint8_t rest[4] = {frame::kMagic, frame::kVersion, frame::kind::kPad, 0};
    std::memcpy(pad + 4, rest, sizeof rest);
    tail_ += pad_;
    pad_ = 0;
  }
  tail_ += static_cast<uint32_t>(frame::padded_bytes(bytes));
  claimed_ = 0;
}

bool RingWriter::publish() {
  if (tail_ == published_) return false;
  published_ = tail_;
  // seq_cst; pairs with the load of `tail` that follows the store of `sleeping` in ring_reader.cc announce_sleep:
  // either the consumer sees this tail, or we see that it sleeps. Also the release that hands over the records' bytes.
  word(ring_, at::kTail).store(tail_, std::memory_order_seq_cst);
  auto sleeping = word(ring_, at::kSleeping);
  return sleeping.load(std::memory_order_seq_cst) != 0 && sleeping.exchange(0, std::memory_order_seq_cst) != 0;
}

void RingWriter::announce_waiting() {
  // seq_cst; pairs with the load of `waiting` that follows the store of `head` in ring_reader.cc release
  word(ring_, at::kWaiting).store(1, std::memory_order_seq_cst);
  // seq_cst; the other half of that pair: the claim that follows must not use a head from before the announcement
  head_ = word(ring_, at::kHead).load(std::memory_order_seq_cst);
}

void RingWriter::withdraw_waiting() { word(ring_, at::kWaiting).store(0, std::memory_order_relaxed); }

uint32_t RingWriter::in_use() const {
  // acquire; pairs with the release of `head`: the counters written before it are visible too
  return tail_ - word(ring_, at::kHead).load(std::memory_order_acquire);
}

bool RingWriter::consumer_closed() const {
  // acquire; pairs with the release in ring_reader.cc close
  return word(ring_, at::kConsumerClosed).load(std::memory_order_acquire) != 0;
}

void RingWriter::close() {
  // release; pairs with the acquire in ring_reader.cc producer_closed: what was published before is visible
  word(ring_, at::kProducerClosed).store(1, std::memory_order_release);
}

}  // namespace busbar::ring
