// Method: what is chosen from the bytes must be what a filter over parsed records chooses; what the quick check refuses must be
// what parsing refuses, for every byte of an index set to many values.
import { expect, test } from "vitest";
import { Bytes } from "./bytes.ts";
import { ChunkIndexes } from "./chunk-indexes.ts";
import { type ChunkIndexRecord, parseChunkIndex } from "./records.ts";

const DATA_END = 2 ** 40;

interface Made {
  start: bigint;
  end: bigint;
  offset: bigint;
  length: bigint;
  channels: number;
  compression: string;
}

function indexBytes({ start, end, offset, length, channels, compression }: Made): Buffer {
  const bytes = Buffer.alloc(36 + 10 * channels + 8 + 4 + compression.length + 16, 1);
  let at = 0;
  for (const value of [start, end, offset, length]) at = bytes.writeBigUInt64LE(value, at);
  at = bytes.writeUInt32LE(10 * channels, at) + 10 * channels;
  at = bytes.writeBigUInt64LE(77n, at);
  at = bytes.writeUInt32LE(compression.length, at);
  at += bytes.write(compression, at, "latin1");
  bytes.writeBigUInt64LE(100n, bytes.writeBigUInt64LE(99n, at));
  return bytes;
}

function indexesOf(parts: readonly Buffer[]): ChunkIndexes {
  const all = Buffer.concat(parts);
  const indexes = new ChunkIndexes(new Bytes("a file", DATA_END, all), DATA_END);
  let at = 0;
  for (const part of parts) {
    indexes.add(at, part.length);
    at += part.length;
  }
  return indexes;
}

/** Times in which halves of 32 bits differ in all ways. */
const TIMES = [
  0n,
  1n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x1_0000_0001n,
  0x2_0000_0000n,
  (1n << 63n) + 5n,
  (1n << 64n) - 1n,
];

test("chunks are chosen by place and time as a filter over the records would", () => {
  const made: Made[] = [];
  for (const start of TIMES)
    for (const end of TIMES)
      if (start <= end)
        made.push({
          start,
          end,
          offset: 1000n + 0x8000_0000n * BigInt(made.length),
          length: 500n,
          channels: made.length % 4,
          compression: made.length % 3 === 0 ? "zstd" : "",
        });
  const parts = made.map(indexBytes);
  const all = indexesOf(parts).all;
  expect(all.map(({ start, end, offset }) => [start, end, offset])).toEqual(
    made.map(({ start, end, offset }) => [start, end, Number(offset)]),
  );
  const odd = (offset: number): boolean => Math.floor(offset / 0x8000_0000) % 2 === 1;
  let found = 0;
  for (const from of TIMES)
    for (const to of [...TIMES, 1n << 64n])
      for (const isWanted of [undefined, odd]) {
        const wanted = all.filter(
          ({ start, end, offset }) => start < to && end >= from && (isWanted?.(offset) ?? true),
        );
        const fresh = indexesOf(parts);
        expect(fresh.choose(isWanted, from, to)).toEqual(wanted);
        // The same after all have become records.
        expect(fresh.all.length).toBe(made.length);
        expect(fresh.choose(isWanted, from, to)).toEqual(wanted);
        found += wanted.length;
      }
  expect(found).toBeGreaterThan(1000);
});

/** What parsing makes of an index: the record, or the error. */
function slowly(bytes: Buffer): ChunkIndexRecord | string {
  try {
    const index = parseChunkIndex(new Bytes("a file", DATA_END, bytes));
    if (index.offset < 8 || index.offset + index.length + index.indexLength > DATA_END) return "outside";
    return index.start > index.end ? "ends before its start" : index;
  } catch (error) {
    return (error as Error).message;
  }
}

test("an index is refused when it is added exactly when it cannot be parsed, whatever its bytes", () => {
  const good = indexBytes({ start: 5n, end: 9n, offset: 1000n, length: 500n, channels: 2, compression: "zstd" });
  let refused = 0;
  let taken = 0;
  const check = (bytes: Buffer): void => {
    const parsed = slowly(bytes);
    if (typeof parsed === "string") {
      expect(() => indexesOf([bytes]), parsed).toThrow(/^blackbox\/unreadable|a file/);
      refused++;
    } else {
      expect(indexesOf([bytes]).all).toEqual([parsed]);
      taken++;
    }
  };
  for (let at = 0; at < good.length; at++)
    for (const value of [0, 1, 2, 9, 10, 11, 0x20, 0x7f, 0x80, 0xff]) {
      const bytes = Buffer.from(good);
      bytes[at] = value;
      check(bytes);
    }
  for (let length = 0; length < good.length; length++) check(good.subarray(0, length));
  expect(refused).toBeGreaterThan(200);
  expect(taken).toBeGreaterThan(200);
});
