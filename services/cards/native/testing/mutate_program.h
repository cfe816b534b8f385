// Changes a program in ways that keep it a well-formed message: what comes out is refused for what it says, or is a
// game that nobody has thought of. For the fuzzer, which changes bytes as well.
#pragma once

#include <algorithm>

#include "../cards/program.h"
#include "core/random/random.h"

namespace busbar::cards::testing {

class ProgramMutator {
 public:
  /// @param other parts are taken from it
  ProgramMutator(GameProgram& program, const GameProgram& other, random::Stream& dice)
      : p_(program), other_(other), dice_(dice) {}

  void mutate() {
    for (uint64_t left = 1 + dice_.below(5); left > 0; --left) change();
  }

 private:
  bool coin() { return dice_.below(2) == 0; }
  /// Mostly what a field may hold, now and then any byte or a corner of the type.
  template <class T>
  void roll(T& field, uint64_t choices) {
    static constexpr uint64_t kCorners[] = {0, 1, 12, 13, 52, 127, 128, 255, 256, 65'535, UINT32_MAX};
    const uint64_t kind = dice_.below(8);
    const uint64_t value = kind > 1    ? dice_.below(choices)
                           : kind == 1 ? dice_.below(256)
                                       : kCorners[dice_.below(std::size(kCorners))];
    if constexpr (std::is_same_v<T, bool>)
      field = (value & 1) != 0;
    else
      field = static_cast<T>(value);
  }
  template <class T>
  T* any(std::vector<T>& list) {
    return list.empty() ? nullptr : &list[dice_.below(list.size())];
  }
  template <class T>
  void add(std::vector<T>& list, const T& entry) {
    list.insert(list.begin() + static_cast<std::ptrdiff_t>(dice_.below(list.size() + 1)), entry);
  }
  /// Drops an entry, takes one from the other program, or adds `fresh`.
  template <class T>
  void exchange(std::vector<T>& list, const std::vector<T>& others, const T& fresh) {
    switch (dice_.below(4)) {
      case 0:
        if (!list.empty()) list.erase(list.begin() + static_cast<std::ptrdiff_t>(dice_.below(list.size())));
        return;
      case 1:
        if (!others.empty()) add(list, others[dice_.below(others.size())]);
        return;
      default:
        add(list, fresh);
    }
  }

  void change() {
    switch (dice_.below(12)) {
      case 0:
      case 1:
      case 2:
        if (Phase* const phase = any(p_.phases)) change_phase(*phase);
        return;
      case 3:
        return take_phase();
      case 4:
        if (p_.phases.size() > 1) p_.phases.erase(p_.phases.begin() + static_cast<std::ptrdiff_t>(
                                                                          dice_.below(p_.phases.size())));
        return;
      case 5:
        if (Condition* const node = any(p_.conditions)) change_condition(*node);
        return;
      case 6:
        return change_wins();
      case 7:
        return change_scores();
      case 8:
        return change_effects();
      case 9:
        return change_hands();
      default:
        return change_setup();
    }
  }

  /// Its condition comes along.
  void take_phase() {
    if (other_.phases.empty()) return;
    Phase phase = other_.phases[dice_.below(other_.phases.size())];
    if (phase.condition >= 0) {
      const auto root = other_.conditions.begin() + phase.condition;
      const auto end = root + static_cast<std::ptrdiff_t>(root->span);
      phase.condition = static_cast<int32_t>(p_.conditions.size());
      p_.conditions.insert(p_.conditions.end(), root, end);
    }
    add(p_.phases, phase);
  }

  void change_phase(Phase& of) {
    switch (dice_.below(9)) {
      case 0:
        of.kind = static_cast<PhaseKind>(1 + dice_.below(9));
        return;
      case 1:
        roll(of.place, 6), roll(of.alternative, 6);
        return;
      case 2:
        roll(of.count, 6), roll(of.cards_min, 4), roll(of.cards_max, 6);
        return;
      case 3:
        roll(of.mandatory, 2), roll(of.pass_if_unable, 2);
        if (coin() && !p_.conditions.empty()) of.condition = static_cast<int32_t>(dice_.below(p_.conditions.size()));
        return;
      case 4:
        roll(of.trick.lead_suit_required, 2), roll(of.trick.high_wins, 2), roll(of.trick.trump, 4);
        roll(of.trick.breaking_suit, 4), roll(of.trick.breaking, 3);
        return;
      case 5:
        roll(of.betting.bet_min, 100), roll(of.betting.raises_max, 5), roll(of.betting.showdown, 3);
        return;
      case 6:
        roll(of.claim.allow_challenge, 2), roll(of.claim.pile_penalty, 2), roll(of.claim.mode, 3);
        roll(of.claim.starting_rank, 13), roll(of.claim.fixed_rank, 13), roll(of.claim.mixed, 2);
        return;
      case 7:
        roll(of.bidding.bid_min, 5), roll(of.bidding.bid_max, 14), roll(of.bidding.allow_nil, 2);
        return;
      default:
        roll(of.meld.set_min, 5), roll(of.meld.run_min, 5), roll(of.meld.ace, 3), roll(of.meld.knock_max, 20);
        roll(of.meld.lay_down, 2), roll(of.meld.gin_bonus, 40), roll(of.meld.undercut_bonus, 40);
        roll(of.ask.set_size, 5), roll(of.ask.refill, 3);
    }
  }

  /// Compound ones stay so, with as many children: their shape is the list's.
  void change_condition(Condition& of) {
    if (of.op == Op::all_of || of.op == Op::any_of) {
      of.op = coin() ? Op::all_of : Op::any_of;
      return;
    }
    uint8_t op = static_cast<uint8_t>(of.op);
    if (coin()) roll(op, 27);
    if (op == static_cast<uint8_t>(Op::all_of) || op == static_cast<uint8_t>(Op::any_of)) return;
    of.op = static_cast<Op>(op);
    roll(of.compare, 6), roll(of.reference, 5), roll(of.value, 14);
    if (coin()) roll(of.suit, 4);
  }

  void change_wins() {
    Win win{};
    roll(win.kind, 11), roll(win.threshold, 60), roll(win.comparison, 4), roll(win.trigger, 4), roll(win.hand_size, 6);
    exchange(p_.wins, other_.wins, win);
  }

  void change_effects() {
    Effect effect{};
    roll(effect.rank, 13), roll(effect.kind, 10), roll(effect.target, 8), roll(effect.value, 5);
    exchange(p_.effects, other_.effects, effect);
  }

  void change_scores() {
    if (coin()) {
      CardScore score{};
      roll(score.suit, 4), roll(score.rank, 13), roll(score.points, 30), roll(score.trigger, 5);
      return exchange(p_.card_scores, other_.card_scores, score);
    }
    if (coin()) {
      Score score{};
      roll(score.kind, 6), roll(score.points, 30), roll(score.threshold, 30), roll(score.suit, 4), roll(score.rank, 13);
      return exchange(p_.scores, other_.scores, score);
    }
    if (coin()) {
      p_.evaluation = other_.evaluation;
      return;
    }
    roll(p_.evaluation.method, 5), roll(p_.evaluation.target, 30), roll(p_.evaluation.bust, 30);
    Contract& contract = p_.contract;
    roll(contract.scored, 2), roll(contract.points_per_trick, 20), roll(contract.bag_limit, 12);
    roll(contract.nil_bonus, 200), roll(contract.bag_penalty, 200);
  }

  void change_hands() {
    switch (dice_.below(4)) {
      case 0:
        roll(p_.hands.redeal, 2), roll(p_.hands.first, 4), roll(p_.hands.hands_max, 20);
        roll(p_.hands.refill, 4), roll(p_.hands.rounds_per_hand, 4), roll(p_.hands.empty_hand_ends, 2);
        return;
      case 1:
        roll(p_.rules.pass_action, 4), roll(p_.rules.passes_to_trigger, 4), roll(p_.rules.deck_empty, 3);
        roll(p_.rules.keep_top_discard, 2), roll(p_.rules.tie, 4), roll(p_.rules.same_player_on_win, 2);
        return;
      case 2:
        roll(p_.war.face_down, 5), roll(p_.war.order, 4), roll(p_.war.short_loses, 2);
        roll(p_.dealer, 2), roll(p_.draws_below, 22);
        return;
      default:
        roll(p_.team_mode, 2);
        p_.teams = coin() ? other_.teams : std::vector<std::vector<uint8_t>>{{0, 1}, {2}};
    }
  }

  void change_setup() {
    switch (dice_.below(6)) {
      case 0:
        roll(p_.player_count, 5);
        return;
      case 1:
        roll(p_.cards_per_player, 14), roll(p_.initial_discard_count, 5), roll(p_.starting_chips, 500);
        return;
      case 2:
        p_.deck = coin() ? other_.deck : p_.deck;
        roll(p_.deck.copies, 5);
        if (coin()) add(p_.deck.ranks, static_cast<uint8_t>(dice_.below(14)));
        if (coin()) add(p_.deck.suits, static_cast<uint8_t>(dice_.below(5)));
        return;
      case 3:
        roll(p_.tableau, 4), roll(p_.sequence_direction, 3), roll(p_.capture_sums, 2);
        roll(p_.last_capture_takes_rest, 2);
        return;
      case 4:
        roll(p_.trump, 4), roll(p_.rotate_trump, 2), roll(p_.random_trump, 2), roll(p_.tricks_per_hand, 14);
        if (coin()) add(p_.wild_ranks, static_cast<uint8_t>(dice_.below(14)));
        return;
      default:
        roll(p_.model, 2), roll(p_.turns_min, 20), roll(p_.turns_max, 300);
        roll(p_.hand_visibility, 4), roll(p_.deck_visibility, 4), roll(p_.discard_visibility, 4);
        roll(p_.tableau_visibility, 4);
    }
  }

  GameProgram& p_;
  const GameProgram& other_;
  random::Stream& dice_;
};

}  // namespace busbar::cards::testing
