import * as zlib from "node:zlib";

type Crc = (bytes: Uint8Array, before?: number) => number;

const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = (rest & 1) === 0 ? rest >>> 1 : 0xedb88320 ^ (rest >>> 1);
  return rest;
});

/** What Node before 20.15 runs; exported for its test. */
export const plainCrc32: Crc = (bytes, before = 0) => {
  let crc = ~before;
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
};

/** CRC-32 of IEEE 802.3, carried on from `before`. Node's own where there is one: ten times as fast. */
export const crc32: Crc = (zlib as { crc32?: Crc }).crc32 ?? plainCrc32;
