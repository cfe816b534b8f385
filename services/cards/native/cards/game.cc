#include "game.h"

#include "players.h"

namespace busbar::cards {
namespace {

/// Sum over the moves, whatever their order.
uint64_t signature(const MoveList& moves) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < moves.count; ++i) sum += random::mix(moves.moves[i].key() + random::kGolden);
  return sum;
}

/// Whether the move goes to a place that others of the table may use in the same phase.
bool is_shared(const Rules& rules, const Move& move) {
  switch (move.kind) {
    case MoveKind::draw:  // a hand of an opponent is no shared target
      return static_cast<Place>(rules.program.phases[move.phase].place) != Place::opponent_hand;
    case MoveKind::play:
    case MoveKind::play_set:
    case MoveKind::discard:
    case MoveKind::claim:
      return true;
    default:
      return false;
  }
}

}  // namespace

uint32_t choose_move(const Match& match, uint32_t player, Arena& arena, Stream& stream, Counts& counts) {
  const Rules& rules = *match.rules;
  switch (match.players[player]) {
    case PlayerKind::random:
      break;
    case PlayerKind::greedy:
      return choose_greedy_move(rules, player, arena, stream);
    case PlayerKind::greedy_v2:
      return choose_greedy_v2(rules, arena.state, arena.moves);
    case PlayerKind::search: {
      if (arena.moves.count == 1) return 0;
      if (arena.cancelled != nullptr && arena.cancelled(arena.cancel_context)) {
        arena.stopped = true;
        return 0;
      }
      const SearchReport report =
          arena.search.choose(rules, arena.state, player, arena.moves, match.iterations[player], stream);
      counts.search_iterations += report.iterations;
      counts.playout_moves += report.playout_moves;
      arena.overfull |= report.overfull;
      return report.chosen;
    }
  }
  return arena.moves.count == 1 ? 0 : static_cast<uint32_t>(stream.below(arena.moves.count));
}

Result play_game(const Match& match, uint64_t number, Arena& arena, Counts& counts) {
  const Rules& rules = *match.rules;
  arena.overfull = false;  // only captures can do that, which play_table plays
  if (!rules.menu) return play_table(match, number, arena, counts);
  bool all_random = true;
  for (uint32_t i = 0; i < rules.player_count; ++i) {
    if (match.players[i] != PlayerKind::random && match.players[i] != PlayerKind::greedy)
      return play_table(match, number, arena, counts);
    all_random &= match.players[i] == PlayerKind::random;
  }
  return rules.plain_war && all_random ? play_war(match, number, arena, counts)
                                       : play_menu(match, number, arena, counts);
}

Result play_table(const Match& match, uint64_t number, Arena& arena, Counts& counts, TurnObserver* observer) {
  const Rules& rules = *match.rules;
  const uint64_t game_seed = random::derive(match.seed, kGameStream, number);
  Stream chance(game_seed, kDealStream, 0);
  Stream streams[kPlayersMax] = {Stream(game_seed, kPlayerStream, 0), Stream(game_seed, kPlayerStream, 1),
                                 Stream(game_seed, kPlayerStream, 2), Stream(game_seed, kPlayerStream, 3)};
  State& state = arena.state;
  start_game(rules, state, chance, arena.moves, &counts);
  arena.overfull = arena.moves.overfull;
  LeadTracker lead(arena.leaders);
  while (!state.over && !arena.stopped && !arena.overfull) {
    const uint32_t player = state.seat;
    const bool dealer = static_cast<int>(player) == rules.dealer_seat;
    uint32_t chosen = 0;
    if (!dealer) {
      counts.decisions += 1;
      counts.valid_moves += arena.moves.count;
      counts.forced_decisions += arena.moves.count == 1;
      counts.hand_size += state.players[player].hand.size;
      chosen = choose_move(match, player, arena, streams[player], counts);
    }
    const Move move = arena.moves.moves[chosen];

    // The player who would move next, before and after: did this move change what it can do?
    const uint32_t waiting = state.seat_after(player, 1);
    list_moves_of(rules, state, waiting, arena.moves_before);
    if (is_shared(rules, move)) {
      bool contended = false;
      for (uint32_t step = 1; step < rules.player_count && !contended; ++step) {
        list_phase(rules, state, state.seat_after(player, step), move.phase, arena.scratch);
        contended = arena.scratch.count > 0;
      }
      counts.contentions += contended;
    }
    const uint32_t turn = state.turn;
    counts.interactions += play_move(rules, state, move, chance, arena.moves, &counts);
    counts.actions += 1;
    const bool is_next = !state.over && state.seat == waiting;
    if (!is_next) list_moves_of(rules, state, waiting, arena.moves_after);
    const MoveList& after = is_next ? arena.moves : arena.moves_after;
    // Measures look at what others could do: they are no truer than these lists.
    arena.overfull |= arena.moves.overfull || arena.moves_before.overfull || after.overfull;
    counts.opponent_turns += 1;
    counts.disruptions += signature(after) != signature(arena.moves_before);
    counts.forced_responses += uint64_t{after.count} * 10 < uint64_t{arena.moves_before.count} * 7;

    const Leading now = leading(rules, state);
    lead.observe(state.turn, now.leader, now.gap, now.scale, counts);
    if (observer != nullptr) observer->on_turn(turn, player, move, state);
  }
  Result result;
  result.ending = state.ending;
  result.winner = state.winner;
  if (state.winner >= 0) result.winners = state.winners;
  result.turns = state.turn;
  result.state_hash = state_hash(state, !rules.menu);
  for (uint32_t i = 0; i < rules.player_count; ++i) counts.scores[i] += state.players[i].score;
  lead.finish(result, counts);
  return result;
}

Result play_menu(const Match& match, uint64_t number, Arena& arena, Counts& counts, TurnObserver* observer) {
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
    counts.passes += move.kind == MoveKind::pass;
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
  if (result.winner >= 0) result.winners = static_cast<uint8_t>(1u << result.winner);
  result.turns = state.turn;
  result.state_hash = state_hash(state, false);
  counts.hands += 1;
  for (uint32_t i = 0; i < player_count; ++i) counts.scores[i] += state.players[i].score;
  lead.finish(result, counts);
  return result;
}

}  // namespace busbar::cards
