// Mutates programs of all formats, as bytes and as fields; each is refused by name or played to its end, with every
// card in exactly one place, and by the shortest way as by the general one (run it under the asan preset).
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "cards/decode.h"
#include "cards/game.h"
#include "testing/classics.h"
#include "testing/encode_v3.h"
#include "testing/fuzz.h"
#include "testing/goldens.h"
#include "testing/invariants.h"
#include "testing/mutate_program.h"
#include "testing/random_program.h"

namespace {

using namespace busbar::cards;
using busbar::testing::Input;

struct Tally {
  uint64_t played[4] = {}, refused = 0, claims = 0;
  ~Tally() {
    std::printf("played V1 %llu, V2 %llu, V3 %llu, with %llu claims; refused %llu\n",
                static_cast<unsigned long long>(played[1]), static_cast<unsigned long long>(played[2]),
                static_cast<unsigned long long>(played[3]), static_cast<unsigned long long>(claims),
                static_cast<unsigned long long>(refused));
  }
} tally;

void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

bool is_named(const Fault& fault) {
  switch (fault.code) {
    case Code::unknown_format:
    case Code::bad_header:
    case Code::malformed:
    case Code::out_of_range:
    case Code::limit_exceeded:
    case Code::unsupported:
      return !fault.text.empty();
    default:
      return false;
  }
}

bool same(const Result& a, const Result& b) {
  return a.winner == b.winner && a.winners == b.winners && a.ending == b.ending && a.turns == b.turns &&
         a.state_hash == b.state_hash && a.decisive_turn == b.decisive_turn && a.closest_margin == b.closest_margin;
}

void one(const uint8_t* data, size_t size) {
  GameProgram program;
  Fault fault = decode(data, size, program);
  if (!fault) fault = check_playable(program, program.player_count);
  if (fault) {
    check(is_named(fault), "a program is refused without a name");
    tally.refused += 1;
    return;
  }
  tally.played[program.format & 3] += 1;
  const uint32_t players = program.player_count, chips = program.starting_chips;
  program.turns_max = std::min(program.turns_max, 200u);
  const Rules rules = make_rules(std::move(program), players, chips);
  static const auto arena = std::make_unique<Arena>();
  Match match;
  match.rules = &rules;
  match.seed = size;
  for (uint32_t i = 0; i < players; ++i) match.players[i] = static_cast<PlayerKind>((size + i) % 4);
  for (uint32_t& iterations : match.iterations) iterations = 2;
  // Only players of one kind take the shortest ways.
  if (size % 3 == 0) std::fill(std::begin(match.players), std::end(match.players), PlayerKind::random);
  Counts counts;
  const Result result = play_game(match, 0, *arena, counts);
  tally.claims += counts.claims;
  check(result.turns <= rules.program.turns_max && result.turns == counts.actions, "turns are miscounted");
  const std::string broken = busbar::cards::testing::broken_invariant(rules, arena->state);
  check(broken.empty(), broken.c_str());
  if (!rules.menu) return;
  Counts again;
  check(same(play_table(match, 0, *arena, again), result), "the general engine plays another game");
}

/// V1 is V2 without what V2 has added: tableau, chips, scores, evaluation and teams.
Input as_v1(const Input& v2) {
  const auto word = [&](size_t at) {
    return static_cast<uint32_t>(v2[at] << 24 | v2[at + 1] << 16 | v2[at + 2] << 8 | v2[at + 3]);
  };
  constexpr uint32_t kHeaderV2 = 53, kHeaderV1 = 36, kChips = 4, kScoresAt = 39;
  const uint32_t turn = kHeaderV2 + 12, shift = kHeaderV2 - kHeaderV1 + kChips;
  Input out(v2.begin() + 1, v2.begin() + 1 + kHeaderV1);
  for (size_t at = 20; at < kHeaderV1; at += 4) {
    const uint32_t offset = at == 20 ? kHeaderV1 : word(at + 1) - shift;
    for (size_t i = 0; i < 4; i++) out[at + i] = static_cast<uint8_t>(offset >> (24 - 8 * i));
  }
  out.insert(out.end(), v2.begin() + kHeaderV2, v2.begin() + turn - kChips);
  out.insert(out.end(), v2.begin() + turn, v2.begin() + word(kScoresAt));
  return out;
}

/// The classics as the compiler of genomes writes them and as tests do, in all formats.
const std::vector<Input>& sources() {
  static const std::vector<Input> all = [] {
    std::vector<Input> inputs;
    for (const auto& [name, game] : busbar::cards::testing::classics())
      inputs.push_back(busbar::cards::testing::encode_v3(game));
    for (const char* const file : {"classics.txt", "programs.txt"}) {
      for (const auto& golden : busbar::cards::testing::read_goldens(file)) inputs.push_back(golden.program);
    }
    for (size_t i = 0, count = inputs.size(); i < count; i++) {
      if (inputs[i][0] == 2 && inputs[i].size() > 53) inputs.push_back(as_v1(inputs[i]));
    }
    for (const Input& input : inputs) {
      GameProgram program;
      const Fault fault = decode(input.data(), input.size(), program);
      check(!fault, fault.text.c_str());
    }
    return inputs;
  }();
  return all;
}

GameProgram read(const Input& bytes) {
  GameProgram program;
  check(!decode(bytes.data(), bytes.size(), program), "a source is not sound");
  return program;
}

Input seed(busbar::random::Stream& dice) {
  const std::vector<Input>& all = sources();
  switch (dice.below(4)) {
    case 0: {
      auto source = busbar::cards::testing::random_program(dice);
      static constexpr uint32_t kHeaders[] = {36, 39, 47, 53};
      source.header = kHeaders[dice.below(4)];
      return source.build();
    }
    case 1:
      return all[dice.below(all.size())];
    default: {
      GameProgram program = read(all[dice.below(all.size())]);
      const GameProgram other = read(all[dice.below(all.size())]);
      busbar::cards::testing::ProgramMutator(program, other, dice).mutate();
      return busbar::cards::testing::encode_v3(program);
    }
  }
}

}  // namespace

BUSBAR_FUZZ_MAIN(one, seed, 2)
