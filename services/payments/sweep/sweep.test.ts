// Method: combinations counted by hand; the sweep on the real plugin against single runs, for several numbers of threads and
// for a sweep that was stopped; means against closed forms.
import { expect, test } from "vitest";
import { loadConfig } from "../config/load.ts";
import { parseSource } from "../config/source.ts";
import { busyConfig } from "../testing/busy.ts";
import { openRig } from "../testing/rig.ts";
import { type PlainConfig, pointsOf, valuesOf } from "./grid.ts";
import { type Outcome, runSweep, sweepHash } from "./run.ts";
import { meanOf, summarize } from "./summary.ts";

const parameters = [
  { path: "agents.*.unsecured_cap", values: [0n, 5000n, 20000n] },
  { path: "lsm_config.enable_bilateral", values: [true, false] },
];
const seeds = [1n, 2n, 3n, 4n];
const base = {
  ...busyConfig(),
  agents: (busyConfig().agents as object[]).map((agent) => ({ ...agent, posted_collateral: 0 })),
};

test("every combination is a config of its own, the last parameter fastest; the base is left alone", () => {
  const before = JSON.stringify(base);
  const points = pointsOf({ base, parameters, seeds });
  expect(points.map(({ values }) => values)).toEqual([
    [0n, true],
    [0n, false],
    [5000n, true],
    [5000n, false],
    [20000n, true],
    [20000n, false],
  ]);
  const third = JSON.parse(points[3]!.canonical);
  expect(third.agents.map((agent: { unsecured_cap: number }) => agent.unsecured_cap)).toEqual(Array(6).fill(5000));
  expect(third.lsm_config.enable_bilateral).toBe(false);
  expect(JSON.stringify(base)).toBe(before);
  expect(pointsOf({ base, parameters: [], seeds })).toHaveLength(1);
});

test("wrong paths and values are refused with the combination that they are in", () => {
  const one = (path: string, value: unknown): unknown =>
    pointsOf({ base, parameters: [{ path, values: [value] }], seeds });
  expect(() => one("agents.*.unsecured_kap", 5)).toThrow(
    /agents\.\*\.unsecured_kap = 5: agents\[0\]\.unsecured_kap: unknown key; did you mean/,
  );
  expect(() => one("agents.9.unsecured_cap", 5)).toThrow(
    /agents\.9\.unsecured_cap: the list has 6 entries, and no '9'/,
  );
  expect(() => one("priority_mode.x", 5)).toThrow(/'priority_mode' holds no other keys/);
  expect(() => one("a..b", 5)).toThrow(/is no path/);
  const many = Array.from({ length: 200 }, (_, i) => i);
  expect(() =>
    pointsOf({
      base,
      parameters: [
        { path: "x", values: many },
        { path: "y", values: many },
      ],
      seeds,
    }),
  ).toThrow(/payments\/limit-exceeded/);
  // What the file says is at its line; what the combination says is in no file.
  const text =
    "simulation: { ticks_per_day: 9, num_days: 1, rng_seed: 1 }\nagents:\n  - { id: A, opening_balance: 1, polcy: 5 }\n";
  const { value, locate } = parseSource(text, "yaml");
  const file = { base: value as PlainConfig, seeds, name: "s.yaml", locate };
  const amount = { path: "agents.*.opening_balance", values: ["much"] };
  expect(() => pointsOf({ ...file, parameters: [] })).toThrow(
    /^payments\/bad-config: s\.yaml: line 3, column 34: agents\[0\]\.polcy: unknown key; did you mean 'policy'\?/,
  );
  expect(() => pointsOf({ ...file, parameters: [{ path: "priority_mode", values: [true] }] })).toThrow(
    /^payments\/bad-config: s\.yaml: line 3, column 34: /,
  );
  const sound = parseSource(text.replace("polcy: 5", "policy: { type: Fifo }"), "yaml");
  const good = { ...file, base: sound.value as PlainConfig, locate: sound.locate };
  expect(() => pointsOf({ ...good, parameters: [amount] })).toThrow(
    /^payments\/bad-config: s\.yaml with agents\.\*\.opening_balance = "much": agents\[0\]\.opening_balance: is "much"/,
  );
  expect(() => pointsOf({ ...file, base: 5 as never, parameters: [amount] })).toThrow(
    /^payments\/bad-config: s\.yaml: /,
  );
  expect(valuesOf("1,2.5,true,fifo,{}")).toEqual([1n, 2.5, true, "fifo", {}]);
});

test("outcomes are those of single runs, for any threads and parts, also when the sweep was stopped and went on", async () => {
  const points = pointsOf({ base, parameters, seeds });
  const hashes = new Map<string, string>();
  for (const threads of [1, 3]) {
    await using rig = await openRig(threads);
    const items = new Set<number>();
    const outcomes = await runSweep(rig.core, points, seeds, {
      itemsMax: 5,
      inFlight: 3,
      onOutcome: (item) => items.add(item),
    });
    expect(items.size).toBe(24);
    hashes.set(`${threads} threads`, sweepHash(outcomes));
    if (threads === 3) continue;
    for (const item of [0, 7, 23]) {
      const config = { ...JSON.parse(points[Math.floor(item / 4)]!.canonical) };
      const { simId } = await rig.core.new({ config: JSON.stringify(config), seed: seeds[item % 4]!, useSeed: true });
      let runHash = "";
      for await (const part of rig.core.runToEnd({ simId })) runHash = part.runHash ?? "";
      const { metrics, costs } = await rig.core.getMetrics({ simId });
      expect(outcomes[item]).toMatchObject({
        runHash,
        settlementRate: metrics!.settlementRate,
        totalCost: Number(costs!.total),
      });
    }
    const done = new Map<number, Outcome>();
    const stop = new AbortController();
    const stopped = runSweep(rig.core, points, seeds, {
      itemsMax: 2,
      inFlight: 1,
      signal: stop.signal,
      onOutcome: (item, outcome) => {
        done.set(item, outcome);
        if (done.size === 6) stop.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: "core/cancelled" });
    expect(done.size).toBeLessThan(24);
    const rest = new Set<number>();
    const resumed = await runSweep(rig.core, points, seeds, { done, onOutcome: (item) => rest.add(item) });
    expect(rest.size).toBe(24 - done.size);
    hashes.set("resumed", sweepHash(resumed));
  }
  expect(new Set(hashes.values()).size, JSON.stringify([...hashes])).toBe(1);
});

test("an item that does not get to its end is named by its own error, beside those that did", async () => {
  const [calm, wild] = [0, 100].map((multiplier) =>
    loadConfig({
      ...busyConfig(),
      scenario_events: [{ type: "GlobalArrivalRateChange", multiplier, schedule: { type: "OneTime", tick: 5 } }],
    }),
  );
  const points = [calm, wild].map((config) => ({ values: [], canonical: config!.canonical }));
  await using rig = await openRig(2, undefined, "local", "{ transactions_max = 1000 }");
  const done = new Map<number, Outcome>();
  const sweep = runSweep(rig.core, points, seeds, { onOutcome: (item, outcome) => done.set(item, outcome) });
  await expect(sweep).rejects.toMatchObject({
    code: "payments/limit-exceeded",
    message: expect.stringMatching(
      /config\[4\]: it has \d{4} payments at tick \d+, the limit is 1000 \(transactions_max\)/,
    ),
    details: { item: 4, point: 1 },
  });
  expect([...done.keys()]).toEqual([0, 1, 2, 3]);
});

test("means have Student's confidence, and the best point is the cheapest that pays its payments", () => {
  expect(meanOf([4])).toEqual({ mean: 4, half: 0 });
  // 1, 2, 3: s = 1, t(2) = 4.303
  expect(meanOf([1, 2, 3])).toEqual({ mean: 2, half: expect.closeTo(4.303 / Math.sqrt(3), 9) });
  const outcome = (settlementRate: number, totalCost: number): Outcome => ({
    runHash: "",
    settlementRate,
    totalCost,
    meanDelayTicks: 0,
    lsmShare: 0,
    overdue: 0,
    dropped: 0,
    peakQueue2: 0,
  });
  const points = [1n, 2n, 3n].map((value) => ({ values: [value], canonical: "" }));
  // The first does not pay at all, which costs least.
  const summary = summarize(points, 2, [
    outcome(0.1, 5),
    outcome(0.2, 5),
    outcome(0.99, 80),
    outcome(0.97, 100),
    outcome(1, 200),
    outcome(1, 300),
  ]);
  expect(summary.map(({ accepted, best }) => [accepted, best])).toEqual([
    [false, false],
    [true, true],
    [true, false],
  ]);
  expect(summary[1]!.measures.totalCost.mean).toBe(90);
  expect(loadConfig(base).canonical).toContain('"unsecured_cap"');
});
