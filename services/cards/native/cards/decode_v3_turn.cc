// Phases of a V3 program, and their conditions.
#include "decode_v3_checks.h"
#include "decode_v3_turn.h"

namespace busbar::cards {
namespace {

class V3Turn : V3Checks {
 public:
  explicit V3Turn(GameProgram& to) : to_(to) {}

  Fault run(const ProgramTurn& from) {
    turn(from);
    return fault_;
  }

 private:
  void turn(const ProgramTurn& turn) {
    to_.model = name<TurnModel>("turn.model", turn.model(), 1, "turn model");
    to_.tricks_per_hand = turn.tricks_per_hand();
    const uint32_t count = size("turn.phases", turn.phases(), kPhasesMax);
    for (uint32_t i = 0; i < count && !fault_; ++i) phase(*turn.phases()->Get(i), at("turn.phases", i));
  }

  void phase(const ProgramPhase& from, const Path& path) {
    Phase phase{};
    if (from.body() == nullptr) {
      if (!fault_) fault_ = {Code::malformed, path + ".body is missing"};
      return;
    }
    switch (from.body_type()) {
      case ProgramPhaseBody::ProgramDraw: {
        const ProgramDraw& draw = *from.body_as_ProgramDraw();
        phase.kind = PhaseKind::draw;
        phase.place = name<uint8_t>(path + ".source", draw.source(), 5, "place");
        phase.alternative = none_or(path + ".alternative_source", draw.alternative_source(), 5, "place");
        phase.count = in(path + ".count", draw.count(), 1, kCardsMax);
        phase.mandatory = draw.mandatory();
        phase.condition = condition(path + ".condition", draw.condition());
        break;
      }
      case ProgramPhaseBody::ProgramPlay: {
        const ProgramPlay& play = *from.body_as_ProgramPlay();
        phase.kind = PhaseKind::play;
        phase.place = name<uint8_t>(path + ".target", play.target(), 5, "place");
        phase.cards_min = play.min_cards();
        phase.cards_max = play.max_cards();
        phase.mandatory = play.mandatory();
        phase.pass_if_unable = play.pass_if_unable();
        phase.condition = condition(path + ".condition", play.condition());
        break;
      }
      case ProgramPhaseBody::ProgramDiscard: {
        const ProgramDiscard& discard = *from.body_as_ProgramDiscard();
        phase.kind = PhaseKind::discard;
        phase.place = name<uint8_t>(path + ".target", discard.target(), 5, "place");
        phase.count = in(path + ".count", discard.count(), 1, kCardsMax);
        phase.mandatory = discard.mandatory();
        phase.condition = condition(path + ".condition", discard.condition());
        break;
      }
      case ProgramPhaseBody::ProgramTrick: {
        const ProgramTrick& trick = *from.body_as_ProgramTrick();
        phase.kind = PhaseKind::trick;
        phase.trick.lead_suit_required = trick.lead_suit_required();
        phase.trick.trump = suit(path + ".trump_suit", trick.trump_suit());
        phase.trick.high_wins = trick.high_card_wins();
        phase.trick.breaking_suit = suit(path + ".breaking_suit", trick.breaking_suit());
        phase.trick.breaking = name<Breaking>(path + ".breaking_rule", trick.breaking_rule(), 2, "breaking rule");
        break;
      }
      case ProgramPhaseBody::ProgramBetting: {
        const ProgramBetting& betting = *from.body_as_ProgramBetting();
        phase.kind = PhaseKind::betting;
        phase.betting.bet_min = betting.min_bet();
        phase.betting.raises_max = betting.max_raises();
        phase.betting.showdown = name<Showdown>(path + ".showdown_method", betting.showdown_method(), 2, "showdown");
        break;
      }
      case ProgramPhaseBody::ProgramClaim: {
        const ProgramClaim& claim = *from.body_as_ProgramClaim();
        phase.kind = PhaseKind::claim;
        phase.cards_min = claim.min_cards();
        phase.cards_max = claim.max_cards();
        phase.claim.allow_challenge = claim.allow_challenge();
        phase.claim.pile_penalty = claim.pile_penalty();
        phase.claim.mode = name<ClaimRank>(path + ".rank_mode", claim.rank_mode(), 2, "rank mode");
        phase.claim.starting_rank = static_cast<uint8_t>(in(path + ".starting_rank", claim.starting_rank(), 0, 12));
        phase.claim.fixed_rank = rank(path + ".fixed_rank", claim.fixed_rank());
        phase.claim.mixed = claim.mixed();
        break;
      }
      case ProgramPhaseBody::ProgramBidding: {
        const ProgramBidding& bidding = *from.body_as_ProgramBidding();
        phase.kind = PhaseKind::bidding;
        phase.bidding.bid_min = bidding.min_bid();
        phase.bidding.bid_max = bidding.max_bid();
        phase.bidding.allow_nil = bidding.allow_nil();
        break;
      }
      case ProgramPhaseBody::ProgramMeld: {
        const ProgramMeld& meld = *from.body_as_ProgramMeld();
        phase.kind = PhaseKind::meld;
        phase.mandatory = meld.mandatory();
        phase.meld.set_min = static_cast<uint8_t>(in(path + ".set_min", meld.set_min(), 2, 4));
        phase.meld.run_min = static_cast<uint8_t>(in(path + ".run_min", meld.run_min(), 2, 5));
        phase.meld.ace = static_cast<uint8_t>(in(path + ".ace", meld.ace(), 0, 2));
        phase.meld.lay_down = meld.lay_down();
        phase.meld.knock_max = meld.knock_max();
        phase.meld.gin_bonus = meld.gin_bonus();
        phase.meld.undercut_bonus = meld.undercut_bonus();
        break;
      }
      case ProgramPhaseBody::ProgramAsk: {
        const ProgramAsk& ask = *from.body_as_ProgramAsk();
        phase.kind = PhaseKind::ask;
        phase.mandatory = ask.mandatory();
        phase.ask.set_size = static_cast<uint8_t>(in(path + ".set_size", ask.set_size(), 1, 16));
        phase.ask.refill = ask.refill();
        break;
      }
      default:
        return fail(Code::malformed, path + ".body_type", static_cast<int64_t>(from.body_type()),
                    "there is no such phase");
    }
    to_.phases.push_back(phase);
  }

  using Conditions = flatbuffers::Vector<flatbuffers::Offset<ProgramCondition>>;

  /// @returns index of the root node, -1: always
  int32_t condition(const Path& path, const Conditions* from) {
    const uint32_t count = size(path, from, kConditionsMax);
    if (count == 0 || fault_) return -1;
    if (to_.conditions.size() + count > kConditionsMax) {
      if (!fault_)
        fault_ = {Code::limit_exceeded, path + " makes " + std::to_string(to_.conditions.size() + count) +
                                            " conditions, the limit is " + std::to_string(kConditionsMax)};
      return -1;
    }
    const int32_t root = static_cast<int32_t>(to_.conditions.size());
    uint32_t next = 0;
    node(path, *from, next, 0);
    if (next < count) fail(Code::malformed, path + ".length", count, "the tree ends after " + std::to_string(next));
    return root;
  }

  void node(const Path& path, const Conditions& from, uint32_t& next, uint32_t depth) {
    if (fault_) return;
    if (next >= from.size()) {
      return fail(Code::malformed, path + ".length", from.size(), "conditions are missing at its end");
    }
    if (depth >= kConditionDepthMax) {
      fault_ = {Code::limit_exceeded, path + ": its depth is " + std::to_string(depth + 1) + ", the limit is " +
                                          std::to_string(kConditionDepthMax)};
      return;
    }
    const Path here = at(path, next);
    const ProgramCondition& of = *from.Get(next++);
    const auto op = static_cast<uint8_t>(of.op());
    const size_t index = to_.conditions.size();
    Condition condition{static_cast<Op>(op),
                        name<Compare>(here + ".compare", of.compare(), 5, "comparison"),
                        of.reference(),
                        of.value(),
                        1,
                        0,
                        suit(here + ".suit", of.suit())};
    to_.conditions.push_back(condition);
    if (op == 40 || op == 41) {
      in(here + ".value", of.value(), 1, kConditionsMax);
      for (int32_t i = 0; i < of.value() && !fault_; ++i) node(path, from, next, depth + 1);
      to_.conditions[index].span = static_cast<uint32_t>(to_.conditions.size() - index);
      return;
    }
    if (op > static_cast<uint8_t>(Op::adjacent_to_layout)) {
      return fail(Code::malformed, here + ".op", op, "there is no such condition");
    }
    if (condition.op == Op::card_rank) in(here + ".value", of.value(), 0, 12);
    if (condition.op == Op::card_suit) in(here + ".value", of.value(), 0, 3);
    if (condition.op == Op::has_card || condition.op == Op::trick_contains) in(here + ".value", of.value(), -1, 12);
    const bool place = condition.op == Op::location_size || condition.op == Op::location_empty;
    in(here + ".reference", of.reference(), 0, place ? 5 : 3);
  }

  GameProgram& to_;
};

}  // namespace

Fault decode_v3_turn(const ProgramTurn& turn, GameProgram& program) { return V3Turn(program).run(turn); }

}  // namespace busbar::cards
