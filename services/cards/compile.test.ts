// Method: golden bytes of every shipped genome, hand-laid bytes of a small one, and the paths of what V2 cannot say.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { BusError } from "#bus";
import { readGolden } from "./golden/read.ts";
import {
  CLASSICS,
  compile,
  decodeProgram,
  formatOf,
  type Genome,
  genomeIdHash,
  parseGenome,
  programOf,
} from "./index.ts";

const genomes = new URL("../../examples/genomes/", import.meta.url);
const names = readdirSync(genomes)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.slice(0, -5))
  .sort();
const load = (name: string): Genome => parseGenome(JSON.parse(readFileSync(new URL(`${name}.json`, genomes), "utf8")));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const golden = (file: string): ReadonlyMap<string, readonly string[]> =>
  readGolden(readFileSync(new URL(`golden/${file}`, import.meta.url), "utf8"));
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

test.each(names)("%s compiles to its golden V2 bytes, whether V2 is asked for or not", (name) => {
  const bytes = compile(load(name));
  expect(hex(bytes)).toBe(golden("programs.txt").get(name)?.[0]);
  expect(hex(compile(load(name), { format: "v2" }))).toBe(hex(bytes));
});

test.each([...CLASSICS.keys()])("%s compiles to its golden V3 bytes, which decode to its program", (name) => {
  const genome = CLASSICS.get(name)!;
  const bytes = compile(genome);
  expect(formatOf(bytes)).toBe("v3");
  expect(hex(bytes)).toBe(golden("classics.txt").get(name)?.[0]);
  expect(decodeProgram(bytes)).toEqual(programOf(genome));
});

test("every golden program has its genome", () => {
  expect([...golden("programs.txt").keys()].sort()).toEqual(names);
  expect([...golden("classics.txt").keys()]).toEqual([...CLASSICS.keys()]);
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

test("a V3 program has its identifier in bytes 4 to 7 and its root behind it", () => {
  const bytes = compile(parseGenome(war), { format: "v3" });
  expect(Buffer.from(bytes.subarray(4, 8)).toString()).toBe("BBCP");
  expect(bytes.length % 4).toBe(0);
  expect(new DataView(bytes.buffer).getUint32(0, true)).toBeGreaterThanOrEqual(12);
});

test("the id is the hash of the canonical JSON: order of keys does not matter, content does", () => {
  const { genome_id, ...rest } = war;
  expect(genomeIdHash(parseGenome({ ...rest, genome_id }))).toBe(genomeIdHash(parseGenome(war)));
  expect(genomeIdHash(parseGenome({ ...war, max_turns: 101 }))).not.toBe(genomeIdHash(parseGenome(war)));
});

test("ranks count from 2 everywhere but in the conditions of V2, which count from the ace", () => {
  for (const [i, rank] of ["2", "3", "4", "5", "6", "7", "8", "9", "10", "J", "Q", "K", "A"].entries()) {
    const genome = parseGenome({
      ...war,
      special_effects: [{ trigger_rank: rank, effect_type: "extra_turn" }],
      turn_structure: {
        phases: [{ type: "play", target: "tableau", valid_play_condition: { type: "card_is_rank", value: rank } }],
      },
    });
    const v2 = compile(genome);
    expect(v2[79]).toBe(1); // the condition's opcode
    expect(v2[84]).toBe((i + 1) % 13);
    for (const program of [decodeProgram(v2), programOf(genome)]) {
      expect(program.effects[0]?.triggerRank).toBe(i);
      expect(program.turn.phases[0]?.body?.value).toMatchObject({ condition: [{ op: 1, value: i }] });
    }
  }
});

const phases = (phase: object) => ({
  ...war,
  turn_structure: { phases: [{ type: "play", target: "tableau" }, phase] },
});
const beyondV2: [object, string][] = [
  [{ ...war, setup: { ...war.setup, wild_cards: ["8"] } }, "setup.wild_cards"],
  [{ ...war, setup: { ...war.setup, hand_visibility: "face_up" } }, "setup.hand_visibility"],
  [{ ...war, setup: { ...war.setup, random_trump: true } }, "setup.random_trump"],
  [{ ...war, game_rules: { tie_breaker: "battle" } }, "game_rules.tie_breaker"],
  [{ ...war, game_rules: { keep_top_discard: false } }, "game_rules.keep_top_discard"],
  [{ ...war, war: { face_down: 3 } }, "war"],
  [{ ...war, deck: { copies: 2 } }, "deck"],
  [{ ...war, hands: { until: 3 } }, "hands"],
  [{ ...war, turn_structure: { ...war.turn_structure, turn_model: "sequence" } }, "turn_structure.turn_model"],
  [{ ...war, win_conditions: [{ type: "capture_all", comparison: "highest" }] }, "win_conditions[0].comparison"],
  [{ ...war, scoring_rules: [{ type: "go_out", points: 5 }] }, "scoring_rules"],
  [
    phases({ type: "discard", matching_condition: { type: "has_matching_pair" } }),
    "turn_structure.phases[1].matching_condition",
  ],
  [
    phases({ type: "draw", source: "deck", alternative_source: "discard" }),
    "turn_structure.phases[1].alternative_source",
  ],
  [phases({ type: "claim", rank_mode: "player_choice" }), "turn_structure.phases[1].rank_mode"],
  [phases({ type: "meld" }), 'turn_structure.phases[1].type "meld"'],
  [phases({ type: "ask" }), 'turn_structure.phases[1].type "ask"'],
  [
    phases({
      type: "play",
      target: "discard",
      valid_play_condition: {
        logic: "OR",
        conditions: [
          { type: "card_is_suit", value: "H" },
          { logic: "AND", conditions: [{ type: "suit_broken" }] },
        ],
      },
    }),
    'turn_structure.phases[1].valid_play_condition.conditions[1].conditions[0].type "suit_broken"',
  ],
  [
    { ...war, special_effects: [{ trigger_rank: "7", effect_type: "swap_hands" }] },
    'special_effects[0].effect_type "swap_hands"',
  ],
  [
    { ...war, special_effects: [{ trigger_rank: "7", effect_type: "draw_cards", target: "self" }] },
    'special_effects[0].target "self"',
  ],
];

test.each(beyondV2)(
  "what V2 cannot say is refused by its path when V2 is asked for, and is V3 otherwise: %#",
  (genome, path) => {
    const parsed = parseGenome(genome);
    expect(codeOf(() => compile(parsed, { format: "v2" }))).toEqual({ code: "cards/not-expressible", path });
    const bytes = compile(parsed);
    expect(formatOf(bytes)).toBe("v3");
    expect(decodeProgram(bytes)).toEqual(programOf(parsed));
  },
);

test("claims: the reference's sequential_rank false is the claimer's choice, in both formats", () => {
  const genome = parseGenome(phases({ type: "claim", sequential_rank: false }));
  for (const format of ["v2", "v3"] as const) {
    expect(decodeProgram(compile(genome, { format })).turn.phases[1]?.body?.value).toMatchObject({ rankMode: 1 });
  }
});

test("bidding without contract_scoring scores by the defaults, in both formats", () => {
  const genome = parseGenome({
    ...war,
    setup: { cards_per_player: 13 },
    turn_structure: { phases: [{ type: "bidding" }, { type: "trick" }] },
    win_conditions: [{ type: "most_captured" }],
  });
  for (const format of ["v2", "v3"] as const) {
    expect(decodeProgram(compile(genome, { format })).contract).toMatchObject({
      pointsPerTrickBid: 10,
      bagPenalty: 100,
    });
  }
});
