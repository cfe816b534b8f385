// The liquidity-saving pass of the slow model (services.md 4.5).
#include <algorithm>
#include <tuple>

#include "testing/slow_model.h"

namespace busbar::payments::testing {

void SlowModel::saving() {
  const LsmConfig& rules = config_.lsm;
  if (!rules.bilateral && !rules.cycles && !rules.multilateral) return;
  for (int round = 0; round < 3; ++round) {
    uint64_t count = 0;
    if (rules.bilateral) count += bilateral();
    count += pass();
    if (rules.cycles) count += cycles();
    if (rules.multilateral) count += multilateral();
    count += pass();
    if (count == 0) return;
  }
}

uint64_t SlowModel::bilateral() {
  std::vector<std::tuple<int64_t, uint32_t, uint32_t>> pairs;
  for (uint32_t a = 0; a < banks.size(); ++a) {
    for (uint32_t b = a + 1; b < banks.size(); ++b) {
      const int64_t value = std::min(sum(queued(a, b)), sum(queued(b, a)));
      if (value > 0) pairs.emplace_back(-value, a, b);
    }
  }
  std::sort(pairs.begin(), pairs.end());
  uint64_t count = 0;
  for (const auto& [value, a, b] : pairs) {
    Ids both = queued(a, b);
    for (const uint32_t id : queued(b, a)) both.push_back(id);
    if (!may(both)) {
      bilateral_rejected += 1;
      continue;
    }
    settle(both, true);
    bilateral_settled += 1;
    count += both.size();
  }
  return count;
}

uint64_t SlowModel::cycles() {
  if (cycles_this_tick_ >= config_.lsm.cycles_per_tick_max) return 0;
  // All rings of banks that begin with their smallest, by what is queued along them, as things stand before the first settles.
  struct Ring {
    int64_t value;
    std::vector<uint32_t> banks;
    std::vector<Ids> edges;
  };
  std::vector<Ring> rings;
  std::vector<uint32_t> path;
  const auto extend = [&](const auto& self) -> void {
    if (path.size() >= 3 && !queued(path.back(), path.front()).empty()) {
      Ring ring{0, path, {}};
      for (size_t i = 0; i < path.size(); ++i) {
        ring.edges.push_back(queued(path[i], path[(i + 1) % path.size()]));
        ring.value -= sum(ring.edges.back());
      }
      rings.push_back(ring);
    }
    if (path.size() == config_.lsm.cycle_length_max) return;
    for (uint32_t next = path.front() + 1; next < banks.size(); ++next) {
      if (std::find(path.begin(), path.end(), next) != path.end() || queued(path.back(), next).empty()) continue;
      path.push_back(next);
      self(self);
      path.pop_back();
    }
  };
  for (uint32_t first = 0; first < banks.size(); ++first) {
    path.assign(1, first);
    extend(extend);
  }
  std::sort(rings.begin(), rings.end(),
            [](const Ring& a, const Ring& b) { return std::tie(a.value, a.banks) < std::tie(b.value, b.banks); });
  uint64_t count = 0;
  for (const Ring& ring : rings) {
    if (cycles_this_tick_ >= config_.lsm.cycles_per_tick_max) break;
    Ids all;
    bool whole = true;
    for (const Ids& edge : ring.edges) {
      for (const uint32_t id : edge) {
        all.push_back(id);
        whole = whole && payments[id].place == SlowPayment::Place::queue2;
      }
    }
    if (!whole) continue;  // a part of it has settled along another ring
    if (!may(all)) {
      cycles_rejected += 1;
      continue;
    }
    settle(all, true);
    cycles_settled += 1;
    cycles_this_tick_ += 1;
    count += all.size();
  }
  return count;
}

uint64_t SlowModel::multilateral() {
  Ids kept = in_order();
  for (bool again = true; again;) {
    again = false;
    for (uint32_t bank = 0; bank < banks.size() && !again; ++bank) {
      // Whether it is overdrawn, with what all others still send to it.
      Ids mine;
      int64_t in = 0;
      for (const uint32_t id : kept) {
        if (payments[id].from == bank) mine.push_back(id);
        if (payments[id].to == bank) in += payments[id].open;
      }
      if (mine.empty()) continue;
      const bool funded = sum(mine) - in <= available(bank);
      const AgentConfig& rules = config_.agents[bank];
      bool within = rules.multilateral_limit < 0 || sent_today(bank, -1) + sum(mine) <= rules.multilateral_limit;
      for (const LimitConfig& limit : rules.bilateral_limits) {
        int64_t out = 0;
        for (const uint32_t id : mine) out += payments[id].to == limit.agent ? payments[id].open : 0;
        within = within && (out == 0 || sent_today(bank, limit.agent) + out <= limit.limit);
      }
      if (funded && within) continue;
      std::erase(kept, mine.back());
      again = true;
    }
  }
  if (!kept.empty()) settle(kept, true);
  return kept.size();
}

}  // namespace busbar::payments::testing
