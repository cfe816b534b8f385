import { expect, test } from "vitest";
import { Note, Tick } from "#generated/busbar/testing";
import { DELIVERED, dropped, HOLD } from "#transport";
import { frameLength, HEADER_BYTES, Kind, Lane, Memory, writeHeader } from "#wire";
import type { MessageMeta } from "./api.ts";
import { Inbox } from "./inbox.ts";
import { FakeClock, fakeLog } from "./test-support.ts";
import { Ticker } from "./ticker.ts";

const rig = (newer: (source: string, id: number, fingerprint: string) => boolean = () => false) => {
  const log = fakeLog();
  let resumed = 0;
  const inbox = new Inbox({
    service: "b",
    ticker: new Ticker(new FakeClock()),
    log,
    changed: () => undefined,
    resume: () => resumed++,
    announced: () => Promise.resolve(),
    acceptsNewer: newer,
  });
  const frame = (seq: number, lo = Note.fingerprintLo, hi = Note.fingerprintHi): Memory => {
    const memory = Memory.allocate(1024);
    const end = Note.encode(memory, HEADER_BYTES, memory.size, { seq, text: "text" });
    writeHeader(memory, 0, end, Kind.data, 64, Note.typeId, 1, lo, hi, seq, 0, 0, 0, 1, 0, 0, 0, Lane.data);
    return memory;
  };
  const deliver = (memory: Memory, source = "a"): number =>
    inbox.frame(source, Note.typeId | 0, memory, 0, frameLength(memory, 0), true);
  return { inbox, log, frame, deliver, resumed: () => resumed };
};

test("a message for nobody is dropped as closed", () => {
  const { inbox, frame, deliver } = rig();
  expect(deliver(frame(1))).toBe(dropped("closed"));
  inbox.add(Tick, {}).on(() => undefined);
  expect(deliver(frame(1))).toBe(dropped("closed"));
});

test("an unknown fingerprint is refused, counted and told once in a thousand; an announced newer one is read", () => {
  const { inbox, log, frame, deliver } = rig((source, _id, hex) => source === "c" && hex === "0000000200000001");
  const got: number[] = [];
  inbox.add(Note, {}).on((note) => got.push((note as unknown as { seq: number }).seq));
  for (let i = 0; i < 1500; i++) expect(deliver(frame(1, 1, 2))).toBe(dropped("refused_schema"));
  expect(log.lines.filter((line) => line.text.includes("schema/mismatch")).length).toBe(2);
  expect(deliver(frame(7, 1, 2), "c")).toBe(DELIVERED);
  expect(got).toEqual([7]);
});

test("a malformed payload is dropped and told, and no callback sees it", () => {
  const { inbox, log, frame, deliver } = rig();
  let calls = 0;
  inbox.add(Note, {}).on(() => calls++);
  const memory = frame(1);
  memory.u32[HEADER_BYTES >> 2] = 0x00ffffff;
  expect(deliver(memory)).toBe(dropped("malformed"));
  expect(calls).toBe(0);
  expect(log.lines[0].text).toContain("wire/malformed-payload");
});

test("a message reaches all subscribers or none: one full buffer holds it, reading resumes", async () => {
  const { inbox, frame, deliver, resumed } = rig();
  const seen: number[] = [];
  inbox.add(Note, {}).on((note) => seen.push((note as unknown as { seq: number }).seq));
  const slow = inbox.add(Note, { buffer: 2 });
  expect([1, 2, 3].map((seq) => deliver(frame(seq)))).toEqual([DELIVERED, DELIVERED, HOLD]);
  expect(seen).toEqual([1, 2]);
  await slow[Symbol.asyncIterator]().next();
  expect(resumed()).toBe(1);
  expect(deliver(frame(3))).toBe(DELIVERED);
  expect(slow.buffered).toBe(2);
});

test("a subscriber that another's callback closed hears nothing more", () => {
  const { inbox, frame, deliver } = rig();
  const first = inbox.add(Note, {});
  const second = inbox.add(Note, {});
  let calls = 0;
  first.on(() => second.close());
  second.on(() => calls++);
  deliver(frame(1));
  expect(calls).toBe(0);
});

test("failing callbacks, async ones too, are told once in a thousand and change no verdict", async () => {
  const { inbox, log, frame, deliver } = rig();
  inbox.add(Note, {}).on(() => {
    throw new Error("on purpose");
  });
  inbox.add(Note, {}).on((() => Promise.reject(new Error("later"))) as never);
  for (let seq = 1; seq <= 50; seq++) expect(deliver(frame(seq))).toBe(DELIVERED);
  await Promise.resolve();
  expect(log.lines.filter((line) => line.level === "error").length).toBe(1);
});

test("only messages of the wanted source, and a second reader of one iterator, both get their own", async () => {
  const { inbox, frame, deliver } = rig();
  const from = inbox.add(Note, { from: "c" });
  const iterator = from[Symbol.asyncIterator]();
  const reads = [iterator.next(), iterator.next()];
  deliver(frame(1), "a");
  deliver(frame(2), "c");
  from.close();
  expect((await Promise.all(reads)).map((r) => (r.value as { seq: number } | undefined)?.seq)).toEqual([2, undefined]);
});

test("what came before there was a callback comes with its source, sequence, topic and time all the same", async () => {
  const { inbox, frame, deliver } = rig();
  const subscriber = inbox.add(Note, {});
  deliver(frame(1), "a");
  deliver(frame(2), "c");
  const got: unknown[] = [];
  const hear = (note: unknown, meta: MessageMeta): void => {
    const { source, topic, sequence, timestampNs, replayed } = meta;
    got.push([(note as { seq: number }).seq, source, topic, sequence, typeof timestampNs, replayed]);
  };
  subscriber.on(hear);
  deliver(frame(3), "a");
  expect(got).toEqual([
    [1, "a", "", 1, "bigint", false],
    [2, "c", "", 2, "bigint", false],
    [3, "a", "", 3, "bigint", false],
  ]);
  const other = inbox.add(Note, {});
  other[Symbol.asyncIterator]();
  expect(() => other.on(hear)).toThrow(TypeError);
});
