#include "spatial.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "core/hash/hash.h"

namespace busbar::combat {
namespace {

constexpr double kFarthest = 1e12;
/// Entities a cell holds on average when its size is not given: small cells waste fewer tests, large ones fewer rows.
constexpr double kPerCell = 4;
constexpr uint32_t kCellsMax = 1u << 22;
constexpr uint8_t kGroupsMax = 63;
/// Places of entities are asked for so many entities before they are needed.
constexpr uint32_t kAhead = 24;

Fault check(const EntityColumns& entities, const Limits& limits) {
  const size_t n = entities.id.size;
  if (n > limits.entities_max) return limit_exceeded("number of entities", n, limits.entities_max);
  const auto length = [n](const char* name, size_t size, bool present) {
    return !present || size == n
               ? Fault{}
               : Fault{Code::malformed, std::string(name) + " has " + std::to_string(size) + " values, id has " +
                                            std::to_string(n) + "; all columns have one length"};
  };
  for (const Fault& fault : {length("x", entities.x.size, true), length("y", entities.y.size, true),
                             length("faction", entities.faction.size, static_cast<bool>(entities.faction)),
                             length("kind", entities.kind.size, static_cast<bool>(entities.kind))}) {
    if (fault) return fault;
  }
  if (!(entities.cell_size >= 0 && entities.cell_size <= kFarthest))
    return out_of_range("cell_size", entities.cell_size, "write a positive number, or 0 to have one chosen");
  const double* const x = entities.x.data;
  const double* const y = entities.y.data;
  bool sound = true;
  for (size_t i = 0; i < n; i++) sound &= (std::fabs(x[i]) <= kFarthest) & (std::fabs(y[i]) <= kFarthest);
  for (const Column<uint8_t>& column : {entities.faction, entities.kind}) {
    for (size_t i = 0; i < column.size; i++) sound &= column.data[i] <= kGroupsMax;
  }
  for (size_t i = 0; !sound && i < n; i++) {
    const auto at = [i](const char* name) { return std::string(name) + "[" + std::to_string(i) + "]"; };
    static const std::string kPlace = "write a number from -1e12 to 1e12", kGroup = "write a number from 0 to 63";
    if (!(std::fabs(x[i]) <= kFarthest)) return out_of_range(at("x"), x[i], kPlace);
    if (!(std::fabs(y[i]) <= kFarthest)) return out_of_range(at("y"), y[i], kPlace);
    if (entities.faction.at(i, 0) > kGroupsMax) return out_of_range(at("faction"), entities.faction.data[i], kGroup);
    if (entities.kind.at(i, 0) > kGroupsMax) return out_of_range(at("kind"), entities.kind.data[i], kGroup);
  }
  return {};
}

/// A column in the order of ids; one that is absent is zeros.
template <class Value>
void hash_column(hash::Xxh64& hash, const Column<Value>& column, const std::vector<uint32_t>& order, size_t n) {
  if (order.empty() && column) return hash.update(column.data, n * sizeof(Value));
  // Many at a time, because a call costs more than a value.
  Value values[512] = {};
  for (size_t from = 0; from < n; from += 512) {
    const size_t count = std::min<size_t>(512, n - from);
    for (size_t i = 0; column && i < count; i++) values[i] = column.data[order.empty() ? from + i : order[from + i]];
    hash.update(values, count * sizeof(Value));
  }
}

}  // namespace

uint32_t SpatialIndex::column_of(double x) const {
  const double at = (x - min_x_) * per_cell_;  // NaN for 0 x infinity, in a cell of no size
  return at > 0 ? at >= columns_ - 1 ? columns_ - 1 : static_cast<uint32_t>(at) : 0;
}

uint32_t SpatialIndex::row_of(double y) const {
  const double at = (y - min_y_) * per_cell_;
  return at > 0 ? at >= rows_ - 1 ? rows_ - 1 : static_cast<uint32_t>(at) : 0;
}

Fault SpatialIndex::build(const EntityColumns& entities, const Limits& limits) {
  if (Fault fault = check(entities, limits)) return fault;
  const uint32_t n = static_cast<uint32_t>(entities.id.size);
  const uint64_t* const id = entities.id.data;
  std::vector<uint32_t> order;  // rows by id; empty: they are sorted already, which is the usual case
  if (std::adjacent_find(id, id + n, std::greater_equal<>()) != id + n) {
    order.resize(n);
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return id[a] < id[b]; });
    const auto same = [&](uint32_t a, uint32_t b) { return id[a] == id[b]; };
    if (const auto twice = std::adjacent_find(order.begin(), order.end(), same); twice != order.end()) {
      const uint32_t row = std::max(twice[0], twice[1]);
      return {Code::duplicate, "id[" + std::to_string(row) + "] is " + std::to_string(id[row]) +
                                   ", which is given twice; ids are unique within an index"};
    }
  }
  const auto row_at = [&](uint32_t rank) { return order.empty() ? rank : order[rank]; };

  // Nothing can fail from here on.
  ids_.resize(n);
  double max_x = n > 0 ? entities.x.data[0] : 0, max_y = n > 0 ? entities.y.data[0] : 0;
  min_x_ = max_x, min_y_ = max_y;
  for (uint32_t i = 0; i < n; i++) {
    ids_[i] = id[row_at(i)];
    min_x_ = std::min(min_x_, entities.x.data[i]), max_x = std::max(max_x, entities.x.data[i]);
    min_y_ = std::min(min_y_, entities.y.data[i]), max_y = std::max(max_y, entities.y.data[i]);
  }
  const double width = max_x - min_x_, height = max_y - min_y_;
  extent_ = std::max(width, height);
  cell_size_ = entities.cell_size;
  if (cell_size_ == 0) {
    const double cells = std::max(1.0, n / kPerCell);
    // Entities on a line have no area; they get cells along it.
    cell_size_ = std::max(std::sqrt(width * height / cells), std::max(width, height) / cells);
    if (!(cell_size_ > 0)) cell_size_ = 1;
  }
  const auto along = [&](double size) { return std::min(std::floor(size / cell_size_) + 1, 1e9); };
  while (along(width) * along(height) > std::min<double>(kCellsMax, 4.0 * n + 1024)) cell_size_ *= 1.25;
  columns_ = static_cast<uint32_t>(along(width)), rows_ = static_cast<uint32_t>(along(height));
  per_cell_ = 1 / cell_size_;

  counted_ = n > 0 && ids_[n - 1] - ids_[0] == n - 1;

  // Counting sort. Going through the entities by id leaves each cell sorted by id.
  std::vector<uint32_t> cell(n);
  first_.assign(size_t{cells()} + 1, 0);
  for (uint32_t rank = 0; rank < n; rank++) {
    const uint32_t row = row_at(rank);
    cell[rank] = row_of(entities.y.data[row]) * columns_ + column_of(entities.x.data[row]);
    first_[cell[rank] + 1] += 1;
  }
  for (uint32_t i = 0; i < cells(); i++) first_[i + 1] += first_[i];
  // Ranks find their places first, since these fit into a cache; what belongs to them is then written one behind the
  // other.
  std::vector<uint32_t> next(first_.begin(), first_.end() - 1), ranks(size_t{n} + kAhead);
  for (uint32_t rank = 0; rank < n; rank++) ranks[next[cell[rank]]++] = rank;
  points_.resize(n), blocks_.resize((size_t{n} + 3) / 4);
  Point* const points = points_.data();
  PlaceBlock* const blocks = blocks_.data();
  const double *const xs = entities.x.data, *const ys = entities.y.data, left = min_x_, bottom = min_y_;
  for (uint32_t to = 0; to < n; to++) {
    const uint32_t rank = ranks[to], row = row_at(rank), soon = row_at(ranks[to + kAhead]);
    __builtin_prefetch(xs + soon), __builtin_prefetch(ys + soon);
    const Point point = points[to] = {xs[row], ys[row]};
    PlaceBlock& block = blocks[to / 4];
    const uint32_t lane = to % 4;
    block.x[lane] = static_cast<float>(point.x - left), block.y[lane] = static_cast<float>(point.y - bottom);
    block.rank[lane] = rank;
    block.faction[lane] = entities.faction.at(row, 0), block.kind[lane] = entities.kind.at(row, 0);
  }
  hash::Xxh64 hash;
  hash.update_value(uint64_t{n});
  hash.update(ids_.data(), n * sizeof(uint64_t));
  hash_column(hash, entities.x, order, n), hash_column(hash, entities.y, order, n);
  hash_column(hash, entities.faction, order, n), hash_column(hash, entities.kind, order, n);
  hash_ = hash.digest();
  return {};
}

void SpatialIndex::entities(std::vector<uint64_t>& id, std::vector<double>& x, std::vector<double>& y,
                            std::vector<uint8_t>& faction, std::vector<uint8_t>& kind) const {
  const size_t n = ids_.size();
  id = ids_;
  x.resize(n), y.resize(n), faction.resize(n), kind.resize(n);
  for (size_t i = 0; i < n; i++) {
    const PlaceBlock& block = blocks_[i / 4];
    const uint32_t lane = i % 4, rank = block.rank[lane];
    x[rank] = points_[i].x, y[rank] = points_[i].y, faction[rank] = block.faction[lane], kind[rank] = block.kind[lane];
  }
}

}  // namespace busbar::combat
