// What of a decoded program the interpreter does not play yet. Each refusal names path and byte: a rule that cannot be
// played is never left out of a game in silence.
#include <string>

#include "decode.h"

namespace busbar::cards {
namespace {

class Checker {
 public:
  Checker(const Program& program, uint32_t players) : program_(program), players_(players) {}

  Fault run() {
    if (players_ < 2 || players_ > kPlayersMax) return out_of_range("player_count", players_, "allowed are 2 to 4");
    const uint32_t dealt = players_ * program_.cards_per_player + program_.initial_discard_count;
    if (dealt > kDeckCards) {
      return out_of_range("setup.cards_per_player", program_.cards_per_player,
                          std::to_string(players_) + " players and " + std::to_string(program_.initial_discard_count) +
                              " initial discards need " + std::to_string(dealt) + " cards, the deck has 52");
    }
    if (program_.cards_per_player == 0) return out_of_range("setup.cards_per_player", 0, "deal at least 1");
    switch (program_.tableau) {
      case Tableau::none:
        break;
      case Tableau::war:
        if (players_ != 2)
          return unsupported("setup.tableau_mode", 37, "war is played by 2 players, not " + std::to_string(players_));
        break;
      case Tableau::match_rank:
        return unsupported("setup.tableau_mode", 37, "match_rank is not played by this version");
      case Tableau::sequence:
        return unsupported("setup.tableau_mode", 37, "sequence is not played by this version");
    }
    if (program_.team_mode || !program_.teams.empty())
      return unsupported("teams", 47, "teams are not played by this version");
    if (program_.phases.empty())
      return {Code::out_of_range, "turn_structure.phases is empty; a game needs at least one phase"};
    if (program_.wins.empty()) return {Code::out_of_range, "win_conditions is empty; a game needs at least one"};
    for (size_t i = 0; i < program_.phases.size(); ++i) {
      if (const Fault fault = phase(program_.phases[i], "turn_structure.phases[" + std::to_string(i) + "]"))
        return fault;
    }
    for (size_t i = 0; i < program_.wins.size(); ++i) {
      if (const Fault fault = win(program_.wins[i], "win_conditions[" + std::to_string(i) + "]")) return fault;
    }
    for (size_t i = 0; i < program_.effects.size(); ++i) {
      if (const Fault fault = effect(program_.effects[i], "special_effects[" + std::to_string(i) + "]")) return fault;
    }
    for (size_t i = 0; i < program_.card_scores.size(); ++i) {
      const CardScore& score = program_.card_scores[i];
      if (score.trigger != Trigger::play) {
        return unsupported("card_scoring[" + std::to_string(i) + "].trigger", score.offset + 4,
                           "only 'play' is scored by this version");
      }
    }
    if (program_.evaluation.method != 0) {
      return unsupported("hand_evaluation", program_.evaluation.offset, "hands are not evaluated by this version");
    }
    return {};
  }

 private:
  static Fault unsupported(const std::string& path, uint32_t offset, const std::string& problem) {
    return {Code::unsupported, path + " (byte " + std::to_string(offset) + "): " + problem};
  }
  static Fault out_of_range(const std::string& path, int64_t value, const std::string& problem) {
    return {Code::out_of_range, path + " is " + std::to_string(value) + "; " + problem};
  }

  Fault phase(const Phase& phase, const std::string& path) {
    const auto place = static_cast<Place>(phase.place);
    switch (phase.kind) {
      case PhaseKind::draw:
        if (phase.place > 5)
          return {Code::malformed, path + ".source (byte " + std::to_string(phase.offset + 1) +
                                       "): there is no place " + std::to_string(phase.place)};
        if (place != Place::deck && place != Place::discard && place != Place::opponent_hand) {
          return unsupported(path + ".source", phase.offset + 1,
                             "cards are drawn from deck, discard or opponent_hand only");
        }
        if (phase.count < 1 || phase.count > kDeckCards)
          return out_of_range(path + ".count", phase.count, "allowed are 1 to 52");
        return condition(phase, path, false);
      case PhaseKind::play:
        if (phase.place > 5)
          return {Code::malformed, path + ".target (byte " + std::to_string(phase.offset + 1) +
                                       "): there is no place " + std::to_string(phase.place)};
        if (place != Place::discard && place != Place::tableau) {
          return unsupported(path + ".target", phase.offset + 1, "cards are played to discard or tableau only");
        }
        if (phase.cards_max != 1)
          return unsupported(path + ".max_cards", phase.offset + 3,
                             "one card a move is played by this version, not " + std::to_string(phase.cards_max));
        if (phase.cards_min > 1) return out_of_range(path + ".min_cards", phase.cards_min, "it exceeds max_cards 1");
        return condition(phase, path, true);
      case PhaseKind::discard:
        if (place != Place::discard)
          return unsupported(path + ".target", phase.offset + 1, "cards are discarded to discard only");
        if (phase.count != 1)
          return unsupported(path + ".count", phase.offset + 2,
                             "one card a move is discarded by this version, not " + std::to_string(phase.count));
        return {};
      case PhaseKind::trick:
        return unsupported(path, phase.offset, "trick phases are not played by this version");
      case PhaseKind::betting:
        return unsupported(path, phase.offset, "betting phases are not played by this version");
      case PhaseKind::claim:
        return unsupported(path, phase.offset, "claim phases are not played by this version");
      case PhaseKind::bidding:
        return unsupported(path, phase.offset, "bidding phases are not played by this version");
    }
    return unsupported(path, phase.offset, "unknown phase");
  }

  Fault condition(const Phase& phase, const std::string& path, bool has_card) {
    if (phase.condition < 0) return {};
    const Condition* node = &program_.conditions[phase.condition];
    const Condition* const end = node + node->span;
    for (; node < end; ++node) {
      if (const Fault fault = leaf(*node, path + ".condition", has_card)) return fault;
    }
    return {};
  }

  Fault leaf(const Condition& node, const std::string& path, bool has_card) {
    const uint8_t reference = node.reference;
    const auto compare = node.compare;
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
        if (static_cast<Place>(reference) == Place::opponent_discard) {
          return unsupported(path, node.offset + 6, "players have no discard piles of their own");
        }
        return {};
      case Op::chips:
      case Op::pot:
      case Op::current_bet:
        return plain(node, path);
      case Op::set_of:
      case Op::run_of:
      case Op::matching_pair:
      case Op::can_afford:
        if (compare == Compare::gt || compare == Compare::le)
          return unsupported(path, node.offset + 1, "the operator is ==, >=, != or <");
        return plain(node, path);
      case Op::card_rank:
      case Op::card_suit:
        if (compare != Compare::eq && compare != Compare::ne)
          return unsupported(path, node.offset + 1, "a card is compared with == or !=");
        if (reference == 3) return unsupported(path, node.offset + 6, "valid_plays is no single card");
        return {};
      case Op::adjacent:
      case Op::matches_rank:
      case Op::matches_suit:
      case Op::beats_top:
        if (!has_card)
          return unsupported(path, node.offset, "it compares a card that is played, and a draw phase plays none");
        if (reference == 3) return unsupported(path, node.offset + 6, "valid_plays is no single card");
        if (compare == Compare::eq || compare == Compare::ne) return {};
        if (node.op == Op::beats_top && (compare == Compare::ge || compare == Compare::lt)) return {};
        return unsupported(path, node.offset + 1, "cards are compared with == or !=");
    }
    return unsupported(path, node.offset, "unknown condition");
  }

  Fault plain(const Condition& node, const std::string& path) {
    if (node.reference != 0) return unsupported(path, node.offset + 6, "this condition takes no reference");
    return {};
  }

  Fault win(const Win& win, const std::string& path) {
    switch (win.kind) {
      case WinKind::empty_hand:
      case WinKind::capture_all:
      case WinKind::all_hands_empty:
        return {};
      case WinKind::high_score:
      case WinKind::first_to_score:
      case WinKind::low_score:
        if (program_.card_scores.empty())
          return {Code::out_of_range, path + " asks for a score, and card_scoring is empty"};
        return {};
      case WinKind::best_hand:
        return unsupported(path, win.offset, "best_hand needs hand evaluation, which this version does not play");
      case WinKind::most_captured:
        return unsupported(path, win.offset, "most_captured needs captures, which this version does not play");
    }
    return unsupported(path, win.offset, "unknown win type");
  }

  Fault effect(const Effect& effect, const std::string& path) {
    if (effect.kind == EffectKind::skip_next && effect.target != Target::next && players_ > 2) {
      return unsupported(path + ".target", effect.offset + 2, "skip_next acts on the next player");
    }
    const bool aimed = effect.kind == EffectKind::draw_cards || effect.kind == EffectKind::force_discard;
    if (aimed && effect.target == Target::choice && players_ > 2) {
      return unsupported(path + ".target", effect.offset + 2,
                         "the choice among several opponents is not played by this version");
    }
    return {};
  }

  const Program& program_;
  uint32_t players_;
};

}  // namespace

Fault check_playable(const Program& program, uint32_t player_count) { return Checker(program, player_count).run(); }

}  // namespace busbar::cards
