/** What zod found, in sentences: where, what stands there, what may stand there, what was probably meant. */
import type * as z from "zod";
import { didYouMean } from "./nearest.ts";

export interface Problem {
  /** Such as `turn_structure.phases[1].source`; "genome" for the whole. */
  readonly path: string;
  readonly problem: string;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A value as JSON, at most 60 characters. */
export const show = (value: unknown): string => {
  let text = "a value";
  try {
    text = JSON.stringify(value) ?? String(value);
  } catch {
    // Nested too deep, or in a circle.
  }
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

/** The empty key is `""`, so that it can be seen. */
export const join = (path: string, key: string): string => {
  const shown = key === "" ? '""' : key;
  return path === "" ? shown : `${path}.${shown}`;
};

const pathOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, key) => (typeof key === "number" ? `${text}[${key}]` : join(text, String(key))), "");

const WORDS: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a whole number",
  boolean: "true or false",
  string: "a text",
  array: "a list",
  object: "an object",
};

/** What `value` is not, with the name that was probably meant; a long list is left out when there is one. */
function noneOf(value: unknown, names: readonly unknown[]): string {
  if (value === undefined) return `is missing; it is one of ${names.join(", ")}`;
  const hint = typeof value === "string" ? didYouMean(value, names.map(String)) : "";
  return hint !== "" && names.length > 10
    ? `${show(value)} is none of ${names.length} known names${hint}`
    : `${show(value)} is none of ${names.join(", ")}${hint}`;
}

/** The sentence for an issue; one line per key for unknown keys. */
const sentence: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "unrecognized_keys": {
      const known = Object.keys((issue.inst as z.core.$ZodObject | undefined)?._zod.def.shape ?? {});
      return issue.keys.map((key) => `unknown key${didYouMean(key, known)}`).join("\n");
    }
    case "invalid_type":
      return issue.input === undefined
        ? "is missing"
        : `${show(issue.input)} is not ${WORDS[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return noneOf(issue.input, issue.values);
    case "invalid_union": {
      const key = issue.discriminator as string;
      const names = (issue as unknown as { options: string[] }).options;
      return noneOf((issue.input as Record<string, unknown> | undefined)?.[key], names);
    }
    case "too_small":
      return `has ${sizeOf(issue.input)} entries, at least ${issue.minimum} are needed`;
    case "too_big":
      return `has ${sizeOf(issue.input)} entries, at most ${issue.maximum} are allowed`;
    default:
      return issue.message ?? "is wrong";
  }
};
const sizeOf = (value: unknown): number => (value as { length: number }).length;

/** Reads `value`: the parsed value, or every problem that it has. */
export function readWith<T>(
  schema: z.ZodType<T>,
  value: unknown,
): { readonly value: T; readonly problems: undefined } | { readonly value: undefined; readonly problems: Problem[] } {
  const result = schema.safeParse(value, { error: sentence });
  if (result.success) return { value: result.data, problems: undefined };
  const problems = result.error.issues.flatMap((issue): Problem[] => {
    const path = pathOf(issue.path);
    if (issue.code !== "unrecognized_keys") return [{ path: path || "genome", problem: issue.message }];
    const lines = issue.message.split("\n");
    return issue.keys.map((key, i) => ({ path: join(path, key), problem: lines[i] ?? "unknown key" }));
  });
  return { value: undefined, problems };
}
