#include "decode.h"

#include <string>

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
    for (uint32_t i = 0; i < count && !in_.failed(); ++i) phase();
    finish("turn");
  }

  void phase() {
    Phase phase;
    phase.offset = static_cast<uint32_t>(in_.position());
    const uint8_t kind = in_.u8("a phase type");
    phase.kind = static_cast<PhaseKind>(kind);
    switch (kind) {
      case 1:
        phase.place = in_.u8("a draw source");
        phase.count = in_.u32("a draw count");
        phase.mandatory = in_.flag("mandatory");
        if (in_.flag("has_condition")) phase.condition = condition(0, in_.end());
        break;
      case 2: {
        phase.place = in_.u8("a play target");
        phase.cards_min = in_.u8("min_cards");
        phase.cards_max = in_.u8("max_cards");
        phase.mandatory = in_.flag("mandatory");
        phase.pass_if_unable = in_.flag("pass_if_unable");
        const size_t offset = in_.position();
        const uint32_t length = in_.u32("the condition length");
        if (length > in_.end() - in_.position()) {
          in_.fail(Code::malformed, offset,
                   "a condition of " + std::to_string(length) + " bytes does not fit the turn section");
        }
        if (length > 0 && !in_.failed()) {
          const size_t end = in_.position() + length;
          phase.condition = condition(0, end);
          if (!in_.failed() && in_.position() != end) {
            in_.fail(Code::malformed, in_.position(),
                     "the condition is shorter than its length " + std::to_string(length));
          }
        }
        break;
      }
      case 3:
        phase.place = in_.u8("a discard target");
        phase.count = in_.u32("a discard count");
        phase.mandatory = in_.flag("mandatory");
        break;
      case 4:
        phase.trick.lead_suit_required = in_.flag("lead_suit_required");
        phase.trick.trump = suit("trump");
        phase.trick.high_wins = in_.flag("high_wins");
        phase.trick.breaking_suit = suit("breaking_suit");
        phase.trick.breaking = phase.trick.breaking_suit == kNone ? Breaking::none : Breaking::lead;
        break;
      case 5:
        phase.betting.bet_min = in_.u32("min_bet");
        phase.betting.raises_max = in_.u32("max_raises");
        break;
      case 6:
        phase.cards_min = in_.u8("min_cards");
        phase.cards_max = in_.u8("max_cards");
        phase.claim.mode = in_.flag("sequential_rank") ? ClaimRank::sequential : ClaimRank::player_choice;
        phase.claim.starting_rank = 12;  // from the ace up
        phase.claim.fixed_rank = kNone;
        phase.claim.allow_challenge = in_.flag("allow_challenge");
        phase.claim.pile_penalty = in_.flag("pile_penalty");
        for (int i = 0; i < 5; ++i) reserved();
        break;
      case 7: {
        const uint8_t mark = in_.u8("the bidding mark");
        if (mark != 70)
          in_.fail(Code::malformed, in_.position() - 1, "the bidding mark is " + std::to_string(mark) + ", not 70");
        phase.bidding.bid_min = in_.u8("min_bid");
        phase.bidding.bid_max = in_.u8("max_bid");
        const uint8_t flags = in_.u8("bidding flags");
        if (flags > 1) in_.fail(Code::malformed, in_.position() - 1, "unknown bidding flags");
        phase.bidding.allow_nil = flags == 1;
        Contract& contract = program_.contract;
        contract.scored = true;
        contract.points_per_trick = in_.u8("points_per_trick");
        contract.overtrick = in_.u8("overtrick");
        contract.fail_penalty = in_.u8("fail_penalty");
        contract.nil_bonus = in_.u16_little("nil_bonus");
        contract.nil_penalty = in_.u16_little("nil_penalty");
        contract.bag_limit = in_.u8("bag_limit");
        contract.bag_penalty = in_.u16_little("bag_penalty");
        for (int i = 0; i < 2; ++i) reserved();
        break;
      }
      default:
        in_.fail(Code::malformed, phase.offset, "there is no phase type " + std::to_string(kind));
    }
    program_.phases.push_back(phase);
  }

  void reserved() {
    const uint8_t value = in_.u8("a reserved byte");
    if (value != 0)
      in_.fail(Code::malformed, in_.position() - 1, "a reserved byte is " + std::to_string(value) + ", not 0");
  }

  uint8_t suit(const char* what) {
    const uint8_t value = in_.u8(what);
    if (value > 3 && value != kNone) {
      in_.fail(Code::malformed, in_.position() - 1,
               std::string(what) + " is " + std::to_string(value) + ", not a suit (0 to 3) or 255");
    }
    return value;
  }

  uint8_t rank(const char* what, bool any) {
    const uint8_t value = in_.u8(what);
    if (value > 12 && !(any && value == kNone)) {
      in_.fail(Code::malformed, in_.position() - 1,
               std::string(what) + " is " + std::to_string(value) + ", not a rank (0 to 12)" + (any ? " or 255" : ""));
    }
    return value;
  }

  /// Parses one condition that ends at or before `end`. @returns index of its root
  int32_t condition(uint32_t depth, size_t end) {
    const size_t offset = in_.position();
    if (depth >= kConditionDepthMax) {
      in_.fail_value(Code::limit_exceeded, "condition depth", offset, depth + 1,
                     "the limit is " + std::to_string(kConditionDepthMax));
    }
    if (program_.conditions.size() >= kConditionsMax) {
      in_.fail_value(Code::limit_exceeded, "conditions", offset, kConditionsMax + 1,
                     "the limit is " + std::to_string(kConditionsMax));
    }
    if (offset >= end) in_.fail(Code::malformed, offset, "the section ends where a condition is due");
    if (in_.failed()) return -1;
    const uint8_t op = in_.u8("a condition");
    const int32_t index = static_cast<int32_t>(program_.conditions.size());
    Condition node{static_cast<Op>(op), Compare::eq, 0, 0, 1, static_cast<uint32_t>(offset)};
    if (op == 40 || op == 41) {
      const uint32_t count = in_.u32("the number of nested conditions");
      if (count == 0) in_.fail(Code::malformed, offset, "a compound condition holds no condition");
      node.value = static_cast<int32_t>(count);
      program_.conditions.push_back(node);
      for (uint32_t i = 0; i < count && !in_.failed(); ++i) condition(depth + 1, end);
      program_.conditions[index].span = static_cast<uint32_t>(program_.conditions.size()) - index;
      return index;
    }
    if (op > 14) {
      in_.fail(Code::malformed, offset, "there is no condition " + std::to_string(op));
      return -1;
    }
    const uint8_t compare = in_.u8("an operator");
    node.value = in_.i32("a condition value");
    node.reference = in_.u8("a reference");
    if (compare > 5) in_.fail(Code::malformed, offset + 1, "there is no operator " + std::to_string(compare));
    node.compare = static_cast<Compare>(compare);
    if (op == 1) {
      if (node.value < 0 || node.value > 12) {
        in_.fail_value(Code::out_of_range, "condition value", offset + 2, node.value, "a rank is 0 (A) to 12 (K)");
      } else {
        node.value = (node.value + 12) % 13;  // A = 0 .. K = 12 in conditions, 2..A = 0..12 everywhere else
      }
    }
    if (op == 2 && (node.value < 0 || node.value > 3)) {
      in_.fail_value(Code::out_of_range, "condition value", offset + 2, node.value, "a suit is 0 to 3");
    }
    const uint8_t reference_max = op == 3 ? 5 : 3;
    if (node.reference > reference_max) {
      in_.fail(Code::malformed, offset + 6, "there is no reference " + std::to_string(node.reference));
    }
    program_.conditions.push_back(node);
    return index;
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
      effect.rank = rank("a trigger rank", false);
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
      score.suit = suit("a card score's suit");
      score.rank = rank("a card score's rank", true);
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
        const uint8_t of = rank("a card value's rank", false);
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
        for (uint32_t r = 0; r < ranks && !in_.failed(); ++r) pattern.ranks.push_back(rank("a pattern's rank", false));
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
