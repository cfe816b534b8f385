// Mutates configs and trees; each is refused by name or runs to its end (run it under the asan preset).
#include <string_view>

#include "payments/fault.h"
#include "payments/world.h"
#include "testing/fuzz.h"
#include "testing/scenes.h"

namespace {

using namespace busbar::payments;

void one(const uint8_t* data, size_t size) {
  try {
    const auto config = read_config({reinterpret_cast<const char*>(data), size});
    World world(config, {});
    for (int i = 0; i < 30 && world.tick < config->ticks && world.transactions.size() < 20'000; ++i) run_tick(world);
    busbar::testing::consume(world.state_hash());
  } catch (const Refusal& refusal) {
    if (refusal.code == Code::none || refusal.text.empty()) std::abort();
  }
}

busbar::testing::Input seed(busbar::random::Stream& dice) {
  std::string text = testing::random_scene(dice).json();
  // Numbers are where the bounds are.
  static constexpr const char* kNumbers[] = {"-1",
                                             "0",
                                             "1",
                                             "2.5",
                                             "1e300",
                                             "-1e300",
                                             "18446744073709551616",
                                             "1000000",
                                             "100000000000000",
                                             "null",
                                             "\"x\"",
                                             "[]",
                                             "{}",
                                             "true",
                                             "9223372036854775807"};
  for (uint64_t n = dice.below(3); n > 0; --n) {
    const size_t at = text.find_first_of("0123456789", dice.below(text.size()));
    if (at == std::string::npos) continue;
    const size_t end = text.find_first_not_of("0123456789.", at);
    text.replace(at, std::min(end, text.size()) - at, kNumbers[dice.below(15)]);
  }
  return {text.begin(), text.end()};
}

}  // namespace

BUSBAR_FUZZ_MAIN(one, seed)
