/** The shape of a genome as data: one table makes the check, the defaults and the list of what a V2 program cannot say. */
import { didYouMean } from "./nearest.ts";

export interface Problem {
  readonly path: string;
  readonly problem: string;
}

interface Common {
  /** What holds when the key is absent; without it the key is required. */
  readonly default?: unknown;
  /** False: a V2 program has no place for it, so it must have its default. */
  readonly v2?: false;
}
export type Field = Common &
  (
    | { readonly kind: "int"; readonly min: number; readonly max: number; readonly nullable?: true }
    | { readonly kind: "bool" }
    | { readonly kind: "text" }
    | { readonly kind: "choice"; readonly of: readonly string[]; readonly nullable?: true }
    | { readonly kind: "list"; readonly of: Field; readonly max: number; readonly min?: number }
    | { readonly kind: "object"; readonly of: Shape; readonly nullable?: true }
    | { readonly kind: "phase"; readonly of: Readonly<Record<string, Shape>> }
    | { readonly kind: "condition"; readonly nullable?: true }
  );
export type Shape = Readonly<Record<string, Field>>;

/** How conditions are read; handed in, because their grammar is recursive. */
export type ReadCondition = (value: unknown, path: string, problems: Problem[]) => unknown;

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads `value` as an object of `shape`: unknown keys and wrong values become problems, defaults are filled in. */
export function readObject(
  value: unknown,
  shape: Shape,
  path: string,
  problems: Problem[],
  readCondition: ReadCondition,
  tag?: string,
): Record<string, unknown> {
  const out: Record<string, unknown> = tag === undefined ? {} : { type: tag };
  if (!isObject(value)) {
    problems.push({ path: path || "genome", problem: `${show(value)} is not an object` });
    return out;
  }
  const known = Object.keys(shape);
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(shape, key) || (key === "type" && tag !== undefined)) continue;
    problems.push({ path: join(path, key), problem: `unknown key${didYouMean(key, known)}` });
  }
  for (const key of known) {
    const field = shape[key]!;
    const at = join(path, key);
    if (Object.hasOwn(value, key) && value[key] !== undefined) {
      out[key] = readField(value[key], field, at, problems, readCondition);
    } else if (field.default === undefined) {
      problems.push({ path: at, problem: "is missing" });
    } else {
      out[key] =
        isObject(field.default) && field.kind === "object"
          ? readField({}, field, at, problems, readCondition)
          : field.default;
    }
  }
  return out;
}

function readField(
  value: unknown,
  field: Field,
  path: string,
  problems: Problem[],
  readCondition: ReadCondition,
): unknown {
  const wrong = (problem: string): unknown => {
    problems.push({ path, problem });
    return field.default;
  };
  if (value === null && "nullable" in field && field.nullable) return null;
  switch (field.kind) {
    case "int":
      if (typeof value !== "number" || !Number.isInteger(value)) return wrong(`${show(value)} is not a whole number`);
      if (value < field.min || value > field.max) return wrong(`is ${value}, allowed are ${field.min} to ${field.max}`);
      return value;
    case "bool":
      return typeof value === "boolean" ? value : wrong(`${show(value)} is not true or false`);
    case "text":
      return typeof value === "string" && value !== "" ? value : wrong(`${show(value)} is not a text`);
    case "choice":
      if (typeof value === "string" && field.of.includes(value)) return value;
      return wrong(
        `${show(value)} is none of ${field.of.join(", ")}${typeof value === "string" ? didYouMean(value, field.of) : ""}`,
      );
    case "list":
      if (!Array.isArray(value)) return wrong(`${show(value)} is not a list`);
      if (value.length > field.max) return wrong(`has ${value.length} entries, at most ${field.max} are allowed`);
      if (value.length < (field.min ?? 0))
        return wrong(`has ${value.length} entries, at least ${field.min} are needed`);
      return value.map((entry, i) => readField(entry, field.of, `${path}[${i}]`, problems, readCondition));
    case "object":
      return readObject(value, field.of, path, problems, readCondition);
    case "phase": {
      const type = isObject(value) ? value.type : undefined;
      const types = Object.keys(field.of);
      if (typeof type !== "string" || !Object.hasOwn(field.of, type)) {
        problems.push({
          path: join(path, "type"),
          problem: `${show(type)} is none of ${types.join(", ")}${typeof type === "string" ? didYouMean(type, types) : ""}`,
        });
        return undefined;
      }
      return readObject(value, field.of[type]!, path, problems, readCondition, type);
    }
    case "condition":
      return readCondition(value, path, problems);
  }
}

export const join = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);

/** Path of the first field that a V2 program cannot say and that has not its default. */
export function beyondV2(value: Record<string, unknown>, shape: Shape, path = ""): string | undefined {
  for (const [key, field] of Object.entries(shape)) {
    const at = join(path, key);
    const found = beyondV2Field(value[key], field, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

function beyondV2Field(value: unknown, field: Field, path: string): string | undefined {
  if (field.v2 === false && JSON.stringify(value) !== JSON.stringify(field.default)) return path;
  if (value === null || value === undefined) return undefined;
  if (field.kind === "object") return beyondV2(value as Record<string, unknown>, field.of, path);
  if (field.kind === "phase") {
    const phase = value as Record<string, unknown>;
    return beyondV2(phase, field.of[phase.type as string]!, path);
  }
  if (field.kind === "list") {
    for (const [i, entry] of (value as unknown[]).entries()) {
      const found = beyondV2Field(entry, field.of, `${path}[${i}]`);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
