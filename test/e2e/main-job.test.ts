// Method: run the main job as users do, in each placement, and compare the last lines of standard output.
import { join } from "node:path";
import { expect, test } from "vitest";
import { runOk } from "../support/processes.ts";
import { root } from "../tidy/tree.ts";

const cli = join(root, "dist", "bus", "cli", "main.js");
const once = async (...args: string[]): Promise<{ hash: string; games: number }> => {
  const { stdout } = await runOk(process.execPath, [
    cli,
    "up",
    "--once",
    "--topology",
    join(root, "topology.toml"),
    ...args,
  ]);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { hash: string; games: number };
};

test("semantics/8.1 one process, processes over unix and processes over tcp end with the same hash", {
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
});
