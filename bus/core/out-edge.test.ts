import { expect, test } from "vitest";
import { PolicyKind } from "#generated/busbar/plan";
import { Blob, Note, Tick } from "#generated/busbar/testing";
import { DROP_REASONS } from "#transport";
import { Extension, findExtension, frameSequence, frameTtlMs, frameTypeId, type Memory, payloadOffset } from "#wire";
import type { AnyMessageType } from "./api.ts";
import { envelopeOf, PLAIN } from "./envelope.ts";
import { OutEdge } from "./out-edge.ts";
import { CLOSED, FULL, NOT_FOR_IT, SENT } from "./outcome.ts";
import { Route } from "./route.ts";
import { FakeCarrier, FakeClock } from "./test-support.ts";
import { Ticker } from "./ticker.ts";

interface Rig {
  clock: FakeClock;
  edge: OutEdge;
  carrier: FakeCarrier;
  route(type: AnyMessageType, policy?: keyof typeof PolicyKind, options?: { declared?: boolean }): Route;
  seqs(): number[];
  settled(): void;
}

const rig = (window = 1024, messageBytesMax = 8192, capacityBytes = 4096): Rig => {
  const clock = new FakeClock();
  const ticker = new Ticker(clock);
  const carrier = new FakeCarrier(window);
  const edge = new OutEdge({
    source: "a",
    target: "b",
    sourceId: 1,
    epoch: 1,
    capacityBytes,
    messageBytesMax,
    ticker,
    clock,
    development: false,
  });
  return {
    clock,
    edge,
    carrier,
    route: (type, policy = "block", options = {}) =>
      new Route(edge, type, PolicyKind[policy], 5000, options.declared ?? true),
    seqs: () => carrier.outbound[0].frames.map((frame) => seqOf(frame)),
    settled: () => {
      const { published, delivered, inFlight, dropped } = edge.account.snapshot();
      expect(published).toBe(delivered + inFlight + Object.values(dropped).reduce((a, b) => a + b, 0));
      expect(inFlight).toBeGreaterThanOrEqual(0);
    },
  };
};
const seqOf = (frame: Memory): number => Note.decode(frame, payloadOffset(frame, 0)).seq;
const text = "x".repeat(150);
const fill = (edge: OutEdge, route: Route): number => {
  let sent = 0;
  while (edge.offer(route, { seq: sent, text }, PLAIN) === SENT) sent++;
  return sent;
};

test("offer: a message goes at once, with sequence, topic, key and time to live", () => {
  const { edge, carrier, route } = rig();
  edge.attachBytes(carrier);
  const notes = route(Note);
  notes.setTopic("", true);
  expect(edge.offer(notes, { seq: 1 }, envelopeOf({ topic: "north", key: "k", ttl: 50 }, 1000))).toBe(SENT);
  const [frame] = carrier.outbound[0].frames;
  expect(frameTypeId(frame, 0)).toBe(Note.typeId);
  expect(frameSequence(frame, 0)).toBe(1);
  expect(frameTtlMs(frame, 0)).toBe(50);
  expect(Buffer.from(findExtension(frame, 0, Extension.topic) ?? []).toString()).toBe("north");
  expect(Buffer.from(findExtension(frame, 0, Extension.key) ?? []).toString()).toBe("k");
  expect(Note.verify(frame, payloadOffset(frame, 0), frame.size)).toBe(true);
});

test("offer: a topic that nobody asked for is not for this edge, and counted nowhere", () => {
  const { edge, carrier, route } = rig();
  edge.attachBytes(carrier);
  const notes = route(Note);
  notes.setTopic("north", true);
  expect(edge.offer(notes, { seq: 1 }, envelopeOf({ topic: "south" }, 0))).toBe(NOT_FOR_IT);
  expect(edge.account.published).toBe(0);
});

test("offer: after one large message a small one is not taken for large", () => {
  const { edge, carrier, route } = rig(2048);
  edge.attachBytes(carrier);
  const blobs = route(Blob, "dropNewest");
  blobs.setTopic("", true);
  expect(edge.offer(blobs, { data: new Uint8Array(1500) }, PLAIN)).toBe(SENT);
  expect(edge.offer(blobs, { data: new Uint8Array(10) }, PLAIN)).toBe(SENT);
});

test("offer: too large is an error before anything is counted; a message of exactly the limit passes", () => {
  const { edge, carrier, route, settled } = rig(1 << 20, 8192);
  edge.attachBytes(carrier);
  const blobs = route(Blob);
  blobs.setTopic("", true);
  const overhead = Blob.encode(carrier.outbound[0].memory, 0, 1 << 15, { data: new Uint8Array(8000) }) - 8000;
  for (let more = 0; more < 8; more++) {
    expect(() => edge.offer(blobs, { data: new Uint8Array(8192 - overhead + 1 + more * 999) }, PLAIN)).toThrow(
      /core\/message-too-large/,
    );
  }
  expect(edge.account.published).toBe(0);
  expect(edge.offer(blobs, { data: new Uint8Array(8192 - overhead - 8) }, PLAIN)).toBe(SENT);
  settled();
});

test("publish: too large is an error too when it would have to wait, and leaves nothing in flight", async () => {
  const { edge, route, settled } = rig();
  await expect(edge.publish(route(Blob), { data: new Uint8Array(9000) }, PLAIN)).rejects.toMatchObject({
    code: "core/message-too-large",
  });
  expect(edge.account.inFlight).toBe(0);
  settled();
});

test("publish: block waits in order, goes on when there is room, and counts its time-outs", async () => {
  const { clock, edge, carrier, route, seqs, settled } = rig();
  edge.attachBytes(carrier);
  const notes = route(Note);
  notes.setTopic("", true);
  const sent = fill(edge, notes);
  const first = edge.publish(notes, { seq: 100 }, PLAIN);
  const second = edge.publish(notes, { seq: 101 }, PLAIN);
  expect(edge.offer(notes, { seq: 102 }, PLAIN)).toBe(FULL);
  carrier.outbound[0].releaseAll();
  edge.pump();
  await first;
  await second;
  expect(seqs()).toEqual([...Array.from({ length: sent }, (_, i) => i), 100, 101]);
  fill(edge, notes);
  const late = edge.publish(notes, { seq: 103, text }, PLAIN);
  const failed = expect(late).rejects.toMatchObject({ code: "core/timeout" });
  clock.pass(5000);
  await failed;
  expect(edge.account.snapshot().dropped.timeout).toBe(1);
  expect(clock.pending).toBe(0);
  settled();
});

test("publish: what may wait is bounded in bytes; beyond it is core/full", async () => {
  const { edge, route } = rig(1024, 8192, 1000);
  const notes = route(Note);
  const waiting = [1, 2, 3].map((seq) => edge.publish(notes, { seq, text }, PLAIN));
  await expect(edge.publish(notes, { seq: 4, text }, PLAIN)).rejects.toMatchObject({ code: "core/full" });
  expect(edge.waiting).toBe(3);
  edge.abandon();
  for (const result of await Promise.allSettled(waiting)) expect(result.status).toBe("rejected");
  expect(edge.account.snapshot().dropped.closed).toBe(3);
});

test("latest: one per type, topic and key waits, behind a head that does not move", () => {
  const { edge, carrier, route, settled } = rig();
  edge.attachBytes(carrier);
  const notes = route(Note, "latest");
  notes.setTopic("", true);
  const sent = fill10(edge, notes);
  for (let seq = 0; seq < 5000; seq++) {
    for (const key of ["x", "y"]) edge.offer(notes, { seq, key }, envelopeOf({ key }, 0));
  }
  expect(edge.waiting).toBe(3);
  expect(edge.account.snapshot().dropped.conflated).toBe(sent - carrier.outbound[0].committed - 1 + 2 * 4999);
  carrier.outbound[0].releaseAll();
  edge.pump();
  const last = carrier.outbound[0].frames.slice(-2).map((frame) => Note.decode(frame, payloadOffset(frame, 0)));
  expect(last).toEqual([
    { seq: 4999, text: null, key: "x" },
    { seq: 4999, text: null, key: "y" },
  ]);
  settled();
});
const fill10 = (edge: OutEdge, route: Route): number => {
  for (let seq = 0; seq < 10; seq++) edge.offer(route, { seq, text }, PLAIN);
  return 10;
};

test("drop_oldest never drops what a blocked publish waits for", async () => {
  const { edge, carrier, route, settled } = rig(1024, 8192, 1200);
  edge.attachBytes(carrier);
  const blocking = route(Note);
  const dropping = route(Tick, "dropOldest");
  for (const one of [blocking, dropping]) one.setTopic("", true);
  fill(edge, blocking);
  const waits = edge.publish(blocking, { seq: 7, text }, PLAIN);
  for (let seq = 0; seq < 50; seq++) edge.offer(dropping, { seq }, PLAIN);
  expect(edge.account.snapshot().dropped.full_oldest).toBeGreaterThan(0);
  carrier.outbound[0].releaseAll();
  edge.pump();
  await waits;
  settled();
});

test("pump: a type that nobody attaches to stops the edge for the time-out, not for ever", async () => {
  const { clock, edge, carrier, route, settled } = rig();
  const never = route(Tick, "latest");
  const notes = route(Note);
  edge.offer(never, { seq: 1 }, PLAIN);
  edge.attachBytes(carrier);
  notes.setTopic("", true);
  edge.routeChanged(notes);
  const waits = edge.publish(notes, { seq: 1 }, PLAIN);
  clock.pass(4000);
  expect(carrier.outbound[0].committed).toBe(0);
  clock.pass(1001);
  await waits;
  expect(carrier.outbound[0].committed).toBe(1);
  // What comes for it now stands aside at once, and goes when somebody asks after all.
  edge.offer(never, { seq: 2 }, PLAIN);
  expect(edge.offer(notes, { seq: 2 }, PLAIN)).toBe(SENT);
  never.setTopic("", true);
  edge.routeChanged(never);
  expect(frameTypeId(carrier.outbound[0].frames[2], 0)).toBe(Tick.typeId);
  expect(edge.waiting).toBe(0);
  settled();
});

test("pump: order holds while subscriptions arrive one by one", () => {
  const { edge, carrier, route } = rig();
  const notes = route(Note, "dropOldest");
  const ticks = route(Tick, "dropOldest");
  edge.offer(notes, { seq: 1 }, PLAIN);
  edge.offer(ticks, { seq: 2 }, PLAIN);
  edge.offer(notes, { seq: 3 }, PLAIN);
  edge.attachBytes(carrier);
  notes.setTopic("", true);
  edge.routeChanged(notes);
  expect(carrier.outbound[0].committed).toBe(1);
  ticks.setTopic("", true);
  edge.routeChanged(ticks);
  expect(carrier.outbound[0].frames.map((frame) => frameTypeId(frame, 0))).toEqual([
    Note.typeId,
    Tick.typeId,
    Note.typeId,
  ]);
});

test("a carrier that has ended is full until the link says so; what waits goes over the next one", async () => {
  const { edge, carrier, route, settled } = rig();
  edge.attachBytes(carrier);
  const notes = route(Note);
  notes.setTopic("", true);
  edge.offer(notes, { seq: 1 }, PLAIN);
  carrier.abort();
  expect(edge.offer(notes, { seq: 2 }, PLAIN)).toBe(FULL);
  const waits = edge.publish(notes, { seq: 3 }, PLAIN);
  notes.detach();
  expect(edge.detach()).toBe(1);
  const next = new FakeCarrier();
  edge.attachBytes(next);
  notes.setTopic("", true);
  edge.routeChanged(notes);
  await waits;
  expect(next.outbound[0].frames.map(seqOf)).toEqual([3]);
  expect(edge.account.snapshot().dropped.link_lost).toBe(1);
  settled();
});

test("what waited beyond its time to live is dropped as expired and never sent", async () => {
  const { clock, edge, carrier, route } = rig();
  const notes = route(Note);
  const waits = edge.publish(notes, { seq: 1 }, envelopeOf({ ttl: 100 }, clock.now()));
  clock.pass(200);
  edge.attachBytes(carrier);
  notes.setTopic("", true);
  edge.routeChanged(notes);
  await waits;
  expect(carrier.outbound[0].committed).toBe(0);
  expect(edge.account.snapshot().dropped.expired).toBe(1);
});

test("a refused type is closed at once, with its reason, and waiting messages of it fail", async () => {
  const { edge, route } = rig();
  const notes = route(Note);
  const waits = edge.publish(notes, { seq: 1 }, PLAIN);
  notes.refuse("schema/mismatch: Note differs");
  const failed = expect(waits).rejects.toMatchObject({ code: "schema/mismatch", message: /Note differs/ });
  edge.pump();
  await failed;
  expect(edge.offer(notes, { seq: 2 }, PLAIN)).toBe(CLOSED);
  expect(edge.account.snapshot().dropped.refused_schema).toBe(2);
});

test("drained: waits for what was offered before it, not for what comes after", async () => {
  const { edge, carrier, route } = rig();
  edge.attachBytes(carrier);
  const notes = route(Note, "dropOldest");
  notes.setTopic("", true);
  for (let seq = 0; seq < 8; seq++) edge.offer(notes, { seq, text }, PLAIN);
  let done = false;
  const drained = edge.drained(new AbortController().signal).then(() => {
    done = true;
  });
  for (let round = 0; round < 20 && !done; round++) {
    edge.offer(notes, { seq: 100 + round, text }, PLAIN);
    carrier.outbound[0].releaseAll();
    edge.reported();
    edge.pump();
    await Promise.resolve();
    await Promise.resolve();
  }
  await drained;
  expect(edge.account.droppedOf(DROP_REASONS.indexOf("full_oldest"))).toBe(0);
});

test("a callback that publishes from inside a delivery by reference does not send anything twice", () => {
  const { edge, route, settled } = rig();
  const got: unknown[] = [];
  const notes = route(Note);
  const report = { delivered: 0, dropped: DROP_REASONS.map(() => 0) };
  edge.offer(route(Note, "dropOldest"), { seq: 0 }, PLAIN);
  edge.attachReference({
    kind: "reference",
    transport: "local",
    peer: { label: "" },
    report,
    committed: 0,
    controlCommitted: 0,
    controlDelivered: 0,
    open: () => undefined,
    send: (_type, message) => {
      got.push((message as { seq: number }).seq);
      report.delivered++;
      edge.pump();
      return 1;
    },
    post: () => undefined,
    resume: () => undefined,
    close: () => undefined,
  });
  notes.setTopic("", true);
  const staged = route(Note, "dropOldest");
  staged.setTopic("", true);
  edge.offer(staged, { seq: 1 }, PLAIN);
  edge.pump();
  expect(new Set(got).size).toBe(got.length);
  settled();
});
