/** A plugin publishes to a declared subscriber of another process that comes late, goes, and comes back: semantics/3.3. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type EdgeAccount, type Hub, type Plugin, pluginEdgesOf } from "#core";
import { Note, Tick } from "#generated/busbar/testing";
import { testHub, until } from "../../../test/support/hub.ts";
import { planOf } from "../../../test/support/plan.ts";
import { createUnixTransport } from "../socket/index.ts";
import { loadPlugin } from "./plugin.ts";
import { silent, testPlugin } from "./test-support.ts";

const opened: (Hub | Plugin)[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await ("hash" in one ? one.close() : one.close({ drain: 0 }));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

interface Policy {
  readonly policy?: "block" | "dropNewest" | "dropOldest" | "latest";
  readonly timeoutMs?: number;
}

/** `feeder` has `echo`, a plugin of its process, publish a Tick for each Note; `watcher` of another declares Tick. */
async function start(policy: Policy, watcherIsHere = false) {
  const folder = mkdtempSync(join(tmpdir(), "busbar-absent-"));
  folders.push(folder);
  const plan = planOf({
    ...policy,
    services: {
      feeder: { process: "near", publishes: [Note] },
      echo: { process: "near", subscribes: [Note], publishes: [Tick] },
      watcher: { process: watcherIsHere ? "near" : "far", subscribes: [Tick] },
    },
  });
  const addressOf = (name: string) => ({ transport: "unix", path: join(folder, `${name}.sock`) }) as const;
  let epoch = 0;
  const hub = (process: string): Hub => {
    epoch++;
    const made = testHub({ plan, process, transports: [createUnixTransport()], addressOf, epochOf: () => epoch });
    opened.unshift(made);
    return made;
  };
  const plugin = await loadPlugin({
    name: "typed_echo",
    path: testPlugin("typed_echo"),
    service: "echo",
    edges: pluginEdgesOf(plan, "echo"),
    log: silent,
  });
  opened.push(plugin);
  const near = hub("near");
  near.attachPlugin(plugin);
  const notes = near.bus("feeder").publisher(Note);
  await near.start();
  const edge = (): EdgeAccount =>
    near.accounts().edges.find(({ source, target }) => source === "echo" && target === "watcher")!;
  /** The plugin publishes that many. */
  let seq = 0;
  const feed = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await notes.publish({ seq: seq++, text: "" });
    await notes.flush();
  };
  const watch = (on: Hub): number[] => {
    const got: number[] = [];
    on.bus("watcher")
      .subscriber(Tick)
      .on((tick) => void got.push(tick.seq));
    return got;
  };
  return { near, hub, edge, feed, watch, plugin };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const sum = ({ dropped }: EdgeAccount["data"]): number => Object.values(dropped).reduce((a, b) => a + b);

test("what is published before a subscriber of another process is there waits for it", async () => {
  const { hub, edge, feed, watch, near } = await start({});
  await feed(100);
  expect(edge()).toMatchObject({ waiting: 100, data: { published: 100, delivered: 0, inFlight: 100 } });
  expect(edge().waitingBytes).toBeGreaterThan(100 * 64);
  const far = hub("far");
  far.bus("watcher");
  await far.start();
  await Promise.all([near.connected(), far.connected()]);
  await feed(50);
  expect(edge()).toMatchObject({ waiting: 150, data: { published: 150, inFlight: 150 } }); // nobody has subscribed yet
  const got = watch(far);
  await until(() => edge().data.delivered === 150, "the delivery");
  expect(got).toEqual(range(0, 150));
  expect(edge()).toMatchObject({ waiting: 0, waitingBytes: 0, data: { published: 150, inFlight: 0 } });
  expect(near.accounts().unheard).toEqual({});
});

test("one that goes and comes back gets what was published meanwhile", async () => {
  const { hub, edge, feed, watch } = await start({});
  const first = hub("far");
  const before = watch(first);
  await first.start();
  await feed(10);
  await until(() => edge().data.delivered === 10, "the delivery");
  expect(before).toEqual(range(0, 10));
  await first.close({ drain: 0 });
  await until(() => edge().state !== "open", "the end of the link");
  await feed(10);
  expect(edge()).toMatchObject({ waiting: 10, data: { published: 20, delivered: 10, inFlight: 10 } });
  const second = hub("far");
  const after = watch(second);
  await second.start();
  await until(() => edge().data.delivered === 20, "the delivery to the second");
  expect(after).toEqual(range(10, 20));
  expect(sum(edge().data)).toBe(0);
});

test("one that never comes costs each message its time-out, counted, and nobody more than that", async () => {
  const { edge, feed, near } = await start({ timeoutMs: 300 });
  await feed(100);
  expect(edge().waiting).toBe(100);
  await until(() => edge().waiting === 0, "the time-out");
  expect(edge().data).toMatchObject({ published: 100, inFlight: 0, dropped: { timeout: 100 } });
  await feed(20);
  await near.close({ drain: 0 });
  expect(edge().data).toMatchObject({ published: 120, inFlight: 0, dropped: { timeout: 100, closed: 20 } });
});

test.for([
  // Not "error": this plugin hands BUSBAR_FULL on, which says that it takes its Note later (plugin.test.ts has that policy).
  ["dropNewest", { refused: 0, data: { published: 30, dropped: { full_newest: 30 } } }],
  ["dropOldest", { waiting: 30, data: { published: 30, inFlight: 30 } }],
  ["latest", { waiting: 1, data: { published: 30, dropped: { conflated: 29 }, inFlight: 1 } }],
] as const)("policy %s decides for a subscriber that is not there as for a full edge", async ([policy, account]) => {
  const { edge, feed, hub, watch } = await start({ policy });
  await feed(30);
  expect(edge()).toMatchObject(account);
  const { inFlight } = edge().data;
  const far = hub("far");
  const got = watch(far);
  await far.start();
  await until(() => edge().data.inFlight === 0 && edge().data.delivered === inFlight, "the delivery");
  expect(got).toEqual(range(30 - inFlight, 30));
});

test("a subscriber of the same process is waited for alike", async () => {
  const { near, edge, feed, watch } = await start({}, true);
  expect(edge().state).toBe("opening");
  await feed(40);
  expect(edge()).toMatchObject({ waiting: 40, data: { published: 40, inFlight: 40 } });
  const got = watch(near);
  await until(() => edge().data.delivered === 40, "the delivery");
  expect(edge()).toMatchObject({ state: "open", waiting: 0 });
  expect(got).toEqual(range(0, 40));
});
