// Method: run the main job as users do, in each placement, and compare the last lines of standard output.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runOk } from "../support/processes.ts";
import { root } from "../tidy/tree.ts";

const cli = join(root, "dist", "bus", "cli", "main.js");
const runOf = async (topology: string, ...args: string[]): Promise<{ hash: string; games: number }> => {
  const { stdout } = await runOk(process.execPath, [cli, "up", "--once", "--topology", topology, ...args]);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { hash: string; games: number };
};
const once = (...args: string[]): ReturnType<typeof runOf> => runOf(join(root, "topology.toml"), ...args);

/** The same file with every ts: service on a thread of its own, beside the plugin's. */
const threaded = (): string => {
  const folder = join(root, ".build", "main-job");
  mkdirSync(folder, { recursive: true });
  const text = readFileSync(join(root, "topology.toml"), "utf8")
    .replace('schema = "schema"', 'schema = "../../schema"')
    .replaceAll('run = "ts:', 'thread = "own"\nrun = "ts:../../');
  const path = join(folder, "topology.toml");
  writeFileSync(path, text);
  return path;
};

test("semantics/8.1 one process, threads, processes over unix and processes over tcp end with the same hash", {
  timeout: 300_000,
}, async () => {
  const bundled = await once();
  expect(bundled.hash).toMatch(/^[0-9a-f]{64}$/);
  expect(bundled.games).toBeGreaterThan(1000);
  for (const args of [
    ["--mode", "monolith"],
    ["--transport", "unix"],
    ["--transport", "tcp"],
  ]) {
    expect({ args, hash: (await once(...args)).hash }).toEqual({ args, hash: bundled.hash });
  }
  const threads = threaded();
  expect((await runOf(threads, "--mode", "monolith")).hash).toBe(bundled.hash);
  rmSync(threads);
});
