import type { GenomeInput } from "../genome.ts";

/** The nine kinds of a five-card hand, the ace high or low in a straight. */
const pokerHands = [
  {
    name: "straight flush",
    rank_priority: 90,
    required_count: 5,
    same_suit_count: 5,
    sequence_length: 5,
    sequence_wrap: true,
  },
  { name: "four of a kind", rank_priority: 80, required_count: 5, same_rank_groups: [4] },
  { name: "full house", rank_priority: 70, required_count: 5, same_rank_groups: [3, 2] },
  { name: "flush", rank_priority: 60, required_count: 5, same_suit_count: 5 },
  { name: "straight", rank_priority: 50, required_count: 5, sequence_length: 5, sequence_wrap: true },
  { name: "three of a kind", rank_priority: 40, required_count: 5, same_rank_groups: [3] },
  { name: "two pairs", rank_priority: 30, required_count: 5, same_rank_groups: [2, 2] },
  { name: "pair", rank_priority: 20, required_count: 5, same_rank_groups: [2] },
  { name: "high card", rank_priority: 10, required_count: 5 },
] as const;

/**
 * Five-card draw, 2 to 4 players (here 3): 1,000 chips each, bets of 10 with three raises, up to three cards exchanged, a
 * second round of bets. Hands are dealt until one player holds all chips, 50 at most; then most chips win. Without ante.
 */
export const drawPoker: GenomeInput = {
  genome_id: "draw-poker",
  player_count: 3,
  max_turns: 5000,
  setup: { cards_per_player: 5, starting_chips: 1000 },
  turn_structure: {
    turn_model: "sequence",
    phases: [
      { type: "betting", min_bet: 10, max_raises: 3 },
      { type: "discard", count: 3, mandatory: false },
      { type: "draw", source: "deck", count: 3, condition: { type: "hand_size", operator: "<", value: 5 } },
      { type: "betting", min_bet: 10, max_raises: 3 },
    ],
  },
  hand_evaluation: { method: "pattern_match", patterns: pokerHands },
  hands: { first_player: "next", until: 50 },
  win_conditions: [{ type: "most_chips" }],
};
