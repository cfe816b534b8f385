// Method: `busbar up` holds the service in a process of its own, which is killed (-9) at random points of turns that create, update, delete,
// query and save. Each answer is held against a model; after each kill the caller gets errors with codes, loads the last file, and has to
// find in it what the model had when it was saved. Points are counted in requests and turns of the event loop: the seed decides them.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BusError } from "#bus";
import { type Effects, retry, turn } from "../recovery/index.ts";
import { columnOf } from "./frame/column.ts";
import { toWire } from "./frame/wire.ts";
import { defineComponents, loadSnapshot, openWorld, saveSnapshot, type World } from "./index.ts";
import { type Holdings, holdingsOf, nodesOf } from "./testing/descriptors.ts";
import { ModelStore, type Values } from "./testing/model-store.ts";
import { openRig, type Rig } from "./testing/rig.ts";

const KILLS = 8;
const OPERATIONS = 8;
const TIMEOUT = 300_000;

const components = defineComponents({
  Position: { x: "f64", y: "f64" },
  Owner: { faction: { type: "utf8", index: "hash" }, since: "i64?" },
  Tag: {},
});
type Specs = NonNullable<(typeof components)["specs"]>;
const FACTIONS = ["red", "blue", "grün"] as const;

/** Seeded; the same numbers each run. */
class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

const effects: Effects = {
  now: () => performance.now(),
  sleep: (ms) => new Promise((done) => setTimeout(done, ms / 4)),
};
/** A process that is killed is back when it is; on a busy machine that may take long. */
const PATIENCE = { triesMax: 2000, factor: 1.5, longestMs: 400 };

const copyOf = (model: ModelStore): ModelStore => {
  const copy = new ModelStore();
  for (const [name, definition] of model.components) copy.components.set(name, definition);
  copy.entities = structuredClone(model.entities);
  copy.generations = [...model.generations];
  return copy;
};

let parent: string;
let rig: Rig;
let path: string;
beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), "ecs-kills-"));
  rig = await openRig("ring", { parent, restarts: true });
  path = join(rig.folder, "world.sqlite");
}, TIMEOUT);
afterAll(async () => {
  await rig?.[Symbol.asyncDispose]();
  const left = readdirSync(parent);
  rmSync(parent, { recursive: true, force: true });
  expect(left, "files of the service or of a snapshot are left").toEqual([]);
}, TIMEOUT);

/** Kills the process of the service once, after so many requests and turns of the event loop. */
class Killer {
  kills = 0;
  #requests = 0;
  #turns = 0;

  arm(dice: Dice): void {
    this.#requests = 1 + dice.below(OPERATIONS);
    this.#turns = dice.below(60);
  }
  /** Before each request. */
  request(): void {
    if (this.#requests > 0 && --this.#requests === 0) void this.#kill();
  }
  async #kill(): Promise<void> {
    for (let i = 0; i < this.#turns; i++) await turnOfTheLoop();
    for (const pid of nodesOf(rig.up!)) {
      process.kill(pid, "SIGKILL");
      this.kills++;
    }
  }
}

/** The caller: knows what the state is, and what it was when it was last saved. */
class Caller {
  world!: World<Specs>;
  model = new ModelStore();
  saved = new ModelStore();
  hash = 0n;
  version = 0n;
  /** Ids that are gone; each has to stay so. */
  gone: bigint[] = [];
  savedGone: bigint[] = [];
  readonly codes = new Map<string, number>();
  readonly killer = new Killer();

  async begin(): Promise<void> {
    this.world = await retry(() => openWorld(rig.bus, components), effects, PATIENCE);
    for (const component of components.list) this.model.components.set(component.name, component);
    await this.save();
  }

  async save(): Promise<void> {
    this.killer.request();
    const { hash } = await saveSnapshot(this.world.ecs, path, { after: this.version });
    [this.hash, this.saved, this.savedGone] = [hash, copyOf(this.model), [...this.gone]];
  }

  /** After a kill: the state is the file's, and that is what it was when it was saved. */
  async load(): Promise<void> {
    this.model = copyOf(this.saved);
    this.gone = [...this.savedGone];
    const { hash } = await retry(() => loadSnapshot(this.world.ecs, path), effects, PATIENCE);
    expect(hash).toBe(this.hash);
    await this.compare();
  }

  async operate(dice: Dice): Promise<void> {
    const { world, model } = this;
    const ids = [...model.entities.keys()];
    const x = dice.below(1000) / 8;
    this.killer.request();
    const what = ids.length < 5 ? 0 : dice.below(6);
    if (what <= 1) {
      const count = 1 + dice.below(40);
      const faction = dice.pick(FACTIONS);
      // Of one set of components, so that ids come in the order of the list.
      const owned = dice.below(2) === 0;
      const list = Array.from({ length: count }, (_, i) => ({
        Position: { x: x + i, y: -x },
        ...(owned ? { Owner: { faction, since: i % 2 === 0 ? null : BigInt(i) } } : {}),
      }));
      const made = await world.createMany(list);
      expect(made.failures).toEqual([]);
      const expected = list.map((entity) => model.create(Object.keys(entity), valuesOf(entity)));
      expect([...made.ids]).toEqual(expected);
      for (const id of made.ids) expect(this.gone, "an id came back").not.toContain(id);
      this.version = made.version;
    } else if (what === 2) {
      const chosen = new Set([dice.pick(ids), dice.pick(ids), dice.pick(ids)]);
      const { deleted, version } = await world.deleteMany([...chosen]);
      expect(deleted).toBe(chosen.size);
      for (const id of chosen) model.delete(id);
      this.gone.push(...chosen);
      this.version = version;
    } else if (what === 3) {
      const id = dice.pick(ids);
      await world.update(id, { set: { Position: { x } }, add: { Tag: {} }, remove: ["Owner"] });
      model.update(id, new Map([["Position.x", x]]), ["Tag"], ["Owner"]);
    } else {
      // Twice, so that the second answer is one that the service remembers.
      for (const cached of [undefined, true]) {
        const answer = await world.query({
          all: ["Position"],
          where: [["Position.x", "<", x]],
          orderBy: ["-Position.x"],
        });
        if (cached) expect(answer.cached).toBe(true);
        const expected = model.query({
          all: ["Position"],
          anyOf: [],
          groups: [[{ field: "Position.x", test: (value) => (value as number) < x }]],
          orderBy: [{ field: "Position.x", descending: true }],
        });
        expect([...answer.ids]).toEqual(expected);
        this.version = answer.version;
      }
    }
  }

  /** Everything: entities, components, values, and that the dead stay dead. */
  async compare(): Promise<void> {
    const { ids, version } = await this.world.query({});
    this.version = version;
    expect([...ids]).toEqual([...this.model.entities.keys()].sort((a, b) => (a < b ? -1 : 1)));
    const { entities } = await this.world.getMany(ids);
    for (const entity of entities) {
      const { id, components: names, ...values } = entity!;
      const own = this.model.entities.get(id)!;
      expect(names).toEqual([...own.keys()].sort());
      for (const [path, value] of valuesOf(values))
        expect(this.model.valueOf(id, path), `${path} of ${id}`).toBe(value);
    }
    const dead = await this.world.getMany(this.gone);
    expect(dead.failures.map(({ error }) => error.code)).toEqual(this.gone.map(() => "ecs/stale-id"));
  }

  note(error: unknown): void {
    expect(error, String(error)).toBeInstanceOf(BusError);
    const { code } = error as BusError;
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
  }
}

const valuesOf = (entity: object): Values =>
  new Map(
    Object.entries(entity).flatMap(([name, fields]) =>
      Object.entries(fields as Record<string, number>).map(([field, value]) => [`${name}.${field}`, value] as const),
    ),
  );

/** What the bus says of a service that died, and what a service without memory says of what it does not know. */
const EXPECTED = new Set([
  "core/peer-lost",
  "core/link-lost",
  "core/no-server",
  "core/timeout",
  "ecs/unknown-name",
  "ecs/not-found",
  "ecs/conflict",
]);

/** Of the caller and of `busbar up`. */
const holdings = (): Holdings[] => [process.pid, rig.up!].map(holdingsOf);

test("a service that is killed at any point is back, and its last snapshot is what it was saved as", {
  timeout: TIMEOUT,
}, async () => {
  const dice = new Dice(20);
  const caller = new Caller();
  await caller.begin();
  let afterFirst: Holdings[] | undefined;
  for (let turns = 0; caller.killer.kills < KILLS; turns++) {
    expect(turns, "kills missed too often").toBeLessThan(10 * KILLS);
    caller.killer.arm(dice);
    try {
      await turn(
        async () => {
          for (let i = 0; i < OPERATIONS; i++) await caller.operate(dice);
          await caller.compare();
        },
        { snapshot: () => caller.save(), restore: () => caller.load() },
        effects,
        { ...PATIENCE, onRecovery: ({ error }) => caller.note(error) },
      );
    } catch (error) {
      // No cure by itself: the service was back before anybody asked, and knows nothing. Or it died while it was saved.
      caller.note(error);
      await retry(() => caller.load(), effects, PATIENCE);
    }
    expect(readdirSync(rig.folder).filter((name) => name.includes("saving"))).toEqual([]);
    if (afterFirst === undefined && caller.killer.kills > 0) {
      await retry(() => caller.load(), effects, PATIENCE);
      afterFirst = holdings();
    }
  }
  await retry(() => caller.load(), effects, PATIENCE);
  expect([...caller.codes.keys()].filter((code) => !EXPECTED.has(code))).toEqual([]);
  expect([...caller.codes.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
  await expect.poll(() => moreThan(afterFirst!, holdings()), { timeout: 60_000 }).toEqual([]);
});

/** What there is more of than there was. */
const moreThan = (before: readonly Holdings[], after: readonly Holdings[]): string[] =>
  after.flatMap(({ descriptors, shared }, i) => {
    const was = before[i]!;
    const more = Object.keys(descriptors).filter((kind) => descriptors[kind]! > (was.descriptors[kind] ?? 0));
    return shared > was.shared ? [...more, "mappings"] : more;
  });

test("what was read before a kill is never taken for current, and a service without memory is not saved over a file", {
  timeout: TIMEOUT,
}, async () => {
  const world = await openWorld(rig.bus, components);
  const path = join(rig.folder, "versions.sqlite");
  const { ids } = await world.createColumns(2, { Position: { x: [1, 2], y: [0, 0] } });
  await saveSnapshot(world.ecs, path);
  const write = (x: number, readVersion: bigint): Promise<string[]> => {
    const column = columnOf("Position.x", components.field("Position.x"), 1, () => x);
    const group = { ids: [ids[0]!], columns: [toWire(column)], readVersion };
    return world.ecs.updateEntities({ groups: [group] }).then(({ errors }) => errors.map(({ text }) => text ?? ""));
  };
  await world.update(ids[0]!, { set: { Position: { y: 5 } } });
  const { version } = await world.query({ all: ["Position"] });
  expect(await write(3, version)).toEqual([]);
  const [pid] = nodesOf(rig.up!);
  process.kill(pid!, "SIGKILL");
  // The next life, which nobody has told anything yet.
  await retry(
    async () => {
      const { version, entities } = await world.ecs.stats({});
      if (entities > 0n || version > 0n) throw new BusError("core/peer-lost", { details: { peer: "the former life" } });
    },
    effects,
    PATIENCE,
  );
  await expect(saveSnapshot(world.ecs, path, { after: version })).rejects.toMatchObject({ code: "ecs/conflict" });
  await expect(world.query({ all: ["Position"] })).rejects.toMatchObject({ code: "ecs/unknown-name" });
  await loadSnapshot(world.ecs, path);
  // As many changes as the former life had, so that the count of changes alone would not tell the two apart.
  for (let i = 0; i < 20; i++) await world.create({ Tag: {} });
  const [refusal] = await write(4, version);
  expect(refusal).toMatch(/of another life of this state; read again/);
  expect((await world.get(ids[0]!)).Position).toEqual({ x: 1, y: 0 });
  expect(await write(4, (await world.query({ all: ["Position"] })).version)).toEqual([]);
});
