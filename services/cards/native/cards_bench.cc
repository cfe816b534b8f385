// Games per second of the interpreter beside a hand-written War in the same run.
//   cards_bench [--json] [--quick]
//   cards_bench --hand-war GAMES                           a War by hand: {"ns": ...}
//   cards_bench --loop HEX GAMES BATCHES PLAYER ITERATIONS  a program without the bus, BATCHES requests of GAMES games:
//                                                           {"ns": ..., "playout_moves": ..., "games": ...}
//   cards_bench --playouts HEX GAMES ITERATIONS            so many games by lot to the end, from each position of GAMES
//                                                           games in which there is a choice, without a tree: the same
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "cards/batch.h"
#include "cards/search.h"
#include "testing/program_bytes.h"

namespace {

using namespace busbar;
using namespace busbar::cards;

/// War as one would write it by hand: the same rules and streams (any card of the hand, ties in turn), nothing
/// measured.
uint64_t hand_written_war(uint64_t seed, uint32_t games) {
  uint64_t sum = 0;
  for (uint32_t game = 0; game < games; ++game) {
    const uint64_t game_seed = random::derive(seed, kGameStream, game);
    random::Stream chance(game_seed, kDealStream, 0);
    random::Stream players[2] = {random::Stream(game_seed, kPlayerStream, 0),
                                 random::Stream(game_seed, kPlayerStream, 1)};
    uint8_t deck[52];
    for (uint8_t i = 0; i < 52; ++i) deck[i] = i;
    for (uint32_t i = 51; i > 0; --i) std::swap(deck[i], deck[chance.below(i + 1)]);
    uint8_t hands[2][54];
    uint32_t sizes[2] = {26, 26};
    for (uint32_t i = 0; i < 26; ++i) {
      hands[0][i] = deck[51 - 2 * i];
      hands[1][i] = deck[50 - 2 * i];
    }
    uint32_t turn = 0, tie = 0;
    while (turn < 1000 && sizes[0] > 0 && sizes[1] > 0) {
      const uint64_t i = players[0].below(sizes[0]), j = players[1].below(sizes[1]);
      const uint8_t a = hands[0][i], b = hands[1][j];
      hands[0][i] = hands[0][--sizes[0]];
      hands[1][j] = hands[1][--sizes[1]];
      turn += 2;
      uint32_t winner = a / 4 < b / 4;
      if (a / 4 == b / 4) {
        winner = tie;
        tie ^= 1;
      }
      hands[winner][sizes[winner]++] = a;
      hands[winner][sizes[winner]++] = b;
    }
    sum += turn;
  }
  return sum;
}

template <class Work>
double games_per_second(uint32_t games, Work work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return games / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct Measure {
  const char* name;
  std::vector<double> rounds;
  double median() {
    std::sort(rounds.begin(), rounds.end());
    return rounds[rounds.size() / 2];
  }
};

uint64_t now_ns() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

int hand_war(uint32_t games) {
  hand_written_war(1, games / 10 + 1);
  const uint64_t start = now_ns();
  const uint64_t turns = hand_written_war(2, games);
  std::printf("{\"ns\":%llu,\"turns\":%llu}\n", static_cast<unsigned long long>(now_ns() - start),
              static_cast<unsigned long long>(turns));
  return 0;
}

std::vector<uint8_t> from_hex(const char* at) {
  std::vector<uint8_t> bytes;
  for (; at[0] != 0 && at[1] != 0; at += 2) {
    const char digits[] = {at[0], at[1], 0};
    bytes.push_back(static_cast<uint8_t>(std::strtoul(digits, nullptr, 16)));
  }
  return bytes;
}

/// What a search would do if it had no tree: worlds that the player may be in, and games by lot from them to the end.
int playouts(char** argv) {
  const std::vector<uint8_t> program = from_hex(argv[0]);
  const auto games = static_cast<uint32_t>(std::strtoul(argv[1], nullptr, 10));
  const auto iterations = static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10));
  const Job job = prepare(busbar::cards::testing::request_of(program, games, 0), 0, {}, nullptr, nullptr);
  if (job.fault) {
    std::fprintf(stderr, "%s\n", job.fault.text.c_str());
    return 1;
  }
  const Rules& rules = *job.rules;
  State state, world;
  MoveList moves, playout;
  uint64_t start = 0, sum = 0;
  for (uint32_t game = 0; game <= games; ++game) {
    if (game == 1) {  // the first one warms up
      start = now_ns();
      sum = 0;
    }
    random::Stream chance(game, kDealStream, 0), player(game, kPlayerStream, 0);
    for (start_game(rules, state, chance, moves); !state.over;) {
      for (uint32_t i = 0; moves.count > 1 && i < iterations; ++i) {
        sample_world(rules, state, state.seat, world, player);
        list_moves_of(rules, world, world.seat, playout);
        if (playout.count == 0) continue;
        const uint32_t from = world.turn;
        while (!world.over) {
          const uint32_t choice = playout.count == 1 ? 0 : static_cast<uint32_t>(player.below(playout.count));
          play_move(rules, world, playout.moves[choice], player, playout);
        }
        sum += world.turn - from;
      }
      const Move move = moves.moves[player.below(moves.count)];
      play_move(rules, state, move, chance, moves);
    }
  }
  std::printf("{\"ns\":%llu,\"playout_moves\":%llu}\n", static_cast<unsigned long long>(now_ns() - start),
              static_cast<unsigned long long>(sum));
  return 0;
}

/// What the plugin does for so many requests, without plugin, host and bus.
int loop(char** argv) {
  const std::vector<uint8_t> program = from_hex(argv[0]);
  const auto games = static_cast<uint32_t>(std::strtoul(argv[1], nullptr, 10));
  const auto batches = static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10));
  Simulator simulator({}, 1);
  uint64_t start = now_ns(), moves = 0, played = 0;
  for (uint32_t batch = 0; batch <= batches; ++batch) {
    if (batch == 1) {  // the first one warms up
      start = now_ns();
      moves = played = 0;
    }
    Request request = busbar::cards::testing::request_of(program, games, batch);
    request.ai_player_type = static_cast<uint8_t>(std::strtoul(argv[3], nullptr, 10));
    request.mcts_iterations = static_cast<uint32_t>(std::strtoul(argv[4], nullptr, 10));
    Stats stats;
    simulator.run(&request, 1, {}, &stats);
    if (stats.fault) {
      std::fprintf(stderr, "%s\n", stats.fault.text.c_str());
      return 1;
    }
    moves += stats.counts.playout_moves;
    played += stats.total_games;
  }
  std::printf("{\"ns\":%llu,\"playout_moves\":%llu,\"games\":%llu}\n",
              static_cast<unsigned long long>(now_ns() - start), static_cast<unsigned long long>(moves),
              static_cast<unsigned long long>(played));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--hand-war") == 0)
    return hand_war(static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10)));
  if (argc == 5 && std::strcmp(argv[1], "--playouts") == 0) return playouts(argv + 2);
  if (argc == 7 && std::strcmp(argv[1], "--loop") == 0) return loop(argv + 2);
  bool json = false, quick = false;
  for (int i = 1; i < argc; ++i) {
    json |= std::strcmp(argv[i], "--json") == 0;
    quick |= std::strcmp(argv[i], "--quick") == 0;
  }
  const uint32_t games = quick ? 20'000 : 100'000;
  const int rounds = quick ? 5 : 9;
  Simulator simulator({}, 1);
  const auto war = busbar::cards::testing::war_program().build();
  const auto eights = busbar::cards::testing::eights_program().build();
  const auto play = [&](const std::vector<uint8_t>& program, uint64_t seed) {
    const Request request = busbar::cards::testing::request_of(program, games, seed);
    Stats stats;
    simulator.run(&request, 1, {}, &stats);
    if (stats.fault) std::fprintf(stderr, "%s\n", stats.fault.text.c_str());
    return stats;
  };
  Measure by_hand{"hand-written", {}}, war_random{"war_random", {}}, crazy_random{"crazy_random", {}};
  uint64_t kept = 0;
  double war_turns = 0, crazy_turns = 0;
  for (int round = 0; round <= rounds; ++round) {
    const uint64_t seed = static_cast<uint64_t>(round);
    const double peer = games_per_second(games, [&] { kept += hand_written_war(seed, games); });
    const double ours = games_per_second(games, [&] { war_turns = play(war, seed).avg_turns; });
    const double crazy = games_per_second(games, [&] { crazy_turns = play(eights, seed).avg_turns; });
    if (round == 0) continue;  // warm-up
    by_hand.rounds.push_back(peer);
    war_random.rounds.push_back(ours);
    crazy_random.rounds.push_back(crazy);
  }
  const auto row = [&](Measure& measure, Measure* peer, double turns) {
    const double value = measure.median();
    if (json) {
      std::printf(
          "{\"suite\":\"cards\",\"measure\":\"%s\",\"value\":%.0f,\"unit\":\"1/"
          "s\",\"min\":%.0f,\"max\":%.0f,\"rounds\":%zu",
          measure.name, value, measure.rounds.front(), measure.rounds.back(), measure.rounds.size());
      if (peer != nullptr) {
        std::printf(",\"peer\":\"%s\",\"peer_value\":%.0f,\"ratio\":%.3f", peer->name, peer->median(),
                    value / peer->median());
      }
      std::printf(",\"note\":\"one core, %.0f turns a game\"}\n", turns);
    } else {
      std::printf("%-14s %10.0f games/s  (%.0f to %.0f)  %.1f turns a game", measure.name, value,
                  measure.rounds.front(), measure.rounds.back(), turns);
      if (peer != nullptr) std::printf("  %.2f x %s (%.0f)", value / peer->median(), peer->name, peer->median());
      std::printf("\n");
    }
  };
  row(war_random, &by_hand, war_turns);
  row(crazy_random, nullptr, crazy_turns);
  return kept == 0;
}
