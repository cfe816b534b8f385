import { expect, test } from "vitest";
import { type Plan, Plan as PlanType, RunKind } from "#generated/busbar/plan";
import { Memory } from "#wire";
import { canonicalJson } from "./canonical.ts";
import { faults, GALAXY_BUS, LOCK, lockWith, plan } from "./testing/fixtures.ts";
import { GALAXY } from "./testing/galaxy.ts";

const base = plan(GALAXY);

test("semantics/1.9: every way to run one file has one hash, so that hosts can compare it", () => {
  expect(base.hash).toMatch(/^[0-9a-f]{64}$/);
  for (const overrides of [
    { mode: "bundled" },
    { mode: "monolith" },
    { mode: "distributed" },
    { node: "analysis" },
    { transport: "tcp" },
  ] as const) {
    expect(plan(GALAXY, { overrides }).hash, JSON.stringify(overrides)).toBe(base.hash);
  }
  expect(plan(GALAXY, { capabilities: { ringBetweenProcesses: true } }).hash).toBe(base.hash);
});

test("comments, blanks, folders and the log level do not change the hash", () => {
  expect(plan(GALAXY.replaceAll("=", "  =  ").replace("[bus]", "# a comment\n[bus]\nlog = 'debug'")).hash).toBe(
    base.hash,
  );
  expect(plan(GALAXY.replace('keys = "keys/"', 'keys = "/etc/keys"')).hash).toBe(base.hash);
  expect(plan(GALAXY.replace('runtime_dir = "auto"', 'runtime_dir = "/run/x"')).hash).toBe(base.hash);
});

test("what changes the meaning of the file changes the hash", () => {
  const changes: [string, string][] = [
    ['name = "galaxy"', 'name = "galaxy2"'],
    ["port = 9001", "port = 9002"],
    ['host = "10.0.2.20"', 'host = "10.0.2.21"'],
    ['subscribes = ["galaxy.*"]', 'subscribes = ["galaxy.TurnEnd"]'],
    ['timeout = "2s"', 'timeout = "3s"'],
    ['capacity = "4MiB"', 'capacity = "8MiB"'],
    ['transport = "ring"', 'transport = "unix"'],
    ["threads = 2", "threads = 3"],
    ['run = "native:cards"', 'run = "native:cards2"'],
    ['serves = ["Cards"]', 'serves = ["Cards", "Combat"]'],
    ['name = "analysis"', 'name = "analytics"'],
  ];
  const hashes = changes.map(([from, to]) => {
    const text = GALAXY.replace(from, to);
    expect(text, from).not.toBe(GALAXY);
    return plan(text).hash;
  });
  expect(new Set([base.hash, ...hashes]).size).toBe(changes.length + 1);
  const lock = {
    ...LOCK,
    types: { ...LOCK.types, "market.Trade": { id: 1, fingerprint: "f".repeat(16), lineage: [] } },
  };
  // Versions of types are judged in the handshake, by lineage.
  expect(plan(GALAXY, { lock }).hash).toBe(base.hash);
});

test("the plan says where everything is, relative to the topology", () => {
  expect(base).toMatchObject({
    bus: "galaxy",
    mode: "distributed",
    topology: "/home/user/game/topology.toml",
    schema: "/home/user/game/schema",
    keys: "/home/user/game/keys",
    runtimeDir: "/run/user/1000/busbar/galaxy-00000000",
    log: "info",
  });
  expect(base.types.map(({ name }) => name)).toEqual([
    "galaxy.CombatEvent",
    "galaxy.TurnEnd",
    "galaxy.TurnStart",
    "market.Trade",
  ]);
  expect(base.methods.map(({ service, name, id }) => [service, name, id])).toEqual(
    Object.entries(LOCK.methods).map(([path, { id }]) => [...path.split("/"), id]),
  );
});

test("a service of the plan carries its keys with their defaults", () => {
  const text = `${GALAXY_BUS}[[nodes]]
name = "n"
services = ["a", "b"]
[services.a]
run = "exec:node"
args = ["a.js", ""]
env = { LEVEL = "3", A = "1" }
cwd = "work"
config = { z = 1, a = [{ y = 2.5, x = "t" }], when = 2020-01-02T03:04:05Z }
restart = "always"
wait = "spin"
concurrency = 3
ready_timeout = "1m"
stop_timeout = "250ms"
`;
  const [a, b] = plan(text).services;
  expect(a).toMatchObject({
    kind: RunKind.exec,
    target: "node",
    args: ["a.js", ""],
    env: [
      { name: "A", value: "1" },
      { name: "LEVEL", value: "3" },
    ],
    cwd: "work",
    config: '{"a":[{"x":"t","y":2.5}],"when":"2020-01-02T03:04:05.000Z","z":1}',
    restart: { policy: 2, max: 5, windowMs: 60_000, backoffMinMs: 200, backoffMaxMs: 10_000 },
    wait: 1,
    concurrency: 3,
    readyTimeoutMs: 60_000,
    stopTimeoutMs: 250,
  });
  expect(b).toMatchObject({
    kind: RunKind.external,
    target: null,
    config: "{}",
    open: true,
    threads: 1,
    concurrency: 64,
    wait: 0,
    readyTimeoutMs: 30_000,
    stopTimeoutMs: 5000,
  });
});

test("a runtime folder too long for the sockets of this computer is refused early", () => {
  const name = "a".repeat(48);
  const services = `${GALAXY_BUS}[[nodes]]\nname = "${name}"\nservices = ["x"]\n[services.x]\nrun = "ts:x"\n`;
  expect(() => plan(services.replace("galaxy", "g"))).not.toThrow();
  expect(() => plan(services, { overrides: {} })).not.toThrow();
  const long = faults(services, { runtimeDir: `/run/${"d".repeat(60)}` });
  expect(long[0].code).toBe("transport/path-too-long");
});

test("a plan survives its encoding, so that processes that only read it see the same", () => {
  const memory = Memory.allocate(1 << 16);
  const end = PlanType.encode(memory, 0, 1 << 16, base);
  expect(PlanType.verify(memory, 0, end)).toBe(true);
  expect(PlanType.decode(memory, 0)).toEqual(base);
});

test("a schema without types makes a plan too", () => {
  const result: Plan = plan(`${GALAXY_BUS}[[nodes]]\nname = "n"\nservices = ["x", "y"]\n`, { lock: lockWith([], []) });
  expect([result.types, result.methods, result.edges.length]).toEqual([[], [], 2]);
});

test("canonical JSON sorts keys at every depth and keeps the order of lists", () => {
  expect(canonicalJson({ b: [3, { d: 1, c: null }], a: undefined, "": "ü" })).toBe('{"":"ü","b":[3,{"c":null,"d":1}]}');
  expect(canonicalJson({ a: 10n ** 20n })).toBe('{"a":100000000000000000000}');
});
