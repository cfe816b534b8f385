// Values that say by themselves whether they are whole: after the n-th publish every field is n, and the sequence 2n + 2.
// For tests, the soak and the program that other processes read.
#pragma once

#include "core/telemetry/record_reader.h"

namespace busbar::telemetry {

class EqualWords {
 public:
  explicit EqualWords(uint8_t* record) : writer_(record) {}

  void publish() {
    const auto n = static_cast<uint32_t>(++count_);
    writer_.add(kTotalCombats, uint64_t{1});
    writer_.add(kTotalDamageDealt, uint64_t{1});
    writer_.add(kTotalDamageReceived, uint64_t{1});
    writer_.add(kUnitsDestroyed, 1u);
    for (const auto gauge : {kActiveCombats, kSimulationFps, kAverageTickTimeUs, kPeakTickTimeUs, kMemoryUsageMb, kFleets,
                             kPlanets, kUnits})
      writer_.set(gauge, n);
    writer_.set(kTotalEntities, count_);
    writer_.publish();
  }

  Writer& writer() { return writer_; }

 private:
  Writer writer_;
  uint64_t count_ = 0;
};

/// Whether all fields of a copied record are those of one publish, and of the one that its sequence names.
inline bool equal_words(const uint8_t* copy) {
  const uint64_t n = sequence_of(copy) / 2 - 1;
  for (const auto field : {kTotalCombats, kTotalDamageDealt, kTotalDamageReceived}) {
    if (value_of(copy, field) != n) return false;
  }
  for (const auto field : {kActiveCombats, kSimulationFps, kAverageTickTimeUs, kPeakTickTimeUs, kMemoryUsageMb, kFleets,
                           kPlanets, kUnits}) {
    if (value_of(copy, field) != static_cast<uint32_t>(n)) return false;
  }
  return value_of(copy, kUnitsDestroyed) == static_cast<uint32_t>(n) && value_of(copy, kTotalEntities) == n;
}

/// The scheme that cost a reference 0.55 % of its snapshots, as a control: the sequence is raised once, after the write.
/// `between` is called before each word.
template <typename Between>
void publish_equal_wrong(uint8_t* record, uint64_t n, Between between) {
  const auto low = static_cast<uint32_t>(n);
  const uint64_t both = uint64_t{low} << 32 | low;
  // As the fields lie: 64 bits, 32 and a pad, or two of 32.
  const uint64_t words[] = {n, low, n, n, low, both, both, n, both, low};
  uint8_t* const cell = record + at::kSequence;
  for (size_t i = 0; i < std::size(words); i++) {
    between(i);
    seqlock::word(cell, 2 + i).store(words[i], std::memory_order_relaxed);
  }
  seqlock::word(cell, 0).fetch_add(2, std::memory_order_release);
}

}  // namespace busbar::telemetry
