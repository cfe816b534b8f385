import type { GenomeInput } from "../genome.ts";

/**
 * Cheat, 3 or 4 players (here 4): lay one to four cards, whichever you like, face down and claim they are of the rank due, aces first, then twos
 * and so on. Any opponent may challenge; a false claim costs the claimer the pile, a true one the challenger. The first
 * empty hand wins.
 */
export const cheat: GenomeInput = {
  genome_id: "cheat",
  player_count: 4,
  max_turns: 2000,
  setup: { cards_per_player: 13, discard_visibility: "face_down" },
  turn_structure: {
    turn_model: "sequence",
    phases: [{ type: "claim", min_cards: 1, max_cards: 4, starting_rank: "A", mixed: true }],
  },
  win_conditions: [{ type: "empty_hand" }],
};
