// Method: the service through the bus, as a caller sees it; its numbers are tested in native/.
import { afterAll, beforeAll, expect, test } from "vitest";
import { CombatResult, EventKind } from "#generated/combat";
import { API_VERSION, checkOutcome, rowsOf, statisticsOf, unitsOf } from "./index.ts";
import { line, plainBattle, tacticalBattle } from "./testing/battles.ts";
import { openRig, type Rig } from "./testing/rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await openRig("local");
});
afterAll(() => rig[Symbol.asyncDispose]());

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "none",
    (error: { code: string; message: string }) => `${error.code} ${error.message}`,
  );

test("a battle comes out as rows with statistics by name", async () => {
  const answer = await rig.combat.resolveCombat({ battle: plainBattle("alpha"), seed: 7n, ...API_VERSION });
  const outcome = checkOutcome(answer.outcome!);
  const rows = rowsOf(outcome, answer.statisticNames);
  expect(rows).toMatchObject({ combatId: "alpha", turnNumber: 1 });
  expect(rows.attackers.map(({ unitId }) => unitId)).toEqual(Array.from({ length: 50 }, (_, i) => BigInt(1 + i)));
  const standing = rows.attackers.filter(({ state }) => state !== "destroyed").length;
  expect(rows.statistics.attackers_alive).toBe(standing);
  expect(["attackerWin", "defenderWin", "mutualDestruction"]).toContain(rows.result);
  expect(outcome.hash).not.toBe(0n);
});

test("a batch keeps its order, and a bad battle has its own error", async () => {
  const bad = plainBattle("bad");
  bad.attackers = { ...line(1, 3, 0), hp: [1, 2] };
  const { outcomes, statisticNames, hash } = await rig.combat.resolveCombatBatch({
    battles: [plainBattle("a"), bad, tacticalBattle("c", 0)],
    seed: 1n,
  });
  expect(outcomes.map(({ combatId }) => combatId)).toEqual(["a", "bad", "c"]);
  expect(() => checkOutcome(outcomes[1]!)).toThrow(/battles\[1\]\.attackers\.hp has 2 values for 3 rows/);
  expect(() => checkOutcome(outcomes[1]!)).toThrow(expect.objectContaining({ code: "combat/malformed" }));
  expect(outcomes[1]!.attackers).toBeNull();
  const tactical = rowsOf(outcomes[2]!, statisticNames);
  expect(tactical.statistics.shots).toBeGreaterThan(0);
  const hits = [...outcomes[2]!.events!.kind].filter((kind) => kind === EventKind.hit).length;
  const received = [...tactical.attackers, ...tactical.defenders].flatMap((row) => row.damageReceived);
  expect(received.length).toBe(hits);
  expect(hash).not.toBe(0n);
});

test("a stream gives the outcomes of the batch in parts, with progress, and can be left", async () => {
  const battles = Array.from({ length: 40 }, (_, i) => tacticalBattle(`b${i}`, -i));
  const whole = await rig.combat.resolveCombatBatch({ battles, seed: 5n });
  const hashes: bigint[] = [];
  const progress: number[] = [];
  let hash = 0n;
  for await (const part of rig.combat.resolveCombatStream({ battles, seed: 5n })) {
    expect(part.first).toBe(hashes.length);
    hashes.push(...part.outcomes.map((outcome) => outcome.hash));
    progress.push(part.done / part.total);
    hash = part.hash;
  }
  expect(hashes).toEqual(whole.outcomes.map((outcome) => outcome.hash));
  expect(hash).toBe(whole.hash);
  expect(progress).toEqual([0.4, 0.8, 1]);
  for await (const part of rig.combat.resolveCombatStream({ battles, seed: 5n })) {
    expect(part.done).toBe(16);
    break;
  }
  expect((await rig.combat.resolveCombatBatch({ battles, seed: 5n })).hash).toBe(whole.hash);
});

test("streams of random numbers belong to the place in the batch", async () => {
  const battles = Array.from({ length: 4 }, (_, i) => plainBattle(`${i}`));
  const { outcomes } = await rig.combat.resolveCombatBatch({ battles, seed: 9n });
  expect(new Set(outcomes.map(({ hash }) => hash)).size).toBe(4);
  const single = await rig.combat.resolveCombat({ battle: battles[2]!, seed: 9n, index: 2n });
  expect(single.outcome!.hash).toBe(outcomes[2]!.hash);
  const rest = await rig.combat.resolveCombatBatch({ battles: battles.slice(1), seed: 9n, firstIndex: 1n });
  expect(rest.outcomes.map(({ hash }) => hash)).toEqual(outcomes.slice(1).map(({ hash }) => hash));
});

test("a caller of another major or a later minor is refused, an earlier minor is not", async () => {
  const battle = plainBattle("v");
  expect(await codeOf(rig.combat.resolveCombat({ battle, apiMajor: 2 }))).toMatch(
    /combat\/unsupported-version .*speaks version 2\.0 of Combat, this service 1\.0/,
  );
  expect(await codeOf(rig.combat.resolveCombat({ battle, apiMajor: 1, apiMinor: 1 }))).toMatch(
    /combat\/unsupported-version/,
  );
  expect(await codeOf(rig.combat.resolveCombat({ battle, ...API_VERSION }))).toBe("none");
});

test("statistics and results have names", () => {
  expect(statisticsOf({ statistics: Float64Array.of(1, 2) }, ["a", "b"])).toEqual({ a: 1, b: 2 });
  expect(Object.keys(CombatResult)[3]).toBe("draw");
});

test("rows that say something unknown are refused with what is known", () => {
  expect(() => unitsOf([{ id: 1n, cover: "heavey" as "heavy" }])).toThrow(
    /cover\[0\] is "heavey".*none, light, heavy, fortified/,
  );
  expect(() => unitsOf([{ id: 1n, weapons: [{ damage: 1 }, {}] }])).toThrow(/weapons.damage is given for some/);
  expect(() => unitsOf([{ id: 1n, faction: 1n }, { id: 2n }])).toThrow(/faction is given for some/);
  expect(unitsOf([{ id: 1n, hp: 50 }, { id: 2n }])).toEqual({
    id: BigUint64Array.of(1n, 2n),
    hp: Float64Array.of(50, 100),
  });
});

test.each([
  ["{ items_mx = 3 }", /unknown key 'items_mx', did you mean "items_max"\?/],
  ["{ engage_rang = 3 }", /unknown key 'engage_rang', did you mean "engage_range"\?/],
  ["{ items_max = 0 }", /items_max is 0; write a whole number from 1 to 65536/],
  ["{ dt = 1000 }", /constant dt is 1000; write a number from 0.001 to 60/],
  ['{ dt = "x" }', /dt is no number/],
])("config %s is refused when the service starts", async (config, text) => {
  await expect(openRig("local", { config })).rejects.toThrow(text);
});

test("config sets limits and constants", async () => {
  await using small = await openRig("local", { config: "{ items_max = 1, damage_low = 0, damage_high = 0 }" });
  const battles = [plainBattle("a"), plainBattle("b")];
  expect(await codeOf(small.combat.resolveCombatBatch({ battles }))).toMatch(
    /combat\/limit-exceeded .*number of battles is 2, the limit is 1/,
  );
  const { outcome } = await small.combat.resolveCombat({ battle: battles[0]! });
  expect(outcome).toMatchObject({ result: CombatResult.defenderWin, steps: 500 });
});
