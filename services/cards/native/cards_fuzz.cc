// Mutates programs of all formats; each is refused by name or played to its end, with every card in exactly one place
// (run it under the asan preset).
#include <algorithm>
#include <cstdio>
#include <memory>

#include "cards/decode.h"
#include "cards/game.h"
#include "testing/classics.h"
#include "testing/encode_v3.h"
#include "testing/fuzz.h"
#include "testing/invariants.h"
#include "testing/random_program.h"

namespace {

using namespace busbar::cards;

void check(bool holds) {
  if (!holds) std::abort();
}

void one(const uint8_t* data, size_t size) {
  GameProgram program;
  const Fault fault = decode(data, size, program);
  check(!fault || !fault.text.empty());
  if (fault || check_playable(program, program.player_count)) return;
  const uint32_t players = program.player_count, chips = program.starting_chips;
  program.turns_max = std::min(program.turns_max, 200u);
  const Rules rules = make_rules(std::move(program), players, chips);
  static const auto arena = std::make_unique<Arena>();
  Match match;
  match.rules = &rules;
  match.seed = size;
  for (uint32_t i = 0; i < players; ++i) match.players[i] = static_cast<PlayerKind>((size + i) % 4);
  for (uint32_t& iterations : match.iterations) iterations = 2;
  Counts counts;
  const Result result = play_game(match, 0, *arena, counts);
  check(result.turns <= rules.program.turns_max && result.turns == counts.actions);
  const std::string broken = busbar::cards::testing::broken_invariant(rules, arena->state);
  if (!broken.empty()) std::fprintf(stderr, "%s\n", broken.c_str());
  check(broken.empty());
}

busbar::testing::Input seed(busbar::random::Stream& dice) {
  if (dice.below(2) == 0) {
    static const auto games = busbar::cards::testing::classics();
    return busbar::cards::testing::encode_v3(games[dice.below(games.size())].second);
  }
  auto source = busbar::cards::testing::random_program(dice);
  static constexpr uint32_t kHeaders[] = {36, 39, 47, 53};
  source.header = kHeaders[dice.below(4)];
  return source.build();
}

}  // namespace

BUSBAR_FUZZ_MAIN(one, seed)
