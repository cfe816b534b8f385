import type { GenomeInput, Rank } from "../genome.ts";

const value = (
  rank: Rank,
  points: number,
  other?: number,
): { rank: Rank; value: number; alternate_value?: number } => ({
  rank,
  value: points,
  ...(other === undefined ? {} : { alternate_value: other }),
});

/**
 * Blackjack, 1 to 3 players and a dealer in the last seat (here 3 seats): two cards each; draw as long as you like below 21;
 * the dealer draws below 17. Nearest to 21 wins, 22 and more loses; an ace counts 1 or 11. One hand.
 */
export const blackjack: GenomeInput = {
  genome_id: "blackjack",
  player_count: 3,
  min_turns: 3,
  max_turns: 100,
  setup: { cards_per_player: 2 },
  turn_structure: {
    turn_model: "sequence",
    phases: [
      {
        type: "draw",
        source: "deck",
        count: 12,
        mandatory: false,
        condition: { type: "hand_value", operator: "<", value: 21 },
      },
    ],
  },
  hand_evaluation: {
    method: "point_total",
    card_values: [
      value("A", 1, 11),
      ...(["2", "3", "4", "5", "6", "7", "8", "9", "10"] as const).map((rank) => value(rank, Number(rank))),
      ...(["J", "Q", "K"] as const).map((rank) => value(rank, 10)),
    ],
    target_value: 21,
    bust_threshold: 22,
  },
  dealer: { draws_below: 17 },
  hands: { redeal: false, until: 1, rounds_per_hand: 1 },
  win_conditions: [{ type: "best_hand" }],
};
