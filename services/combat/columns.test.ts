// Method: ballistics, space and paths through the bus; kdbush and a search over plain arrays are the second opinion.
import KDBush from "kdbush";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Algorithm, DragModel, Order, Profile } from "#generated/combat";
import { checkItems } from "./index.ts";
import { openGrid, scatter } from "./testing/maps.ts";
import { openRig, type Rig } from "./testing/rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await openRig("local", { threads: 2 });
});
afterAll(() => rig[Symbol.asyncDispose]());

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "none",
    (error: { code: string; message: string }) => `${error.code} ${error.message}`,
  );

test("trajectories in vacuum follow the school formula, and items fail alone", async () => {
  const answer = await rig.combat.calculateBallistics({
    velocity: [100, -1, 50],
    angle: [Math.PI / 6, 0.1, 0.2],
    targetDistance: [500, 10, 1e6],
  });
  expect(answer.range[0]).toBeCloseTo((100 * 100 * Math.sin(Math.PI / 3)) / 9.80665, 9);
  expect(answer.lowAngle[0]! + answer.highAngle[0]!).toBeCloseTo(Math.PI / 2, 12);
  expect([...answer.error].map((code) => code !== 0)).toEqual([false, true, true]);
  expect(answer.errors.map(({ item, text }) => `${item} ${text}`)).toEqual([
    "1 velocity[1] is -1; write a number from 0 to 100000",
    expect.stringMatching(/^2 target_distance\[2\] is 1e\+06; the projectile reaches 254\.\d+ m at most$/),
  ]);
  expect(() => checkItems(answer)).toThrow(
    expect.objectContaining({ code: "combat/out-of-range", details: { number: 744, item: 1 } }),
  );
});

test("drag slows, wind drifts, and thin air slows less", async () => {
  const shoot = async (environment: object) => {
    const projectile = { drag: DragModel.g1, ballisticCoefficient: 0.4 };
    return checkItems(
      await rig.combat.calculateBallistics({ velocity: [800], angle: [0.01], height: [1], projectile, environment }),
    );
  };
  const calm = await shoot({});
  const high = await shoot({ altitude: 3000 });
  const windy = await shoot({ windAcross: 5 });
  expect(high.range[0]).toBeGreaterThan(calm.range[0]!);
  expect(windy.drift[0]).toBeGreaterThan(0.1);
  expect(calm.impactSpeed[0]).toBeLessThan(800);
});

test("kdbush finds the same entities", async () => {
  const world = scatter(5000, 11);
  const tree = new KDBush(5000);
  for (let i = 0; i < 5000; i++) tree.add(world.x[i]!, world.y[i]!);
  tree.finish();
  const { handle, count } = await rig.combat.spatialBuild(world);
  expect(count).toBe(5000);
  const places = scatter(300, 12);
  const radius = Float64Array.from({ length: 300 }, (_, i) => (i % 30) / 2);
  const { offsets, ids, total } = await rig.combat.queryNearbyEntities({ handle, x: places.x, y: places.y, radius });
  for (let i = 0; i < 300; i++) {
    const expected = tree.within(places.x[i]!, places.y[i]!, radius[i]!).sort((a, b) => a - b);
    expect([...ids.subarray(offsets[i], offsets[i + 1])].map(Number)).toEqual(expected);
    expect(total[i]).toBe(expected.length);
  }
  expect((await rig.combat.spatialDrop({ handle })).dropped).toBe(true);
  expect(await codeOf(rig.combat.queryNearbyEntities({ handle, x: [0], y: [0], radius: [1] }))).toMatch(
    /combat\/not-found .*spatial index \d+ is not there; build it with SpatialBuild/,
  );
});

test("queries filter by faction and kind, give the nearest first, and say how many there are", async () => {
  const world = scatter(2000, 13);
  const { handle } = await rig.combat.spatialBuild(world);
  const answer = await rig.combat.queryNearbyEntities({
    handle,
    x: [50],
    y: [50],
    radius: [20],
    factionMask: [0b0101n],
    kindMask: [0b110n],
    limit: 10,
    order: Order.nearest,
    distances: true,
  });
  const expected = Array.from(world.x, (x, i) => ({ i, d: Math.hypot(x - 50, world.y[i]! - 50) }))
    .filter(({ i, d }) => d <= 20 && world.faction![i]! % 2 === 0 && world.kind![i]! > 0)
    .sort((a, b) => a.d - b.d);
  expect(answer.total[0]).toBe(expected.length);
  expect([...answer.ids].map(Number)).toEqual(expected.slice(0, 10).map(({ i }) => i));
  expect(answer.distances[9]).toBeCloseTo(expected[9]!.d, 12);
  const again = await rig.combat.spatialBuild({ ...scatter(10), handle });
  expect(again).toMatchObject({ handle, version: 2, count: 10 });
});

test("paths on a grid cost the same by every algorithm, and a patch changes them", async () => {
  const grid = openGrid(100);
  const { handle, version } = await rig.combat.mapPut({ grid });
  const start = Uint32Array.from({ length: 50 }, (_, i) => i * 200);
  const end = Uint32Array.from({ length: 50 }, (_, i) => 9999 - i * 200);
  const [jps, astar, dijkstra] = await Promise.all(
    [Algorithm.jps, Algorithm.astar, Algorithm.dijkstra].map((algorithm) =>
      rig.combat.findPath({ handle, start, end, algorithm }),
    ),
  );
  expect(jps!.straight).toEqual(astar!.straight);
  expect(jps!.diagonal).toEqual(dijkstra!.diagonal);
  for (let i = 0; i < 50; i++) {
    const nodes = jps!.nodes.subarray(jps!.offsets[i], jps!.offsets[i + 1]);
    expect([nodes[0], nodes.at(-1)]).toEqual([start[i], end[i]]);
    expect(nodes.length).toBe(jps!.straight[i]! + jps!.diagonal[i]! + 1);
    expect(jps!.cost[i]).toBeCloseTo(jps!.straight[i]! + jps!.diagonal[i]! * Math.SQRT2, 9);
    for (const cell of nodes) expect(grid.cells[cell]).toBe(46);
  }
  const wall = Uint32Array.from({ length: 100 }, (_, i) => 5000 + i);
  await rig.combat.mapPatch({ handle, version, cells: wall, values: new Uint8Array(100).fill(64) });
  const walled = await rig.combat.findPath({ handle, start: [0, 0], end: [99, 9999] });
  expect(walled.errors.map(({ item }) => item)).toEqual([1]);
  expect(walled.version).toBe(2);
  expect(await codeOf(rig.combat.mapPatch({ handle, version, cells: [], values: [] }))).toMatch(
    /combat\/stale-id .*has version 2, the request names 1/,
  );
});

test("lanes have profiles, portals and closures, and paths are remembered until something changes", async () => {
  //  0 --mountain--> 1 --plain--> 2, 0 --portal--> 2, 0 --water--> 2
  const graph = {
    nodes: 3,
    source: [0, 1, 0, 0],
    target: [1, 2, 2, 2],
    cost: [4, 1, 20, 3],
    terrain: [1, 0, 0, 3],
    portal: [0, 0, 1, 0],
  };
  const { handle } = await rig.combat.mapPut({ graph });
  const cost = async (profile: Profile, constraints = {}): Promise<number[]> => {
    const { cost, expanded } = await rig.combat.findPath({ handle, start: [0], end: [2], profile, constraints });
    return [cost[0]!, expanded[0]!];
  };
  expect((await cost(Profile.space))[0]).toBe(3);
  expect((await cost(Profile.ground))[0]).toBe(9);
  expect((await cost(Profile.hover))[0]).toBe(3);
  expect(await cost(Profile.ground)).toEqual([9, 0]);
  await rig.combat.mapPatch({ handle, close: [0] });
  expect((await cost(Profile.ground))[0]).toBe(20);
  const none = await rig.combat.findPath({
    handle,
    start: [0],
    end: [2],
    profile: Profile.ground,
    constraints: { noPortals: true },
  });
  expect(none.errors[0]!.text).toBe("a path from 0 to 2 is not there; no open lanes connect them for this profile");
  await rig.combat.mapPatch({ handle, open: [0], lanes: [1], costs: [0.5] });
  expect((await cost(Profile.ground))[0]).toBe(8.5);
});

test("maps and handles refuse what does not fit", async () => {
  expect(await codeOf(rig.combat.mapPut({}))).toMatch(/combat\/malformed .*give exactly one of both/);
  expect(await codeOf(rig.combat.mapPut({ handle: 999n, grid: openGrid(8) }))).toMatch(/combat\/not-found/);
  const { handle } = await rig.combat.mapPut({ grid: openGrid(8) });
  expect(await codeOf(rig.combat.mapPatch({ handle, close: [0] }))).toMatch(
    /combat\/conflict .*is a grid, use cells and values/,
  );
  expect(await codeOf(rig.combat.findPath({ handle, start: [0], end: [1, 2] }))).toMatch(/combat\/malformed/);
  expect((await rig.combat.mapDrop({ handle })).dropped).toBe(true);
  expect((await rig.combat.mapDrop({ handle })).dropped).toBe(false);
  expect(await codeOf(rig.combat.restore({ bytes: [1, 2, 3] }))).toMatch(
    /combat\/corrupt-state .*at least 16 are needed/,
  );
});
