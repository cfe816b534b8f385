// Method: one game weighed by hand for each style; each gate at its border.
import { expect, test } from "vitest";
import { parseGenome } from "../validate.ts";
import { fitnessOf, weigh } from "./fitness.ts";
import { gates, invalidity, throughGates } from "./gates.ts";
import type { Measures } from "./measures.ts";
import type { Parts } from "./parts.ts";
import { elements, simplicity } from "./simplicity.ts";
import { aMeasures } from "./test-support.ts";

const genome = (change: object = {}) =>
  parseGenome({
    genome_id: "g",
    setup: { cards_per_player: 5 },
    turn_structure: {
      phases: [
        { type: "draw", source: "deck" },
        { type: "play", target: "discard" },
      ],
    },
    win_conditions: [{ type: "empty_hand" }],
    ...change,
  });
const parts: Parts = {
  density: 0.5,
  comeback: 0.6,
  tension: 0.4,
  interaction: 0.3,
  skill: 0.2,
  simplicity: 0.8,
  bluffing: 0.1,
  betting: 0.7,
};

test("elements are counted by kind", () => {
  expect(elements(genome())).toBe(3); // two phases, one way to win
  const rich = genome({
    player_count: 4,
    setup: { cards_per_player: 5, wild_cards: ["8"], starting_chips: 100 },
    turn_structure: {
      phases: [
        {
          type: "play",
          target: "discard",
          valid_play_condition: {
            logic: "OR",
            conditions: [
              { type: "card_is_rank", value: "8" },
              { type: "card_beats_top", reference: "top_discard" },
            ],
          },
        },
        { type: "betting" },
      ],
    },
    special_effects: [{ trigger_rank: "2", effect_type: "skip_next" }],
    win_conditions: [{ type: "empty_hand" }, { type: "high_score", threshold: 9 }],
    card_scoring: [{ points: 1, trigger: "play" }],
    scoring_rules: [{ type: "go_out", points: 5 }],
    hand_evaluation: { method: "pattern_match", patterns: [1, 2, 3].map((i) => ({ name: `${i}`, rank_priority: i })) },
    game_rules: { keep_top_discard: false },
    hands: {},
  });
  // phases 2, conditions 2 + 2, effect 1, scoring 2, wild, rule, hands 3, patterns 1.5
  expect(elements(rich)).toBe(13.5);
  expect(simplicity(rich)).toBeCloseTo(1 - 13.5 / 24, 12);
});

test("the weighted sum of each style, by hand", () => {
  // .25*.5 + .2*.2 + .18*.8 + .12*.6 + .1*.3 + .08*.4 + .07*.7
  expect(weigh(parts, "balanced")).toBeCloseTo(0.125 + 0.04 + 0.144 + 0.072 + 0.03 + 0.032 + 0.049, 12);
  // .05*.5 + .05*.2 + .35*.8 + .05*.6 + .08*.3 + .05*.4 + .18*.1 + .19*.7
  expect(weigh(parts, "bluffing")).toBeCloseTo(0.025 + 0.01 + 0.28 + 0.03 + 0.024 + 0.02 + 0.018 + 0.133, 12);
  // .20*.5 + .27*.2 + .30*.8 + .08*.6 + .10*.3 + .05*.4
  expect(weigh(parts, "strategic")).toBeCloseTo(0.1 + 0.054 + 0.24 + 0.048 + 0.03 + 0.02, 12);
  // skill inverted: .04*.5 + .04*(1-.2) + .5*.8 + .12*.6 + .14*.3 + .06*.4 + .1*.7
  expect(weigh(parts, "party")).toBeCloseTo(0.02 + 0.032 + 0.4 + 0.072 + 0.042 + 0.024 + 0.07, 12);
  // .15*.5 + .15*.2 + .3*.8 + .1*.6 + .18*.3 + .12*.4
  expect(weigh(parts, "trick-taking")).toBeCloseTo(0.075 + 0.03 + 0.24 + 0.06 + 0.054 + 0.048, 12);
});

test("a game of which half broke off, or that takes over an hour, is none", () => {
  expect(invalidity(aMeasures({ errors: 50 }))).toBeUndefined();
  expect(invalidity(aMeasures({ errors: 51 }))).toBe("51 of 100 games broke off");
  expect(invalidity(aMeasures({ turns: 1800 }))).toBeUndefined();
  expect(invalidity(aMeasures({ turns: 1860 }))).toBe("a game takes 62 minutes, at most 60 are allowed");
  expect(invalidity(aMeasures({ games: 0 }))).toBe("no games were played");
  const played = { random: aMeasures({ errors: 51 }), greedy: [], search: [] };
  expect(fitnessOf(genome(), played)).toMatchObject({ total: 0, invalid: "51 of 100 games broke off" });
});

const named = (
  change: object,
  measures: Partial<Measures>,
  of: Partial<Parts>,
  style: "balanced" | "party" = "balanced",
) => gates(genome(change), aMeasures(measures), { ...parts, ...of }, style).map(({ name }) => name);

test("gates begin below their border", () => {
  expect(named({}, {}, {})).toEqual([]);
  expect(named({}, {}, { comeback: 0.15, skill: 0.15 })).toEqual([]);
  expect(named({}, {}, { comeback: 0.149 })).toEqual(["no comeback"]);
  expect(named({}, {}, { skill: 0.149 })).toEqual(["no skill"]);
  expect(named({}, {}, { skill: 0 }, "party")).toEqual([]);
  expect(named({}, { wins: [80, 20] }, {})).toEqual([]);
  expect(named({}, { wins: [81, 19] }, {})).toEqual(["one seat wins"]);
});

test("tables that work against the way to win are named", () => {
  const with_ = (mode: string, type: string) => ({
    setup: { cards_per_player: 5, tableau_mode: mode },
    win_conditions: [{ type }],
  });
  expect(named(with_("war", "empty_hand"), {}, {})).toEqual(["war with empty_hand"]);
  expect(named(with_("match_rank", "capture_all"), {}, {})).toEqual(["match_rank with capture_all"]);
  expect(named(with_("war", "capture_all"), {}, {})).toEqual([]);
});

test("factors multiply, deductions come off afterwards, half at most, never below nothing", () => {
  const gate = (factor: number, deduction: number) => ({ name: "g", factor, deduction });
  expect(throughGates(0.8, [gate(0.5, 0), gate(0.7, 0), gate(0.6, 0)])).toBeCloseTo(0.8 * 0.21, 12);
  expect(throughGates(0.9, [gate(0.5, 0), gate(1, 0.3)])).toBeCloseTo(0.15, 12);
  expect(throughGates(0.9, [gate(1, 0.3), gate(1, 0.3)])).toBeCloseTo(0.4, 12);
  expect(throughGates(0.2, [gate(1, 0.3)])).toBe(0);
});

test("the whole: parts, sum and gates of one game", () => {
  const seat = (number: number, wins: number[]) => ({ seat: number, measures: aMeasures({ wins }) });
  const played = { random: aMeasures(), greedy: [seat(0, [80, 20]), seat(1, [30, 70])], search: [] };
  const { total, parts: found, gates: applied } = fitnessOf(genome(), played);
  // density .37, comeback .7, tension .76 * .37, interaction .28333, skill .5, simplicity 1 - 3/24
  expect(found.tension).toBeCloseTo(0.2812, 12);
  expect(applied).toEqual([]);
  expect(total).toBeCloseTo(0.25 * 0.37 + 0.2 * 0.5 + 0.18 * 0.875 + 0.12 * 0.7 + 0.1 * (0.85 / 3) + 0.08 * 0.2812, 12);
});
