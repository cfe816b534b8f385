// Method: one list of requests in every placement and with several numbers of threads; every answer must have the same hash.

import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { DragModel } from "#generated/combat";
import { plainBattle, tacticalBattle } from "./testing/battles.ts";
import { openGrid, scatter } from "./testing/maps.ts";
import { openRig, type Placement } from "./testing/rig.ts";

/** Changes only when the rules do; then on purpose. */
const GOLDEN = "e6fe4e5a8e6b850fb1baba6ea29e3e0c1178fe301f8740c732d2d8bb0f949320";

const run = async (placement: Placement, threads: number): Promise<string> => {
  await using rig = await openRig(placement, { threads });
  const { combat } = rig;
  const battles = Array.from({ length: 30 }, (_, i) =>
    i % 3 === 0 ? plainBattle(`${i}`) : tacticalBattle(`${i}`, -3 * i),
  );
  const { hash } = await combat.resolveCombatBatch({ battles, seed: 2026n });
  const shots = await combat.calculateBallistics({
    velocity: Float64Array.from({ length: 600 }, (_, i) => 100 + i),
    angle: Float64Array.from({ length: 600 }, (_, i) => i / 500),
    projectile: { drag: DragModel.g7, ballisticCoefficient: 0.3 },
  });
  const index = await combat.spatialBuild(scatter(3000));
  const near = await combat.queryNearbyEntities({
    handle: index.handle,
    x: Float64Array.from({ length: 200 }, (_, i) => (i * 37) % 100),
    y: Float64Array.from({ length: 200 }, (_, i) => (i * 53) % 100),
    radius: [7],
  });
  const map = await combat.mapPut({ grid: openGrid(64) });
  const paths = await combat.findPath({
    handle: map.handle,
    start: Uint32Array.from({ length: 60 }, (_, i) => i * 64),
    end: Uint32Array.from({ length: 60 }, (_, i) => 63 + (63 - i) * 64),
  });
  const state = await combat.snapshot({});
  const digest = createHash("sha256");
  for (const value of [hash, shots.hash, state.hash]) digest.update(value.toString());
  for (const column of [near.ids, near.offsets, paths.nodes, paths.straight, paths.diagonal]) digest.update(column);
  return digest.digest("hex");
};

test("the plugin in this process gives the golden hash with 1, 2, 3 and 8 threads", async () => {
  for (const threads of [1, 2, 3, 8])
    expect({ threads, hash: await run("local", threads) }).toEqual({ threads, hash: GOLDEN });
});

for (const [how, placement] of [
  ["shared memory", "isolated"],
  ["Unix sockets", "unix"],
  ["TCP", "tcp"],
] as const) {
  test(`a process of its own, over ${how}, gives the golden hash with 1, 2, 3 and 8 threads`, {
    timeout: 120_000,
  }, async () => {
    for (const threads of [1, 2, 3, 8])
      expect({ threads, hash: await run(placement, threads) }).toEqual({ threads, hash: GOLDEN });
  });
}

test("the state of one placement goes on in another", { timeout: 60_000 }, async () => {
  await using here = await openRig("local", { threads: 2 });
  await using there = await openRig("tcp");
  await here.combat.spatialBuild(scatter(500));
  const { handle, version } = await here.combat.mapPut({ grid: openGrid(32) });
  await here.combat.mapPatch({ handle, version, cells: [5, 6], values: [64, 64] });
  const { bytes, hash } = await here.combat.snapshot({});
  expect((await there.combat.restore({ bytes })).hash).toBe(hash);
  const ends: unknown[] = [];
  for (const { combat } of [here, there]) {
    const patched = await combat.mapPatch({ handle, version: 2, cells: [40], values: [64] });
    const path = await combat.findPath({ handle, start: [0], end: [31] });
    ends.push([patched, path.nodes, (await combat.snapshot({})).hash]);
  }
  expect(ends[1]).toEqual(ends[0]);
});
