// Method: texts with a [clock], through the whole way to the plan.
import { expect, test } from "vitest";
import { PolicyKind } from "#generated/busbar/plan";
import { faults, GALAXY_BUS, plan } from "./testing/fixtures.ts";

const NODES = '[[nodes]]\nname = "n"\nservices = ["a", "b", "c"]\n';
const SERVICES = `[services.a]
run = "ts:a.ts"
clock = true
publishes = ["galaxy.*"]
[services.b]
run = "native:b"
clock = true
subscribes = ["galaxy.TurnStart"]
[services.c]
run = "ts:c.ts"
subscribes = ["*"]
calls = ["Clock"]
`;
const text = (clock: string, services = SERVICES): string => `${GALAXY_BUS}${NODES}${clock}${services}`;

test("a [clock] brings a service, whose types no schema needs to have, and edges to who follows it", () => {
  const result = plan(text('[clock]\nstep = "16.666667ms"\nrate = 2.5\ntimeout = "3s"\n'));
  const clock = result.services.find(({ name }) => name === "busbar.clock")!;
  expect(JSON.parse(clock.config!)).toEqual({
    step_ns: 16_666_667,
    start_ns: 0,
    rate: 2.5,
    timeout_ms: 3000,
    services: ["a", "b"],
  });
  expect(clock).toMatchObject({ target: "busbar:clock", process: "n", open: false, clock: false });
  expect(result.services.filter((service) => service.clock).map(({ name }) => name)).toEqual(["a", "b"]);
  const edges = Object.fromEntries(
    result.edges.map(({ source, target, types, rpcs }) => [
      `${source} > ${target}`,
      [...types.map(({ type }) => type), ...rpcs].map((name) => name.replace("busbar.clock.", "")).join(" "),
    ]),
  );
  expect(edges).toEqual({
    "a > b": "Mark galaxy.TurnStart",
    "b > a": "", // b publishes nothing that a takes, so there is no Mark either
    "a > busbar.clock": "Done",
    "busbar.clock > a": "Tick",
    "b > busbar.clock": "Done",
    "busbar.clock > b": "Tick",
    "a > c": "galaxy.CombatEvent galaxy.TurnEnd galaxy.TurnStart", // "*" does not mean the clock's own
    "c > a": "",
    "c > busbar.clock": "Clock",
    "busbar.clock > c": "",
  });
});

test("no [[edges]] entry makes ticks be dropped", () => {
  const result = plan(text('[clock]\n[[edges]]\nfrom = "*"\nto = "*"\npolicy = "latest"\n'));
  const ticks = result.edges.flatMap(({ types }) => types.filter(({ type }) => type.startsWith("busbar.clock.")));
  expect(ticks).toHaveLength(5);
  for (const { policy } of ticks) expect(policy?.kind).toBe(PolicyKind.block);
});

test("a file without a [clock] has the hash that it had before there were clocks", () => {
  const without = text("", SERVICES.replaceAll("clock = true\n", "").replace('calls = ["Clock"]\n', ""));
  expect(plan(without).types.some(({ name }) => name.startsWith("busbar.clock."))).toBe(false);
  expect(plan(without).hash).not.toBe(plan(text("[clock]\n")).hash);
});

test.for([
  ["", SERVICES.replace('calls = ["Clock"]\n', ""), "clock = true needs a section [clock]"],
  ["[clock]\n", SERVICES.replace("native:b", "exec:b"), "clock = true is for ts: and native: services"],
  ['[clock]\nnode = "m"\n', SERVICES, "node 'm'"],
  ['[clock]\nstep = "0ms"\n', SERVICES, "at least 1ns"],
  ['[clock]\nstep = "2d"\n', SERVICES, 'must be a time such as "20ms", "500us" or "1s"'],
  ["[clock]\nrate = 0\n", SERVICES, 'must be "paused", "max" or a number from 0.000001 to 1000000, not 0'],
  ['[clock]\nrate = "fast"\n', SERVICES, 'must be "paused", "max" or a number'],
  ["[clock]\nspeed = 2\n", SERVICES, "speed"],
  ["clock = 3\n", SERVICES, ""],
] as const)("%s is refused with its place", ([clock, services, words]) => {
  const [first] = faults(text(clock, services));
  expect(first.message).toContain(words);
  expect(first.line).toBeGreaterThan(0);
});
