// Method: the words of the command line by themselves; then the program and `busbar call` as processes, with their files.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadConfigFile, type Outcome } from "../../services/payments/index.ts";
import { readOptions } from "./options.ts";
import { niceTicks, plotSvg } from "./plot.ts";
import { ResultsFile } from "./results-file.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const MAIN = join(ROOT, "dist", "examples", "payments", "main.js");
const CLI = join(ROOT, "dist", "bus", "cli", "main.js");
const TOPOLOGY = join(ROOT, "examples", "payments", "topology.toml");
const folder = mkdtempSync(join(tmpdir(), "payments-lab-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => expect(existsSync(MAIN), "the example runs compiled: npm run build").toBe(true));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
const run = (args: readonly string[], onStart: (child: ChildProcess) => void = () => {}): Promise<Ended> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data: Buffer) => (stdout += data));
    child.stderr.on("data", (data: Buffer) => {
      stderr += data;
      onStart(child);
    });
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });

/** At its first word on standard error. */
const once = (act: (child: ChildProcess) => void): ((child: ChildProcess) => void) => {
  let acted = false;
  return (child) => {
    if (!acted) act(child);
    acted = true;
  };
};

test("the scenario is a good config", () => {
  expect(loadConfigFile(join(ROOT, "examples", "payments", "scenario.yaml")).config.agents).toHaveLength(8);
});

test("wrong words are refused with what there is", () => {
  const refusal = (...args: string[]): string => {
    try {
      readOptions(args, "s.yaml");
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(refusal("swep")).toBe("there is no command 'swep'; there are sweep, run, replay, life");
  expect(refusal("life")).toBe("life takes 1 numbers, 0 are given");
  expect(refusal("--seeds", "0")).toMatch(/--seeds is 0/);
  expect(refusal("--floor", "2")).toMatch(/--floor is '2'; write a share/);
  expect(refusal("--vary", "x")).toMatch(/--vary is 'x'/);
  expect(refusal("--vary", "lsm_config=maybe")).toMatch(/takes on and off/);
  expect(refusal("--nope")).toMatch(/--nope/);
  expect(readOptions(["--vary", "a.b=1,true"], "s.yaml").vary).toEqual([{ path: "a.b", values: [1n, true] }]);
});

test("a wrong scenario is said with its file, line and column by sweeps and by single runs", {
  timeout: 60_000,
}, async () => {
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return name;
  };
  const simulation = "simulation: { ticks_per_day: 9, num_days: 1, rng_seed: 1 }";
  for (const [name, sentence] of [
    [
      file("key.yaml", `${simulation}\nagents:\n  - { id: A, opening_balence: 1 }\n`),
      "line 3, column 14: agents[0].opening_balence: unknown key",
    ],
    [file("syntax.yaml", "simulation: { ticks_per_day: 100\n"), "line 2, column 1: Flow map"],
    [file("empty.yaml", "agents: []\n"), "line 1, column 1: simulation: is missing"],
    ["not-there.yaml", "cannot be read: ENOENT"],
  ])
    for (const command of ["sweep", "run"]) {
      const args = command === "sweep" ? ["--vary", "lsm_config=on"] : [];
      const { code, stderr } = await run([command, "--scenario", name!, "--out", "wrong", ...args]);
      expect({ command, code }).toEqual({ command, code: 1 });
      expect(stderr.startsWith(`payments/bad-config: ${name}: ${sentence}`), stderr).toBe(true);
    }
});

test("results go on after a kill in the middle of a line, and not with another sweep", () => {
  const path = join(folder, "kept", "results.jsonl");
  const outcome = { runHash: "ab", settlementRate: 1 } as unknown as Outcome;
  {
    using file = new ResultsFile(path, "one", false);
    file.add(3, outcome);
  }
  appendFileSync(path, '{"item":4,"runHa');
  {
    using file = new ResultsFile(path, "one", false);
    expect([...file.done]).toEqual([[3, outcome]]);
    file.add(5, outcome);
  }
  using again = new ResultsFile(path, "one", false);
  expect([...again.done.keys()]).toEqual([3, 5]);
  expect(() => new ResultsFile(path, "two", false)).toThrow(/results of another sweep; use --fresh/);
  using fresh = new ResultsFile(path, "two", true);
  expect(fresh.done.size).toBe(0);
});

test("the plot has a mark per point in both panels, round ticks, and no markup of its labels", () => {
  const mean = (value: number) => ({ mean: value, half: value / 10 });
  const measures = (cost: number) => ({
    settlementRate: mean(0.9),
    totalCost: mean(cost),
    meanDelayTicks: mean(0),
    lsmShare: mean(0),
    overdue: mean(0),
    dropped: mean(0),
    peakQueue2: mean(0),
  });
  const points = [
    [100n, "<a>"],
    [200n, "<a>"],
    [100n, "b"],
    [200n, "b"],
  ].map((values, index) => ({ values, measures: measures(1000 + index), accepted: index > 1, best: index === 2 }));
  const svg = plotSvg(["x", "y"], points, 0.95);
  expect(svg.match(/<circle/g)).toHaveLength(8);
  expect(svg.match(/<path/g)).toHaveLength(4);
  expect(svg).toContain("y &lt;a&gt;");
  expect(niceTicks(0, 10)).toEqual([0, 2, 4, 6, 8, 10]);
  expect(niceTicks(0.87, 0.99)).toEqual([0.85, 0.9, 0.95, 1]);
  expect(niceTicks(5, 5)).toEqual([5, 6]);
});

test("a sweep ends with table, plot and a hash; stopped with Ctrl-C it goes on to the same one", {
  timeout: 120_000,
}, async () => {
  const words = ["--vary", "agents.*.liquidity_pool=100000,600000", "--vary", "lsm_config=on,off"];
  const whole = await run([...words, "--seeds", "6", "--json", "--out", "whole"]);
  expect([whole.code, whole.stderr]).toEqual([0, expect.stringMatching(/24 of 24 runs\n$/)]);
  const result = JSON.parse(whole.stdout);
  expect(result).toMatchObject({ items: 24, resumed: 0, parameters: ["agents.*.liquidity_pool", "lsm_config"] });
  expect(result.points).toHaveLength(4);
  expect(result.points.filter(({ best }: { best: boolean }) => best)).toHaveLength(1);
  expect(readFileSync(join(folder, "whole", "plot.svg"), "utf8")).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  expect(readFileSync(join(folder, "whole", "table.txt"), "utf8").split("\n")).toHaveLength(6);

  const many = ["--vary", "agents.*.liquidity_pool=100000,600000", "--seeds", "800", "--out", "stopped", "--json"];
  const stopped = await run(
    many,
    once((child) => child.kill("SIGINT")),
  );
  expect([stopped.code, stopped.stdout]).toEqual([130, ""]);
  expect(stopped.stderr).toMatch(/stopped; the same command goes on from here\n$/);
  const gone = await run(many);
  const fresh = await run([...many, "--fresh"]);
  expect([gone.code, fresh.code]).toEqual([0, 0]);
  expect(JSON.parse(gone.stdout).hash).toBe(JSON.parse(fresh.stdout).hash);
});

test("a run is printed, recorded, and replayed byte for byte by another process; help says all of it", {
  timeout: 60_000,
}, async () => {
  const printed = await run(["run", "--out", "runs"]);
  expect(printed.code).toBe(0);
  expect(printed.stderr).toMatch(/^recording 1: \d+ events, run hash [0-9a-f]{64}\n$/);
  const replayed = await run(["replay", "1", "--out", "runs"]);
  expect(replayed.stdout).toBe(printed.stdout);
  // At a pace it prints the same.
  expect((await run(["run", "--out", "runs", "--pace", "200"])).stdout).toBe(printed.stdout);
  expect(printed.stdout.length).toBeGreaterThan(10_000);
  expect((await run(["life", "5"])).stdout).toMatch(/^tx_00000005 .*\n(.*\n)+settled in tick \d+/);
  expect((await run(["--help"])).stdout).toMatch(/Usage: npm run payments/);
  expect(await run(["replay", "9", "--out", "runs"])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/payments\/not-found/),
  });
  expect((await run(["--nope"])).code).toBe(2);
});

test("busbar call reaches every part of a running laboratory, as the README says", { timeout: 120_000 }, async () => {
  const up = spawn(process.execPath, [CLI, "up", "--topology", TOPOLOGY], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await new Promise<void>((resolve, reject) => {
      up.stdout.on("data", (data: Buffer) => String(data).includes("ready") && resolve());
      up.once("exit", () => reject(new Error("busbar up ended")));
    });
    const call = async (method: string, request: object): Promise<Record<string, unknown>> => {
      const args = [CLI, "call", method, JSON.stringify(request), "--topology", TOPOLOGY, "--json"];
      return JSON.parse((await promisify(execFile)(process.execPath, args, { cwd: folder })).stdout);
    };
    const text = readFileSync(join(ROOT, "examples", "payments", "scenario.yaml"), "utf8");
    const checked = await call("PaymentsConfig.validateConfig", { text: text.replace("num_days", "num_dais") });
    expect(JSON.stringify(checked)).toContain("did you mean 'num_days'");
    const { sim_id, agents } = await call("PaymentsConfig.create", { text });
    expect(agents).toHaveLength(8);
    const { results } = await call("Payments.tick", { sim_id, count: 10 });
    expect(results).toHaveLength(10);
    const { id } = await call("PaymentsStore.saveCheckpoint", { sim_id, label: "ten" });
    expect(await call("PaymentsStore.loadCheckpoint", { id })).toMatchObject({ tick: 10 });
    expect(await call("Payments.getMetrics", { sim_id })).toHaveProperty("metrics");
  } finally {
    up.kill("SIGTERM");
    await new Promise((resolve) => up.once("exit", resolve));
  }
});
