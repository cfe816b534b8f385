// Entities in the plane: a uniform grid in compressed rows, built by counting sort.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "battle.h"
#include "config.h"
#include "fault.h"
#include "near_places.h"
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

/// Scratch of one worker. `bits` and `summary` are all zero between searches.
struct NearbyMemory {
  struct Hit {
    double square;
    uint32_t rank;
  };
  std::vector<uint64_t> bits, summary;
  std::vector<uint32_t> ranks;
  std::vector<Hit> far;
  std::array<std::vector<PlaceRow>, 4> rows;  // of positions that follow each other
};

/// Kept between calls, so that they allocate once.
struct NearbyResult {
  std::vector<uint32_t> offsets, total;
  std::vector<uint64_t> ids;
  std::vector<double> distances;
  std::vector<ItemFault> faults;
  /// What each worker searches with.
  std::vector<NearbyMemory> memory;
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
  /// XXH64 over number, ids and columns of the entities in the order of their ids, whatever the size of cells.
  uint64_t hash() const { return hash_; }
  /// The entities in the order of their ids, for snapshots.
  void entities(std::vector<uint64_t>& id, std::vector<double>& x, std::vector<double>& y,
                std::vector<uint8_t>& faction, std::vector<uint8_t>& kind) const;

 private:
  friend class NearbySearch;
  struct Point {
    double x, y;
  };
  uint32_t column_of(double x) const;
  uint32_t row_of(double y) const;

  double min_x_ = 0, min_y_ = 0, cell_size_ = 1, per_cell_ = 1;
  uint32_t columns_ = 1, rows_ = 1;
  double extent_ = 0;            // the longer side of the box around all
  std::vector<uint32_t> first_ = {0, 0};  // of each cell; one more than there are cells
  // Places by cell, then id; `rank` is the place in the order of ids. Exact coordinates are looked at in cases of doubt.
  std::vector<PlaceBlock> blocks_;
  std::vector<Point> points_;
  std::vector<uint64_t> ids_;  // ascending
  bool counted_ = false;       // ids follow each other without a gap
  uint64_t hash_ = 0;
};

}  // namespace busbar::combat
