// The pure parts: what a seed makes, what a faction wants, who meets whom, what a battle leaves. Whole runs are in test/e2e.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Outcome, UnitState } from "#generated/combat";
import { Stream } from "../common/streams.ts";
import { aftermath, battleOf, type FleetHere, meetings, newOwner } from "./battles.ts";
import { readConfig } from "./config.ts";
import { Figures } from "./figures.ts";
import { genesis, KINDS, SHIPS } from "./genesis.ts";
import { type FleetSeen, ordersOf, type StarSeen } from "./orders.ts";
import { tableOf } from "./table.ts";

const config = readConfig("turns", {});

test("equal seeds make equal galaxies, other seeds others; each faction has one home and all stars lie apart", () => {
  expect(genesis(config)).toEqual(genesis({ ...config }));
  expect(genesis({ ...config, seed: 8 })).not.toEqual(genesis(config));
  const { stars, factions } = genesis(config);
  expect(stars).toHaveLength(config.stars);
  for (const faction of factions) expect(stars.filter(({ Owner }) => Owner?.faction === faction)).toHaveLength(1);
  const places = stars.map(({ Position }) => `${Position?.x} ${Position?.y}`);
  expect(new Set(places).size).toBe(places.length);
});

test("config is refused by key, value and range", () => {
  expect(() => readConfig("turns", { star: 3 })).toThrow(/unknown key 'star'; known are seed, factions/);
  expect(() => readConfig("turns", { turns: 0 })).toThrow(/config.turns is 0; write a whole number from 1/);
  expect(() => readConfig("turns", { turns: "10" })).toThrow(/config.turns is "10"/);
  expect(readConfig("turns", { turns: 3, pace_ms: 5 })).toMatchObject({ turns: 3, paceMs: 5, factions: 5 });
});

const star = (id: number, owner: string, x = id * 7, y = id * 3): StarSeen => ({
  id: BigInt(id),
  name: `S${id}`,
  x,
  y,
  owner,
  income: BigInt(5 + (id % 11)),
});
const fleet = (id: number, at: StarSeen): FleetSeen => ({
  id: BigInt(id),
  name: `f${id}`,
  x: at.x,
  y: at.y,
  star: at.id,
  ships: 3,
  speed: 5,
});

test("orders send idle fleets to stars of others only, and never spend more than there is", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 }), fc.bigInt({ min: 0n, max: 2000n }), (seed, treasury) => {
      const stars = [star(1, "templars"), star(2, "reavers"), star(3, ""), star(4, "templars"), star(5, "")];
      const idle = [fleet(10, stars[0]!), fleet(11, stars[3]!)];
      const random = Stream.of(BigInt(seed), "test", 0);
      const { moves, purchase } = ordersOf("templars", treasury, stars, { idle, all: 2 }, random);
      for (const { fleet: moved, to } of moves) {
        expect(idle).toContain(moved);
        expect(to.owner).not.toBe("templars");
      }
      if (purchase === undefined) return;
      expect(purchase.cost).toBe(purchase.kinds.reduce((sum, kind) => sum + SHIPS[kind]!.cost, 0n));
      expect(purchase.cost <= treasury).toBe(true);
      expect(purchase.at.owner).toBe("templars");
    }),
    { seed: 11, numRuns: 300 },
  );
});

test("live figures: the mean moves by sixteenths, the peak stays, the rate is of the last second that is over", () => {
  let [nowMs, bytes] = [5000, 0];
  const shown: Record<string, number> = {};
  const add = (field: string, amount: number | bigint): void => {
    shown[field] = (shown[field] ?? 0) + Number(amount);
  };
  const set = (field: string, value: number | bigint): void => void (shown[field] = Number(value));
  let published = 0;
  const telemetry = { add, set, publish: () => void published++ };
  const figures = new Figures(telemetry, { nowMs: () => nowMs, residentBytes: () => bytes });
  const row = { faction: "choir", stars: 3, fleets: 2, ships: 10, treasury: 0n, kills: 0 };
  const result = { turn: 1, battles: 2, shipsLost: 5, standings: [row, row], worldHash: 0n, battleHash: 0n };
  const turn = (tookMs: number): object => {
    nowMs += tookMs;
    figures.turn(result, nowMs - tookMs);
    return { ...shown };
  };
  bytes = 123_456_789;
  expect(turn(100)).toEqual({
    totalCombats: 2,
    unitsDestroyed: 5,
    averageTickTimeUs: 100_000,
    peakTickTimeUs: 100_000,
    memoryUsageMb: 123,
    planets: 6,
    fleets: 4,
    units: 20,
  });
  expect(turn(260)).toMatchObject({ averageTickTimeUs: 110_000, peakTickTimeUs: 260_000, totalCombats: 4 });
  bytes = 200_000_000;
  // Three turns in a second and a half.
  expect(turn(1140)).toMatchObject({ simulationFps: 2, peakTickTimeUs: 1_140_000, memoryUsageMb: 200 });
  expect(turn(10)).toMatchObject({ simulationFps: 2, peakTickTimeUs: 1_140_000 });
  nowMs += 1990;
  expect(turn(0)).toMatchObject({ simulationFps: 1 });
  expect(published).toBe(5);
  expect(turn(2 ** 32)).toMatchObject({ peakTickTimeUs: 2 ** 32 - 1 });
});

test("a faction that owns everything stays where it is", () => {
  const stars = [star(1, "templars"), star(2, "templars")];
  const { moves } = ordersOf("templars", 0n, stars, { idle: [fleet(9, stars[0]!)], all: 1 }, Stream.of(1n, "t", 0));
  expect(moves).toEqual([]);
});

test("at a star the owner defends; without it the second by number of fleets does; one battle a star and turn", () => {
  const here = (...factions: string[]): FleetHere[] => factions.map((faction, i) => ({ id: BigInt(i + 1), faction }));
  const stars = new Map([
    [1n, { x: 1, y: 1, owner: "reavers" }],
    [2n, { x: 2, y: 2, owner: "" }],
    [3n, { x: 3, y: 3, owner: "choir" }],
  ]);
  const found = meetings(
    new Map([
      [2n, here("templars", "reavers", "reavers", "choir")],
      [1n, here("reavers", "reavers", "templars")],
      [3n, here("templars", "templars")],
    ]),
    stars,
  );
  expect(found.map(({ star: at, attacker, defender }) => [at, attacker, defender])).toEqual([
    [1n, "templars", "reavers"],
    [2n, "reavers", "templars"],
  ]);
});

test("a star changes hands only when one faction is alone there", () => {
  expect(newOwner("", ["templars", "templars"])).toBe("templars");
  expect(newOwner("templars", ["templars"])).toBeUndefined();
  expect(newOwner("reavers", ["templars", "choir"])).toBeUndefined();
  expect(newOwner("reavers", [])).toBeUndefined();
});

test("a battle's request has one unit per ship, and its outcome becomes who is hurt, gone and alive", () => {
  const ship = (id: number, faction: string, hp: number) => ({
    id: BigInt(id),
    fleet: 1n,
    faction,
    kind: KINDS[id % KINDS.length]!,
    hp,
    max: 90,
  });
  const battle = battleOf("t1-b0", 1, [ship(1, "templars", 40), ship(2, "templars", 90)], [ship(3, "reavers", 12)]);
  expect(battle.attackers.id).toEqual(BigUint64Array.of(1n, 2n));
  expect(battle.defenders.hp).toEqual(Float64Array.of(12));
  const side = (ids: bigint[], hp: number[], state: number[]) => ({
    unitId: BigUint64Array.from(ids),
    factionId: new BigUint64Array(ids.length),
    currentHp: Float64Array.from(hp),
    maxHp: Float64Array.from(ids, () => 90),
    state: Uint8Array.from(state),
    damageReceived: {
      unit: Uint32Array.of(0),
      tick: Uint32Array.of(1),
      amount: Float64Array.of(5),
      type: Uint8Array.of(2),
      source: BigUint64Array.of(7n),
    },
  });
  const outcome = {
    attackers: side([1n, 2n], [30, 90], [0, 0]),
    defenders: side([3n], [0], [UnitState.destroyed]),
    result: 1,
    steps: 9,
    hash: 5n,
  } as unknown as Outcome;
  const after = aftermath(outcome);
  expect(after.hurt).toEqual([{ id: 1n, hp: 30 }]);
  expect(after.destroyed).toEqual([3n]);
  expect(after.survivors).toEqual([1n, 2n]);
  expect(after.hits.map(({ target, source, amount }) => [target, source, amount])).toEqual([
    [1n, 7n, 5],
    [3n, 7n, 5],
  ]);
});

test("the table has most stars first", () => {
  const row = { fleets: 1, ships: 2, treasury: 3n, kills: 0 };
  const lines = tableOf([
    { faction: "choir", stars: 2, ...row },
    { faction: "templars", stars: 12, ...row },
  ]);
  expect(lines[2]).toMatch(/^templars {2}/);
  expect(lines[3]).toMatch(/^choir /);
});
