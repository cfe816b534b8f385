/** Looks into zod schemas: which keys there are, and what stands at a path. For suggestions, and for tests that try every key. */
import type { z } from "zod";
import type { PathSegment } from "./problem.ts";

// biome-ignore lint/suspicious/noExplicitAny: the definition of a schema depends on its type
type Definition = { type: string } & Record<string, any>;
const definition = (schema: z.ZodType): Definition => schema.def as unknown as Definition;

/** The schema without its defaults, optionality and conversions. */
export function core(schema: z.ZodType): z.ZodType {
  const def = definition(schema);
  switch (def.type) {
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "readonly":
      return core(def.innerType);
    case "pipe":
      return core(definition(def.in).type === "transform" ? def.out : def.in);
    default:
      return schema;
  }
}

export const kindOf = (schema: z.ZodType): string => definition(core(schema)).type;

export const shapeOf = (schema: z.ZodType): Readonly<Record<string, z.ZodType>> => definition(core(schema)).shape;

export const optionsOf = (schema: z.ZodType): readonly z.ZodType[] => definition(core(schema)).options;

/** The member of a union that `value` says it is, by the union's discriminator. */
export function optionFor(schema: z.ZodType, value: unknown): z.ZodType | undefined {
  const { discriminator } = definition(core(schema));
  if (typeof discriminator !== "string" || typeof value !== "object" || value === null) return undefined;
  const tag = (value as Record<string, unknown>)[discriminator];
  return optionsOf(schema).find((option) => {
    const literal = shapeOf(option)[discriminator];
    return literal !== undefined && (definition(core(literal)).values as unknown[]).includes(tag);
  });
}

/** Schema of what is at `path` inside `value`, or undefined where the schema does not reach. */
export function schemaAt(schema: z.ZodType, value: unknown, path: readonly PathSegment[]): z.ZodType | undefined {
  let here: z.ZodType | undefined = core(schema);
  let inner = value;
  for (const segment of path) {
    here = here === undefined ? undefined : child(here, inner, segment);
    if (here === undefined) return undefined;
    inner = typeof inner === "object" && inner !== null ? (inner as Record<PathSegment, unknown>)[segment] : undefined;
  }
  return kindOf(here) === "union" ? (optionFor(here, inner) ?? here) : here;
}

function child(schema: z.ZodType, value: unknown, segment: PathSegment): z.ZodType | undefined {
  const def = definition(schema);
  switch (def.type) {
    case "object":
      return Object.hasOwn(def.shape, segment) ? core(def.shape[segment]) : undefined;
    case "array":
      return core(def.element);
    case "tuple":
      return def.items[segment] === undefined ? undefined : core(def.items[segment]);
    case "record":
      return core(def.valueType);
    case "union": {
      const option = optionFor(schema, value);
      return option === undefined ? undefined : child(core(option), value, segment);
    }
    default:
      return undefined;
  }
}

/** Keys of the object at `path`. */
export function keysAt(schema: z.ZodType, value: unknown, path: readonly PathSegment[]): readonly string[] {
  const found = schemaAt(schema, value, path);
  return found !== undefined && kindOf(found) === "object" ? Object.keys(shapeOf(found)) : [];
}

/** Every key of the schema by its place: "agents[].arrival_config.rate_per_tick", "agents[].policy<Deadline>.urgency_threshold". */
export function* keyPaths(schema: z.ZodType, prefix = ""): Generator<string> {
  const inner = core(schema);
  const def = definition(inner);
  if (def.type === "object") {
    for (const [key, value] of Object.entries(def.shape as Record<string, z.ZodType>)) {
      const path = prefix === "" ? key : `${prefix}.${key}`;
      yield path;
      yield* keyPaths(value, path);
    }
  } else if (def.type === "array") yield* keyPaths(def.element, `${prefix}[]`);
  else if (def.type === "record") yield* keyPaths(def.valueType, `${prefix}{}`);
  else if (def.type === "union") {
    for (const option of def.options as z.ZodType[]) {
      const tag = shapeOf(option)[def.discriminator];
      const name = tag === undefined ? "" : String(definition(core(tag)).values[0]);
      yield* keyPaths(option, `${prefix}<${name}>`);
    }
  }
}
