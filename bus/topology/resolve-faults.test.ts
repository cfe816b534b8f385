// Method: small topologies with one contradiction each; the refusal or the warning names it and its place.
import { expect, test } from "vitest";
import { BusError } from "#wire";
import { faults, lockWith, plan, where } from "./testing/fixtures.ts";
import { head, nodeOf, pair, pub, service, turnStart } from "./testing/pieces.ts";

test("unknown types and rpc services are refused with their place and the nearest name", () => {
  const text = `${head}${nodeOf(["a", "b"])}${service("a", 'run = "ts:x"\npublishes = ["galaxy.TurnStart", "galaxy.TurnSart"]\ncalls = ["Card"]')}${service("b", 'run = "ts:x"\nsubscribes = ["galxy.*"]\nserves = ["Cards"]\nhistory = { "galaxy.None" = 3 }')}`;
  expect(faults(text).map(({ message }) => message)).toEqual([
    "schema/unknown-type: topology.toml:8:34: no type 'galaxy.TurnSart' in the schema of this bus; did you mean 'galaxy.TurnStart'?",
    "schema/unknown-rpc: topology.toml:9:10: no rpc service or method 'Card' in the schema of this bus; did you mean 'cardsim.Cards'?",
    "schema/unknown-type: topology.toml:12:15: no type 'galxy.*' in the schema of this bus; no type fits the pattern",
    "schema/unknown-type: topology.toml:14:13: no type 'galaxy.None' in the schema of this bus",
  ]);
});

test("unknown types of an edge entry are refused too", () => {
  const text = `${pair}[[edges]]\nfrom = "a"\nto = "b"\ntypes = ["galaxy.TurnEnd", "galaxy.TurnEnt"]\n`;
  expect(faults(text).map(({ message }) => message)).toEqual([
    "schema/unknown-type: topology.toml:15:28: no type 'galaxy.TurnEnt' in the schema of this bus; did you mean 'galaxy.TurnEnd'?",
  ]);
});

test("messages of the bus itself are no types of a service", () => {
  const text = `${head}${nodeOf(["a"])}${service("a", pub('"busbar.control.Hello"'))}`;
  expect(where(text)).toEqual(["schema/unknown-type 8:14"]);
  const all = plan(`${head}${nodeOf(["a"])}${service("a", pub('"*"'))}`).services[0].publishes;
  expect(all).toEqual(["galaxy.CombatEvent", "galaxy.TurnEnd", "galaxy.TurnStart", "market.Trade"]);
});

test("a short rpc name that two services have is refused with both", () => {
  const lock = lockWith(["x.T"], ["one.Ecs", "two.Ecs"]);
  const text = `${head}${nodeOf(["a"])}${service("a", 'run = "ts:x"\nserves = ["Ecs"]')}`;
  expect(where(text, { lock })).toEqual(["topology/contradiction 8:11"]);
  expect(faults(text, { lock })[0].message).toMatch(/'Ecs' may be one\.Ecs or two\.Ecs; write the full name/);
});

test("a caller without a server is refused, unless an open service may turn out to be it", () => {
  const caller = service("a", 'run = "ts:x"\ncalls = ["Cards", "Combat"]');
  const text = `${head}${nodeOf(["a", "b"])}${caller}${service("b", 'run = "ts:x"\nserves = ["Cards"]')}`;
  expect(where(text)).toEqual(["topology/no-server 8:19"]);
  expect(faults(text)[0].message).toMatch(/a calls galaxy\.Combat, which no service serves; add serves = \["Combat"\]/);
  expect(() =>
    plan(`${head}${nodeOf(["a", "b", "free"])}${caller}${service("b", 'run = "ts:x"\nserves = ["Cards"]')}`),
  ).not.toThrow();
  const alone = `${head}${nodeOf(["a"])}${service("a", 'run = "ts:x"\ncalls = ["Cards"]\nserves = ["Cards"]')}`;
  expect(where(alone), "a service is no server of its own").toEqual(["topology/no-server 8:10"]);
});

test("a history of what a service does not publish is a contradiction", () => {
  const text = `${head}${nodeOf(["a"])}${service("a", `${pub(turnStart)}\nhistory = { "galaxy.TurnEnd" = 3 }`)}`;
  expect(where(text)).toEqual(["topology/contradiction 9:13"]);
  const kept = plan(`${head}${nodeOf(["a"])}${service("a", `${pub(turnStart)}\nhistory = { "galaxy.*" = 3 }`)}`);
  expect(kept.services[0].history).toEqual([{ type: "galaxy.TurnStart", depth: 3 }]);
});

test("semantics/3.4: cycles of blocking edges are warned of, and one other policy ends them", () => {
  const ring = (count: number): string =>
    Array.from({ length: count }, (_, i) => {
      const types = ["galaxy.TurnStart", "galaxy.TurnEnd", "market.Trade"];
      return service(
        `s${i}`,
        `run = "ts:x"\npublishes = ["${types[i]}"]\nsubscribes = ["${types[(i + count - 1) % count]}"]`,
      );
    }).join("");
  const text = `${head}${nodeOf(["s0", "s1", "s2"])}${ring(3)}`;
  expect(plan(text).warnings).toEqual([
    "edges with policy block form a cycle (s0 -> s1 -> s2 -> s0): when all are full, each waits for the next until its timeout; give one of them another policy",
  ]);
  expect(plan(`${text}[[edges]]\nfrom = "s1"\nto = "s2"\npolicy = "drop_oldest"\n`).warnings).toEqual([]);
  expect(plan(pair).warnings).toEqual([]);
});

test("entries that match nothing, and nodes without services, are warned of with their place", () => {
  const entries = `[[edges]]\nfrom = "z*"\nto = "*"\npolicy = "error"\n[[edges]]\nfrom = "a"\nto = "b"\ntypes = ["market.*"]\npolicy = "error"\n`;
  expect(plan(`${pair}${entries}[[nodes]]\nname = "empty"\nservices = []\n`).warnings).toEqual([
    "topology.toml:12:3: this [[edges]] entry (z* -> *) matches no edge",
    "topology.toml:16:3: this [[edges]] entry (a -> b) matches no edge",
    "topology.toml:21:3: node empty has no services",
  ]);
});

test("faults are BusErrors that carry all problems", () => {
  try {
    plan(`${head}[x]\n[y]\n`);
    expect.fail("accepted");
  } catch (error) {
    expect(error).toBeInstanceOf(BusError);
    const { code, details } = error as BusError;
    expect(code).toBe("topology/unknown-key");
    expect(details).toMatchObject({ path: "topology.toml", line: 3, column: 2 });
    expect(details.problems).toHaveLength(2);
  }
});
