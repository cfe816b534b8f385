// Workers as a host lends them: real threads, indices handed out as they come.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

#include "cards/batch.h"

namespace busbar::cards::testing {

/// Outlives the helpers that it gives.
struct LentThreads {
  uint32_t threads;

  Helpers helpers() {
    Helpers helpers;
    helpers.context = this;
    helpers.threads = threads;
    helpers.parallel = threads > 1 ? &LentThreads::parallel : nullptr;
    return helpers;
  }

 private:
  static void parallel(void* context, uint32_t count, void (*fn)(void*, uint32_t, uint32_t), void* argument) {
    const LentThreads& self = *static_cast<LentThreads*>(context);
    std::atomic<uint32_t> next{0};
    std::vector<std::thread> workers;
    for (uint32_t worker = 0; worker < self.threads; ++worker) {
      workers.emplace_back([&, worker] {
        for (uint32_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) fn(argument, i, worker);
      });
    }
    for (std::thread& worker : workers) worker.join();
  }
};

}  // namespace busbar::cards::testing
