import type { GenomeInput } from "../genome.ts";

/**
 * A gin-like rummy, 2 players: draw from the deck or the discard pile, discard one, and knock with at most 10 points of
 * deadwood. Gin and undercut give 25 more. A hand without a knock is void after 15 turns each, when the deck would run out. Hands
 * are dealt until somebody has 100 points, 10 at most; then most points win. Without laying off.
 */
export const gin: GenomeInput = {
  genome_id: "gin",
  player_count: 2,
  max_turns: 2000,
  setup: { cards_per_player: 10, initial_discard_count: 1 },
  turn_structure: {
    turn_model: "sequence",
    phases: [
      { type: "draw", source: "deck", alternative_source: "discard" },
      { type: "discard", mandatory: true },
      { type: "meld", knock_max: 10, gin_bonus: 25, undercut_bonus: 25 },
    ],
  },
  hands: { first_player: "next", until: 10, rounds_per_hand: 15 },
  win_conditions: [{ type: "first_to_score", threshold: 100, trigger_mode: "threshold_gate" }],
};
