import { expect, test } from "vitest";
import type { BusError } from "#bus";
import { parseGenome, validate } from "./index.ts";

const eights = {
  genome_id: "e",
  player_count: 3,
  setup: { cards_per_player: 5, initial_discard_count: 1 },
  turn_structure: {
    phases: [
      {
        type: "draw",
        source: "deck",
        condition: { type: "hand_size", operator: "==", value: 0, reference: "valid_plays" },
      },
      {
        type: "play",
        target: "discard",
        valid_play_condition: { type: "card_matches_suit", reference: "top_discard" },
      },
    ],
  },
  win_conditions: [{ type: "empty_hand" }],
};
const problemsOf = (change: object): string[] =>
  validate({ ...eights, ...change }).map(({ path, problem }) => `${path}: ${problem}`);
const phases = (...added: object[]): object => ({
  turn_structure: { phases: [...eights.turn_structure.phases, ...added] },
});

test("a good genome has no problems and gets its defaults", () => {
  expect(validate(eights)).toEqual([]);
  const genome = parseGenome(eights);
  expect(genome.max_turns).toBe(100);
  expect(genome.game_rules.tie_breaker).toBe("alternating");
  expect(genome.turn_structure.phases[1]).toMatchObject({
    min_cards: 1,
    max_cards: 1,
    mandatory: true,
    pass_if_unable: true,
  });
  expect(parseGenome(JSON.parse(JSON.stringify(genome)))).toEqual(genome);
});

test("unknown keys and names are refused with their path and what was probably meant", () => {
  expect(problemsOf({ max_turn: 5 })).toEqual(['max_turn: unknown key, did you mean "max_turns"?']);
  expect(problemsOf({ setup: { cards_per_player: 5, tableau: "war" } })[0]).toMatch(/^setup\.tableau: unknown key/);
  expect(problemsOf({ win_conditions: [{ type: "empty_hands" }] })[0]).toMatch(
    /^win_conditions\[0\]\.type: .*did you mean "empty_hand"\?$/,
  );
  expect(problemsOf(phases({ type: "discrd" }))[0]).toMatch(
    /^turn_structure\.phases\[2\]\.type: .*did you mean "discard"\?$/,
  );
  expect(
    problemsOf(phases({ type: "play", target: "discard", valid_play_condition: { type: "card_match_rank" } }))[0],
  ).toBe(
    'turn_structure.phases[2].valid_play_condition.type: "card_match_rank" is none of 27 known names, did you mean "card_matches_rank"?',
  );
});

test("wrong types and ranges are named with their value", () => {
  expect(problemsOf({ player_count: 5 })).toEqual(["player_count: is 5, allowed are 2 to 4"]);
  expect(problemsOf({ player_count: "3" })).toEqual(['player_count: "3" is not a whole number']);
  expect(problemsOf({ setup: null })).toEqual(["setup: null is not an object"]);
  expect(problemsOf({ special_effects: {} })).toEqual(["special_effects: {} is not a list"]);
  expect(problemsOf({ turn_structure: { phases: [] } })[0]).toMatch(/at least 1/);
  expect(
    problemsOf(
      phases({ type: "play", target: "discard", valid_play_condition: { type: "card_is_rank", value: 8 } }),
    )[0],
  ).toMatch(/value: 8 is none of 2, 3/);
  expect(
    problemsOf(phases({ type: "draw", source: "deck", condition: { type: "location_size", value: 1 } }))[0],
  ).toMatch(/reference: is missing; it is one of deck, hand/);
  expect(validate(undefined)).toHaveLength(1);
  expect(validate([])[0]?.path).toBe("genome");
});

test("every problem is listed at once, and the first is thrown", () => {
  const bad = { ...eights, player_count: 9, max_turn: 5, genome_id: "" };
  expect(validate(bad)).toHaveLength(3);
  expect(() => parseGenome(bad)).toThrowError(expect.objectContaining({ code: "cards/bad-genome" }) as Error);
  try {
    parseGenome(bad);
  } catch (error) {
    expect((error as BusError).details.problems).toHaveLength(3);
  }
});

test("rules that contradict each other are refused", () => {
  const refused: [object, string][] = [
    [{ player_count: 4, setup: { cards_per_player: 13, initial_discard_count: 1 } }, "setup.cards_per_player"],
    [{ win_conditions: [{ type: "high_score", threshold: 5 }] }, "win_conditions[0].type"],
    [{ win_conditions: [{ type: "best_hand" }] }, "win_conditions[0].type"],
    [{ win_conditions: [{ type: "capture_all" }] }, "win_conditions[0].type"],
    [phases({ type: "betting" }), "setup.starting_chips"],
    [phases({ type: "bidding" }), "turn_structure.phases[2]"],
    [{ contract_scoring: {} }, "contract_scoring"],
    [{ setup: { ...eights.setup, tableau_mode: "war" } }, "player_count"],
    [
      { player_count: 2, setup: { ...eights.setup, tableau_mode: "war" }, ...phases({ type: "trick" }) },
      "turn_structure.phases[2]",
    ],
    [{ team_mode: true }, "teams"],
    [{ teams: [[0], [1, 2]] }, "teams"],
    [{ team_mode: true, teams: [[0, 1], [1]] }, "teams"],
    [
      { turn_structure: { phases: [{ type: "betting" }] }, setup: { ...eights.setup, starting_chips: 100 } },
      "turn_structure.phases",
    ],
    [phases({ type: "betting", min_bet: 60 }), "setup.starting_chips"],
    [
      { ...phases({ type: "betting", min_bet: 60 }), setup: { ...eights.setup, starting_chips: 100 } },
      "turn_structure.phases[2].min_bet",
    ],
    [
      { ...phases({ type: "betting" }), setup: { ...eights.setup, starting_chips: 100 } },
      "turn_structure.phases[2].showdown_method",
    ],
    [phases({ type: "draw", source: "hand" }), "turn_structure.phases[2].source"],
    [
      phases({ type: "draw", source: "deck", condition: { logic: "OR", conditions: [{ type: "card_beats_top" }] } }),
      "turn_structure.phases[2].condition.conditions[0].type",
    ],
    [phases({ type: "claim", rank_mode: "fixed" }), "turn_structure.phases[2].fixed_rank"],
    [phases({ type: "trick" }, { type: "bidding" }, { type: "bidding" }), "turn_structure.phases"],
    [phases({ type: "trick" }, { type: "bidding", min_bid: 5, max_bid: 4 }), "turn_structure.phases[3].min_bid"],
    [{ win_conditions: [{ type: "most_tricks" }] }, "win_conditions[0].type"],
    [{ win_conditions: [{ type: "most_chips" }] }, "win_conditions[0].type"],
    [{ win_conditions: [{ type: "most_captured" }] }, "win_conditions[0].type"],
    [
      { win_conditions: [{ type: "best_hand" }], hand_evaluation: { method: "pattern_match" } },
      "win_conditions[0].type",
    ],
    [{ scoring_rules: [{ type: "sweep", points: 1 }] }, "scoring_rules[0].type"],
    [{ scoring_rules: [{ type: "shoot_moon", points: 1 }] }, "scoring_rules[0].type"],
    [{ deck: { ranks: ["2", "3", "2"] } }, "deck.ranks"],
    [{ deck: { ranks: ["2", "3"] } }, "setup.cards_per_player"],
    [{ setup: { ...eights.setup, capture_sums: true } }, "setup.capture_sums"],
    [{ setup: { ...eights.setup, capture_values: [1, 2] } }, "setup.capture_values"],
    [{ war: {} }, "war"],
    [{ dealer: { draws_below: 17 } }, "dealer"],
    [{ turn_structure: { ...eights.turn_structure, tricks_per_hand: 5 } }, "turn_structure.tricks_per_hand"],
    [{ team_mode: true, teams: [[0, 1, 2], []] }, "teams[1]"],
    [
      {
        team_mode: true,
        teams: [
          [0, 1],
          [2, 3],
        ],
      },
      "teams",
    ],
    [phases({ type: "ask" }, { type: "ask" }), "turn_structure.phases"],
    [
      phases({ type: "discard", matching_condition: { type: "hand_size", reference: "valid_plays" } }),
      "turn_structure.phases[2].matching_condition.reference",
    ],
    [{ setup: { ...eights.setup, wild_cards: ["8", "8"] } }, "setup.wild_cards"],
    [
      {
        hand_evaluation: {
          method: "pattern_match",
          patterns: [{ name: "x", rank_priority: 1, required_ranks: ["A", "K", "A"] }],
        },
      },
      "hand_evaluation.patterns[0].required_ranks",
    ],
    [{ ...phases({ type: "meld" }), deck: { copies: 2 } }, "deck.copies"],
    [
      phases({
        type: "play",
        target: "discard",
        valid_play_condition: { logic: "OR", conditions: [{ type: "hand_size", reference: "valid_plays" }] },
      }),
      "turn_structure.phases[2].valid_play_condition.conditions[0].reference",
    ],
    [
      { special_effects: [{ trigger_rank: "2", effect_type: "skip_next", target: "all_opponents" }] },
      "special_effects[0].target",
    ],
    [
      {
        setup: { ...eights.setup, tableau_mode: "match_rank", capture_sums: true },
        special_effects: [{ trigger_rank: "2", effect_type: "wild_card" }],
      },
      "special_effects[0].effect_type",
    ],
    [{ ...phases({ type: "trick" }), win_conditions: [{ type: "low_score", threshold: 9 }] }, "win_conditions[0].type"],
    [{ team_mode: true, teams: [[0, 1, 2]] }, "teams"],
    [{ min_turns: 200 }, "min_turns"],
    [phases({ type: "play", target: "discard", min_cards: 3, max_cards: 2 }), "turn_structure.phases[2].min_cards"],
    [
      {
        hand_evaluation: {
          method: "pattern_match",
          patterns: [{ name: "x", rank_priority: 1, required_count: 3, same_rank_groups: [2, 2] }],
        },
      },
      "hand_evaluation.patterns[0].same_rank_groups",
    ],
  ];
  for (const [change, path] of refused) {
    expect(
      validate({ ...eights, ...change }).map((problem) => problem.path),
      JSON.stringify(change),
    ).toContain(path);
  }
});

test("a condition nested beyond the limit is refused, not followed", () => {
  let deep: object = { type: "hand_size" };
  for (let i = 0; i < 100; i++) deep = { logic: "AND", conditions: [deep] };
  expect(problemsOf(phases({ type: "play", target: "discard", valid_play_condition: deep }))[0]).toMatch(
    /nested deeper than 64/,
  );
});
