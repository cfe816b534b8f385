// Entities in the plane: a uniform grid in compressed rows, built by counting sort.
#pragma once

#include <cstdint>
#include <vector>

#include "battle.h"
#include "config.h"
#include "fault.h"
#include "workers.h"

namespace busbar::combat {

struct EntityColumns {
  Column<uint64_t> id;
  Column<double> x, y;
  Column<uint8_t> faction, kind;
  double cell_size = 0;  // 0: chosen from the density
};

enum class HitOrder : uint8_t { id, nearest };

struct NearbyRequest {
  Column<double> x, y, radius;
  Column<uint64_t> faction_mask, kind_mask;
  uint32_t limit = 0;
  uint8_t order = 0;
  bool distances = false;
};

/// Kept between calls, so that they allocate once.
struct NearbyResult {
  std::vector<uint32_t> offsets, total;
  std::vector<uint64_t> ids;
  std::vector<double> distances;
  std::vector<ItemFault> faults;
};

class SpatialIndex {
 public:
  /// Replaces the contents. On a fault the old ones stay.
  Fault build(const EntityColumns& entities, const Limits& limits);

  /// @returns a fault of the request, core/cancelled, or nothing; a bad position has its own fault and no hits
  Fault query(const NearbyRequest& request, const Limits& limits, const Workers& workers, NearbyResult& out) const;

  uint32_t count() const { return static_cast<uint32_t>(ids_.size()); }
  uint32_t cells() const { return columns_ * rows_; }
  double cell_size() const { return cell_size_; }
  /// XXH64 over the entities in the order of their ids.
  uint64_t hash() const { return hash_; }
  /// The entities in the order of their ids, for snapshots.
  void entities(std::vector<uint64_t>& id, std::vector<double>& x, std::vector<double>& y,
                std::vector<uint8_t>& faction, std::vector<uint8_t>& kind) const;

 private:
  friend class NearbySearch;
  /// What a query looks at, together in memory. `rank` is the place in the order of ids.
  struct Place {
    double x, y;
    uint32_t rank;
    uint8_t faction, kind;
  };
  uint32_t column_of(double x) const;
  uint32_t row_of(double y) const;

  double min_x_ = 0, min_y_ = 0, cell_size_ = 1, per_cell_ = 1;
  uint32_t columns_ = 1, rows_ = 1;
  std::vector<uint32_t> first_;  // of each cell; one more than there are cells
  std::vector<Place> places_;    // by cell, then id
  std::vector<uint64_t> ids_;    // ascending
  bool counted_ = false;         // ids follow each other without a gap
  uint64_t hash_ = 0;
};

}  // namespace busbar::combat
