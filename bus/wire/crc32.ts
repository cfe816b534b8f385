import { Extension, findExtension, frameLength, payloadOffset } from "./frame.ts";
import type { Memory } from "./memory.ts";

const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = (rest & 1) === 0 ? rest >>> 1 : 0xedb88320 ^ (rest >>> 1);
  return rest;
});

/** CRC-32 of IEEE 802.3 over [from, to), as an unsigned number. */
export function crc32(bytes: Uint8Array, from = 0, to: number = bytes.length): number {
  let crc = 0xffffffff;
  for (let i = from; i < to; i++) crc = TABLE[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Whether a frame that `checkFrame` passed carries no CRC32 extension, or one that fits its payload. */
export function crcMatches(memory: Memory, offset: number): boolean {
  const value = findExtension(memory, offset, Extension.crc32);
  if (value === undefined) return true;
  if (value.length !== 4) return false;
  const wanted = (value[0] | (value[1] << 8) | (value[2] << 16) | (value[3] << 24)) >>> 0;
  return wanted === crc32(memory.u8, payloadOffset(memory, offset), offset + frameLength(memory, offset));
}
