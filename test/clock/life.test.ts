// Method: a clock with services that come late, hang, throw, or end in the middle of a tick; the clock must say who, and go
// on with the same tick when they are there.
import { expect, test } from "vitest";
import type { Bus, ServiceContext } from "#core";
import type { State } from "#generated/busbar/clock";
import { Note } from "#generated/busbar/testing";
import { BusError } from "#wire";
import { openRig, type RigOptions } from "./rig.ts";

const TOPOLOGY = `[bus]
[[nodes]]
name = "near"
services = ["anna"]
[[nodes]]
name = "far"
services = ["bert"]
[[nodes]]
name = "aside"
services = ["watcher"]
[clock]
step = "10ms"
timeout = "1500ms"
node = "near"
[services.anna]
run = "ts:a.js"
clock = true
publishes = ["busbar.testing.Note"]
subscribes = ["busbar.testing.Note"]
[services.bert]
run = "ts:b.js"
clock = true
publishes = ["busbar.testing.Note"]
subscribes = ["busbar.testing.Note"]
[services.watcher]
run = "ts:w.js"
publishes = ["busbar.testing.Note"]
`;

const open = (modules: RigOptions["modules"], options: Partial<RigOptions> = {}) =>
  openRig({
    topology: TOPOLOGY,
    modules: { anna: () => {}, bert: () => {}, watcher: () => {}, ...modules },
    ...options,
  });

const failure = async (work: Promise<unknown>): Promise<BusError> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof BusError) return error;
    throw error;
  }
  throw new Error("it did not fail");
};

const counting =
  (seen: bigint[]) =>
  (_bus: Bus, { clock }: ServiceContext) => {
    clock.onTick((tick) => void seen.push(tick));
  };

test("a service that is late is named, and the same tick is played when it has come", async () => {
  const anna: bigint[] = [];
  const bert: bigint[] = [];
  await using rig = await open({ anna: counting(anna), bert: counting(bert) }, { without: ["far"] });
  const error = await failure(rig.clock.step({}));
  expect(error.code).toBe("clock/incomplete");
  expect(error.message).toContain("bert (has not joined)");
  expect(anna).toEqual([]);
  await rig.start("far");
  expect(await rig.clock.step({ ticks: 2n })).toMatchObject({ tick: 2n, timeNs: 20_000_000n, mode: 0, inWork: null });
  expect([anna, bert]).toEqual([
    [1n, 2n],
    [1n, 2n],
  ]);
});

test("a turn that hangs is named with who waits for it; it is not played twice when it ends", async () => {
  const ticks: bigint[] = [];
  let end: () => void = () => undefined;
  await using rig = await open({
    anna: counting(ticks),
    bert: (_bus, { clock }) => {
      clock.onTick((tick) =>
        tick === 2n
          ? new Promise<void>((resolve) => {
              end = resolve;
            })
          : undefined,
      );
    },
  });
  await rig.clock.step({});
  const error = await failure(rig.clock.step({}));
  expect(error.code).toBe("clock/incomplete");
  expect(error.message).toContain(
    "tick 2 is not over after 1500 ms: anna (waits for messages of bert), bert (has its turn)",
  );
  expect(await rig.clock.now({})).toMatchObject({ tick: 1n, inWork: 2n, mode: 0, error: error.message });
  end();
  expect(await rig.clock.step({ ticks: 2n })).toMatchObject({ tick: 3n, inWork: null, error: null });
  expect(ticks).toEqual([1n, 2n, 3n]);
});

test("a turn that throws fails its tick for the caller; the next tick is played by all", async () => {
  await using rig = await open({
    bert: (_bus, { clock }) => {
      clock.onTick((tick) => {
        if (tick === 2n) throw new Error("no more cards");
      });
    },
  });
  const error = await failure(rig.clock.step({ ticks: 5n }));
  expect(error.code).toBe("clock/tick-failed");
  expect(error.message).toMatch(/^clock\/tick-failed: tick 2 failed in bert \(.*no more cards\); the clock is paused/);
  expect(await rig.clock.step({})).toMatchObject({ tick: 3n });
});

test("a service that ends in its turn and comes back joins the tick in work, and is counted as come back", async () => {
  const bert: bigint[] = [];
  const anna: string[] = [];
  let hangs = true;
  await using rig = await open({
    anna: (bus, { clock }) => {
      bus.subscriber(Note).on(({ seq }) => void anna.push(`${clock.tick}: ${seq}`));
      clock.onTick(() => undefined);
    },
    bert: (bus, { clock }) => {
      const notes = bus.publisher(Note);
      clock.onTick(async (tick) => {
        bert.push(tick);
        if (tick === 3n && hangs) await new Promise(() => undefined);
        await notes.publish({ seq: Number(tick) });
      });
    },
  });
  await rig.clock.step({ ticks: 2n });
  const step = failure(rig.clock.step({}));
  await expect.poll(() => bert).toEqual([1n, 2n, 3n]);
  await rig.end("far");
  hangs = false;
  expect((await step).message).toContain("bert");
  await rig.start("far");
  const state: State = await rig.clock.step({ ticks: 2n });
  expect(state).toMatchObject({ tick: 4n });
  expect(state.followers.map(({ service, rejoined }) => [service, rejoined])).toEqual([
    ["anna", 0],
    ["bert", 1],
  ]);
  expect(bert).toEqual([1n, 2n, 3n, 3n, 4n]);
  expect(anna).toEqual(["1: 1", "2: 2", "3: 3", "4: 4"]);
});

test("a service that comes back between ticks takes the next one", async () => {
  const bert: bigint[] = [];
  await using rig = await open({ bert: counting(bert) });
  await rig.clock.step({ ticks: 3n });
  await rig.end("far");
  await rig.start("far");
  const state = await rig.clock.step({});
  expect(state.followers.find(({ service }) => service === "bert")).toMatchObject({ tick: 4n, rejoined: 1 });
  expect(bert).toEqual([1n, 2n, 3n, 4n]);
});

test("a clock that is started anew goes on where its services are, and says where its hash begins", async () => {
  const anna: bigint[] = [];
  const topology = TOPOLOGY.replace('node = "near"', 'node = "aside"');
  await using rig = await openRig({
    topology,
    modules: { anna: counting(anna), bert: () => {}, watcher: () => {} },
  });
  await rig.clock.step({ ticks: 4n });
  await rig.end("aside");
  await rig.start("aside");
  expect(await (await rig.again()).step({})).toMatchObject({ tick: 5n, timeNs: 50_000_000n, hashedFrom: 4n });
  expect(anna).toEqual([1n, 2n, 3n, 4n, 5n]);
});

test("messages of services without the clock are never held back", async () => {
  const seen: string[] = [];
  await using rig = await open({
    anna: (bus, { clock }) => {
      bus.subscriber(Note).on(({ seq }, { source }) => void seen.push(`${clock.tick} ${source} ${seq}`));
    },
    bert: (bus) => {
      bus.subscriber(Note).on(() => undefined);
      void bus.publisher(Note).publish({ seq: 1 });
    },
  });
  const notes = rig.bus("watcher").publisher(Note);
  await notes.publish({ seq: 7 });
  await notes.flush();
  expect(seen).toEqual(["0 watcher 7"]);
  await rig.clock.step({});
  expect(seen).toEqual(["0 watcher 7", "1 bert 1"]);
});

test("run goes to a tick and pauses; what does not fit is refused by name", async () => {
  await using rig = await open({});
  expect((await failure(rig.clock.step({ ticks: 0n }))).message).toContain("ticks is 0");
  expect((await failure(rig.clock.step({ ticks: 2n, timeNs: 5n }))).message).toContain("needs ticks = 1");
  expect((await failure(rig.clock.step({ timeNs: 0n }))).message).toContain("must be later than 0");
  expect((await failure(rig.clock.run({ rate: -1 }))).message).toContain("rate is -1");
  expect((await failure(rig.clock.run({ rate: Number.NaN }))).code).toBe("clock/bad-request");
  expect(await rig.clock.step({ timeNs: 123n })).toMatchObject({ tick: 1n, timeNs: 123n });
  const states: bigint[] = [];
  const watching = (async () => {
    for await (const { tick, mode } of rig.watch()) {
      states.push(tick);
      if (tick === 40n && mode === 0) break;
    }
  })();
  expect(await rig.clock.run({ untilTick: 40n })).toMatchObject({ mode: 2, rate: null });
  await watching;
  expect(states.at(-1)).toBe(40n);
  expect(states).toEqual([...states].sort((a, b) => Number(a - b)));
  expect((await failure(rig.clock.run({ untilTick: 40n }))).message).toContain("it is 40 already");
  await rig.clock.run({ rate: 0.5 });
  expect((await failure(rig.clock.step({}))).code).toBe("clock/busy");
  const paused = await rig.clock.pause({});
  expect(paused).toMatchObject({ mode: 0, rate: null });
  expect(await rig.clock.now({})).toMatchObject({ tick: paused.tick });
});

test("a service that does not follow the clock is told so", async () => {
  const errors: unknown[] = [];
  await using _rig = await open({
    watcher: (_bus, { clock }) => {
      for (const use of [() => clock.now(), () => clock.onTick(() => undefined), () => clock.onHash(() => 0n)]) {
        try {
          use();
        } catch (error) {
          errors.push((error as BusError).code);
        }
      }
    },
  });
  expect(errors).toEqual(Array(3).fill("clock/not-following"));
});
