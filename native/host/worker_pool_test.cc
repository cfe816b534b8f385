#include "host/worker_pool.h"

#include <gtest/gtest.h>

#include <vector>

namespace busbar::host {
namespace {

struct Counts {
  std::vector<uint32_t> pieces;
  std::vector<uint32_t> workers;
};

void count(void* argument, uint32_t index, uint32_t worker) {
  auto& counts = *static_cast<Counts*>(argument);
  counts.pieces[index]++;
  counts.workers.at(worker)++;
}

TEST(WorkerPool, CallsEachIndexOnceOverManyRuns) {
  for (const uint32_t threads : {1u, 2u, 3u, 8u}) {
    WorkerPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (uint32_t run = 0; run < 200; run++) {
      Counts counts{std::vector<uint32_t>(run), std::vector<uint32_t>(threads)};
      pool.run(run, count, &counts);
      for (const uint32_t times : counts.pieces) ASSERT_EQ(times, 1u);
      uint32_t sum = 0;
      for (const uint32_t done : counts.workers) sum += done;
      ASSERT_EQ(sum, run);
    }
  }
}

}  // namespace
}  // namespace busbar::host
