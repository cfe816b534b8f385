import type { GenomeInput } from "../genome.ts";

/**
 * Go Fish, 2 to 4 players (here 3): ask an opponent for a rank you hold. A hit gives all its cards of the rank and another
 * turn, a miss a card of the deck. Four of a rank are laid down. When the deck and the hands are empty, most sets win.
 * Five cards each (two players: seven).
 */
export const goFish: GenomeInput = {
  genome_id: "go-fish",
  player_count: 3,
  max_turns: 1000,
  setup: { cards_per_player: 5 },
  turn_structure: { turn_model: "sequence", phases: [{ type: "ask", set_size: 4, refill: 1 }] },
  game_rules: { deck_empty_action: "skip_draw" },
  win_conditions: [{ type: "most_captured" }],
};
