// FlatBuffers on one side, the plain structs of battles on the other.
#pragma once

#include <string_view>
#include <vector>

#include "combat/battle.h"
#include "combat_generated.h"

namespace busbar::combat {

using OutcomeOffsets = std::vector<flatbuffers::Offset<::combat::Outcome>>;

/// Borrows columns of a message. Verifiers of some versions let vectors pass
/// that do not lie at a multiple of their element's size; such a message is not
/// read.
class ColumnReader {
 public:
  /// Absent stays absent.
  template <class T>
  Column<T> operator()(const flatbuffers::Vector<T>* vector) {
    if (vector == nullptr) return {};
    // The builder does not align empty ones.
    if (vector->size() > 0 && reinterpret_cast<uintptr_t>(vector->data()) % alignof(T) != 0) {
      aligned_ = false;
      return {};
    }
    return {vector->data(), vector->size()};
  }
  bool aligned() const { return aligned_; }

 private:
  bool aligned_ = true;
};

/// A column of an answer; an empty one is left out, which reads the same. (The
/// builder does not align empty vectors of 8-byte values, and readers refuse
/// those.)
template <class T>
flatbuffers::Offset<flatbuffers::Vector<T>> put_column(flatbuffers::FlatBufferBuilder& builder,
                                                       const std::vector<T>& column) {
  return column.empty() ? flatbuffers::Offset<flatbuffers::Vector<T>>{} : builder.CreateVector(column);
}

/// Borrows from `message`, which must be verified. `out.constants` keeps its
/// memory between calls.
void read_battle(const ::combat::Battle& message, ColumnReader& columns, BattleRequest& out);

void write_single(flatbuffers::FlatBufferBuilder& builder, const ::combat::Battle& battle,
                  const BattleOutcome& outcome);
/// @param offsets scratch memory, kept between calls
void write_batch(flatbuffers::FlatBufferBuilder& builder, OutcomeOffsets& offsets,
                 const flatbuffers::Vector<flatbuffers::Offset<::combat::Battle>>* battles,
                 const BattleOutcome* outcomes);
/// @param hash_so_far over the hashes of all outcomes up to this part
void write_progress(flatbuffers::FlatBufferBuilder& builder, OutcomeOffsets& offsets,
                    const flatbuffers::Vector<flatbuffers::Offset<::combat::Battle>>& battles,
                    const BattleOutcome* outcomes, uint32_t first, uint32_t count, uint64_t hash_so_far);

}  // namespace busbar::combat
