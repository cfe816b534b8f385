import { join } from "node:path";
import type { SchemaSupport } from "#core";
import { Clock, Done, Mark, Tick } from "#generated/busbar/clock";
import type { Plan } from "#generated/busbar/plan";
import { checkFresh, firstDifference, loadBinarySchema, readLock, TypeRegistry } from "#schema";
import { BusError, requestIdOf } from "#wire";

/** The clock's messages are the bus's own, so a schema folder need not have them. */
const CLOCK_TYPES = new Map([
  ...[Tick, Mark, Done].map((type) => [type.typeId, type] as const),
  ...Object.values(Clock.methods).map((method) => [method.requestId, method.request] as const),
]);

const registries = new Map<string, TypeRegistry>();

/** Types and services of a bus by name, from the schema.lock beside its schema files. One per schema folder. */
export function registryOf(plan: Plan): TypeRegistry {
  const path = join(plan.schema ?? "schema", "schema.lock");
  let registry = registries.get(path);
  if (registry === undefined) registries.set(path, (registry = new TypeRegistry(readLock(path))));
  return registry;
}

/** What a hub asks of the schema. Read when it first asks: most processes have generated types for all they do. */
export function schemaSupport(plan: Plan): SchemaSupport {
  let requests: Map<number, string> | undefined;
  const typeOf = (id: number): string | undefined => {
    requests ??= new Map([
      ...plan.types.map((type) => [type.id, type.name] as const),
      ...plan.methods.map((method) => [requestIdOf(method.service, method.name), method.request] as const),
    ]);
    return requests.get(id);
  };
  return {
    get bfbs() {
      return new Uint8Array(Buffer.from(registryOf(plan).lock.bfbs, "base64"));
    },
    verify(typeId, memory, payload, end) {
      const own = CLOCK_TYPES.get(typeId);
      if (own !== undefined) return own.verify(memory, payload, end);
      const name = typeOf(typeId);
      return name !== undefined && registryOf(plan).verify(name, memory, payload, end) === undefined;
    },
    difference(theirs, type) {
      try {
        return (
          firstDifference(loadBinarySchema(theirs), registryOf(plan).schema, type) ?? "none that this side can see"
        );
      } catch (error) {
        return `their schema cannot be read (${(error as Error).message})`;
      }
    },
  };
}

/**
 * A bus whose messages are not what its .fbs files say would fail later and in a worse place. Installations that carry
 * schema.lock alone are taken as they are.
 * @throws BusError schema/stale
 */
export function refuseStaleSchema(plan: Plan): void {
  try {
    checkFresh(plan.schema ?? "schema");
  } catch (error) {
    if (!(error instanceof BusError) || error.code !== "schema/missing") throw error;
  }
}
