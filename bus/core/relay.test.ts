import { expect, test } from "vitest";
import { Credit, Subscribe } from "#generated/busbar/control";
import { Note } from "#generated/busbar/testing";
import { DEFERRED, DELIVERED, DROPPED, dropped, HOLD } from "#transport";
import { BusError, HEADER_BYTES, Kind, Lane, Memory, writeHeader } from "#wire";
import type { AnyMessageType } from "./api.ts";
import { joinRelays, type RelayOptions } from "./relay.ts";
import { FakeCarrier, FakeClock } from "./test-support.ts";
import { Ticker } from "./ticker.ts";

const frame = (kind: number, type?: AnyMessageType, value: unknown = {}, correlation = 0): Memory => {
  const memory = Memory.allocate(2048);
  const end = type === undefined ? HEADER_BYTES : type.encode(memory, HEADER_BYTES, memory.size, value);
  const lane = kind === Kind.data ? Lane.data : Lane.control;
  const id = type?.typeId ?? 0;
  writeHeader(memory, 0, end, kind, HEADER_BYTES, id, 1, 0, 0, 1, 0, 0, correlation, 1, 0, 0, 0, lane);
  return Memory.copyOf(memory.u8.slice(0, end));
};

const rig = (window = 1 << 20, options: Partial<RelayOptions> = {}) => {
  const near = new FakeCarrier();
  const far = new FakeCarrier(window);
  const ticker = new Ticker(new FakeClock());
  const closed: string[] = [];
  const base: RelayOptions = {
    ticker,
    verify: undefined,
    intercept: () => true,
    closed: (cause) => closed.push(cause.code),
  };
  joinRelays(near, far, { ...base, ...options }, base);
  return { near, far, ticker, closed };
};

test("a frame passes unchanged and counts as delivered only when the far end released it", () => {
  const { near, far, ticker } = rig();
  const sent = frame(Kind.data, Note, { seq: 1, text: "x" });
  expect(near.arrive(sent, Lane.data)).toBe(DEFERRED);
  ticker.flush();
  expect(far.outbound[0].flushes).toBe(1);
  expect(far.outbound[0].frames[0].u8).toEqual(sent.u8);
  expect(near.settled).toEqual([]);
  far.outbound[0].release();
  far.receiver?.reported(Lane.data);
  expect(near.settled).toEqual([[Lane.data, DELIVERED]]);
});

test("drops over there are drops here, with their reason", () => {
  const { near, far } = rig();
  for (let seq = 0; seq < 3; seq++) near.arrive(frame(Kind.data, Note, { seq }), Lane.data);
  far.outbound[0].release();
  far.outbound[0].release(4);
  far.receiver?.reported(Lane.data);
  expect(near.settled).toEqual([
    [Lane.data, DELIVERED],
    [Lane.data, DROPPED + 4],
  ]);
});

test("no room ahead holds the near lane, room resumes it, and the other lane goes on", () => {
  const { near, far } = rig(200);
  expect(near.arrive(frame(Kind.data, Note, { seq: 1 }), Lane.data)).toBe(DEFERRED);
  expect(near.arrive(frame(Kind.data, Note, { seq: 2 }), Lane.data)).toBe(DEFERRED);
  expect(near.arrive(frame(Kind.data, Note, { seq: 3 }), Lane.data)).toBe(HOLD);
  expect(near.arrive(frame(Kind.cancel, undefined, {}, 5))).toBe(DEFERRED);
  far.receiver?.writable(Lane.control);
  expect(near.resumed).toEqual([]);
  far.outbound[0].releaseAll();
  far.receiver?.writable(Lane.data);
  expect(near.resumed).toEqual([Lane.data]);
});

test("hostile frames stop here: malformed payloads, credits, and what the access lists forbid", () => {
  const { near, far } = rig(1 << 20, {
    verify: (_id, memory, payload, end) => Note.verify(memory, payload, end),
    forbid: (kind) => (kind === Kind.request ? dropped("refused_schema") : undefined),
  });
  const broken = frame(Kind.data, Note, { seq: 1, text: "text" });
  broken.u32[HEADER_BYTES >> 2] = 0x7fffffff;
  const credit = frame(Kind.credit, Credit, { lane: 1, streamItems: 3 }, 9);
  expect(near.arrive(broken, Lane.data)).toBe(dropped("malformed"));
  expect(near.arrive(credit)).toBe(DEFERRED);
  credit.u32[HEADER_BYTES >> 2] = 0xffff;
  expect(near.arrive(credit)).toBe(dropped("malformed"));
  expect(near.arrive(frame(Kind.request, Note))).toBe(dropped("refused_schema"));
  expect(far.outbound[0].frames.length + far.outbound[1].frames.length).toBe(1);
});

test("SUBSCRIBE and SCHEMA are for the hub, and a far end that is gone drops as closed", () => {
  const kinds: number[] = [];
  const { near, far, closed } = rig(1 << 20, {
    intercept: (kind) => {
      kinds.push(kind);
      return kind === Kind.subscribe;
    },
  });
  expect(near.arrive(frame(Kind.subscribe, Subscribe, { type: "x", fingerprint: "y" }))).toBe(DELIVERED);
  expect(near.arrive(frame(Kind.schema))).toBe(dropped("malformed"));
  expect(kinds).toEqual([Kind.subscribe, Kind.schema]);
  far.abort();
  expect(near.arrive(frame(Kind.data, Note), Lane.data)).toBe(dropped("closed"));
  near.receiver?.closed(new BusError("transport/link-lost"));
  expect(closed).toEqual(["transport/link-lost"]);
});
