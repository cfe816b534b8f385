import type { GenomeInput } from "../genome.ts";

/**
 * A scopa-like capture game, 2 players, 40 cards (no eights, nines, tens): a card takes one of its rank from the table, else
 * any cards that sum to its value (J 8, Q 9, K 10). A point each for most cards, most diamonds (the coins), the seven of
 * diamonds, and each capture that empties the table. To 11 points. Without primiera.
 */
export const scopa: GenomeInput = {
  genome_id: "scopa",
  player_count: 2,
  max_turns: 2000,
  deck: { ranks: ["2", "3", "4", "5", "6", "7", "J", "Q", "K", "A"] },
  setup: {
    cards_per_player: 3,
    initial_discard_count: 4,
    tableau_mode: "match_rank",
    capture_sums: true,
    //               2  3  4  5  6  7  8  9 10  J  Q   K  A
    capture_values: [2, 3, 4, 5, 6, 7, 0, 0, 0, 8, 9, 10, 1],
    last_capture_takes_rest: true,
  },
  turn_structure: { turn_model: "sequence", phases: [{ type: "play", target: "tableau" }] },
  card_scoring: [{ suit: "D", rank: "7", points: 1, trigger: "capture" }],
  scoring_rules: [
    { type: "sweep", points: 1 },
    { type: "most_cards", points: 1 },
    { type: "most_cards", points: 1, suit: "D" },
  ],
  game_rules: { deck_empty_action: "skip_draw" },
  hands: { first_player: "next", until: 40, refill: 3 },
  win_conditions: [{ type: "high_score", threshold: 11, trigger_mode: "threshold_gate" }],
};
