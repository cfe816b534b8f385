// Method: run the main jobs as users do, in each placement, and compare the last lines of standard output.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runOk } from "../support/processes.ts";
import { root } from "../tidy/tree.ts";

const cli = join(root, "dist", "bus", "cli", "main.js");
const scratch = join(root, ".build", "main-job");
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Result {
  readonly hash: string;
  readonly [key: string]: unknown;
}

const once = async (topology: string, ...args: string[]): Promise<Result> => {
  const { stdout } = await runOk(process.execPath, [cli, "up", "--once", "--topology", topology, ...args]);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Result;
};

/** A copy of a topology in a folder of its own, changed by `edit`; its paths lead to where they led. */
function copyOf(name: string, folder: string, edit: (text: string) => string): string {
  const here = join(scratch, name);
  mkdirSync(here, { recursive: true });
  const back = relative(here, join(root, folder));
  const text = readFileSync(join(root, folder, "topology.toml"), "utf8")
    .replace(/schema = "([^"]*)"/, (_, path: string) => `schema = "${relative(here, join(root, folder, path))}"`)
    .replaceAll('run = "ts:', `run = "ts:${back}/`);
  const path = join(here, "topology.toml");
  writeFileSync(path, edit(text));
  return path;
}
/** Every ts: service on a thread of its own, beside the plugins'. */
const threaded = (text: string): string => text.replaceAll('run = "ts:', 'thread = "own"\nrun = "ts:');

const PLACEMENTS = [
  ["--mode", "monolith"],
  ["--transport", "unix"],
  ["--transport", "tcp"],
];

const JOBS = [
  {
    name: "the galaxy",
    folder: ".",
    // Fewer turns, without the pauses that let people watch.
    edit: (text: string): string => text.replace(/turns = \d+, pace_ms = \d+/, "turns = 25, pace_ms = 0"),
    count: "events",
  },
  {
    name: "the tournament",
    folder: "examples/tournament",
    edit: (text: string): string => text.replace(/games = \d+, greedy_games = \d+/, "games = 2000, greedy_games = 30"),
    count: "games",
  },
];

test.each(JOBS)(
  "semantics/8.1 $name: one process, threads, processes over unix and over tcp end with the same hash",
  {
    timeout: 300_000,
  },
  async ({ folder, edit, count }) => {
    const name = folder.replaceAll(/\W/g, "");
    const topology = copyOf(`plain-${name}`, folder, edit);
    const bundled = await once(topology);
    expect(bundled.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(bundled[count]).toBeGreaterThan(500);
    for (const args of PLACEMENTS)
      expect({ args, hash: (await once(topology, ...args)).hash }).toEqual({ args, hash: bundled.hash });
    const threads = copyOf(`threads-${name}`, folder, (text) => threaded(edit(text)));
    expect((await once(threads, "--mode", "monolith")).hash).toBe(bundled.hash);
  },
);
