// FlatBuffers on one side, the interpreter's plain structs on the other.
#pragma once

#include <vector>

#include "cards/batch.h"
#include "cards/games.h"
#include "cards/trace.h"
#include "cards_generated.h"

namespace busbar::cards {

/// Borrows from `message`, which must be verified.
Request read_request(const cardsim::SimulationRequest& message);

using StatsOffsets = std::vector<flatbuffers::Offset<cardsim::AggregatedStats>>;

/// @param offsets scratch memory, kept between calls
void write_response(flatbuffers::FlatBufferBuilder& builder, StatsOffsets& offsets, uint64_t batch_id,
                    const Request* requests, const Stats* stats, size_t count, uint64_t duration_ns);
void write_progress(flatbuffers::FlatBufferBuilder& builder, StatsOffsets& offsets, uint64_t batch_id,
                    const Request* requests, const Stats* stats, size_t first, size_t count, size_t total);
/// @param viewer a seat, or 255 for everything; @param played what was just played, or null
void write_view(flatbuffers::FlatBufferBuilder& builder, uint64_t id, const OpenGame& game, const MoveList& moves,
                uint8_t viewer, const Move* played);
void write_trace(flatbuffers::FlatBufferBuilder& builder, const Trace& trace);

}  // namespace busbar::cards
