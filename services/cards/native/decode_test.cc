#include "cards/decode.h"

#include <gtest/gtest.h>

#include "testing/classics.h"
#include "testing/program_bytes.h"

namespace busbar::cards {
namespace {

using testing::Bytes;
using testing::compound;
using testing::condition;
using testing::ProgramBytes;

Fault read(const std::vector<uint8_t>& bytes, GameProgram& program) {
  return decode(bytes.data(), bytes.size(), program);
}

Fault read_and_check(const ProgramBytes& source) {
  GameProgram program;
  const auto bytes = source.build();
  Fault fault = read(bytes, program);
  return fault ? fault : check_playable(program, program.player_count);
}

TEST(Decode, ReadsEveryFieldOfWar) {
  GameProgram program;
  const auto bytes = testing::war_program().build();
  ASSERT_EQ(bytes.size(), 103u);
  ASSERT_FALSE(read(bytes, program)) << read(bytes, program).text;
  EXPECT_EQ(program.format, 2);
  EXPECT_EQ(program.header_length, 53u);
  EXPECT_EQ(program.genome_id_hash, 0x1122334455667788ull);
  EXPECT_EQ(program.player_count, 2u);
  EXPECT_EQ(program.turns_max, 1000u);
  EXPECT_EQ(program.cards_per_player, 26u);
  EXPECT_EQ(program.tableau, Tableau::war);
  ASSERT_EQ(program.phases.size(), 1u);
  EXPECT_EQ(program.phases[0].kind, PhaseKind::play);
  EXPECT_EQ(program.phases[0].place, 3);
  ASSERT_EQ(program.conditions.size(), 1u);
  EXPECT_EQ(program.conditions[0].op, Op::location_size);
  ASSERT_EQ(program.wins.size(), 1u);
  EXPECT_EQ(program.wins[0].kind, WinKind::capture_all);
}

TEST(Decode, AWarWithoutConditionHas89And96BytesAsInTheReference) {
  ProgramBytes war;
  war.tableau = 1;
  war.play(3).win(3);
  EXPECT_EQ(war.build().size(), 96u);
  war.header = 47;
  EXPECT_EQ(war.build().size(), 89u);
}

TEST(Decode, ReadsEveryHeaderLength) {
  for (const uint32_t header : {36u, 39u, 47u, 53u}) {
    ProgramBytes source = testing::eights_program();
    source.header = header;
    GameProgram program;
    const auto bytes = source.build();
    const Fault fault = read(bytes, program);
    ASSERT_FALSE(fault) << header << ": " << fault.text;
    EXPECT_EQ(program.format, header == 36 ? 1 : 2);
    EXPECT_EQ(program.header_length, header);
    EXPECT_EQ(program.phases.size(), 2u);
    EXPECT_EQ(program.cards_per_player, 7u);
  }
}

TEST(Decode, ReadsEveryPhaseConditionEffectAndSection) {
  ProgramBytes source = testing::eights_program(4);
  source.phases.push_back(Bytes().u8({4, 1, 3, 1, 255}));
  source.phases.push_back(Bytes().u8({5}).u32(10).u32(3));
  source.phases.push_back(Bytes().u8({6, 1, 4, 1, 1, 1, 0, 0, 0, 0, 0}));
  source.phases.push_back(Bytes().u8({7, 70, 1, 13, 1, 10, 1, 10, 100, 0, 44, 1, 10, 100, 0, 0, 0}));
  source.discard(0);
  Bytes leaves;
  std::vector<Bytes> all;
  for (int op = 0; op <= 14; ++op) all.push_back(condition(op, op % 6, 2, op == 3 ? 5 : 0));
  Bytes wide = Bytes().u8({40}).u32(static_cast<uint32_t>(all.size()));
  for (const Bytes& leaf : all) wide.add(leaf);
  source.draw(2, 3, 0, compound(41, {wide, condition(0, 0, 1, 0)}));
  for (int type = 0; type <= 7; ++type) source.win(type, -type);
  source.effect(0, 0, 0, 1).effect(12, 4, 6, 2);
  source.score(255, 12, -5, 0).score(3, 255, 1, 4);
  source.evaluation = Bytes().u8({3, 21, 22, 1, 12, 11, 1, 1, 90, 5, 5, 5, 1, 2, 3, 2, 2, 8, 12});
  source.teams = Bytes().u8({2, 2, 0, 2, 2, 1, 3});
  source.team_mode = 1;
  source.team_count = 2;
  GameProgram program;
  const auto bytes = source.build();
  const Fault fault = read(bytes, program);
  ASSERT_FALSE(fault) << fault.text;
  ASSERT_EQ(program.phases.size(), 8u);
  EXPECT_EQ(program.phases[2].trick.trump, 3);
  EXPECT_EQ(program.phases[3].betting.raises_max, 3u);
  EXPECT_EQ(program.phases[4].cards_max, 4);
  EXPECT_EQ(program.contract.nil_bonus, 100);
  EXPECT_EQ(program.contract.nil_penalty, 300) << "the two-byte fields of bidding are little endian";
  EXPECT_EQ(program.phases[7].count, 3u);
  EXPECT_EQ(program.conditions[program.phases[7].condition].span, 18u);
  EXPECT_EQ(program.wins.size(), 9u);
  EXPECT_EQ(program.wins[8].threshold, -7);
  EXPECT_EQ(program.effects.size(), 2u);
  EXPECT_EQ(program.card_scores[0].points, -5);
  EXPECT_EQ(program.evaluation.values.size(), 1u);
  ASSERT_EQ(program.evaluation.patterns.size(), 1u);
  EXPECT_EQ(program.evaluation.patterns[0].groups, (std::vector<uint8_t>{3, 2}));
  EXPECT_EQ(program.evaluation.patterns[0].ranks, (std::vector<uint8_t>{8, 12}));
  EXPECT_EQ(program.teams.size(), 2u);
}

TEST(Decode, RanksOfConditionsAreConvertedAtTheDoor) {
  // In programs A = 0, 2 = 1, .. K = 12; inside 2 = 0 .. A = 12.
  for (int value = 0; value < 13; ++value) {
    ProgramBytes source;
    source.cards = 5;
    source.play(2, condition(1, 0, value, 0)).win(0);
    GameProgram program;
    ASSERT_FALSE(read(source.build(), program));
    EXPECT_EQ(program.conditions[0].value, value == 0 ? 12 : value - 1);
  }
  ProgramBytes source;
  source.cards = 5;
  source.play(2, condition(1, 0, 13, 0)).win(0);
  EXPECT_EQ(read_and_check(source).code, Code::out_of_range);
}

TEST(Decode, NamesTheFormatItDoesNotKnow) {
  GameProgram program;
  EXPECT_EQ(read({}, program).code, Code::unknown_format);
  EXPECT_EQ(read({9, 9, 9, 9, 9, 9}, program).code, Code::unknown_format);
  const Fault v3 = read({8, 0, 0, 0, 'B', 'B', 'C', 'P', 0, 0}, program);
  EXPECT_EQ(v3.code, Code::malformed) << "V3, but no sound one";
}

TEST(Decode, EveryTruncationIsANamedError) {
  for (const auto& bytes : {testing::war_program().build(), testing::eights_program(3).build()}) {
    for (size_t length = 0; length < bytes.size(); ++length) {
      // A copy of exact size, so that the sanitizer sees any read beyond it.
      const std::vector<uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
      GameProgram program;
      const Fault fault = read(cut, program);
      EXPECT_TRUE(fault) << "cut to " << length;
      EXPECT_FALSE(fault.text.empty());
    }
  }
}

TEST(Decode, EveryFlippedByteIsANamedErrorOrAProgramThatRunsToItsEnd) {
  ProgramBytes source = testing::eights_program(3);
  source.turns_max = 60;
  source.effect(0, 2, 0, 2).effect(9, 0, 0, 1).effect(10, 1, 4, 1).score(0, 255, 3);
  const auto good = source.build();
  Simulator simulator({}, 1);
  uint32_t refused = 0, played = 0;
  for (size_t at = 0; at < good.size(); ++at) {
    for (int value = 0; value < 256; value += at % 7 == 0 ? 1 : 5) {
      auto bytes = good;
      if (bytes[at] == value) continue;
      bytes[at] = static_cast<uint8_t>(value);
      const Request request = testing::request_of(bytes, 1, at);
      Stats stats;
      ASSERT_TRUE(simulator.run(&request, 1, {}, &stats));
      if (stats.fault) {
        EXPECT_FALSE(stats.fault.text.empty());
        refused += 1;
      } else {
        EXPECT_EQ(stats.total_games, 1u);
        EXPECT_LE(stats.median_turns, kTurnsMax);
        played += 1;
      }
    }
  }
  EXPECT_GT(refused, 1000u);
  EXPECT_GT(played, 1000u);
}

TEST(Decode, DeepNestingIsRefusedByItsLimit) {
  Bytes deep = condition(0, 0, 0, 0);
  for (uint32_t i = 0; i < kConditionDepthMax + 1; ++i) deep = compound(40, {deep});
  ProgramBytes source;
  source.cards = 5;
  source.play(2, deep).win(0);
  const Fault fault = read_and_check(source);
  EXPECT_EQ(fault.code, Code::limit_exceeded);
  EXPECT_NE(fault.text.find("64"), std::string::npos);
}

struct Refusal {
  const char* what;
  ProgramBytes source;
  const char* path;
};

// Both lay a card before each player; a game of both lost cards.
TEST(Playable, TricksAreRefusedWhereTheTableauIsWar) {
  GameProgram program = testing::war();
  EXPECT_FALSE(check_playable(program, 2));
  program.phases.push_back(testing::phase_of(PhaseKind::trick));
  const Fault fault = check_playable(program, 2);
  EXPECT_EQ(fault.code, Code::unsupported);
  EXPECT_EQ(fault.text.rfind("turn.phases[1]: ", 0), 0u) << fault.text;
  program.tableau = Tableau::none;
  EXPECT_FALSE(check_playable(program, 2));
}

TEST(Playable, WhatMakesNoSenseIsRefusedByPathAndByte) {
  const auto base = [] {
    ProgramBytes source;
    source.cards = 5;
    source.discards = 1;
    return source.play(2).win(0);
  };
  std::vector<Refusal> refusals;
  const auto add = [&](const char* what, const char* path, auto change) {
    ProgramBytes source = base();
    change(source);
    refusals.push_back({what, source, path});
  };
  add("card test without card", "turn_structure.phases[1].condition",
      [](auto& s) { s.draw(0, 1, 1, condition(12, 0, 0, 1)); });
  add("rank without card", "turn_structure.phases[1].condition",
      [](auto& s) { s.draw(0, 1, 1, condition(1, 0, 3, 0)); });
  add("a pair of more than", "turn_structure.phases[1].condition", [](auto& s) { s.play(2, condition(7, 3, 0, 0)); });
  add("valid plays of a play", "turn_structure.phases[1].condition", [](auto& s) { s.play(2, condition(0, 0, 1, 3)); });
  add("skip all three", "special_effects[0].target", [](auto& s) {
    s.players = 3;
    s.effect(0, 0, 4, 1);
  });
  for (const Refusal& refusal : refusals) {
    const Fault fault = read_and_check(refusal.source);
    EXPECT_EQ(fault.code, Code::unsupported) << refusal.what << ": " << fault.text;
    EXPECT_EQ(fault.text.rfind(refusal.path, 0), 0u) << refusal.what << ": " << fault.text;
    EXPECT_NE(fault.text.find("byte "), std::string::npos) << fault.text;
  }
}

TEST(Playable, EveryPhaseRuleAndWinOfV2IsPlayed) {
  const auto base = [](uint32_t players = 2) {
    ProgramBytes source;
    source.players = players;
    source.cards = 5;
    source.discards = 1;
    source.turns_max = 200;
    return source;
  };
  std::vector<std::pair<const char*, ProgramBytes>> games;
  const auto add = [&](const char* what, ProgramBytes source, auto change) {
    change(source);
    games.emplace_back(what, source);
  };
  for (const uint32_t players : {2u, 3u, 4u}) {
    add("trick", base(players), [](auto& s) {
      s.phases.push_back(Bytes().u8({4, 1, 3, 1, 0}));
      s.win(5);
    });
    add("betting", base(players), [](auto& s) {
      s.chips = 100;
      s.phases.push_back(Bytes().u8({5}).u32(10).u32(3));
      s.win(6);
    });
    add("claim", base(players), [](auto& s) {
      s.phases.push_back(Bytes().u8({6, 1, 4, 1, 1, 1, 0, 0, 0, 0, 0}));
      s.win(0);
    });
    add("bidding", base(players), [](auto& s) {
      s.phases.push_back(Bytes().u8({7, 70, 1, 13, 1, 10, 1, 10, 100, 0, 100, 0, 10, 100, 0, 0, 0}));
      s.phases.push_back(Bytes().u8({4, 1, 255, 1, 255}));
      s.win(1, 50);
    });
    add("sets", base(players), [](auto& s) { s.play(2, {}, 1, 1, 1, 4).win(0); });
    add("two discards", base(players), [](auto& s) {
      s.phases.push_back(Bytes().u8({3, 2}).u32(2).u8({1}));
      s.win(0);
    });
    add("draw from tableau", base(players), [](auto& s) { s.draw(3).play(3).win(0); });
    add("draw from the other discards", base(players), [](auto& s) { s.draw(5).play(2).win(0); });
    add("play to deck, hand, opponent", base(players), [](auto& s) { s.play(0).play(1).play(4).play(5).win(0); });
    add("match_rank", base(players), [](auto& s) {
      s.tableau = 2;
      s.play(3).win(7);
    });
    add("sequence", base(players), [](auto& s) {
      s.tableau = 3;
      s.play(3).win(0);
    });
    add("war", base(players), [](auto& s) {
      s.tableau = 1;
      s.play(3).win(3);
    });
    add("best hand", base(players), [](auto& s) {
      s.evaluation = Bytes().u8({1, 0, 0, 0, 0});
      s.draw(0).win(6);
    });
    add("trick scores", base(players), [](auto& s) {
      s.phases.push_back(Bytes().u8({4, 1, 255, 0, 255}));
      s.score(0, 255, 1, 0).score(255, 3, -2, 3).win(4, 30);
    });
    add("choice", base(players), [](auto& s) { s.draw(0).play(2).win(0).effect(0, 2, 2, 1).effect(1, 4, 2, 1); });
  }
  add("teams", base(4), [](auto& s) {
    s.phases.push_back(Bytes().u8({4, 1, 255, 1, 255}));
    s.score(255, 255, 1, 0);
    s.team_mode = 1;
    s.team_count = 2;
    s.teams = Bytes().u8({2, 2, 0, 2, 2, 1, 3});
    s.win(1, 10);
  });
  for (auto& [what, source] : games) {
    if (what == std::string("betting")) source.evaluation = Bytes().u8({1, 0, 0, 0, 0});
    const auto program = source.build();
    Simulator simulator({}, 1);
    for (const uint8_t player : {uint8_t{0}, uint8_t{1}}) {
      Request request = testing::request_of(program, 50, 7);
      request.ai_player_type = player;
      Stats stats;
      simulator.run(&request, 1, {}, &stats);
      EXPECT_FALSE(stats.fault) << what << " of " << source.players << ": " << stats.fault.text;
      EXPECT_EQ(stats.total_games, 50u) << what;
      EXPECT_GT(stats.counts.actions, 0u) << what;
    }
  }
}

TEST(Playable, MoreCardsThanTheDeckHasAreRefused) {
  ProgramBytes source;
  source.cards = 27;
  source.play(2).win(0);
  EXPECT_EQ(read_and_check(source).code, Code::out_of_range);
  source.cards = 26;
  EXPECT_FALSE(read_and_check(source));
  source.discards = 1;
  EXPECT_EQ(read_and_check(source).code, Code::out_of_range);
}

}  // namespace
}  // namespace busbar::cards
