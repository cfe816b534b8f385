// Random stores and questions. Values come from few, so that they meet: ids beyond 2^53, both zeros, extremes, equal prefixes.
#pragma once

#include <vector>

#include "core/random/random.h"
#include "ecs/query.h"
#include "ecs/store.h"
#include "testing/model.h"

namespace busbar::ecs::testing {

/// One component per kind of need: all types, nullable and not, indexed and not, a tag, one field alone.
std::vector<ComponentType> components();
void define(Store& store);

/// A value that fits the field; nothing: null (nullable fields only).
MaybeCell random_cell(random::Stream& dice, const Field& field);
Query random_query(random::Stream& dice, const Store& store);

/// Cells as the column that requests take.
struct CellColumn {
  CellColumn(Store& store, FieldId field, const std::vector<MaybeCell>& cells);
  ValueColumn view() const { return {field, values, validity}; }
  FieldId field;
  std::vector<uint8_t> values, validity;
};

/// What the store holds of a field of an entity.
MaybeCell cell_of(const Store& store, FieldId field, Location at);

}  // namespace busbar::ecs::testing
