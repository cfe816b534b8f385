// What the service holds between requests: indexes and maps by handle, their versions, snapshot and hash.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph.h"
#include "grid.h"
#include "spatial.h"

namespace busbar::combat {

struct StoredIndex {
  uint32_t version = 1;
  double cell_size = 0;  // as asked for
  SpatialIndex index;
};

struct StoredMap {
  uint32_t version = 1;
  std::variant<Grid, Graph> map;
  uint64_t hash() const {
    return std::visit([](const auto& held) { return held.hash(); }, map);
  }
};

/// Handles are counters and never given twice. Maps are ordered, so that walks go by handle.
class Store {
 public:
  explicit Store(const Limits& limits) : limits_(limits) {}

  /// @param handle 0 makes a new one; it is then written back
  Fault build_index(uint64_t& handle, const EntityColumns& entities, StoredIndex*& out);
  /// What `make` puts there becomes the map of `handle`.
  Fault put_map(uint64_t& handle, std::variant<Grid, Graph>&& map, StoredMap*& out);
  Fault index(uint64_t handle, StoredIndex*& out);
  Fault map(uint64_t handle, StoredMap*& out);
  bool drop_index(uint64_t handle) { return indexes_.erase(handle) > 0; }
  bool drop_map(uint64_t handle) { return maps_.erase(handle) > 0; }

  /// Of all indexes.
  uint64_t entities() const {
    uint64_t sum = 0;
    for (const auto& [handle, stored] : indexes_) sum += stored->index.count();
    return sum;
  }

  uint64_t hash() const;
  void snapshot(std::vector<uint8_t>& out) const;
  /// All or nothing. @returns combat/corrupt-state with the reason
  Fault restore(const uint8_t* bytes, size_t size);

 private:
  Fault room() const;

  Limits limits_;
  uint64_t next_ = 1;
  // Behind pointers: the workers' searches refer to them while other entries come and go.
  std::map<uint64_t, std::unique_ptr<StoredIndex>> indexes_;
  std::map<uint64_t, std::unique_ptr<StoredMap>> maps_;
};

}  // namespace busbar::combat
