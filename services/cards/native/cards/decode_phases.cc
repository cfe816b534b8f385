#include "decode_phases.h"

#include <string>

namespace busbar::cards {

uint8_t read_suit(Reader& in, const char* what) {
  const uint8_t value = in.u8(what);
  if (value > 3 && value != kNone) {
    in.fail(Code::malformed, in.position() - 1,
             std::string(what) + " is " + std::to_string(value) + ", not a suit (0 to 3) or 255");
  }
  return value;
}

uint8_t read_rank(Reader& in, const char* what, bool any) {
  const uint8_t value = in.u8(what);
  if (value > 12 && !(any && value == kNone)) {
    in.fail(Code::malformed, in.position() - 1,
             std::string(what) + " is " + std::to_string(value) + ", not a rank (0 to 12)" + (any ? " or 255" : ""));
  }
  return value;
}

namespace {

void read_reserved(Reader& in) {
  const uint8_t value = in.u8("a reserved byte");
  if (value != 0)
    in.fail(Code::malformed, in.position() - 1, "a reserved byte is " + std::to_string(value) + ", not 0");
}

/// Parses one condition that ends at or before `end`. @returns index of its root
int32_t read_condition(Reader& in, GameProgram& program, uint32_t depth, size_t end) {
  const size_t offset = in.position();
  if (depth >= kConditionDepthMax) {
    in.fail_value(Code::limit_exceeded, "condition depth", offset, depth + 1,
                   "the limit is " + std::to_string(kConditionDepthMax));
  }
  if (program.conditions.size() >= kConditionsMax) {
    in.fail_value(Code::limit_exceeded, "conditions", offset, kConditionsMax + 1,
                   "the limit is " + std::to_string(kConditionsMax));
  }
  if (offset >= end) in.fail(Code::malformed, offset, "the section ends where a condition is due");
  if (in.failed()) return -1;
  const uint8_t op = in.u8("a condition");
  const int32_t index = static_cast<int32_t>(program.conditions.size());
  Condition node{static_cast<Op>(op), Compare::eq, 0, 0, 1, static_cast<uint32_t>(offset)};
  if (op == 40 || op == 41) {
    const uint32_t count = in.u32("the number of nested conditions");
    if (count == 0) in.fail(Code::malformed, offset, "a compound condition holds no condition");
    node.value = static_cast<int32_t>(count);
    program.conditions.push_back(node);
    for (uint32_t i = 0; i < count && !in.failed(); ++i) read_condition(in, program, depth + 1, end);
    program.conditions[index].span = static_cast<uint32_t>(program.conditions.size()) - index;
    return index;
  }
  if (op > 14) {
    in.fail(Code::malformed, offset, "there is no condition " + std::to_string(op));
    return -1;
  }
  const uint8_t compare = in.u8("an operator");
  node.value = in.i32("a condition value");
  node.reference = in.u8("a reference");
  if (compare > 5) in.fail(Code::malformed, offset + 1, "there is no operator " + std::to_string(compare));
  node.compare = static_cast<Compare>(compare);
  if (op == 1) {
    if (node.value < 0 || node.value > 12) {
      in.fail_value(Code::out_of_range, "condition value", offset + 2, node.value, "a rank is 0 (A) to 12 (K)");
    } else {
      node.value = (node.value + 12) % 13;  // A = 0 .. K = 12 in conditions, 2..A = 0..12 everywhere else
    }
  }
  if (op == 2 && (node.value < 0 || node.value > 3)) {
    in.fail_value(Code::out_of_range, "condition value", offset + 2, node.value, "a suit is 0 to 3");
  }
  const uint8_t reference_max = op == 3 ? 5 : 3;
  if (node.reference > reference_max) {
    in.fail(Code::malformed, offset + 6, "there is no reference " + std::to_string(node.reference));
  }
  program.conditions.push_back(node);
  return index;
}

}  // namespace

void read_phase(Reader& in, GameProgram& program) {
  Phase phase;
  phase.offset = static_cast<uint32_t>(in.position());
  const uint8_t kind = in.u8("a phase type");
  phase.kind = static_cast<PhaseKind>(kind);
  switch (kind) {
    case 1:
      phase.place = in.u8("a draw source");
      phase.count = in.u32("a draw count");
      phase.mandatory = in.flag("mandatory");
      if (in.flag("has_condition")) phase.condition = read_condition(in, program, 0, in.end());
      break;
    case 2: {
      phase.place = in.u8("a play target");
      phase.cards_min = in.u8("min_cards");
      phase.cards_max = in.u8("max_cards");
      phase.mandatory = in.flag("mandatory");
      phase.pass_if_unable = in.flag("pass_if_unable");
      const size_t offset = in.position();
      const uint32_t length = in.u32("the condition length");
      if (length > in.end() - in.position()) {
        in.fail(Code::malformed, offset,
                 "a condition of " + std::to_string(length) + " bytes does not fit the turn section");
      }
      if (length > 0 && !in.failed()) {
        const size_t end = in.position() + length;
        phase.condition = read_condition(in, program, 0, end);
        if (!in.failed() && in.position() != end) {
          in.fail(Code::malformed, in.position(),
                   "the condition is shorter than its length " + std::to_string(length));
        }
      }
      break;
    }
    case 3:
      phase.place = in.u8("a discard target");
      phase.count = in.u32("a discard count");
      phase.mandatory = in.flag("mandatory");
      break;
    case 4:
      phase.trick.lead_suit_required = in.flag("lead_suit_required");
      phase.trick.trump = read_suit(in, "trump");
      phase.trick.high_wins = in.flag("high_wins");
      phase.trick.breaking_suit = read_suit(in, "breaking_suit");
      phase.trick.breaking = phase.trick.breaking_suit == kNone ? Breaking::none : Breaking::lead;
      break;
    case 5:
      phase.betting.bet_min = in.u32("min_bet");
      phase.betting.raises_max = in.u32("max_raises");
      break;
    case 6:
      phase.cards_min = in.u8("min_cards");
      phase.cards_max = in.u8("max_cards");
      phase.claim.mode = in.flag("sequential_rank") ? ClaimRank::sequential : ClaimRank::player_choice;
      phase.claim.starting_rank = 12;  // from the ace up
      phase.claim.fixed_rank = kNone;
      phase.claim.allow_challenge = in.flag("allow_challenge");
      phase.claim.pile_penalty = in.flag("pile_penalty");
      for (int i = 0; i < 5; ++i) read_reserved(in);
      break;
    case 7: {
      const uint8_t mark = in.u8("the bidding mark");
      if (mark != 70)
        in.fail(Code::malformed, in.position() - 1, "the bidding mark is " + std::to_string(mark) + ", not 70");
      phase.bidding.bid_min = in.u8("min_bid");
      phase.bidding.bid_max = in.u8("max_bid");
      const uint8_t flags = in.u8("bidding flags");
      if (flags > 1) in.fail(Code::malformed, in.position() - 1, "unknown bidding flags");
      phase.bidding.allow_nil = flags == 1;
      Contract& contract = program.contract;
      contract.scored = true;
      contract.points_per_trick = in.u8("points_per_trick");
      contract.overtrick = in.u8("overtrick");
      contract.fail_penalty = in.u8("fail_penalty");
      contract.nil_bonus = in.u16_little("nil_bonus");
      contract.nil_penalty = in.u16_little("nil_penalty");
      contract.bag_limit = in.u8("bag_limit");
      contract.bag_penalty = in.u16_little("bag_penalty");
      for (int i = 0; i < 2; ++i) read_reserved(in);
      break;
    }
    default:
      in.fail(Code::malformed, phase.offset, "there is no phase type " + std::to_string(kind));
  }
  program.phases.push_back(phase);
}

}  // namespace busbar::cards
