// Fills a ring with hostile bytes and cursors and reads it to the end: the reader must stop at a fault or run empty,
// and never look outside the ring (run it under the asan preset).
#include <algorithm>

#include "core/ring/ring_memory.h"
#include "core/ring/ring_reader.h"
#include "core/ring/ring_writer.h"
#include "testing/fuzz.h"

namespace {

using namespace busbar;

constexpr uint32_t kCapacity = ring::kCapacityBytesMin;

// Input: u32 head, u32 tail, then the data from its start.
void one(const uint8_t* data, size_t size) {
  if (size < 8) return;
  alignas(128) static uint8_t bytes[ring::ring_bytes(kCapacity)];
  std::fill(std::begin(bytes), std::end(bytes), uint8_t{0});
  uint32_t head, tail;
  std::memcpy(&head, data, 4);
  std::memcpy(&tail, data + 4, 4);
  ring::word(bytes, ring::at::kHead).store(head & ~7u);
  ring::word(bytes, ring::at::kTail).store(tail);
  std::memcpy(bytes + ring::kHeaderBytes, data + 8, std::min(size - 8, size_t{kCapacity}));
  ring::RingReader reader(bytes, kCapacity);
  for (uint32_t records = 0; reader.peek() == ring::Next::kFrame; records++) {
    const auto header = frame::read_header(reader.frame());
    const uint8_t* end = reader.frame() + header.length;
    if (end > bytes + sizeof bytes || records > kCapacity / frame::kHeaderBytes) std::abort();
    for (const uint8_t* at = reader.frame() + header.payload_offset; at < end; at++) testing::consume(*at);
    reader.pass();
    reader.release();
  }
}

std::vector<uint8_t> seed(random::Stream& dice) {
  alignas(128) static uint8_t bytes[ring::ring_bytes(kCapacity)];
  std::fill(std::begin(bytes), std::end(bytes), uint8_t{0});
  const uint32_t start = static_cast<uint32_t>(dice.next()) & ~7u;
  ring::word(bytes, ring::at::kHead).store(start);
  ring::word(bytes, ring::at::kTail).store(start);
  ring::RingWriter writer(bytes, kCapacity);
  for (uint64_t left = dice.below(40); left > 0; left--) {
    frame::Header header;
    header.length = 64 + static_cast<uint32_t>(dice.below(200));
    header.kind = frame::kind::kData;
    const ring::Claim claim = writer.claim(header.length);
    if (claim.at == nullptr) break;
    frame::write_header(claim.at, header);
    writer.commit(header.length);
  }
  writer.publish();
  std::vector<uint8_t> input(8 + kCapacity);
  const uint32_t tail = ring::word(bytes, ring::at::kTail).load();
  std::memcpy(input.data(), &start, 4);
  std::memcpy(input.data() + 4, &tail, 4);
  std::memcpy(input.data() + 8, bytes + ring::kHeaderBytes, kCapacity);
  return input;
}

}  // namespace

BUSBAR_FUZZ_MAIN(one, seed)
