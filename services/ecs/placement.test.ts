// Method: one list of changes, system runs and questions in every placement and with several numbers of threads, and with a move to another
// placement in the middle, through a snapshot; all answers and state hashes must have one golden hash.
import { createHash, type Hash } from "node:crypto";
import { expect, test } from "vitest";
import type { Client } from "#bus";
import type { Ecs, SnapshotPart } from "#generated/ecs";
import { defineComponents, openWorld, type World } from "./index.ts";
import { openRig, type Placement } from "./testing/rig.ts";

/** Changes only when the rules do; then on purpose. */
const GOLDEN = "56ad81a85f41cf125c0fc0c8045e5663e5d73f1aa9a9756b272c176b9a024e12";

const components = defineComponents({
  Position: { x: "f64", y: "f64" },
  Velocity: { x: "f64", y: "f64" },
  Health: { hp: "f32", max: "f32" },
  Regeneration: { rate: "f32" },
  Owner: { faction: { type: "utf8", index: "hash" }, since: "i64?" },
  Faction: { name: "utf8" },
  Treasury: { amount: "i64" },
  Income: { amount: "i64" },
  Frozen: {},
});
type Specs = NonNullable<(typeof components)["specs"]>;
type Core = Client<typeof Ecs>;

/** Several blocks of a system, the last of them not full. */
const COUNT = 9_001;
const HALVES = 2;
const TURNS = 4;
const FACTIONS = ["red", "blue", "grün", ""] as const;

const below = (i: number, limit: number): number => (Math.imul(i + 1, 2654435761) >>> 8) % limit;
const column = <T>(from: (i: number) => T): T[] => Array.from({ length: COUNT }, (_, i) => from(i));

async function begin(world: World<Specs>): Promise<void> {
  await world.createMany(FACTIONS.map((name, i) => ({ Faction: { name }, Treasury: { amount: BigInt(i) } })));
  const { failures } = await world.createColumns(COUNT, {
    Position: { x: column((i) => below(i, 1000) / 7), y: column((i) => -i / 3) },
    Velocity: { x: column((i) => (below(i, 19) - 9) / 11), y: column((i) => below(i, 3) - 1) },
    Health: { hp: column((i) => below(i, 50)), max: column(() => 60) },
    Regeneration: { rate: column((i) => below(i, 5) / 3) },
    Owner: {
      faction: column((i) => FACTIONS[below(i, FACTIONS.length)]!),
      since: column((i) => (i % 5 === 0 ? null : BigInt(i) * 2n ** 40n)),
    },
    Income: { amount: column((i) => BigInt(below(i, 100))) },
  });
  expect(failures).toEqual([]);
}

/** One half of the list. Ids are asked for rather than kept, since another process may have given them out. */
async function half(world: World<Specs>, digest: Hash, which: number): Promise<void> {
  const add = (...list: readonly unknown[]): void =>
    void digest.update(JSON.stringify(list, (_, one) => (typeof one === "bigint" ? `${one}n` : one)));
  for (let turn = which * TURNS; turn < (which + 1) * TURNS; turn++) {
    for (const [name, dt] of [
      ["movement", 0.1],
      ["regeneration", 0.3],
      ["ownership_income", 0],
    ] as const) {
      const { rowsVisited, rowsChanged } = await world.run(name, dt);
      add(name, rowsVisited, rowsChanged);
    }
    const chosen = await world.query({
      all: ["Position", "Health"],
      where: [
        ["Position.x", "between", 10 * turn, 10 * turn + 60],
        {
          any: [
            ["Owner.faction", "in", ["red", "grün"]],
            ["Owner.since", "not exists"],
          ],
        },
      ],
      orderBy: ["-Health.hp", "Owner.faction"],
      select: ["Position", "Health.hp", "Owner"],
      limit: 500,
      offset: 3,
      wantTotal: true,
    });
    add(chosen.total, chosen.hasMore, chosen.rows);
    expect(chosen.length).toBe(500);
    const part = (from: number, to: number): BigUint64Array => chosen.ids.subarray(from, to);
    await world.deleteMany(part(0, 40));
    await world.updateMany([...part(30, 90)].map((id) => ({ id, set: { Health: { hp: turn } }, add: { Frozen: {} } })));
    await world.updateMany([...part(90, 120)].map((id) => ({ id, remove: ["Velocity", "Owner"] })));
    add(
      await world
        .createMany(
          [...part(0, 20)].map((_, i) => ({
            Owner: { faction: `new ${turn}` },
            ...(i % 2 === 0 ? { Frozen: {} } : {}),
          })),
        )
        .then(({ ids, failures }) => [[...ids], failures]),
    );
    const moved = await world.runHere(
      {
        all: ["Position", "Frozen"],
        writes: ["Position.y"],
        run: (view, dt) => {
          const y = view.write("Position.y");
          for (let i = 0; i < y.length; i++) y[i]! -= dt;
        },
      },
      0.5,
    );
    add(moved.rowsChanged, moved.failures, await world.hash());
  }
}

async function partsOf(core: Core): Promise<SnapshotPart[]> {
  const parts: SnapshotPart[] = [];
  for await (const part of core.snapshot({})) parts.push(part);
  return parts;
}

interface Place {
  readonly placement: Placement;
  readonly threads: number;
}

/** The whole list; each half in the place that is named for it. */
async function hashOf(...places: readonly Place[]): Promise<string> {
  const digest = createHash("sha256");
  let parts: SnapshotPart[] | undefined;
  for (let which = 0; which < HALVES; which++) {
    const { placement, threads } = places[which % places.length]!;
    await using rig = await openRig(placement, { threads });
    const world = await openWorld(rig.bus, components);
    if (parts === undefined) await begin(world);
    else await world.ecs.restore({ parts });
    await half(world, digest, which);
    if (places.length === 1) {
      await half(world, digest, which + 1);
      break;
    }
    parts = await partsOf(rig.ecs);
  }
  return digest.digest("hex");
}

for (const placement of ["local", "ring", "unix", "tcp"] as const) {
  test(`${placement}: every list and every hash is the golden one with 1, 2, 3 and 8 threads`, {
    timeout: 240_000,
  }, async () => {
    for (const threads of [1, 2, 3, 8])
      expect({ threads, hash: await hashOf({ placement, threads }) }).toEqual({ threads, hash: GOLDEN });
  });
}

const MOVES: readonly (readonly [Place, Place])[] = [
  [
    { placement: "local", threads: 1 },
    { placement: "ring", threads: 3 },
  ],
  [
    { placement: "ring", threads: 8 },
    { placement: "unix", threads: 1 },
  ],
  [
    { placement: "tcp", threads: 2 },
    { placement: "local", threads: 8 },
  ],
];
for (const [from, to] of MOVES) {
  test(`from a snapshot of ${from.placement}, ${to.placement} goes on to the golden hash`, {
    timeout: 60_000,
  }, async () => {
    expect(await hashOf(from, to)).toBe(GOLDEN);
  });
}
