// GameProgram to the bytes of format V3, for tests: what is decoded can be written again, and tests describe games as
// structs.
#pragma once

#include <vector>

#include "../cards/program.h"
#include "program_generated.h"

namespace busbar::cards::testing {

class EncoderV3 {
 public:
  explicit EncoderV3(const GameProgram& program) : p_(program) {}

  std::vector<uint8_t> bytes() {
    const auto deck = CreateProgramDeck(b_, list(p_.deck.ranks), list(p_.deck.suits), p_.deck.copies);
    const auto setup = this->setup();
    const auto turn =
        CreateProgramTurn(b_, phases(), static_cast<ProgramTurnModel>(p_.model), false, p_.tricks_per_hand);
    const auto effects = many<ProgramEffect>(p_.effects, [&](const Effect& of) {
      return CreateProgramEffect(b_, of.rank, static_cast<ProgramEffectKind>(of.kind),
                                 static_cast<ProgramTarget>(of.target), of.value);
    });
    const auto wins = many<ProgramWin>(p_.wins, [&](const Win& of) {
      return CreateProgramWin(b_, static_cast<ProgramWinKind>(of.kind), of.threshold,
                              static_cast<ProgramComparison>(of.comparison), static_cast<ProgramTrigger>(of.trigger),
                              of.hand_size);
    });
    const auto card_scores = many<ProgramCardScore>(p_.card_scores, [&](const CardScore& of) {
      return CreateProgramCardScore(b_, of.suit, of.rank, of.points, static_cast<ProgramScoreTrigger>(of.trigger));
    });
    const auto scores = many<ProgramScore>(p_.scores, [&](const Score& of) {
      return CreateProgramScore(b_, static_cast<ProgramScoreKind>(of.kind), of.points, of.threshold, of.suit, of.rank);
    });
    const auto evaluation = this->evaluation();
    flatbuffers::Offset<ProgramContract> contract{};
    if (p_.contract.scored) {
      const Contract& of = p_.contract;
      contract = CreateProgramContract(b_, of.points_per_trick, of.overtrick, of.fail_penalty, of.nil_bonus,
                                       of.nil_penalty, of.bag_limit, of.bag_penalty);
    }
    const auto rules =
        CreateProgramRules(b_, static_cast<ProgramPassAction>(p_.rules.pass_action), p_.rules.passes_to_trigger,
                           static_cast<ProgramDeckEmpty>(p_.rules.deck_empty), p_.rules.keep_top_discard,
                           static_cast<ProgramTie>(p_.rules.tie), p_.rules.same_player_on_win);
    const auto teams = many<ProgramTeam>(
        p_.teams, [&](const std::vector<uint8_t>& team) { return CreateProgramTeam(b_, b_.CreateVector(team)); });
    const auto hands =
        CreateProgramHands(b_, p_.hands.redeal, static_cast<ProgramFirstPlayer>(p_.hands.first), p_.hands.hands_max,
                           p_.hands.refill, p_.hands.rounds_per_hand, p_.hands.empty_hand_ends);
    flatbuffers::Offset<ProgramWar> war{};
    if (p_.war.order != ReturnOrder::as_laid) {
      war = CreateProgramWar(b_, p_.war.face_down, static_cast<ProgramReturn>(p_.war.order),
                             static_cast<ProgramShortHand>(p_.war.short_loses));
    }
    flatbuffers::Offset<ProgramDealer> dealer{};
    if (p_.dealer) dealer = CreateProgramDealer(b_, p_.draws_below);
    ProgramBuilder out(b_);
    out.add_genome_id_hash(p_.genome_id_hash);
    out.add_player_count(static_cast<uint8_t>(p_.player_count));
    out.add_turns_min(p_.turns_min);
    out.add_turns_max(p_.turns_max);
    out.add_deck(deck);
    out.add_setup(setup);
    out.add_turn(turn);
    out.add_effects(effects);
    out.add_wins(wins);
    out.add_card_scores(card_scores);
    out.add_scores(scores);
    out.add_evaluation(evaluation);
    if (!contract.IsNull()) out.add_contract(contract);
    out.add_rules(rules);
    out.add_team_mode(p_.team_mode);
    out.add_teams(teams);
    out.add_hands(hands);
    if (!war.IsNull()) out.add_war(war);
    if (!dealer.IsNull()) out.add_dealer(dealer);
    FinishProgramBuffer(b_, out.Finish());
    return {b_.GetBufferPointer(), b_.GetBufferPointer() + b_.GetSize()};
  }

 private:
  template <class Table>
  using Vector = flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<Table>>>;

  template <class Table, class List, class Write>
  Vector<Table> many(const List& list, Write write) {
    std::vector<flatbuffers::Offset<Table>> offsets;
    for (const auto& of : list) offsets.push_back(write(of));
    return b_.CreateVector(offsets);
  }
  flatbuffers::Offset<flatbuffers::Vector<uint8_t>> list(const std::vector<uint8_t>& values) {
    return b_.CreateVector(values);
  }

  flatbuffers::Offset<ProgramSetup> setup() {
    const auto wild = list(p_.wild_ranks), values = list(p_.capture_values);
    ProgramSetupBuilder out(b_);
    out.add_cards_per_player(static_cast<uint8_t>(p_.cards_per_player));
    out.add_initial_discard_count(static_cast<uint8_t>(p_.initial_discard_count));
    out.add_wild_ranks(wild);
    out.add_hand_visibility(static_cast<ProgramVisibility>(p_.hand_visibility));
    out.add_deck_visibility(static_cast<ProgramVisibility>(p_.deck_visibility));
    out.add_discard_visibility(static_cast<ProgramVisibility>(p_.discard_visibility));
    out.add_tableau_visibility(static_cast<ProgramVisibility>(p_.tableau_visibility));
    out.add_trump_suit(p_.trump);
    out.add_rotate_trump(p_.rotate_trump);
    out.add_random_trump(p_.random_trump);
    out.add_starting_chips(p_.starting_chips);
    out.add_tableau_mode(static_cast<ProgramTableau>(p_.tableau));
    out.add_sequence_direction(static_cast<ProgramDirection>(p_.sequence_direction));
    out.add_capture_sums(p_.capture_sums);
    out.add_capture_values(values);
    out.add_last_capture_takes_rest(p_.last_capture_takes_rest);
    return out.Finish();
  }

  Vector<ProgramCondition> condition(int32_t root) {
    std::vector<flatbuffers::Offset<ProgramCondition>> nodes;
    if (root < 0) return b_.CreateVector(nodes);
    const Condition* node = &p_.conditions[static_cast<size_t>(root)];
    for (const Condition* const end = node + node->span; node < end; ++node) {
      nodes.push_back(CreateProgramCondition(b_, static_cast<ProgramOp>(node->op),
                                             static_cast<ProgramCompare>(node->compare), node->value, node->suit,
                                             node->reference));
    }
    return b_.CreateVector(nodes);
  }

  Vector<ProgramPhase> phases() {
    return many<ProgramPhase>(p_.phases, [&](const Phase& of) {
      using Body = ProgramPhaseBody;
      const auto place = static_cast<ProgramPlace>(of.place);
      const auto wrap = [&](Body type, flatbuffers::Offset<void> body) { return CreateProgramPhase(b_, type, body); };
      switch (of.kind) {
        case PhaseKind::draw:
          return wrap(
              Body::ProgramDraw,
              CreateProgramDraw(b_, place, of.count, of.mandatory, condition(of.condition), of.alternative).Union());
        case PhaseKind::play:
          return wrap(Body::ProgramPlay, CreateProgramPlay(b_, place, condition(of.condition), of.cards_min,
                                                           of.cards_max, of.mandatory, of.pass_if_unable)
                                             .Union());
        case PhaseKind::discard:
          return wrap(Body::ProgramDiscard,
                      CreateProgramDiscard(b_, place, of.count, of.mandatory, condition(of.condition)).Union());
        case PhaseKind::trick:
          return wrap(Body::ProgramTrick,
                      CreateProgramTrick(b_, of.trick.lead_suit_required, of.trick.trump, of.trick.high_wins,
                                         of.trick.breaking_suit, static_cast<ProgramBreaking>(of.trick.breaking))
                          .Union());
        case PhaseKind::betting:
          return wrap(Body::ProgramBetting, CreateProgramBetting(b_, of.betting.bet_min, of.betting.raises_max,
                                                                 static_cast<ProgramShowdown>(of.betting.showdown))
                                                .Union());
        case PhaseKind::claim:
          return wrap(Body::ProgramClaim,
                      CreateProgramClaim(b_, of.cards_min, of.cards_max, of.claim.allow_challenge,
                                         of.claim.pile_penalty, static_cast<ProgramClaimRank>(of.claim.mode),
                                         of.claim.starting_rank, of.claim.fixed_rank, of.claim.mixed)
                          .Union());
        case PhaseKind::bidding:
          return wrap(Body::ProgramBidding,
                      CreateProgramBidding(b_, of.bidding.bid_min, of.bidding.bid_max, of.bidding.allow_nil).Union());
        case PhaseKind::meld:
          return wrap(Body::ProgramMeld,
                      CreateProgramMeld(b_, of.mandatory, of.meld.set_min, of.meld.run_min, of.meld.ace,
                                        of.meld.lay_down, of.meld.knock_max, of.meld.gin_bonus, of.meld.undercut_bonus)
                          .Union());
        case PhaseKind::ask:
          break;
      }
      return wrap(Body::ProgramAsk, CreateProgramAsk(b_, of.mandatory, of.ask.set_size, of.ask.refill).Union());
    });
  }

  flatbuffers::Offset<ProgramEvaluation> evaluation() {
    const HandEvaluation& of = p_.evaluation;
    const auto values = many<ProgramCardValue>(of.values, [&](const CardValue& value) {
      return CreateProgramCardValue(b_, value.rank, value.value, value.alternate);
    });
    const auto patterns = many<ProgramPattern>(of.patterns, [&](const Pattern& pattern) {
      const auto groups = list(pattern.groups), ranks = list(pattern.ranks);
      return CreateProgramPattern(b_, pattern.priority, pattern.required_count, pattern.same_suit,
                                  pattern.sequence_length, pattern.wrap, groups, ranks);
    });
    return CreateProgramEvaluation(b_, static_cast<ProgramEvaluationMethod>(of.method), values, patterns, of.target,
                                   of.bust);
  }

  const GameProgram& p_;
  flatbuffers::FlatBufferBuilder b_{4096};
};

inline std::vector<uint8_t> encode_v3(const GameProgram& program) { return EncoderV3(program).bytes(); }

}  // namespace busbar::cards::testing
