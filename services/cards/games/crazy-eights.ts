import type { GenomeInput } from "../genome.ts";

/**
 * Crazy Eights, 2 to 4 players: match the suit or the rank of the top card. Eights match everything, and who lays one names
 * the suit to follow. Who cannot play draws up to five cards until one fits, then passes. The first empty hand wins.
 * Seven cards each for two players, five for more.
 */
const crazyEightsFor = (players: 2 | 3 | 4): GenomeInput => ({
  genome_id: players === 2 ? "crazy-eights" : `crazy-eights-${players}`,
  player_count: players,
  max_turns: 1000,
  setup: { cards_per_player: players === 2 ? 7 : 5, initial_discard_count: 1, wild_cards: ["8"] },
  turn_structure: {
    turn_model: "sequence",
    phases: [
      {
        type: "draw",
        source: "deck",
        count: 5,
        condition: { type: "hand_size", operator: "==", value: 0, reference: "valid_plays" },
      },
      {
        type: "play",
        target: "discard",
        valid_play_condition: { type: "matches_or_wild", reference: "top_discard" },
      },
    ],
  },
  special_effects: [{ trigger_rank: "8", effect_type: "wild_card", target: "self" }],
  win_conditions: [{ type: "empty_hand" }],
});

export const crazyEights: GenomeInput = crazyEightsFor(2);
export const crazyEights3: GenomeInput = crazyEightsFor(3);
export const crazyEights4: GenomeInput = crazyEightsFor(4);
