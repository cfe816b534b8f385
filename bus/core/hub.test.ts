import { afterEach, expect, expectTypeOf, test } from "vitest";
import type { Hub, Publisher } from "#core";
import { Echo, Note, type NoteInit, Tick } from "#generated/busbar/testing";
import { testHub, until } from "../../test/support/hub.ts";
import { planOf, type TestPlanOptions } from "../../test/support/plan.ts";

const hubs: Hub[] = [];
const start = async (options: TestPlanOptions): Promise<Hub> => {
  const hub = testHub({ plan: planOf(options) });
  hubs.push(hub);
  await hub.start();
  return hub;
};
afterEach(async () => {
  await Promise.all(hubs.splice(0).map((hub) => hub.close({ drain: 200 })));
});

const pair = { a: { publishes: [Note, Tick] }, b: { subscribes: [Note, Tick] } };

test("a message reaches a callback inside the call that published it", async () => {
  const hub = await start({ services: pair });
  const [a, b] = [hub.bus("a"), hub.bus("b")];
  const got: string[] = [];
  b.subscriber(Note).on((note, meta) => got.push(`${meta.source}:${note.seq}:${note.text}`));
  await hub.connected();
  const publisher = a.publisher(Note);
  expect(publisher.tryPublish({ seq: 1, text: "hello" })).toBe("sent");
  expect(got).toEqual(["a:1:hello"]);
});

test("what a subscriber by reference sees has every field, as after decoding", async () => {
  const hub = await start({ services: pair });
  const seen: unknown[] = [];
  const [a, b] = [hub.bus("a"), hub.bus("b")];
  b.subscriber(Note).on((note) => seen.push({ ...note }));
  await hub.connected();
  a.publisher(Note).tryPublish({ seq: 2 });
  expect(seen).toEqual([{ seq: 2, text: null, key: null }]);
});

test("an iterator gets owned messages in order and stops its edge when its buffer is full", async () => {
  const hub = await start({ services: pair, policy: "error" });
  const [a, b] = [hub.bus("a"), hub.bus("b")];
  const subscriber = b.subscriber(Note, { buffer: 8 });
  await hub.connected();
  const publisher = a.publisher(Note);
  let sent = 0;
  while (publisher.tryPublish({ seq: sent }) === "sent") sent++;
  expect(sent).toBeGreaterThanOrEqual(8);
  const got: number[] = [];
  for await (const note of subscriber) {
    got.push(note.seq);
    if (got.length === sent) break;
  }
  expect(got).toEqual(Array.from({ length: sent }, (_, i) => i));
  const { data } = a.accounts().edges[0];
  expect(data.published).toBe(data.delivered + data.inFlight + Object.values(data.dropped).reduce((x, y) => x + y, 0));
});

test("flush by reference ends when the last waiting message was taken", async () => {
  const hub = await start({ services: pair });
  const [a, b] = [hub.bus("a"), hub.bus("b")];
  const subscriber = b.subscriber(Note, { buffer: 2 });
  await hub.connected();
  const publisher = a.publisher(Note);
  for (let seq = 0; seq < 20; seq++) await publisher.publish({ seq });
  let flushed = false;
  const flushing = publisher.flush({ timeout: "5s" }).then(() => {
    flushed = true;
  });
  let got = 0;
  for await (const { seq } of subscriber) {
    if (seq < 10) expect(flushed).toBe(false);
    if (++got === 20) break;
  }
  await flushing;
});

test("asking for a publisher again gives the same one, and serving is all or nothing", async () => {
  const hub = await start({
    services: { a: { publishes: [Note], calls: [Echo] }, b: { subscribes: [Note], serves: [Echo] } },
  });
  const [a, b] = [hub.bus("a"), hub.bus("b")];
  expect(a.publisher(Note)).toBe(a.publisher(Note));
  expect(a.publisherTo("b", Note)).not.toBe(a.publisher(Note));
  b.serve(Echo, { count: () => [] });
  expect(() => b.serve(Echo, { echo: () => ({}), count: () => [] })).toThrow(/core\/already-served/);
  b.serve(Echo, { echo: ({ seq }) => ({ seq }) });
  expect((await a.client(Echo).echo({ seq: 3 })).seq).toBe(3);
});

test("connecting can be given up, and closing settles whoever waits for it", async () => {
  const hub = await start({ services: pair });
  const b = hub.bus("b");
  const ready = b.subscriber(Note).ready;
  await expect(hub.connected({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "core/cancelled" });
  await expect(hub.connected({ timeout: 10 })).rejects.toMatchObject({ code: "core/timeout" });
  const connecting = expect(hub.connected()).rejects.toMatchObject({ code: "core/closed" });
  await b.close();
  await connecting;
  await ready;
});

test("publishing to nobody says so and is counted", async () => {
  const hub = await start({ services: { a: { open: true } } });
  const a = hub.bus("a");
  expect(a.publisher(Note).tryPublish({ seq: 1 })).toBe("no_subscriber");
  expect(a.accounts().unheard).toEqual({ "busbar.testing.Note": 1 });
});

test("a declared subscriber that is not there counts as full: block waits for it", async () => {
  const hub = await start({ services: pair });
  const publisher = hub.bus("a").publisher(Note);
  expect(publisher.tryPublish({ seq: 0 })).toBe("full");
  const waiting = publisher.publish({ seq: 1 });
  const got: number[] = [];
  hub
    .bus("b")
    .subscriber(Note)
    .on((note) => got.push(note.seq));
  await waiting;
  expect(got).toEqual([1]);
});

test("block gives up after its time-out and counts it", async () => {
  const hub = await start({ services: pair, timeoutMs: 30 });
  const a = hub.bus("a");
  await expect(a.publisher(Note).publish({ seq: 1 })).rejects.toMatchObject({ code: "core/timeout" });
  expect(a.accounts().edges[0].data.dropped.timeout).toBe(1);
  expect(a.accounts().edges[0].data.inFlight).toBe(0);
});

test("a publish that waits can be left: nothing is taken back, and what was not offered stays out", async () => {
  const hub = await start({ services: pair });
  const [a, b] = [hub.bus("a"), hub.bus("b")];
  await hub.connected();
  const publisher = a.publisher(Note);
  const controller = new AbortController();
  const waiting = publisher.publish({ seq: 1 }, { signal: controller.signal });
  const all = publisher.publishAll([{ seq: 2 }, { seq: 3 }], { signal: controller.signal });
  const cancelled = {
    code: "core/cancelled",
    message: "core/cancelled: publishing a busbar.testing.Note was cancelled",
  };
  setImmediate(() => controller.abort(new Error("enough")));
  await expect(waiting).rejects.toMatchObject({ ...cancelled, cause: { message: "enough" } });
  await expect(all).rejects.toMatchObject(cancelled);
  await expect(publisher.publish({ seq: 4 }, { signal: controller.signal })).rejects.toMatchObject(cancelled);
  const got: number[] = [];
  b.subscriber(Note).on((note) => got.push(note.seq));
  await publisher.publish({ seq: 5 }, { signal: new AbortController().signal });
  await publisher.flush();
  expect(got).toEqual([1, 2, 5]);
  expect(a.accounts().edges[0].data).toMatchObject({ published: 3, delivered: 3, inFlight: 0 });
});

test("a message published inside a callback keeps its place behind the one in delivery", async () => {
  const hub = await start({
    services: { a: { publishes: [Note], subscribes: [Tick] }, b: { subscribes: [Note], publishes: [Tick] } },
  });
  const [a, b] = [hub.bus("a"), hub.bus("b")];
  const notes = a.publisher(Note);
  const ticks = b.publisher(Tick);
  const order: string[] = [];
  b.subscriber(Note).on((note) => {
    order.push(`first ${note.seq}`);
    if (note.seq < 3) ticks.tryPublish({ seq: note.seq });
  });
  b.subscriber(Note).on((note) => order.push(`second ${note.seq}`));
  a.subscriber(Tick).on((tick) => notes.tryPublish({ seq: tick.seq + 1 }));
  await hub.connected();
  notes.tryPublish({ seq: 1 });
  await until(() => order.length === 6, "six callbacks");
  expect(order).toEqual(["first 1", "second 1", "first 2", "second 2", "first 3", "second 3"]);
});

test("requests are answered, fail with their code, time out and can be cancelled", async () => {
  const hub = await start({ services: { a: { calls: [Echo] }, b: { serves: [Echo] } } });
  const [a, b] = [hub.bus("a"), hub.bus("b")];
  let aborted = false;
  b.serve(Echo, {
    echo: async (request, context) => {
      context.signal.addEventListener("abort", () => {
        aborted = true;
      });
      if (request.text === "throw") throw new Error("no such card");
      if (request.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, request.delayMs));
      return { seq: request.seq, text: request.text };
    },
  });
  const client = a.client(Echo);
  expect(await client.echo({ seq: 7, text: "x" })).toEqual({ seq: 7, text: "x" });
  await expect(client.echo({ text: "throw" })).rejects.toMatchObject({ code: "core/handler-failed" });
  await expect(client.echo({ delayMs: 500 }, { timeout: 40 })).rejects.toMatchObject({
    code: "core/deadline-exceeded",
  });
  // A promise fails, it does not throw while it is made.
  const wrong = client.echo({}, { timeout: "soon" });
  await expect(wrong).rejects.toMatchObject({ code: "core/bad-duration" });
  const controller = new AbortController();
  const cancelled = client.echo({ delayMs: 500 }, { signal: controller.signal });
  setTimeout(() => controller.abort(), 10);
  await expect(cancelled).rejects.toMatchObject({ code: "core/cancelled" });
  await until(() => aborted, "the handler's signal");
});

test("a stream comes in order, runs at most its window ahead, and ends when the loop is left", async () => {
  const hub = await start({ services: { a: { calls: [Echo] }, b: { serves: [Echo] } } });
  const [a, b] = [hub.bus("a"), hub.bus("b")];
  let made = 0;
  let ended = false;
  b.serve(Echo, {
    count: async function* ({ count }) {
      try {
        for (let index = 0; index < count; index++) {
          made++;
          yield { index };
        }
      } finally {
        ended = true;
      }
    },
  });
  const got: number[] = [];
  for await (const item of a.client(Echo).count({ count: 100 })) got.push(item.index);
  expect(got).toEqual(Array.from({ length: 100 }, (_, i) => i));
  made = 0;
  ended = false;
  for await (const item of a.client(Echo).count({ count: 1000 })) {
    if (item.index === 5) break;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await until(() => ended, "the handler's end");
  expect(made).toBeLessThan(100);
});

test("access lists are enforced where the service opens a door", async () => {
  const hub = await start({ services: pair });
  expect(() => hub.bus("b").publisher(Note)).toThrow(/publishes/);
  expect(() => hub.bus("a").subscriber(Note)).toThrow(/subscribes/);
  expect(() => hub.bus("a").client(Echo)).toThrow(/calls/);
  expect(() => hub.bus("c")).toThrow(/no service 'c'/);
});

test("history reaches a late subscriber before live messages, flagged", async () => {
  const hub = await start({
    services: { a: { publishes: [Note], history: { [Note.name]: 2 } }, b: { subscribes: [Note] } },
    policy: "dropNewest",
  });
  const a = hub.bus("a");
  const publisher = a.publisher(Note);
  for (let seq = 1; seq <= 4; seq++) publisher.tryPublish({ seq });
  const got: string[] = [];
  hub
    .bus("b")
    .subscriber(Note)
    .on((note, meta) => got.push(`${note.seq}${meta.replayed ? " replayed" : ""}`));
  await until(() => got.length === 2, "history");
  publisher.tryPublish({ seq: 5 });
  expect(got).toEqual(["3 replayed", "4 replayed", "5"]);
});

test("a callback that comes after its messages is told where each is from", async () => {
  const hub = await start({ services: { ...pair, c: { publishes: [Note] } } });
  const [a, b, c] = [hub.bus("a"), hub.bus("b"), hub.bus("c")];
  const subscriber = b.subscriber(Note);
  await hub.connected();
  a.publisher(Note).tryPublish({ seq: 1 }, { topic: "north" });
  c.publisher(Note).tryPublish({ seq: 2 });
  const got: string[] = [];
  subscriber.on((note, { source, topic, sequence }) => got.push(`${source} ${topic} ${sequence} ${note.seq}`));
  expect(got).toEqual(["a north 1 1", "c  1 2"]);
});

test("topics narrow a type", async () => {
  const hub = await start({ services: pair });
  const [a, b] = [hub.bus("a"), hub.bus("b")];
  const got: string[] = [];
  b.subscriber(Note, { topic: "north" }).on((note, meta) => got.push(`${meta.topic} ${note.seq}`));
  await hub.connected();
  const publisher = a.publisher(Note);
  publisher.tryPublish({ seq: 1 }, { topic: "south" });
  publisher.tryPublish({ seq: 2 }, { topic: "north" });
  publisher.tryPublish({ seq: 3 });
  expect(got).toEqual(["north 2"]);
});

test("development mode refuses a wrong field and freezes what was handed over", async () => {
  const hub = await start({ services: pair });
  const [a, b] = [hub.bus("a"), hub.bus("b")];
  b.subscriber(Note).on(() => undefined);
  await hub.connected();
  const publisher = a.publisher(Note);
  expect(() => publisher.tryPublish({ seq: "1" } as never)).toThrow(/core\/type-mismatch.*seq/);
  const note = { seq: 1, text: "x", key: null };
  publisher.tryPublish(note);
  expect(Object.isFrozen(note)).toBe(true);
});

test("close drains, answers later use with core/closed and is harmless twice", async () => {
  const hub = await start({ services: pair });
  const [a, b] = [hub.bus("a"), hub.bus("b")];
  b.subscriber(Note).on(() => undefined);
  await hub.connected();
  const publisher = a.publisher(Note);
  publisher.tryPublish({ seq: 1 });
  await a.close();
  await a.close();
  expect(publisher.tryPublish({ seq: 2 })).toBe("closed");
  expect(() => a.publisher(Note)).toThrow(/core\/closed/);
});

test("a wrong field is a compile error", () => {
  expectTypeOf<Publisher<NoteInit>["tryPublish"]>().parameter(0).toEqualTypeOf<NoteInit>();
  // @ts-expect-error seq is a number
  const wrong: NoteInit = { seq: "1" };
  expect(wrong).toBeDefined();
});
