#include "store.h"

#include "core/hash/hash.h"
#include "snapshot.h"

namespace busbar::combat {
namespace {

Fault missing(const char* what, uint64_t handle, const char* cure) {
  return {Code::not_found, std::string(what) + " " + std::to_string(handle) + " is not there; " + cure};
}

}  // namespace

Fault Store::room() const {
  const size_t held = indexes_.size() + maps_.size();
  return held < limits_.handles_max ? Fault{} : limit_exceeded("number of handles", held + 1, limits_.handles_max);
}

Fault Store::build_index(uint64_t& handle, const EntityColumns& entities, StoredIndex*& out) {
  if (handle != 0) {
    if (Fault fault = index(handle, out)) return fault;
    if (Fault fault = out->index.build(entities, limits_)) return fault;
    out->version += 1, out->cell_size = entities.cell_size;
    return {};
  }
  if (Fault fault = room()) return fault;
  auto made = std::make_unique<StoredIndex>();
  made->cell_size = entities.cell_size;
  if (Fault fault = made->index.build(entities, limits_)) return fault;
  handle = next_++;
  out = made.get();
  indexes_.emplace(handle, std::move(made));
  return {};
}

Fault Store::put_map(uint64_t& handle, std::variant<Grid, Graph>&& content, StoredMap*& out) {
  if (handle != 0) {
    if (Fault fault = map(handle, out)) return fault;
    out->map = std::move(content);
    out->version += 1;
    return {};
  }
  if (Fault fault = room()) return fault;
  auto made = std::make_unique<StoredMap>();
  made->map = std::move(content);
  handle = next_++;
  out = made.get();
  maps_.emplace(handle, std::move(made));
  return {};
}

Fault Store::index(uint64_t handle, StoredIndex*& out) {
  const auto found = indexes_.find(handle);
  if (found == indexes_.end()) return missing("spatial index", handle, "build it with SpatialBuild, handle 0");
  out = found->second.get();
  return {};
}

Fault Store::map(uint64_t handle, StoredMap*& out) {
  const auto found = maps_.find(handle);
  if (found == maps_.end()) return missing("map", handle, "make it with MapPut, handle 0");
  out = found->second.get();
  return {};
}

uint64_t Store::hash() const {
  hash::Xxh64 hash;
  hash.update_value(next_);
  for (const auto& [handle, held] : indexes_) {
    hash.update_value(handle);
    hash.update_value(held->version);
    hash.update_value(held->index.hash());
  }
  hash.update_value(uint64_t{0});  // no handle: indexes and maps cannot be taken for each other
  for (const auto& [handle, held] : maps_) {
    hash.update_value(handle);
    hash.update_value(held->version);
    hash.update_value(static_cast<uint8_t>(held->map.index()));
    hash.update_value(held->hash());
  }
  return hash.digest();
}

void Store::snapshot(std::vector<uint8_t>& out) const {
  SnapshotWriter to(out);
  to.value(next_);
  to.value(static_cast<uint32_t>(indexes_.size()));
  for (const auto& [handle, held] : indexes_) {
    std::vector<uint64_t> id;
    std::vector<double> x, y;
    std::vector<uint8_t> faction, kind;
    held->index.entities(id, x, y, faction, kind);
    to.value(handle), to.value(held->version), to.value(held->cell_size);
    to.column(id), to.column(x), to.column(y), to.column(faction), to.column(kind);
  }
  to.value(static_cast<uint32_t>(maps_.size()));
  for (const auto& [handle, held] : maps_) {
    to.value(handle), to.value(held->version), to.value(static_cast<uint8_t>(held->map.index()));
    if (const Grid* grid = std::get_if<Grid>(&held->map)) {
      to.value(grid->width()), to.value(grid->height()), to.column(grid->cells());
      continue;
    }
    const Graph& graph = std::get<Graph>(held->map);
    to.value(graph.nodes()), to.column(graph.x()), to.column(graph.y()), to.column(graph.source()),
        to.column(graph.target());
    to.column(graph.cost()), to.column(graph.terrain()), to.column(graph.portal()), to.column(graph.closed());
  }
  to.finish();
}

Fault Store::restore(const uint8_t* bytes, size_t size) {
  const auto corrupt = [](const std::string& reason) {
    return Fault{Code::corrupt_state, "the snapshot cannot be restored: " + reason};
  };
  SnapshotReader from;
  if (const std::string problem = from.open(bytes, size); !problem.empty()) return corrupt(problem);
  Store made(limits_);
  const std::string kShort = "it ends early, at byte ";
  uint32_t count = 0;
  if (!from.value(made.next_) || !from.value(count)) return corrupt(kShort + std::to_string(from.at()));
  const auto fits = [&](uint64_t handle) {
    return handle > 0 && handle < made.next_ && made.indexes_.count(handle) == 0 && made.maps_.count(handle) == 0 &&
           !made.room();
  };
  for (; count > 0; count--) {
    uint64_t handle = 0;
    auto held = std::make_unique<StoredIndex>();
    std::vector<uint64_t> id;
    std::vector<double> x, y;
    std::vector<uint8_t> faction, kind;
    if (!from.value(handle) || !from.value(held->version) || !from.value(held->cell_size) || !from.column(id) ||
        !from.column(x) || !from.column(y) || !from.column(faction) || !from.column(kind))
      return corrupt(kShort + std::to_string(from.at()));
    if (!fits(handle)) return corrupt("handle " + std::to_string(handle) + " is out of place");
    EntityColumns columns{{id.data(), id.size()},           {x.data(), x.size()},       {y.data(), y.size()},
                          {faction.data(), faction.size()}, {kind.data(), kind.size()}, held->cell_size};
    if (const Fault fault = held->index.build(columns, limits_)) return corrupt(fault.text);
    made.indexes_.emplace(handle, std::move(held));
  }
  if (!from.value(count)) return corrupt(kShort + std::to_string(from.at()));
  for (; count > 0; count--) {
    uint64_t handle = 0;
    uint8_t kind = 0;
    auto held = std::make_unique<StoredMap>();
    if (!from.value(handle) || !from.value(held->version) || !from.value(kind))
      return corrupt(kShort + std::to_string(from.at()));
    if (!fits(handle)) return corrupt("handle " + std::to_string(handle) + " is out of place");
    Fault fault;
    if (kind == 0) {
      uint32_t width = 0, height = 0;
      std::vector<uint8_t> cells;
      if (!from.value(width) || !from.value(height) || !from.column(cells))
        return corrupt(kShort + std::to_string(from.at()));
      fault = std::get<Grid>(held->map).assign(width, height, {cells.data(), cells.size()}, limits_);
    } else if (kind == 1) {
      GraphColumns columns;
      std::vector<double> x, y, cost;
      std::vector<uint32_t> source, target;
      std::vector<uint8_t> terrain, portal, closed;
      if (!from.value(columns.nodes) || !from.column(x) || !from.column(y) || !from.column(source) ||
          !from.column(target) || !from.column(cost) || !from.column(terrain) || !from.column(portal) ||
          !from.column(closed))
        return corrupt(kShort + std::to_string(from.at()));
      if (!x.empty()) columns.x = {x.data(), x.size()}, columns.y = {y.data(), y.size()};
      columns.source = {source.data(), source.size()}, columns.target = {target.data(), target.size()};
      columns.cost = {cost.data(), cost.size()}, columns.terrain = {terrain.data(), terrain.size()};
      columns.portal = {portal.data(), portal.size()}, columns.closed = {closed.data(), closed.size()};
      held->map = Graph();
      fault = std::get<Graph>(held->map).assign(columns, limits_);
    } else {
      return corrupt("kind " + std::to_string(kind) + " of map " + std::to_string(handle) + " is unknown");
    }
    if (fault) return corrupt(fault.text);
    made.maps_.emplace(handle, std::move(held));
  }
  if (!from.done()) return corrupt("more follows its end, at byte " + std::to_string(from.at()));
  *this = std::move(made);
  return {};
}

}  // namespace busbar::combat
