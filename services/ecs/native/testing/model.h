// A store and its queries as slowly and plainly as they can be written: maps of values, no columns, no rows, no indexes.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ecs/query.h"
#include "ecs/store.h"

namespace busbar::ecs::testing {

/// A value as a reader sees it. Vectors are only carried, as their bytes in `text`.
struct Cell {
  Value value;
  bool operator==(const Cell&) const = default;
};
using MaybeCell = std::optional<Cell>;

struct ModelEntity {
  std::set<ComponentId> components;
  std::map<FieldId, MaybeCell> fields;
};

/// -1, 0, 1 by the rules of values: numbers as numbers, texts by bytes.
int compare(const Value& a, const Value& b);

class Model {
 public:
  explicit Model(const Store& definitions) : definitions_(&definitions) {}
  /// The same entities, with the definitions of a store that was restored.
  Model(const Model& other, const Store& definitions) : Model(other) { definitions_ = &definitions; }

  /// The id the store must give: lowest free index, next generation.
  EntityId create(const std::vector<ComponentId>& components);
  void add(EntityId id, ComponentId component);
  void remove(EntityId id, ComponentId component);
  void erase(EntityId id);
  ModelEntity* find(EntityId id);
  const std::map<EntityId, ModelEntity>& entities() const { return entities_; }
  bool ever_made(EntityId id) const { return made_.count(id) > 0; }

  struct Answer {
    std::vector<EntityId> ids;
    uint64_t total = 0;
    bool has_more = false;
  };
  Answer answer(const Query& query) const;

 private:
  bool holds(const ModelEntity& entity, const Filter& filter) const;

  const Store* definitions_;
  std::map<EntityId, ModelEntity> entities_;
  std::set<EntityId> made_;
  std::set<uint32_t> free_;
  std::map<uint32_t, uint32_t> generations_;
};

}  // namespace busbar::ecs::testing
