// What of a decoded program makes no sense with these players. Each refusal names path, value and byte: a rule that
// cannot be played is never left out of a game in silence.
#include "playable.h"

#include <algorithm>
#include <string>

namespace busbar::cards {
namespace {

uint32_t deck_size(const GameProgram& program) {
  const uint32_t ranks = program.deck.ranks.empty() ? 13 : static_cast<uint32_t>(program.deck.ranks.size());
  const uint32_t suits = program.deck.suits.empty() ? 4 : static_cast<uint32_t>(program.deck.suits.size());
  return ranks * suits * program.deck.copies;
}

class Checker {
 public:
  Checker(const GameProgram& program, uint32_t players)
      : program_(program), players_(players), v3_(program.format == 3), cards_(deck_size(program)) {}

  Fault run() {
    if (players_ < 2 || players_ > kPlayersMax) return out_of_range("player_count", players_, "allowed are 2 to 4");
    const uint32_t dealt = players_ * program_.cards_per_player + program_.initial_discard_count;
    if (dealt > cards_) {
      return out_of_range("setup.cards_per_player", program_.cards_per_player,
                          std::to_string(players_) + " players and " + std::to_string(program_.initial_discard_count) +
                              " initial discards need " + std::to_string(dealt) + " cards, the deck has " +
                              std::to_string(cards_));
    }
    if (program_.cards_per_player == 0) return out_of_range("setup.cards_per_player", 0, "deal at least 1");
    if (program_.starting_chips > kChipsMax) {
      return out_of_range("setup.starting_chips", program_.starting_chips,
                          "allowed are 0 to " + std::to_string(kChipsMax));
    }
    if (program_.phases.empty()) return {Code::out_of_range, phases() + " is empty; a game needs at least one phase"};
    if (program_.wins.empty()) return {Code::out_of_range, wins() + " is empty; a game needs at least one"};
    for (size_t i = 0; i < program_.phases.size(); ++i) {
      if (const Fault fault = phase(program_.phases[i], phases() + "[" + std::to_string(i) + "]")) return fault;
    }
    for (size_t i = 0; i < program_.wins.size(); ++i) {
      if (const Fault fault = win(program_.wins[i], wins() + "[" + std::to_string(i) + "]")) return fault;
    }
    if (const Fault fault = effects()) return fault;
    if (const Fault fault = teams()) return fault;
    if (program_.dealer && !has(PhaseKind::draw)) {
      return {Code::out_of_range, "dealer draws, and no phase does"};
    }
    return moves();
  }

 private:
  std::string phases() const { return v3_ ? "turn.phases" : "turn_structure.phases"; }
  std::string wins() const { return v3_ ? "wins" : "win_conditions"; }
  std::string where(const std::string& path, uint32_t offset) const {
    return v3_ ? path : path + " (byte " + std::to_string(offset) + ")";
  }
  Fault unsupported(const std::string& path, uint32_t offset, const std::string& problem) const {
    return {Code::unsupported, where(path, offset) + ": " + problem};
  }
  static Fault out_of_range(const std::string& path, int64_t value, const std::string& problem) {
    return {Code::out_of_range, path + " is " + std::to_string(value) + "; " + problem};
  }
  bool has(PhaseKind kind) const {
    return std::any_of(program_.phases.begin(), program_.phases.end(),
                       [kind](const Phase& phase) { return phase.kind == kind; });
  }

  Fault place(const Phase& phase, const std::string& path, const char* field) const {
    if (phase.place <= 5) return {};
    return {Code::malformed,
            where(path + "." + field, phase.offset + 1) + ": there is no place " + std::to_string(phase.place)};
  }

  Fault phase(const Phase& phase, const std::string& path) const {
    switch (phase.kind) {
      case PhaseKind::draw:
        if (const Fault fault = place(phase, path, "source")) return fault;
        if (phase.count < 1 || phase.count > kCardsMax)
          return out_of_range(path + ".count", phase.count, "allowed are 1 to " + std::to_string(kCardsMax));
        return condition(phase, path, false);
      case PhaseKind::play:
        if (const Fault fault = place(phase, path, "target")) return fault;
        if (const Fault fault = card_numbers(phase, path)) return fault;
        return condition(phase, path, true);
      case PhaseKind::discard:
        if (const Fault fault = place(phase, path, "target")) return fault;
        if (phase.count < 1 || phase.count > kCardsMax)
          return out_of_range(path + ".count", phase.count, "allowed are 1 to " + std::to_string(kCardsMax));
        return condition(phase, path, true);
      case PhaseKind::trick:
        if (program_.tableau == Tableau::war)
          return unsupported(path, phase.offset, "a trick and the tableau mode war both lay a card before each player");
        return {};
      case PhaseKind::betting:
        if (phase.betting.bet_min < 1 || phase.betting.bet_min > kChipsMax)
          return out_of_range(path + ".min_bet", phase.betting.bet_min,
                              "allowed are 1 to " + std::to_string(kChipsMax));
        return {};
      case PhaseKind::claim:
        if (const Fault fault = card_numbers(phase, path)) return fault;
        if (phase.claim.mode == ClaimRank::fixed && phase.claim.fixed_rank == kNone)
          return out_of_range(path + ".fixed_rank", phase.claim.fixed_rank, "rank_mode fixed needs a rank, 0 to 12");
        return {};
      case PhaseKind::bidding:
        if (phase.bidding.bid_min > phase.bidding.bid_max)
          return out_of_range(path + ".min_bid", phase.bidding.bid_min,
                              "it exceeds max_bid " + std::to_string(phase.bidding.bid_max));
        return {};
      case PhaseKind::meld:
        if (program_.deck.copies > 1)
          return unsupported(
              path, phase.offset,
              "melds are played with one copy of each card, not " + std::to_string(program_.deck.copies));
        return {};
      case PhaseKind::ask:
        if (std::count_if(program_.phases.begin(), program_.phases.end(),
                          [](const Phase& other) { return other.kind == PhaseKind::ask; }) > 1)
          return unsupported(path, phase.offset, "one ask phase is played, and there are more");
        return {};
    }
    return unsupported(path, phase.offset, "unknown phase");
  }

  static Fault card_numbers(const Phase& phase, const std::string& path) {
    if (phase.cards_max < 1) return out_of_range(path + ".max_cards", phase.cards_max, "allowed are 1 and more");
    if (phase.cards_min > phase.cards_max)
      return out_of_range(path + ".min_cards", phase.cards_min,
                          "it exceeds max_cards " + std::to_string(phase.cards_max));
    return {};
  }

  Fault condition(const Phase& phase, const std::string& path, bool has_card) const {
    if (phase.condition < 0) return {};
    const Condition* node = &program_.conditions[phase.condition];
    const Condition* const end = node + node->span;
    for (uint32_t i = 0; node < end; ++node, ++i) {
      const std::string here = v3_ ? path + ".condition[" + std::to_string(i) + "]" : path + ".condition";
      if (const Fault fault = leaf(*node, here, has_card)) return fault;
    }
    return {};
  }

  Fault leaf(const Condition& node, const std::string& path, bool has_card) const {
    const uint8_t reference = node.reference;
    const auto compare = node.compare;
    const bool plain_yes_or_no =
        compare == Compare::eq || compare == Compare::ne || compare == Compare::ge || compare == Compare::lt;
    switch (node.op) {
      case Op::all_of:
      case Op::any_of:
        return {};
      case Op::hand_size:
        if (reference == 3 && has_card)
          return unsupported(path, node.offset, "valid_plays inside a play condition would ask for itself");
        if (reference != 0 && reference != 3)
          return unsupported(path, node.offset + 6, "the size of a hand has reference none or valid_plays");
        return {};
      case Op::location_size:
        return {};
      case Op::location_empty:
        return yes_or_no(plain_yes_or_no, node, path);
      case Op::chips:
      case Op::pot:
      case Op::current_bet:
      case Op::set_of:
      case Op::run_of:
      case Op::can_afford:
      case Op::score_compare:
      case Op::hand_value:
        return plain(node, path);
      case Op::matching_pair:
      case Op::has_card:
      case Op::has_trump:
      case Op::suit_broken:
      case Op::is_trick_winner:
      case Op::trick_contains:
        if (const Fault fault = yes_or_no(plain_yes_or_no, node, path)) return fault;
        return plain(node, path);
      case Op::card_rank:
      case Op::card_suit:
        if (reference == 3) return unsupported(path, node.offset + 6, "valid_plays is no single card");
        if (reference == 0 && !has_card)
          return unsupported(path, node.offset, "it looks at a card that is played, and a draw phase plays none");
        return {};
      case Op::adjacent:
      case Op::matches_rank:
      case Op::matches_suit:
      case Op::beats_top:
      case Op::matches_color:
      case Op::matches_or_wild:
      case Op::must_follow_suit:
      case Op::adjacent_to_layout:
        if (!has_card)
          return unsupported(path, node.offset, "it compares a card that is played, and a draw phase plays none");
        if (reference == 3) return unsupported(path, node.offset + 6, "valid_plays is no single card");
        if (compare == Compare::eq || compare == Compare::ne) return {};
        if (plain_yes_or_no && (node.op == Op::beats_top || v3_)) return {};
        return unsupported(path, node.offset + 1, "cards are compared with == or !=");
    }
    return unsupported(path, node.offset, "unknown condition");
  }

  Fault yes_or_no(bool is, const Condition& node, const std::string& path) const {
    if (is) return {};
    return unsupported(path, node.offset + 1, "the operator is ==, >=, != or <");
  }
  Fault plain(const Condition& node, const std::string& path) const {
    if (node.reference != 0) return unsupported(path, node.offset + 6, "this condition takes no reference");
    return {};
  }

  Fault win(const Win& win, const std::string& path) const {
    switch (win.kind) {
      case WinKind::high_score:
      case WinKind::first_to_score:
      case WinKind::low_score: {
        const bool scored = !program_.card_scores.empty() || !program_.scores.empty() || program_.contract.scored ||
                            has(PhaseKind::meld);
        if (!scored)
          return {Code::out_of_range,
                  path + " asks for a score, and " + (v3_ ? "card_scores" : "card_scoring") + " is empty"};
        return {};
      }
      case WinKind::best_hand:
        if (program_.evaluation.method == Method::none && !has(PhaseKind::betting))
          return {Code::out_of_range,
                  path + " asks for the best hand, and " + (v3_ ? "evaluation" : "hand_evaluation") + " says nothing"};
        return {};
      default:
        return {};
    }
  }

  Fault effects() const {
    for (size_t i = 0; i < program_.effects.size(); ++i) {
      const Effect& effect = program_.effects[i];
      const std::string path = (v3_ ? "effects[" : "special_effects[") + std::to_string(i) + "]";
      if (effect.kind == EffectKind::skip_next && effect.target != Target::next && players_ > 2) {
        return unsupported(path + ".target", effect.offset + 2, "skip_next acts on the next player");
      }
      if (effect.kind == EffectKind::wild_card && program_.capture_sums) {
        return unsupported(path, effect.offset, "a suit is not named where cards capture sums");
      }
    }
    return {};
  }

  Fault teams() const {
    if (!program_.team_mode && program_.teams.empty()) return {};
    if (!program_.team_mode) return {Code::out_of_range, "team_mode is false, and there are teams"};
    if (program_.teams.size() < 2)
      return out_of_range("teams.length", static_cast<int64_t>(program_.teams.size()), "there are at least 2 teams");
    uint32_t seen = 0, count = 0;
    for (size_t i = 0; i < program_.teams.size(); ++i) {
      const std::string path = "teams[" + std::to_string(i) + "]";
      if (program_.teams[i].empty()) return {Code::out_of_range, path + " has no player"};
      for (const uint8_t seat : program_.teams[i]) {
        if (seat >= players_) return out_of_range(path, seat, "there are " + std::to_string(players_) + " players");
        if ((seen >> seat & 1) != 0) return out_of_range(path, seat, "the player is in two teams");
        seen |= 1u << seat;
        count += 1;
      }
    }
    if (count != players_)
      return out_of_range("teams", count, "each of the " + std::to_string(players_) + " players is in one team");
    return {};
  }

  /// An upper bound of the moves that one decision can have, each card capturing in one way.
  Fault moves() const {
    uint64_t most = 0, segment = 0;
    for (const Phase& phase : program_.phases) {
      if (phase.kind == PhaseKind::betting || phase.kind == PhaseKind::bidding) {
        segment = 0;
        continue;
      }
      const uint64_t of = moves_of(phase);
      segment = program_.model == TurnModel::menu ? segment + of : of;
      most = std::max(most, segment);
    }
    if (most + 2 <= kMovesMax) return {};
    return {Code::limit_exceeded, phases() + " could have " + std::to_string(most) + " moves at once, the limit is " +
                                      std::to_string(kMovesMax)};
  }

  uint64_t moves_of(const Phase& phase) const {
    const uint64_t of_rank = cards_ / (program_.deck.ranks.empty() ? 13 : program_.deck.ranks.size());
    switch (phase.kind) {
      case PhaseKind::play: {
        uint64_t sum = 0;
        for (uint32_t rank = 0; rank < kRanks; ++rank) {
          const auto& ranks = program_.deck.ranks;
          if (!ranks.empty() && std::find(ranks.begin(), ranks.end(), rank) == ranks.end()) continue;
          uint64_t each = 1;  // of what a card captures, only the table shows how many sets there are
          bool named = false, chosen = false;
          for (const Effect& effect : program_.effects) {
            if (effect.rank != rank) continue;
            named |= effect.kind == EffectKind::wild_card;
            chosen |= effect.target == Target::choice && players_ > 2;
          }
          each *= (named ? 4u : 1u) * (chosen ? players_ - 1 : 1u);
          // One card each, and sets of two and more.
          sum += (of_rank + std::min<uint64_t>(of_rank, phase.cards_max) - 1) * each;
        }
        return sum;
      }
      case PhaseKind::claim:
        return 13 * (phase.claim.mixed ? 1 : std::min<uint64_t>(of_rank, phase.cards_max)) *
                   (phase.claim.mode == ClaimRank::player_choice ? 13 : 1) +
               (phase.claim.mixed ? 1 : 0);
      case PhaseKind::meld:
        return 512;
      default:
        return cards_;
    }
  }

  const GameProgram& program_;
  uint32_t players_;
  bool v3_;
  uint32_t cards_;
};

bool plain_phase(const Phase& phase) {
  const auto place = static_cast<Place>(phase.place);
  switch (phase.kind) {
    case PhaseKind::draw:
      return phase.alternative == kNone &&
             (place == Place::deck || place == Place::discard || place == Place::opponent_hand);
    case PhaseKind::play:
      return phase.cards_max == 1 && (place == Place::discard || place == Place::tableau);
    case PhaseKind::discard:
      return phase.count == 1 && place == Place::discard && phase.condition < 0;
    default:
      return false;
  }
}

bool plain_effect(const Effect& effect, uint32_t players) {
  if (effect.kind > EffectKind::force_discard || effect.target == Target::self) return false;
  const bool aimed = effect.kind == EffectKind::draw_cards || effect.kind == EffectKind::force_discard;
  return !(aimed && effect.target == Target::choice && players > 2);
}

}  // namespace

Fault check_playable(const GameProgram& program, uint32_t player_count) { return Checker(program, player_count).run(); }

bool is_menu_game(const GameProgram& program, uint32_t player_count) {
  const auto all = [](const auto& list, auto holds) { return std::all_of(list.begin(), list.end(), holds); };
  const bool plain_deck = program.deck.ranks.empty() && program.deck.suits.empty() && program.deck.copies == 1;
  const bool plain_table = program.tableau == Tableau::none || (program.tableau == Tableau::war && player_count == 2);
  const bool plain_rules = program.rules.pass_action == PassAction::none &&
                           program.rules.deck_empty == DeckEmpty::reshuffle && program.rules.keep_top_discard &&
                           program.rules.tie == Tie::alternating && !program.rules.same_player_on_win;
  const bool one_hand = !program.hands.redeal && program.hands.refill == 0 && program.hands.rounds_per_hand == 0 &&
                        !program.hands.empty_hand_ends;
  const bool plain_sight = program.hand_visibility == Visibility::owner_only &&
                           program.deck_visibility == Visibility::face_down && is_open(program.discard_visibility) &&
                           is_open(program.tableau_visibility);
  return program.model == TurnModel::menu && plain_deck && plain_table && plain_rules && one_hand && plain_sight &&
         program.war.order == ReturnOrder::as_laid && !program.team_mode && !program.dealer && program.scores.empty() &&
         program.trump == kNone && !program.rotate_trump && !program.random_trump && program.wild_ranks.empty() &&
         program.evaluation.method == Method::none && all(program.phases, plain_phase) &&
         all(program.conditions, [](const Condition& node) { return node.op <= Op::beats_top || node.span > 1; }) &&
         all(program.effects, [&](const Effect& effect) { return plain_effect(effect, player_count); }) &&
         all(program.card_scores, [](const CardScore& score) { return score.trigger == Trigger::play; }) &&
         all(program.wins, [](const Win& win) {
           return win.kind <= WinKind::all_hands_empty && win.comparison == Comparison::none &&
                  win.trigger == WinTrigger::immediate;
         });
}

}  // namespace busbar::cards
