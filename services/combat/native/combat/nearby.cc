// Radius queries over a SpatialIndex.
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>

#include "nearby_search.h"

namespace busbar::combat {

namespace {

constexpr uint32_t kBlock = 64;
/// Positions whose places are on their way from memory while one is worked on.
constexpr uint32_t kAhead = 3;

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

bool is_sound(const Circle& circle) {
  return std::fabs(circle.x) <= 1e12 && std::fabs(circle.y) <= 1e12 && circle.radius >= 0 && circle.radius <= 1e12;
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
  static_assert(std::tuple_size_v<decltype(NearbyMemory::rows)> > kAhead);
  out.ids.clear(), out.distances.clear(), out.faults.clear();
  const uint32_t threads = blocks > 1 && workers.parallel != nullptr ? std::max(workers.threads, 1u) : 1;
  // One thread writes straight into the answer; several write block by block, which are joined in order.
  struct Part {
    std::vector<uint64_t> ids;
    std::vector<double> distances;
    std::vector<ItemFault> faults;
  };
  std::vector<Part> parts(threads > 1 ? blocks : 0);
  if (out.memory.size() < threads) out.memory.resize(threads);
  std::vector<NearbySearch> searches;
  searches.reserve(threads);
  for (uint32_t i = 0; i < threads; i++) searches.emplace_back(*this, out.memory[i]);
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
    NearbySearch& search = searches[worker];
    auto& rows = out.memory[worker].rows;
    const uint32_t from = index * kBlock, end = std::min(n, from + kBlock);
    const auto circle_of = [&](uint32_t i) {
      return Circle{request.x.data[i], request.y.data[i], request.radius.data[request.radius.size == 1 ? 0 : i]};
    };
    NearbySearch::Box boxes[kBlock];
    for (uint32_t i = from; i < end; i++) {
      if (const Circle circle = circle_of(i); is_sound(circle)) boxes[i - from] = search.box_of(circle);
    }
    const auto send_for = [&](uint32_t i) {
      if (i < end && is_sound(circle_of(i))) search.rows_of(boxes[i - from], rows[i % rows.size()]);
    };
    for (uint32_t i = from; i < from + kAhead; i++) send_for(i);
    for (uint32_t i = from; i < end; i++) {
      send_for(i + kAhead);
      const auto mask = [i](const Column<uint64_t>& column) {
        return column ? column.data[column.size == 1 ? 0 : i] : ~uint64_t{0};
      };
      const Circle circle = circle_of(i);
      const size_t start = ids.size();
      out.total[i] = 0;
      if (is_sound(circle)) {
        const GroupMasks masks{mask(request.faction_mask), mask(request.kind_mask)};
        out.total[i] = search.find(circle, masks, rows[i % rows.size()], request, ids, distances);
      } else {
        faults.push_back({i, check_position(circle.x, circle.y, circle.radius, i)});
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
