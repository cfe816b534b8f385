/** Runs every suite with tiny counts: what is printed is what the contract says. Numbers are not judged. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Row } from "./row.ts";

const MAIN = join(import.meta.dirname, "..", "..", "dist", "test", "bench", "main.js");
const LIMIT_MS = 420_000;
const folder = mkdtempSync(join(tmpdir(), "busbar-bench-test-"));
const running = new Set<ChildProcessWithoutNullStreams>();

beforeAll(() => {
  expect(existsSync(MAIN), "the benches run compiled: npm run build").toBe(true);
});
afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const start = (args: string[]): { child: ChildProcessWithoutNullStreams; ended: Promise<Ended> } => {
  // A process group of its own, so that whatever it leaves behind can be found.
  const child = spawn(process.execPath, [MAIN, ...args], { detached: true, env: { ...process.env, TMPDIR: folder } });
  running.add(child);
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code) => {
      running.delete(child);
      resolve({ code, out, err });
    });
  });
  return { child, ended };
};

/** Processes of a group that still run. */
const living = (group: number): string[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const [state, , pgrp] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
        return Number(pgrp) === group && state !== "Z";
      } catch {
        return false;
      }
    });

const FIELDS = new Set(
  "suite measure value unit min max rounds peer peer_value ratio transport pair size note".split(" "),
);
const UNITS = ["ns", "1/s", "B", "share"];

const checkRow = (row: Row): void => {
  const text = JSON.stringify(row);
  for (const key of Object.keys(row)) expect(FIELDS.has(key), `${key} in ${text}`).toBe(true);
  for (const key of ["value", "min", "max", "rounds"] as const) expect(Number.isFinite(row[key]), text).toBe(true);
  expect(UNITS, text).toContain(row.unit);
  expect(row.rounds, text).toBeGreaterThanOrEqual(1);
  expect(row.min, text).toBeLessThanOrEqual(row.value);
  expect(row.value, text).toBeLessThanOrEqual(row.max);
  if (row.peer === undefined) expect(row, text).not.toHaveProperty("peer_value");
  else if (row.peer_value === null) {
    expect(row.note, text).toMatch(/\w/);
    expect(row, text).not.toHaveProperty("ratio");
  } else if (row.value === 0 || row.peer_value === 0) expect(row, text).not.toHaveProperty("ratio");
  else expect(row.ratio, text).toBeGreaterThan(0);
};

const PROGRAMS = join(import.meta.dirname, "..", "..", ".build", "native", "release", "services");
/** Programs of the whole native build, which a tree may lack. */
const HAS_RECORDER = ["blackbox_bench", "blackbox_fill"].every((name) => existsSync(join(PROGRAMS, "blackbox", name)));

const SOCKET_MEASURES = ["oneway64", "oneway1k", "oneway64k", "rtt64", "rtt64_asleep"];
const CASES: Record<string, { measures: string[]; peers: string[] }> = {
  local: { measures: ["publish", "publish_await", "publish_fanout10"], peers: ["message-port", "plain-js"] },
  unix: {
    measures: [...SOCKET_MEASURES, "stopped_subscriber_memory", "rss_10m"],
    peers: ["zeromq-ipc", "net-unix", "net-unix-coalesced", "message-port", "nats"],
  },
  tcp: { measures: [...SOCKET_MEASURES, "curve"], peers: ["zeromq-tcp", "net-tcp-coalesced", "plain tcp"] },
  transports: {
    measures: [
      ...["rtt64_awake", "rtt64_asleep", "oneway64", "oneway64_await", "oneway1k", "oneway64k", "oneway1m"],
      ...["request_awake", "accounting_cost", "idle_cpu", "idle_rss"],
    ],
    peers: [
      ...["zeromq-ipc", "net-unix", "net-unix-coalesced", "net-unix-coalesced-msgpackr", "nats"],
      ...["ring-ts", "cpp-ring", "without"],
    ],
  },
  cards: {
    measures: [
      "war_random",
      "crazy_random",
      "trick_random",
      "mcts1000",
      "war_apart",
      "bus_overhead",
      "bus_overhead_apart",
      "threads2",
      "threads2_apart",
      "processes2",
    ],
    peers: ["cpp-war", "plain-js", "cpp", "playouts", "one thread", "one process"],
  },
  codec: {
    measures: ["encode11", "decode11", "view1", "verify480", "verify480_foreign"],
    peers: ["flatbuffers", "msgpackr", "json"],
  },
  payments: {
    measures: ["settle_fifo", "day200x100", "lsm10k", "run2x12", "run5x20", "submit", "query", "threads2"],
    peers: ["plain-js", "one thread"],
  },
  combat: {
    measures: ["battle100", "vacuum", "drag", "build100k", "radius100k", "path_grid", "threads2"],
    peers: ["plain-js", "kdbush", "flatbush", "astar", "one thread"],
  },
  ecs: {
    measures: [
      "create",
      "iterate2",
      "add_remove",
      "query1m",
      "query1000",
      "query1000_bus",
      "snapshot1m",
      "memory_ratio",
      "sqlite_save",
      "sqlite_load",
      "arrow_export",
      "parquet_export",
    ],
    peers: [
      ...["columns", "bitecs", "sqlite", "duckdb", "indexed", "cached"],
      ...["better-sqlite3", "apache-arrow", "hyparquet-writer", "service"],
    ],
  },
  blackbox: {
    measures: [
      "write_ts200",
      ...(HAS_RECORDER ? ["record", "write_native200", "record_disk", "producer", "query_turn10m", "recover"] : []),
    ],
    peers: [
      "mcap-core",
      ...(HAS_RECORDER ? ["write", "zstd", "journal", "fsync turn", "kept open", "read", "copy"] : []),
    ],
  },
  telemetry: {
    measures: [
      ...["publish", "publish_all", "publish_crc", "read", "read_p50", "read_p99", "read_p50_busy", "read_p99_busy"],
      ...["updates_busy", "torn", "read_ts", "read_ts_p99", "publish_ts"],
    ],
    peers: ["mutex", "memcpy", "raised once", "json-socket"],
  },
};

/** Suites whose own contestants are programs of the whole native build, which a tree may lack. */
const NEEDED: Record<string, string[]> = {
  ecs: [join(PROGRAMS, "ecs", "ecs_bench")],
  telemetry: [
    join(PROGRAMS, "telemetry", "telemetry_read_bench"),
    join(PROGRAMS, "..", "native", "core", "telemetry_bench"),
  ],
};

for (const [suite, { measures, peers }] of Object.entries(CASES)) {
  const lacking = (NEEDED[suite] ?? []).filter((program) => !existsSync(program)).map((program) => basename(program));
  const missing = lacking.length > 0 ? ` (skipped: ${lacking.join(", ")} not built, npm run build:native)` : "";
  test.skipIf(missing !== "")(
    `the suite ${suite} prints one row of the contract per line, and nothing else${missing}`,
    {
      timeout: LIMIT_MS,
    },
    async () => {
      const { child, ended } = start([suite, "--smoke", "--json"]);
      const { code, out, err } = await ended;
      expect(code, err).toBe(0);
      expect(inMemory(child.pid as number)).toEqual([]);
      const rows = out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Row);
      for (const row of rows) {
        expect(row.suite).toBe(suite);
        checkRow(row);
      }
      const keys = rows.map((row) => [row.measure, row.peer, row.transport, row.pair, row.size].join("|"));
      expect(new Set(keys).size, keys.join("\n")).toBe(keys.length);
      expect([...new Set(rows.map((row) => row.measure))]).toEqual(expect.arrayContaining(measures));
      expect([...new Set(rows.map((row) => row.peer))]).toEqual(expect.arrayContaining(peers));
      // A machine may lack NATS, the native build and the spatial indexes: every other peer comes with the packages.
      const optional = ["kdbush", "flatbush", "nats", "cpp-ring", "cpp-war", "cpp"];
      expect(rows.filter((row) => row.peer_value === null && !optional.includes(row.peer as string))).toEqual([]);
    },
  );
}

test("an unknown suite is one clear line and exit code 2", async () => {
  const { code, out, err } = await start(["transport"]).ended;
  expect({ code, out }).toEqual({ code: 2, out: "" });
  const suites = Object.keys(CASES);
  for (const name of suites) expect(err).toContain(name);
  expect(err.trimEnd()).toMatch(/^bench: unknown suite 'transport'; suites: [a-z, ]+$/);
});

test("help lists the suites", async () => {
  const { code, out } = await start(["--help"]).ended;
  expect(code).toBe(0);
  for (const suite of Object.keys(CASES)) expect(out).toMatch(new RegExp(`^ {2}${suite} `, "m"));
});

test.each(["unix", "blackbox"])(
  "Ctrl-C ends every process of the suite %s and leaves no file",
  { timeout: LIMIT_MS },
  async (suite) => {
    const { child, ended } = start([suite, "--smoke", "--json"]);
    const group = child.pid as number;
    await new Promise<void>((resolve) => child.stderr.once("data", () => setTimeout(resolve, 300)));
    expect(living(group).length).toBeGreaterThan(1);
    process.kill(-group, "SIGINT");
    expect((await ended).code).toBe(130);
    const end = performance.now() + 10_000;
    while (living(group).length > 0) {
      expect(performance.now(), `still there: ${living(group)}`).toBeLessThan(end);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(readdirSync(folder)).toEqual([]);
    expect(inMemory(group)).toEqual([]);
  },
);

/** What a run keeps in memory, by its name. */
function inMemory(pid: number): string[] {
  return existsSync("/dev/shm")
    ? readdirSync("/dev/shm").filter((name) => name.startsWith(`busbar-bench-${pid}-`))
    : [];
}
