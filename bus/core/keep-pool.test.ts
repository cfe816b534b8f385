import { expect, test } from "vitest";
import { Blob } from "#generated/busbar/testing";
import { HEADER_BYTES, Kind, Lane, Memory, writeHeader } from "#wire";
import { KeepPool, keptAsItIs } from "./keep-pool.ts";

const MIB = 1024 * 1024;

/** A frame with a blob at byte `offset` of a memory, and a view of it as a callback gets it. */
const frameOf = (pool: KeepPool, bytes: number, fill: number, offset = 64) => {
  const memory = Memory.allocate(bytes + 4096);
  const end = Blob.encode(memory, offset + HEADER_BYTES, memory.size, {
    seq: fill,
    data: new Uint8Array(bytes).fill(fill),
  });
  writeHeader(memory, offset, end - offset, Kind.data, HEADER_BYTES, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Lane.data);
  const view = Blob.view(memory);
  pool.know(view, Blob);
  return { memory, offset, view: view.at(offset + HEADER_BYTES) };
};

test("what is kept stays as it was when the carrier's memory is used again", () => {
  const pool = new KeepPool();
  const { memory, offset, view } = frameOf(pool, 70_000, 7);
  const kept = pool.keep(view, memory, offset);
  memory.u8.fill(0xee);
  expect(kept.message.seq).toBe(7);
  expect(kept.message.data.length).toBe(70_000);
  expect(kept.message.data.every((byte) => byte === 7)).toBe(true);
  kept.release();
  kept.release();
  expect(() => kept.message).toThrow(/was released/);
});

test("a released buffer is used again; one that is not released is nobody else's", () => {
  const pool = new KeepPool();
  const { memory, offset, view } = frameOf(pool, MIB, 3);
  for (let i = 0; i < 100; i++) {
    using kept = pool.keep(view, memory, offset);
    expect(kept.message.seq).toBe(3);
  }
  expect(pool.made).toBe(1);
  const first = pool.keep(view, memory, offset);
  const other = frameOf(pool, MIB, 4);
  const second = pool.keep(other.view, other.memory, other.offset);
  expect(pool.made).toBe(2);
  expect([first.message.seq, second.message.seq]).toEqual([3, 4]);
});

test("what waits to be used again is bounded", () => {
  const pool = new KeepPool();
  const { memory, offset, view } = frameOf(pool, 16 * MIB - 4096, 1);
  const kept = Array.from({ length: 8 }, () => pool.keep(view, memory, offset));
  expect(pool.made).toBe(8);
  for (const each of kept) each.release();
  const again = Array.from({ length: 8 }, () => pool.keep(view, memory, offset));
  expect(pool.made).toBe(8 + 4); // 64 MiB of them were there
  for (const each of again) each.release();
});

test("only the message of a callback can be kept; an owned object is kept as it is", () => {
  const pool = new KeepPool();
  const { memory, offset } = frameOf(pool, 100, 1);
  expect(() => pool.keep({ seq: 1 }, memory, offset)).toThrow(TypeError);
  const own = { seq: 5 };
  const kept = keptAsItIs(own);
  expect(kept.message).toBe(own);
  kept[Symbol.dispose]();
  expect(() => kept.message).toThrow(/was released/);
});
