// One function per method; each answers its request or fails it.
#pragma once

#include "instance.h"

namespace busbar::combat {

void answer_resolve(Answer& answer);
void answer_resolve_batch(Answer& answer);
void answer_resolve_stream(Answer& answer);
void answer_ballistics(Answer& answer);
void answer_spatial_build(Answer& answer);
void answer_nearby(Answer& answer);
void answer_spatial_drop(Answer& answer);
void answer_map_put(Answer& answer);
void answer_map_patch(Answer& answer);
void answer_map_drop(Answer& answer);
void answer_find_path(Answer& answer);
void answer_snapshot(Answer& answer);
void answer_restore(Answer& answer);

/// The errors of items, null when there are none.
flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<::combat::ItemError>>> write_errors(
    flatbuffers::FlatBufferBuilder& builder, const std::vector<ItemFault>& faults);

}  // namespace busbar::combat
