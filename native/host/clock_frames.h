// The clock's messages as a host reads and writes them. Pure: bytes in, values out.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <optional>
#include <string>

#include "clock_generated.h"
#include "core/frame/frame.h"
#include "host/ticks.h"

namespace busbar::host {

/// Frames come from a ring, so header and bounds were checked; the payload is verified here.
/// @returns null when it is no sound table; else it points into `bytes`
template <typename Table>
const Table* read_clock_frame(const frame::Header& header, const uint8_t* bytes) {
  const uint8_t* payload = bytes + header.payload_offset;
  flatbuffers::Verifier verifier(payload, header.length - header.payload_offset);
  return verifier.VerifyBuffer<Table>() ? flatbuffers::GetRoot<Table>(payload) : nullptr;
}

/// @param reason why the turn failed, or could not be taken; empty: it did not
inline void build_done(flatbuffers::FlatBufferBuilder& builder, const Ticks& ticks, std::optional<uint64_t> hash,
                       const std::string& reason) {
  const auto text = reason.empty() ? 0 : builder.CreateString(reason);
  clock::DoneBuilder done(builder);
  done.add_tick(ticks.tick());
  done.add_time_ns(ticks.time_ns());
  done.add_stage(static_cast<clock::Stage>(ticks.stage()));
  if (hash.has_value()) done.add_hash(*hash);
  if (!reason.empty()) done.add_reason(text);
  done.add_taken(ticks.taken());
  builder.Finish(done.Finish());
}

}  // namespace busbar::host
