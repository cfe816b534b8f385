/**
 * Frame layout (docs/wire.md, section 1): 64 fixed bytes, TLV extensions, payload. Little endian.
 * Everything here works in place on a Memory; nothing allocates but `FrameExtensions`.
 */
import { BusError } from "./bus-error.ts";
import type { Memory } from "./memory.ts";

export const MAGIC = 0x42;
export const VERSION = 1;
export const HEADER_BYTES = 64;
/** Most bytes that extensions may take: the payload offset is one byte, in units of 8. */
export const EXTENSIONS_BYTES_MAX: number = 255 * 8 - HEADER_BYTES;
export const MESSAGE_BYTES_MAX: number = 16 * 1024 * 1024;
export const SEQUENCE_MAX: number = Number.MAX_SAFE_INTEGER;

export const Kind = {
  data: 1,
  request: 2,
  response: 3,
  error: 4,
  streamItem: 5,
  streamEnd: 6,
  cancel: 7,
  hello: 16,
  welcome: 17,
  refuse: 18,
  ping: 19,
  pong: 20,
  bye: 21,
  schema: 22,
  ack: 23,
  subscribe: 24,
  credit: 25,
  pad: 255,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

export const Flag = {
  ackWanted: 1,
  notFlatBuffers: 2,
  crc32: 4,
  replayed: 8,
  sampledTrace: 16,
  lastOfStream: 32,
} as const;

export const Lane = { data: 0, control: 1 } as const;
export type Lane = (typeof Lane)[keyof typeof Lane];

export const Extension = { topic: 1, trace: 2, replyTo: 3, crc32: 4, error: 6, key: 7 } as const;
export const CRITICAL_EXTENSION = 0x8000;

/** Byte offsets of the header fields. */
export const At = {
  length: 0,
  magic: 4,
  version: 5,
  kind: 6,
  payloadOff8: 7,
  typeId: 8,
  sourceId: 12,
  schema: 16,
  sequence: 24,
  timestamp: 32,
  correlation: 40,
  epoch: 48,
  topicId: 52,
  ttlMs: 56,
  flags: 60,
  lane: 62,
} as const;

const TWO32 = 4294967296;
const align8 = (bytes: number): number => (bytes + 7) & ~7;
/** What a frame of `length` bytes takes in a batch or a ring. */
export const paddedBytes = (bytes: number): number => align8(bytes);

/**
 * Writes the header of a frame at `offset` (a multiple of 8). u64 fields arrive as two words, because bigint costs more
 * than the whole header. Fields not named are set to 0.
 */
export function writeHeader(
  memory: Memory,
  offset: number,
  length: number,
  kind: number,
  payloadOffset: number,
  typeId: number,
  sourceId: number,
  schemaLo: number,
  schemaHi: number,
  sequence: number,
  timestampLo: number,
  timestampHi: number,
  correlation: number,
  epoch: number,
  topicId: number,
  ttlMs: number,
  flags: number,
  lane: number,
): void {
  const words = memory.i32;
  const w = offset >> 2;
  words[w] = length;
  words[w + 1] = MAGIC | (VERSION << 8) | (kind << 16) | ((payloadOffset >> 3) << 24);
  words[w + 2] = typeId;
  words[w + 3] = sourceId;
  words[w + 4] = schemaLo;
  words[w + 5] = schemaHi;
  words[w + 6] = sequence;
  words[w + 7] = (sequence / TWO32) | 0;
  words[w + 8] = timestampLo;
  words[w + 9] = timestampHi;
  words[w + 10] = correlation;
  words[w + 11] = (correlation / TWO32) | 0;
  words[w + 12] = epoch;
  words[w + 13] = topicId;
  words[w + 14] = ttlMs;
  words[w + 15] = flags | (lane << 16);
}

export const frameLength = (m: Memory, offset: number): number => m.u32[offset >> 2];
export const frameKind = (m: Memory, offset: number): number => m.u8[offset + At.kind];
export const payloadOffset = (m: Memory, offset: number): number => offset + (m.u8[offset + At.payloadOff8] << 3);
export const frameTypeId = (m: Memory, offset: number): number => m.u32[(offset + At.typeId) >> 2];
export const frameSourceId = (m: Memory, offset: number): number => m.u32[(offset + At.sourceId) >> 2];
export const frameSequence = (m: Memory, offset: number): number =>
  m.u32[(offset + 24) >> 2] + m.u32[(offset + 28) >> 2] * TWO32;
export const frameCorrelation = (m: Memory, offset: number): number =>
  m.u32[(offset + 40) >> 2] + m.u32[(offset + 44) >> 2] * TWO32;
export const frameEpoch = (m: Memory, offset: number): number => m.u32[(offset + At.epoch) >> 2];
export const frameTopicId = (m: Memory, offset: number): number => m.u32[(offset + At.topicId) >> 2];
export const frameTtlMs = (m: Memory, offset: number): number => m.u32[(offset + At.ttlMs) >> 2];
export const frameFlags = (m: Memory, offset: number): number => m.u16[(offset + At.flags) >> 1];
export const frameLane = (m: Memory, offset: number): number => m.u8[offset + At.lane];
export const frameTimestamp = (m: Memory, offset: number): bigint => m.u64[(offset + At.timestamp) >> 3];

export type FrameFault = "SHORT" | "MAGIC" | "VERSION" | "LENGTH" | "EXT" | "CRITICAL_EXT" | "CRC";

/**
 * Bounds check of the frame at `offset` with `available` bytes at hand; nothing else may be read before it passes.
 * @returns undefined when sound, else the fault. Walks extensions (none in the common case).
 */
export function checkFrame(memory: Memory, offset: number, available: number): FrameFault | undefined {
  if (available < HEADER_BYTES) return "SHORT";
  const word = memory.u32[(offset >> 2) + 1];
  if ((word & 0xff) !== MAGIC) return "MAGIC";
  if (((word >>> 8) & 0xff) !== VERSION) return "VERSION";
  const length = memory.u32[offset >> 2];
  const payload = (word >>> 24) << 3;
  if (length > available || payload < HEADER_BYTES || payload > length) return "LENGTH";
  return payload === HEADER_BYTES ? undefined : checkExtensions(memory, offset, payload);
}

function checkExtensions(memory: Memory, offset: number, payload: number): FrameFault | undefined {
  let at = offset + HEADER_BYTES;
  const end = offset + payload;
  while (at < end) {
    const type = memory.u16[at >> 1];
    const bytes = align8(4 + memory.u16[(at >> 1) + 1]);
    if (at + bytes > end) return "EXT";
    if ((type & CRITICAL_EXTENSION) !== 0 && !isKnownExtension(type & ~CRITICAL_EXTENSION)) return "CRITICAL_EXT";
    at += bytes;
  }
  return undefined;
}

const isKnownExtension = (type: number): boolean =>
  type === Extension.topic ||
  type === Extension.trace ||
  type === Extension.replyTo ||
  type === Extension.crc32 ||
  type === Extension.error ||
  type === Extension.key;

/** Bytes that the extension `type` of a checked frame holds (a view, valid as long as the frame), or undefined. */
export function findExtension(memory: Memory, offset: number, type: number): Uint8Array | undefined {
  let at = offset + HEADER_BYTES;
  const end = payloadOffset(memory, offset);
  while (at < end) {
    const bytes = memory.u16[(at >> 1) + 1];
    if ((memory.u16[at >> 1] & ~CRITICAL_EXTENSION) === type) return memory.u8.subarray(at + 4, at + 4 + bytes);
    at += align8(4 + bytes);
  }
  return undefined;
}

/** Writes one extension at `at` (multiple of 8). @returns offset behind it, or -1 when it does not fit below `limit` */
export function writeExtension(memory: Memory, at: number, limit: number, type: number, value: Uint8Array): number {
  const bytes = align8(4 + value.length);
  if (at + bytes > limit) return -1;
  memory.u8.fill(0, at, at + bytes);
  memory.u16[at >> 1] = type;
  memory.u16[(at >> 1) + 1] = value.length;
  memory.u8.set(value, at + 4);
  return at + bytes;
}

/** @throws BusError `wire/malformed-frame` naming the fault */
export function requireSoundFrame(memory: Memory, offset: number, available: number): void {
  const fault = checkFrame(memory, offset, available);
  if (fault !== undefined) {
    throw new BusError("wire/malformed-frame", { details: { fault, available, offset } });
  }
}
