import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterEach, expect, test } from "vitest";
import type { Plugin, PluginEdgeCounters, PluginEdgeOptions } from "#core";
import { Credit } from "#generated/busbar/control";
import { PolicyKind } from "#generated/busbar/plan";
import { ERRORS } from "#generated/errors";
import { DROP_REASONS, type DropReason, HOLD } from "#transport";
import { HEADER_BYTES, Kind, Lane, writeHeader } from "#wire";
import { loadPlugin } from "./plugin.ts";
import { EchoClient, edgeToCaller, loadEcho, silent, testPlugin, topic, type as typeId } from "./test-support.ts";

const loaded: Plugin[] = [];
const echo = async (options: Parameters<typeof loadEcho>[0] = {}): Promise<Plugin> => {
  const plugin = await loadEcho(options);
  loaded.push(plugin);
  return plugin;
};
afterEach(async () => {
  for (const plugin of loaded.splice(0)) await plugin.close();
});

test("a plugin says what it is", async () => {
  const plugin = await echo({ service: "mirror" });
  expect([plugin.service, plugin.name, plugin.version]).toEqual(["mirror", "echo", "1.2.3"]);
  expect(plugin.types).toContainEqual({
    name: "busbar.testing.Echo/Call",
    role: "serves",
    typeId: 0x25242436,
    fingerprint: "1122334455667788",
  });
  expect(plugin.types.find(({ name }) => name === "busbar.testing.Event")?.role).toBe("publishes");
});

test("a request is answered by its correlation", async () => {
  const client = new EchoClient(await echo());
  client.request("Call", 41, [1, 2, 3]);
  const answer = await client.answer(41);
  expect(answer).toMatchObject({ kind: Kind.response, lane: Lane.control, words: [1, 2, 3], sequence: 1 });
  expect(client.link.counters().committed).toEqual([0, 1]);
});

test("100,000 requests in a pipeline are answered in order, with flow control and exact accounts", async () => {
  const total = 100_000;
  const client = new EchoClient(await echo(), { capacityBytes: 64 << 10, frameBytesMax: 16 << 10 });
  let sent = 0;
  let next = 1;
  let wrong = 0;
  client.onFrame = (frame) => {
    if (frame.correlation !== next++ || frame.words[0] !== frame.correlation * 3) wrong++;
    client.received.length = 0;
  };
  let blocked = false;
  const pump = (): void => {
    while (sent < total) {
      if (!client.send(Kind.request, 0x25242436, sent + 1, [((sent + 1) * 3) >>> 0])) {
        blocked = true;
        break;
      }
      sent++;
    }
    client.flush();
  };
  pump();
  while (next <= total) {
    const lanes = client.writableLanes.length;
    await client.until(() => next > total || client.writableLanes.length > lanes);
    pump();
  }
  expect(wrong).toBe(0);
  expect(blocked).toBe(true);
  const out = client.link.carrier.outbound[Lane.control];
  await client.until(() => out.report.delivered === total);
  expect(out.committed).toBe(total);
});

test("a stream stops at its window of 32 items and goes on with each credit", async () => {
  const client = new EchoClient(await echo());
  client.request("Count", 5, [100]);
  await client.until(() => client.received.length >= 32);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(client.received.map(({ words }) => words[0])).toEqual(Array.from({ length: 32 }, (_, i) => i));
  const out = client.link.carrier.outbound[Lane.control];
  const credit = (items: number): void => {
    const offset = out.claim(256);
    const end = Credit.encode(out.memory, offset + 64, out.limit, { lane: Lane.control, streamItems: items });
    writeHeader(out.memory, offset, end - offset, Kind.credit, 64, 0, 7, 0, 0, 0, 0, 0, 5, 3, 0, 0, 0, 1);
    out.commit(end - offset);
    out.flush();
  };
  credit(8);
  await client.until(() => client.received.length >= 40);
  credit(1000);
  expect((await client.answer(5)).kind).toBe(Kind.streamEnd);
  expect(client.received.slice(0, -1).map(({ words }) => words[0])).toEqual(Array.from({ length: 100 }, (_, i) => i));
});

test("a CANCEL reaches a plugin in the middle of its work", async () => {
  const client = new EchoClient(await echo());
  client.request("Batch", 1, [1_000_000, 1000]);
  client.request("Batch", 2, [1_000_000, 1000]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  client.send(Kind.cancel, 0, 2, []);
  client.send(Kind.cancel, 0, 1, []);
  client.request("Call", 3, [9]);
  expect((await client.answer(1)).code).toBe(ERRORS["core/cancelled"].number);
  expect((await client.answer(2)).code).toBe(ERRORS["core/cancelled"].number);
  expect((await client.answer(3)).words).toEqual([9]);
});

test("a request ends at its time to live", async () => {
  const client = new EchoClient(await echo());
  client.request("Batch", 1, [1_000_000, 1000], 30);
  expect((await client.answer(1)).code).toBe(ERRORS["core/deadline-exceeded"].number);
});

test("failures of a plugin arrive as the codes of the list", async () => {
  const client = new EchoClient(await echo());
  const text = Buffer.from("bad seed");
  client.request("Fail", 1, [704, text.readUInt32LE(0), text.readUInt32LE(4)]);
  expect(await client.answer(1)).toMatchObject({ kind: Kind.error, code: 704, text: "bad seed" });
  client.request("Silent", 2, []);
  expect((await client.answer(2)).code).toBe(ERRORS["plugin/bad-answer"].number);
  client.send(Kind.request, 1234, 3, []);
  client.flush();
  expect((await client.answer(3)).code).toBe(ERRORS["core/unknown-method"].number);
  client.request("Large", 4, [1 << 20]);
  expect((await client.answer(4)).code).toBe(ERRORS["core/message-too-large"].number);
});

test("the event loop turns freely during a long batch", async () => {
  const client = new EchoClient(await echo());
  const batchMs = 400;
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  let turns = 0;
  let running = true;
  const turn = (): void => {
    turns++;
    if (running) setTimeout(turn, 1);
  };
  turn();
  client.request("Batch", 1, [batchMs, 1000]);
  const answer = await client.answer(1);
  running = false;
  delay.disable();
  expect(answer.words).toEqual([batchMs]);
  // A blocked loop would have turned once and shown one delay as long as the batch.
  expect(turns).toBeGreaterThan(20);
  expect(delay.percentile(50) / 1e6).toBeLessThan(batchMs / 4);
});

test("published messages arrive where they were asked for, each counted", async () => {
  const plugin = await echo();
  const all = new EchoClient(plugin);
  const even = new EchoClient(plugin);
  all.link.subscribe(typeId("Event"), 0, true);
  even.link.subscribe(typeId("Event"), topic("even"), true);
  all.request("Publish", 1, [1000, 64]);
  expect((await all.answer(1)).words).toEqual([1000, 0]);
  await all.until(() => events(all).length === 1000 && events(even).length === 500);
  expect(events(all)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect(events(even)).toEqual(Array.from({ length: 500 }, (_, i) => 2 * i));
  expect(all.link.counters()).toEqual({ committed: [1000, 1], dropped: DROP_REASONS.map(() => 0), edge: undefined });
});

test("what is published before anybody has subscribed is counted by its type, and by no edge", async () => {
  const plugin = await echo();
  const client = new EchoClient(plugin);
  expect(plugin.unheard().size).toBe(0);
  client.request("Publish", 1, [7, 64]);
  expect((await client.answer(1)).words).toEqual([7, 0]);
  expect([...plugin.unheard()]).toEqual([["busbar.testing.Event", 7]]);
  expect(client.link.counters().committed).toEqual([0, 1]);
  client.link.subscribe(typeId("Event"), 0, true);
  client.request("Publish", 2, [1, 64]);
  expect((await client.answer(2)).words).toEqual([1, 0]);
  expect(plugin.unheard().get("busbar.testing.Event")).toBe(7);
});

/** An event has a topic of 3 or 4 bytes. */
const frameBytes = (payload: number): number => HEADER_BYTES + 8 + payload;
const SMALL = { capacityBytes: 4096, frameBytesMax: 1024 };
const events = (client: EchoClient): number[] =>
  client.received.filter(({ lane }) => lane === Lane.data).map(({ words }) => words[0]);
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** A caller whose data lane is held, after the plugin has published `count` messages to it, of which its ring takes four. */
async function heldCaller(edge: Partial<PluginEdgeOptions>, count: number) {
  const plugin = await echo({ edges: [edgeToCaller(edge)] });
  const client = new EchoClient(plugin, SMALL);
  client.link.subscribe(typeId("Event"), 0, true);
  client.verdict = (lane) => (lane === Lane.data ? HOLD : 1);
  client.request("Publish", 1, [count, 900]);
  const { words } = await client.answer(1);
  const { committed, edge: counters } = client.link.counters();
  expect(committed).toEqual([4, 1]);
  const read = (): void => {
    client.verdict = () => 1;
    client.link.carrier.resume(Lane.data);
  };
  return { plugin, client, words, counters: counters!, read };
}

const countOf = (reason: DropReason, { dropped }: PluginEdgeCounters): number => {
  const count = dropped[DROP_REASONS.indexOf(reason)];
  expect(dropped.reduce((a, b) => a + b)).toBe(count);
  return count;
};

test("a held lane stops the publisher, which times out and counts what it could not send", async () => {
  const policies = [{ typeId: 0, kind: PolicyKind.block, timeoutMs: 5 }];
  const { client, words, counters, read } = await heldCaller({ policies }, 10);
  expect(words).toEqual([4, -3 >>> 0]);
  expect(countOf("timeout", counters)).toBe(6);
  read();
  await client.until(() => events(client).length === 4);
});

test.for([
  ["error", PolicyKind.error, 6, 0, [4, -3 >>> 0]],
  ["drop_newest", PolicyKind.dropNewest, 0, 6, [10, 0]],
] as const)("a full edge with policy %s makes no plugin wait", async ([, kind, refused, dropped, answer]) => {
  // Neither the time-out nor the policy of another type is waited for.
  const policies = [
    { typeId: typeId("Note"), kind: PolicyKind.block, timeoutMs: 3_600_000 },
    { typeId: 0, kind, timeoutMs: 3_600_000 },
  ];
  const { words, counters } = await heldCaller({ policies }, 10);
  expect(words).toEqual(answer);
  expect(counters).toMatchObject({ refused, waiting: 0 });
  expect(countOf("full_newest", counters)).toBe(dropped);
});

test.for([
  // Frames of 972 bytes: two of them may be set aside.
  ["drop_oldest", PolicyKind.dropOldest, "full_oldest", 2, 4, [8, 9]],
  ["latest", PolicyKind.latest, "conflated", 2, 4, [8, 9]], // one of each topic
] as const)(
  "a full edge with policy %s sets aside what is newest",
  async ([, kind, reason, waiting, dropped, rest]) => {
    const policies = [{ typeId: 0, kind, timeoutMs: 3_600_000 }];
    const { plugin, client, words, counters, read } = await heldCaller({ policies, capacityBytes: 2000 }, 10);
    expect(words).toEqual([10, 0]);
    expect(counters).toMatchObject({ refused: 0, waiting, waitingBytes: waiting * frameBytes(900) });
    expect(countOf(reason, counters)).toBe(dropped);
    read();
    await client.until(() => events(client).length === 4 + rest.length);
    expect(events(client)).toEqual([...range(0, 4), ...rest]);
    expect(plugin.edge("caller")).toMatchObject({ waiting: 0, waitingBytes: 0 });
  },
);

test("what is published for a declared subscriber waits until it is there, and is no longer unheard", async () => {
  const declared = [typeId("Event")];
  const plugin = await echo({ edges: [edgeToCaller({ declared })] });
  const other = new EchoClient(plugin, { service: "other" });
  other.request("Publish", 1, [7, 64]);
  expect((await other.answer(1)).words).toEqual([7, 0]);
  expect(plugin.edge("caller")).toMatchObject({ waiting: 7, waitingBytes: 7 * frameBytes(64) });
  expect(plugin.unheard().size).toBe(0);
  expect(plugin.edge("other")).toBe(undefined);
  const client = new EchoClient(plugin);
  expect(client.link.counters().edge?.waiting).toBe(7);
  client.link.subscribe(typeId("Event"), 0, true);
  await client.until(() => events(client).length === 7);
  expect(events(client)).toEqual(range(0, 7));
  expect(client.link.counters()).toMatchObject({ committed: [7, 0], edge: { waiting: 0 } });
});

test("a type that the subscriber cannot read is dropped on its edge", async () => {
  const plugin = await echo({ edges: [edgeToCaller({ declared: [typeId("Event")] })] });
  const client = new EchoClient(plugin);
  client.link.refuse(typeId("Event"));
  client.request("Publish", 1, [7, 64]);
  expect((await client.answer(1)).words).toEqual([7, 0]);
  expect(countOf("refused_schema", client.link.counters().edge!)).toBe(7);
});

test("data reaches the plugin's state, is reported back, and its hash is that of XXH64", async () => {
  const plugin = await echo();
  const client = new EchoClient(plugin);
  const empty = await plugin.hash();
  expect(empty).toBe("ef46db3751d8e999");
  for (let i = 0; i < 100; i++) client.send(Kind.data, typeId("Note"), 0, [i]);
  client.send(Kind.data, typeId("Event"), 0, [1]);
  client.flush();
  const out = client.link.carrier.outbound[Lane.data];
  await client.until(() => client.reportedLanes.includes(Lane.data) && out.report.delivered === 100);
  expect(out.report.dropped[DROP_REASONS.indexOf("refused_schema")]).toBe(1);
  expect(await plugin.hash()).toMatch(/^[0-9a-f]{16}$/);
  expect(await plugin.hash()).not.toBe(empty);
});

test("several plugins and links work beside each other", async () => {
  const plugins = await Promise.all([echo(), echo({ threads: 3 })]);
  const clients = plugins.flatMap((plugin) => [new EchoClient(plugin), new EchoClient(plugin)]);
  clients.forEach((client, i) => {
    client.request("Parallel", 1, [1000 + i]);
  });
  const answers = await Promise.all(clients.map((client) => client.answer(1)));
  expect(answers.map(({ words }) => words[1])).toEqual([1, 1, 3, 3]);
});

test("closing a link leaves the others, closing the plugin tells each link that is left", async () => {
  const plugin = await echo();
  const first = new EchoClient(plugin);
  const second = new EchoClient(plugin);
  await first.link.carrier.close(100);
  expect(first.link.carrier.outbound[0].claim(64)).toBe(-2);
  second.request("Batch", 1, [1_000_000, 1000]);
  await new Promise((resolve) => setTimeout(resolve, 10));
  await plugin.close();
  await plugin.close();
  expect(second.cause?.code).toMatch(/core\/closed|transport\/link-lost/);
  expect(first.cause).toBeUndefined();
  expect(() => new EchoClient(plugin)).toThrow("core/closed");
  expect(await plugin.hash()).toBeUndefined();
});

test("closing a carrier waits for what is on its way", async () => {
  const plugin = await echo();
  const client = new EchoClient(plugin);
  for (let i = 0; i < 5000; i++) client.send(Kind.data, typeId("Note"), 0, [i]);
  await client.link.carrier.close(10_000);
  expect(client.link.carrier.outbound[0].report.delivered).toBe(5000);
});

test("what the plugin logs arrives with its level", async () => {
  const lines: [string, string][] = [];
  const log = { ...silent, info: (_: object, text: string) => lines.push(["info", text]) };
  await echo({ log });
  expect(lines).toEqual([["info", "echo is here"]]);
});

test.each([
  ["a missing file", { path: "/nowhere/libecho.so" }, "plugin/not-found", "/nowhere/libecho.so"],
  ["a missing name", { path: undefined, name: "no-such-plugin" }, "plugin/not-found", "libno-such-plugin.so"],
  ["another ABI", { path: testPlugin("wrong_abi") }, "plugin/abi-mismatch", "built for ABI 42, this host has 1"],
  ["a library that is no plugin", { path: testPlugin("no_describe") }, "plugin/abi-mismatch", "no busbar_describe"],
  ["a file that is no library", { path: import.meta.filename }, "plugin/failed", "plugin.test"],
  ["a garbage config", { config: "garbage" }, "plugin/bad-config", "the config is not an object"],
  ["a refused config", { config: '{"fail":"speed must be positive"}' }, "plugin/bad-config", "speed must be positive"],
])("%s is one clear error", async (_, options, code, text) => {
  const loading = loadPlugin({
    name: "echo",
    path: testPlugin("echo"),
    service: "echo",
    log: silent,
    ...options,
  } as Parameters<typeof loadPlugin>[0]);
  await expect(loading).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
});
