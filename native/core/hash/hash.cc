#include "core/hash/hash.h"

#include <bit>
#include <cstring>

namespace busbar::hash {
namespace {

constexpr uint64_t kPrime1 = 0x9E3779B185EBCA87ull;
constexpr uint64_t kPrime2 = 0xC2B2AE3D27D4EB4Full;
constexpr uint64_t kPrime3 = 0x165667B19E3779F9ull;
constexpr uint64_t kPrime4 = 0x85EBCA77C2B2AE63ull;
constexpr uint64_t kPrime5 = 0x27D4EB2F165667C5ull;

template <typename Integer>
uint64_t read_little(const uint8_t* at) {
  Integer value;
  std::memcpy(&value, at, sizeof value);
  if constexpr (std::endian::native == std::endian::big) {
    Integer swapped = 0;
    for (size_t i = 0; i < sizeof value; i++) swapped = static_cast<Integer>(swapped << 8 | (value >> (8 * i) & 0xFF));
    value = swapped;
  }
  return value;
}

uint64_t round(uint64_t lane, uint64_t input) { return std::rotl(lane + input * kPrime2, 31) * kPrime1; }

uint64_t merge(uint64_t hash, uint64_t lane) { return (hash ^ round(0, lane)) * kPrime1 + kPrime4; }

void consume(uint64_t (&lanes)[4], const uint8_t* stripe) {
  for (int i = 0; i < 4; i++) lanes[i] = round(lanes[i], read_little<uint64_t>(stripe + 8 * i));
}

}  // namespace

Xxh64::Xxh64(uint64_t seed) : lanes_{seed + kPrime1 + kPrime2, seed + kPrime2, seed, seed - kPrime1}, seed_(seed) {}

void Xxh64::update(const void* data, size_t bytes) {
  if (bytes == 0) return;
  auto at = static_cast<const uint8_t*>(data);
  total_ += bytes;
  if (rest_bytes_ > 0) {
    const size_t taken = bytes < 32 - rest_bytes_ ? bytes : 32 - rest_bytes_;
    std::memcpy(rest_ + rest_bytes_, at, taken);
    rest_bytes_ += taken;
    at += taken;
    bytes -= taken;
    if (rest_bytes_ < 32) return;
    consume(lanes_, rest_);
    rest_bytes_ = 0;
  }
  for (; bytes >= 32; at += 32, bytes -= 32) consume(lanes_, at);
  if (bytes > 0) std::memcpy(rest_, at, bytes);
  rest_bytes_ = bytes;
}

uint64_t Xxh64::digest() const {
  uint64_t hash = seed_ + kPrime5;
  if (total_ >= 32) {
    hash = std::rotl(lanes_[0], 1) + std::rotl(lanes_[1], 7) + std::rotl(lanes_[2], 12) + std::rotl(lanes_[3], 18);
    for (const uint64_t lane : lanes_) hash = merge(hash, lane);
  }
  hash += total_;
  const uint8_t* at = rest_;
  size_t bytes = rest_bytes_;
  for (; bytes >= 8; at += 8, bytes -= 8) {
    hash = std::rotl(hash ^ round(0, read_little<uint64_t>(at)), 27) * kPrime1 + kPrime4;
  }
  if (bytes >= 4) {
    hash = std::rotl(hash ^ (read_little<uint32_t>(at) * kPrime1), 23) * kPrime2 + kPrime3;
    at += 4;
    bytes -= 4;
  }
  for (; bytes > 0; at++, bytes--) hash = std::rotl(hash ^ (*at * kPrime5), 11) * kPrime1;
  hash ^= hash >> 33;
  hash *= kPrime2;
  hash ^= hash >> 29;
  hash *= kPrime3;
  hash ^= hash >> 32;
  return hash;
}

void Xxh64::save(uint8_t (&out)[kStateBytes]) const {
  const auto put = [&](size_t at, uint64_t value) {
    for (size_t i = 0; i < 8; i++) out[at + i] = static_cast<uint8_t>(value >> (8 * i));
  };
  for (size_t i = 0; i < 4; i++) put(8 * i, lanes_[i]);
  put(32, seed_);
  put(40, total_);
  for (size_t i = 0; i < 32; i++) out[48 + i] = i < rest_bytes_ ? rest_[i] : 0;
  put(80, rest_bytes_);
}

bool Xxh64::load(const uint8_t (&bytes)[kStateBytes]) {
  const uint64_t total = read_little<uint64_t>(bytes + 40);
  const uint64_t rest_bytes = read_little<uint64_t>(bytes + 80);
  if (rest_bytes != total % 32) return false;
  for (size_t i = 0; i < 4; i++) lanes_[i] = read_little<uint64_t>(bytes + 8 * i);
  seed_ = read_little<uint64_t>(bytes + 32);
  total_ = total;
  std::memcpy(rest_, bytes + 48, 32);
  rest_bytes_ = rest_bytes;
  return true;
}

uint64_t xxh64(const void* data, size_t bytes, uint64_t seed) {
  Xxh64 state(seed);
  state.update(data, bytes);
  return state.digest();
}

}  // namespace busbar::hash
