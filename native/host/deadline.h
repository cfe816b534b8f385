// When a frame's time is over.
#pragma once

#include <cstdint>

#include "core/frame/frame.h"

namespace busbar::host {

inline uint64_t saturating_sum(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

/// Whether a frame's time to live has run out, by the sender's clock against ours.
inline bool expired(const frame::Header& header, uint64_t now) {
  return header.ttl_ms != 0 && header.timestamp != 0 &&
         now >= saturating_sum(header.timestamp, uint64_t{header.ttl_ms} * 1'000'000);
}

}  // namespace busbar::host
