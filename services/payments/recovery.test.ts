// Method: the recovery helper around a real simulation, whose turn breaks it in the middle of a tick: the turn begins again from the
// checkpoint before it, the good neighbours keep their results, and the whole ends on the hash of a run in which nothing went wrong.
import { expect, test } from "vitest";
import { BusError } from "#bus";
import { Payments, SimStage } from "#generated/payments";
import { openRig } from "../../test/clock/rig.ts";
import { type Effects, each, retry, turn } from "../recovery/index.ts";
import { loadConfig } from "./config/load.ts";
import { busyConfig } from "./testing/busy.ts";

const LIMIT = 2000;
const TOPOLOGY = `[bus]
[[nodes]]
name = "n0"
services = ["caller"]
[[nodes]]
name = "n1"
services = ["payments"]
[services.caller]
run = "ts:caller.js"
calls = ["Payments"]
[services.payments]
run = "native:payments"
serves = ["Payments"]
config = { transactions_max = ${LIMIT} }
[clock]
`;
const FIRST_TURN = 10;
const SECOND_TURN = 15;

/** Calm at first; from tick 12 on so many times the payments. */
const config = (multiplier: number): string =>
  loadConfig({
    ...busyConfig(),
    scenario_events: [{ type: "GlobalArrivalRateChange", multiplier, schedule: { type: "OneTime", tick: 12 } }],
  }).canonical;

/** No time passes; what would have been slept is kept. */
const patient = (): Effects & { readonly slept: number[] } => {
  const slept: number[] = [];
  return {
    slept,
    now: () => slept.reduce((sum, ms) => sum + ms, 0),
    sleep: async (ms) => {
      slept.push(ms);
    },
  };
};

test("a turn that breaks its simulation begins again from the checkpoint before it", { timeout: 60_000 }, async () => {
  await using rig = await openRig({ mode: "bundled", topology: TOPOLOGY, modules: { caller: () => undefined } });
  const core = rig.bus("caller").client(Payments, "payments");
  const calm = (await core.new({ config: config(1) })).simId;
  const expected = (await core.tick({ simId: calm, count: FIRST_TURN + SECOND_TURN })).runHash;

  const before = (await core.new({ config: config(1) })).simId;
  await core.tick({ simId: before, count: FIRST_TURN });
  let simId = before;
  const effects = patient();
  const strategies: string[] = [];
  const runHash = await turn(
    async (tries) => {
      if (tries < 3) {
        // A caller's mistake: a flood in one tick.
        const wild = (await core.new({ config: config(1000) })).simId;
        await core.delete({ simId });
        simId = wild;
      }
      return (await core.tick({ simId, count: tries < 3 ? FIRST_TURN + SECOND_TURN : SECOND_TURN })).runHash;
    },
    {
      snapshot: async () => (await core.snapshot({ simId, events: true })).bytes,
      restore: async (bytes) => {
        await core.delete({ simId });
        simId = (await core.restore({ bytes })).simId;
      },
    },
    effects,
    { onRecovery: ({ strategy }) => strategies.push(strategy) },
  );
  expect(strategies).toEqual(["rollback", "rollback"]);
  expect(effects.slept).toHaveLength(2);
  expect(runHash).toBe(expected);
  const { simulations } = await core.list({});
  expect(simulations.map(({ stage }) => stage)).toEqual([SimStage.Running, SimStage.Running]);
});

test("a broken simulation is an item that is left out where it is one of many, and no repetition mends it", {
  timeout: 60_000,
}, async () => {
  await using rig = await openRig({ mode: "monolith", topology: TOPOLOGY, modules: { caller: () => undefined } });
  const core = rig.bus("caller").client(Payments, "payments");
  const sims: number[] = [];
  for (const multiplier of [1, 1000, 1]) sims.push((await core.new({ config: config(multiplier) })).simId);
  const run = async (simId: number): Promise<string | null> => (await core.tick({ simId, count: 40 })).runHash;
  const outcome = await each(
    sims,
    async (simId) =>
      run(simId).catch((error: unknown) => {
        // A caller that does not need this one says so by the error of an item.
        if (BusError.from(error).code === "payments/corrupt-state")
          throw new BusError("payments/not-found", { details: { what: "run of simulation", value: simId } });
        throw error;
      }),
    patient(),
  );
  expect(outcome.skipped.map(({ index }) => index)).toEqual([1]);
  expect(outcome.results[0]).toBe(outcome.results[2]);
  expect(outcome.results[0]).toMatch(/^[0-9a-f]{64}$/);

  const effects = patient();
  let asked = 0;
  await expect(
    retry(
      () => {
        asked += 1;
        return core.getMetrics({ simId: sims[1]! });
      },
      effects,
      { triesMax: 5 },
    ),
  ).rejects.toMatchObject({ code: "payments/corrupt-state" });
  expect([asked, effects.slept]).toEqual([1, []]);
});
