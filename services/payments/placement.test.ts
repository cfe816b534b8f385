// Method: one run, one sweep and one checkpoint in every placement and over every transport and with several numbers of threads; all hashes are golden.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Client, MessageBus } from "#bus";
import { Payments } from "#generated/payments";
import { loadConfig } from "./config/load.ts";
import { busyConfig } from "./testing/busy.ts";

/** Changes only when the rules do; then on purpose. */
const GOLDEN = "a79c66b6535a1018e8edf73a12c141e468ad977a6eb3544b3ff3bc177155753a";

const ROOT = join(import.meta.dirname, "..", "..");
const CLI = join(ROOT, "dist", "bus", "cli", "main.js");
const CONFIG = loadConfig(busyConfig()).canonical;
/** Tick after which a run moves to another placement. */
const MOVES_AT = 17;

/** In this process; in one that `busbar up` starts, over shared memory, Unix sockets or TCP. */
const PLACEMENTS = ["local", "ring", "unix", "tcp"] as const;
type Placement = (typeof PLACEMENTS)[number];
type Core = Client<typeof Payments>;

const topologyOf = (placement: Placement, threads: number): string => `[bus]
name = "payments-placement"
schema = ${JSON.stringify(join(ROOT, "schema"))}
log = "error"

[[nodes]]
name = "main"
services = ["caller", "payments"]

[services.caller]
${placement === "local" ? 'run = "ts:caller.ts"\n' : ""}calls = ["Payments"]

[services.payments]
run = "native:payments"
serves = ["Payments"]
threads = ${threads}
isolate = ${placement !== "local"}

[[edges]]
from = "*"
to = "*"
max_message = "16MiB"
${placement === "unix" || placement === "tcp" ? `transport = "${placement}"\n` : ""}`;

async function within<T>(placement: Placement, threads: number, work: (core: Core) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "busbar-placement-"));
  const topology = join(folder, "topology.toml");
  writeFileSync(topology, topologyOf(placement, threads));
  let up: ChildProcess | undefined;
  try {
    if (placement !== "local") {
      up = spawn(process.execPath, [CLI, "up", "--topology", topology], { stdio: ["ignore", "ignore", "inherit"] });
      await once(up, "spawn");
    }
    await using bus = await MessageBus.fromTopology(topology, { service: "caller", signals: false });
    return await work(bus.client(Payments, "payments"));
  } finally {
    if (up !== undefined && up.exitCode === null && up.kill("SIGTERM")) await once(up, "exit");
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Hash of the run as one stream, and of the same seed in a sweep beside others. */
const hashesOf = async (core: Core): Promise<string[]> => {
  const { simId } = await core.new({ config: CONFIG });
  const hashes: string[] = [];
  for await (const { done, runHash } of core.runToEnd({ simId, progressTicks: 9 })) if (done) hashes.push(runHash!);
  const seed = BigUint64Array.from({ length: 40 }, (_, i) => BigInt(i));
  const swept: string[] = [];
  for await (const { results } of core.sweep({ configs: [CONFIG], config: new Uint32Array(40), seed }))
    swept.push(...results.map(({ runHash }) => runHash!));
  // busyConfig's own seed is 7.
  return [...hashes, swept[7], new Set(swept).size === 40 ? "40 different" : "equal ones"];
};

for (const placement of PLACEMENTS) {
  test(`${placement}: a run and a sweep give the golden hash with 1, 2, 3 and 8 threads`, {
    timeout: 120_000,
  }, async () => {
    for (const threads of [1, 2, 3, 8])
      expect([threads, ...(await within(placement, threads, hashesOf))]).toEqual([
        threads,
        GOLDEN,
        GOLDEN,
        "40 different",
      ]);
  });
}

test("a run that moves between processes ends on the golden hash", { timeout: 60_000 }, async () => {
  const bytes = await within("local", 1, async (core) => {
    const { simId } = await core.new({ config: CONFIG });
    await core.tick({ simId, count: MOVES_AT });
    return (await core.snapshot({ simId, events: false })).bytes;
  });
  const hash = await within("tcp", 2, async (core) => {
    const { simId, tick } = await core.restore({ bytes });
    expect(tick).toBe(MOVES_AT);
    return (await core.tick({ simId, count: 1000 })).runHash;
  });
  expect(hash).toBe(GOLDEN);
});
