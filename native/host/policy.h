// What the plan says of an edge that starts at a plugin.
#pragma once

#include <cstdint>
#include <vector>

namespace busbar::host {

/// What becomes of a message for which an edge has no room. The numbers are those of PolicyKind (schema/bus/plan.fbs).
enum class WhenFull : uint8_t { kBlock = 0, kError = 1, kDropNewest = 2, kDropOldest = 3, kLatest = 4 };

struct Policy {
  uint32_t type_id = 0;  // 0: of all types that have no policy of their own
  WhenFull when_full = WhenFull::kBlock;
  /// kBlock: how long a message waits before it is dropped and counted as timeout.
  uint32_t timeout_ms = 5000;

  /// Set aside rather than refused, waited for or dropped.
  bool stages() const { return when_full == WhenFull::kDropOldest || when_full == WhenFull::kLatest; }
};

struct EdgeOptions {
  /// At most one of a type; a type without any has that of type id 0, and without that the default.
  std::vector<Policy> policies;
  /// Types that the subscriber has declared: until it asks for them, or says that it does not want them, the edge is full for
  /// them (semantics 3.3). Others are for it only while it asks for them.
  std::vector<uint32_t> declared;
  /// Of what may wait here, as bytes of frames.
  uint32_t capacity_bytes = 1 << 20;
  uint32_t frame_bytes_max = 256 << 10;
};

}  // namespace busbar::host
