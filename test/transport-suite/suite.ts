/**
 * The shared suite: what every transport must do, run through the whole API. A transport's own test calls `transportSuite`
 * with a harness; cases that its features rule out are listed with the reason.
 */
import { afterEach, describe, expect, test } from "vitest";
import type { Bus, EdgeAccount, Hub, Kept, LaneAccount } from "#core";
import { Blob, Echo, Note, Tick } from "#generated/busbar/testing";
import type { TransportFeatures } from "#transport";
import { type LogLine, until } from "../support/hub.ts";
import type { TestPlanOptions } from "../support/plan.ts";

export interface Side {
  hub: Hub;
  bus: Bus;
  log: LogLine[];
}

export interface Harness {
  readonly name: string;
  readonly features: TransportFeatures;
  /** A fresh place (runtime folder, ports) for the two sides of one test. */
  place(): Promise<Place>;
}

export interface Place {
  /** Starts the hub that hosts service "a" or "b" ("both" hosts share a hub where the transport is by reference). */
  side(service: "a" | "b", options: TestPlanOptions, epoch?: number): Promise<Side>;
  /** Sends these bytes, as one transport message, to the inbox of "b" as somebody unknown; resolves with what came back. */
  stranger?(bytes: Uint8Array): Promise<Uint8Array[]>;
  close(): Promise<void>;
}

const services = {
  a: { process: "pa", publishes: [Note, Tick, Blob], calls: [Echo], subscribes: [] },
  b: { process: "pb", subscribes: [Note, Tick, Blob], serves: [Echo] },
};

const sum = (lane: LaneAccount): number => Object.values(lane.dropped).reduce((x, y) => x + y, 0);
export const addsUp = (account: EdgeAccount): void => {
  for (const lane of [account.data, account.control]) {
    expect(lane.published).toBe(lane.delivered + sum(lane) + lane.inFlight);
  }
};
const edgeOf = (bus: Bus): EdgeAccount =>
  bus.accounts().edges.find((edge) => edge.target === "b" || edge.target === "a") as EdgeAccount;

export const transportSuite = (harness: Harness): void => {
  const { features } = harness;
  const places: Place[] = [];
  const open = async (): Promise<Place> => {
    const place = await harness.place();
    places.push(place);
    return place;
  };
  const both = async (options: Partial<TestPlanOptions> = {}): Promise<{ place: Place; a: Side; b: Side }> => {
    const place = await open();
    const plan = { services, ...options };
    const a = await place.side("a", plan);
    const b = await place.side("b", plan);
    return { place, a, b };
  };
  const linked = async (a: Side): Promise<void> => a.hub.connected({ timeout: "10s" });
  /** The publisher's side has heard that "b" subscribes. */
  const attached = async (a: Side, type: { name: string }): Promise<void> => {
    a.bus.publisher(type as typeof Note);
    await until(() => edgeOf(a.bus).attached.includes(type.name), `the subscription to ${type.name}`);
  };
  afterEach(async () => {
    await Promise.all(places.splice(0).map((place) => place.close()));
  });

  /** A case that a transport cannot have is listed with the reason, not passed. */
  const when =
    (applies: boolean, reason: string) =>
    (name: string, run: () => Promise<void>): void => {
      test.runIf(applies)(applies ? name : `${name} (does not apply: ${reason})`, run);
    };
  const bytes = when(!features.byReference, "messages go by reference inside one process, under one plan");
  const strangers = when(
    features.strangers && !features.encrypted && harness.name !== "ring",
    "nobody unknown can connect",
  );

  describe(`transport ${harness.name}`, () => {
    test("keeps the order of everything on an edge, across types", async () => {
      const { a, b } = await both();
      const got: string[] = [];
      b.bus.subscriber(Note).on((note) => got.push(`n${note.seq}`));
      b.bus.subscriber(Tick).on((tick) => got.push(`t${tick.seq}`));
      await linked(a);
      const [notes, ticks] = [a.bus.publisher(Note), a.bus.publisher(Tick)];
      const want: string[] = [];
      for (let i = 0; i < 10_000; i++) {
        await notes.publish({ seq: i, text: "x".repeat(i % 50) });
        await ticks.publish({ seq: i });
        want.push(`n${i}`, `t${i}`);
      }
      await ticks.flush();
      expect(got).toEqual(want);
      addsUp(edgeOf(a.bus));
      expect(edgeOf(a.bus).data).toMatchObject({ published: 20_000, delivered: 20_000, inFlight: 0 });
    });

    test("block: a stopped subscriber makes publish wait, loses nothing and goes on in order", async () => {
      const { a, b } = await both({ capacityBytes: 64 * 1024 });
      const subscriber = b.bus.subscriber(Note, { buffer: 16 });
      await subscriber.ready;
      await attached(a, Note);
      const publisher = a.bus.publisher(Note);
      const sent = (async () => {
        for (let seq = 0; seq < 6000; seq++) await publisher.publish({ seq, text: "some text" });
      })();
      await new Promise((resolve) => setTimeout(resolve, 100));
      const held = edgeOf(a.bus);
      addsUp(held);
      expect(held.data.delivered).toBeLessThan(6000);
      const got: number[] = [];
      for await (const note of subscriber) {
        got.push(note.seq);
        if (got.length === 6000) break;
      }
      await sent;
      expect(got).toEqual(Array.from({ length: 6000 }, (_, i) => i));
    });

    test("block: gives up after its time-out, and counts what it gave up", async () => {
      const { a, b } = await both({ capacityBytes: 16 * 1024, timeoutMs: 100 });
      const subscriber = b.bus.subscriber(Note, { buffer: 1 });
      await subscriber.ready;
      await attached(a, Note);
      const publisher = a.bus.publisher(Note);
      const results = await Promise.allSettled(
        Array.from({ length: 6000 }, (_, seq) => publisher.publish({ seq, text: "x".repeat(100) })),
      );
      const failed = results.filter((r) => r.status === "rejected");
      expect(failed.length).toBeGreaterThan(0);
      const codes = new Set(failed.map((r) => (r as PromiseRejectedResult).reason.code));
      expect([...codes].every((code) => code === "core/timeout" || code === "core/full")).toBe(true);
      const account = edgeOf(a.bus);
      addsUp(account);
      expect(account.data.dropped.timeout).toBe(
        failed.filter((r) => (r as PromiseRejectedResult).reason.code === "core/timeout").length,
      );
    });

    test("error: a full edge is an error at once", async () => {
      const { a, b } = await both({ policy: "error", capacityBytes: 16 * 1024 });
      await b.bus.subscriber(Note, { buffer: 1 }).ready;
      await attached(a, Note);
      const publisher = a.bus.publisher(Note);
      let sent = 0;
      while (publisher.tryPublish({ seq: sent, text: "x".repeat(100) }) === "sent") sent++;
      await expect(publisher.publish({ seq: sent, text: "x" })).rejects.toMatchObject({ code: "core/full" });
      const account = edgeOf(a.bus);
      addsUp(account);
      expect(account.data.published).toBe(sent);
      expect(account.refused).toBeGreaterThan(0);
    });

    bytes("an edge takes its capacity and no more, whatever else its link may carry", async () => {
      const { a, b } = await both({ policy: "error", capacityBytes: 64 * 1024, messageBytesMax: 8 * 1024 });
      await b.bus.subscriber(Note, { buffer: 1 }).ready;
      await attached(a, Note);
      const publisher = a.bus.publisher(Note);
      let sent = 0;
      while (publisher.tryPublish({ seq: sent, text: "x".repeat(4000) }) === "sent") sent++;
      // 15 frames of some 4,100 bytes, and what the subscriber took meanwhile.
      expect(sent).toBeGreaterThan(13);
      expect(sent).toBeLessThan(20);
      await publisher.flush({ timeout: "100ms" }).catch(() => undefined);
      addsUp(edgeOf(a.bus));
    });

    test("drop_newest: what does not fit is dropped and counted", async () => {
      const { a, b } = await both({ policy: "dropNewest", capacityBytes: 16 * 1024 });
      const subscriber = b.bus.subscriber(Note, { buffer: 1 });
      await subscriber.ready;
      await attached(a, Note);
      const publisher = a.bus.publisher(Note);
      let full = 0;
      for (let seq = 0; seq < 6000; seq++) {
        if (publisher.tryPublish({ seq, text: "x".repeat(100) }) === "full") full++;
      }
      const { data } = edgeOf(a.bus);
      expect(data.published).toBe(6000);
      expect(data.dropped.full_newest).toBeGreaterThan(0);
      expect(full).toBe(data.dropped.full_newest);
      const kept = 6000 - data.dropped.full_newest;
      const got: number[] = [];
      for await (const note of subscriber) {
        got.push(note.seq);
        if (got.length === kept) break;
      }
      expect(got).toEqual(Array.from({ length: kept }, (_, i) => i));
      addsUp(edgeOf(a.bus));
    });

    test("drop_oldest: the newest arrive, in order, the rest is counted", async () => {
      const { a, b } = await both({ policy: "dropOldest", capacityBytes: 16 * 1024 });
      const subscriber = b.bus.subscriber(Note, { buffer: 1 });
      await subscriber.ready;
      await attached(a, Note);
      const publisher = a.bus.publisher(Note);
      for (let seq = 0; seq < 8000; seq++) publisher.tryPublish({ seq, text: "x".repeat(100) });
      const { data } = edgeOf(a.bus);
      expect(data.published).toBe(8000);
      expect(data.dropped.full_oldest).toBeGreaterThan(0);
      const kept = 8000 - data.dropped.full_oldest;
      const got: number[] = [];
      for await (const note of subscriber) {
        got.push(note.seq);
        if (got.length === kept) break;
      }
      expect(got.at(-1)).toBe(7999);
      expect(got).toEqual([...got].sort((x, y) => x - y));
      addsUp(edgeOf(a.bus));
    });

    test("latest: one per key waits; older ones are conflated and counted", async () => {
      const { a, b } = await both({ policy: "latest", capacityBytes: 16 * 1024 });
      const subscriber = b.bus.subscriber(Note, { buffer: 1 });
      await subscriber.ready;
      await attached(a, Note);
      const publisher = a.bus.publisher(Note);
      for (let seq = 0; seq < 8000; seq++) {
        const key = seq % 2 === 0 ? "even" : "odd";
        publisher.tryPublish({ seq, text: "x".repeat(100), key }, { key });
      }
      const { data } = edgeOf(a.bus);
      expect(data.dropped.conflated).toBeGreaterThan(0);
      const kept = 8000 - data.dropped.conflated;
      const got: number[] = [];
      for await (const note of subscriber) {
        got.push(note.seq);
        if (got.length === kept) break;
      }
      expect(got.slice(-2)).toEqual([7998, 7999]);
      addsUp(edgeOf(a.bus));
    });

    test("a stopped subscriber costs bounded memory, however much is offered", async () => {
      const { a, b } = await both({ policy: "error", capacityBytes: 256 * 1024 });
      await b.bus.subscriber(Note, { buffer: 16 }).ready;
      await attached(a, Note);
      const publisher = a.bus.publisher(Note);
      const text = "x".repeat(1000);
      const before = process.memoryUsage().rss;
      // 200 MB, in turns, so that both sides and their I/O threads do all they can to take it.
      for (let turn = 0; turn < 200; turn++) {
        for (let seq = 0; seq < 1000; seq++) publisher.tryPublish({ seq, text });
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
      const account = edgeOf(a.bus);
      addsUp(account);
      // The window or the ring, what the sender stages, and the subscriber's buffer; by reference a message counts as 64 bytes.
      expect(account.data.published).toBeLessThan(8192);
      expect(account.refused).toBeGreaterThan(190_000);
    });

    test("a stopped subscriber does not stop requests on the same pair", async () => {
      const { a, b } = await both({ policy: "error", capacityBytes: 16 * 1024 });
      b.bus.serve(Echo, { echo: ({ seq, text }) => ({ seq, text }) });
      await b.bus.subscriber(Note, { buffer: 1 }).ready;
      await attached(a, Note);
      const publisher = a.bus.publisher(Note);
      while (publisher.tryPublish({ seq: 1, text: "x".repeat(100) }) === "sent");
      const client = a.bus.client(Echo);
      for (let seq = 0; seq < 200; seq++) expect((await client.echo({ seq })).seq).toBe(seq);
    });

    test("1,000 requests at once come back to their callers; a stream keeps its order", async () => {
      const { a, b } = await both();
      b.bus.serve(Echo, {
        echo: async ({ seq, text }) => {
          if (seq % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
          return { seq, text };
        },
        count: function* ({ count }) {
          for (let index = 0; index < count; index++) yield { index };
        },
      });
      await linked(a);
      const client = a.bus.client(Echo);
      const answers = await Promise.all(
        Array.from({ length: 1000 }, (_, seq) => client.echo({ seq, text: `t${seq}` })),
      );
      expect(answers.map((answer) => answer.text)).toEqual(Array.from({ length: 1000 }, (_, i) => `t${i}`));
      const items: number[] = [];
      for await (const { index } of client.count({ count: 500 })) items.push(index);
      expect(items).toEqual(Array.from({ length: 500 }, (_, i) => i));
    });

    bytes("carries messages up to max_message and refuses larger ones before sending", async () => {
      const max = 16 * 1024 * 1024;
      const { a, b } = await both({ messageBytesMax: max, capacityBytes: 2 * max });
      const sizes: number[] = [];
      b.bus.subscriber(Blob).on((blob) => {
        const { data } = blob;
        sizes.push(data[0] === 7 && data[data.length - 1] === 7 ? data.length : -1);
      });
      await linked(a);
      const publisher = a.bus.publisher(Blob);
      const wanted = [1, 70_000, 1 << 20, 8 << 20, max - 1024];
      for (const size of wanted) await publisher.publish({ seq: 1, data: new Uint8Array(size).fill(7) });
      await publisher.flush();
      expect(sizes).toEqual(wanted);
      await expect(publisher.publish({ data: new Uint8Array(max + 1) })).rejects.toMatchObject({
        code: "core/message-too-large",
      });
      await publisher.publish({ seq: 2, data: new Uint8Array(3).fill(7) });
      await publisher.flush();
      expect(sizes.at(-1)).toBe(3);
    });

    test("a message that is kept stays as it was while others come, until it is released", async () => {
      const { a, b } = await both({ messageBytesMax: 1 << 20, capacityBytes: 4 << 20 });
      const kept: Kept<{ readonly seq: number; readonly data: Uint8Array }>[] = [];
      let late: unknown;
      b.bus.subscriber(Blob).on((blob, meta) => {
        if (blob.seq <= 3) kept.push(meta.keep(blob));
        queueMicrotask(() => {
          try {
            meta.keep(blob);
          } catch (error) {
            late = error;
          }
        });
      });
      await linked(a);
      const publisher = a.bus.publisher(Blob);
      for (let seq = 1; seq <= 30; seq++) await publisher.publish({ seq, data: new Uint8Array(500_000).fill(seq) });
      await publisher.flush();
      const found = kept.map(({ message }) => [message.seq, message.data.every((byte) => byte === message.seq)]);
      expect(found).toEqual([
        [1, true],
        [2, true],
        [3, true],
      ]);
      expect(late).toBeInstanceOf(TypeError);
      for (const each of kept) each.release();
      expect(() => kept[0].message).toThrow(TypeError);
    });

    test("the publisher may start late, and so may the subscriber", async () => {
      for (const first of ["a", "b"] as const) {
        const place = await open();
        const plan = { services };
        const early = await place.side(first, plan);
        const got: number[] = [];
        const subscribe = (side: Side): unknown => side.bus.subscriber(Note).on((note) => got.push(note.seq));
        let publishing: Promise<void> | undefined;
        if (first === "b") subscribe(early);
        else publishing = early.bus.publisher(Note).publish({ seq: 1 });
        const late = await place.side(first === "a" ? "b" : "a", plan);
        if (first === "a") subscribe(late);
        else publishing = late.bus.publisher(Note).publish({ seq: 1 });
        await publishing;
        await until(() => got.length === 1, "the message");
      }
    });

    test("the subscriber restarts: publishing goes on, accounts stay true", async () => {
      const { place, a, b } = await both();
      const first: number[] = [];
      b.bus.subscriber(Note).on((note) => first.push(note.seq));
      await linked(a);
      const publisher = a.bus.publisher(Note);
      for (let seq = 0; seq < 100; seq++) await publisher.publish({ seq });
      await publisher.flush();
      await b.bus.close();
      if (!features.byReference) await b.hub.close();
      const second: number[] = [];
      const again = await place.side("b", { services }, 2);
      again.bus.subscriber(Note).on((note) => second.push(note.seq));
      for (let seq = 100; seq < 200; seq++) await publisher.publish({ seq });
      await publisher.flush();
      expect(first).toEqual(Array.from({ length: 100 }, (_, i) => i));
      expect(second).toEqual(Array.from({ length: 100 }, (_, i) => 100 + i));
      const account = edgeOf(a.bus);
      addsUp(account);
      expect(account.data).toMatchObject({ published: 200, delivered: 200 });
    });

    test("the publisher restarts: the subscriber hears the new one without doing anything", async () => {
      const { place, a, b } = await both();
      const got: number[] = [];
      b.bus.subscriber(Note).on((note) => got.push(note.seq));
      await linked(a);
      await a.bus.publisher(Note).publish({ seq: 1 });
      await until(() => got.length === 1, "the first message");
      await a.bus.close();
      if (!features.byReference) await a.hub.close();
      const again = await place.side("a", { services }, 2);
      await again.bus.publisher(Note).publish({ seq: 2 });
      await until(() => got.length === 2, "the second message");
    });

    test("a request whose server goes away fails with core/peer-lost or is answered, never hangs", async () => {
      const { a, b } = await both();
      b.bus.serve(Echo, { echo: () => new Promise(() => undefined) });
      await linked(a);
      const asked = expect(a.bus.client(Echo).echo({ seq: 1 })).rejects.toMatchObject({ code: "core/peer-lost" });
      await new Promise((resolve) => setTimeout(resolve, 50));
      await b.bus.close({ drain: 50 });
      await asked;
    });

    bytes("a type whose schema differs is refused by name; other types flow", async () => {
      const place = await open();
      const a = await place.side("a", { services });
      const b = await place.side("b", { services, fingerprints: { [Tick.name]: "00000000deadbeef" } });
      const got: number[] = [];
      b.bus.subscriber(Note).on((note) => got.push(note.seq));
      await linked(a);
      await a.bus.publisher(Note).publish({ seq: 1 });
      await until(() => got.length === 1, "the other type");
      await expect(a.bus.publisher(Tick).publish({ seq: 1 })).rejects.toMatchObject({ code: "schema/mismatch" });
      expect(edgeOf(a.bus).note).toMatch(/busbar\.testing\.Tick.*00000000deadbeef/);
      expect(edgeOf(a.bus).data.dropped.refused_schema).toBe(1);
    });

    bytes("another plan is refused with both hashes", async () => {
      const place = await open();
      const a = await place.side("a", { services, hash: "a".repeat(64) });
      await place.side("b", { services, hash: "b".repeat(64) });
      await until(() => a.hub.links().some((link) => link.note?.includes("plan-mismatch") ?? false), "the refusal");
      const note = a.hub.links()[0].note ?? "";
      expect(note).toContain("aaaaaaaaaaaa");
      expect(note).toContain("bbbbbbbbbbbb");
    });

    strangers("garbage, a wrong version and data before HELLO change nothing for others", async () => {
      const { place, a, b } = await both();
      const got: number[] = [];
      b.bus.subscriber(Note).on((note) => got.push(note.seq));
      await linked(a);
      const junk = [
        new Uint8Array(0),
        new Uint8Array(10).fill(1),
        new Uint8Array(64).fill(255),
        Uint8Array.from({ length: 64 }, (_, i) =>
          i === 0 ? 64 : i === 4 ? 0x42 : i === 5 ? 2 : i === 6 ? 16 : i === 7 ? 8 : 0,
        ),
        Uint8Array.from({ length: 64 }, (_, i) =>
          i === 0 ? 64 : i === 4 ? 0x42 : i === 5 ? 1 : i === 6 ? 1 : i === 7 ? 8 : 0,
        ),
        new Uint8Array(200_000).fill(66),
      ];
      for (const bytes of junk) await place.stranger?.(bytes);
      await a.bus.publisher(Note).publish({ seq: 5 });
      await until(() => got.length === 1, "a message after the junk");
    });
  });
};
