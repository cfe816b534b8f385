import { expect, test } from "vitest";
import { EchoReply, EchoRequest } from "#generated/busbar/testing";
import { BusError, type ErrorCode, frameCorrelation, frameKind, Kind, type Memory, payloadOffset } from "#wire";
import { ArrivedFrame, type ControlItem } from "./control.ts";
import { ControlLane } from "./control-lane.ts";
import { FakeClock, FakeOutbound } from "./test-support.ts";
import { Ticker } from "./ticker.ts";

const rig = (window: number, messageBytesMax = 4096) => {
  const out = new FakeOutbound(window);
  const broken: BusError[] = [];
  const lane = new ControlLane({
    edge: "a -> b",
    byReference: false,
    sourceId: 1,
    epoch: 1,
    messageBytesMax,
    ticker: new Ticker(new FakeClock()),
    development: false,
    overrun: (error) => broken.push(error),
  });
  return { lane, out, broken };
};
const request = (correlation: number, value: object): ControlItem => ({
  kind: Kind.request,
  typeId: 1,
  correlation,
  ttlMs: 0,
  type: EchoRequest,
  value,
});

test("an item that waits is a copy: its object may change, and order holds", () => {
  const { lane, out } = rig(100);
  const value = { seq: 1, text: "first" };
  expect(lane.send(request(1, value))).toBe(false);
  lane.attachBytes(out);
  for (let i = 1; i <= 3; i++) expect(lane.send(request(i, value))).toBe(true);
  value.text = "changed";
  expect(lane.isCongested).toBe(true);
  while (out.release() !== undefined) lane.pump();
  expect(out.frames.map((frame) => frameCorrelation(frame, 0))).toEqual([1, 2, 3]);
  expect(out.frames.map((frame) => EchoRequest.decode(frame, payloadOffset(frame, 0)).text)).toEqual([
    "first",
    "first",
    "first",
  ]);
  expect(lane.snapshot()).toMatchObject({ published: 3, delivered: 3, inFlight: 0 });
});

test("sizes from the guess up to the limit pass, one byte more is core/message-too-large, waiting or not", () => {
  const { lane, out } = rig(1 << 20);
  lane.attachBytes(out);
  for (let size = 0; size < 4000; size += 37) lane.send(request(size + 1, { text: "x".repeat(size) }));
  for (const [i, frame] of out.frames.entries()) {
    expect(EchoRequest.decode(frame, payloadOffset(frame, 0)).text).toHaveLength(i * 37);
  }
  expect(() => lane.send(request(9, { text: "x".repeat(4090) }))).toThrow(/core\/message-too-large/);
  const full = rig(10);
  full.lane.attachBytes(full.out);
  full.lane.send(request(1, {}));
  expect(() => full.lane.send(request(2, { text: "x".repeat(4090) }))).toThrow(/core\/message-too-large/);
  expect(full.lane.account.published).toBe(1);
});

test("a request given up while it waited is not sent", () => {
  const { lane, out } = rig(10);
  lane.attachBytes(out);
  const items = [1, 2, 3].map((i) => request(i, {}));
  for (const item of items) lane.send(item);
  items[1].cancelled = true;
  while (out.release() !== undefined) lane.pump();
  expect(out.frames.map((frame) => frameCorrelation(frame, 0))).toEqual([1, 3]);
});

test("unread replies end the link at a bound; requests wait with their caller instead", () => {
  const { lane, out, broken } = rig(10, 1 << 20);
  lane.attachBytes(out);
  const reply = { kind: Kind.response, typeId: 1, correlation: 1, ttlMs: 0, type: EchoReply };
  let sent = 0;
  while (broken.length === 0 && sent < 1000) {
    lane.send({ ...reply, value: { text: "x".repeat(500_000) } });
    sent++;
  }
  expect(sent).toBeLessThan(200);
  expect(broken[0].code).toBe("transport/link-lost");
  expect(lane.send(request(1, {}))).toBe(false);
  lane.detach("link_lost");
  expect(lane.isCongested).toBe(false);
  expect(lane.snapshot().inFlight).toBe(0);
});

test("an error keeps its code, text and details, whatever they hold", () => {
  const { lane, out } = rig(1 << 20);
  lane.attachBytes(out);
  const loop: Record<string, unknown> = {};
  loop.self = loop;
  const errors = [
    new BusError("core/app", { details: { name: "app/x", text: "t", n: 7 } }),
    new BusError("core/app", { details: { name: "app/x", big: 7n } }),
    new BusError("core/app", { details: loop }),
    new BusError("core/app", { message: "ü€😀".repeat(5000), details: { long: "x".repeat(10_000) } }),
  ];
  for (const error of errors) lane.send({ kind: Kind.error, typeId: 1, correlation: 1, ttlMs: 0, error });
  const read = out.frames.map((frame) => new ArrivedFrame().at(frame, 0).error());
  expect(out.frames.map((frame) => frameKind(frame, 0))).toEqual([4, 4, 4, 4]);
  expect(read.map((error) => error.code)).toEqual(Array(4).fill("core/app"));
  expect(read[0].details).toEqual({ name: "app/x", text: "t", n: 7 });
  expect(read[1].details).toEqual({ name: "app/x", big: "7" });
  expect(read[3].message.length).toBeGreaterThan(300);
});

test("an error of which only code and text came is a sentence as all others: code, service, text", () => {
  const bytes = (code: ErrorCode, text: string): Memory => {
    const { lane, out } = rig(1 << 20);
    lane.attachBytes(out);
    const details = { long: "x".repeat(10_000) }; // too long to be sent
    lane.send({
      kind: Kind.error,
      typeId: 1,
      correlation: 1,
      ttlMs: 0,
      error: new BusError(code, { message: text, details }),
    });
    return out.frames[0];
  };
  const read = (code: ErrorCode, text: string, edge = "combat -> caller"): string => {
    const frame = new ArrivedFrame().at(bytes(code, text), 0);
    frame.edge = edge;
    const error = frame.error();
    expect(error).toMatchObject({ code, details: { text } });
    return error.message;
  };
  expect(read("combat/not-found", "map 4 is not there")).toBe("combat/not-found: map 4 is not there");
  expect(read("combat/not-found", "map 4 is not there", "front -> caller")).toBe(
    "combat/not-found: front: map 4 is not there",
  );
  expect(read("services/incompatible-version", "9.0")).toBe("services/incompatible-version: combat: 9.0");
  expect(read("combat/not-found", "combat/not-found: item 3")).toBe("combat/not-found: item 3");
  expect(read("combat/not-found", "x", "")).toBe("combat/not-found: x");
});
