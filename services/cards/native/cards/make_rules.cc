#include <algorithm>
#include <utility>

#include "evaluate.h"
#include "playable.h"
#include "rules.h"

namespace busbar::cards {
namespace {

Lead lead_of(const Rules& rules, const GameProgram& program) {
  const Win& win = program.wins.front();
  switch (win.kind) {
    case WinKind::high_score:
    case WinKind::first_to_score:
      return win.comparison == Comparison::lowest ? Lead::lowest_score : Lead::highest_score;
    case WinKind::low_score:
    case WinKind::all_hands_empty:
      return win.comparison == Comparison::highest ? Lead::highest_score : Lead::lowest_score;
    case WinKind::capture_all:
      return Lead::most_cards;
    case WinKind::best_hand:
      return rules.betting ? Lead::most_chips : Lead::hand_value;
    case WinKind::most_captured:
      return Lead::most_captured;
    case WinKind::most_tricks:
      return Lead::most_tricks;
    case WinKind::fewest_tricks:
      return Lead::fewest_tricks;
    case WinKind::most_chips:
      return Lead::most_chips;
    case WinKind::empty_hand:
      break;
  }
  return Lead::fewest_cards;
}

bool fits(const CardScore& score, Card card) {
  return (score.suit == kNone || score.suit == suit_of(card)) && (score.rank == kNone || score.rank == rank_of(card));
}

void add_points(Rules& rules, const GameProgram& program) {
  for (const CardScore& score : program.card_scores) {
    int16_t* const points = score.trigger == Trigger::play        ? rules.play_points
                            : score.trigger == Trigger::trick_win ? rules.trick_points
                            : score.trigger == Trigger::capture   ? rules.capture_points
                            : score.trigger == Trigger::hand_end  ? rules.hand_points
                                                                  : nullptr;
    if (points == nullptr) continue;
    for (Card card = 0; card < kDeckCards; ++card) {
      if (fits(score, card)) points[card] = static_cast<int16_t>(points[card] + score.points);
    }
    rules.scored |= score.trigger == Trigger::play;
  }
}

void add_effects(Rules& rules, const GameProgram& program) {
  rules.effects = program.effects;
  std::stable_sort(rules.effects.begin(), rules.effects.end(),
                   [](const Effect& a, const Effect& b) { return a.rank < b.rank; });
  for (uint32_t rank = 0; rank <= kRanks; ++rank) {
    rules.effects_begin[rank] = static_cast<uint16_t>(std::count_if(
        rules.effects.begin(), rules.effects.end(), [rank](const Effect& effect) { return effect.rank < rank; }));
  }
  for (const Effect& effect : rules.effects) {
    const bool aimed = effect.kind == EffectKind::draw_cards || effect.kind == EffectKind::force_discard ||
                       effect.kind == EffectKind::block_next || effect.kind == EffectKind::swap_hands ||
                       effect.kind == EffectKind::steal_card || effect.kind == EffectKind::peek_hand;
    rules.names_suit[effect.rank] |= effect.kind == EffectKind::wild_card;
    // With one opponent there is nothing to choose.
    rules.chooses[effect.rank] |= aimed && effect.target == Target::choice && rules.player_count > 2;
  }
  for (const uint8_t rank : program.wild_ranks) rules.wild |= rank_set(rank);
}

void add_stages(Rules& rules, const GameProgram& program) {
  const uint8_t count = static_cast<uint8_t>(program.phases.size());
  uint8_t begin = 0;
  const auto segment = [&](uint8_t end) {
    if (end > begin) rules.stages.push_back({false, begin, end});
    begin = static_cast<uint8_t>(end + 1);
  };
  for (uint8_t i = 0; i < count; ++i) {
    const PhaseKind kind = program.phases[i].kind;
    switch (kind) {
      case PhaseKind::betting:
      case PhaseKind::bidding:
        segment(i);
        rules.stages.push_back({true, i, i});
        if (kind == PhaseKind::betting) {
          rules.showdown = program.phases[i].betting.showdown;
        }
        rules.betting |= kind == PhaseKind::betting;
        rules.bidding |= kind == PhaseKind::bidding;
        break;
      case PhaseKind::trick:
        rules.tricks = true;
        break;
      case PhaseKind::claim:
        rules.claims = true;
        break;
      case PhaseKind::ask:
        rules.asks = rules.draws = true;
        rules.ask_phase = i;
        break;
      case PhaseKind::meld:
        rules.melds = true;
        break;
      case PhaseKind::draw:
        rules.draws = true;
        break;
      default:
        break;
    }
  }
  segment(count);
  rules.captures = program.tableau == Tableau::match_rank;
}

void add_deck(Rules& rules, const GameProgram& program) {
  const auto there = [](const std::vector<uint8_t>& list, uint8_t value) {
    return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
  };
  for (Card card = 0; card < kDeckCards; ++card) {
    if (!there(program.deck.ranks, rank_of(card)) || !there(program.deck.suits, suit_of(card))) continue;
    for (uint32_t copy = 0; copy < program.deck.copies; ++copy) rules.cards.push(card);
  }
  rules.copies = program.deck.copies > 1;
  rules.queue_hands = program.hand_visibility == Visibility::face_down;
  for (uint32_t rank = 0; rank < kRanks; ++rank) {
    const uint8_t counted = static_cast<uint8_t>(rank == 12 ? 1 : rank + 2);  // A 1, 2 .. 10, J 11, Q 12, K 13
    rules.capture_value[rank] = program.capture_values.empty() ? counted : program.capture_values[rank];
    rules.meld_value[rank] = counted > 10 ? uint8_t{10} : counted;
  }
  if (!program.evaluation.values.empty()) {
    for (const CardValue& value : program.evaluation.values) rules.meld_value[value.rank] = value.value;
  }
}

void add_sides(Rules& rules, const GameProgram& program) {
  rules.teams = program.team_mode && !program.teams.empty();
  rules.side_count = rules.player_count;
  if (!rules.teams) return;
  rules.side_count = static_cast<uint32_t>(program.teams.size());
  for (uint32_t side = 0; side < rules.side_count; ++side) {
    rules.side_first[side] = kPlayersMax;
    rules.side_seats[side] = 0;
    for (const uint8_t seat : program.teams[side]) {
      rules.side_of[seat] = static_cast<uint8_t>(side);
      rules.side_first[side] = std::min(rules.side_first[side], seat);
      rules.side_seats[side] = static_cast<uint8_t>(rules.side_seats[side] | 1u << seat);
    }
  }
}

bool is_plain_war(const Rules& rules, const GameProgram& program) {
  const auto any_card = [&](const Phase& phase) {
    if (phase.condition < 0) return true;
    const Condition& node = program.conditions[phase.condition];
    return node.op == Op::location_size && node.reference == static_cast<uint8_t>(Place::hand) &&
           ((node.compare == Compare::gt && node.value == 0) || (node.compare == Compare::ge && node.value == 1));
  };
  return rules.menu && program.tableau == Tableau::war && program.phases.size() == 1 && rules.effects.empty() &&
         !rules.scored && program.wins.size() == 1 && program.wins[0].kind == WinKind::capture_all &&
         rules.player_count == 2 && program.initial_discard_count == 0 && program.phases[0].kind == PhaseKind::play &&
         static_cast<Place>(program.phases[0].place) == Place::tableau && program.phases[0].mandatory &&
         program.phases[0].cards_min == 1 && any_card(program.phases[0]);
}

}  // namespace

Rules make_rules(GameProgram program, uint32_t player_count, uint32_t starting_chips) {
  Rules rules;
  rules.player_count = player_count;
  rules.starting_chips = starting_chips;
  add_points(rules, program);
  add_effects(rules, program);
  add_stages(rules, program);
  add_deck(rules, program);
  add_sides(rules, program);
  rules.dealer_seat = program.dealer ? static_cast<int>(player_count) - 1 : -1;
  rules.lead = lead_of(rules, program);
  rules.menu = is_menu_game(program, player_count);
  rules.plain_war = is_plain_war(rules, program);
  rules.program = std::move(program);
  if (rules.betting) measure_strengths(rules);
  return rules;
}

int32_t standing(const Rules& rules, const State& state, uint32_t player) {
  const auto one = [&](uint32_t seat) -> int32_t {
    const Player& of = state.players[seat];
    switch (rules.lead) {
      case Lead::fewest_cards:
        return -static_cast<int32_t>(of.hand.size);
      case Lead::highest_score:
        return of.score;
      case Lead::lowest_score:
        return -of.score;
      case Lead::most_cards:
        return of.hand.size + (rules.captures ? of.captured.size : 0);
      case Lead::most_captured:
        return of.captured.size;
      case Lead::most_tricks:
        return of.tricks;
      case Lead::fewest_tricks:
        return -static_cast<int32_t>(of.tricks);
      case Lead::most_chips:
        return static_cast<int32_t>(of.chips);
      case Lead::hand_value: {
        const uint32_t value = hand_value(rules, of.hand);
        const uint32_t bust = rules.program.evaluation.bust;
        return bust != 0 && value >= bust ? 0 : static_cast<int32_t>(value);
      }
    }
    return 0;
  };
  if (!rules.teams) return one(player);
  int32_t sum = 0;
  const uint32_t seats = rules.side_seats[rules.side_of[player]];
  for (uint32_t seat = 0; seat < rules.player_count; ++seat) {
    if ((seats >> seat & 1) != 0) sum += one(seat);
  }
  return sum;
}

}  // namespace busbar::cards
