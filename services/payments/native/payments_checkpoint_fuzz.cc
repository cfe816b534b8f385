// Mutates checkpoints and mends their hash, so that what lies behind it is read; each is refused as corrupt, or goes on
// to its end with its money and limits in order (run it under the asan preset).
#include <cstring>

#include "core/hash/hash.h"
#include "payments/checkpoint.h"
#include "payments/fault.h"
#include "testing/fuzz.h"
#include "testing/scenes.h"

namespace {

using namespace busbar::payments;

void one(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.size() >= 16) {
    const uint64_t hash = busbar::hash::xxh64(bytes.data() + 16, bytes.size() - 16);
    std::memcpy(bytes.data() + 8, &hash, sizeof hash);
  }
  try {
    const auto world = read_checkpoint(bytes);
    for (int i = 0; i < 20 && world->tick < world->config->ticks && world->transactions.size() < 20'000; ++i) {
      run_tick(*world);
    }
    for (const Agent& agent : world->agents) {
      if (agent.balance + agent.credit < 0) std::abort();
    }
  } catch (const Refusal& refusal) {
    if (refusal.code != Code::corrupt_state && refusal.code != Code::unsupported_version) std::abort();
  }
}

busbar::testing::Input seed(busbar::random::Stream& dice) {
  World world = testing::random_scene(dice).world();
  for (uint64_t n = dice.below(8); n > 0; --n) run_tick(world);
  const std::string bytes = write_checkpoint(world, dice.below(2) == 0);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

BUSBAR_FUZZ_MAIN(one, seed)
