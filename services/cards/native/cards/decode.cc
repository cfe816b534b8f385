#include "decode.h"

#include <string>

#include "decode_phases.h"
#include "decode_v3.h"
#include "reader.h"

namespace busbar::cards {
namespace {

struct Sections {
  uint32_t setup, turn, win, scoring, card_scoring, evaluation, teams;
};

class Decoder {
 public:
  Decoder(const uint8_t* bytes, size_t length, GameProgram& program)
      : bytes_(bytes), length_(length), in_(bytes, length), program_(program) {}

  Fault run() {
    if (const Fault fault = format()) return fault;
    if (const Fault fault = header()) return fault;
    setup();
    turn();
    wins();
    effects();
    scoring();
    if (program_.header_length >= 47) {
      card_scoring();
      evaluation();
    }
    if (program_.header_length >= 53) teams();
    if (!in_.failed()) complete();
    return in_.fault();
  }

 private:
  Fault format() {
    const auto is = [this](size_t offset, uint8_t last) {
      return bytes_[offset] == 0 && bytes_[offset + 1] == 0 && bytes_[offset + 2] == 0 && bytes_[offset + 3] == last;
    };
    const auto refuse = [](const std::string& reason) {
      return Fault{Code::unknown_format, "the program is in no format this version reads (V1, V2, V3): " + reason};
    };
    if (length_ >= 5 && bytes_[0] == 2 && is(1, 1)) {
      program_.format = 2;
    } else if (length_ >= 4 && is(0, 1)) {
      program_.format = 1;
    } else if (length_ < 5) {
      return refuse("it has " + std::to_string(length_) + " bytes");
    } else {
      return refuse("it begins with bytes " + std::to_string(bytes_[0]) + ", " + std::to_string(bytes_[1]) + ", " +
                    std::to_string(bytes_[2]) + ", " + std::to_string(bytes_[3]));
    }
    return {};
  }

  Fault header() {
    const size_t start = program_.format == 2 ? 1 : 0;
    const auto refuse = [](size_t offset, const std::string& reason) {
      return Fault{Code::bad_header, "the program's header is wrong at " + at_byte(offset) + ": " + reason};
    };
    if (length_ < start + 36) return refuse(length_, "it ends inside the header");
    in_.seek(start + 4, length_);
    program_.genome_id_hash = in_.u64("genome_id_hash");
    program_.player_count = in_.u32("player_count");
    program_.turns_max = in_.u32("max_turns");
    if (program_.player_count < 2 || program_.player_count > kPlayersMax) {
      return refuse(start + 12, "player_count is " + std::to_string(program_.player_count) + ", allowed are 2 to 4");
    }
    if (program_.turns_max < 1 || program_.turns_max > kTurnsMax) {
      return refuse(start + 16, "max_turns is " + std::to_string(program_.turns_max) + ", allowed are 1 to 10000");
    }
    // The setup section always follows the header, so its offset is the header's length.
    sections_.setup = in_.u32("setup offset");
    sections_.turn = in_.u32("turn offset");
    sections_.win = in_.u32("win offset");
    sections_.scoring = in_.u32("scoring offset");
    const uint32_t header = sections_.setup;
    program_.header_length = header;
    const bool known = program_.format == 1 ? header == 36 : header == 39 || header == 47 || header == 53;
    if (!known) {
      return refuse(start + 20,
                    "the setup offset, which is the header's length, is " + std::to_string(header) +
                        (program_.format == 1 ? ", a V1 header has 36 bytes" : ", a V2 header has 39, 47 or 53 bytes"));
    }
    if (length_ < header) return refuse(length_, "it ends inside the header");
    const uint32_t setup_length = sections_.turn - sections_.setup;
    if (setup_length != 8 && setup_length != 12) {
      return refuse(start + 24,
                    "the setup section would have " + std::to_string(setup_length) + " bytes, 8 or 12 are allowed");
    }
    sections_.card_scoring = sections_.evaluation = sections_.teams = static_cast<uint32_t>(length_);
    if (header >= 39) {
      const uint8_t tableau = in_.u8("tableau_mode");
      if (tableau > 3) return refuse(37, "tableau_mode is " + std::to_string(tableau) + ", allowed are 0 to 3");
      program_.tableau = static_cast<Tableau>(tableau);
      program_.sequence_direction = in_.u8("sequence_direction");
      if (program_.sequence_direction > 2) {
        return refuse(38,
                      "sequence_direction is " + std::to_string(program_.sequence_direction) + ", allowed are 0 to 2");
      }
    }
    if (header >= 47) {
      sections_.card_scoring = in_.u32("card scoring offset");
      sections_.evaluation = in_.u32("hand evaluation offset");
    }
    if (header >= 53) {
      const uint8_t team_mode = in_.u8("team_mode");
      if (team_mode > 1) return refuse(47, "team_mode is " + std::to_string(team_mode) + ", not 0 or 1");
      program_.team_mode = team_mode == 1;
      team_count_ = in_.u8("team_count");
      sections_.teams = in_.u32("team data offset");
    }
    const uint32_t order[] = {
        sections_.setup,        sections_.turn,       sections_.win,   sections_.scoring,
        sections_.card_scoring, sections_.evaluation, sections_.teams, static_cast<uint32_t>(length_)};
    static const char* const names[] = {"setup",           "turn", "win", "scoring", "card scoring",
                                        "hand evaluation", "team", "end"};
    for (size_t i = 1; i < std::size(order); ++i) {
      if (order[i] < order[i - 1]) {
        return refuse(start + 20, std::string("the ") + names[i] + " offset " + std::to_string(order[i]) +
                                      " lies before the " + names[i - 1] + " offset " + std::to_string(order[i - 1]));
      }
    }
    return {};
  }

  /// Each section must end where the next begins.
  void finish(const char* section) {
    if (in_.failed() || in_.position() == in_.end()) return;
    in_.fail(Code::malformed, in_.position(),
             std::string("the ") + section + " section has " + std::to_string(in_.end() - in_.position()) +
                 " bytes too many");
  }

  void setup() {
    in_.seek(sections_.setup, sections_.turn);
    const auto natural = [this](const char* path, int32_t max) -> uint32_t {
      const size_t offset = in_.position();
      const int32_t value = in_.i32(path);
      if (value < 0 || value > max) {
        in_.fail_value(Code::out_of_range, path, offset, value, "allowed are 0 to " + std::to_string(max));
      }
      return static_cast<uint32_t>(value);
    };
    program_.cards_per_player = natural("setup.cards_per_player", kDeckCards);
    program_.initial_discard_count = natural("setup.initial_discard_count", kDeckCards);
    if (sections_.turn - sections_.setup == 12)
      program_.starting_chips = natural("setup.starting_chips", 1'000'000'000);
    finish("setup");
  }

  void turn() {
    in_.seek(sections_.turn, sections_.win);
    const size_t offset = in_.position();
    const uint32_t count = in_.u32("the phase count");
    if (count > kPhasesMax) {
      in_.fail_value(Code::limit_exceeded, "turn_structure.phases", offset, count,
                     "the limit is " + std::to_string(kPhasesMax));
    }
    for (uint32_t i = 0; i < count && !in_.failed(); ++i) read_phase(in_, program_);
    finish("turn");
  }

  void wins() {
    // Effects lie between the win conditions and the scoring section; where they begin is known once the wins are read.
    in_.seek(sections_.win, sections_.scoring);
    const size_t offset = in_.position();
    const int32_t count = in_.i32("the number of win conditions");
    if (count < 0) in_.fail(Code::malformed, offset, "the number of win conditions is negative");
    if (count > static_cast<int32_t>(kWinsMax)) {
      in_.fail_value(Code::limit_exceeded, "win_conditions", offset, count, "the limit is " + std::to_string(kWinsMax));
    }
    for (int32_t i = 0; i < count && !in_.failed(); ++i) {
      Win win{};
      win.offset = static_cast<uint32_t>(in_.position());
      const uint8_t kind = in_.u8("a win type");
      if (kind > 7) in_.fail(Code::malformed, win.offset, "there is no win type " + std::to_string(kind));
      win.kind = static_cast<WinKind>(kind);
      win.threshold = in_.i32("a win threshold");
      program_.wins.push_back(win);
    }
  }

  void effects() {
    if (in_.failed() || in_.position() == in_.end()) return;
    const size_t offset = in_.position();
    const uint8_t mark = in_.u8("the effects mark");
    if (mark != 60) in_.fail(Code::malformed, offset, "the effects mark is " + std::to_string(mark) + ", not 60");
    const uint8_t count = in_.u8("the number of effects");
    for (uint32_t i = 0; i < count && !in_.failed(); ++i) {
      Effect effect{};
      effect.offset = static_cast<uint32_t>(in_.position());
      effect.rank = read_rank(in_, "a trigger rank", false);
      const uint8_t kind = in_.u8("an effect type");
      if (kind > 4) in_.fail(Code::malformed, effect.offset + 1, "there is no effect type " + std::to_string(kind));
      effect.kind = static_cast<EffectKind>(kind);
      const uint8_t target = in_.u8("an effect target");
      if (target > 6)
        in_.fail(Code::malformed, effect.offset + 2, "there is no effect target " + std::to_string(target));
      effect.target = static_cast<Target>(target);
      effect.value = in_.u8("an effect value");
      program_.effects.push_back(effect);
    }
    finish("effects");
  }

  void scoring() {
    in_.seek(sections_.scoring, sections_.card_scoring);
    const size_t offset = in_.position();
    const int32_t count = in_.i32("the number of scoring rules");
    if (count != 0) {
      in_.fail(Code::malformed, offset,
               std::to_string(count) + " scoring rules are announced, and the format has no bytes for them");
    }
    finish("scoring");
  }

  void card_scoring() {
    in_.seek(sections_.card_scoring, sections_.evaluation);
    const uint16_t count = in_.u16("the number of card scores");
    for (uint32_t i = 0; i < count && !in_.failed(); ++i) {
      CardScore score{};
      score.offset = static_cast<uint32_t>(in_.position());
      score.suit = read_suit(in_, "a card score's suit");
      score.rank = read_rank(in_, "a card score's rank", true);
      score.points = static_cast<int16_t>(in_.u16("points"));
      const uint8_t trigger = in_.u8("a scoring trigger");
      if (trigger > 4)
        in_.fail(Code::malformed, score.offset + 4, "there is no scoring trigger " + std::to_string(trigger));
      score.trigger = static_cast<Trigger>(trigger);
      program_.card_scores.push_back(score);
    }
    finish("card scoring");
  }

  void evaluation() {
    in_.seek(sections_.evaluation, sections_.teams);
    HandEvaluation& out = program_.evaluation;
    out.offset = static_cast<uint32_t>(in_.position());
    const uint8_t method = in_.u8("an evaluation method");
    if (method > 4) in_.fail(Code::malformed, out.offset, "there is no evaluation method " + std::to_string(method));
    out.method = static_cast<Method>(method);
    if (method != 0) {
      out.target = in_.u8("target_value");
      out.bust = in_.u8("bust_threshold");
      const uint8_t values = in_.u8("the number of card values");
      for (uint32_t i = 0; i < values && !in_.failed(); ++i) {
        const uint8_t of = read_rank(in_, "a card value's rank", false);
        const uint8_t value = in_.u8("a card value");
        out.values.push_back({of, value, in_.u8("an alternate value")});
      }
      const uint8_t patterns = in_.u8("the number of patterns");
      for (uint32_t i = 0; i < patterns && !in_.failed(); ++i) {
        Pattern pattern{};
        pattern.priority = in_.u8("a pattern's priority");
        pattern.required_count = in_.u8("required_count");
        pattern.same_suit = in_.u8("same_suit_count");
        pattern.sequence_length = in_.u8("sequence_length");
        pattern.wrap = in_.flag("sequence_wrap");
        const uint8_t groups = in_.u8("the number of groups");
        for (uint32_t g = 0; g < groups && !in_.failed(); ++g) pattern.groups.push_back(in_.u8("a group"));
        const uint8_t ranks = in_.u8("the number of ranks");
        for (uint32_t r = 0; r < ranks && !in_.failed(); ++r) pattern.ranks.push_back(read_rank(in_, "a pattern's rank", false));
        out.patterns.push_back(std::move(pattern));
      }
    }
    finish("hand evaluation");
  }

  void teams() {
    in_.seek(sections_.teams, length_);
    const size_t offset = in_.position();
    const uint8_t count = in_.u8("the number of teams");
    if (count != team_count_) {
      in_.fail(
          Code::malformed, offset,
          "the team section holds " + std::to_string(count) + " teams, the header says " + std::to_string(team_count_));
    }
    for (uint32_t i = 0; i < count && !in_.failed(); ++i) {
      std::vector<uint8_t> team;
      const uint8_t size = in_.u8("a team's size");
      for (uint32_t j = 0; j < size && !in_.failed(); ++j) {
        const uint8_t player = in_.u8("a team's player");
        if (player >= program_.player_count) {
          in_.fail(Code::malformed, in_.position() - 1, "there is no player " + std::to_string(player));
        }
        team.push_back(player);
      }
      program_.teams.push_back(std::move(team));
    }
    finish("team");
  }

  /// What V1 and V2 leave unsaid: betting games, and trick games that are played to a score, are dealt anew.
  void complete() {
    bool betting = false, tricks = false, to_score = false;
    for (const Phase& phase : program_.phases) {
      betting |= phase.kind == PhaseKind::betting;
      tricks |= phase.kind == PhaseKind::trick;
    }
    for (const Win& win : program_.wins) {
      to_score |= win.threshold > 0 && (win.kind == WinKind::high_score || win.kind == WinKind::first_to_score ||
                                        win.kind == WinKind::low_score);
    }
    program_.hands.redeal = betting || (tricks && to_score);
    program_.hands.hands_max = program_.hands.redeal ? kDefaultHands : 1;
  }

  const uint8_t* bytes_;
  size_t length_;
  Reader in_;
  GameProgram& program_;
  Sections sections_{};
  uint8_t team_count_ = 0;
};

}  // namespace

Fault decode(const uint8_t* bytes, size_t length, GameProgram& program) {
  program = GameProgram{};
  if (length > kProgramBytesMax) {
    return {Code::limit_exceeded, "genome_bytecode is " + std::to_string(length) + " bytes, the limit is " +
                                      std::to_string(kProgramBytesMax)};
  }
  if (length >= 8 && bytes[4] == 'B' && bytes[5] == 'B' && bytes[6] == 'C' && bytes[7] == 'P') {
    return decode_v3(bytes, length, program);
  }
  return Decoder(bytes, length, program).run();
}

}  // namespace busbar::cards
