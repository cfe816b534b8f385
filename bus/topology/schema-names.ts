/** What a topology may name of a schema: message types and rpc services. */
import type { SchemaLock } from "#schema";
import { isGlob, matcher } from "./glob.ts";

/** Tables that the bus itself exchanges; no service publishes them. */
const isOwn = (name: string): boolean => name.startsWith("busbar.control.") || name.startsWith("busbar.plan.");

/** Of the simulated clock: who means them says so, "*" does not. */
const isClock = (name: string): boolean => name.startsWith("busbar.clock.");

const lastPart = (name: string): string => name.slice(name.lastIndexOf(".") + 1);

export type Expansion = { readonly names: readonly string[] } | { readonly ambiguous: readonly string[] };

export interface SchemaNames {
  /** Full names, sorted. */
  readonly types: readonly string[];
  /** Full names of rpc services, sorted. */
  readonly rpcs: readonly string[];
  /** A full name or pattern; no names when nothing fits. */
  expandType(pattern: string): readonly string[];
  /** A full name, a short one when only one service has it, or a pattern over full names. */
  expandRpc(pattern: string): Expansion;
}

export function schemaNames(lock: Pick<SchemaLock, "types" | "methods">): SchemaNames {
  const types = Object.keys(lock.types)
    .filter((name) => !isOwn(name))
    .sort();
  const rpcs = [...new Set(Object.keys(lock.methods).map((name) => name.slice(0, name.lastIndexOf("/"))))].sort();
  const known = new Set(types);
  return {
    types,
    rpcs,
    expandType(pattern) {
      if (!isGlob(pattern)) return known.has(pattern) ? [pattern] : [];
      const found = types.filter(matcher(pattern));
      return pattern.startsWith("busbar.") ? found : found.filter((name) => !isClock(name));
    },
    expandRpc(pattern) {
      if (isGlob(pattern)) {
        const found = rpcs.filter(matcher(pattern));
        return { names: pattern.startsWith("busbar.") ? found : found.filter((name) => !isClock(name)) };
      }
      if (rpcs.includes(pattern)) return { names: [pattern] };
      const short = rpcs.filter((name) => lastPart(name) === pattern);
      return short.length > 1 ? { ambiguous: short } : { names: short };
    },
  };
}
