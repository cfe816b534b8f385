// Radius queries over a SpatialIndex.
#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>

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
  void finish() { memory_.resize(size_); }

 private:
  std::vector<uint64_t>& memory_;
  size_t size_ = 0;
};

/// Finds the entities near one position. One per worker; its memory stays.
class NearbySearch {
 public:
  explicit NearbySearch(const SpatialIndex& index) : index_(index) {
    const size_t words = (index.ids_.size() + 63) / 64;
    bits_.assign(words + 1, 0);
    summary_.assign(words / 64 + 1, 0);
    hits_.resize(index.ids_.size() + 64);
  }

  struct Hit {
    double square;
    uint32_t rank;
  };

  /// Appends hits in the order asked for. @returns how many are in reach, limit or not
  uint32_t find(double x, double y, double radius, uint64_t factions, uint64_t kinds, const NearbyRequest& request,
                HitList& ids, std::vector<double>& distances) {
    const bool nearest = request.order == static_cast<uint8_t>(HitOrder::nearest);
    const bool all = factions == ~uint64_t{0} && kinds == ~uint64_t{0};
    const uint32_t found = nearest || request.distances ? collect<true>(x, y, radius, factions, kinds, all)
                                                        : collect<false>(x, y, radius, factions, kinds, all);
    const uint32_t kept = request.limit == 0 ? found : std::min(found, request.limit);
    uint64_t* const to = ids.extend(kept);
    if (nearest || request.distances) {
      const auto closer = [](const Hit& a, const Hit& b) {
        return a.square != b.square ? a.square < b.square : a.rank < b.rank;
      };
      const auto lower = [](const Hit& a, const Hit& b) { return a.rank < b.rank; };
      if (nearest)
        std::partial_sort(far_.begin(), far_.begin() + kept, far_.begin() + found, closer);
      else
        std::partial_sort(far_.begin(), far_.begin() + kept, far_.begin() + found, lower);
      for (uint32_t i = 0; i < kept; i++) {
        to[i] = index_.ids_[far_[i].rank];
        if (request.distances) distances.push_back(std::sqrt(far_[i].square));
      }
      return found;
    }
    if (found < 2) {
      if (found == 1 && kept == 1) to[0] = index_.ids_[static_cast<uint32_t>(hits_[0])];
      return found;
    }
    const int32_t* const ranks = sorted(found);
    const uint64_t first_id = index_.ids_[0];
    if (index_.counted_) {
      for (uint32_t i = 0; i < kept; i++) to[i] = first_id + static_cast<uint32_t>(ranks[i]);
    } else {
      for (uint32_t i = 0; i < kept; i++) to[i] = index_.ids_[static_cast<uint32_t>(ranks[i])];
    }
    return found;
  }

 private:
  template <bool kWithDistance>
  uint32_t collect(double x, double y, double radius, uint64_t factions, uint64_t kinds, bool all) {
    const SpatialIndex& index = index_;
    // A rounding error must not keep a cell out: entities are judged by the rounded d^2 <= r^2.
    const double reach = radius + 1e-14 * (std::fabs(x) + std::fabs(y) + radius);
    const double limit = radius * radius;
    if (index.ids_.empty()) return 0;
    const uint32_t left = index.column_of(x - reach), right = index.column_of(x + reach);
    const uint32_t top = index.row_of(y - reach), bottom = index.row_of(y + reach);
    uint32_t count = 0;
    if constexpr (kWithDistance) far_.clear();
    int32_t* const hits = hits_.data();
    for (uint32_t row = top; row <= bottom; row++) {
      const uint32_t* const first = index.first_.data() + size_t{row} * index.columns_;
      const SpatialIndex::Place* const end = index.places_.data() + first[right + 1];
      for (const SpatialIndex::Place* place = index.places_.data() + first[left]; place < end; place++) {
        const double dx = place->x - x, dy = place->y - y, square = dx * dx + dy * dy;
        bool hit = square <= limit;
        if (!all) hit &= ((factions >> place->faction) & (kinds >> place->kind) & 1) != 0;
        if constexpr (kWithDistance) {
          if (hit) far_.push_back({square, place->rank});
          count += hit;
        } else {
          // Written always, kept when it counts: no branch on geometry.
          hits[count] = static_cast<int32_t>(place->rank);
          count += hit;
        }
      }
    }
    return count;
  }

  using Four [[gnu::vector_size(16)]] = int32_t;

  /// Each rank's place is the number of smaller ones: for few this is the fastest, as it has no branch and no order.
  template <uint32_t kFours>
  const int32_t* count_smaller(uint32_t count) {
    for (uint32_t i = count; i < kFours * 4; i++) hits_[i] = INT32_MAX;
    Four values[kFours], smaller[kFours] = {};
    std::memcpy(values, hits_.data(), sizeof values);
    for (uint32_t j = 0; j < count; j++) {
      const int32_t value = hits_[j];
      const Four each = {value, value, value, value};
      for (uint32_t k = 0; k < kFours; k++) smaller[k] -= each < values[k];
    }
    int32_t places[kFours * 4];
    std::memcpy(places, smaller, sizeof places);
    for (uint32_t i = 0; i < count; i++) sorted_[static_cast<uint32_t>(places[i])] = hits_[i];
    return sorted_;
  }

  /// The first `count` ranks in ascending order: few by counting, more through a bitmap with a summary.
  const int32_t* sorted(uint32_t count) {
    if (count <= 16) return count_smaller<4>(count);
    if (count <= 32) return count_smaller<8>(count);
    if (count <= 48) return count_smaller<12>(count);
    if (count <= 64) return count_smaller<16>(count);
    if (count > index_.ids_.size() / 8) {
      std::sort(hits_.begin(), hits_.begin() + count);
      return hits_.data();
    }
    for (uint32_t i = 0; i < count; i++) {
      const uint32_t rank = static_cast<uint32_t>(hits_[i]);
      bits_[rank >> 6] |= uint64_t{1} << (rank & 63);
      summary_[rank >> 12] |= uint64_t{1} << ((rank >> 6) & 63);
    }
    uint32_t to = 0;
    for (uint32_t i = 0; i < summary_.size(); i++) {
      for (uint64_t words = summary_[i]; words != 0; words &= words - 1) {
        const uint32_t word = i * 64 + static_cast<uint32_t>(std::countr_zero(words));
        for (uint64_t bits = bits_[word]; bits != 0; bits &= bits - 1)
          hits_[to++] = static_cast<int32_t>(word * 64 + static_cast<uint32_t>(std::countr_zero(bits)));
        bits_[word] = 0;
      }
      summary_[i] = 0;
    }
    return hits_.data();
  }

  const SpatialIndex& index_;
  std::vector<uint64_t> bits_, summary_;
  std::vector<int32_t> hits_;  // ranks; at least 64, so that few can be padded
  int32_t sorted_[64];
  std::vector<Hit> far_;
};

namespace {

constexpr uint32_t kBlock = 64;

Fault check(const NearbyRequest& request, const Limits& limits) {
  const size_t n = request.x.size;
  if (n > limits.columns_max) return limit_exceeded("number of positions", n, limits.columns_max);
  if (request.order > 1)
    return {Code::unknown_name,
            "order is " + std::to_string(request.order) + ", which is no order; they are 0 id, 1 nearest"};
  const auto length = [n](const char* name, size_t size, bool present, bool one) {
    if (!present || size == n || (one && size == 1)) return Fault{};
    return Fault{Code::malformed, std::string(name) + " has " + std::to_string(size) + " values, x has " +
                                      std::to_string(n) +
                                      (one ? "; give one per position, or one for all" : "; both have one length")};
  };
  for (const Fault& fault :
       {length("y", request.y.size, true, false), length("radius", request.radius.size, true, true),
        length("faction_mask", request.faction_mask.size, static_cast<bool>(request.faction_mask), true),
        length("kind_mask", request.kind_mask.size, static_cast<bool>(request.kind_mask), true)}) {
    if (fault) return fault;
  }
  return {};
}

Fault check_position(double x, double y, double radius, size_t i) {
  const std::string at = "[" + std::to_string(i) + "]";
  if (!(std::fabs(x) <= 1e12)) return out_of_range("x" + at, x, "write a number from -1e12 to 1e12");
  if (!(std::fabs(y) <= 1e12)) return out_of_range("y" + at, y, "write a number from -1e12 to 1e12");
  return out_of_range("radius" + at, radius, "write a number from 0 to 1e12");
}

}  // namespace

Fault SpatialIndex::query(const NearbyRequest& request, const Limits& limits, const Workers& workers,
                          NearbyResult& out) const {
  if (Fault fault = check(request, limits)) return fault;
  const uint32_t n = static_cast<uint32_t>(request.x.size), blocks = (n + kBlock - 1) / kBlock;
  out.offsets.resize(size_t{n} + 1), out.total.resize(n);
  out.ids.clear(), out.distances.clear(), out.faults.clear();
  const uint32_t threads = blocks > 1 && workers.parallel != nullptr ? std::max(workers.threads, 1u) : 1;
  // One thread writes straight into the answer; several write block by block, which are joined in order.
  struct Part {
    std::vector<uint64_t> ids;
    std::vector<double> distances;
    std::vector<ItemFault> faults;
  };
  std::vector<Part> parts(threads > 1 ? blocks : 0);
  std::vector<NearbySearch> searches;
  searches.reserve(threads);
  for (uint32_t i = 0; i < threads; i++) searches.emplace_back(*this);
  HitList whole(out.ids);
  std::atomic<bool> cancelled = false;
  std::atomic<uint64_t> hits = 0;
  auto block = [&](uint32_t index, uint32_t worker) {
    // Relaxed: `parallel` orders everything before its return; these only save work.
    if (cancelled.load(std::memory_order_relaxed) || hits.load(std::memory_order_relaxed) > limits.hits_max) return;
    if (workers.is_cancelled()) {
      cancelled.store(true, std::memory_order_relaxed);
      return;
    }
    std::vector<uint64_t> none;
    HitList own(threads > 1 ? parts[index].ids : none);
    HitList& ids = threads > 1 ? own : whole;
    std::vector<double>& distances = threads > 1 ? parts[index].distances : out.distances;
    std::vector<ItemFault>& faults = threads > 1 ? parts[index].faults : out.faults;
    const size_t before = ids.size();
    for (uint32_t i = index * kBlock, end = std::min(n, (index + 1) * kBlock); i < end; i++) {
      const double x = request.x.data[i], y = request.y.data[i];
      const double radius = request.radius.data[request.radius.size == 1 ? 0 : i];
      const auto mask = [i](const Column<uint64_t>& column) {
        return column ? column.data[column.size == 1 ? 0 : i] : ~uint64_t{0};
      };
      const size_t start = ids.size();
      out.total[i] = 0;
      if (std::fabs(x) <= 1e12 && std::fabs(y) <= 1e12 && radius >= 0 && radius <= 1e12) {
        out.total[i] = searches[worker].find(x, y, radius, mask(request.faction_mask), mask(request.kind_mask), request,
                                             ids, distances);
      } else {
        faults.push_back({i, check_position(x, y, radius, i)});
      }
      out.offsets[i + 1] = static_cast<uint32_t>(ids.size() - start);
      if (ids.size() - before > limits.hits_max) break;
    }
    hits.fetch_add(ids.size() - before, std::memory_order_relaxed);
    own.finish();
  };
  workers.run(blocks, block);
  whole.finish();
  if (cancelled.load(std::memory_order_relaxed)) return {Code::cancelled, "the request was cancelled"};
  if (hits.load(std::memory_order_relaxed) > limits.hits_max)
    return {Code::limit_exceeded, "number of hits is above the limit of " + std::to_string(limits.hits_max) +
                                      "; ask for fewer positions, smaller radii, or set limit"};
  out.offsets[0] = 0;
  for (uint32_t i = 0; i < n; i++) out.offsets[i + 1] += out.offsets[i];
  for (Part& part : parts) {
    out.ids.insert(out.ids.end(), part.ids.begin(), part.ids.end());
    out.distances.insert(out.distances.end(), part.distances.begin(), part.distances.end());
    std::move(part.faults.begin(), part.faults.end(), std::back_inserter(out.faults));
  }
  return {};
}

}  // namespace busbar::combat
