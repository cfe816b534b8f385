/** What zod found, in sentences that name the place, both values and the fix. */
import type { z } from "zod";
import { suggestion as didYouMean } from "#bus";
import { type Locate, type PathSegment, type Problem, pathText, problemAt, show } from "./problem.ts";
import { keyPaths, keysAt } from "./walk.ts";

type Issue = z.core.$ZodIssue;

export function problemsOf(
  schema: z.ZodType,
  value: unknown,
  issues: readonly Issue[],
  locate: Locate,
  base: readonly PathSegment[] = [],
): Problem[] {
  return issues.flatMap((issue) => {
    const inner = issue.path as PathSegment[];
    const path = [...base, ...inner];
    if (issue.code === "unrecognized_keys") {
      const known = keysAt(schema, value, inner);
      return issue.keys.map((key) =>
        problemAt(locate, [...path, key], `unknown key${hint(schema, key, known, inner)}`, true),
      );
    }
    return [problemAt(locate, path, sentence(issue, valueAt(value, inner)))];
  });
}

/** The near key of this object; else where a key of that name belongs; else what there is. */
function hint(schema: z.ZodType, key: string, known: readonly string[], here: readonly PathSegment[]): string {
  const near = didYouMean(key, known);
  if (near !== "") return near;
  if (key === "<<") return "; merge keys are not part of YAML 1.2";
  for (const path of keyPaths(schema)) {
    const at = path.lastIndexOf(".");
    if (path.slice(at + 1) !== key) continue;
    const owner = at < 0 ? "the top level" : path.slice(0, at);
    if (owner !== pathText(here)) return `; it belongs to ${owner}`;
  }
  return known.length === 0 ? "; there are none here" : `; known are ${known.join(", ")}`;
}

function sentence(issue: Issue, value: unknown): string {
  if (value === undefined) return "is missing";
  switch (issue.code) {
    case "invalid_type":
      return `is ${show(value)}; write ${NOUNS[issue.expected] ?? issue.expected}`;
    case "too_small":
      return bound(issue.origin, value, issue.inclusive === false ? "above" : "at least", issue.minimum);
    case "too_big":
      return bound(issue.origin, value, issue.inclusive === false ? "below" : "at most", issue.maximum);
    case "invalid_value":
      return choice(value, issue.values.map(String));
    case "invalid_union": {
      const options = "options" in issue ? (issue.options ?? []) : [];
      return choice(value, options.map(String));
    }
    case "invalid_format":
      return `is ${show(value)}; ${issue.message}`;
    default:
      return issue.message;
  }
}

const NOUNS: Readonly<Record<string, string>> = {
  int: "a whole number",
  bigint: "a whole number",
  number: "a number",
  string: "a text",
  boolean: "true or false",
  object: "a mapping of keys",
  record: "a mapping of keys",
  array: "a list",
  tuple: "a list",
};

function bound(origin: string, value: unknown, word: string, limit: number | bigint): string {
  if (origin === "array") return `has ${(value as unknown[]).length} entries; write ${word} ${limit}`;
  if (origin === "string") return `has ${(value as string).length} characters; write ${word} ${limit}`;
  return `is ${show(value)}; write ${word} ${limit}`;
}

const choice = (value: unknown, options: readonly string[]): string =>
  `is ${show(value)}; write ${oneOf(options)}${typeof value === "string" ? didYouMean(value, options) : ""}`;

export const oneOf = (options: readonly string[]): string =>
  options.length < 2 ? options.join("") : `${options.slice(0, -1).join(", ")} or ${options.at(-1)}`;

function valueAt(value: unknown, path: readonly PathSegment[]): unknown {
  let here = value;
  for (const segment of path) {
    if (typeof here !== "object" || here === null) return undefined;
    here = (here as Record<PathSegment, unknown>)[segment];
  }
  return here;
}
