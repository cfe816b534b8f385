import fc from "fast-check";
import { expect, test } from "vitest";
import { KEPT_BLOCK_BYTES, POOLED_BYTES_MIN } from "./limits.ts";
import { SendBlocks } from "./send-blocks.ts";

const KIB = 1024;

test("a block is used again once the reader has released what was in it, and not before", () => {
  const blocks = new SendBlocks();
  const first = blocks.take(100 * KIB, 100 * KIB);
  const second = blocks.take(100 * KIB, 200 * KIB);
  expect(second.buffer).not.toBe(first.buffer);
  blocks.released(100 * KIB - 1);
  expect(blocks.take(100 * KIB, 300 * KIB).buffer).not.toBe(first.buffer);
  blocks.released(100 * KIB);
  const again = blocks.take(97 * KIB, 397 * KIB);
  expect(again.buffer).toBe(first.buffer);
  expect(again.length).toBe(97 * KIB);
});

test("small messages take no block", () => {
  const blocks = new SendBlocks();
  const small = blocks.take(POOLED_BYTES_MIN - 1, POOLED_BYTES_MIN);
  blocks.released(POOLED_BYTES_MIN);
  expect(blocks.take(POOLED_BYTES_MIN, 2 * POOLED_BYTES_MIN).buffer).not.toBe(small.buffer);
});

test("free blocks are bounded, and go when nothing was sent between two looks", () => {
  const blocks = new SendBlocks();
  const sent = Array.from({ length: 300 }, (_, i) => blocks.take(64 * KIB, (i + 1) * 64 * KIB).buffer);
  blocks.released(300 * 64 * KIB);
  const again = Array.from({ length: 300 }, (_, i) => blocks.take(64 * KIB, (301 + i) * 64 * KIB).buffer);
  const reused = again.filter((buffer) => sent.includes(buffer));
  expect(reused.length * 64 * KIB).toBe(KEPT_BLOCK_BYTES);
  blocks.released(600 * 64 * KIB);
  blocks.trim();
  blocks.trim();
  const later = blocks.take(64 * KIB, 601 * 64 * KIB).buffer;
  expect([...sent, ...again]).not.toContain(later);
});

test("whatever is sent and released, no two messages on their way share a byte, and a block is less than one step too large", () => {
  const step = fc.oneof(
    fc.record({ bytes: fc.integer({ min: 1, max: 600 * KIB }) }),
    fc.record({ release: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.constant("trim" as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const blocks = new SendBlocks();
      let committed = 0;
      let released = 0;
      let onTheirWay: { buffer: ArrayBufferLike; until: number }[] = [];
      for (const one of steps) {
        if (one === "trim") blocks.trim();
        else if ("release" in one) {
          released += Math.floor((committed - released) * one.release);
          blocks.released(released);
          onTheirWay = onTheirWay.filter(({ until }) => until > released);
        } else {
          committed += one.bytes;
          const message = blocks.take(one.bytes, committed);
          expect(message.length).toBe(one.bytes);
          if (one.bytes < POOLED_BYTES_MIN) continue;
          expect(onTheirWay.map(({ buffer }) => buffer)).not.toContain(message.buffer);
          const most = one.bytes <= 32 * KIB ? one.bytes + 4 * KIB : one.bytes + 32 * KIB;
          expect(message.buffer.byteLength).toBeLessThan(most);
          onTheirWay.push({ buffer: message.buffer, until: committed });
        }
      }
    }),
  );
});
