#include "resolver.h"

#include <algorithm>
#include <atomic>

namespace busbar::combat {

Resolver::Resolver(Config config, uint32_t threads) : config_(config) {
  fields_.resize(std::max(threads, 1u));
  for (auto& field : fields_) field = std::make_unique<Battlefield>();
}

bool Resolver::run(const BattleRequest* requests, size_t count, uint64_t seed, uint64_t first_index,
                   const Workers& workers, size_t first, bool single) {
  if (outcomes_.size() < count) outcomes_.resize(count);
  std::atomic<bool> cancelled = false;
  auto work = [&](uint32_t i, uint32_t worker) {
    // Relaxed: `parallel` orders everything before its return; here it only saves work.
    if (cancelled.load(std::memory_order_relaxed)) return;
    if (workers.is_cancelled()) {
      cancelled.store(true, std::memory_order_relaxed);
      return;
    }
    const std::string path = single ? "battle" : "battles[" + std::to_string(first + i) + "]";
    resolve(requests[i], config_, path, seed, first_index + i, *fields_[worker], outcomes_[i]);
  };
  workers.run(static_cast<uint32_t>(count), work);
  return !cancelled.load(std::memory_order_relaxed);
}

}  // namespace busbar::combat
