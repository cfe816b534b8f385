// The least deadwood of each hand on standard input by the rules of gin, a line each. A hand is a set of cards in
// hexadecimal: bit rank * 4 + suit, ranks 2 to A. For tests that compare with other programs.
#include <cstdio>
#include <utility>

#include "cards/evaluate.h"
#include "cards/rules.h"
#include "testing/classics.h"

int main() {
  using namespace busbar::cards;
  GameProgram program = testing::gin();
  const uint32_t players = program.player_count, chips = program.starting_chips;
  const Rules rules = make_rules(std::move(program), players, chips);
  unsigned long long held;
  while (std::scanf("%llx", &held) == 1) std::printf("%u\n", deadwood(rules, rules.program.phases[2], held));
  return std::feof(stdin) != 0 ? 0 : 1;
}
