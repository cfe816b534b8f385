// Telemetry of a native service: a record in shared memory, from which anybody of the same user reads whole values while
// the service runs and after it has died. The host lends the memory (`telemetry` in busbar_service.h).
//
//   busbar::telemetry::Writer telemetry(busbar::telemetry::record_of(host));      // in create; no record: it does nothing
//   telemetry.add(busbar::telemetry::kTotalCombats, battles);                     // totals are added to,
//   telemetry.set(busbar::telemetry::kActiveCombats, 0);                          // gauges are stored,
//   telemetry.publish();                                                          // and readers see all of it at once
//
// C++20, header only, no allocation, no system call. Layout: schema/service/telemetry/record.json, to which a test holds
// the constants below.
#ifndef BUSBAR_TELEMETRY_H
#define BUSBAR_TELEMETRY_H

#include <array>
#include <cstddef>
#include <cstdint>

#include "busbar_seqlock.h"
#include "busbar_service.h"

namespace busbar::telemetry {

inline constexpr uint64_t kMagic = 0x564F49445245434B;  // "VOIDRECK"
inline constexpr uint32_t kVersion = 1;
inline constexpr uint32_t kHeaderBytes = 32;
inline constexpr uint32_t kDataBytes = 80;
inline constexpr uint32_t kRecordBytes = kHeaderBytes + kDataBytes;
/// Looks of one read that may meet a write.
inline constexpr uint32_t kTriesMax = 64;

/// Offsets of the header, in bytes.
namespace at {
inline constexpr uint32_t kMagic = 0;
inline constexpr uint32_t kVersion = 8;
inline constexpr uint32_t kCrc32 = 12;
inline constexpr uint32_t kSequence = 16;
inline constexpr uint32_t kDataSize = 24;
inline constexpr uint32_t kFlags = 28;
}  // namespace at

/// crc: `crc32` holds that of the data. ended: the writer closed the record, nothing follows.
inline constexpr uint32_t kFlagCrc = 1, kFlagEnded = 2;

template <typename Value>
struct Counter {
  uint32_t offset;
};
template <typename Value>
struct Gauge {
  uint32_t offset;
};

inline constexpr Counter<uint64_t> kTotalCombats{32};
inline constexpr Gauge<uint32_t> kActiveCombats{40};
inline constexpr Counter<uint64_t> kTotalDamageDealt{48};
inline constexpr Counter<uint64_t> kTotalDamageReceived{56};
inline constexpr Counter<uint32_t> kUnitsDestroyed{64};
inline constexpr Gauge<uint32_t> kSimulationFps{72};
inline constexpr Gauge<uint32_t> kAverageTickTimeUs{76};
inline constexpr Gauge<uint32_t> kPeakTickTimeUs{80};
inline constexpr Gauge<uint32_t> kMemoryUsageMb{84};
inline constexpr Gauge<uint64_t> kTotalEntities{88};
inline constexpr Gauge<uint32_t> kFleets{96};
inline constexpr Gauge<uint32_t> kPlanets{100};
inline constexpr Gauge<uint32_t> kUnits{104};

namespace detail {

/// CRC-32 of IEEE 802.3 (as zlib's), eight bytes at a time. Source: M. Kounavis, F. Berry, "Novel Table Lookup-Based
/// Algorithms for High-Performance CRC Generation", IEEE Transactions on Computers 57 (2008).
struct CrcTables {
  uint32_t rows[8][256];
};

constexpr CrcTables crc_tables() {
  CrcTables tables{};
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t rest = byte;
    for (int bit = 0; bit < 8; bit++) rest = (rest & 1) == 0 ? rest >> 1 : 0xEDB88320u ^ (rest >> 1);
    tables.rows[0][byte] = rest;
  }
  for (uint32_t row = 1; row < 8; row++) {
    for (uint32_t byte = 0; byte < 256; byte++) {
      const uint32_t before = tables.rows[row - 1][byte];
      tables.rows[row][byte] = tables.rows[0][before & 0xFF] ^ (before >> 8);
    }
  }
  return tables;
}

inline constexpr CrcTables kCrcTables = crc_tables();

}  // namespace detail

/// Of little-endian words.
inline uint32_t crc32_of_words(const uint64_t* words, size_t count) {
  const auto& rows = detail::kCrcTables.rows;
  uint32_t crc = 0xFFFFFFFFu;
  for (size_t i = 0; i < count; i++) {
    const uint64_t mixed = words[i] ^ crc;
    crc = 0;
    for (uint32_t byte = 0; byte < 8; byte++) crc ^= rows[7 - byte][(mixed >> (8 * byte)) & 0xFF];
  }
  return ~crc;
}

/// Makes an empty record of zeroed memory. @param record at a multiple of 64, kRecordBytes at least
inline void initialize(uint8_t* record) {
  seqlock::word(record + at::kMagic, 0).store(kMagic, std::memory_order_relaxed);
  std::atomic_ref<uint32_t>(*reinterpret_cast<uint32_t*>(record + at::kVersion)).store(kVersion, std::memory_order_relaxed);
  uint8_t* const cell = record + at::kSequence;
  const uint64_t odd = seqlock::begin(cell);
  seqlock::put(cell, 1, kDataBytes);
  for (uint32_t i = 0; i < kDataBytes / 8; i++) seqlock::put(cell, 2 + i, 0);
  seqlock::end(cell, odd);  // release; whoever sees this sequence sees magic and version
}

/// Says that nothing follows. The thread that wrote the record, or whoever comes after it.
inline void finish(uint8_t* record) {
  uint8_t* const cell = record + at::kSequence;
  const uint64_t word = seqlock::get(cell, 1);
  const uint64_t odd = seqlock::begin(cell);
  seqlock::put(cell, 1, word | uint64_t{kFlagEnded} << 32);
  seqlock::end(cell, odd);
}

/// The record of this instance, NULL when the host is older than telemetry or has none to give.
inline uint8_t* record_of(const busbar_host* host) {
  if (host == nullptr || host->size < offsetof(busbar_host, telemetry) + sizeof host->telemetry) return nullptr;
  return host->telemetry == nullptr ? nullptr : host->telemetry(host->context);
}

/// The one writer of a record: one thread. What `add` and `set` say is gathered in private memory; `publish` shows it.
class Writer {
 public:
  /// @param record that `initialize` or a writer before left; NULL: every call does nothing
  explicit Writer(uint8_t* record = nullptr) : record_(record) {
    if (record_ == nullptr) return;
    for (size_t i = 0; i < kWords; i++) words_[i] = seqlock::get(record_ + at::kSequence, 1 + i);
  }

  /// Whether anybody can see what is written.
  bool present() const { return record_ != nullptr; }

  /// From the next publish on. Dearer than the rest of it (bench `publish_crc`); for readers on processors that reorder
  /// loads and cannot keep the protocol, as in Python.
  void use_crc(bool on) {
    const uint64_t bit = uint64_t{kFlagCrc} << 32;
    words_[0] = on ? words_[0] | bit : words_[0] & ~bit;
    dirty_ |= 1;
  }

  /// Modulo 2^64.
  void add(Counter<uint64_t> field, uint64_t amount) { store64(field.offset, load64(field.offset) + amount); }
  /// Modulo 2^32.
  void add(Counter<uint32_t> field, uint32_t amount) { store32(field.offset, load32(field.offset) + amount); }
  void set(Gauge<uint64_t> field, uint64_t value) { store64(field.offset, value); }
  void set(Gauge<uint32_t> field, uint32_t value) {
    if (field.offset == kMemoryUsageMb.offset) own_memory_ = true;
    store32(field.offset, value);
  }

  /// Shows everything since the last publish at once. Never waits. Nothing new: the sequence does not move.
  void publish() {
    if (dirty_ == 0 || record_ == nullptr) return;
    uint8_t* const cell = record_ + at::kSequence;
    if (!own_memory_) {
      // The host fills it in between two calls, on this thread: it is kept, not written over with what stood there before.
      constexpr size_t kIndex = (kMemoryUsageMb.offset - at::kDataSize) / 8;
      constexpr uint64_t kMask = uint64_t{0xFFFFFFFF} << kMemoryUsageMb.offset % 8 * 8;
      words_[kIndex] = (words_[kIndex] & ~kMask) | (seqlock::get(cell, 1 + kIndex) & kMask);
    }
    const uint64_t odd = seqlock::begin(cell);
    for (uint32_t rest = dirty_; rest != 0; rest &= rest - 1) {
      const auto i = static_cast<uint32_t>(__builtin_ctz(rest));
      seqlock::put(cell, 1 + i, words_[i]);
    }
    if ((words_[0] >> 32 & kFlagCrc) != 0) {
      // release, as the words: it belongs to this value alone
      std::atomic_ref<uint32_t>(*reinterpret_cast<uint32_t*>(record_ + at::kCrc32))
          .store(crc32_of_words(words_.data() + 1, kDataBytes / 8), std::memory_order_release);
    }
    seqlock::end(cell, odd);
    dirty_ = 0;
  }

 private:
  /// data_size and flags, then the data.
  static constexpr size_t kWords = 1 + kDataBytes / 8;
  static constexpr size_t index_of(uint32_t offset) { return (offset - at::kDataSize) / 8; }
  static constexpr uint32_t shift_of(uint32_t offset) { return offset % 8 * 8; }

  uint64_t load64(uint32_t offset) const { return words_[index_of(offset)]; }
  uint32_t load32(uint32_t offset) const {
    return static_cast<uint32_t>(words_[index_of(offset)] >> shift_of(offset));
  }
  void store64(uint32_t offset, uint64_t value) {
    words_[index_of(offset)] = value;
    dirty_ |= 1u << index_of(offset);
  }
  void store32(uint32_t offset, uint32_t value) {
    const uint64_t kept = words_[index_of(offset)] & ~(uint64_t{0xFFFFFFFF} << shift_of(offset));
    store64(offset - offset % 8, kept | uint64_t{value} << shift_of(offset));
  }

  uint8_t* record_;
  uint32_t dirty_ = 0;
  /// The service says itself what memory it uses.
  bool own_memory_ = false;
  std::array<uint64_t, kWords> words_{};
};

}  // namespace busbar::telemetry
#endif
