import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { BusError } from "#bus";
import { compile, decodeProgram, encodeProgram, type Genome, genomeIdHash, parseGenome } from "./index.ts";

const genomes = new URL("../../examples/genomes/", import.meta.url);
const names = readdirSync(genomes)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.slice(0, -5))
  .sort();
const load = (name: string): Genome => parseGenome(JSON.parse(readFileSync(new URL(`${name}.json`, genomes), "utf8")));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const golden = new Map<string, string>(
  readFileSync(new URL("golden/programs.txt", import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(" ").slice(0, 2) as [string, string]),
);
const war = {
  genome_id: "w",
  setup: { cards_per_player: 26, tableau_mode: "war" },
  turn_structure: { phases: [{ type: "play", target: "tableau" }] },
  win_conditions: [{ type: "capture_all" }],
};
const codeOf = (run: () => unknown): { code: string; path: unknown } => {
  try {
    run();
  } catch (error) {
    return { code: (error as BusError).code, path: (error as BusError).details.path };
  }
  return { code: "none", path: undefined };
};

test.each(names)("%s compiles to its golden bytes, which decode and encode to themselves", (name) => {
  const bytes = compile(load(name), { format: "v2" });
  expect(hex(bytes)).toBe(golden.get(name));
  expect(hex(encodeProgram(decodeProgram(bytes)))).toBe(hex(bytes));
});

test("every golden program has its genome", () => {
  expect([...golden.keys()].sort()).toEqual(names);
});

test("a war without condition has the 96 bytes that the reference has", () => {
  const bytes = compile(parseGenome(war));
  expect(bytes.length).toBe(96);
  expect(hex(bytes.subarray(0, 5))).toBe("0200000001");
  expect(hex(bytes.subarray(13, 21))).toBe("0000000200000064");
  // header length = setup offset, then turn, win, scoring, tableau war, direction both, card scoring, evaluation, teams
  expect(hex(bytes.subarray(21, 53))).toBe("00000035000000410000004f0000005801020000005c0000005e00000000005f");
  expect(hex(bytes.subarray(53))).toBe(
    "0000001a0000000000000000" +
      "00000001020301010101" +
      "00000000" +
      "000000010300000000" +
      "00000000" +
      "0000" +
      "00" +
      "00",
  );
});

test("the id is the hash of the canonical JSON: order of keys does not matter, content does", () => {
  const { genome_id, ...rest } = war;
  expect(genomeIdHash(parseGenome({ ...rest, genome_id }))).toBe(genomeIdHash(parseGenome(war)));
  expect(genomeIdHash(parseGenome({ ...war, max_turns: 101 }))).not.toBe(genomeIdHash(parseGenome(war)));
});

test("ranks count from 2 in cards and effects, and from the ace in conditions", () => {
  for (const [i, rank] of ["2", "3", "4", "5", "6", "7", "8", "9", "10", "J", "Q", "K", "A"].entries()) {
    const parts = decodeProgram(
      compile(
        parseGenome({
          ...war,
          special_effects: [{ trigger_rank: rank, effect_type: "extra_turn" }],
          turn_structure: {
            phases: [{ type: "play", target: "tableau", valid_play_condition: { type: "card_is_rank", value: rank } }],
          },
        }),
      ),
    );
    expect(parts.effects[0]?.rank).toBe(i);
    expect(parts.phases[0]).toMatchObject({ condition: { op: 1, value: (i + 1) % 13 } });
  }
});

test("what V2 cannot say is refused by the path of the field", () => {
  const phases = (phase: object) => ({
    ...war,
    turn_structure: { phases: [{ type: "play", target: "tableau" }, phase] },
  });
  const cases: [object, string][] = [
    [{ ...war, setup: { ...war.setup, wild_cards: ["8"] } }, "setup.wild_cards"],
    [{ ...war, setup: { ...war.setup, hand_visibility: "face_up" } }, "setup.hand_visibility"],
    [{ ...war, setup: { ...war.setup, random_trump: true } }, "setup.random_trump"],
    [{ ...war, game_rules: { tie_breaker: "battle" } }, "game_rules.tie_breaker"],
    [{ ...war, game_rules: { keep_top_discard: false } }, "game_rules.keep_top_discard"],
    [{ ...war, war: { face_down: 3 } }, "war"],
    [{ ...war, turn_structure: { ...war.turn_structure, turn_model: "sequence" } }, "turn_structure.turn_model"],
    [{ ...war, win_conditions: [{ type: "capture_all", comparison: "highest" }] }, "win_conditions[0].comparison"],
    [
      phases({ type: "discard", matching_condition: { type: "has_matching_pair" } }),
      "turn_structure.phases[1].matching_condition",
    ],
    [phases({ type: "meld" }), 'turn_structure.phases[1].type "meld"'],
    [
      phases({
        type: "play",
        target: "discard",
        valid_play_condition: { logic: "OR", conditions: [{ type: "suit_broken" }] },
      }),
      'turn_structure.phases[1].valid_play_condition.conditions[0].type "suit_broken"',
    ],
    [
      { ...war, special_effects: [{ trigger_rank: "7", effect_type: "swap_hands" }] },
      'special_effects[0].effect_type "swap_hands"',
    ],
    [
      { ...war, special_effects: [{ trigger_rank: "7", effect_type: "draw_cards", target: "self" }] },
      'special_effects[0].target "self"',
    ],
    [{ ...war, win_conditions: [{ type: "most_chips" }] }, 'win_conditions[0].type "most_chips"'],
  ];
  for (const [genome, path] of cases) {
    const parsed = parseGenome(genome);
    expect(codeOf(() => compile(parsed))).toEqual({ code: "cards/not-expressible", path });
  }
});

test("every section of a rich genome survives encoding and decoding", () => {
  const rich = parseGenome({
    genome_id: "rich",
    player_count: 4,
    setup: { cards_per_player: 5, starting_chips: 100 },
    turn_structure: {
      phases: [
        {
          type: "draw",
          source: "opponent_hand",
          condition: { logic: "AND", conditions: [{ type: "hand_size", operator: "<", value: 5 }] },
        },
        { type: "discard" },
        { type: "trick", trump_suit: "S", breaking_suit: "H" },
        { type: "betting", min_bet: 300 / 6, max_raises: 70_000 },
        { type: "claim", max_cards: 2 },
        { type: "bidding" },
      ],
    },
    win_conditions: [{ type: "low_score", threshold: -5 }, { type: "best_hand" }],
    card_scoring: [{ suit: "H", points: -1, trigger: "trick_win" }],
    hand_evaluation: {
      method: "pattern_match",
      card_values: [{ rank: "A", value: 11, alternate_value: 1 }],
      patterns: [{ name: "pair", rank_priority: 20, required_count: 5, same_rank_groups: [2] }],
    },
    contract_scoring: { nil_bonus: 300 },
    team_mode: true,
    teams: [
      [0, 2],
      [1, 3],
    ],
  });
  const bytes = compile(rich);
  const parts = decodeProgram(bytes);
  expect(hex(encodeProgram(parts))).toBe(hex(bytes));
  expect(parts.wins[0]).toEqual({ type: 4, threshold: -5 });
  expect(parts.phases[5]).toEqual({ kind: 7, bytes: [70, 1, 13, 1, 10, 1, 10, 44, 1, 100, 0, 10, 100, 0, 0, 0] });
  expect(parts.teams).toEqual([
    [0, 2],
    [1, 3],
  ]);
});

test("damaged bytes give a named error or a program, never anything else", () => {
  const good = compile(load("action-eights-4"));
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, value, length) => {
      const bytes = good.slice(0, length);
      if (at < length) bytes[at] = value;
      try {
        decodeProgram(bytes);
      } catch (error) {
        expect((error as BusError).code).toMatch(/^cards\/(unknown-format|bad-header|malformed)$/);
      }
    }),
    { numRuns: 2000 },
  );
});
