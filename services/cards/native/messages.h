// FlatBuffers on one side, the interpreter's plain structs on the other.
#pragma once

#include <vector>

#include "cards/batch.h"
#include "cards/games.h"
#include "cards/trace.h"
#include "cards_generated.h"
#include "play.h"

namespace busbar::cards {

/// Borrows from `message`, which must be verified.
Request read_request(const cardsim::SimulationRequest& message);

using StatsOffsets = std::vector<flatbuffers::Offset<cardsim::AggregatedStats>>;

/// @param offsets scratch memory, kept between calls
void write_response(flatbuffers::FlatBufferBuilder& builder, StatsOffsets& offsets, uint64_t batch_id,
                    const Request* requests, const Stats* stats, size_t count, uint64_t duration_ns);
void write_progress(flatbuffers::FlatBufferBuilder& builder, StatsOffsets& offsets, uint64_t batch_id,
                    const Request* requests, const Stats* stats, size_t first, size_t count, size_t total);
/// The game of the step as its viewer sees it: a seat, or 255 for everything.
flatbuffers::Offset<cardsim::GameView> put_view(flatbuffers::FlatBufferBuilder& builder, Games& games,
                                               const Step& step);
flatbuffers::Offset<cardsim::PlayResult> put_result(flatbuffers::FlatBufferBuilder& builder, Games& games,
                                                   const Step& step, const Fault& fault);
void write_trace(flatbuffers::FlatBufferBuilder& builder, const Trace& trace);

}  // namespace busbar::cards
