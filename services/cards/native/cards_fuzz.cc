// Mutates programs; each is refused by name or played to its end, with every card in exactly one place (run it under
// the asan preset).
#include "cards/decode.h"
#include "cards/game.h"
#include "testing/fuzz.h"
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
  const uint32_t players = program.player_count;
  const Rules rules = make_rules(std::move(program), players, 0);
  static const auto arena = std::make_unique<Arena>();
  Match match;
  match.rules = &rules;
  match.seed = size;
  Counts counts;
  const Result result = play_game(match, 0, *arena, counts);
  check(result.turns <= rules.program.turns_max && result.turns == counts.actions);
  CardSet seen = 0;
  uint32_t cards = 0;
  const auto add = [&](const Pile& pile) {
    for (uint32_t i = 0; i < pile.size; ++i) seen |= set_of(pile.cards[i]);
    cards += pile.size;
  };
  const State& state = arena->state;
  add(state.deck);
  add(state.discard);
  add(state.tableau);
  for (uint32_t player = 0; player < players; ++player) add(state.players[player].hand);
  check(cards == kDeckCards && seen == kAllCards);
}

busbar::testing::Input seed(busbar::random::Stream& dice) {
  auto source = busbar::cards::testing::random_program(dice);
  static constexpr uint32_t kHeaders[] = {36, 39, 47, 53};
  source.header = kHeaders[dice.below(4)];
  return source.build();
}

}  // namespace

BUSBAR_FUZZ_MAIN(one, seed)
