// Hands by enumeration: all 2,598,960 of poker, and deadwood against every way to meld.
#include "cards/evaluate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "cards/playable.h"
#include "testing/classics.h"

namespace busbar::cards {
namespace {

Rules rules_of(GameProgram program) {
  const uint32_t players = program.player_count, chips = program.starting_chips;
  EXPECT_FALSE(check_playable(program, players));
  return make_rules(std::move(program), players, chips);
}

Pile pile_of(std::initializer_list<int> cards) {
  Pile pile;
  for (const int card : cards) pile.push(static_cast<Card>(card));
  return pile;
}
constexpr int card(int rank, int suit) { return rank * 4 + suit; }

TEST(Evaluate, CountsEveryPokerHand) {
  const Rules rules = rules_of(testing::poker(2));
  std::map<int64_t, uint32_t> counts;
  Pile hand;
  hand.size = 5;
  for (Card a = 0; a < 52; ++a) {
    for (Card b = a + 1; b < 52; ++b) {
      for (Card c = b + 1; c < 52; ++c) {
        for (Card d = c + 1; d < 52; ++d) {
          for (Card e = d + 1; e < 52; ++e) {
            hand.cards[0] = a;
            hand.cards[1] = b;
            hand.cards[2] = c;
            hand.cards[3] = d;
            hand.cards[4] = e;
            counts[evaluate(rules, hand) >> 52] += 1;
          }
        }
      }
    }
  }
  EXPECT_EQ(counts[91], 40u) << "straight flushes";
  EXPECT_EQ(counts[81], 624u) << "fours";
  EXPECT_EQ(counts[71], 3'744u) << "full houses";
  EXPECT_EQ(counts[61], 5'108u) << "flushes";
  EXPECT_EQ(counts[51], 10'200u) << "straights";
  EXPECT_EQ(counts[41], 54'912u) << "threes";
  EXPECT_EQ(counts[31], 123'552u) << "two pairs";
  EXPECT_EQ(counts[21], 1'098'240u) << "pairs";
  EXPECT_EQ(counts[0], 1'302'540u) << "others";
  EXPECT_EQ(counts.size(), 9u);
}

TEST(Evaluate, TiesAreBrokenByGroupsThenByTheRest) {
  const Rules rules = rules_of(testing::poker(2));
  const auto key = [&](std::initializer_list<int> cards) { return evaluate(rules, pile_of(cards)); };
  const int64_t kings = key({card(11, 0), card(11, 1), card(2, 0), card(3, 0), card(4, 1)});
  EXPECT_GT(key({card(12, 0), card(12, 1), card(0, 0), card(1, 0), card(2, 1)}), kings) << "aces over kings";
  EXPECT_LT(key({card(11, 2), card(11, 3), card(2, 1), card(3, 1), card(1, 1)}), kings) << "a lower third card";
  EXPECT_EQ(key({card(11, 2), card(11, 3), card(2, 1), card(3, 1), card(4, 2)}), kings);
  const int64_t wheel = key({card(12, 0), card(0, 1), card(1, 0), card(2, 0), card(3, 1)});
  EXPECT_LT(wheel, key({card(4, 0), card(0, 1), card(1, 0), card(2, 0), card(3, 1)})) << "the ace is low here";
  EXPECT_GT(key({card(12, 0), card(11, 1), card(10, 0), card(9, 0), card(8, 1)}), wheel);
}

TEST(Evaluate, ABlackjackHandTakesItsAcesAsTheyHelp) {
  const Rules rules = rules_of(testing::blackjack(2));
  const auto value = [&](std::initializer_list<int> ranks) {
    Pile hand;
    for (const int rank : ranks) hand.push(static_cast<Card>(rank * 4));
    return hand_value(rules, hand);
  };
  EXPECT_EQ(value({12, 11}), 21u);
  EXPECT_EQ(value({12, 12}), 12u);
  EXPECT_EQ(value({12, 12, 7}), 21u);
  EXPECT_EQ(value({12, 8, 9, 10}), 31u) << "busts whatever the ace is";
  EXPECT_EQ(value({11, 10, 0}), 22u);
  const auto key = [&](std::initializer_list<int> ranks) {
    Pile hand;
    for (const int rank : ranks) hand.push(static_cast<Card>(rank * 4));
    return evaluate(rules, hand);
  };
  EXPECT_GT(key({12, 11}), key({11, 10}));
  EXPECT_LT(key({11, 10, 0}), key({0, 1})) << "bust loses to all";
}

TEST(Evaluate, StrengthIsTheShareOfHandsThatAreBeaten) {
  const Rules rules = rules_of(testing::poker(2));
  const double flush = strength(rules, pile_of({card(12, 0), card(9, 0), card(7, 0), card(3, 0), card(1, 0)}));
  const double nothing = strength(rules, pile_of({card(5, 0), card(3, 1), card(2, 0), card(1, 0), card(0, 0)}));
  EXPECT_GT(flush, 0.98);
  EXPECT_LT(nothing, 0.02);
}

/// Every way to melt cards away: the first card left over goes to deadwood, to a set or to a run that begins with it.
uint32_t slow_deadwood(const Phase& phase, const uint8_t* values, std::vector<Card> cards) {
  if (cards.empty()) return 0;
  const Card first = cards.front();
  const auto without = [&](const std::vector<Card>& taken) {
    std::vector<Card> rest;
    for (const Card card : cards) {
      if (std::find(taken.begin(), taken.end(), card) == taken.end()) rest.push_back(card);
    }
    return rest;
  };
  uint32_t best = values[rank_of(first)] + slow_deadwood(phase, values, without({first}));
  // Sets with the first card.
  std::vector<Card> same;
  for (const Card card : cards) {
    if (card != first && rank_of(card) == rank_of(first)) same.push_back(card);
  }
  for (uint32_t choice = 0; choice < 1u << same.size(); ++choice) {
    std::vector<Card> set = {first};
    for (size_t i = 0; i < same.size(); ++i) {
      if ((choice >> i & 1) != 0) set.push_back(same[i]);
    }
    if (set.size() >= phase.meld.set_min) best = std::min(best, slow_deadwood(phase, values, without(set)));
  }
  // Runs that hold the first card, anywhere in them. Places: 0 low ace, 1 to 12, 13 high ace.
  const uint32_t low = phase.meld.ace == 1 ? 1 : 0, high = phase.meld.ace == 0 ? 12 : 13;
  for (uint32_t from = low; from <= high; ++from) {
    std::vector<Card> run;
    for (uint32_t place = from; place <= high; ++place) {
      const auto card = static_cast<Card>((place == 0 || place == 13 ? 12 : place - 1) * 4 + suit_of(first));
      if (std::find(cards.begin(), cards.end(), card) == cards.end()) break;
      if (std::find(run.begin(), run.end(), card) != run.end()) break;
      run.push_back(card);
      if (run.size() >= phase.meld.run_min && std::find(run.begin(), run.end(), first) != run.end()) {
        best = std::min(best, slow_deadwood(phase, values, without(run)));
      }
    }
  }
  return best;
}

TEST(Evaluate, DeadwoodEqualsTheBestOfAllWaysToMeld) {
  GameProgram program = testing::gin();
  Stream dice(4711);
  for (int round = 0; round < 1500; ++round) {
    Phase& meld = program.phases[2];
    meld.meld.ace = static_cast<uint8_t>(dice.below(3));
    meld.meld.set_min = static_cast<uint8_t>(2 + dice.below(3));
    meld.meld.run_min = static_cast<uint8_t>(2 + dice.below(3));
    const Rules rules = rules_of(program);
    // Few ranks make many melds.
    const uint32_t from = static_cast<uint32_t>(dice.below(8)), ranks = 4 + static_cast<uint32_t>(dice.below(6));
    CardSet held = 0;
    std::vector<Card> cards;
    const uint32_t size = 5 + static_cast<uint32_t>(dice.below(6));
    while (cards.size() < size) {
      const auto card = static_cast<Card>((from + dice.below(ranks)) % 13 * 4 + dice.below(4));
      if ((held & set_of(card)) != 0) continue;
      held |= set_of(card);
      cards.push_back(card);
    }
    ASSERT_EQ(deadwood(rules, rules.program.phases[2], held),
              slow_deadwood(rules.program.phases[2], rules.meld_value, cards))
        << "round " << round;
  }
}

}  // namespace
}  // namespace busbar::cards
