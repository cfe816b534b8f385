// Method: simulations that the bus clock drives, in one process and in several, against the golden hash of a run by request.
import { expect, test } from "vitest";
import { Payments, SimStage } from "#generated/payments";
import { Project, ROOT } from "../../bus/cli/test-support.ts";
import { type ClockRig, openRig } from "../../test/clock/rig.ts";
import { loadConfig } from "./config/load.ts";
import { busyConfig } from "./testing/busy.ts";

/** Of a run of busyConfig(), as in placement.test.ts. */
const GOLDEN = "a79c66b6535a1018e8edf73a12c141e468ad977a6eb3544b3ff3bc177155753a";
const TICKS = 40n;
const CONFIG = loadConfig(busyConfig()).canonical;

const services = (settings: string): string => `[services.caller]
run = "ts:caller.js"
calls = ["Payments"]

[services.payments]
run = "native:payments"
serves = ["Payments"]
clock = true
config = ${settings}

[clock]
step = "1s"
timeout = "60s"
`;
const TOGETHER = '[[nodes]]\nname = "n0"\nservices = ["caller", "payments"]\n';
const APART = '[[nodes]]\nname = "n0"\nservices = ["caller"]\n[[nodes]]\nname = "n1"\nservices = ["payments"]\n';
const OVER_TCP = '[[edges]]\nfrom = "*"\nto = "*"\ntransport = "tcp"\n';
/** Ports below those that systems give to outgoing connections. */
const FAR = APART.replace('name = "n0"', 'name = "n0"\nport = 27331').replace(
  'name = "n1"',
  'name = "n1"\nport = 27332',
);
const OVER_UNIX = '[[edges]]\nfrom = "*"\nto = "*"\ntransport = "unix"\n';

const open = (
  mode: "monolith" | "bundled" | "distributed",
  nodes: string,
  settings = "{ follow_clock = true }",
): Promise<ClockRig> =>
  openRig({ mode, topology: `[bus]\n${nodes}${services(settings)}`, modules: { caller: () => undefined } });

const PLACEMENTS = [
  ["monolith", "monolith", APART],
  ["bundled, in one node", "bundled", TOGETHER],
  ["bundled, over rings", "bundled", APART],
  ["bundled, over unix", "bundled", APART + OVER_UNIX],
  ["distributed, over tcp", "distributed", FAR + OVER_TCP],
] as const;

const clockHashes = new Set<string | null>();

test.for(PLACEMENTS)(
  "a run by the clock ends on the hash of a run by request: %s",
  { timeout: 60_000 },
  async ([, mode, nodes]) => {
    await using rig = await open(mode, nodes);
    const core = rig.bus("caller").client(Payments, "payments");
    const { simId } = await core.new({ config: CONFIG });
    await rig.clock.step({ ticks: 13n });
    // One that comes later begins at its own tick 0, and ends later.
    const late = (await core.new({ config: CONFIG })).simId;
    expect((await core.currentTick({ simId })).value).toBe(13n);
    await rig.clock.step({ ticks: TICKS - 13n });
    expect(await core.getMetrics({ simId })).toMatchObject({ runHash: GOLDEN });
    expect((await core.currentTick({ simId: late })).value).toBe(TICKS - 13n);
    const state = await rig.clock.step({ ticks: 20n });
    expect(state).toMatchObject({ tick: TICKS + 20n, error: null, timeNs: (TICKS + 20n) * 1_000_000_000n });
    for (const id of [simId, late]) {
      expect((await core.currentTick({ simId: id })).value).toBe(TICKS);
      expect(await core.getMetrics({ simId: id })).toMatchObject({ runHash: GOLDEN });
    }
    // The hash of the service, tick by tick, is the same everywhere.
    expect(state.runHash).toMatch(/^[0-9a-f]{64}$/);
    clockHashes.add(state.runHash);
    expect(clockHashes.size).toBe(1);
  },
);

/** Calm until tick `tick`, when so many times the payments of busyConfig() begin to arrive. */
const flooded = (tick: number, multiplier: number): string => {
  const config = busyConfig();
  const event = { type: "GlobalArrivalRateChange", multiplier, schedule: { type: "OneTime", tick } };
  return loadConfig({ ...config, scenario_events: [event] }).canonical;
};

const stopped = new Set<string>();

test.for(PLACEMENTS)(
  "simulations that cannot go on fail one step each, and the clock goes on with the others: %s",
  { timeout: 60_000 },
  async ([, mode, nodes]) => {
    await using rig = await open(mode, nodes, "{ follow_clock = true, transactions_max = 2000 }");
    const core = rig.bus("caller").client(Payments, "payments");
    const made: number[] = [];
    for (const config of [flooded(12, 1000), flooded(5, 100), CONFIG]) made.push((await core.new({ config })).simId);
    const [broken, full, well] = made as [number, number, number];
    const problems: string[] = [];
    let { tick } = await rig.clock.now({});
    while (tick < TICKS) {
      await rig.clock.step({ ticks: TICKS - tick }).catch((error: unknown) => {
        expect(error).toMatchObject({ code: "clock/tick-failed" });
        problems.push((error as Error).message);
      });
      tick = (await rig.clock.now({})).tick;
    }
    expect(problems).toEqual([
      expect.stringMatching(
        /tick \d+ failed in payments \(simulation 2 has \d{4} payments, the limit is 2000; it has ended at tick \d+,/,
      ),
      expect.stringMatching(
        /tick 13 failed in payments \(simulation 1 is broken: its tick 12 failed halfway \(.*delete it\)/,
      ),
    ]);
    const { simulations } = await core.list({});
    expect(simulations.map(({ stage }) => stage)).toEqual([SimStage.Broken, SimStage.Full, SimStage.Ended]);
    await expect(core.getMetrics({ simId: broken })).rejects.toMatchObject({
      code: "payments/corrupt-state",
      message: expect.stringContaining("restore a checkpoint of it, or delete it"),
    });
    expect((await core.currentTick({ simId: full })).value).toBe(BigInt(simulations[1]!.tick));
    expect(await core.getMetrics({ simId: well })).toMatchObject({ runHash: GOLDEN });
    // The clock goes on, with new simulations too.
    await core.delete({ simId: broken });
    const late = (await core.new({ config: CONFIG })).simId;
    const state = await rig.clock.step({ ticks: TICKS });
    expect(state).toMatchObject({ tick: 2n * TICKS, error: null });
    expect(await core.getMetrics({ simId: late })).toMatchObject({ runHash: GOLDEN });
    // What was told, and the hash of the service in every tick, those that failed included, is the same everywhere.
    const { runHash } = await core.getMetrics({ simId: full });
    stopped.add(JSON.stringify([problems, runHash, state.runHash]));
    expect(stopped.size).toBe(1);
  },
);

test("a simulation that follows the clock is not driven by requests as well", { timeout: 60_000 }, async () => {
  await using rig = await open("bundled", TOGETHER);
  const core = rig.bus("caller").client(Payments, "payments");
  const { simId } = await core.new({ config: CONFIG });
  const refusal = { code: "payments/conflict", message: expect.stringMatching(/follow_clock: .*busbar clock step/) };
  await expect(core.tick({ simId, count: 1 })).rejects.toMatchObject(refusal);
  await expect(
    (async () => {
      for await (const _ of core.runToEnd({ simId })) throw new Error("it ran");
    })(),
  ).rejects.toMatchObject(refusal);
  expect((await core.currentTick({ simId })).value).toBe(0n);
  // Payments come between the ticks as ever, and sweeps have a time of their own.
  const { ids } = await core.submitTransaction({
    simId,
    items: [{ sender: "BANK_A", receiver: "BANK_B", amount: 5n, deadlineTick: 9 }],
  });
  expect(ids).toHaveLength(1);
  const swept: (string | null)[] = [];
  for await (const { results } of core.sweep({ configs: [CONFIG], config: [0], seed: [7n] }))
    swept.push(...results.map(({ runHash }) => runHash));
  expect(swept).toEqual([GOLDEN]);
});

test("without follow_clock the clock moves no simulation", { timeout: 60_000 }, async () => {
  await using rig = await open("bundled", TOGETHER, "{}");
  const core = rig.bus("caller").client(Payments, "payments");
  const { simId } = await core.new({ config: CONFIG });
  await rig.clock.step({ ticks: 5n });
  expect((await core.tick({ simId, count: 1000 })).runHash).toBe(GOLDEN);
});

test("a run that goes on after a restore, in another process, ends on the golden hash", {
  timeout: 60_000,
}, async () => {
  const half = async (nodes: string, ticks: bigint, bytes?: Uint8Array) => {
    await using rig = await open("bundled", nodes);
    const core = rig.bus("caller").client(Payments, "payments");
    const { simId } = bytes === undefined ? await core.new({ config: CONFIG }) : await core.restore({ bytes });
    await rig.clock.step({ ticks });
    return {
      bytes: (await core.snapshot({ simId, events: false })).bytes,
      hash: (await core.getMetrics({ simId })).runHash,
    };
  };
  const { bytes } = await half(APART, 17n);
  expect((await half(TOGETHER, TICKS - 17n, bytes)).hash).toBe(GOLDEN);
});

test("from the command line: busbar clock step drives a simulation in a process of its own", {
  timeout: 120_000,
}, async () => {
  const project = new Project();
  const parsed = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { code, stdout, stderr } = await project.run(...args);
    expect(code, `${args[0]}: ${stderr}`).toBe(0);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  try {
    const both = services("{ follow_clock = true }");
    const alone = both.slice(both.indexOf("[services.payments]"));
    project.write(
      "topology.toml",
      `[bus]\nname = "clocked-payments"\nschema = ${JSON.stringify(`${ROOT}/schema`)}\n[[nodes]]\nname = "n0"\nservices = ["payments"]\n${alone}`,
    );
    const up = project.start(["up"]);
    await up.saw("payments | ready");
    const { sim_id } = await parsed("call", "Payments.New", JSON.stringify({ config: CONFIG }), "--json");
    await parsed("clock", "step", String(TICKS), "--json");
    expect(await parsed("call", "Payments.GetMetrics", JSON.stringify({ sim_id }), "--json")).toMatchObject({
      run_hash: GOLDEN,
    });
  } finally {
    await project.close();
  }
});
