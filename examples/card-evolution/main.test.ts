// Method: the program as users start it, on the real native service; small runs, compared by their hashes.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runOk, runToEnd } from "../../test/support/processes.ts";
import { root } from "../../test/tidy/tree.ts";
import type { EvolutionResult } from "./evolution.ts";

const folder = mkdtempSync(join(tmpdir(), "card-evolution-"));
afterAll(() => rmSync(folder, { recursive: true }));
const main = join(root, "dist", "examples", "card-evolution", "main.js");
const small = ["--population", "20", "--games", "20", "--greedy-games", "2", "--json"];
const evolve = async (...flags: string[]): Promise<EvolutionResult> => {
  const { stdout } = await runOk(process.execPath, [main, ...small, ...flags], { cwd: folder });
  return JSON.parse(stdout) as EvolutionResult;
};

test("it improves its population, and one worker, three workers and a run in two halves end with the same hash", {
  timeout: 240_000,
}, async () => {
  const one = await evolve("--generations", "4", "--workers", "1", "--report", "out/report.html");
  expect(one.stop).toBe("generations");
  expect(one.best).toBeGreaterThan(one.first);
  expect(one.mean).toBeGreaterThan(0);
  const page = readFileSync(join(folder, "out", "report.html"), "utf8");
  expect(page.match(/<svg/g)).toHaveLength(3);
  expect(page).toContain(one.hash);

  expect((await evolve("--generations", "4", "--workers", "3")).hash).toBe(one.hash);

  const half = await evolve("--generations", "2", "--checkpoint", "run.json");
  expect(half.generations).toBe(3);
  const rest = await evolve("--generations", "4", "--checkpoint", "run.json", "--resume", "--workers", "2");
  expect(rest.hash).toBe(one.hash);
  expect((await evolve("--generations", "4", "--seed", "2")).hash).not.toBe(one.hash);
});

test("Ctrl-C ends it with the last whole generation, from which it goes on", { timeout: 120_000 }, async () => {
  const checkpoint = join(folder, "stopped.json");
  const flags = ["--generations", "100000", "--plateau", "0", "--checkpoint", checkpoint];
  // A group of its own, so that the signal reaches all of it as a terminal's would.
  const child = spawn(process.execPath, [main, ...small, ...flags], {
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  const closed = new Promise((resolve) => child.on("close", resolve));
  try {
    for (let waited = 0; !existsSync(checkpoint) && waited < 60_000; waited += 50) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    process.kill(-child.pid!, "SIGINT");
    await closed;
  } finally {
    if (child.exitCode === null) process.kill(-child.pid!, "SIGKILL");
  }
  const stopped = JSON.parse(output) as EvolutionResult;
  expect(stopped.stop).toBe("stopped");
  const saved = JSON.parse(readFileSync(checkpoint, "utf8")) as { history: unknown[] };
  expect(saved.history).toHaveLength(stopped.generations);
  const rest = await evolve(
    "--generations",
    String(stopped.generations),
    "--checkpoint",
    checkpoint,
    "--resume",
    "--plateau",
    "0",
  );
  expect(rest.generations).toBe(stopped.generations + 1);
});

test("help lists every flag; wrong flags and values are one line and exit code 2", async () => {
  const { stdout } = await runOk(process.execPath, [main, "--help"]);
  for (const flag of ["--seed", "--greedy-games", "--style", "--resume", "--json"]) expect(stdout).toContain(flag);
  for (const [flags, text] of [
    [["--populaton", "5"], /Unknown option '--populaton'.*see --help/],
    [["--population", "x"], /config\.population is "x"; write a whole number/],
    [["--style", "wild"], /it is one of balanced/],
  ] as const) {
    const { code, stderr } = await runToEnd(process.execPath, [main, ...flags]);
    expect(code).toBe(2);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(text);
  }
});
