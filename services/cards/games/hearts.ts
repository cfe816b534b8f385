import type { GenomeInput } from "../genome.ts";

/**
 * Hearts, 4 players: follow suit; hearts may not be led until one was played. A heart taken costs 1, the queen of spades 13;
 * who takes all 26 gives them to the others instead. Hands are dealt until somebody has 100, 20 at most; the lowest score wins. Without
 * passing cards.
 */
export const hearts: GenomeInput = {
  genome_id: "hearts",
  player_count: 4,
  max_turns: 2000,
  setup: { cards_per_player: 13 },
  turn_structure: {
    turn_model: "sequence",
    is_trick_based: true,
    tricks_per_hand: 13,
    phases: [{ type: "trick", breaking_suit: "H", breaking_rule: "cannot_lead_until_broken" }],
  },
  card_scoring: [
    { suit: "H", points: 1, trigger: "trick_win" },
    { suit: "S", rank: "Q", points: 13, trigger: "trick_win" },
  ],
  scoring_rules: [{ type: "shoot_moon", points: 26, threshold: 26 }],
  hands: { first_player: "next", until: 20 },
  win_conditions: [{ type: "low_score", threshold: 100, trigger_mode: "threshold_gate" }],
};
