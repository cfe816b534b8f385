import type { GenomeInput } from "../genome.ts";

/**
 * War, 2 players: each turns up the first card of its pile, the higher rank takes both. A tie is a battle: three cards face
 * down, then one up. Won cards go under the pile in random order, because fixed orders can loop. All 52 cards win.
 */
export const war: GenomeInput = {
  genome_id: "war",
  player_count: 2,
  max_turns: 5000,
  setup: { cards_per_player: 26, tableau_mode: "war", hand_visibility: "face_down" },
  turn_structure: {
    turn_model: "sequence",
    phases: [{ type: "play", target: "tableau", pass_if_unable: false }],
  },
  game_rules: { tie_breaker: "battle" },
  war: { face_down: 3, return_order: "random", short_hand: "last_card" },
  win_conditions: [{ type: "capture_all" }],
};
