// Method: run the main job, made small, in a runtime that is told to refuse buffers over foreign memory, as Electron does.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runOk } from "../support/processes.ts";
import { root } from "../tidy/tree.ts";

const cli = join(root, "dist", "bus", "cli", "main.js");
const folder = join(root, ".build", "no-external-buffers");
const topology = join(folder, "topology.toml");
const REFUSED = { BUSBAR_EXTERNAL_BUFFERS: "refused" };

mkdirSync(folder, { recursive: true });
writeFileSync(
  topology,
  readFileSync(join(root, "examples", "tournament", "topology.toml"), "utf8")
    .replace(/schema = "[^"]*"/, `schema = "../../schema"`)
    .replace(/games = \d+, greedy_games = \d+/, "games = 200, greedy_games = 10")
    .replaceAll('run = "ts:', 'run = "ts:../../examples/tournament/'),
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hashOf = async (mode: string, env: Record<string, string>): Promise<string> => {
  const { stdout } = await runOk(process.execPath, [cli, "up", "--once", "--mode", mode, "--topology", topology], {
    env,
  });
  return (JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { hash: string }).hash;
};

test("where the runtime refuses foreign memory, plugins run all the same and give the same results", {
  timeout: 120_000,
}, async () => {
  const expected = await hashOf("monolith", {});
  expect(expected).toMatch(/^[0-9a-f]{64}$/);
  expect(await hashOf("monolith", REFUSED)).toBe(expected);
  expect(await hashOf("bundled", REFUSED)).toBe(expected);
});

test("explain and doctor say that such a runtime refuses foreign memory, and what is taken instead", async () => {
  const explained = await runOk(process.execPath, [cli, "explain", "--topology", topology], { env: REFUSED });
  expect(explained.stdout).toMatch(/unix/);
  expect(explained.stdout).toMatch(/this runtime allows no external buffers/);
  const doctor = await runOk(process.execPath, [cli, "doctor"], { env: REFUSED, cwd: root });
  expect(doctor.stdout).toMatch(/this runtime allows no external buffers/);
});
