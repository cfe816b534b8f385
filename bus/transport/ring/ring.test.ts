import fc from "fast-check";
import { expect, test } from "vitest";
import { CLOSED, DEFERRED, DELIVERED, DROP_REASONS, dropped, FULL, HOLD } from "#transport";
import { frameSequence, Kind, Lane, Memory, writeHeader } from "#wire";
import { openAddon } from "./addon.ts";
import { CAPACITY_BYTES_MAX, CAPACITY_BYTES_MIN, capacityFor, RING_HEADER_BYTES, RING_MAGIC, Word } from "./layout.ts";
import { Drained, RingReader } from "./ring-reader.ts";
import { RingWriter } from "./ring-writer.ts";

const CAPACITY = 4096;

function ringAt(
  cursor: number,
  capacity = CAPACITY,
): { memory: Memory; writer: RingWriter; reader: RingReader; wakes: string[] } {
  const memory = Memory.allocate(RING_HEADER_BYTES + capacity);
  memory.i32[Word.head] = cursor;
  memory.i32[Word.tail] = cursor;
  const wakes: string[] = [];
  const writer = new RingWriter(memory, () => wakes.push("reader"));
  const reader = new RingReader(memory, () => wakes.push("writer"));
  return { memory, writer, reader, wakes };
}

function put(writer: RingWriter, length: number, sequence: number): boolean {
  const offset = writer.claim(length);
  if (offset === FULL) return false;
  writeHeader(writer.memory, offset, length, Kind.data, 64, 1, 2, 0, 0, sequence, 0, 0, 0, 1, 0, 0, 0, Lane.data);
  writer.memory.u8.fill(sequence & 0xff, offset + 64, offset + length);
  writer.commit(length);
  return true;
}

const nothing = { frame: (): number => DELIVERED };

test("the layout is that of the C++ side", () => {
  const theirs = openAddon().layout();
  const words = Object.fromEntries(Object.entries(Word).map(([name, index]) => [name, index * 4]));
  expect({
    ...words,
    magic: RING_MAGIC,
    headerBytes: RING_HEADER_BYTES,
    capacityBytesMin: CAPACITY_BYTES_MIN,
    capacityBytesMax: CAPACITY_BYTES_MAX,
    dropReasons: DROP_REASONS.length,
    frameHeaderBytes: 64,
    frameVersion: 1,
  }).toEqual(theirs);
});

test("a capacity is a power of two that holds two of the largest frames", () => {
  expect(capacityFor(1000, 64)).toBe(4096);
  expect(capacityFor(1 << 20, 256 << 10)).toBe(1 << 20);
  expect(capacityFor(4096, 16 << 20)).toBe(32 << 20);
});

test("frames arrive whole and in order wherever the cursors start, across 2^31 and 2^32 too", () => {
  const start = fc.constantFrom(0, 0x7ffffff8 - 4096, 0x7fffffc0, -64, -8192, -8);
  const steps = fc.array(fc.tuple(fc.integer({ min: 64, max: 1500 }), fc.integer({ min: 0, max: 6 })), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(start, steps, (cursor, list) => {
      const { writer, reader } = ringAt(cursor);
      const lengths: number[] = [];
      let next = 0;
      const sink = {
        frame(_: Lane, memory: Memory, offset: number, length: number): number {
          expect(frameSequence(memory, offset)).toBe(next);
          expect(length).toBe(lengths[next]);
          for (let at = offset + 64; at < offset + length; at++)
            if (memory.u8[at] !== (next & 0xff)) throw new Error("torn");
          next++;
          return DELIVERED;
        },
      };
      for (const [length, budget] of list) {
        if (put(writer, length, lengths.length)) lengths.push(length);
        writer.flush();
        expect([Drained.empty, Drained.budget]).toContain(reader.drain(sink, Lane.data, budget));
      }
      reader.drain(sink, Lane.data, 1000);
      expect(next).toBe(lengths.length);
      expect(writer.report.delivered).toBe(next);
      expect(writer.inUse()).toBe(0);
    }),
    { numRuns: 100 },
  );
});

test("a claim offers all that is contiguous, and a void claim leaves no trace", () => {
  const { writer, reader } = ringAt(0);
  expect(writer.claim(100)).toBe(RING_HEADER_BYTES);
  expect(writer.limit).toBe(RING_HEADER_BYTES + CAPACITY);
  put(writer, 72, 5);
  writer.flush();
  const seen: number[] = [];
  const sink = {
    frame(_: Lane, memory: Memory, offset: number): number {
      seen.push(frameSequence(memory, offset));
      return DELIVERED;
    },
  };
  reader.drain(sink, Lane.data, 10);
  expect(seen).toEqual([5]);
});

test("a PAD record fills the end of the data when a frame does not fit there", () => {
  const { memory, writer, reader } = ringAt(CAPACITY - 128);
  expect(writer.claim(200)).toBe(RING_HEADER_BYTES);
  put(writer, 200, 1);
  writer.flush();
  const at = RING_HEADER_BYTES + CAPACITY - 128;
  expect([...memory.u8.subarray(at, at + 8)]).toEqual([128, 0, 0, 0, 0x42, 1, 255, 0]);
  expect(reader.drain(nothing, Lane.data, 10)).toBe(Drained.empty);
  expect(reader.taken).toBe(1);
});

test("a full ring answers FULL and rings the writer once a quarter is free", () => {
  const { writer, reader, wakes } = ringAt(0);
  let sent = 0;
  while (put(writer, 256, sent)) sent++;
  expect(sent).toBe(CAPACITY / 256);
  expect(writer.wantsRoom).toBe(true);
  expect(writer.hasRoom()).toBe(false);
  reader.drain(nothing, Lane.data, 2);
  expect(wakes).toEqual([]);
  reader.drain(nothing, Lane.data, 2);
  expect(wakes).toEqual(["writer"]);
  expect(writer.hasRoom()).toBe(true);
  while (put(writer, 256, sent)) sent++;
  expect(() => writer.claim(CAPACITY / 2 + 8)).toThrow("core/message-too-large");
  writer.closed = true;
  expect(writer.claim(64)).toBe(CLOSED);
});

test("a flush rings a sleeping reader and no other", () => {
  const { writer, reader, wakes } = ringAt(0);
  put(writer, 64, 1);
  writer.flush();
  expect(reader.announceSleep()).toBe(false);
  reader.drain(nothing, Lane.data, 10);
  expect(reader.announceSleep()).toBe(true);
  put(writer, 64, 2);
  expect(wakes).toEqual([]);
  writer.flush();
  writer.flush();
  put(writer, 64, 3);
  writer.flush();
  expect(wakes).toEqual(["reader"]);
});

test("a reader that sleeps is rung in the middle of a long batch: after 64 small records behind the first, or four of 64 KiB", () => {
  for (const [bytes, count] of [
    [64, 64],
    [65_536, 4],
  ]) {
    const { memory, writer, reader, wakes } = ringAt(0, 1 << 20);
    expect(reader.announceSleep()).toBe(true);
    for (let i = 0; i < count; i++) put(writer, bytes, i);
    expect(memory.i32[Word.tail]).toBe(bytes); // the first is seen by a reader that is awake
    expect(wakes).toEqual([]);
    put(writer, bytes, count);
    expect(memory.i32[Word.tail]).toBe(bytes * (count + 1));
    expect(wakes).toEqual(["reader"]);
    writer.flush();
    expect(wakes).toEqual(["reader"]);
  }
});

test("verdicts are counted by reason; a held frame stays, a deferred one is counted when it is settled", () => {
  const { writer, reader } = ringAt(0);
  for (let i = 0; i < 5; i++) put(writer, 64, i);
  writer.flush();
  const verdicts = [DELIVERED, dropped("expired"), DEFERRED, HOLD];
  let i = 0;
  const sink = { frame: (): number => verdicts[i++] ?? DELIVERED };
  expect(reader.drain(sink, Lane.data, 10)).toBe(Drained.held);
  expect(reader.taken).toBe(3);
  expect(writer.report.delivered).toBe(1);
  expect(writer.report.dropped[DROP_REASONS.indexOf("expired")]).toBe(1);
  expect(writer.inUse()).toBe(128);
  reader.settle(dropped("closed"));
  expect(writer.report.dropped[DROP_REASONS.indexOf("closed")]).toBe(1);
  expect(reader.drain(sink, Lane.data, 10)).toBe(Drained.empty);
  expect(writer.report.delivered).toBe(3);
});

test("a report is wanted only while something is on its way", () => {
  const { memory, writer, reader } = ringAt(0);
  expect(writer.wantReport()).toBe(false);
  put(writer, 64, 1);
  writer.flush();
  expect(writer.wantReport()).toBe(true);
  expect(memory.i32[Word.reportWanted]).toBe(1);
  expect(writer.moved()).toBe(false);
  reader.drain(nothing, Lane.data, 1);
  expect(writer.moved()).toBe(true);
  expect(writer.moved()).toBe(false);
});

test.each([
  ["a tail beyond the ring", CAPACITY + 8, []],
  ["a tail before the head", -8, []],
  ["a tail that is no multiple of 8", 68, []],
  ["less than a header", 32, [32, 0, 0, 0, 0x42, 1, 1, 8]],
  ["a length beyond the tail", 64, [128, 0, 0, 0, 0x42, 1, 1, 8]],
  ["a length of 4 GiB", 64, [255, 255, 255, 255, 0x42, 1, 1, 8]],
  ["a length below the header", 64, [8, 0, 0, 0, 0x42, 1, 1, 8]],
  ["an offset behind the frame", 64, [64, 0, 0, 0, 0x42, 1, 1, 9]],
  ["another version", 64, [64, 0, 0, 0, 0x42, 2, 1, 8]],
  ["a pad in the middle", 64, [64, 0, 0, 0, 0x42, 1, 255, 0]],
  ["a pad of nothing", 64, [0, 0, 0, 0, 0x42, 1, 255, 0]],
  ["a pad beyond the tail", 64, [0, 16, 0, 0, 0x42, 1, 255, 0]],
])("%s is a fault and not a read", (_, tail, bytes) => {
  const { memory, reader } = ringAt(0);
  memory.u8.set(bytes, RING_HEADER_BYTES);
  memory.i32[Word.tail] = tail;
  const sink = {
    frame(): number {
      throw new Error("handed over");
    },
  };
  expect(reader.drain(sink, Lane.data, 10)).toBe(Drained.fault);
  expect(reader.fault).toBeDefined();
});

test("random bytes never make a reader leave the ring", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 64, maxLength: CAPACITY }),
      fc.integer({ min: 0, max: CAPACITY / 8 }),
      (bytes, eighths) => {
        const { memory, reader } = ringAt(0);
        memory.u8.set(bytes, RING_HEADER_BYTES);
        for (let at = 0; at + 8 <= bytes.length; at += 64)
          memory.u8.set([64, 0, 0, 0, 0x42, 1, 1, 8], RING_HEADER_BYTES + at);
        memory.u8.set(bytes.subarray(0, 8), RING_HEADER_BYTES + 64);
        memory.i32[Word.tail] = eighths * 8;
        const sink = {
          frame(_: Lane, m: Memory, offset: number, length: number): number {
            expect(offset + length).toBeLessThanOrEqual(m.size);
            return DELIVERED;
          },
        };
        reader.drain(sink, Lane.data, CAPACITY / 64 + 1);
      },
    ),
    { numRuns: 300 },
  );
});

test("a producer that was rung for room which is gone again is rung once more", () => {
  const { memory, writer, reader, wakes } = ringAt(0);
  let sent = 0;
  while (put(writer, 512, sent)) sent++;
  expect(memory.i32[Word.waiting]).toBe(1);
  // The consumer judged by a tail from before the ring was filled up, and took the announcement.
  memory.i32[Word.waiting] = 0;
  expect(writer.hasRoom()).toBe(false);
  wakes.length = 0;
  reader.drain(nothing, Lane.data, 100);
  expect(wakes).toEqual(["writer"]);
  expect(writer.hasRoom()).toBe(true);
});

test("a head that no sound consumer leaves gives no room and is told once", () => {
  for (const head of [8, 4096, -8, 0x40000000, -0x80000000]) {
    const { memory } = ringAt(0);
    let faults = 0;
    const writer = new RingWriter(
      memory,
      () => undefined,
      () => faults++,
    );
    while (put(writer, 1024, 0));
    memory.i32[Word.head] = head === 8 ? 4096 + 8 : head === 4096 ? -4096 : head;
    for (let i = 0; i < 3; i++) expect(writer.claim(1024)).toBe(FULL);
    expect(faults).toBe(1);
  }
});

test("a head that somebody else has moved is a fault of the ring, and so are counters beyond what was committed", () => {
  const { memory, writer, reader } = ringAt(0);
  put(writer, 128, 0);
  writer.flush();
  memory.i32[Word.head] = 64;
  expect(reader.drain(nothing, Lane.data, 10)).toBe(Drained.fault);
  expect(reader.fault).toBe("CURSOR");
  memory.i32[Word.delivered] = 1_000_000;
  expect(writer.report.delivered).toBe(1);
  expect(writer.report.faulty).toBe(true);
});

test("what is published after the producer has ended is not read", () => {
  const { writer, reader } = ringAt(0);
  put(writer, 128, 0);
  writer.flush();
  reader.producerEnded();
  put(writer, 128, 1);
  writer.flush();
  expect(reader.drain(nothing, Lane.data, 10)).toBe(Drained.empty);
  expect(reader.taken).toBe(1);
  expect(reader.isEmpty()).toBe(true);
});

test("after its end neither side touches the memory", () => {
  const { memory, writer, reader } = ringAt(0);
  put(writer, 128, 0);
  reader.drain(nothing, Lane.data, 10);
  writer.end();
  reader.end();
  memory.i32.fill(0);
  reader.settle(DELIVERED);
  reader.release();
  writer.flush();
  expect(writer.claim(64)).toBe(CLOSED);
  expect(writer.report.delivered).toBe(1);
  expect([...memory.i32.subarray(0, 300)].every((word) => word === 0)).toBe(true);
});
