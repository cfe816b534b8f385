#include "game.h"

#include "players.h"

namespace busbar::cards {

Result play_game(const Match& match, uint64_t number, Arena& arena, Counts& counts, TurnObserver* observer) {
  const Rules& rules = *match.rules;
  const uint32_t phase_count = static_cast<uint32_t>(rules.program.phases.size());
  const uint32_t player_count = rules.player_count;
  const uint64_t game_seed = random::derive(match.seed, kGameStream, number);
  Stream chance(game_seed, kDealStream, 0);
  Stream streams[kPlayersMax] = {Stream(game_seed, kPlayerStream, 0), Stream(game_seed, kPlayerStream, 1),
                                 Stream(game_seed, kPlayerStream, 2), Stream(game_seed, kPlayerStream, 3)};
  State& state = arena.state;
  deal(rules, state, chance);
  LeadTracker lead(arena.leaders);
  Result result;
  Verdict verdict = judge(rules, state, 0);
  if (!verdict.over) list_moves(rules, state, state.seat, arena.choices);
  result.ending = Ending::out_of_turns;
  while (!verdict.over && state.turn < rules.program.turns_max) {
    const uint32_t player = state.seat;
    const Choices& choices = arena.choices;
    if (choices.count == 0) {
      result.ending = Ending::stuck;
      break;
    }
    counts.decisions += 1;
    counts.valid_moves += choices.count;
    counts.forced_decisions += choices.count == 1;
    counts.hand_size += state.players[player].hand.size;
    const uint32_t chosen = match.players[player] == PlayerKind::random
                                ? choose_random(choices, streams[player])
                                : choose_greedy(rules, player, arena, streams[player]);
    const Move move = move_at(rules, state, player, choices, chosen);

    // The player who would move next, before and after: did this move change what it can do?
    const uint32_t waiting = state.seat_after(player, 1);
    list_moves(rules, state, waiting, arena.before);
    if (move.kind != MoveKind::pass) {
      bool contended = arena.before.cards[move.phase] != 0 || (arena.before.draws >> move.phase & 1) != 0;
      for (uint32_t step = 2; step < player_count && !contended; ++step) {
        contended = can_use(rules, state, state.seat_after(player, step), move.phase);
      }
      // A hand of an opponent is no shared target.
      const bool shared = move.kind != MoveKind::draw ||
                          static_cast<Place>(rules.program.phases[move.phase].place) != Place::opponent_hand;
      counts.contentions += contended && shared;
    }
    const uint32_t turn = state.turn;
    counts.interactions += apply(rules, state, move, chance);
    counts.actions += 1;
    list_moves(rules, state, waiting, arena.after);
    counts.opponent_turns += 1;
    counts.disruptions += !arena.after.same_as(arena.before, phase_count);
    counts.forced_responses += uint64_t{arena.after.count} * 10 < uint64_t{arena.before.count} * 7;

    const Leading now = leading(rules, state);
    lead.observe(state.turn, now.leader, now.gap, now.scale, counts);
    if (observer != nullptr) observer->on_turn(turn, player, move, state);
    verdict = judge(rules, state, player);
    if (state.seat == waiting) {
      arena.choices.copy(arena.after, phase_count);
    } else {
      list_moves(rules, state, state.seat, arena.choices);
    }
  }
  if (verdict.over) {
    result.winner = verdict.winner;
    result.ending = verdict.winner < 0 ? Ending::drawn : Ending::won;
  }
  result.turns = state.turn;
  result.state_hash = state_hash(state);
  lead.finish(result, counts);
  return result;
}

}  // namespace busbar::cards
