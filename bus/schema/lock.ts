import { readFileSync } from "node:fs";
import { BusError, requestIdOf, typeIdOf } from "#wire";
import { badJson, notJson } from "./bad-json.ts";
import { fingerprintOf } from "./canonical.ts";
import type { LockedMethod, LockedType, SchemaLock } from "./lock-types.ts";
import type { BinarySchema } from "./model.ts";

/**
 * The committed schema.lock.
 * @throws BusError schema/missing when there is none, schema/bad-json when it is not one
 */
export function readLock(path: string): SchemaLock {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new BusError("schema/missing", { details: { path }, cause });
  }
  return parseLock(text, path);
}

/** @param path named in errors */
export function parseLock(text: string, path: string): SchemaLock {
  const fail = (problem: string): never => {
    throw badJson(path, problem);
  };
  let lock: Partial<SchemaLock> | null;
  try {
    lock = JSON.parse(text) as Partial<SchemaLock> | null;
  } catch (error) {
    // Most often two branches changed it: both lines of a conflict are in the file.
    throw notJson(path, error, "; take back the version that was committed last, then run `busbar gen`");
  }
  if (typeof lock !== "object" || lock === null) return fail("is not a lock of schemas");
  if (lock.version !== 1) return fail(`has version ${String(lock.version)}; this Busbar reads version 1`);
  if (typeof lock.digest !== "string" || typeof lock.bfbs !== "string") return fail("lacks its digest or schema");
  for (const [name, type] of Object.entries(record(lock.types) ?? fail("lacks its types"))) {
    const { id, fingerprint, lineage } = (type ?? {}) as Partial<LockedType>;
    const sound = isId(id) && isFingerprint(fingerprint) && Array.isArray(lineage) && lineage.every(isFingerprint);
    if (!sound || lineage.at(-1) !== fingerprint) fail(`has no sound entry for type ${name}`);
  }
  for (const [name, method] of Object.entries(record(lock.methods) ?? fail("lacks its methods"))) {
    const { id, request, response, streaming } = (method ?? {}) as Partial<LockedMethod>;
    const sound = typeof request === "string" && typeof response === "string" && typeof streaming === "boolean";
    if (!sound || !isId(id)) fail(`has no sound entry for method ${name}`);
  }
  return lock as SchemaLock;
}

const record = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
const isId = (id: unknown): boolean => typeof id === "number" && Number.isInteger(id) && id >= 0 && id <= 0xffffffff;
const isFingerprint = (text: unknown): boolean => typeof text === "string" && /^[0-9a-f]{16}$/.test(text);

/** Text of the file: keys in order, a line each, so that versions compare well. */
export const lockText = (lock: SchemaLock): string => `${JSON.stringify(lock, null, 2)}\n`;

const sorted = <T extends { readonly name: string }>(list: readonly T[]): T[] =>
  [...list].sort((a, b) => (a.name < b.name ? -1 : 1));

/**
 * The lock of a schema. Types of `before` keep their lineage where they are `compatible`; others begin a new one.
 * @param digest of the schema files
 * @param bfbs bytes of the schema
 * @throws BusError schema/collision when two names have the same id
 */
export function makeLock(
  schema: BinarySchema,
  bfbs: Uint8Array,
  digest: string,
  before: SchemaLock | undefined,
  compatible: (typeName: string) => boolean,
): SchemaLock {
  const types: Record<string, LockedType> = {};
  const methods: Record<string, LockedMethod> = {};
  for (const { name } of sorted(schema.objects.filter((object) => !object.isStruct))) {
    const fingerprint = fingerprintOf(schema, name);
    const known = before !== undefined && Object.hasOwn(before.types, name) ? before.types[name].lineage : [];
    const past = compatible(name) ? known.filter((one) => one !== fingerprint) : [];
    types[name] = { id: typeIdOf(name), fingerprint, lineage: [...past, fingerprint] };
  }
  for (const service of sorted(schema.services)) {
    for (const call of service.calls) {
      const { request, response, streaming } = call;
      methods[`${service.name}/${call.name}`] = {
        id: requestIdOf(service.name, call.name),
        request,
        response,
        streaming,
      };
    }
  }
  refuseCollisions([...Object.entries(types), ...Object.entries(methods)]);
  return { version: 1, digest, types, methods, bfbs: Buffer.from(bfbs).toString("base64") };
}

/** @throws BusError schema/collision: ids of types and methods share one number space of the frame header */
export function refuseCollisions(entries: readonly (readonly [string, { readonly id: number }])[]): void {
  const seen = new Map<number, string>();
  for (const [name, { id }] of entries) {
    const first = seen.get(id);
    if (first !== undefined) throw new BusError("schema/collision", { details: { first, second: name, id } });
    if (id === 0)
      throw new BusError("schema/collision", { details: { first: "the control frames", second: name, id } });
    seen.set(id, name);
  }
}
