// Reads one telemetry record under its protocol. Header only, no allocation; the memory may be mapped read-only and
// belongs to somebody else, so nothing in it is believed.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "include/busbar_telemetry.h"

namespace busbar::telemetry {

/// Whoever wrote the record, seen from outside.
class Life {
 public:
  virtual ~Life() = default;
  /// Whether the process is gone; final once true. Costs a system call.
  virtual bool gone() const = 0;
};

/// Numbers as in bus/telemetry/source.ts.
enum class Look : uint32_t {
  kOk = 0,
  kStale = 1,       // 64 tries met a write: `copy` is the last good value
  kWriterDead = 2,  // and the writer died in it
  kNoValue = 3,     // as kStale, but there is no value from before
  kBadMagic = 4,
  kBadVersion = 5,
  kBadSize = 6,
  kBadCrc = 7,
};

class RecordReader {
 public:
  /// @param record at a multiple of 64, @param room bytes that may be read there: kRecordBytes at least
  /// @param life asked only when no whole value could be had; may be NULL
  RecordReader(const uint8_t* record, size_t room, const Life* life)
      : record_(record), words_max_(std::min((room - at::kDataSize) / 8, values_.size())), life_(life) {}

  /// One look. @param copy kRecordBytes at a multiple of 8, which keeps the last good value; after kBad* its header shows
  /// what was found
  Look read(uint8_t* copy) {
    const uint64_t magic = seqlock::get(record_ + at::kMagic, 0);
    if (magic != kMagic) return bad(copy, at::kMagic, magic, Look::kBadMagic);
    const uint32_t version = narrow(at::kVersion);
    if (version != kVersion) return bad(copy, at::kVersion, version, Look::kBadVersion);

    const uint8_t* const cell = record_ + at::kSequence;
    uint32_t size = 0, crc = 0;
    size_t words = 0;
    const uint64_t sequence = seqlock::read_with(cell, kTriesMax, [&] {
      values_[0] = seqlock::get(cell, 1);
      size = static_cast<uint32_t>(values_[0]);
      words = 1 + size / 8;
      if (size < kDataBytes || size % 8 != 0 || words > words_max_) words = 0;
      for (size_t i = 1; i < words; i++) values_[i] = seqlock::get(cell, 1 + i);
      crc = narrow(at::kCrc32);
    });
    if (sequence == 0) return no_value(cell);
    if (words == 0) return bad(copy, at::kDataSize, size, Look::kBadSize);
    if ((values_[0] >> 32 & kFlagCrc) != 0 && crc32_of_words(values_.data() + 1, words - 1) != crc) return Look::kBadCrc;

    const uint64_t head[] = {kMagic, uint64_t{crc} << 32 | kVersion, sequence};
    std::memcpy(copy, head, sizeof head);
    std::memcpy(copy + at::kDataSize, values_.data(), kRecordBytes - at::kDataSize);
    read_once_ = true;
    return Look::kOk;
  }

  /// The sequence as it stands, for who waits until it moves; odd while a write is in progress.
  uint64_t sequence() const { return seqlock::get(record_ + at::kSequence, 0); }

 private:
  uint32_t narrow(uint32_t offset) const {
    // acquire; pairs with the release stores of the writer
    return std::atomic_ref<uint32_t>(*reinterpret_cast<uint32_t*>(const_cast<uint8_t*>(record_ + offset)))
        .load(std::memory_order_acquire);
  }

  Look no_value(const uint8_t* cell) const {
    const bool writing = (seqlock::get(cell, 0) & 1) != 0;
    if (writing && life_ != nullptr && life_->gone()) return Look::kWriterDead;
    return read_once_ ? Look::kStale : Look::kNoValue;
  }

  static Look bad(uint8_t* copy, uint32_t offset, uint64_t found, Look look) {
    std::memcpy(copy + offset, &found, look == Look::kBadMagic ? 8 : 4);
    return look;
  }

  static constexpr size_t kWordsMax = 64;

  const uint8_t* record_;
  std::array<uint64_t, kWordsMax> values_{};
  size_t words_max_;
  const Life* life_;
  bool read_once_ = false;
};

/// A value of the copied record.
template <typename Value>
Value value_of(const uint8_t* copy, Counter<Value> field) {
  Value value;
  std::memcpy(&value, copy + field.offset, sizeof value);
  return value;
}
template <typename Value>
Value value_of(const uint8_t* copy, Gauge<Value> field) {
  Value value;
  std::memcpy(&value, copy + field.offset, sizeof value);
  return value;
}
inline uint64_t sequence_of(const uint8_t* copy) {
  uint64_t value;
  std::memcpy(&value, copy + at::kSequence, sizeof value);
  return value;
}
inline uint32_t flags_of(const uint8_t* copy) {
  uint32_t value;
  std::memcpy(&value, copy + at::kFlags, sizeof value);
  return value;
}

}  // namespace busbar::telemetry
