import { describe, expect, test } from "vitest";
import { PolicyKind } from "#generated/busbar/plan";
import { canDial } from "./dial.ts";
import { faults, plan, transports, where } from "./testing/fixtures.ts";
import { GALAXY } from "./testing/galaxy.ts";
import { head, nodeOf, pair, pub, service, sub, turnStart } from "./testing/pieces.ts";

test("the example file resolves: a process per node, children and outside services apart, other hosts by tcp", () => {
  const result = plan(GALAXY);
  expect(result.mode).toBe("distributed");
  expect(result.processes.map(({ name, node, services }) => [name, node, services])).toEqual([
    ["blackbox", "core", ["blackbox"]],
    ["combat", "core", ["combat"]],
    ["core", "core", ["cards"]],
    ["dashboard", "orchestrator", ["dashboard"]],
    ["ecs", "core", ["ecs"]],
    ["orchestrator", "orchestrator", ["turns"]],
    ["policy", "analysis", ["policy"]],
  ]);
  const edge = result.edges.find(({ source, target }) => source === "turns" && target === "blackbox")!;
  expect(edge.capacityBytes).toBe(4 * 1024 * 1024);
  expect(edge.policy).toEqual({ kind: PolicyKind.block, timeoutMs: 2000 });
  expect(edge.reason).toBe(
    "unix: same host, other process; ring was asked for, but this version has no rings between processes",
  );
  const policy = result.edges.find(({ source, target }) => source === "turns" && target === "policy")!;
  expect(policy.types.map(({ type }) => type)).toEqual(["galaxy.TurnEnd", "galaxy.TurnStart"]);
  expect(policy.reason).toBe("tcp: different hosts (10.0.2.20 and localhost)");
  expect(result.processes.find(({ name }) => name === "policy")).toMatchObject({ host: "10.0.2.20", port: 9001 });
  expect(result.warnings).toEqual([
    "blackbox and turns asked for ring and get unix: this version has no rings between processes",
    "topology.toml:46:2: [engine] is used by no edge",
  ]);
});

test("semantics/1.2: a monolith holds every ts: and native: service; the others stay processes of their own", () => {
  const result = plan(GALAXY, { overrides: { mode: "monolith" } });
  expect(result.processes.map(({ name, services }) => [name, services])).toEqual([
    ["blackbox", ["blackbox"]],
    ["combat", ["combat"]],
    ["dashboard", ["dashboard"]],
    ["ecs", ["ecs"]],
    ["monolith", ["cards", "turns"]],
    ["policy", ["policy"]],
  ]);
  expect(result.nodes).toHaveLength(1);
  expect(result.nodes[0]).toMatchObject({ name: "monolith", here: true });
  expect(transports(result)["turns -> cards"]).toBe("ring");
  expect(transports(result)["turns -> policy"]).toBe("unix");
});

test("semantics/1.3: bundled starts every node here, and needs no keys for it", () => {
  const text = GALAXY.replace('[security.tcp]\nkeys = "keys/"\n', "");
  expect(where(text)).toEqual(["transport/no-keys 17:8"]);
  const result = plan(text, { overrides: { mode: "bundled" } });
  expect(result.nodes.every((node) => node.here)).toBe(true);
  expect(new Set(Object.values(transports(result)))).toEqual(new Set(["unix"]));
  expect(result.processes.find(({ name }) => name === "policy")).toMatchObject({ host: "127.0.0.1", port: 0 });
});

test("semantics/1.3: which nodes are here follows from the node that is started", () => {
  const here = (node?: string): string[] =>
    plan(GALAXY, { overrides: { node } })
      .nodes.filter((one) => one.here)
      .map((one) => one.name);
  expect(here()).toEqual(["core", "orchestrator"]);
  expect(here("core")).toEqual(["core", "orchestrator"]);
  expect(here("analysis")).toEqual(["analysis"]);
  expect(() => plan(GALAXY, { overrides: { node: "cores" } })).toThrow(
    /topology\/unknown-node: there is no node 'cores' in topology\.toml; did you mean 'core'\? \(there are: orchestrator, core, analysis\)$/,
  );
});

test("semantics/1.4: hosts are equal as normalised text, and never resolved", () => {
  const on = (host: string): string =>
    `${head}${nodeOf(["a"])}[[nodes]]\nname = "m"\nhost = "${host}"\nport = 9001\nservices = ["b"]\n[security.tcp]\nkeys = "k"\n`;
  for (const host of ["localhost", "LOCALHOST", "127.0.0.1", "::1", "[::1]", "localhost.", " localhost "]) {
    expect(transports(plan(on(host))), host).toEqual({ "a -> b": "unix", "b -> a": "unix" });
  }
  for (const host of ["core.lan", "127.0.0.2", "127.1", "10.0.0.1"]) {
    expect(transports(plan(on(host))), host).toEqual({ "a -> b": "tcp", "b -> a": "tcp" });
  }
  const keyless = on("127.0.0.2").replace('[security.tcp]\nkeys = "k"\n', "");
  expect(transports(plan(keyless)), "loopback needs no keys").toEqual({ "a -> b": "tcp", "b -> a": "tcp" });
});

test("semantics/1.6: instances have names, source ids and edges of their own", () => {
  const text = `${head}${nodeOf(["a", "w"])}${service("a", pub(turnStart))}${service("w", `${sub(turnStart)}\ninstances = 2\nisolate = true`)}`;
  const result = plan(text);
  expect(result.services.map(({ name, process, instance, instances }) => [name, process, instance, instances])).toEqual(
    [
      ["a", "n", 0, 1],
      ["w#0", "w#0", 0, 2],
      ["w#1", "w#1", 1, 2],
    ],
  );
  expect(result.processes.map(({ name, socket }) => [name, socket])).toEqual([
    ["n", "n.sock"],
    ["w#0", "w~0.sock"],
    ["w#1", "w~1.sock"],
  ]);
  expect(Object.keys(transports(result))).toEqual(["a -> w#0", "a -> w#1", "w#0 -> a", "w#1 -> a"]);
  expect(new Set(result.services.map(({ id }) => id)).size).toBe(3);
  const narrowed = plan(
    `${text}[[edges]]\nfrom = "a"\nto = "w"\ncapacity = "2MiB"\n[[edges]]\nfrom = "a"\nto = "w#1"\ncapacity = "8MiB"\n`,
  );
  expect(narrowed.edges.slice(0, 2).map((edge) => edge.capacityBytes / 1024 / 1024)).toEqual([2, 8]);
});

test("semantics/2.1: a declared edge is what one publishes and the other subscribes to, or calls and serves", () => {
  const text = `${head}${nodeOf(["a", "b", "c"])}${service("a", `${pub('"galaxy.*"')}\ncalls = ["Cards"]`)}${service("b", sub('"*TurnEnd", "market.Trade"'))}${service("c", 'run = "native:cards"\nserves = ["cardsim.Cards"]')}`;
  const edges = plan(text).edges.map(({ source, target, types, rpcs }) => [
    `${source} -> ${target}`,
    types.map(({ type }) => type),
    rpcs,
  ]);
  expect(edges).toEqual([
    ["a -> b", ["galaxy.TurnEnd"], []],
    ["a -> c", [], ["cardsim.Cards"]],
    ["b -> a", [], []],
    ["c -> a", [], []],
  ]);
});

test("a service that declares nothing has open edges with every other one; access lists stay as they are", () => {
  const text = `${head}${nodeOf(["a", "b", "free"])}${service("a", pub(turnStart))}${service("b", sub('"market.Trade"'))}`;
  const result = plan(text);
  expect(result.edges.map(({ source, target, open, types }) => [`${source} -> ${target}`, open, types.length])).toEqual(
    [
      ["a -> free", true, 0],
      ["b -> free", true, 0],
      ["free -> a", true, 0],
      ["free -> b", true, 0],
    ],
  );
  expect(result.services.map(({ name, open, publishes }) => [name, open, publishes])).toEqual([
    ["a", false, ["galaxy.TurnStart"]],
    ["b", false, []],
    ["free", true, []],
  ]);
});

test("an empty access list is an access list: the service may do nothing of that kind", () => {
  const text = `${head}${nodeOf(["a", "b"])}${service("a", 'run = "ts:x"\npublishes = []')}${service("b", sub(turnStart))}`;
  const result = plan(text);
  expect(result.services[0].open).toBe(false);
  expect(result.edges).toEqual([]);
});

test("semantics/2.4: the last matching entry wins, key by key, and types narrow policies", () => {
  const text = `[bus]\nname = "galaxy"\ndefault_policy = { kind = "block", timeout = "9s" }\n${nodeOf(["a", "b"])}${service("a", pub('"galaxy.*"'))}${service("b", sub('"galaxy.*"'))}
[[edges]]
from = "*"
to = "*"
policy = { timeout = "3s" }
max_message = "1MiB"
[[edges]]
from = "a"
to = "*"
types = ["galaxy.Turn*"]
policy = "latest"
[[edges]]
from = "a"
to = "b"
types = ["galaxy.TurnEnd"]
policy = "error"
max_message = "2MiB"
`;
  const [edge, back] = plan(text).edges;
  expect(edge.policy).toEqual({ kind: PolicyKind.block, timeoutMs: 3000 });
  expect(edge.types.map(({ type, policy }) => [type, policy!.kind])).toEqual([
    ["galaxy.CombatEvent", PolicyKind.block],
    ["galaxy.TurnEnd", PolicyKind.error],
    ["galaxy.TurnStart", PolicyKind.latest],
  ]);
  expect([edge.messageBytesMax, back.messageBytesMax].map((bytes) => bytes / 1024 / 1024)).toEqual([2, 1]);
});

test("policies of types hold on open edges too, where only they are listed", () => {
  const text = `${head}${nodeOf(["a", "b"])}[[edges]]\nfrom = "a"\nto = "b"\ntypes = ["galaxy.Turn*"]\npolicy = "drop_oldest"\n`;
  const [edge, back] = plan(text).edges;
  expect(edge.types).toEqual([
    { type: "galaxy.TurnEnd", policy: { kind: PolicyKind.dropOldest, timeoutMs: 5000 } },
    { type: "galaxy.TurnStart", policy: { kind: PolicyKind.dropOldest, timeoutMs: 5000 } },
  ]);
  expect([edge.open, back.open, back.types.length]).toEqual([true, true, 0]);
});

test("semantics/2.5: capacity is at least twice max_message, and says so when it was written smaller", () => {
  const sized = (keys: string): [number, number, readonly string[]] => {
    const result = plan(`${pair}[[edges]]\nfrom = "a"\nto = "b"\n${keys}\n`);
    return [result.edges[0].capacityBytes, result.edges[0].messageBytesMax, result.warnings];
  };
  const MIB = 1024 * 1024;
  expect(sized("")).toEqual([MIB, MIB / 4, []]);
  expect(sized('max_message = "16MiB"')).toEqual([32 * MIB, 16 * MIB, []]);
  expect(sized('capacity = "64KiB"\nmax_message = "32KiB"')).toEqual([MIB / 16, MIB / 32, []]);
  expect(sized('capacity = "64KiB"')).toEqual([
    MIB / 2,
    MIB / 4,
    ["a -> b: capacity is raised from 64KiB to 512KiB, twice its max_message"],
  ]);
});

test("semantics/2.2: a link has one transport; asking for different ones by direction is refused", () => {
  const apart = `${head}${nodeOf(["a"])}${nodeOf(["b"], "m")}`;
  const edge = (from: string, to: string, transport: string): string =>
    `[[edges]]\nfrom = "${from}"\nto = "${to}"\ntransport = "${transport}"\n`;
  const used = (text: string): string[] => Object.values(transports(plan(apart + text)));
  expect(used(edge("a", "b", "tcp"))).toEqual(["tcp", "tcp"]);
  expect(used(edge("b", "a", "tcp"))).toEqual(["tcp", "tcp"]);
  expect(used(edge("*", "*", "unix") + edge("a", "b", "tcp")), "the later, narrower entry").toEqual(["tcp", "tcp"]);
  expect(used(edge("a", "b", "tcp") + edge("*", "*", "unix"))).toEqual(["unix", "unix"]);
  expect(used(edge("a", "b", "tcp") + edge("b", "a", "auto"))).toEqual(["tcp", "tcp"]);
  expect(used(edge("a", "b", "tcp") + edge("a", "b", "auto"))).toEqual(["unix", "unix"]);
  const clash = apart + edge("a", "b", "tcp") + edge("b", "a", "unix");
  expect(where(clash)).toEqual(["topology/contradiction 16:13"]);
  expect(faults(clash)[0].message).toMatch(/one link for both directions.*topology\.toml:12:1 asks for "tcp"/);
});

test("a transport that cannot carry an edge is refused at its place, with the reason", () => {
  const apart = `${head}${nodeOf(["a"])}${nodeOf(["b"], "m")}[[edges]]\nfrom = "a"\nto = "b"\n`;
  expect(faults(`${apart}transport = "local"\n`)[0].message).toBe(
    'topology/contradiction: topology.toml:12:13: transport "local" cannot carry a and b: they are in different processes (a, b); remove transport, or put both on one node',
  );
  const far = apart
    .replace('name = "m"\n', 'name = "m"\nhost = "10.0.0.9"\nport = 9001\n')
    .concat('transport = "unix"\n[security.tcp]\nkeys = "k"\n');
  expect(faults(far)[0].message).toMatch(
    /14:13: transport "unix" cannot carry a and b: they are on different hosts \(localhost and 10\.0\.0\.9\); remove transport, or use "tcp"/,
  );
});

test("services that no dialer can reach are refused", () => {
  const text = `${head}[[nodes]]
name = "n"
host = "10.0.0.1"
port = 9001
services = ["a", "x", "y"]
[[nodes]]
name = "m"
host = "10.0.0.2"
port = 9001
services = ["b", "z", "v"]
[services.x]
run = "exec:x"
publishes = ["galaxy.TurnStart"]
[services.z]
run = "exec:x"
subscribes = ["galaxy.TurnStart"]
${["a", "y", "b", "v"].map((name) => service(name, 'run = "ts:x"\npublishes = []')).join("")}[security.tcp]
keys = "k"
`;
  expect(where(text)).toEqual(["topology/contradiction 12:18"]);
  expect(faults(text)[0].message).toMatch(/x and z are on different hosts.*neither has an address/);
});

test("sites that differ need an engine that this version does not have", () => {
  const text = `${head}${nodeOf(["a"])}${nodeOf(["b"], "m")}[[sites]]\nname = "east"\nnodes = ["n"]\n`;
  expect(where(text)).toEqual(["topology/unsupported 8:13"]);
  expect(faults(text)[0].message).toMatch(/different \[\[sites\]\] \(a: east and b: none\), which only transport nats/);
  expect(Object.keys(transports(plan(text, { overrides: { mode: "bundled" } })))).toHaveLength(2);
  expect(() => plan(pair, { overrides: { transport: "nats" } })).toThrow(/topology\/unsupported.*--transport nats/);
});

describe("a thread of its own", () => {
  const own = 'run = "ts:x"\nthread = "own"';
  const mixed = `${head}${nodeOf(["a", "b", "c"])}${service("a", own)}${service("b", own)}${service("c", 'run = "ts:x"')}`;

  test("is a process of the plan that lives in its node's", () => {
    const { processes, services, nodes } = plan(mixed);
    expect(processes.map(({ name, services, threadOf, socket }) => [name, services, threadOf, socket])).toEqual([
      ["a@n", ["a"], "n", "a@n.sock"],
      ["b@n", ["b"], "n", "b@n.sock"],
      ["n", ["c"], null, "n.sock"],
    ]);
    expect(services.map(({ name, process, ownThread }) => [name, process, ownThread])).toEqual([
      ["a", "a@n", true],
      ["b", "b@n", true],
      ["c", "n", false],
    ]);
    expect(nodes[0].processes).toEqual(["a@n", "b@n", "n"]);
  });

  test("has rings in private memory to the services of its process; without the addon, unix", () => {
    const reasons = (capabilities: object): unknown => {
      const { edges } = plan(mixed, { capabilities });
      return Object.fromEntries(edges.map((edge) => [`${edge.source} ${edge.target}`, edge.reason]));
    };
    expect(reasons({})).toMatchObject({
      "a b": "ring: same process, each on its own worker thread",
      "a c": "ring: same process, a on its own worker thread",
      "c b": "ring: same process, b on its own worker thread",
    });
    expect(reasons({ ringBetweenThreads: false, ringMissing: "no addon" })).toMatchObject({
      "a b": "unix: same process, each on its own worker thread; no addon",
      "c b": "unix: same process, b on its own worker thread; no addon",
    });
  });

  test("has a process around it also when nobody shares it, and then its node's port", () => {
    const { processes } = plan(`${head}${nodeOf(["a"])}${service("a", own)}`);
    expect(processes.map(({ name, services, threadOf }) => [name, services, threadOf])).toEqual([
      ["a@n", ["a"], "n"],
      ["n", [], null],
    ]);
    const far = `${head}[[nodes]]\nname = "n"\nhost = "10.0.0.9"\nport = 900\nservices = ["a"]\n${service("a", own)}[security.tcp]\nkeys = "k"\n`;
    expect(plan(far).processes.map(({ name, port }) => [name, port])).toEqual([
      ["a@n", 900],
      ["n", 0],
    ]);
  });

  test("comes along into the monolith, once per instance", () => {
    const text = `${head}${nodeOf(["a"])}${service("a", `${own}\ninstances = 2`)}`;
    const { processes } = plan(text, { overrides: { mode: "monolith" } });
    expect(processes.map(({ name, threadOf, socket }) => [name, threadOf, socket])).toEqual([
      ["a#0@monolith", "monolith", "a~0@monolith.sock"],
      ["a#1@monolith", "monolith", "a~1@monolith.sock"],
      ["monolith", null, "monolith.sock"],
    ]);
  });
});

test("a file without nodes has one node here, called main", () => {
  const result = plan(`${head}${service("a", pub(turnStart))}${service("b", sub(turnStart))}`);
  expect(result.nodes).toEqual([
    { name: "main", host: "localhost", port: 0, here: true, processes: ["main"], services: ["a", "b"] },
  ]);
  expect(transports(result)).toEqual({ "a -> b": "local", "b -> a": "local" });
});

test("every edge gives its reason in words", () => {
  const kinds = ["ts:x", "ts:x", "native:x", "native:y"];
  const text = `${head}${nodeOf(["a", "b", "c", "d"])}${kinds.map((run, i) => service("abcd"[i], `run = "${run}"`)).join("")}`;
  const reasons = Object.fromEntries(plan(text).edges.map((edge) => [`${edge.source}${edge.target}`, edge.reason]));
  expect(reasons.ab).toBe("local: same process and thread, by reference");
  expect(reasons.ac).toBe("ring: same process, native plugin c on its own thread");
  expect(reasons.cd).toBe("ring: same process, two native plugins, each on its own thread");
  const tcp = plan(text, { overrides: { transport: "tcp" } }).edges[0].reason;
  expect(tcp).toBe(
    "local: same process and thread, by reference; --transport tcp is for services in different processes",
  );
});

test("the port of a node belongs to its process, or to its only child", () => {
  const inbox = (services: string, sections: string): string[] =>
    plan(`${head}[[nodes]]\nname = "n"\nport = 9001\nservices = [${services}]\n${sections}`).processes.map(
      ({ name, host, port }) => `${name} ${host}:${port}`,
    );
  expect(inbox('"a", "b"', service("a", 'run = "ts:x"'))).toEqual(["b 127.0.0.1:0", "n 127.0.0.1:9001"]);
  expect(inbox('"b"', "")).toEqual(["b 127.0.0.1:9001"]);
  expect(inbox('"b", "c"', "")).toEqual(["b 127.0.0.1:0", "c 127.0.0.1:0"]);
});

test("semantics/2.2: between hosts only a process that has its node's port can be dialed", () => {
  const result = plan(GALAXY);
  expect([canDial(result, "orchestrator", "policy"), canDial(result, "policy", "orchestrator")]).toEqual([true, false]);
  expect([canDial(result, "core", "orchestrator"), canDial(result, "orchestrator", "core")]).toEqual([true, true]);
  expect(canDial(result, "core", "nowhere")).toBe(false);
  const bundled = plan(GALAXY, { overrides: { mode: "bundled", transport: "tcp" } });
  expect([canDial(bundled, "orchestrator", "policy"), canDial(bundled, "policy", "orchestrator")]).toEqual([
    true,
    true,
  ]);
  expect(bundled.nodes.map(({ host, port }) => `${host}:${port}`)).toEqual([
    "localhost:0",
    "localhost:0",
    "localhost:0",
  ]);
});
