#include "crc32.h"

#include <array>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define BUSBAR_CRC_FOLDING 1
#endif

namespace busbar::blackbox {
namespace {

constexpr uint32_t kPolynomial = 0xEDB88320;

struct Tables {
  std::array<std::array<uint32_t, 256>, 16> at{};
  constexpr Tables() {
    for (uint32_t i = 0; i < 256; i++) {
      uint32_t crc = i;
      for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
      at[0][i] = crc;
    }
    for (uint32_t i = 0; i < 256; i++)
      for (size_t k = 1; k < 16; k++) at[k][i] = (at[k - 1][i] >> 8) ^ at[0][at[k - 1][i] & 0xFF];
  }
};
constexpr Tables kTables;

/// `crc` is inverted already.
uint32_t by_tables(uint32_t crc, const uint8_t* data, size_t bytes) {
  const auto& t = kTables.at;
  for (; bytes >= 16; data += 16, bytes -= 16) {
    uint32_t word[4];
    std::memcpy(word, data, 16);
    word[0] ^= crc;
    crc = 0;
    for (size_t w = 0; w < 4; w++)
      for (size_t b = 0; b < 4; b++) crc ^= t[15 - 4 * w - b][(word[w] >> (8 * b)) & 0xFF];
  }
  for (; bytes > 0; data++, bytes--) crc = (crc >> 8) ^ t[0][(crc ^ *data) & 0xFF];
  return crc;
}

/// a * b modulo the polynomial; bit 31 is x^0.
constexpr uint32_t times(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (uint32_t bit = 0x80000000u; bit != 0; bit >>= 1) {
    if ((a & bit) != 0) product ^= b;
    b = (b >> 1) ^ ((b & 1) != 0 ? kPolynomial : 0);
  }
  return product;
}

/// x^(2^i), i from 0.
struct Powers {
  std::array<uint32_t, 64> at{};
  constexpr Powers() {
    at[0] = 0x40000000u;
    for (size_t i = 1; i < at.size(); i++) at[i] = times(at[i - 1], at[i - 1]);
  }
};
constexpr Powers kPowers;

#if defined(BUSBAR_CRC_FOLDING)
// Constants of the paper for the reflected polynomial: x^(4*128+64), x^(4*128), x^(128+64), x^128 mod P.
constexpr uint64_t kFold4[2] = {0x0154442bd4, 0x01c6e41596};
constexpr uint64_t kFold1[2] = {0x01751997d0, 0x00ccaa009e};

__attribute__((target("pclmul,sse4.1"))) inline __m128i fold(__m128i acc, __m128i by, __m128i data) {
  const __m128i low = _mm_clmulepi64_si128(acc, by, 0x00);
  const __m128i high = _mm_clmulepi64_si128(acc, by, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), data);
}

/// Folds 64 bytes at a time into 16, whose CRC the tables take: the rest of the paper saves nothing at our sizes.
__attribute__((target("pclmul,sse4.1"))) uint32_t by_folding(uint32_t crc, const uint8_t* data, size_t bytes) {
  const auto load = [](const uint8_t* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); };
  __m128i a = _mm_xor_si128(load(data), _mm_cvtsi32_si128(static_cast<int>(crc)));
  __m128i b = load(data + 16), c = load(data + 32), d = load(data + 48);
  data += 64;
  bytes -= 64;
  const __m128i by4 = _mm_set_epi64x(static_cast<int64_t>(kFold4[1]), static_cast<int64_t>(kFold4[0]));
  for (; bytes >= 64; data += 64, bytes -= 64) {
    a = fold(a, by4, load(data));
    b = fold(b, by4, load(data + 16));
    c = fold(c, by4, load(data + 32));
    d = fold(d, by4, load(data + 48));
  }
  const __m128i by1 = _mm_set_epi64x(static_cast<int64_t>(kFold1[1]), static_cast<int64_t>(kFold1[0]));
  a = fold(a, by1, b);
  a = fold(a, by1, c);
  a = fold(a, by1, d);
  for (; bytes >= 16; data += 16, bytes -= 16) a = fold(a, by1, load(data));
  uint8_t left[16];
  std::memcpy(left, &a, 16);
  return by_tables(by_tables(0, left, 16), data, bytes);
}

bool can_fold() {
  static const bool can = __builtin_cpu_supports("pclmul") != 0 && __builtin_cpu_supports("sse4.1") != 0;
  return can;
}
#endif

}  // namespace

uint32_t crc32(uint32_t crc, const void* data, size_t bytes) {
#if defined(BUSBAR_CRC_FOLDING)
  if (bytes >= 64 && can_fold()) return ~by_folding(~crc, static_cast<const uint8_t*>(data), bytes);
#endif
  return crc32_tables(crc, data, bytes);
}

uint32_t crc32_tables(uint32_t crc, const void* data, size_t bytes) {
  return ~by_tables(~crc, static_cast<const uint8_t*>(data), bytes);
}

uint32_t crc32_joined(uint32_t first, uint32_t second, uint64_t second_bytes) {
  // first * x^(8 * second_bytes) + second
  uint32_t shift = 0x80000000u;
  for (size_t i = 3; second_bytes != 0; second_bytes >>= 1, i++)
    if ((second_bytes & 1) != 0) shift = times(kPowers.at[i], shift);
  return times(shift, first) ^ second;
}

}  // namespace busbar::blackbox
