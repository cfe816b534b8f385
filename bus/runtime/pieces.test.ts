import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bus, Hub, ServiceModule } from "#core";
import { RunKind } from "#generated/busbar/plan";
import { TelemetryWriter } from "#telemetry";
import { BusError } from "#wire";
import { childEnv } from "./exec-env.ts";
import { createLog } from "./log.ts";
import { readFromNode, readPlainError, readToNode } from "./node-messages.ts";
import { isPermanent } from "./permanent.ts";
import { decodePlan, encodePlan } from "./plan-file.ts";
import { ServiceHost } from "./service-host.ts";
import { startOrder } from "./start-order.ts";
import { makePlan } from "./test-support.ts";

const BUS = { topology: "/t/topology.toml", service: "s", runtimeDir: "/r", plan: "/r/plan.bin" };

test("a child inherits our environment, what the topology sets, and where its bus is", () => {
  const env = childEnv(
    { HOME: "/h", BUSBAR_SERVICE: "outer", NODE_CHANNEL_FD: "3" },
    [{ name: "LEVEL", value: "2" }],
    BUS,
  );
  expect(env).toEqual({
    HOME: "/h",
    LEVEL: "2",
    BUSBAR_TOPOLOGY: "/t/topology.toml",
    BUSBAR_SERVICE: "s",
    BUSBAR_RUNTIME_DIR: "/r",
    BUSBAR_PLAN: "/r/plan.bin",
  });
});

test.each(["LD_PRELOAD", "NODE_OPTIONS", "ld_preload", "BUSBAR_PLAN", "DYLD_INSERT_LIBRARIES", "A B", "X=Y", ""])(
  "a topology may not set %s",
  (name) => {
    expect(() => childEnv({}, [{ name, value: "x" }], BUS)).toThrow(/runtime\/forbidden-env: service s/);
  },
);

test("a plan survives its file, and a damaged file is refused instead of half believed", () => {
  const plan = makePlan({
    services: [{ name: "a", kind: RunKind.exec, args: ["x", "ä"], config: '{"k":1}' }, { name: "b" }],
    calls: [["a", "b"]],
    publishes: [["b", "a"]],
    runtimeDir: "/r",
  });
  const bytes = encodePlan(plan);
  expect(decodePlan(bytes)).toEqual(plan);
  for (const cut of [0, 4, 17, bytes.length >> 1, bytes.length - 4])
    expect(() => decodePlan(bytes.subarray(0, cut))).toThrow(/wire\/malformed-payload/);
});

test("a plan of a thousand services fits", () => {
  const plan = makePlan({ services: Array.from({ length: 1000 }, (_, i) => ({ name: `service-${i}` })) });
  expect(decodePlan(encodePlan(plan)).services).toHaveLength(1000);
});

test("whatever arrives over the IPC channel is a message of ours or nothing", () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      readFromNode(value);
      readToNode(value);
      readPlainError(value);
    }),
  );
  expect(readFromNode({ kind: "progress", service: "s", share: 7, text: "t" })).toMatchObject({ share: 1 });
  expect(readFromNode({ kind: "ready" })).toBeUndefined();
  expect(readPlainError({ code: "no/such" })).toMatchObject({ code: "core/internal" });
});

test("what a restart cannot cure is told from what it can", () => {
  expect(isPermanent(new BusError("runtime/not-built"))).toBe(true);
  expect(isPermanent(new BusError("plugin/bad-config"))).toBe(true);
  expect(isPermanent(new BusError("transport/address-in-use"))).toBe(true);
  expect(isPermanent(new BusError("plugin/failed"))).toBe(false);
  expect(isPermanent(new BusError("core/timeout"))).toBe(false);
  expect(isPermanent(new BusError("runtime/bad-service", { details: { phase: "start" } }))).toBe(false);
});

test("the start order names only earlier services, for any graph", () => {
  const pairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 7 })), { maxLength: 30 });
  fc.assert(
    fc.property(pairs, pairs, (calls, publishes) => {
      const name = ([a, b]: [number, number]): [string, string] => [`s${a}`, `s${b}`];
      const plan = makePlan({
        services: Array.from({ length: 8 }, (_, i) => ({ name: `s${i}` })),
        calls: calls.map(name),
        publishes: publishes.map(name),
      });
      const steps = startOrder(
        plan,
        plan.services.map((service) => service.name),
      );
      expect(steps.map((step) => step.service).sort()).toEqual(plan.services.map((service) => service.name));
      const seen = new Map<string, number>();
      for (const step of steps) {
        for (const before of step.after) expect(seen.get(before)).toBeLessThan(step.level);
        seen.set(step.service, step.level);
      }
    }),
    { numRuns: 200 },
  );
});

const hostOf = (module: ServiceModule, events: string[] = []) => {
  const plan = makePlan({ services: [{ name: "s", config: '{"games":3}', args: ["-v"] }] });
  const bus = { close: async () => void events.push("bus closed") } as unknown as Bus;
  return new ServiceHost({
    telemetry: { writer: () => new TelemetryWriter() },
    plan,
    hub: { bus: () => bus } as unknown as Hub,
    log: createLog({ format: "json", level: "silent" }),
    progress: (_service, share, text) => events.push(`${share} ${text}`),
    finish: (_service, result) => events.push(`finish ${JSON.stringify(result)}`),
    load: async () => module,
  });
};

test("a service gets its config, arguments and signal, and stops in order: signal, stop, bus", async () => {
  const events: string[] = [];
  const host = hostOf(
    {
      start(_bus, context) {
        events.push(`${context.service} ${JSON.stringify(context.config)} ${context.args}`);
        context.signal.addEventListener("abort", () => events.push("aborted"));
        context.progress(0.5, "half");
        context.finish({ hash: 2n ** 63n, bytes: new Uint8Array([1]) });
      },
      stop: () => void events.push("stop"),
    },
    events,
  );
  await host.start("s");
  await host.stop("s");
  await host.stop("s");
  expect(events).toEqual([
    's {"games":3} -v',
    "0.5 half",
    'finish {"hash":"9223372036854775808","bytes":[1]}',
    "aborted",
    "stop",
    "bus closed",
  ]);
});

test("a stop that throws still closes the bus", async () => {
  const events: string[] = [];
  const host = hostOf(
    {
      start() {},
      stop() {
        throw new Error("no");
      },
    },
    events,
  );
  await host.start("s");
  await host.stop("s");
  expect(events).toEqual(["bus closed"]);
});

test("what start throws names the service; a BusError keeps its code", async () => {
  const plain = hostOf({ start: () => Promise.reject(new Error("no database")) });
  await expect(plain.start("s")).rejects.toThrow(/runtime\/bad-service: service s: start failed: no database/);
  const bus = hostOf({ start: () => Promise.reject(new BusError("core/no-server", { details: { rpc: "X" } })) });
  await expect(bus.start("s")).rejects.toMatchObject({ code: "core/no-server" });
});
