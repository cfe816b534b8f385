// Method: random schemas, changes and queries, given to the service over a bus and to SQLite; after each query both must have the
// same rows in the same order, the same total and the same has_more. Seeds are fixed; a failure shrinks to its smallest list of steps.
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SnapshotPart } from "#generated/ecs";
import {
  type ComponentSpecs,
  type Components,
  defineComponents,
  loadSnapshot,
  openWorld,
  saveSnapshot,
  type World,
} from "./index.ts";
import { type RandomCondition, type RandomQuery, type Step, schema, steps, valueFor } from "./testing/random-world.ts";
import { openRig, type Rig } from "./testing/rig.ts";
import { type OracleValue, SqliteOracle } from "./testing/sqlite-oracle.ts";
import type { AnyQuery } from "./world/query.ts";

type Asked = "local" | "model";
const rigs = new Map<Asked, Rig>();
let rig: Rig;
/** The state before anything was declared: what a run begins with. */
let empty: SnapshotPart[];
beforeAll(async () => {
  for (const placement of ["local", "model"] as const) rigs.set(placement, await openRig(placement));
});
afterAll(async () => {
  for (const one of rigs.values()) await one[Symbol.asyncDispose]();
});

/** Tests are of one service each, one after another. */
async function choose(placement: Asked): Promise<void> {
  const before = rig;
  rig = rigs.get(placement)!;
  if (rig === before) return;
  empty = [];
  for await (const part of rig.ecs.snapshot({})) empty.push(part);
}

/** Runs per seed. */
const RUNS = 250;
const reset = (): Promise<unknown> => rig.ecs.restore({ parts: empty });
type Values = Record<string, OracleValue>;

/** One run: the service, SQLite, and all ids that were ever given out. */
class Run {
  readonly #components: Components<ComponentSpecs>;
  readonly #world: World<ComponentSpecs>;
  readonly #oracle: SqliteOracle;
  readonly #names: readonly string[];
  readonly #paths: readonly string[];
  readonly #ids: bigint[] = [];
  queries = 0;
  rows = 0;

  constructor(components: Components<ComponentSpecs>, world: World<ComponentSpecs>) {
    this.#components = components;
    this.#world = world;
    this.#oracle = new SqliteOracle(components.list);
    this.#names = components.list.map(({ name }) => name);
    this.#paths = components.list.flatMap(({ name, fields }) => fields.map((field) => `${name}.${field.name}`));
  }

  #values(component: string, seeds: readonly number[], some: boolean): Values {
    const { fields } = this.#components.component(component);
    const entries = fields.map(({ name, type, nullable }, i): [string, OracleValue] => {
      const seed = seeds[i % seeds.length]! + i;
      return [name, nullable && seed % 3 === 0 ? null : valueFor(type, seed)];
    });
    return Object.fromEntries(some ? entries.filter((_, i) => (seeds[0]! >> i) % 2 === 0) : entries);
  }

  async take(step: Step): Promise<void> {
    const world = this.#world;
    const pick = <T>(list: readonly T[], n: number): T => list[n % list.length]!;
    if (step.do === "create") {
      const entities = step.many.map(({ set, seeds }) =>
        Object.fromEntries(
          this.#names.filter((_, i) => (set >> i) % 2 === 1).map((name) => [name, this.#values(name, seeds, false)]),
        ),
      );
      const { ids, failures } = await world.createMany(entities as never);
      expect(failures).toEqual([]);
      for (const [i, id] of ids.entries()) {
        expect(this.#ids, "an id was given out twice").not.toContain(id);
        this.#ids.push(id);
        this.#oracle.create(id, entities[i]!);
      }
      return;
    }
    if (step.do === "query") return this.#query(step.query);
    if (step.do === "snapshot") return this.#roundTrip();
    if (this.#ids.length === 0) return;
    if (step.do === "delete") {
      const ids = step.many.map((at) => pick(this.#ids, at));
      const { failures } = await world.deleteMany(ids);
      const gone = ids.flatMap((id, item) => {
        if (!this.#oracle.has(id)) return [item];
        this.#oracle.delete(id);
        return [];
      });
      expect(failures.map(({ item, error }) => [item, error.code])).toEqual(gone.map((item) => [item, "ecs/stale-id"]));
      return;
    }
    const id = pick(this.#ids, step.at);
    const name = pick(this.#names, step.component);
    const there = this.#oracle.has(id);
    let code = there ? undefined : "ecs/stale-id";
    let patch: object;
    if (step.do === "remove") {
      patch = { remove: [name] };
      if (there) this.#oracle.remove(id, name);
    } else {
      const values = this.#values(name, step.seeds, step.do === "update");
      patch = { [step.do === "add" ? "add" : "set"]: { [name]: values } };
      const has = there && this.#oracle.hasComponent(id, name);
      if (step.do === "update" && there && !has && Object.keys(values).length > 0) code = "ecs/not-found";
      else if (there && step.do === "add") this.#oracle.add(id, name, values);
      else if (has) this.#oracle.set(id, name, values);
    }
    const { failures } = await world.updateMany([{ id, ...patch }] as never);
    expect(failures.map(({ error }) => error.code)).toEqual(code === undefined ? [] : [code]);
  }

  async #roundTrip(): Promise<void> {
    const path = join(rig.folder, "between.sqlite");
    const { hash } = await saveSnapshot(rig.ecs, path);
    await reset();
    expect((await loadSnapshot(rig.ecs, path)).hash).toBe(hash);
    expect(await this.#world.hash()).toBe(hash);
  }

  async #query(random: RandomQuery): Promise<void> {
    const query = this.#made(random);
    const answer = await this.#world.query({ ...query, wantTotal: true });
    const expected = this.#oracle.query(query, this.#paths);
    const columns = this.#paths.map((path) => answer.column(path as never));
    const rows = Array.from(answer.ids, (id, row) => [
      id,
      ...columns.map((column) => plain(column.at(row) as OracleValue)),
    ]);
    expect(rows).toEqual(expected.rows.map((row) => row.map(plain)));
    expect(answer.total).toBe(expected.total);
    expect(answer.hasMore).toBe((query.offset ?? 0) + rows.length < expected.total);
    this.queries++;
    this.rows += rows.length;
  }

  #made({ all, anyOf, where, orderBy, limit, offset }: RandomQuery): AnyQuery {
    const name = (n: number): string => this.#names[n % this.#names.length]!;
    const comparable = this.#paths.filter((path) => !this.#components.field(path).type.startsWith("f32x"));
    const conditions = where.map((group) => group.map((one) => this.#condition(one, comparable)));
    return {
      all: [...new Set(all.map(name))],
      anyOf: [...new Set(anyOf.map(name))],
      where: conditions.map((group) => (group.length === 1 ? group[0] : { any: group })),
      orderBy:
        comparable.length === 0
          ? []
          : [...new Map(orderBy.map((key) => [comparable[key.field % comparable.length]!, key.descending]))].map(
              ([path, descending]) => (descending ? `-${path}` : path),
            ),
      limit,
      offset,
      select: this.#paths,
    } as unknown as AnyQuery;
  }

  #condition({ field, operator, seeds, whole }: RandomCondition, comparable: readonly string[]): readonly unknown[] {
    const exists = operator === "not exists" ? "not exists" : "exists";
    if (comparable.length === 0 || (whole && operator.endsWith("exists")))
      return [this.#names[field % this.#names.length], exists];
    if (operator.endsWith("exists")) return [this.#paths[field % this.#paths.length], exists];
    const path = comparable[field % comparable.length]!;
    const values = seeds.map((seed) => valueFor(this.#components.field(path).type, seed));
    if (operator === "in") return [path, operator, values];
    if (operator !== "between") return [path, operator, values[0]];
    // SQLite and the service agree on ranges that are empty, too.
    return [path, operator, values[0], values.at(-1)];
  }

  async finish(): Promise<void> {
    const { entities } = await this.#world.getMany(this.#ids, []);
    for (const [i, id] of this.#ids.entries())
      expect(entities[i] !== undefined, `entity ${id}`).toBe(this.#oracle.has(id));
    this.#oracle.close();
  }
}

/** -0 equals 0 to both, and which of them a row shows is no matter of queries. */
const plain = (value: OracleValue): OracleValue | number[] =>
  value !== null && typeof value === "object" ? Array.from(value) : value === 0 ? 0 : value;

async function run(specs: ComponentSpecs, list: readonly Step[]): Promise<Run> {
  await reset();
  const components = defineComponents(specs);
  const one = new Run(components, await openWorld(rig.bus, components));
  for (const step of list) await one.take(step);
  await one.finish();
  return one;
}

const ASKED: readonly (readonly [Asked, number])[] = [
  ["model", 1],
  ["local", 1],
  ["local", 2],
  ["local", 3],
];
for (const [placement, seed] of ASKED) {
  test(`${placement}: random worlds answer as SQLite does, seed ${seed}`, { timeout: 300_000 }, async () => {
    await choose(placement);
    let [queries, rows] = [0, 0];
    await fc.assert(
      fc.asyncProperty(schema, steps, async (specs, list) => {
        const done = await run(specs, list);
        queries += done.queries;
        rows += done.rows;
      }),
      { seed, numRuns: RUNS, endOnFailure: false },
    );
    // Empty answers prove little.
    expect(rows).toBeGreaterThan(queries);
    expect(queries).toBeGreaterThan(RUNS);
  });
}

test("local: snapshots in between change nothing: the same steps, with a save and a load before each query", {
  timeout: 300_000,
}, async () => {
  await choose("local");
  await fc.assert(
    fc.asyncProperty(schema, steps, async (specs, list) => {
      await run(
        specs,
        list.flatMap((step): Step[] => (step.do === "query" ? [{ do: "snapshot" }, step] : [step])),
      );
    }),
    { seed: 4, numRuns: 3 },
  );
});
