import type { GenomeInput } from "../genome.ts";

/**
 * Spades, 2 teams of 2: bid tricks or nil, spades are trump and may not be led until one was played. A made bid scores 10 a
 * trick and 1 for each trick more; a failed one costs 10 a trick; nil 100; ten tricks too many cost 100. To 500 points, 20 hands at most; then
 * most points win.
 */
export const spades: GenomeInput = {
  genome_id: "spades",
  player_count: 4,
  max_turns: 2000,
  setup: { cards_per_player: 13, trump_suit: "S" },
  turn_structure: {
    turn_model: "sequence",
    is_trick_based: true,
    tricks_per_hand: 13,
    phases: [
      { type: "bidding", min_bid: 1, max_bid: 13, allow_nil: true },
      { type: "trick", trump_suit: "S", breaking_suit: "S", breaking_rule: "cannot_lead_until_broken" },
    ],
  },
  contract_scoring: {
    points_per_trick_bid: 10,
    overtrick_points: 1,
    failed_contract_penalty: 10,
    nil_bonus: 100,
    nil_penalty: 100,
    bag_limit: 10,
    bag_penalty: 100,
  },
  team_mode: true,
  teams: [
    [0, 2],
    [1, 3],
  ],
  hands: { first_player: "next", until: 20 },
  win_conditions: [{ type: "high_score", threshold: 500, trigger_mode: "threshold_gate" }],
};
