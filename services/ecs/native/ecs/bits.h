// Bitmaps in 64-bit words, least significant bit first.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace busbar::ecs::bits {

constexpr uint64_t words_of(uint64_t count) { return (count + 63) / 64; }
/// The lowest `count` (0..64) bits.
constexpr uint64_t low_mask(uint64_t count) { return count >= 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1; }

inline bool get(const uint64_t* words, uint64_t at) { return (words[at >> 6] >> (at & 63)) & 1; }
inline void set(uint64_t* words, uint64_t at, bool value) {
  const uint64_t bit = uint64_t{1} << (at & 63);
  words[at >> 6] = value ? words[at >> 6] | bit : words[at >> 6] & ~bit;
}
inline bool get_byte(const uint8_t* bytes, uint64_t at) { return (bytes[at >> 3] >> (at & 7)) & 1; }

/// Sets bits [from, from + count).
inline void fill(uint64_t* words, uint64_t from, uint64_t count) {
  while (count > 0) {
    const uint64_t shift = from & 63, part = count < 64 - shift ? count : 64 - shift;
    words[from >> 6] |= low_mask(part) << shift;
    from += part;
    count -= part;
  }
}

/// ORs the first `count` bits of `source` into bits [from, from + count), which must be 0.
inline void append(uint64_t* words, uint64_t from, const uint8_t* source, uint64_t count) {
  for (uint64_t done = 0; done < count;) {
    const uint64_t part = count - done < 64 ? count - done : 64;
    uint64_t word = 0;
    std::memcpy(&word, source + done / 8, (part + 7) / 8);
    word &= low_mask(part);
    const uint64_t at = from + done, shift = at & 63;
    words[at >> 6] |= word << shift;
    if (shift != 0 && shift + part > 64) words[(at >> 6) + 1] |= word >> (64 - shift);
    done += part;
  }
}

inline uint64_t count(const uint64_t* words, uint64_t bits) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < bits / 64; i++) sum += std::popcount(words[i]);
  if (bits % 64 != 0) sum += std::popcount(words[bits / 64] & low_mask(bits % 64));
  return sum;
}

}  // namespace busbar::ecs::bits
