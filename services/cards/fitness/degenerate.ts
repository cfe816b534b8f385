/** Seven games that are none, each for another reason: whatever judges games must put them below every real one. */
import type { Genome, GenomeInput } from "../genome.ts";
import { parseGenome } from "../validate.ts";

const all: Readonly<Record<string, GenomeInput>> = {
  /** One card in hand, drawn and laid: nobody ever chooses. */
  "always forced": {
    setup: { cards_per_player: 1, hand_visibility: "face_down" },
    turn_structure: {
      turn_model: "sequence",
      phases: [
        { type: "draw", source: "deck" },
        { type: "play", target: "discard" },
      ],
    },
    card_scoring: [{ rank: "A", points: 1, trigger: "play" }],
    win_conditions: [{ type: "first_to_score", threshold: 3 }],
  },
  /** Everybody draws, nobody lays: hands never become empty. */
  "never ending": {
    max_turns: 10_000,
    setup: { cards_per_player: 5 },
    turn_structure: { phases: [{ type: "draw", source: "deck" }] },
    win_conditions: [{ type: "empty_hand" }],
  },
  /** A race in which all lay one card a turn: who begins is done first. */
  "seat 0 always wins": {
    setup: { cards_per_player: 5 },
    turn_structure: { turn_model: "sequence", phases: [{ type: "play", target: "discard" }] },
    win_conditions: [{ type: "empty_hand" }],
  },
  /** The hand is a pile; the first red card on top of one ends the game. */
  "first card decides": {
    setup: { cards_per_player: 5, hand_visibility: "face_down" },
    turn_structure: { phases: [{ type: "play", target: "discard" }] },
    card_scoring: [
      { suit: "H", points: 1, trigger: "play" },
      { suit: "D", points: 1, trigger: "play" },
    ],
    win_conditions: [{ type: "first_to_score", threshold: 1 }],
  },
  /** Each draws and puts back for itself, twenty times. */
  "no interaction": {
    setup: { cards_per_player: 5 },
    turn_structure: {
      turn_model: "sequence",
      phases: [
        { type: "draw", source: "deck" },
        { type: "play", target: "deck" },
      ],
    },
    card_scoring: [{ points: 1, trigger: "play" }],
    win_conditions: [{ type: "first_to_score", threshold: 20 }],
  },
  /** All hands become empty, and every score is the same. */
  "always drawn": {
    setup: { cards_per_player: 5 },
    turn_structure: { phases: [{ type: "play", target: "discard" }] },
    card_scoring: [{ points: 0, trigger: "play" }],
    win_conditions: [{ type: "all_hands_empty" }],
  },
  /** Points are counted, and the game is a race that does not look at them. */
  "score without effect": {
    setup: { cards_per_player: 6 },
    turn_structure: { phases: [{ type: "play", target: "discard" }] },
    card_scoring: [
      { suit: "H", points: 5, trigger: "play" },
      { suit: "S", points: -5, trigger: "play" },
    ],
    win_conditions: [{ type: "empty_hand" }],
  },
};

/** By what is wrong with them. */
export const DEGENERATE: ReadonlyMap<string, Genome> = new Map(
  Object.entries(all).map(([name, input]) => [name, parseGenome({ genome_id: name, max_turns: 200, ...input })]),
);
