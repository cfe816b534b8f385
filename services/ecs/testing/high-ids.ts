/**
 * A world whose next ids lie around 2^53 and 2^63: nobody waits until an index has been used two thousand million times, so a snapshot is
 * written that says so. Its state hash is computed here anew, in plain words.
 */
import type { SnapshotPart } from "#generated/ecs";

/** Generations of the next entities: ids just below and from 2^53 on, the same of 2^63, and the last two of an index. */
const GENERATIONS = [2 ** 21 - 1, 2 ** 21, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1];
/** The lowest free index is taken first. */
const INDEXES = 60;

/** @param empty parts of a snapshot in which nothing was ever declared or created */
export function highIds(empty: readonly SnapshotPart[]): SnapshotPart[] {
  const freeIndex = Uint32Array.from({ length: INDEXES }, (_, i) => i);
  const freeGeneration = freeIndex.map((i) => GENERATIONS[i % GENERATIONS.length]!);
  const hash = emptyHash(freeIndex, freeGeneration);
  return empty.map((part) => ({
    ...part,
    hash,
    meta: part.meta === null ? null : { ...part.meta, hash, indexes: INDEXES, freeIndex, freeGeneration, tables: [] },
  }));
}

/** @source native/ecs/snapshot.cc, StateHash, and native/service/instance.cc, hash_of: of a state without definitions, tables and turns */
function emptyHash(freeIndex: Uint32Array, freeGeneration: Uint32Array): bigint {
  const free = Array.from(freeIndex, (index, i) => [index, freeGeneration[i]!]).flat();
  // Texts (one: ""), components, tables, archetypes; then indexes, free ones, and those.
  const store = Uint32Array.from([1, 0, 0, 0, freeIndex.length, freeIndex.length, ...free]);
  const state = new DataView(new ArrayBuffer(8 + 4 + 8));
  state.setBigUint64(0, xxh64(new Uint8Array(store.buffer)), true);
  return xxh64(new Uint8Array(state.buffer));
}

const P = [
  11400714785074694791n,
  14029467366897019727n,
  1609587929392839161n,
  9650029242287828579n,
  2870177450012600261n,
];
const M = 2n ** 64n - 1n;
const turn = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & M;
const round = (lane: bigint, word: bigint): bigint => (turn((lane + word * P[1]!) & M, 31n) * P[0]!) & M;

/** XXH64 with seed 0. @source xxHash specification 0.1.1, section XXH64 */
function xxh64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  let hash = P[4]!;
  if (bytes.length >= 32) {
    const lanes = [(P[0]! + P[1]!) & M, P[1]!, 0n, (M + 1n - P[0]!) & M];
    for (; at + 32 <= bytes.length; at += 32)
      for (let i = 0; i < 4; i++) lanes[i] = round(lanes[i]!, view.getBigUint64(at + 8 * i, true));
    hash = lanes.reduce((sum, lane, i) => (sum + turn(lane, [1n, 7n, 12n, 18n][i]!)) & M, 0n);
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * P[0]! + P[3]!) & M;
  }
  hash = (hash + BigInt(bytes.length)) & M;
  for (; at + 8 <= bytes.length; at += 8)
    hash = (turn(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * P[0]! + P[3]!) & M;
  for (; at + 4 <= bytes.length; at += 4)
    hash = (turn(hash ^ ((BigInt(view.getUint32(at, true)) * P[0]!) & M), 23n) * P[1]! + P[2]!) & M;
  for (; at < bytes.length; at++) hash = (turn(hash ^ ((BigInt(bytes[at]!) * P[4]!) & M), 11n) * P[0]!) & M;
  hash = ((hash ^ (hash >> 33n)) * P[1]!) & M;
  hash = ((hash ^ (hash >> 29n)) * P[2]!) & M;
  return hash ^ (hash >> 32n);
}
