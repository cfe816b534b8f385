/** Games out of nothing: the part of the first population that has no classic behind it. */
import type { GenomeInput } from "../../services/cards/index.ts";
import type { Stream } from "../common/streams.ts";
import { freshPhase } from "./mutate.ts";

/** The result need not be a valid genome. */
export function freshGenome(stream: Stream): GenomeInput {
  const players = stream.between(2, 4);
  const scored = stream.chance(0.4);
  return {
    genome_id: "fresh",
    player_count: players,
    max_turns: 100 * stream.between(2, 6),
    setup: {
      cards_per_player: stream.between(3, 36 / players),
      initial_discard_count: stream.below(2),
    },
    turn_structure: { phases: Array.from({ length: stream.between(1, 3) }, () => freshPhase(stream)) },
    card_scoring: scored
      ? [{ suit: stream.pick(["H", "D", "C", "S"]), points: stream.between(1, 5), trigger: "play" }]
      : [],
    win_conditions: scored
      ? [{ type: "first_to_score", threshold: stream.between(10, 50) }, { type: "empty_hand" }]
      : [{ type: "empty_hand" }],
  };
}
