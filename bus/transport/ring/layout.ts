/**
 * Layout of a ring in memory; the twin of native/core/ring/layout.h, where it is explained. Offsets of words are in
 * units of 4 bytes, ready to index an Int32Array. A test compares both through the addon.
 */
export const RING_MAGIC = 0x31524242;
export const RING_HEADER_BYTES = 4096;
export const CAPACITY_BYTES_MIN = 4096;
export const CAPACITY_BYTES_MAX: number = 2 ** 30;

/** The lines are 128 bytes, 32 words, apart. */
export const Word = {
  magic: 0,
  capacity: 1,
  tail: 32,
  head: 64,
  sleeping: 96,
  waiting: 128,
  reportWanted: 160,
  producerClosed: 192,
  consumerClosed: 224,
  delivered: 256,
  /** One word for each of DROP_REASONS. */
  dropped: 257,
} as const;

/** A PAD record is at least the first 8 bytes of a frame: length, magic, version, kind. */
export const PAD_BYTES_MIN = 8;

/**
 * Capacity of a ring that offers at least `wanted` bytes and always takes a frame of `frameBytesMax` once it has run
 * empty: a power of two, at least twice the frame, because wherever the cursors stand half of the data is contiguous.
 */
export function capacityFor(wanted: number, frameBytesMax: number): number {
  let capacity = CAPACITY_BYTES_MIN;
  while (capacity < CAPACITY_BYTES_MAX && (capacity < wanted || capacity < 2 * frameBytesMax)) capacity *= 2;
  return capacity;
}
