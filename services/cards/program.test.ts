// Method: random genomes through compiler and decoder; programs in older formats laid out by hand; damaged bytes.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BusError } from "#bus";
import type { Program } from "#generated/busbar/cards";
import {
  CLASSICS,
  compile,
  decodeProgram,
  encodeProgram,
  formatOf,
  parseGenome,
  programOf,
  validate,
} from "./index.ts";
import { genomes } from "./testing/genomes.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const errorOf = (bytes: Uint8Array): string => {
  try {
    decodeProgram(bytes);
  } catch (error) {
    return (error as BusError).message;
  }
  return "";
};
/** Without what changes no rule and has no bytes in V2. */
const played = (program: Program): Program => ({
  ...program,
  turnsMin: 0,
  turn: { ...program.turn, isTrickBased: false },
  evaluation: program.evaluation && {
    ...program.evaluation,
    patterns: program.evaluation.patterns.map((pattern) => ({ ...pattern, name: null })),
  },
});

test("what V2 can say comes back from V2 bytes as the same program, and as the same bytes", () => {
  fc.assert(
    fc.property(genomes(false), (input) => {
      const genome = parseGenome(input);
      const bytes = compile(genome, { format: "v2" });
      const program = decodeProgram(bytes);
      expect(played(program)).toEqual(played(programOf(genome)));
      expect(hex(encodeProgram(program, "v2"))).toBe(hex(bytes));
    }),
    { numRuns: 300 },
  );
});

test("every genome comes back from V3 bytes as the same program, and as the same bytes", () => {
  fc.assert(
    fc.property(genomes(true), (input) => {
      const genome = parseGenome(input);
      const bytes = compile(genome, { format: "v3" });
      expect(decodeProgram(bytes)).toEqual(programOf(genome));
      expect(hex(encodeProgram(decodeProgram(bytes), "v3"))).toBe(hex(bytes));
    }),
    { numRuns: 300 },
  );
});

test("whatever the format is left to is either V2 without loss or V3", () => {
  let v2 = 0;
  fc.assert(
    fc.property(fc.oneof(genomes(false), genomes(true)), (input) => {
      const genome = parseGenome(input);
      const bytes = compile(genome);
      if (formatOf(bytes) !== "v2") return;
      v2 += 1;
      expect(played(decodeProgram(bytes))).toEqual(played(programOf(genome)));
    }),
    { numRuns: 500 },
  );
  expect(v2).toBeGreaterThan(0);
});

test("a parsed genome is a genome: nothing is added or lost by parsing it again", () => {
  fc.assert(
    fc.property(genomes(true), (input) => {
      const genome = parseGenome(input);
      expect(validate(genome)).toEqual([]);
      expect(parseGenome(JSON.parse(JSON.stringify(genome)))).toEqual(genome);
    }),
    { numRuns: 200 },
  );
});

describe("older headers", () => {
  const game = parseGenome({
    genome_id: "old",
    player_count: 3,
    setup: { cards_per_player: 5, initial_discard_count: 1 },
    turn_structure: {
      phases: [
        { type: "draw", source: "deck" },
        {
          type: "play",
          target: "discard",
          valid_play_condition: { type: "card_matches_suit", reference: "top_discard" },
        },
      ],
    },
    special_effects: [{ trigger_rank: "2", effect_type: "draw_cards", value: 2 }],
    win_conditions: [{ type: "empty_hand" }],
  });
  const today = compile(game, { format: "v2" });
  const view = new DataView(today.buffer);
  const offset = (at: number): number => view.getUint32(at);
  const u32 = (value: number): number[] => [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];
  /** The same sections behind a header of `length` bytes. */
  const older = (length: 36 | 39 | 47, chips = true): Uint8Array => {
    const setup = [...today.subarray(offset(21), offset(21) + (chips ? 12 : 8))];
    const [turn, win, scoring] = [offset(25), offset(29), offset(33)];
    const [scores, evaluation, teams] = [offset(39), offset(43), offset(49)];
    const tail = length < 47 ? [] : [...today.subarray(scores, teams)];
    const body = [...setup, ...today.subarray(turn, scores), ...tail];
    const shift = length - offset(21) - (chips ? 0 : 4);
    const sections = [length, ...[turn, win, scoring].map((at) => at + shift)].flatMap(u32);
    const head = [...today.subarray(1, 21), ...sections];
    if (length === 36) return Uint8Array.from([...head, ...body]);
    const more = length < 47 ? [] : [scores + shift, evaluation + shift].flatMap(u32);
    return Uint8Array.from([2, ...head, today[37]!, today[38]!, ...more, ...body]);
  };

  test.each([39, 47] as const)("a V2 header of %i bytes gives an equal program", (length) => {
    const bytes = older(length);
    expect(formatOf(bytes)).toBe("v2");
    expect(decodeProgram(bytes)).toEqual(decodeProgram(today));
  });
  test("so does a V1 header of 36 bytes, with and without starting chips", () => {
    for (const chips of [true, false]) {
      expect(formatOf(older(36, chips))).toBe("v1");
      expect(decodeProgram(older(36, chips))).toEqual(decodeProgram(today));
    }
  });
  test("any other length is refused, with the lengths there are", () => {
    const bytes = today.slice();
    new DataView(bytes.buffer).setUint32(21, 50);
    expect(errorOf(bytes)).toMatch(/bad-header.*byte 21: the setup offset.* is 50, a V2 header has 39, 47 or 53 bytes/);
  });
});

test("bytes in no known format are refused by what they begin with", () => {
  expect(errorOf(Uint8Array.of(9, 9, 9, 9, 9))).toMatch(/cards\/unknown-format.*begins with bytes 9, 9, 9, 9/);
  expect(errorOf(new Uint8Array())).toMatch(/cards\/unknown-format.*it has 0 bytes/);
  const program = programOf(CLASSICS.get("war")!);
  expect(errorOf(encodeProgram({ ...program, version: 2 }, "v3"))).toMatch(
    /unknown-format.*version 2, this version reads 1/,
  );
});

test("a program beyond 64 KiB is refused by its size", () => {
  expect(errorOf(Uint8Array.from([2, 0, 0, 0, 1, ...new Uint8Array(70_000)]))).toMatch(
    /limit-exceeded.*70005 bytes.*65536/,
  );
  const program = programOf(CLASSICS.get("war")!);
  const scores = Array.from({ length: 9000 }, () => ({ suit: 0, rank: 0, points: 1, trigger: 0 as const }));
  expect(() => encodeProgram({ ...program, cardScores: scores }, "v3")).toThrowError(/limit-exceeded/);
});

const NAMED = /^cards\/(unknown-format|bad-header|malformed|out-of-range|limit-exceeded): /;
test.each([
  ["v2", "teams and bids"],
  ["v2", "effects"],
  ["v3", "spades"],
  ["v3", "scopa"],
] as const)("damaged %s bytes of %s give a named error or a program, never anything else", (format, name) => {
  const genome =
    CLASSICS.get(name) ??
    parseGenome(
      name === "effects"
        ? {
            genome_id: "e",
            setup: { cards_per_player: 5 },
            turn_structure: {
              phases: [
                {
                  type: "play",
                  target: "discard",
                  valid_play_condition: { logic: "AND", conditions: [{ type: "card_is_rank", value: "8" }] },
                },
              ],
            },
            special_effects: [{ trigger_rank: "K", effect_type: "reverse" }],
            card_scoring: [{ rank: "A", points: -5, trigger: "play" }],
            win_conditions: [{ type: "high_score", threshold: 5 }],
          }
        : {
            genome_id: "t",
            player_count: 4,
            setup: { cards_per_player: 13 },
            turn_structure: { phases: [{ type: "bidding" }, { type: "trick", trump_suit: "S" }] },
            win_conditions: [{ type: "high_score", threshold: 500 }],
            hand_evaluation: { method: "point_total", card_values: [{ rank: "A", value: 1 }] },
            team_mode: true,
            teams: [
              [0, 2],
              [1, 3],
            ],
          },
    );
  const good = compile(genome, { format });
  for (let length = 0; length < good.length; length++) {
    const error = errorOf(good.subarray(0, length));
    if (format === "v2") expect(error, `cut to ${length}`).toMatch(NAMED);
    else expect(error === "" || NAMED.test(error), `cut to ${length}: ${error}`).toBe(true);
  }
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => {
      const bytes = good.slice();
      bytes[at] = value;
      const error = errorOf(bytes);
      if (error !== "") expect(error).toMatch(NAMED);
      else expect(encodeProgram(decodeProgram(bytes), format).length).toBeGreaterThan(0);
    }),
    { numRuns: 3000 },
  );
});
