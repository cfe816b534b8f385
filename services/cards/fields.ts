/** Kinds of fields of a genome, as zod schemas with our sentences. */
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { isObject, join } from "./problems.ts";

/** A whole number; both limits are named when it is outside. */
export function int(min: number, max: number): z.ZodInt {
  const error = (issue: { readonly input?: unknown }): string => `is ${issue.input}, allowed are ${min} to ${max}`;
  return z.int().min(min, { error }).max(max, { error });
}

export const text: z.ZodType<string> = z.string().min(1, { error: 'is "", it needs a text' });

/** Fields that a V2 program has no place for: it can be written only when they have their defaults. */
const beyondV2 = z.registry<Record<string, never>>();
export function only<T extends z.ZodType>(schema: T): T {
  beyondV2.add(schema, {});
  return schema;
}

/** Path of the first field that a V2 program cannot say and that has not its default. */
export function firstBeyondV2(schema: z.ZodType, value: unknown, path = ""): string | undefined {
  if (beyondV2.has(schema) && !isDeepStrictEqual(value, schema.parse(undefined))) return path;
  if (value === null || value === undefined) return undefined;
  const { def } = (schema as z.ZodType & { readonly _zod: { readonly def: z.core.$ZodTypes["_zod"]["def"] } })._zod;
  switch (def.type) {
    case "default":
    case "prefault":
    case "nullable":
      return firstBeyondV2(def.innerType as z.ZodType, value, path);
    case "object":
      return firstOf(Object.entries(def.shape), ([key, field]) =>
        firstBeyondV2(field as z.ZodType, (value as Record<string, unknown>)[key], join(path, key)),
      );
    case "array":
      return firstOf(Array.from((value as unknown[]).entries()), ([i, entry]) =>
        firstBeyondV2(def.element as z.ZodType, entry, `${path}[${i}]`),
      );
    case "union": {
      const fits = (option: unknown): boolean => isObject(value) && tagOf(option) === value.type;
      const option = def.options.find(fits);
      return option === undefined ? undefined : firstBeyondV2(option as z.ZodType, value, path);
    }
    default:
      return undefined;
  }
}

function firstOf<T>(items: readonly T[], find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The name of one kind of phase. */
const tagOf = (option: unknown): unknown =>
  ((option as z.ZodObject<{ type: z.ZodLiteral<string> }>).shape.type as z.ZodLiteral<string>).value;
