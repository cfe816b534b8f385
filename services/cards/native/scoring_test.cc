// What hands, pots, contracts, knocks and claims come to, worked out by hand.
#include <gtest/gtest.h>

#include <memory>

#include "cards/engine.h"
#include "cards/evaluate.h"
#include "cards/playable.h"
#include "testing/classics.h"

namespace busbar::cards {
namespace {

constexpr Card card(uint32_t rank, uint32_t suit) { return static_cast<Card>(rank * 4 + suit); }

/// A game of one hand whose state a test sets up before it plays on.
struct Game {
  Rules rules;
  State state;
  std::unique_ptr<MoveList> moves = std::make_unique<MoveList>();
  Stream dice{5};

  explicit Game(GameProgram program) {
    program.hands.redeal = false;
    const uint32_t players = program.player_count, chips = program.starting_chips;
    const Fault fault = check_playable(program, players);
    EXPECT_FALSE(fault) << fault.text;
    rules = make_rules(std::move(program), players, chips);
    start_game(rules, state, dice, *moves);
  }
  void hold(uint32_t seat, std::initializer_list<Card> cards) {
    Player& player = state.players[seat];
    player.hand.size = 0;
    player.held = 0;
    for (const Card of : cards) player.receive(of);
  }
  void turn_of(uint32_t seat) {
    state.seat = static_cast<uint8_t>(seat);
    list_moves_of(rules, state, seat, *moves);
  }
  /// Plays the first listed move of that kind (and card).
  void play(MoveKind kind, Card of = kNone) {
    for (uint32_t i = 0; i < moves->count; ++i) {
      if (moves->moves[i].kind != kind || (of != kNone && moves->moves[i].card != of)) continue;
      play_move(rules, state, moves->moves[i], dice, *moves);
      return;
    }
    FAIL() << "there is no move " << move_name(kind);
  }
  int32_t score(uint32_t seat) const { return state.players[seat].score; }
};

TEST(Scoring, SidePotsGoToWhoPaidIntoThem) {
  Game game(testing::poker(3));
  game.hold(0, {card(12, 0), card(12, 1), card(12, 2), card(3, 0), card(4, 0)});  // three aces, all in with 50
  game.hold(1, {card(11, 0), card(11, 1), card(2, 2), card(3, 1), card(5, 0)});   // kings
  game.hold(2, {card(10, 0), card(10, 1), card(2, 3), card(3, 2), card(6, 0)});   // queens
  const uint32_t staked[] = {50, 200, 200}, chips[] = {0, 800, 800};
  for (uint32_t seat = 0; seat < 3; ++seat) {
    game.state.players[seat].staked = staked[seat];
    game.state.players[seat].chips = chips[seat];
    game.state.players[seat].all_in = seat == 0;
  }
  game.state.stage = static_cast<uint8_t>(game.rules.stages.size() - 1);
  game.state.phase = game.rules.stages.back().begin;
  game.state.mode = Mode::betting;
  game.state.pending = 1 << 2;
  game.state.first_bettor = 0;
  game.turn_of(2);
  game.play(MoveKind::check);
  EXPECT_TRUE(game.state.over);
  EXPECT_EQ(game.state.players[0].chips, 150u) << "the main pot";
  EXPECT_EQ(game.state.players[1].chips, 800u + 300u) << "the side pot";
  EXPECT_EQ(game.state.players[2].chips, 800u);
}

TEST(Scoring, AnEvenPotLeavesTheRestToTheEarliestAfterTheFirstBettor) {
  Game game(testing::poker(3));
  game.hold(0, {card(12, 0), card(10, 1), card(7, 2), card(3, 0), card(4, 0)});
  game.hold(1, {card(12, 1), card(10, 2), card(7, 3), card(3, 1), card(4, 1)});
  game.hold(2, {card(5, 0), card(6, 1), card(2, 3), card(3, 2), card(8, 0)});
  for (uint32_t seat = 0; seat < 3; ++seat) {
    game.state.players[seat].staked = seat == 2 ? 31 : 60;
    game.state.players[seat].chips = 500;
    game.state.players[seat].folded = seat == 2;
  }
  game.state.stage = static_cast<uint8_t>(game.rules.stages.size() - 1);
  game.state.phase = game.rules.stages.back().begin;
  game.state.mode = Mode::betting;
  game.state.pending = 1 << 1;
  game.state.first_bettor = 0;
  game.turn_of(1);
  game.play(MoveKind::check);
  // 93 of all three: 47 to seat 1, 46 to seat 0; 58 of the two: 29 each.
  EXPECT_EQ(game.state.players[1].chips, 500u + 47u + 29u);
  EXPECT_EQ(game.state.players[0].chips, 500u + 46u + 29u);
}

TEST(Scoring, ContractsNilAndBagsOfTeams) {
  Game game(testing::spades());
  State& state = game.state;
  const int16_t bids[] = {4, 4, 0, 4};
  const uint8_t tricks[] = {3, 4, 2, 3};
  for (uint32_t seat = 0; seat < 4; ++seat) {
    state.players[seat].bid = bids[seat];
    state.players[seat].nil = seat == 2;
    state.players[seat].tricks = tricks[seat];
    game.hold(seat, {card(seat, seat == 0 ? 3 : 1)});
  }
  state.players[0].bags = 9;
  state.mode = Mode::turn;
  state.stage = 1;
  state.phase = 1;
  state.pending = 0;
  state.broken = true;
  game.turn_of(0);
  for (int i = 0; i < 4; ++i) game.play(MoveKind::trick);
  EXPECT_TRUE(state.over);
  // Team 0 took 6 tricks for 4: 40 and two bags, the first of which is the tenth; nil failed.
  EXPECT_EQ(game.score(0), 40 + 2 - 100 - 100);
  EXPECT_EQ(state.players[0].bags, 1);
  EXPECT_EQ(game.score(1), -80) << "7 of 8";
  EXPECT_EQ(state.winner, 1);
  EXPECT_EQ(state.winners, 0b1010);
}

TEST(Scoring, WhoTakesAllPointsOfHeartsGivesThemToTheOthers) {
  Game game(testing::hearts());
  for (uint32_t seat = 0; seat < 4; ++seat) game.hold(seat, {card(seat == 0 ? 12 : seat, 0)});
  game.state.players[0].score = game.state.players[0].hand_points = 22;
  game.state.broken = true;
  game.turn_of(0);
  for (int i = 0; i < 4; ++i) game.play(MoveKind::trick);
  EXPECT_EQ(game.score(0), 0);
  for (uint32_t seat = 1; seat < 4; ++seat) EXPECT_EQ(game.score(seat), 26);
  EXPECT_EQ(game.state.winner, 0) << "the lowest score";
}

TEST(Scoring, KnockGinAndUndercut) {
  const auto after_knock = [](std::initializer_list<Card> own, std::initializer_list<Card> other) {
    Game game(testing::gin());
    game.hold(0, own);
    game.hold(1, other);
    game.state.phase = 2;
    game.state.left = 1;
    game.turn_of(0);
    game.play(MoveKind::knock);
    EXPECT_TRUE(game.state.over);
    return std::pair(game.score(0), game.score(1));
  };
  const auto three = [](uint32_t rank) { return std::array{card(rank, 0), card(rank, 1), card(rank, 2)}; };
  const auto twos = three(0), fives = three(3), nines = three(7);
  // 2 2 2, 5 5 5, 9 9 9 and an ace: deadwood 1.
  const std::initializer_list<Card> strong = {twos[0],  twos[1],  twos[2],  fives[0], fives[1],
                                              fives[2], nines[0], nines[1], nines[2], card(12, 3)};
  const std::initializer_list<Card> gin = {twos[0],  twos[1],  twos[2],  card(0, 3), fives[0],
                                           fives[1], fives[2], nines[0], nines[1],   nines[2]};
  const std::initializer_list<Card> weak = {card(11, 0), card(11, 1), card(9, 0), card(2, 1), card(4, 2)};
  EXPECT_EQ(after_knock(strong, weak), std::pair(10 + 10 + 10 + 4 + 6 - 1, 0));
  EXPECT_EQ(after_knock(gin, weak), std::pair(40 + 25, 0));
  EXPECT_EQ(after_knock(strong, {card(10, 0), card(10, 1), card(10, 2)}), std::pair(0, 1 + 25)) << "undercut";
}

TEST(Scoring, AChallengeCostsWhoIsWrongThePile) {
  const auto after_claim = [](Card laid) {
    Game game(testing::cheat(3));
    game.hold(0, {laid, card(5, 3), card(6, 3)});
    game.hold(1, {card(7, 0), card(7, 1)});
    game.hold(2, {card(8, 0), card(8, 1)});
    game.turn_of(0);
    game.play(MoveKind::claim, laid);
    EXPECT_EQ(game.state.seat, 1);
    EXPECT_EQ(game.state.mode, Mode::challenge);
    game.play(MoveKind::challenge);
    EXPECT_EQ(game.state.discard.size, 0);
    return std::pair<int, int>(game.state.players[0].hand.size, game.state.players[1].hand.size);
  };
  EXPECT_EQ(after_claim(card(12, 0)), std::pair(2, 3)) << "aces are due, and it is one";
  EXPECT_EQ(after_claim(card(3, 0)), std::pair(3, 2)) << "the bluff comes back";
}

TEST(Scoring, ATiedBattleLaysThreeFaceDownAndFightsAgain) {
  Game game(testing::war());
  game.hold(0, {card(9, 0), card(0, 0), card(1, 0), card(2, 0), card(12, 0), card(3, 0)});
  game.hold(1, {card(9, 1), card(0, 1), card(1, 1), card(2, 1), card(11, 0), card(3, 1)});
  game.turn_of(0);
  for (int i = 0; i < 2; ++i) game.play(MoveKind::play);
  EXPECT_EQ(game.state.tableau.size, 8) << "two tied cards and six face down";
  for (int i = 0; i < 2; ++i) game.play(MoveKind::play);
  EXPECT_EQ(game.state.tableau.size, 0);
  EXPECT_EQ(game.state.players[0].hand.size, 1 + 10);
  EXPECT_EQ(game.state.players[1].hand.size, 1);
  EXPECT_EQ(game.state.players[0].hand.cards[0], card(3, 0)) << "what is won goes to the end of the queue";
}

TEST(Scoring, TheDealerDrawsBelowSeventeenAndMakesNoChoice) {
  Game game(testing::blackjack(2));
  game.hold(0, {card(8, 0), card(7, 0)});  // 19
  game.hold(1, {card(8, 1), card(4, 0)});  // 16
  game.turn_of(0);
  game.play(MoveKind::stand);
  const Player& dealer = game.state.players[1];
  while (!game.state.over) {
    ASSERT_EQ(game.state.seat, 1);
    EXPECT_LT(hand_value(game.rules, dealer.hand), 17u);
    game.play(MoveKind::draw);
  }
  EXPECT_GE(hand_value(game.rules, dealer.hand), 17u);
}

TEST(Scoring, AWildEightNamesTheSuitToFollow) {
  Game game(testing::crazy_eights(2));
  game.state.discard.push(card(3, 0));
  game.hold(0, {card(6, 0), card(9, 1)});
  game.hold(1, {card(4, 3), card(5, 0), card(6, 1)});
  game.state.phase = 1;
  game.state.left = 1;
  game.turn_of(0);
  for (uint32_t i = 0; i < game.moves->count; ++i) {
    const Move move = game.moves->moves[i];
    if (move.card != card(6, 0) || move.amount != 3) continue;
    play_move(game.rules, game.state, move, game.dice, *game.moves);
    break;
  }
  ASSERT_EQ(game.state.named_suit, 3) << "spades";
  for (uint32_t i = 0; i < game.moves->count; ++i) {
    const Card of = game.moves->moves[i].card;
    EXPECT_TRUE(of == card(4, 3) || of == card(6, 1)) << int{of};
  }
  game.play(MoveKind::play, card(4, 3));
  EXPECT_EQ(game.state.named_suit, kNone);
}

}  // namespace
}  // namespace busbar::cards
