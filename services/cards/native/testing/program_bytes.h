// Programs by hand, byte by byte, for tests and benches.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include "../cards/batch.h"

namespace busbar::cards::testing {

class Bytes {
 public:
  Bytes& u8(std::initializer_list<int> values) {
    for (const int value : values) bytes_.push_back(static_cast<uint8_t>(value));
    return *this;
  }
  Bytes& big(uint64_t value, int size) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) bytes_.push_back(static_cast<uint8_t>(value >> shift));
    return *this;
  }
  Bytes& u16(uint32_t value) { return big(value, 2); }
  Bytes& u32(uint32_t value) { return big(value, 4); }
  Bytes& add(const Bytes& other) {
    bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end());
    return *this;
  }
  uint32_t size() const { return static_cast<uint32_t>(bytes_.size()); }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

inline Bytes condition(int op, int compare, int32_t value, int reference) {
  return Bytes().u8({op, compare}).u32(static_cast<uint32_t>(value)).u8({reference});
}
inline Bytes compound(int op, std::initializer_list<Bytes> nested) {
  Bytes bytes;
  bytes.u8({op}).u32(static_cast<uint32_t>(nested.size()));
  for (const Bytes& child : nested) bytes.add(child);
  return bytes;
}

/// A V2 program with a 53-byte header unless told otherwise. Sections default to empty ones.
struct ProgramBytes {
  uint32_t players = 2, turns_max = 1000;
  uint32_t cards = 26, discards = 0, chips = 0;
  int tableau = 0, direction = 0;
  std::vector<Bytes> phases;
  std::vector<std::pair<int, int32_t>> wins;
  Bytes effects;      // whole section or empty
  Bytes card_scores;  // entries
  uint32_t card_score_count = 0;
  Bytes evaluation = Bytes().u8({0});
  Bytes teams = Bytes().u8({0});
  int team_mode = 0, team_count = 0;
  uint32_t header = 53;

  ProgramBytes& play(int target, const Bytes& where = {}, int mandatory = 1, int pass = 1, int min = 1, int max = 1) {
    phases.push_back(Bytes().u8({2, target, min, max, mandatory, pass}).u32(where.size()).add(where));
    return *this;
  }
  ProgramBytes& draw(int source, uint32_t count = 1, int mandatory = 1, const Bytes& where = {}) {
    phases.push_back(Bytes().u8({1, source}).u32(count).u8({mandatory, where.size() > 0}).add(where));
    return *this;
  }
  ProgramBytes& discard(int mandatory = 1) {
    phases.push_back(Bytes().u8({3, 2}).u32(1).u8({mandatory}));
    return *this;
  }
  ProgramBytes& win(int type, int32_t threshold = 0) {
    wins.emplace_back(type, threshold);
    return *this;
  }
  ProgramBytes& effect(int rank, int type, int target, int value) {
    Bytes entries;
    for (size_t i = 2; i < effects.size(); ++i) entries.u8({effects.bytes()[i]});
    entries.u8({rank, type, target, value});
    effects = Bytes().u8({60, static_cast<int>(entries.size() / 4)}).add(entries);
    return *this;
  }
  ProgramBytes& score(int suit, int rank, int points, int trigger = 2) {
    card_scores.u8({suit, rank}).u16(static_cast<uint16_t>(points)).u8({trigger});
    card_score_count += 1;
    return *this;
  }

  std::vector<uint8_t> build() const {
    Bytes setup, turn, win_section, scoring;
    setup.u32(cards).u32(discards);
    if (header >= 47) setup.u32(chips);
    turn.u32(static_cast<uint32_t>(phases.size()));
    for (const Bytes& phase : phases) turn.add(phase);
    win_section.u32(static_cast<uint32_t>(wins.size()));
    for (const auto& [type, threshold] : wins) win_section.u8({type}).u32(static_cast<uint32_t>(threshold));
    scoring.u32(0);
    const Bytes scores = Bytes().u16(card_score_count).add(card_scores);
    const uint32_t setup_at = header, turn_at = setup_at + setup.size(), win_at = turn_at + turn.size();
    const uint32_t scoring_at = win_at + win_section.size() + effects.size();
    const uint32_t scores_at = scoring_at + scoring.size(), evaluation_at = scores_at + scores.size();
    const uint32_t teams_at = evaluation_at + evaluation.size();
    Bytes out;
    if (header != 36) out.u8({2});
    out.u32(1)
        .big(0x1122334455667788ull, 8)
        .u32(players)
        .u32(turns_max)
        .u32(setup_at)
        .u32(turn_at)
        .u32(win_at)
        .u32(scoring_at);
    if (header >= 39) out.u8({tableau, direction});
    if (header >= 47) out.u32(scores_at).u32(evaluation_at);
    if (header >= 53) out.u8({team_mode, team_count}).u32(teams_at);
    out.add(setup).add(turn).add(win_section).add(effects).add(scoring);
    if (header >= 47) out.add(scores).add(evaluation);
    if (header >= 53) out.add(teams);
    return out.bytes();
  }
};

inline ProgramBytes war_program() {
  ProgramBytes program;
  program.tableau = 1;
  return program.play(3, condition(3, 3, 0, 1), 1, 0).win(3);
}

/// Eights match everything; a player without a card to play draws one.
inline ProgramBytes eights_program(uint32_t players = 2) {
  ProgramBytes program;
  program.players = players;
  program.cards = players == 2 ? 7 : 5;
  program.discards = 1;
  program.turns_max = 500;
  program.draw(0, 1, 1, condition(0, 0, 0, 3));
  program.play(2, compound(41, {condition(13, 0, 0, 1), condition(12, 0, 0, 1), condition(1, 0, 7, 0)}));
  return program.win(0);
}

inline Request request_of(const std::vector<uint8_t>& program, uint32_t games, uint64_t seed) {
  Request request;
  request.program = program.data();
  request.program_length = program.size();
  request.num_games = games;
  request.random_seed = seed;
  return request;
}

}  // namespace busbar::cards::testing
