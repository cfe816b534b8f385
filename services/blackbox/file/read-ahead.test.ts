/** Chunks read ahead of their use, held against reads one by one; files that end too soon, pieces that are not read. */
import { expect, test } from "vitest";
import { ChunksAhead } from "./read-ahead.ts";
import { memorySource, type Source } from "./source.ts";

const MIB = 1024 * 1024;
const bytes = Uint8Array.from({ length: 5 * MIB }, (_, i) => (i * 31) >> 3);

/** Chunks of these lengths one behind the other, each with an index of 100 bytes. */
function chunksOf(lengths: readonly number[]): { offset: number; length: number }[] {
  let offset = 8;
  return lengths.map((length) => {
    const chunk = { offset, length };
    offset += length + 100;
    return chunk;
  });
}

/** Counts reads, and answers late. */
function watched(source: Source): Source & { reads: number } {
  const one = {
    ...source,
    reads: 0,
    async read(offset: number, length: number, into?: Uint8Array<ArrayBuffer>) {
      one.reads++;
      await new Promise((resolve) => setImmediate(resolve));
      return source.read(offset, length, into);
    },
  };
  return one;
}

test("each chunk's bytes are its own, though one read brings many", async () => {
  const chunks = chunksOf(Array.from({ length: 30 }, (_, i) => 100_000 + 3000 * i));
  const source = watched(memorySource(bytes));
  const ahead = new ChunksAhead(source, chunks);
  for (const [i, { offset, length }] of chunks.entries()) {
    const got = await ahead.bytes(i);
    // The next piece has come by then, and must not have come over this one.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(Buffer.compare(got!, bytes.subarray(offset, offset + length))).toBe(0);
  }
  expect(source.reads).toBeLessThan(6);
});

test("chunks that are larger than a piece, or lie in no order, come too or are left to the caller", async () => {
  const chunks = [
    { offset: 8, length: 1000 },
    { offset: 2000, length: 2 * MIB },
    { offset: 4 * MIB, length: 500 },
    { offset: 3 * MIB, length: 700 },
  ];
  const ahead = new ChunksAhead(memorySource(bytes), chunks);
  const got = [];
  for (const [i] of chunks.entries()) got.push((await ahead.bytes(i))?.slice());
  expect(got[1]).toBeUndefined();
  for (const i of [0, 2, 3])
    expect(Buffer.compare(got[i]!, bytes.subarray(chunks[i]!.offset, chunks[i]!.offset + chunks[i]!.length))).toBe(0);
});

test("a piece that ends behind the file is left to the caller, and no read outlives its end", async () => {
  const chunks = chunksOf([200_000, 200_000, 200_000]);
  const source = watched(memorySource(bytes.subarray(0, 500_000)));
  const ahead = new ChunksAhead(source, chunks);
  expect(await ahead.bytes(0)).toBeUndefined();
  expect(await ahead.bytes(1)).toBeUndefined();
  await ahead.settled();
  expect(source.reads).toBe(1);
});
