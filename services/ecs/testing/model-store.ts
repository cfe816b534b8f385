/**
 * The store in the plainest words: a map of entities, queries by looking at each. What the service answers is held against it, and
 * the typed client is tested on it where no plugin is built.
 */
import type { ComponentDefinition, FieldDefinition } from "../components/define.ts";
import { widthOf } from "../components/fields.ts";
import type { Value } from "../frame/column.ts";

export type Fault = "stale-id" | "not-found" | "unknown-name" | "type-mismatch";
export type Values = Map<string, Value>;

export interface ModelFilter {
  readonly field: string;
  readonly test: (value: Value) => boolean;
  /** exists and not_exists look at presence, the others fail without a value. */
  readonly presence?: "exists" | "not exists";
}

export interface ModelQuery {
  readonly all: readonly string[];
  readonly anyOf: readonly string[];
  /** One of each group must hold. */
  readonly groups: readonly (readonly ModelFilter[])[];
  readonly orderBy: readonly { readonly field: string; readonly descending: boolean }[];
}

export class ModelStore {
  readonly components: Map<string, ComponentDefinition> = new Map();
  /** Component to its values, "Component.field" to value. */
  entities: Map<bigint, Map<string, Values>> = new Map();
  generations: number[] = [];
  version = 0n;
  step = 0n;

  get definitions(): ComponentDefinition[] {
    return [...this.components.values()];
  }

  field(path: string): FieldDefinition | undefined {
    const [component, name] = path.split(".");
    return this.components.get(component ?? "")?.fields.find((field) => field.name === name);
  }

  /** Free indexes are reused, the lowest first, with the next generation. */
  create(components: Iterable<string>, values: Values): bigint {
    const taken = new Set([...this.entities.keys()].map((id) => Number(id & 0xffffffffn)));
    let index = 0;
    while (taken.has(index)) index++;
    const generation = (this.generations[index] ?? 0) + 1;
    this.generations[index] = generation;
    const id = (BigInt(generation) << 32n) | BigInt(index);
    const own = new Map<string, Values>();
    for (const name of components) own.set(name, this.#filled(name, values));
    this.entities.set(id, own);
    return id;
  }

  update(id: bigint, values: Values, add: readonly string[], remove: readonly string[]): Fault | undefined {
    const own = this.entities.get(id);
    if (own === undefined) return this.missing(id);
    const after = new Set([...own.keys(), ...add].filter((name) => !remove.includes(name)));
    for (const path of values.keys()) {
      const name = path.split(".")[0]!;
      if (!after.has(name) && !own.has(name)) return "not-found";
    }
    for (const name of add) if (!own.has(name)) own.set(name, this.#filled(name, new Map()));
    for (const [path, value] of values) own.get(path.split(".")[0]!)?.set(path, value);
    for (const name of remove) own.delete(name);
    return undefined;
  }

  delete(id: bigint): Fault | undefined {
    return this.entities.delete(id) ? undefined : this.missing(id);
  }

  missing(id: bigint): Fault {
    const generation = this.generations[Number(id & 0xffffffffn)];
    return generation !== undefined && id >> 32n !== 0n && id >> 32n <= BigInt(generation) ? "stale-id" : "not-found";
  }

  valueOf(id: bigint, path: string): Value {
    return this.entities.get(id)?.get(path.split(".")[0]!)?.get(path) ?? null;
  }

  query({ all, anyOf, groups, orderBy }: ModelQuery): bigint[] {
    const holds = (id: bigint, { field, test, presence }: ModelFilter): boolean => {
      if (presence === undefined) {
        const value = this.valueOf(id, field);
        return value !== null && test(value);
      }
      const there = field.includes(".") ? this.valueOf(id, field) !== null : this.entities.get(id)!.has(field);
      return there === (presence === "exists");
    };
    const ids = [...this.entities]
      .filter(([id, own]) => {
        const has = (name: string): boolean => own.has(name);
        return (
          all.every(has) &&
          (anyOf.length === 0 || anyOf.some(has)) &&
          groups.every((any) => any.some((one) => holds(id, one)))
        );
      })
      .map(([id]) => id);
    return ids.sort((a, b) => {
      for (const { field, descending } of orderBy) {
        const order = nullsLast(this.valueOf(a, field), this.valueOf(b, field), descending);
        if (order !== 0) return order;
      }
      return a < b ? -1 : 1;
    });
  }

  /** Fields that were not given: null where they may be, else the zero of their kind. */
  #filled(name: string, values: Values): Values {
    const own: Values = new Map();
    for (const { name: field, type, nullable } of this.components.get(name)!.fields) {
      const path = `${name}.${field}`;
      own.set(path, values.has(path) ? values.get(path)! : nullable ? null : zeroOf(type));
    }
    return own;
  }
}

function zeroOf(kind: string): Value {
  if (kind === "bool") return false;
  if (kind === "utf8") return "";
  if (kind === "i64" || kind === "u64" || kind === "entity") return 0n;
  const width = widthOf(kind);
  return width === 1 ? 0 : new Float32Array(width);
}

function nullsLast(a: Value, b: Value, descending: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  const order = compare(a, b);
  return descending ? -order : order;
}

/** Texts by their UTF-8 bytes. */
export function compare(a: Value, b: Value): number {
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b));
  const [left, right] = [a, b] as [number, number];
  return left < right ? -1 : left > right ? 1 : 0;
}
