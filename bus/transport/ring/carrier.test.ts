/** The timed looks of a sender between processes, where nobody rings for counters. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type ByteReceiver, DELIVERED } from "#transport";
import { HEADER_BYTES, Kind, Lane, Memory, writeHeader } from "#wire";
import { RingCarrier } from "./carrier.ts";
import { RING_HEADER_BYTES } from "./layout.ts";
import { RingReader } from "./ring-reader.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const ring = () => Memory.allocate(RING_HEADER_BYTES + 65536);

const lookingCarrier = () => {
  const outbound = [ring(), ring()] as const;
  const reported: Lane[] = [];
  const port = { wake() {}, ref() {}, cancel() {}, grant() {}, close() {}, setActive() {} };
  const peer = { label: "peer" } as ConstructorParameters<typeof RingCarrier>[0];
  const carrier = new RingCarrier(peer, { outbound, inbound: [ring(), ring()] }, port);
  const receiver: ByteReceiver = {
    frame: () => DELIVERED,
    idle() {},
    writable() {},
    reported: (lane) => reported.push(lane),
    closed() {},
  };
  carrier.open(receiver);
  const writer = carrier.outbound[Lane.data];
  const send = (): void => {
    const offset = writer.claim(HEADER_BYTES);
    writeHeader(writer.memory, offset, HEADER_BYTES, Kind.data, HEADER_BYTES, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0);
    writer.commit(HEADER_BYTES);
    writer.flush();
  };
  return { carrier, writer, send, reported, reader: new RingReader(outbound[Lane.data], () => {}) };
};

const everything = { frame: () => DELIVERED };

test("what is delivered is reported within the time between two looks", () => {
  const { carrier, send, reported, reader } = lookingCarrier();
  send();
  vi.advanceTimersByTime(200);
  expect(reported).toEqual([]);
  reader.drain(everything, Lane.data, 10);
  vi.advanceTimersByTime(50);
  expect(reported).toEqual([Lane.data]);
  expect(vi.getTimerCount()).toBe(0);
  carrier.abort();
});

test("what is delivered right behind a look is reported by the next one", () => {
  const { carrier, writer, send, reported, reader } = lookingCarrier();
  const look = writer.moved.bind(writer);
  let looks = 0;
  writer.moved = () => {
    const moved = look();
    if (++looks === 1) reader.drain(everything, Lane.data, 10);
    return moved;
  };
  send();
  vi.advanceTimersByTime(2);
  expect([looks, reported]).toEqual([1, []]);
  vi.advanceTimersByTime(50);
  expect(reported).toEqual([Lane.data]);
  expect(writer.report.delivered).toBe(1);
  carrier.abort();
});

test("a flush from within a report is followed by looks of its own, once", () => {
  const { carrier, send, reported, reader } = lookingCarrier();
  const push = reported.push.bind(reported);
  reported.push = (lane) => {
    if (reported.length === 0) send();
    return push(lane);
  };
  send();
  reader.drain(everything, Lane.data, 10);
  vi.advanceTimersByTime(2);
  expect([reported.length, vi.getTimerCount()]).toEqual([1, 1]);
  reader.drain(everything, Lane.data, 10);
  vi.advanceTimersByTime(50);
  expect([reported.length, vi.getTimerCount()]).toEqual([2, 0]);
  carrier.abort();
});
