// Finds the entities near one position. Internal to nearby.cc.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>

#include "spatial.h"

namespace busbar::combat {

/// Ids that are appended; room that was made once is not cleared again.
class HitList {
 public:
  explicit HitList(std::vector<uint64_t>& memory) : memory_(memory) { memory_.resize(memory_.capacity()); }
  size_t size() const { return size_; }
  uint64_t* extend(size_t count) {
    if (size_ + count > memory_.size()) memory_.resize(std::max(size_ + count, memory_.size() * 2));
    size_ += count;
    return memory_.data() + size_ - count;
  }
  void drop(size_t count) { size_ -= count; }
  void finish() { memory_.resize(size_); }

 private:
  std::vector<uint64_t>& memory_;
  size_t size_ = 0;
};

struct Circle {
  double x, y, radius;
};

/// One per worker, for one request. Searching is in three steps, so that a caller with many positions can have the
/// memory of later ones on its way: the box of cells, the rows of places in it, the places.
class NearbySearch {
 public:
  NearbySearch(const SpatialIndex& index, NearbyMemory& memory) : index_(index), memory_(memory) {
    const size_t words = (index.ids_.size() + 63) / 64;
    memory.bits.resize(words + 1), memory.summary.resize(words / 64 + 1);
    memory.ranks.resize(std::max<size_t>(index.ids_.size(), kFewMax) + kRankSlack);
  }

  struct Box {
    uint32_t left, right, top, bottom;
  };

  Box box_of(const Circle& circle) const {
    // A rounding error must not keep a cell out: entities are judged by the rounded d^2 <= r^2.
    const double reach = circle.radius + 1e-14 * (std::fabs(circle.x) + std::fabs(circle.y) + circle.radius);
    const Box box{index_.column_of(circle.x - reach), index_.column_of(circle.x + reach),
                  index_.row_of(circle.y - reach), index_.row_of(circle.y + reach)};
    if (box.bottom - box.top < kPrefetchedRows) {
      for (uint32_t row = box.top; row <= box.bottom; row++) {
        const uint32_t* const first = index_.first_.data() + size_t{row} * index_.columns_;
        __builtin_prefetch(first + box.left);
        __builtin_prefetch(first + box.right + 1);
      }
    }
    return box;
  }

  /// Replaces `rows` by the places of the box.
  void rows_of(const Box& box, std::vector<PlaceRow>& rows) const {
    rows.resize(size_t{box.bottom} - box.top + 1);
    PlaceRow* to = rows.data();
    for (uint32_t row = box.top; row <= box.bottom; row++) {
      const uint32_t* const first = index_.first_.data() + size_t{row} * index_.columns_;
      *to = {first[box.left], first[box.right + 1]};
      to += to->from < to->to;
    }
    rows.resize(static_cast<size_t>(to - rows.data()));
    if (rows.size() > kPrefetchedRows) return;
    for (const PlaceRow& row : rows) {
      for (uint32_t block = row.from / 4; block <= (row.to - 1) / 4; block++)
        __builtin_prefetch(index_.blocks_.data() + block);
    }
  }

  /// Appends hits in the order asked for. @returns how many are in reach, limit or not
  uint32_t find(const Circle& circle, const GroupMasks& masks, const std::vector<PlaceRow>& rows,
                const NearbyRequest& request, HitList& ids, std::vector<double>& distances) {
    const bool nearest = request.order == static_cast<uint8_t>(HitOrder::nearest);
    if (nearest || request.distances) return find_with_distance(circle, masks, rows, request, nearest, ids, distances);
    const uint32_t found = collect(circle, masks, rows);
    uint64_t* const to = ids.extend(found);
    if (found <= kFewMax)
      put_few(found, to);
    else
      put_many(found, to);
    const uint32_t kept = request.limit == 0 ? found : std::min(found, request.limit);
    ids.drop(found - kept);
    return found;
  }

 private:
  static constexpr uint32_t kPrefetchedRows = 16;

  /// Calls fn(square, rank) for each entity in the circle by exact coordinates.
  template <class Fn>
  void exactly(const Circle& circle, const GroupMasks& masks, const std::vector<PlaceRow>& rows, Fn fn) const {
    const double limit = circle.radius * circle.radius;
    for (const PlaceRow& row : rows) {
      for (uint32_t i = row.from; i < row.to; i++) {
        const SpatialIndex::Point& point = index_.points_[i];
        const double dx = point.x - circle.x, dy = point.y - circle.y, square = dx * dx + dy * dy;
        if (!(square <= limit)) continue;
        const PlaceBlock& block = index_.blocks_[i / 4];
        if ((masks.factions >> block.faction[i % 4] & masks.kinds >> block.kind[i % 4] & 1) != 0)
          fn(square, block.rank[i % 4]);
      }
    }
  }

  /// @returns false when rounded coordinates decide too little
  bool round(const Circle& circle, RoundedCircle& out) const {
    const double x = circle.x - index_.min_x_, y = circle.y - index_.min_y_;
    // Coordinates up to m are rounded by m * 2^-24 each, their difference by at most as much again twice over: the
    // distance is wrong by less than sqrt(2) * m * 2^-22. Half of `slack` covers that, the rest what double rounds.
    const double slack = std::max({index_.extent_, std::fabs(x), std::fabs(y)}) * 0x1p-20;
    const double inner = circle.radius - slack, outer = circle.radius + slack;
    if (!(inner > 1e-15) || outer > 1.01 * inner) return false;
    // Squares of floats are wrong by less than 2^-22 of themselves.
    out = {static_cast<float>(x), static_cast<float>(y), static_cast<float>(inner * inner * (1 - 0x1p-20)),
           static_cast<float>(outer * outer * (1 + 0x1p-20))};
    return true;
  }

  /// Leaves the ranks in memory_.ranks, in no order.
  uint32_t collect(const Circle& circle, const GroupMasks& masks, const std::vector<PlaceRow>& rows) {
    uint32_t* const ranks = memory_.ranks.data();
    if (RoundedCircle rounded; round(circle, rounded)) {
      bool doubtful;
      const uint32_t count = loops_.collect(index_.blocks_.data(), rows.data(), static_cast<uint32_t>(rows.size()),
                                            rounded, masks, ranks, doubtful);
      if (!doubtful) return count;
    }
    uint32_t count = 0;
    exactly(circle, masks, rows, [&](double, uint32_t rank) { ranks[count++] = rank; });
    return count;
  }

  uint64_t id_of(uint32_t rank) const { return index_.counted_ ? index_.ids_[0] + rank : index_.ids_[rank]; }

  void put_few(uint32_t count, uint64_t* to) {
    uint32_t places[kFewMax];
    uint32_t* const ranks = memory_.ranks.data();
    loops_.place_of_each(ranks, count, places);
    if (index_.counted_) {
      const uint64_t first = count == 0 ? 0 : index_.ids_[0];
      for (uint32_t i = 0; i < count; i++) to[places[i]] = first + ranks[i];
    } else {
      for (uint32_t i = 0; i < count; i++) to[places[i]] = index_.ids_[ranks[i]];
    }
  }

  /// Through a bitmap with a summary, or when that is no shorter than they are, by comparing.
  void put_many(uint32_t count, uint64_t* to) {
    uint32_t* const ranks = memory_.ranks.data();
    if (count > index_.ids_.size() / 8) {
      std::sort(ranks, ranks + count);
      for (uint32_t i = 0; i < count; i++) to[i] = id_of(ranks[i]);
      return;
    }
    std::vector<uint64_t>&bits = memory_.bits, &summary = memory_.summary;
    for (uint32_t i = 0; i < count; i++) {
      bits[ranks[i] >> 6] |= uint64_t{1} << (ranks[i] & 63);
      summary[ranks[i] >> 12] |= uint64_t{1} << ((ranks[i] >> 6) & 63);
    }
    for (uint32_t i = 0; i < summary.size(); i++) {
      for (uint64_t words = summary[i]; words != 0; words &= words - 1) {
        const uint32_t word = i * 64 + static_cast<uint32_t>(std::countr_zero(words));
        for (uint64_t rest = bits[word]; rest != 0; rest &= rest - 1)
          *to++ = id_of(word * 64 + static_cast<uint32_t>(std::countr_zero(rest)));
        bits[word] = 0;
      }
      summary[i] = 0;
    }
  }

  uint32_t find_with_distance(const Circle& circle, const GroupMasks& masks, const std::vector<PlaceRow>& rows,
                              const NearbyRequest& request, bool nearest, HitList& ids,
                              std::vector<double>& distances) {
    using Hit = NearbyMemory::Hit;
    std::vector<Hit>& far = memory_.far;
    far.clear();
    exactly(circle, masks, rows, [&](double square, uint32_t rank) { far.push_back({square, rank}); });
    const uint32_t found = static_cast<uint32_t>(far.size());
    const uint32_t kept = request.limit == 0 ? found : std::min(found, request.limit);
    const auto closer = [](const Hit& a, const Hit& b) {
      return a.square != b.square ? a.square < b.square : a.rank < b.rank;
    };
    const auto lower = [](const Hit& a, const Hit& b) { return a.rank < b.rank; };
    if (nearest)
      std::partial_sort(far.begin(), far.begin() + kept, far.end(), closer);
    else
      std::partial_sort(far.begin(), far.begin() + kept, far.end(), lower);
    uint64_t* const to = ids.extend(kept);
    for (uint32_t i = 0; i < kept; i++) {
      to[i] = id_of(far[i].rank);
      if (request.distances) distances.push_back(std::sqrt(far[i].square));
    }
    return found;
  }

  const SpatialIndex& index_;
  NearbyMemory& memory_;
  const NearLoops& loops_ = near_loops();
};

}  // namespace busbar::combat
