// Seeded random numbers, equal on every computer (docs/concepts, services.md 1.4). Every stream is named: no global
// generator, no clock, so that the same seed gives the same run for any number of threads.
// Sources: splitmix64 (Steele, Lea, Flood 2014), xoshiro256** 1.0 (Blackman, Vigna 2018), bounded draw (Lemire 2019).
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "core/hash/hash.h"

namespace busbar::random {

inline constexpr uint64_t kGolden = 0x9E3779B97F4A7C15ull;

constexpr uint64_t mix(uint64_t z) {
  z ^= z >> 30;
  z *= 0xBF58476D1CE4E5B9ull;
  z ^= z >> 27;
  z *= 0x94D049BB133111EBull;
  z ^= z >> 31;
  return z;
}

/// Seed of the stream `name`, number `index`, of a run.
constexpr uint64_t derive(uint64_t seed, std::string_view name, uint64_t index) {
  return mix(mix(mix(seed + kGolden) ^ hash::fnv1a64(name)) + (index + 1) * kGolden);
}

/// splitmix64; mostly to seed a Stream.
class SplitMix {
 public:
  constexpr explicit SplitMix(uint64_t seed) : state_(seed) {}
  constexpr uint64_t next() {
    state_ += kGolden;
    return mix(state_);
  }

 private:
  uint64_t state_;
};

/// xoshiro256**. 32 bytes, copied freely (a copy continues on its own).
class Stream {
 public:
  constexpr explicit Stream(uint64_t derived) {
    SplitMix seeds(derived);
    for (uint64_t& word : state_) word = seeds.next();
  }
  constexpr Stream(uint64_t seed, std::string_view name, uint64_t index) : Stream(derive(seed, name, index)) {}

  constexpr uint64_t next() {
    const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// Uniform in [0, n), n > 0; without bias: draws again while the low half lies in the uneven rest.
  constexpr uint64_t below(uint64_t n) {
    __extension__ using Wide = unsigned __int128;
    Wide product = static_cast<Wide>(next()) * n;
    if (static_cast<uint64_t>(product) < n) {
      const uint64_t rest = (0 - n) % n;
      while (static_cast<uint64_t>(product) < rest) product = static_cast<Wide>(next()) * n;
    }
    return static_cast<uint64_t>(product >> 64);
  }

  /// Uniform in [0, 1), a multiple of 2^-53.
  constexpr double real() { return static_cast<double>(next() >> 11) * 0x1p-53; }

  /// For snapshots: the whole state.
  constexpr const uint64_t* state() const { return state_; }
  constexpr void restore(const uint64_t (&words)[4]) {
    for (int i = 0; i < 4; i++) state_[i] = words[i];
  }

 private:
  uint64_t state_[4]{};
};

}  // namespace busbar::random
