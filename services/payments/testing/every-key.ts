/** Changes one key of a config at a time, to another value that its schema takes. */
import type { z } from "zod";
import { core, keyPaths, kindOf, optionFor, shapeOf } from "../config/walk.ts";
import { changed, type Plain } from "./configs.ts";

export interface Change {
  /** As keyPaths names it. */
  readonly key: string;
  readonly path: readonly (string | number)[];
  readonly to: unknown;
}

/** Values for keys that cannot simply be one more, by the end of their name. */
const OTHERS: Readonly<Record<string, (value: unknown) => unknown>> = {
  "agents[].id": () => "RENAMED",
  ".streams": (value) => (value === "single" ? "per_agent" : "single"),
  ".json_string": (value) => String(value).replace("careful", "careless"),
  ".decision_trees": (value) => ({ ...(value as object), policy_id: "other" }),
  ".params": () => ({ buffer: 2 }),
  ".from_agent": () => "G",
  ".to_agent": () => "G",
  ".agent": () => "G",
  ".counterparty": () => "G",
};

/** Every leaf of `value` that the schema knows, with another value for it. Lists and mappings of free keys change as a whole. */
export function* changesOf(schema: z.ZodType, value: unknown): Generator<Change> {
  yield* walk(schema, value, "", []);
}

function* walk(schema: z.ZodType, value: unknown, key: string, path: readonly (string | number)[]): Generator<Change> {
  if (value === undefined) return;
  const inner = core(schema);
  const other = Object.keys(OTHERS).find((end) => key.endsWith(end));
  if (other !== undefined) {
    yield { key, path, to: OTHERS[other]!(value) };
    return;
  }
  switch (kindOf(inner)) {
    case "object":
      for (const [name, field] of Object.entries(shapeOf(inner)))
        yield* walk(field, (value as Record<string, unknown>)[name], key === "" ? name : `${key}.${name}`, [
          ...path,
          name,
        ]);
      return;
    case "array": {
      const { element } = inner.def as unknown as { element: z.ZodType };
      const compound = ["object", "union"].includes(kindOf(element));
      for (const [index, item] of (value as unknown[]).entries())
        yield* walk(element, item, compound ? `${key}[]` : key, [...path, index]);
      return;
    }
    case "tuple":
      for (const [index, item] of (value as number[]).entries()) yield { key, path: [...path, index], to: item + 1 };
      return;
    case "union": {
      const option = optionFor(inner, value);
      const tag = String((value as Record<string, unknown>).type ?? (value as Record<string, unknown>).mode);
      if (option !== undefined) yield* walk(option, value, `${key}<${tag}>`, path);
      return;
    }
    case "record":
      for (const [name, item] of Object.entries(value as object))
        yield { key, path: [...path, name], to: (item as number) + 1 };
      return;
    default: {
      const to = another(schema, value);
      if (to !== undefined) yield { key, path, to };
    }
  }
}

function another(schema: z.ZodType, value: unknown): unknown {
  const def = core(schema).def as unknown as { type: string; entries?: Record<string, string> };
  if (typeof value === "boolean") return !value;
  if (def.type === "enum") return Object.values(def.entries ?? {}).find((entry) => entry !== value);
  if (typeof value !== "number") return undefined;
  // Up where there is room, else down; a small step where a whole one would leave a share.
  for (const step of Number.isInteger(value) ? [1, -1] : [0.125, -0.125, 0.5])
    if (schema.safeParse(value + step).success) return Number((value + step).toFixed(6));
  return undefined;
}

/** Keys of the model that have a value of their own: not those that hold others, nor the names that tell kinds apart. */
export function leavesOf(schema: z.ZodType): string[] {
  const all = [...keyPaths(schema)];
  const holders = new Set(all.flatMap((key) => [...key.matchAll(/[.[{<]/g)].map(({ index }) => key.slice(0, index))));
  return all.filter((key) => !holders.has(key) && !/\.(type|mode)$/.test(key));
}

export interface SingleChange {
  readonly key: string;
  readonly config: Plain;
}

/** `base` with one key changed, for each key that it says. */
export const singleChanges = (schema: z.ZodType, base: Plain): SingleChange[] =>
  [...changesOf(schema, base)].map(({ key, path, to }) => ({
    key,
    config: key === "agents[].id" ? renamed(base, path) : changed(base, path, to),
  }));

/** A bank that gets another name gets it wherever it is named, so that its own key is all that differs. */
function renamed(base: Plain, path: readonly (string | number)[]): Plain {
  const { id } = (base.agents as { id: string }[])[path[1] as number]!;
  const text = JSON.stringify(base).replaceAll(`"${id}"`, '"RENAMED"').replaceAll(`\\"${id}\\"`, '\\"RENAMED\\"');
  return JSON.parse(text) as Plain;
}
