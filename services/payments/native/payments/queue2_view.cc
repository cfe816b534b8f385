#include <algorithm>

#include "world.h"

namespace busbar::payments {

int64_t Queue2View::sum(uint32_t sender, uint32_t receiver) const {
  const uint64_t key = uint64_t{sender} << 32 | receiver;
  const auto found = std::lower_bound(pairs.begin(), pairs.end(), key,
                                      [](const auto& pair, uint64_t wanted) { return pair.first < wanted; });
  return found == pairs.end() || found->first != key ? 0 : found->second;
}

const Queue2View& World::queue2_view() {
  if (view_.version == queue2_version) return view_;
  view_.version = queue2_version;
  view_.nearest_deadline.assign(agents.size(), kNone);
  view_.incoming.assign(agents.size(), 0);
  view_.pairs.clear();
  for (const uint32_t id : queue2) {
    const Transaction& payment = transactions[id];
    if (payment.status != Status::queued) continue;
    uint32_t& nearest = view_.nearest_deadline[payment.sender];
    nearest = std::min(nearest, payment.deadline);
    view_.incoming[payment.receiver] += 1;
    view_.pairs.emplace_back(uint64_t{payment.sender} << 32 | payment.receiver, payment.remaining);
  }
  std::sort(view_.pairs.begin(), view_.pairs.end());
  size_t kept = 0;
  for (size_t i = 0; i < view_.pairs.size(); ++i) {
    if (kept > 0 && view_.pairs[kept - 1].first == view_.pairs[i].first) {
      view_.pairs[kept - 1].second += view_.pairs[i].second;
    } else {
      view_.pairs[kept++] = view_.pairs[i];
    }
  }
  view_.pairs.resize(kept);
  return view_;
}

}  // namespace busbar::payments
