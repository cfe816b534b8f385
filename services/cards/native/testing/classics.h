// The classic games of every kind of phase, as structs: tests and benches play them, and the fuzzer begins from them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "../cards/program.h"

namespace busbar::cards::testing {

inline Phase phase_of(PhaseKind kind) {
  Phase phase{};
  phase.kind = kind;
  phase.mandatory = true;
  phase.trick.trump = phase.trick.breaking_suit = kNone;
  phase.trick.lead_suit_required = phase.trick.high_wins = true;
  phase.claim.allow_challenge = phase.claim.pile_penalty = true;
  phase.claim.starting_rank = 12;
  phase.claim.fixed_rank = kNone;
  phase.betting.bet_min = 10;
  phase.betting.raises_max = 3;
  phase.bidding.bid_min = 1;
  phase.bidding.bid_max = 13;
  phase.bidding.allow_nil = true;
  phase.meld = {3, 3, 0, 10, false, 25, 25};
  phase.ask = {4, 1};
  return phase;
}

/// Adds a condition in prefix order and returns its root. Children of a compound one follow it.
inline int32_t add_condition(GameProgram& program, std::vector<Condition> nodes) {
  const auto root = static_cast<int32_t>(program.conditions.size());
  for (const Condition& node : nodes) program.conditions.push_back(node);
  return root;
}

inline GameProgram game_of(uint32_t players, uint32_t cards) {
  GameProgram program;
  program.format = 3;
  program.model = TurnModel::sequence;
  program.player_count = players;
  program.cards_per_player = cards;
  program.turns_max = 2000;
  return program;
}

inline Win win_of(WinKind kind, int32_t threshold = 0, WinTrigger trigger = WinTrigger::immediate) {
  Win win{};
  win.kind = kind;
  win.threshold = threshold;
  win.trigger = trigger;
  return win;
}

inline GameProgram war(uint32_t players = 2) {
  GameProgram program = game_of(players, 52 / players);
  program.turns_max = 10'000;
  program.tableau = Tableau::war;
  program.hand_visibility = Visibility::face_down;
  program.rules.tie = Tie::battle;
  program.war = {3, ReturnOrder::random, false};
  Phase play = phase_of(PhaseKind::play);
  play.place = static_cast<uint8_t>(Place::tableau);
  program.phases = {play};
  program.wins = {win_of(WinKind::capture_all)};
  return program;
}

inline GameProgram crazy_eights(uint32_t players = 2) {
  GameProgram program = game_of(players, players == 2 ? 7 : 5);
  program.initial_discard_count = 1;
  program.wild_ranks = {6};
  Phase draw = phase_of(PhaseKind::draw);
  draw.count = 5;
  draw.condition = add_condition(program, {{Op::hand_size, Compare::eq, 3, 0, 1, 0}});
  Phase play = phase_of(PhaseKind::play);
  play.place = static_cast<uint8_t>(Place::discard);
  play.pass_if_unable = true;
  play.condition = add_condition(program, {{Op::matches_or_wild, Compare::eq, 1, 0, 1, 0}});
  program.phases = {draw, play};
  program.effects = {{6, EffectKind::wild_card, Target::self, 1, 0}};
  program.wins = {win_of(WinKind::empty_hand)};
  return program;
}

inline GameProgram cheat(uint32_t players = 3, bool mixed = false) {
  GameProgram program = game_of(players, 52 / players);
  Phase claim = phase_of(PhaseKind::claim);
  claim.cards_max = 4;
  claim.claim.mixed = mixed;
  program.phases = {claim};
  program.wins = {win_of(WinKind::empty_hand)};
  return program;
}

inline GameProgram go_fish(uint32_t players = 3) {
  GameProgram program = game_of(players, players == 2 ? 7 : 5);
  program.phases = {phase_of(PhaseKind::ask)};
  program.card_scores = {{kNone, kNone, 1, Trigger::set_complete, 0}};
  program.wins = {win_of(WinKind::high_score, 13, WinTrigger::threshold_gate)};
  return program;
}

inline GameProgram gin() {
  GameProgram program = game_of(2, 10);
  program.turns_max = 10'000;
  program.initial_discard_count = 1;
  Phase draw = phase_of(PhaseKind::draw);
  draw.alternative = static_cast<uint8_t>(Place::discard);
  Phase discard = phase_of(PhaseKind::discard);
  discard.place = static_cast<uint8_t>(Place::discard);
  Phase meld = phase_of(PhaseKind::meld);
  meld.mandatory = false;
  program.phases = {draw, discard, meld};
  program.rules.deck_empty = DeckEmpty::skip_draw;
  program.hands = {true, FirstPlayer::loser, 100, 0, 60, false};
  program.wins = {win_of(WinKind::high_score, 100, WinTrigger::threshold_gate)};
  return program;
}

/// Melds are laid down; who goes out gets what the others hold.
inline GameProgram rummy(uint32_t players = 3) {
  GameProgram program = game_of(players, 7);
  program.turns_max = 10'000;
  program.initial_discard_count = 1;
  Phase draw = phase_of(PhaseKind::draw);
  draw.alternative = static_cast<uint8_t>(Place::discard);
  Phase meld = phase_of(PhaseKind::meld);
  meld.mandatory = false;
  meld.meld.lay_down = true;
  meld.meld.ace = 2;
  Phase discard = phase_of(PhaseKind::discard);
  discard.place = static_cast<uint8_t>(Place::discard);
  program.phases = {draw, meld, discard};
  program.hands = {true, FirstPlayer::next, 20, 0, 40, true};
  program.scores = {{ScoreKind::cards_left, 1, 0, kNone, kNone}, {ScoreKind::go_out, 10, 0, kNone, kNone}};
  program.wins = {win_of(WinKind::first_to_score, 100, WinTrigger::threshold_gate)};
  return program;
}

inline GameProgram hearts() {
  GameProgram program = game_of(4, 13);
  Phase trick = phase_of(PhaseKind::trick);
  trick.trick.breaking_suit = 0;
  trick.trick.breaking = Breaking::lead;
  program.phases = {trick};
  program.card_scores = {{0, kNone, 1, Trigger::trick_win, 0}, {3, 10, 13, Trigger::trick_win, 0}};
  program.scores = {{ScoreKind::shoot_moon, 26, 26, kNone, kNone}};
  program.hands = {true, FirstPlayer::next, 30, 0, 0, false};
  program.wins = {win_of(WinKind::low_score, 100, WinTrigger::threshold_gate)};
  return program;
}

inline GameProgram spades() {
  GameProgram program = game_of(4, 13);
  Phase trick = phase_of(PhaseKind::trick);
  trick.trick.trump = 3;
  trick.trick.breaking_suit = 3;
  trick.trick.breaking = Breaking::lead;
  program.phases = {phase_of(PhaseKind::bidding), trick};
  program.contract.scored = true;
  program.team_mode = true;
  program.teams = {{0, 2}, {1, 3}};
  program.hands = {true, FirstPlayer::next, 30, 0, 0, false};
  program.wins = {win_of(WinKind::high_score, 500, WinTrigger::threshold_gate)};
  return program;
}

inline GameProgram scopa() {
  GameProgram program = game_of(2, 3);
  program.deck.ranks = {0, 1, 2, 3, 4, 5, 9, 10, 11, 12};  // 2 to 7, J, Q, K, A
  program.initial_discard_count = 4;
  program.tableau = Tableau::match_rank;
  program.capture_sums = program.last_capture_takes_rest = true;
  program.capture_values = {2, 3, 4, 5, 6, 7, 0, 0, 0, 8, 9, 10, 1};
  Phase play = phase_of(PhaseKind::play);
  play.place = static_cast<uint8_t>(Place::tableau);
  program.phases = {play};
  program.card_scores = {{1, 5, 1, Trigger::capture, 0}};  // the seven of coins
  program.scores = {{ScoreKind::sweep, 1, 0, kNone, kNone},
                    {ScoreKind::most_cards, 1, 0, kNone, kNone},
                    {ScoreKind::most_cards, 1, 0, 1, kNone}};
  program.hands = {true, FirstPlayer::next, 30, 3, 0, false};
  program.wins = {win_of(WinKind::high_score, 11, WinTrigger::threshold_gate)};
  return program;
}

/// The nine patterns of poker.
inline void poker_patterns(HandEvaluation& evaluation) {
  evaluation.method = Method::pattern;
  const auto add = [&](uint8_t priority, uint8_t suited, uint8_t run, std::vector<uint8_t> groups) {
    evaluation.patterns.push_back({priority, 5, suited, run, run != 0, std::move(groups), {}});
  };
  add(90, 5, 5, {});
  add(80, 0, 0, {4});
  add(70, 0, 0, {3, 2});
  add(60, 5, 0, {});
  add(50, 0, 5, {});
  add(40, 0, 0, {3});
  add(30, 0, 0, {2, 2});
  add(20, 0, 0, {2});
}

inline GameProgram poker(uint32_t players = 4) {
  GameProgram program = game_of(players, 5);
  program.starting_chips = 1000;
  Phase betting = phase_of(PhaseKind::betting);
  Phase discard = phase_of(PhaseKind::discard);
  discard.place = static_cast<uint8_t>(Place::discard);
  discard.count = 3;
  discard.mandatory = false;
  Phase draw = phase_of(PhaseKind::draw);
  draw.count = 3;
  draw.condition = add_condition(program, {{Op::hand_size, Compare::lt, 0, 5, 1, 0}});
  program.phases = {betting, discard, draw, betting};
  poker_patterns(program.evaluation);
  program.hands = {true, FirstPlayer::next, 50, 0, 0, false};
  program.wins = {win_of(WinKind::most_chips)};
  return program;
}

inline GameProgram blackjack(uint32_t players = 3) {
  GameProgram program = game_of(players, 2);
  Phase draw = phase_of(PhaseKind::draw);
  draw.count = 10;
  draw.mandatory = false;
  draw.condition = add_condition(program, {{Op::hand_value, Compare::lt, 0, 21, 1, 0}});
  program.phases = {draw};
  program.evaluation.method = Method::point_total;
  program.evaluation.target = 21;
  program.evaluation.bust = 22;
  for (uint8_t rank = 0; rank < 13; ++rank) {
    const auto value = static_cast<uint8_t>(rank == 12 ? 1 : rank > 8 ? 10 : rank + 2);
    program.evaluation.values.push_back({rank, value, static_cast<uint8_t>(rank == 12 ? 11 : 0)});
  }
  program.dealer = true;
  program.draws_below = 17;
  program.hands = {false, FirstPlayer::same, 1, 0, 1, false};
  program.wins = {win_of(WinKind::best_hand)};
  return program;
}

/// Cards go down in order on one pile, and who cannot passes.
inline GameProgram ladder(uint32_t players = 3) {
  GameProgram program = game_of(players, 8);
  program.deck.copies = 2;
  program.tableau = Tableau::sequence;
  program.sequence_direction = 2;
  Phase play = phase_of(PhaseKind::play);
  play.place = static_cast<uint8_t>(Place::tableau);
  play.cards_max = 3;
  play.pass_if_unable = true;
  program.phases = {play};
  program.rules.pass_action = PassAction::clear_tableau;
  program.effects = {{3, EffectKind::steal_card, Target::choice, 1, 0},
                     {4, EffectKind::swap_hands, Target::next, 1, 0},
                     {5, EffectKind::peek_hand, Target::choice, 1, 0},
                     {7, EffectKind::block_next, Target::next, 1, 0}};
  program.wins = {win_of(WinKind::empty_hand)};
  return program;
}

inline std::vector<std::pair<std::string, GameProgram>> classics() {
  std::vector<std::pair<std::string, GameProgram>> games = {
      {"war", war()},
      {"war of 3", war(3)},
      {"crazy eights", crazy_eights(2)},
      {"eights of 4", crazy_eights(4)},
      {"cheat", cheat(3)},
      {"cheat of 4", cheat(4)},
      {"mixed cheat", cheat(3, true)},
      {"go fish", go_fish(2)},
      {"go fish of 4", go_fish(4)},
      {"gin", gin()},
      {"rummy", rummy(3)},
      {"hearts", hearts()},
      {"spades", spades()},
      {"scopa", scopa()},
      {"poker of 2", poker(2)},
      {"poker", poker(4)},
      {"blackjack", blackjack(2)},
      {"blackjack of 4", blackjack(4)},
      {"ladder", ladder(3)},
  };
  return games;
}

}  // namespace busbar::cards::testing
