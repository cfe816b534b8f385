/** Reads a condition of a genome: the grammar is recursive, and what value and reference mean depends on the type. */
import { isObject, type Problem } from "./fields.ts";
import type { Condition } from "./genome.ts";
import { CARD_REFERENCES, CONDITIONS, OPERATORS, PLACES, RANKS, SUITS } from "./names.ts";
import { didYouMean } from "./nearest.ts";

const DEPTH_MAX = 64;
const CARD_TYPES = new Set([
  "card_is_rank",
  "card_is_suit",
  "sequence_adjacent",
  "card_matches_rank",
  "card_matches_suit",
  "card_beats_top",
]);

export function readCondition(value: unknown, path: string, problems: Problem[], depth = 0): Condition | undefined {
  const wrong = (at: string, problem: string): undefined => {
    problems.push({ path: at, problem });
    return undefined;
  };
  if (!isObject(value)) return wrong(path, "is not a condition: an object with type, or with logic and conditions");
  if (depth >= DEPTH_MAX) return wrong(path, `is nested deeper than ${DEPTH_MAX}`);
  const keys =
    "logic" in value || "conditions" in value ? ["logic", "conditions"] : ["type", "operator", "value", "reference"];
  for (const key of Object.keys(value)) {
    if (!keys.includes(key)) wrong(`${path}.${key}`, `unknown key${didYouMean(key, keys)}`);
  }
  if (keys.length === 2) {
    const { logic, conditions } = value;
    if (logic !== "AND" && logic !== "OR") return wrong(`${path}.logic`, `${JSON.stringify(logic)} is none of AND, OR`);
    if (!Array.isArray(conditions) || conditions.length === 0)
      return wrong(`${path}.conditions`, "is not a list of at least one condition");
    const read = conditions.map((each, i) => readCondition(each, `${path}.conditions[${i}]`, problems, depth + 1));
    return { logic, conditions: read as Condition[] };
  }
  const { type, operator = null, value: operand = null, reference = null } = value;
  const types = Object.keys(CONDITIONS);
  if (typeof type !== "string" || !Object.hasOwn(CONDITIONS, type)) {
    const hint = typeof type === "string" ? didYouMean(type, types) : "";
    return wrong(`${path}.type`, `${JSON.stringify(type)} is no condition${hint || `; known are ${types.join(", ")}`}`);
  }
  if (operator !== null && !(typeof operator === "string" && Object.hasOwn(OPERATORS, operator))) {
    wrong(`${path}.operator`, `${JSON.stringify(operator)} is none of ${Object.keys(OPERATORS).join(" ")}`);
  }
  const operands = type === "card_is_rank" ? RANKS : type === "card_is_suit" ? SUITS : undefined;
  if (operands !== undefined) {
    if (!operands.includes(operand as string))
      wrong(`${path}.value`, `${JSON.stringify(operand)} is none of ${operands.join(", ")}`);
  } else if (operand !== null && !(Number.isInteger(operand) && Math.abs(operand as number) < 2 ** 31)) {
    wrong(`${path}.value`, `${JSON.stringify(operand)} is not a whole number`);
  }
  const references =
    type === "location_size"
      ? Object.keys(PLACES)
      : type === "hand_size"
        ? ["valid_plays"]
        : CARD_TYPES.has(type)
          ? Object.keys(CARD_REFERENCES)
          : [];
  const needed = type === "location_size";
  if (reference === null ? needed : !references.includes(reference as string)) {
    const allowed = references.length === 0 ? "takes no reference" : `is none of ${references.join(", ")}`;
    wrong(`${path}.reference`, `${JSON.stringify(reference)} ${allowed}`);
  }
  return { type, operator, value: operand, reference } as Condition;
}
