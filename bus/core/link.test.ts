/** A hub whose peer is the test: hostile frames, access lists, schemas, slow readers. Carriers without a wire. */
import { afterEach, expect, test } from "vitest";
import { Schema, Subscribe } from "#generated/busbar/control";
import { Echo, EchoRequest, Note, Tick } from "#generated/busbar/testing";
import type { Admission, DialOptions, ListenOptions, Transport } from "#transport";
import { DELIVERED, dropped } from "#transport";
import {
  Extension,
  findExtension,
  frameKind,
  HEADER_BYTES,
  Kind,
  Lane,
  Memory,
  payloadOffset,
  sourceIdOf,
  writeHeader,
} from "#wire";
import { planOf, type TestPlanOptions } from "../../test/support/plan.ts";
import type { AnyMessageType, Bus } from "./api.ts";
import { encodeHello } from "./handshake.ts";
import { createHub } from "./hub.ts";
import type { Hub, SchemaSupport } from "./hub-api.ts";
import { FakeCarrier, FakeClock, fakeLog } from "./test-support.ts";

const hubs: { hub: Hub; clock: FakeClock }[] = [];
/** Time stands still unless somebody moves it, and closing waits for time. */
const closed = async ({ hub, clock }: { hub: Hub; clock: FakeClock }): Promise<void> => {
  let isOver = false;
  const closing = hub.close({ drain: 10 }).then(() => (isOver = true));
  for (let i = 0; i < 1000 && !isOver; i++) {
    clock.pass(5);
    await turn();
  }
  await closing;
};
afterEach(async () => {
  await Promise.all(hubs.splice(0).map(closed));
});
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const frameOf = (kind: number, type: AnyMessageType, value: unknown, typeId = 0, correlation = 0): Memory => {
  const memory = Memory.allocate(1 << 14);
  const end = type.encode(memory, HEADER_BYTES, memory.size, value);
  const lane = kind === Kind.data ? Lane.data : Lane.control;
  const { fingerprintLo, fingerprintHi } = type;
  writeHeader(
    memory,
    0,
    end,
    kind,
    64,
    typeId,
    1,
    fingerprintLo,
    fingerprintHi,
    1,
    0,
    0,
    correlation,
    1,
    0,
    0,
    0,
    lane,
  );
  return Memory.copyOf(memory.u8.slice(0, end));
};
const subscribe = (type: AnyMessageType, more: object = {}): Memory =>
  frameOf(Kind.subscribe, Subscribe, {
    type: type.name,
    typeId: type.typeId,
    fingerprint: type.fingerprint,
    lineage: type.lineage,
    active: true,
    ...more,
  });
const data = (type: AnyMessageType, value: unknown): Memory => frameOf(Kind.data, type, value, type.typeId);

/** Service "s" in a hub; the peer "p" in another process is the test. */
const rig = async (services: TestPlanOptions["services"], schema?: SchemaSupport) => {
  const clock = new FakeClock();
  const log = fakeLog();
  let listening: ListenOptions | undefined;
  const none: Transport = {
    name: "unix",
    features: { byReference: false, crossesProcess: true, strangers: true, encrypted: false },
    listen: (options) => {
      listening = options;
      return Promise.resolve({ address: options.address, close: () => Promise.resolve() });
    },
    dial: (_options: DialOptions) => new Promise(() => undefined),
    close: () => Promise.resolve(),
  };
  const plan = planOf({
    services: Object.fromEntries(
      Object.entries(services).map(([name, service]) => [name, { ...service, process: `p-${name}` }]),
    ),
    messageBytesMax: 4096,
    capacityBytes: 2048,
  });
  const hub = createHub({
    plan,
    process: "p-s",
    transports: [none],
    clock,
    log,
    development: true,
    epochOf: () => 1,
    libraryVersion: "0",
    nonce: () => new Uint8Array(16),
    addressOf: (process, kind) => (kind === "unix" ? { transport: kind, path: process } : undefined),
    ...(schema === undefined ? {} : { schema }),
  });
  hubs.push({ hub, clock });
  const bus = hub.bus("s");
  await hub.start();
  const greet = (
    carrier: FakeCarrier,
    epoch = 1,
    types: NonNullable<Parameters<typeof encodeHello>[0]["types"]> = [],
  ) => {
    const value = { versions: Uint8Array.of(1), service: "p", target: "s", planHash: plan.hash, epoch, types };
    const admission = listening?.admit(encodeHello(value, sourceIdOf("p")), { label: "p" }) as Admission;
    if ("welcome" in admission) admission.attach(carrier);
    return carrier;
  };
  const edge = () => bus.accounts().edges[0];
  return { clock, log, hub, bus, greet, edge };
};
const controls = (carrier: FakeCarrier, kind: number): Memory[] =>
  carrier.outbound[1].frames.filter((frame) => frameKind(frame, 0) === kind);
const codeOf = (frame: Memory): number => Buffer.from(findExtension(frame, 0, Extension.error) ?? []).readUInt16LE();
const ask = (bus: Bus) => bus.client(Echo).echo({ seq: 1 }, { timeout: 100 });

test("a SUBSCRIBE that the plan does not allow changes nothing: unknown type, false id, a type of another edge", async () => {
  const { bus, greet, log } = await rig({
    s: { publishes: [Note, Tick], subscribes: [] },
    p: { subscribes: [Note] },
    q: { subscribes: [Tick] },
  });
  const carrier = greet(new FakeCarrier());
  carrier.arrive(subscribe(Note, { type: "no.such.Type" }));
  carrier.arrive(subscribe(Note, { typeId: 7 }));
  carrier.arrive(subscribe(Tick));
  for (let i = 0; i < 500; i++) carrier.arrive(subscribe(Note, { type: `x${i}`, typeId: i }));
  expect(bus.accounts().edges.map((edge) => edge.attached)).toEqual([[], []]);
  expect(log.lines.filter((line) => line.text.includes("subscription was refused")).length).toBe(1);
  carrier.arrive(subscribe(Note));
  expect(bus.publisher(Note).tryPublish({ seq: 1 })).toBe("sent");
});

test("a peer without an edge to us may neither subscribe to us nor send to us", async () => {
  const { bus, greet } = await rig({
    s: { publishes: [Note], subscribes: [Tick], serves: [Echo] },
    p: { calls: [Echo] },
    q: { subscribes: [Note], publishes: [Tick] },
  });
  const got: number[] = [];
  bus.subscriber(Tick).on((tick) => got.push(tick.seq));
  const carrier = greet(new FakeCarrier());
  carrier.arrive(subscribe(Note));
  expect(carrier.arrive(data(Tick, { seq: 1 }), Lane.data)).toBe(dropped("refused_schema"));
  expect(got).toEqual([]);
  bus.publisher(Note).tryPublish({ seq: 1 });
  expect(carrier.outbound[0].committed).toBe(0);
  expect(controls(carrier, Kind.subscribe)).toEqual([]);
});

test("a REQUEST of a service that may not call is answered with core/not-allowed, and no handler runs", async () => {
  const { bus, greet } = await rig({ s: { publishes: [Note], serves: [Echo] }, p: { subscribes: [Note] } });
  let calls = 0;
  bus.serve(Echo, { echo: () => ({ seq: ++calls }) });
  const carrier = greet(new FakeCarrier());
  const request = frameOf(Kind.request, EchoRequest, { seq: 1 }, Echo.methods.echo.requestId, 5);
  expect(carrier.arrive(request)).toBe(DELIVERED);
  expect(calls).toBe(0);
  expect(controls(carrier, Kind.error).map(codeOf)).toEqual([10]);
});

test("control frames with broken payloads are dropped as malformed and told rarely", async () => {
  const { greet, log, bus } = await rig({
    s: { publishes: [Note], serves: [Echo] },
    p: { subscribes: [Note], calls: [Echo] },
  });
  bus.serve(Echo, { echo: () => ({}) });
  const carrier = greet(new FakeCarrier());
  for (let i = 0; i < 100; i++) {
    const broken = subscribe(Note);
    broken.u32[HEADER_BYTES >> 2] = 0x7ffffff0 + i;
    expect(carrier.arrive(broken)).toBe(dropped("malformed"));
  }
  expect(log.lines.filter((line) => line.text.includes("control frame was refused")).length).toBe(1);
  const request = frameOf(Kind.request, EchoRequest, { seq: 1, text: "x" }, Echo.methods.echo.requestId, 5);
  request.u32[HEADER_BYTES >> 2] = 0x7ffffff0;
  carrier.arrive(request);
  expect(controls(carrier, Kind.error).map(codeOf)).toEqual([101]);
});

test("a peer that subscribes to ever more topics is bounded", async () => {
  const { greet, bus } = await rig({ s: { publishes: [Note] }, p: { subscribes: [Note] } });
  const carrier = greet(new FakeCarrier());
  for (let i = 0; i < 70_000; i++) carrier.arrive(subscribe(Note, { topic: `t${i}` }));
  expect(bus.publisher(Note).tryPublish({ seq: 1 }, { topic: "t100" })).toBe("sent");
  bus.publisher(Note).tryPublish({ seq: 2 }, { topic: "t69999" });
  expect(carrier.outbound[0].committed).toBe(1);
}, 60_000);

test("a peer with an older binding is told our newer fingerprint; one that fits nowhere is refused by name", async () => {
  const { greet, bus } = await rig({ s: { publishes: [Note, Tick] }, p: { subscribes: [Note, Tick] } });
  const carrier = greet(new FakeCarrier());
  const newer = { ...Note, fingerprint: "00000000000000ff", lineage: [Note.fingerprint, "00000000000000ff"] };
  carrier.arrive(subscribe(Note));
  expect(bus.publisher(newer as typeof Note).tryPublish({ seq: 1 })).toBe("sent");
  const told = controls(carrier, Kind.schema).map((frame) => Schema.decode(frame, payloadOffset(frame, 0)));
  expect(told).toMatchObject([{ type: Note.name, fingerprint: "00000000000000ff" }]);
  carrier.arrive(subscribe(Tick, { fingerprint: "1111111111111111", lineage: ["1111111111111111"] }));
  await expect(bus.publisher(Tick).publish({ seq: 1 })).rejects.toMatchObject({ code: "schema/mismatch" });
});

test("messages of a newer version are read once the peer has said that it sends it", async () => {
  const { greet, bus } = await rig({ s: { subscribes: [Note] }, p: { publishes: [Note] } });
  const got: number[] = [];
  bus.subscriber(Note).on((note) => got.push(note.seq));
  const carrier = greet(new FakeCarrier());
  const frame = (seq: number): Memory => {
    const memory = data(Note, { seq });
    memory.u32[16 >> 2] = 0xff;
    memory.u32[20 >> 2] = 0;
    return memory;
  };
  expect(carrier.arrive(frame(1), Lane.data)).toBe(dropped("refused_schema"));
  carrier.arrive(frameOf(Kind.schema, Schema, { type: Note.name, fingerprint: "00000000000000ff", bfbs: null }));
  expect(carrier.arrive(frame(2), Lane.data)).toBe(DELIVERED);
  expect(got).toEqual([2]);
});

test("a refused type: both sides send their schema, the difference is named, the note goes with the connection", async () => {
  const schema: SchemaSupport = {
    bfbs: Uint8Array.of(1, 2, 3),
    verify: () => true,
    difference: (theirs, type) => `${type}.seq: ${theirs.length} -> 4`,
  };
  const { greet, edge, bus } = await rig({ s: { publishes: [Note] }, p: { subscribes: [Note] } }, schema);
  const offer = { name: Note.name, typeId: Note.typeId, fingerprint: "00000000deadbeef", lineage: [] };
  const carrier = greet(new FakeCarrier(), 1, [offer]);
  expect(controls(carrier, Kind.schema).length).toBe(1);
  expect(edge().note).toContain("00000000deadbeef");
  carrier.arrive(frameOf(Kind.schema, Schema, { type: Note.name, bfbs: Uint8Array.of(9, 9) }));
  expect(edge().note).toContain("busbar.testing.Note.seq: 2 -> 4");
  await expect(bus.publisher(Note).publish({ seq: 1 })).rejects.toThrow(/seq: 2 -> 4/);
  const again = greet(new FakeCarrier(), 2);
  expect(carrier.aborted).toBe(true);
  expect(edge().note).toBeUndefined();
  again.arrive(subscribe(Note));
  expect(bus.publisher(Note).tryPublish({ seq: 2 })).toBe("sent");
});

test("a caller that never reads its replies loses its link, not our memory", async () => {
  const { greet, bus, hub, edge } = await rig({ s: { serves: [Echo] }, p: { calls: [Echo] } });
  bus.serve(Echo, { echo: () => ({ text: "x".repeat(3000) }) });
  const carrier = new FakeCarrier();
  carrier.outbound[1].window = 10_000;
  greet(carrier);
  let asked = 0;
  for (; !carrier.aborted && asked < 40_000; asked++) {
    carrier.arrive(frameOf(Kind.request, EchoRequest, { seq: asked }, Echo.methods.echo.requestId, asked + 1));
    if (asked % 500 === 0) await turn();
  }
  expect(carrier.aborted).toBe(true);
  expect(asked).toBeLessThan(40_000);
  expect(hub.links()[0].state).toBe("opening");
  const { published, delivered, inFlight, dropped: drops } = edge().control;
  expect(published).toBe(delivered + inFlight + drops.link_lost);
});

test("closing ends in bounded time with a peer that never drains, fails what waits, and leaves no timer", async () => {
  const { clock, greet, bus, hub, edge } = await rig({
    s: { publishes: [Note], calls: [Echo] },
    p: { subscribes: [Note], serves: [Echo] },
  });
  const carrier = greet(new FakeCarrier(1024));
  carrier.arrive(subscribe(Note));
  const publisher = bus.publisher(Note);
  while (publisher.tryPublish({ seq: 1, text: "x".repeat(200) }) === "sent");
  const ends = [publisher.publish({ seq: 2 }), ask(bus), publisher.flush()].map((promise) =>
    promise.then(
      () => "resolved",
      (error: { code: string }) => error.code,
    ),
  );
  const closing = hub.close({ drain: 1000 });
  expect(publisher.tryPublish({ seq: 3 })).toBe("closed");
  await expect(publisher.publish({ seq: 3 })).rejects.toMatchObject({ code: "core/closed" });
  for (let i = 0; i < 300; i++) {
    clock.pass(10);
    await Promise.resolve();
  }
  await closing;
  expect(await Promise.all(ends)).toEqual(["core/closed", "core/deadline-exceeded", "resolved"]);
  expect(edge().data).toMatchObject({ inFlight: 0 });
  expect(edge().data.dropped.closed).toBeGreaterThan(0);
  expect(clock.pending).toBe(0);
});
