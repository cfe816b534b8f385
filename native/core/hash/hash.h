// Hashes that results and names stand on. None of them is for secrets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace busbar::hash {

/// FNV-1a, 64 bits (Fowler, Noll, Vo; offset basis and prime of the 64-bit variant).
constexpr uint64_t fnv1a64(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325ull;
  for (const char c : text) {
    hash ^= static_cast<uint8_t>(c);
    hash *= 0x100000001B3ull;
  }
  return hash;
}

/// XXH64 of a whole block (xxHash specification 0.1.1, section XXH64). `data` may be null when `bytes` is 0.
uint64_t xxh64(const void* data, size_t bytes, uint64_t seed = 0);

/// XXH64 of a state that is written piece by piece; equal to `xxh64` over the pieces joined. 80 bytes, no allocation.
class Xxh64 {
 public:
  explicit Xxh64(uint64_t seed = 0);
  void update(const void* data, size_t bytes);
  /// Hash of everything so far; more may follow.
  uint64_t digest() const;

  /// For checkpoints: lanes, seed, total, left-over bytes and their number, as little-endian words.
  static constexpr size_t kStateBytes = 88;
  void save(uint8_t (&out)[kStateBytes]) const;
  /// False for bytes that no `save` writes; this state is then unchanged.
  bool load(const uint8_t (&bytes)[kStateBytes]);

  /// Little-endian integers, the canonical form of state hashes.
  template <typename Integer>
  void update_value(Integer value) {
    uint8_t bytes[sizeof(Integer)];
    for (size_t i = 0; i < sizeof(Integer); i++)
      bytes[i] = static_cast<uint8_t>(static_cast<uint64_t>(value) >> (8 * i));
    update(bytes, sizeof bytes);
  }

 private:
  uint64_t lanes_[4];
  uint64_t seed_;
  uint64_t total_ = 0;
  uint8_t rest_[32]{};
  size_t rest_bytes_ = 0;
};

/// SHA-256 (FIPS 180-4), for the ids of wire.md 1: the first four bytes of a digest.
std::array<uint8_t, 32> sha256(std::string_view text);

/// SHA-256 of what is written piece by piece; equal to `sha256` over the pieces joined. No allocation; copied freely.
class Sha256 {
 public:
  void update(const void* data, size_t bytes);
  /// Digest of everything so far; more may follow.
  std::array<uint8_t, 32> digest() const;

 private:
  uint32_t state_[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  uint8_t rest_[64]{};
  uint64_t total_ = 0;
};

/// topic_id of a frame: first 4 bytes, little endian, of SHA-256("topic:" + topic); never 0, which means no topic.
uint32_t topic_id(std::string_view topic);

}  // namespace busbar::hash
