// Legal moves of the general engine against a slow second generator written from the rules of each classic, and tiny
// games played out in every way.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "cards/engine.h"
#include "cards/evaluate.h"
#include "cards/playable.h"
#include "testing/classics.h"

namespace busbar::cards {
namespace {

Rules rules_of(GameProgram program) {
  const uint32_t players = program.player_count, chips = program.starting_chips;
  const Fault fault = check_playable(program, players);
  EXPECT_FALSE(fault) << fault.text;
  return make_rules(std::move(program), players, chips);
}

/// kind, card (-1 none), count, target (-1), amount
using Key = std::tuple<std::string, int, int, int, int>;

std::multiset<Key> listed(const MoveList& moves) {
  std::multiset<Key> keys;
  for (uint32_t i = 0; i < moves.count; ++i) {
    const Move& move = moves.moves[i];
    keys.insert({move_name(move.kind), move.card == kNone ? -1 : move.card, move.count,
                 move.target == kNone ? -1 : move.target, move.amount});
  }
  return keys;
}

std::vector<int> hand_of(const State& state, uint32_t seat) {
  const Pile& hand = state.players[seat].hand;
  return {hand.cards, hand.cards + hand.size};
}

/// Plays random games and compares every list with `slow`.
template <class Slow>
void compare(const char* name, const GameProgram& program, int games, Slow slow) {
  const Rules rules = rules_of(program);
  const auto moves = std::make_unique<MoveList>();
  Stream dice(55);
  uint64_t positions = 0;
  for (int game = 0; game < games; ++game) {
    State state;
    start_game(rules, state, dice, *moves);
    while (!state.over) {
      ASSERT_EQ(listed(*moves), slow(rules, state)) << name << ", game " << game << ", turn " << state.turn;
      positions += 1;
      play_move(rules, state, moves->moves[dice.below(moves->count)], dice, *moves);
    }
  }
  EXPECT_GT(positions, 100u) << name;
}

TEST(Moves, OfTricksAndBidsFollowTheRules) {
  const auto slow = [](const Rules& rules, const State& state) {
    std::multiset<Key> keys;
    const auto hand = hand_of(state, state.seat);
    if (state.mode == Mode::bidding) {
      keys.insert({"bid", -1, 1, -1, 0});
      for (int bid = 1; bid <= 13; ++bid) keys.insert({"bid", -1, 0, -1, bid});
      return keys;
    }
    const Phase& phase = rules.program.phases.back();
    int led = -1;
    for (uint32_t seat = 0; seat < 4; ++seat) {
      if (state.fronts[seat] != kNone && state.leader == seat) led = state.fronts[seat] % 4;
    }
    const auto all = [&](auto fits) { return std::all_of(hand.begin(), hand.end(), fits); };
    for (const int card : hand) {
      const int suit = card % 4;
      if (led >= 0 && suit != led && !all([&](int other) { return other % 4 != led; })) continue;
      if (led < 0 && suit == phase.trick.breaking_suit && !state.broken &&
          !all([&](int other) { return other % 4 == phase.trick.breaking_suit; }))
        continue;
      keys.insert({"trick", card, 0, -1, -1});
    }
    return keys;
  };
  compare("hearts", testing::hearts(), 20, slow);
  compare("spades", testing::spades(), 20, slow);
}

TEST(Moves, OfPokerFollowTheRules) {
  compare("poker", testing::poker(4), 40, [](const Rules& rules, const State& state) {
    std::multiset<Key> keys;
    const Player& self = state.players[state.seat];
    const auto say = [&](const char* name) { keys.insert({name, -1, 0, -1, -1}); };
    if (state.mode == Mode::betting) {
      uint32_t level = 0;
      for (uint32_t seat = 0; seat < 4; ++seat) level = std::max(level, state.players[seat].bet);
      const uint32_t owed = level - self.bet;
      if (owed == 0) say("check");
      if (level == 0 && self.chips > 10) say("bet");
      if (owed > 0 && self.chips > owed) say("call");
      if (level > 0 && state.raises < 3 && self.chips > owed + 10) say("raise");
      if (level == 0 || state.raises < 3 || self.chips <= owed) say("all_in");
      if (owed > 0) say("fold");
      return keys;
    }
    if (rules.program.phases[state.phase].kind == PhaseKind::draw) {
      say("draw");
      return keys;
    }
    for (const int card : hand_of(state, state.seat)) keys.insert({"discard", card, 0, -1, -1});
    say("stand");
    return keys;
  });
}

TEST(Moves, OfClaimsAndQuestionsFollowTheRules) {
  compare("cheat", testing::cheat(3), 10, [](const Rules&, const State& state) {
    std::multiset<Key> keys;
    if (state.mode == Mode::challenge) {
      keys.insert({"challenge", -1, 0, -1, -1});
      keys.insert({"accept", -1, 0, -1, -1});
      return keys;
    }
    std::map<int, std::vector<int>> ranks;
    for (const int card : hand_of(state, state.seat)) ranks[card / 4].push_back(card);
    for (auto& [rank, cards] : ranks) {
      for (int count = 1; count <= static_cast<int>(cards.size()); ++count) {
        keys.insert({"claim", *std::min_element(cards.begin(), cards.end()), count, -1,
                     static_cast<int>((12 + state.claims) % 13)});
      }
    }
    return keys;
  });
  compare("mixed cheat", testing::cheat(3, true), 10, [](const Rules&, const State& state) {
    std::multiset<Key> keys;
    if (state.mode == Mode::challenge) {
      keys.insert({"challenge", -1, 0, -1, -1});
      keys.insert({"accept", -1, 0, -1, -1});
      return keys;
    }
    const bool goes_on = state.mode == Mode::claim;
    const int least = goes_on ? state.discard.cards[state.discard.size - 1] / 4 : 0;
    std::map<int, int> first;
    for (const int card : hand_of(state, state.seat)) {
      if (card / 4 < least) continue;
      const auto at = first.emplace(card / 4, card).first;
      at->second = std::min(at->second, card);
    }
    for (const auto& [rank, card] : first)
      keys.insert({"claim", card, 1, -1, static_cast<int>((12 + state.claims) % 13)});
    if (goes_on) keys.insert({"stand", -1, 0, -1, -1});
    return keys;
  });
  compare("go fish", testing::go_fish(4), 20, [](const Rules&, const State& state) {
    std::multiset<Key> keys;
    std::set<int> ranks;
    for (const int card : hand_of(state, state.seat)) ranks.insert(card / 4);
    for (const int rank : ranks) {
      for (uint32_t seat = 0; seat < 4; ++seat) {
        if (seat != state.seat && state.players[seat].hand.size > 0)
          keys.insert({"ask", -1, 0, static_cast<int>(seat), rank});
      }
    }
    return keys;
  });
}

TEST(Moves, OfCapturesFollowTheRules) {
  compare("scopa", testing::scopa(), 20, [](const Rules& rules, const State& state) {
    std::multiset<Key> keys;
    const Pile& table = state.tableau;
    for (const int card : hand_of(state, state.seat)) {
      bool same = false;
      for (uint32_t i = 0; i < table.size; ++i) same |= table.cards[i] / 4 == card / 4;
      int sets = 0;
      for (uint32_t choice = 1; choice < 1u << table.size && !same; ++choice) {
        uint32_t sum = 0;
        for (uint32_t i = 0; i < table.size; ++i) {
          if ((choice >> i & 1) != 0) sum += rules.capture_value[table.cards[i] / 4];
        }
        sets += sum == rules.capture_value[card / 4];
      }
      if (sets == 0) keys.insert({"play", card, 0, -1, -1});
      for (int set = 0; set < sets; ++set) keys.insert({"play", card, 0, -1, set});
    }
    return keys;
  });
}

TEST(Moves, OfEightsAndRummyFollowTheRules) {
  compare("eights", testing::crazy_eights(4), 40, [](const Rules& rules, const State& state) {
    std::multiset<Key> keys;
    const int top = state.discard.top();
    const int suit = state.named_suit != kNone ? state.named_suit : top % 4;
    for (const int card : hand_of(state, state.seat)) {
      if (card / 4 == 6) {
        for (int named = 0; named < 4; ++named) keys.insert({"play", card, 0, -1, named});
      } else if (card / 4 == top / 4 || card % 4 == suit) {
        keys.insert({"play", card, 0, -1, -1});
      }
    }
    if (rules.program.phases[state.phase].kind == PhaseKind::play) {
      if (keys.empty()) keys.insert({"pass", -1, 0, -1, -1});
      return keys;
    }
    EXPECT_TRUE(keys.empty()) << "nobody draws who can play";
    return std::multiset<Key>{{"draw", -1, 0, -1, -1}};
  });
  GameProgram gin = testing::gin();
  gin.turns_max = 400;
  gin.phases[2].meld.knock_max = 40;
  compare("gin", gin, 20, [](const Rules& rules, const State& state) {
    std::multiset<Key> keys;
    const PhaseKind kind = rules.program.phases[state.phase].kind;
    if (kind == PhaseKind::draw) {
      if (state.deck.size > 0) keys.insert({"draw", -1, 0, -1, -1});
      if (state.discard.size > 0) keys.insert({"draw", -1, 0, 1, -1});
    } else if (kind == PhaseKind::discard) {
      for (const int card : hand_of(state, state.seat)) keys.insert({"discard", card, 0, -1, -1});
    } else {
      keys.insert({"knock", -1, 0, -1, -1});
      keys.insert({"stand", -1, 0, -1, -1});
    }
    return keys;
  });
}

/// Every way to play a hand of tricks with two cards each, by a few lines that know nothing of the engine.
void slow_tricks(std::vector<int> a, std::vector<int> b, bool first_leads, int won, std::map<int, int>& outcomes) {
  if (a.empty()) {
    outcomes[won] += 1;
    return;
  }
  auto& lead = first_leads ? a : b;
  auto& follow = first_leads ? b : a;
  for (size_t i = 0; i < lead.size(); ++i) {
    for (size_t j = 0; j < follow.size(); ++j) {
      const int x = lead[i], y = follow[j];
      bool can_follow = false;
      for (const int card : follow) can_follow |= card % 4 == x % 4;
      if (can_follow && y % 4 != x % 4) continue;
      const bool trumped = y % 4 == 2 && x % 4 != 2;
      const bool lead_wins = trumped ? false : y % 4 != x % 4 || x > y;
      auto rest_lead = lead, rest_follow = follow;
      rest_lead.erase(rest_lead.begin() + static_cast<long>(i));
      rest_follow.erase(rest_follow.begin() + static_cast<long>(j));
      const bool first_wins = lead_wins == first_leads;
      slow_tricks(first_leads ? rest_lead : rest_follow, first_leads ? rest_follow : rest_lead, first_wins,
                  won + first_wins, outcomes);
    }
  }
}

void all_ways(const Rules& rules, const State& state, const MoveList& moves, std::map<int, int>& outcomes) {
  if (state.over) {
    outcomes[state.players[0].tricks] += 1;
    return;
  }
  const auto next = std::make_unique<MoveList>();
  Stream none(0);
  for (uint32_t i = 0; i < moves.count; ++i) {
    State after = state;
    play_move(rules, after, moves.moves[i], none, *next);
    all_ways(rules, after, *next, outcomes);
  }
}

TEST(Moves, TinyTrickGamesComeOutAsAllWaysOfPlayingThem) {
  GameProgram program = testing::game_of(2, 3);
  program.deck.ranks = {2, 7, 9};
  program.deck.suits = {1, 2};
  Phase trick = testing::phase_of(PhaseKind::trick);
  trick.trick.trump = 2;
  program.phases = {trick};
  program.wins = {testing::win_of(WinKind::most_tricks)};
  const Rules rules = rules_of(program);
  const auto moves = std::make_unique<MoveList>();
  std::vector<int> deck(rules.cards.cards, rules.cards.cards + rules.cards.size);
  // All 20 ways to deal six cards.
  for (uint32_t deal = 0; deal < 64; ++deal) {
    std::vector<int> a, b;
    for (size_t i = 0; i < 6; ++i) ((deal >> i & 1) != 0 ? a : b).push_back(deck[i]);
    if (a.size() != 3) continue;
    Stream dice(1);
    State state;
    start_game(rules, state, dice, *moves);
    for (uint32_t seat = 0; seat < 2; ++seat) {
      Player& player = state.players[seat];
      player.hand.size = 0;
      player.held = 0;
      for (const int card : seat == 0 ? a : b) player.receive(static_cast<Card>(card));
    }
    list_moves_of(rules, state, 0, *moves);
    std::map<int, int> expected, played;
    slow_tricks(a, b, true, 0, expected);
    all_ways(rules, state, *moves, played);
    EXPECT_EQ(played, expected) << "deal " << deal;
  }
}

}  // namespace
}  // namespace busbar::cards
