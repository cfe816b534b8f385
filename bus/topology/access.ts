/** Access lists: patterns of the file against the names of the schema. */
import { suggestion } from "#wire";
import { isGlob } from "./glob.ts";
import type { KeyPath } from "./place.ts";
import type { Problems } from "./problem.ts";
import type { SchemaNames } from "./schema-names.ts";
import type { ServiceEntry, Topology } from "./topology.ts";

/** Full names, sorted. All empty for an open service. */
export interface Access {
  readonly publishes: readonly string[];
  readonly subscribes: readonly string[];
  readonly serves: readonly string[];
  readonly calls: readonly string[];
  readonly history: readonly (readonly [string, number])[];
}

/** Notes schema/unknown-type, schema/unknown-rpc and contradictions with their places. */
export function accessOf(problems: Problems, service: ServiceEntry, names: SchemaNames): Access {
  const path: KeyPath = ["services", service.name];
  const publishes = types(problems, service.publishes, [...path, "publishes"], names);
  return {
    publishes,
    subscribes: types(problems, service.subscribes, [...path, "subscribes"], names),
    serves: rpcs(problems, service.serves, [...path, "serves"], names),
    calls: rpcs(problems, service.calls, [...path, "calls"], names),
    history: history(problems, service, publishes, names),
  };
}

const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort();

/** Types that an [[edges]] entry names without a pattern must be there. */
export function checkEdgeTypes(problems: Problems, edges: Topology["edges"], names: SchemaNames): void {
  for (const { index, types: patterns } of edges) {
    for (const [i, type] of (patterns ?? []).entries()) {
      if (isGlob(type) || names.expandType(type).length > 0) continue;
      unknownType(problems, type, ["edges", index, "types", i], names, "value");
    }
  }
}

function types(problems: Problems, patterns: readonly string[], path: KeyPath, names: SchemaNames): string[] {
  return sorted(
    patterns.flatMap((pattern, i) => {
      const found = names.expandType(pattern);
      if (found.length === 0) unknownType(problems, pattern, [...path, i], names, "value");
      return found;
    }),
  );
}

function unknownType(problems: Problems, type: string, path: KeyPath, names: SchemaNames, part: "key" | "value"): void {
  const cure = isGlob(type) ? "; no type fits the pattern" : suggestion(type, names.types);
  problems.add("schema/unknown-type", path, part, { type, suggestion: cure });
}

function rpcs(problems: Problems, patterns: readonly string[], path: KeyPath, names: SchemaNames): string[] {
  return sorted(
    patterns.flatMap((pattern, i) => {
      const found = names.expandRpc(pattern);
      if ("ambiguous" in found) {
        const reason = `'${pattern}' may be ${found.ambiguous.join(" or ")}; write the full name`;
        problems.add("topology/contradiction", [...path, i], "value", { reason });
        return [];
      }
      if (found.names.length === 0) {
        const cure = isGlob(pattern) ? "; none fits the pattern" : suggestion(pattern, names.rpcs);
        problems.add("schema/unknown-rpc", [...path, i], "value", { rpc: pattern, suggestion: cure });
      }
      return found.names;
    }),
  );
}

function history(
  problems: Problems,
  service: ServiceEntry,
  publishes: readonly string[],
  names: SchemaNames,
): (readonly [string, number])[] {
  const depths = new Map<string, number>();
  for (const [pattern, depth] of service.history) {
    const path: KeyPath = ["services", service.name, "history", pattern];
    const found = names.expandType(pattern);
    if (found.length === 0) unknownType(problems, pattern, path, names, "key");
    for (const type of found) {
      if (service.open || publishes.includes(type)) depths.set(type, depth);
      else if (!isGlob(pattern)) {
        const reason = `service ${service.name} keeps a history of ${type}, which it does not publish; add it to publishes`;
        problems.add("topology/contradiction", path, "key", { reason });
      }
    }
  }
  return [...depths].sort(([a], [b]) => (a < b ? -1 : 1));
}
