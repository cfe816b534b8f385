#include <bit>
#include <cstring>
#include <string>

#include "core/hash/hash.h"

namespace busbar::hash {
namespace {

// First 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2).
constexpr uint32_t kRounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

void compress(uint32_t (&state)[8], const uint8_t* block) {
  uint32_t w[64];
  for (int i = 0; i < 16; i++) {
    w[i] = static_cast<uint32_t>(block[4 * i]) << 24 | static_cast<uint32_t>(block[4 * i + 1]) << 16 |
           static_cast<uint32_t>(block[4 * i + 2]) << 8 | block[4 * i + 3];
  }
  for (int i = 16; i < 64; i++) {
    const uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
    const uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
  for (int i = 0; i < 64; i++) {
    const uint32_t t1 =
        h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) + ((e & f) ^ (~e & g)) + kRounds[i] + w[i];
    const uint32_t t2 = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  const uint32_t add[8] = {a, b, c, d, e, f, g, h};
  for (int i = 0; i < 8; i++) state[i] += add[i];
}

}  // namespace

void Sha256::update(const void* data, size_t bytes) {
  auto at = static_cast<const uint8_t*>(data);
  while (bytes > 0) {
    const size_t filled = total_ % 64;
    if (filled == 0 && bytes >= 64) {
      compress(state_, at);
      total_ += 64;
      at += 64;
      bytes -= 64;
      continue;
    }
    const size_t taken = bytes < 64 - filled ? bytes : 64 - filled;
    std::memcpy(rest_ + filled, at, taken);
    total_ += taken;
    at += taken;
    bytes -= taken;
    if (filled + taken == 64) compress(state_, rest_);
  }
}

std::array<uint8_t, 32> Sha256::digest() const {
  // FIPS 180-4, 5.1.1: a 1 bit, zeros, the length in bits in the last 8 bytes.
  Sha256 padded = *this;
  static constexpr uint8_t kPadding[64] = {0x80};
  padded.update(kPadding, total_ % 64 < 56 ? 56 - total_ % 64 : 120 - total_ % 64);
  uint8_t length[8];
  for (int i = 0; i < 8; i++) length[i] = static_cast<uint8_t>(total_ * 8 >> (56 - 8 * i));
  padded.update(length, sizeof length);
  std::array<uint8_t, 32> digest;
  for (size_t i = 0; i < 32; i++) digest[i] = static_cast<uint8_t>(padded.state_[i / 4] >> (24 - 8 * (i % 4)));
  return digest;
}

std::array<uint8_t, 32> sha256(std::string_view text) {
  Sha256 state;
  state.update(text.data(), text.size());
  return state.digest();
}

uint32_t topic_id(std::string_view topic) {
  if (topic.empty()) return 0;
  const auto digest = sha256("topic:" + std::string(topic));
  const uint32_t id = digest[0] | static_cast<uint32_t>(digest[1]) << 8 | static_cast<uint32_t>(digest[2]) << 16 |
                      static_cast<uint32_t>(digest[3]) << 24;
  return id == 0 ? 1 : id;
}

}  // namespace busbar::hash
