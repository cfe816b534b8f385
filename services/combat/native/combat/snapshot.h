// Bytes of a snapshot: magic, version, values and columns in little endian, XXH64 over all of it at the end.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "core/hash/hash.h"

namespace busbar::combat {

static_assert(std::endian::native == std::endian::little, "snapshots are written as memory lies");

inline constexpr uint32_t kSnapshotMagic = 0x53434242;  // "BBCS"
inline constexpr uint32_t kSnapshotVersion = 1;

class SnapshotWriter {
 public:
  explicit SnapshotWriter(std::vector<uint8_t>& out) : out_(out) {
    out_.clear();
    value(kSnapshotMagic), value(kSnapshotVersion);
  }
  template <class T>
  void value(T value) {
    static_assert(std::is_arithmetic_v<T>);
    raw(&value, sizeof value);
  }
  template <class T>
  void column(const std::vector<T>& column) {
    value(static_cast<uint64_t>(column.size()));
    raw(column.data(), column.size() * sizeof(T));
  }
  void finish() { value(hash::xxh64(out_.data(), out_.size())); }

 private:
  void raw(const void* from, size_t bytes) {
    const auto* const first = static_cast<const uint8_t*>(from);
    out_.insert(out_.end(), first, first + bytes);
  }
  std::vector<uint8_t>& out_;
};

/// Believes nothing: every read says whether there was enough.
class SnapshotReader {
 public:
  /// @returns what is wrong with the frame around the content; empty when it is sound
  std::string open(const uint8_t* bytes, size_t size) {
    bytes_ = bytes, end_ = size;
    uint32_t magic = 0, version = 0;
    if (!value(magic) || !value(version) || size < 16)
      return "it has " + std::to_string(size) + " bytes, at least 16 are needed";
    if (magic != kSnapshotMagic) return "it does not begin with BBCS";
    if (version != kSnapshotVersion)
      return "it has version " + std::to_string(version) + ", this service reads " + std::to_string(kSnapshotVersion);
    uint64_t hash = 0;
    std::memcpy(&hash, bytes + size - 8, 8);
    if (hash != hash::xxh64(bytes, size - 8)) return "its checksum does not match its bytes";
    end_ = size - 8;
    return {};
  }
  template <class T>
  bool value(T& out) {
    if (end_ - at_ < sizeof out) return false;
    std::memcpy(&out, bytes_ + at_, sizeof out);
    at_ += sizeof out;
    return true;
  }
  template <class T>
  bool column(std::vector<T>& out) {
    uint64_t count = 0;
    if (!value(count) || count > (end_ - at_) / sizeof(T)) return false;
    out.resize(count);
    if (count > 0) std::memcpy(out.data(), bytes_ + at_, count * sizeof(T));
    at_ += count * sizeof(T);
    return true;
  }
  bool done() const { return at_ == end_; }
  size_t at() const { return at_; }

 private:
  const uint8_t* bytes_ = nullptr;
  size_t at_ = 0, end_ = 0;
};

}  // namespace busbar::combat
