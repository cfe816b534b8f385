/** Conditions of a genome: the grammar is recursive, and what value and reference may be depends on the type. */
import * as z from "zod";
import { int } from "./fields.ts";
import type { Condition } from "./genome.ts";
import { CARD_REFERENCES, type ConditionType, namesOf, OPERATORS, PLACES, RANKS, SUITS } from "./names.ts";
import { isObject, readWith } from "./problems.ts";

const DEPTH_MAX = 64;
const i32 = 2 ** 31;

const none = z.null().default(null);
const number = int(-i32, i32 - 1)
  .nullable()
  .default(null);
const cardReference = z.enum(namesOf(CARD_REFERENCES)).nullable().default(null);
const place = z.enum(namesOf(PLACES));
/** Comparisons of a number take all operators, questions of yes or no these. */
const anyOperator = z.enum(namesOf(OPERATORS)).nullable().default(null);
const yesOrNo = z.enum(["==", ">=", "!=", "<"]).nullable().default(null);

const leaf = (
  types: readonly ConditionType[],
  { operator = yesOrNo, value = none, reference = none, suit = none }: Partial<Record<string, z.ZodType>>,
): z.ZodObject<{ type: z.ZodEnum<Record<string, string>> }> =>
  z.strictObject({ type: z.enum(types), operator, value, reference, suit }) as never;

const simple = z.discriminatedUnion("type", [
  leaf(["hand_size"], {
    operator: anyOperator,
    value: number,
    reference: z.enum(["valid_plays"]).nullable().default(null),
  }),
  leaf(["location_size"], { operator: anyOperator, value: number, reference: place }),
  leaf(["chip_count", "pot_size", "current_bet", "score_compare", "hand_value"], {
    operator: anyOperator,
    value: number,
  }),
  leaf(["has_set_of_n", "has_run_of_n", "can_afford"], { operator: anyOperator, value: number }),
  leaf(
    ["has_matching_pair", "must_follow_suit", "has_trump", "suit_broken", "is_trick_winner", "card_adjacent_to_layout"],
    {},
  ),
  leaf(["card_is_rank"], { operator: anyOperator, value: z.enum(RANKS), reference: cardReference }),
  leaf(["card_is_suit"], { value: z.enum(SUITS), reference: cardReference }),
  leaf(
    [
      "sequence_adjacent",
      "card_matches_rank",
      "card_matches_suit",
      "card_beats_top",
      "card_matches_color",
      "matches_or_wild",
    ],
    { reference: cardReference },
  ),
  leaf(["location_empty"], { reference: place }),
  leaf(["player_has_card", "trick_contains_card"], {
    value: z.enum(RANKS).nullable().default(null),
    suit: z.enum(SUITS).nullable().default(null),
  }),
]);
const compound = z.strictObject({
  logic: z.enum(["AND", "OR"]),
  conditions: z
    .array(z.lazy(() => condition))
    .min(1)
    .max(64),
});

/** Levels of the condition that is being read. Reading is synchronous. */
let depth = 0;

/** One schema for both forms: a union would answer a wrong leaf with the problems of both. */
export const condition: z.ZodType<Condition> = z.unknown().transform((value, context) => {
  const refuse = (path: string[], message: string): never => {
    context.addIssue({ code: "custom", path, message, input: value });
    return z.NEVER;
  };
  if (!isObject(value)) return refuse([], "is not a condition: an object with type, or with logic and conditions");
  if (depth >= DEPTH_MAX) return refuse([], `is nested deeper than ${DEPTH_MAX}`);
  const schema: z.ZodType = "logic" in value || "conditions" in value ? compound : simple;
  depth += 1;
  try {
    const { value: read, problems } = readWith(schema, value);
    for (const { path, problem } of problems ?? []) refuse(path === "genome" ? [] : [path], problem);
    return problems === undefined ? (read as Condition) : z.NEVER;
  } finally {
    depth -= 1;
  }
});
