/** Serves `Ecs` from a ModelStore: the requests that the typed client makes, without subscriptions and systems. */
import { type Bus, BusError, type Handlers, type Subscription } from "#bus";
import {
  Bound,
  type Column,
  Ecs,
  type Filter,
  FilterKind,
  type ItemErrorInit,
  type Query,
  type QueryResultInit,
  type RowsInit,
  type SnapshotPart,
  type SnapshotPartInit,
} from "#generated/ecs";
import { ERRORS } from "#generated/errors";
import { columnOf, valueAt } from "../frame/column.ts";
import { definitionFromWire, definitionToWire, fromWire, toWire } from "../frame/wire.ts";
import { compare, type Fault, type ModelFilter, type ModelQuery, ModelStore, type Values } from "./model-store.ts";

const errorOf = (item: number, fault: Fault): ItemErrorInit => {
  const code = `ecs/${fault}` as keyof typeof ERRORS;
  return { item, error: ERRORS[code].number, path: `item ${item}`, text: `${code}: item ${item}` };
};

export function serveModel(bus: Bus, store: ModelStore = new ModelStore()): Subscription {
  return bus.serve(Ecs, handlersOf(store));
}

function handlersOf(store: ModelStore): Handlers<typeof Ecs> {
  const changed = (): bigint => {
    store.step++;
    return ++store.version;
  };
  let received: SnapshotPart[] = [];
  return {
    version: () => ({ service: "ecs", version: "1.0" }),
    defineComponent: ({ components }) => {
      for (const one of components.map(definitionFromWire)) store.components.set(one.name, one);
      return { index: components.map((_, i) => i), errors: [], version: store.version };
    },
    describe: () => ({ components: store.definitions.map(definitionToWire) }),
    createEntities({ groups }) {
      const ids = groups.flatMap(({ components, count, columns }) => {
        const values = rowValues(columns, count);
        return values.map((one) => store.create(components, one));
      });
      return { ids, errors: [], version: changed() };
    },
    updateEntities({ groups }) {
      const errors: ItemErrorInit[] = [];
      let item = 0;
      for (const { ids, columns, add, remove } of groups) {
        const values = rowValues(columns, ids.length);
        for (const [i, id] of ids.entries()) {
          const fault = store.update(id, values[i]!, add, remove);
          if (fault !== undefined) errors.push(errorOf(item, fault));
          item++;
        }
      }
      return { updated: item - errors.length, errors, version: changed() };
    },
    deleteEntities({ ids }) {
      const errors: ItemErrorInit[] = [];
      for (const [item, id] of ids.entries()) {
        const fault = store.delete(id);
        if (fault !== undefined) errors.push(errorOf(item, fault));
      }
      return { deleted: ids.length - errors.length, errors, version: changed() };
    },
    getEntities({ ids, select }) {
      const errors = [...ids].flatMap((id, item) => (store.entities.has(id) ? [] : [errorOf(item, store.missing(id))]));
      return { rows: rowsOf(store, [...ids], select), errors, version: store.version };
    },
    queryEntities: ({ queries }) => ({
      results: queries.map((query) => resultOf(store, query)),
      version: store.version,
    }),
    *scan({ query, batchRows }) {
      const ids = store.query(modelQuery(query));
      const size = batchRows === 0 ? 65536 : batchRows;
      for (let first = 0; first === 0 || first < ids.length; first += size) {
        const rows = rowsOf(store, ids.slice(first, first + size), query.select);
        const done = first + size >= ids.length;
        yield { first: BigInt(first), rows, total: BigInt(ids.length), done, version: store.version };
      }
    },
    stats: () => ({ entities: BigInt(store.entities.size), hash: hashOf(store), version: store.version }),
    snapshot: () => snapshotOf(store),
    restore({ restore, parts }) {
      if (restore === 0n) received = [];
      received.push(...parts);
      if (parts.at(-1)?.done !== true) return { restore: 1n, done: false };
      const restored = restoredFrom(received);
      const said = received[0]!.meta!.hash;
      if (hashOf(restored) !== said)
        throw new BusError("ecs/corrupt-state", { details: { reason: `its hash is not ${said}` } });
      Object.assign(store, restored);
      return { restore: 1n, done: true, hash: hashOf(store) };
    },
  };
}

function rowValues(columns: readonly Column[], rows: number): Values[] {
  const list: Values[] = Array.from({ length: rows }, () => new Map());
  for (const column of columns) {
    const data = fromWire(column, rows);
    for (const [row, values] of list.entries()) values.set(data.path, valueAt(data, row));
  }
  return list;
}

function rowsOf(store: ModelStore, ids: readonly bigint[], select: readonly string[]): RowsInit {
  const sets: string[][] = [];
  const archetype = ids.map((id) => {
    const own = store.entities.get(id);
    if (own === undefined) return 4294967295;
    const names = [...own.keys()].sort();
    const known = sets.findIndex((set) => set.join() === names.join());
    return known >= 0 ? known : sets.push(names) - 1;
  });
  const columns = select.map((path) =>
    toWire(columnOf(path, store.field(path)!, ids.length, (row) => store.valueOf(ids[row]!, path))),
  );
  const archetypes = sets.map((components) => ({ components }));
  const same = archetype.every((one) => one === 0);
  return { ids, ...(same ? {} : { archetype }), archetypes, columns };
}

function resultOf(store: ModelStore, query: Query): QueryResultInit {
  const { limit, offset, select, wantTotal } = query;
  const ids = store.query(modelQuery(query));
  const page = ids.slice(offset, limit === 0 ? undefined : offset + limit);
  return {
    rows: rowsOf(store, page, select),
    totalCount: wantTotal ? BigInt(ids.length) : 0n,
    hasMore: offset + page.length < ids.length,
  };
}

const modelQuery = ({ components, anyOf, filters, groups, orderBy }: Query): ModelQuery => ({
  all: components,
  anyOf,
  groups: [...filters.map((filter) => [filterOf(filter)]), ...groups.map(({ any }) => any.map(filterOf))],
  orderBy,
});

function filterOf({ field, kind, values, low, high }: Filter): ModelFilter {
  if (kind === FilterKind.exists) return { field, test: () => true, presence: "exists" };
  if (kind === FilterKind.notExists) return { field, test: () => true, presence: "not exists" };
  const rows = kind === FilterKind.exact ? 1 : kind === FilterKind.range ? 2 : values!.rows;
  const data = fromWire(values!, rows);
  const literals = Array.from({ length: rows }, (_, row) => valueAt(data, row));
  if (kind !== FilterKind.range) return { field, test: (value) => literals.some((one) => compare(value, one) === 0) };
  const within = (order: number, bound: Bound): boolean =>
    bound === Bound.open || order > 0 || (order === 0 && bound === Bound.inclusive);
  return {
    field,
    test: (value) => within(compare(value, literals[0]!), low) && within(compare(literals[1]!, value), high),
  };
}

/** Not the service's hash: any number that equal states share. */
function hashOf(store: ModelStore): bigint {
  let hash = 14695981039346656037n;
  const text = JSON.stringify(
    [
      [...store.entities]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([id, own]) => [id, [...own].sort().map(([, v]) => [...v].sort())]),
      store.generations,
    ],
    (_, v) => (typeof v === "bigint" ? `${v}n` : v),
  );
  for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * 1099511628211n) & (2n ** 64n - 1n);
  return hash;
}

function* snapshotOf(store: ModelStore): Generator<SnapshotPartInit> {
  const tables = new Map<string, bigint[]>();
  for (const [id, own] of store.entities) {
    const key = [...own.keys()].sort().join();
    tables.set(key, [...(tables.get(key) ?? []), id]);
  }
  const hash = hashOf(store);
  const lists = [...tables].map(([key, ids]) => ({ components: key === "" ? [] : key.split(","), ids }));
  const taken = new Set([...store.entities.keys()].map((id) => Number(id & 0xffffffffn)));
  const freeIndex = [...store.generations.keys()].filter((index) => !taken.has(index));
  yield {
    meta: {
      format: 1,
      step: store.step,
      turn: 3,
      faction: "red",
      version: store.version,
      hash,
      components: store.definitions.map(definitionToWire),
      indexes: store.generations.length,
      freeIndex,
      freeGeneration: freeIndex.map((index) => store.generations[index]! + 1),
      tables: lists.map(({ components, ids }) => ({ components, rows: BigInt(ids.length) })),
    },
  };
  const texts = [""];
  const codes = new Map([["", 0]]);
  const parts = lists.map(({ components, ids }, table) => {
    const paths = components.flatMap((name) =>
      store.components.get(name)!.fields.map((field) => `${name}.${field.name}`),
    );
    const columns = paths.map((path) => {
      const field = store.field(path)!;
      const at = (row: number): unknown => store.valueOf(ids[row]!, path);
      if (field.type !== "utf8") return toWire(columnOf(path, field, ids.length, at));
      const coded = columnOf(path, { ...field, type: "i32" }, ids.length, (row) => {
        const text = at(row) as string | null;
        if (text !== null && !codes.has(text)) codes.set(text, texts.push(text) - 1);
        return text === null ? null : codes.get(text);
      });
      return toWire({ ...coded, kind: "utf8" });
    });
    return { rows: { table, first: 0n, ids, columns } };
  });
  yield { texts };
  yield* parts;
  yield { done: true, hash };
}

function restoredFrom(parts: readonly SnapshotPart[]): ModelStore {
  const meta = parts[0]!.meta!;
  const store = new ModelStore();
  for (const one of meta.components.map(definitionFromWire)) store.components.set(one.name, one);
  for (const [i, index] of meta.freeIndex.entries()) store.generations[index] = meta.freeGeneration[i]! - 1;
  store.step = meta.step;
  store.version = meta.version;
  const texts = parts.flatMap((part) => part.texts);
  for (const { rows } of parts) {
    if (rows === null) continue;
    const columns = rows.columns.map((column) => ({ ...column, dictionary: texts }));
    const values = rowValues(columns, rows.ids.length);
    for (const [row, id] of rows.ids.entries()) {
      const own = new Map<string, Values>();
      for (const name of meta.tables[rows.table]!.components) {
        own.set(name, new Map([...values[row]!].filter(([path]) => path.startsWith(`${name}.`))));
      }
      store.entities.set(id, own);
      store.generations[Number(id & 0xffffffffn)] = Number(id >> 32n);
    }
  }
  return store;
}
