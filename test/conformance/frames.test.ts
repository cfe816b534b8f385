import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  CRITICAL_EXTENSION,
  checkFrame,
  crcMatches,
  findExtension,
  frameCorrelation,
  frameEpoch,
  frameFlags,
  frameKind,
  frameLane,
  frameLength,
  frameSequence,
  frameSourceId,
  frameTimestamp,
  frameTopicId,
  frameTtlMs,
  frameTypeId,
  HEADER_BYTES,
  Memory,
  payloadOffset,
  writeExtension,
} from "#wire";
import { encodeHeader, type FrameVectors, type GoodFrame, type HeaderVector, hexOf } from "./frame-cases.ts";

const { good, bad }: FrameVectors = JSON.parse(readFileSync(new URL("./vectors/frames.json", import.meta.url), "utf8"));

// A frame is read at several places of a memory full of other bytes, as in a ring or a batch.
function place(hex: string, offset: number): Memory {
  const bytes = Buffer.from(hex, "hex");
  const memory = Memory.allocate(offset + bytes.length + 64);
  memory.u8.fill(0xa5);
  memory.u8.set(bytes, offset);
  return memory;
}

function readHeader(m: Memory, at: number): HeaderVector {
  return {
    length: `${frameLength(m, at)}`,
    kind: `${frameKind(m, at)}`,
    payload_offset: `${payloadOffset(m, at) - at}`,
    type_id: `${frameTypeId(m, at)}`,
    source_id: `${frameSourceId(m, at)}`,
    schema: `${m.u64[(at + 16) >> 3]}`,
    sequence: `${frameSequence(m, at)}`,
    timestamp: `${frameTimestamp(m, at)}`,
    correlation: `${frameCorrelation(m, at)}`,
    epoch: `${frameEpoch(m, at)}`,
    topic_id: `${frameTopicId(m, at)}`,
    ttl_ms: `${frameTtlMs(m, at)}`,
    flags: `${frameFlags(m, at)}`,
    lane: `${frameLane(m, at)}`,
  };
}

/** Bytes of a frame made anew from the decoded form of its vector. */
function encode({ header, extensions, payload }: GoodFrame): string {
  const memory = Memory.allocate(Number(header.length));
  encodeHeader(memory, header);
  const start = Number(header.payload_offset);
  let at = HEADER_BYTES;
  for (const { type, hex } of extensions) at = writeExtension(memory, at, start, Number(type), Buffer.from(hex, "hex"));
  expect(at).toBe(start);
  memory.u8.set(Buffer.from(payload, "hex"), start);
  return hexOf(memory.u8.subarray(0, Number(header.length)));
}

test.each(good)("good frame: $name", (frame) => {
  const length = frame.hex.length / 2;
  for (const offset of [0, 8, 4096]) {
    const memory = place(frame.hex, offset);
    expect(checkFrame(memory, offset, length)).toBeUndefined();
    expect(checkFrame(memory, offset, length + 64)).toBeUndefined();
    expect(crcMatches(memory, offset)).toBe(true);
    expect(readHeader(memory, offset)).toEqual(frame.header);
    expect(hexOf(memory.u8.subarray(payloadOffset(memory, offset), offset + length))).toBe(frame.payload);
    for (const { type } of frame.extensions) {
      const plain = Number(type) & ~CRITICAL_EXTENSION;
      const first = frame.extensions.find((other) => (Number(other.type) & ~CRITICAL_EXTENSION) === plain);
      expect(hexOf(findExtension(memory, offset, plain) ?? new Uint8Array(0))).toBe(first?.hex);
    }
    expect(findExtension(memory, offset, 32_000)).toBeUndefined();
  }
  expect(encode(frame)).toBe(frame.hex);
});

test.each(bad)("bad frame: $name is $error", ({ hex, error }) => {
  for (const offset of [0, 64]) {
    const memory = place(hex, offset);
    const fault = checkFrame(memory, offset, hex.length / 2);
    if (error !== "CRC") expect(fault).toBe(error);
    else {
      expect(fault).toBeUndefined();
      expect(crcMatches(memory, offset)).toBe(false);
    }
  }
});

test("the vectors cover every kind of fault", () => {
  expect([...new Set(bad.map(({ error }) => error))].sort()).toEqual([
    "CRC",
    "CRITICAL_EXT",
    "EXT",
    "LENGTH",
    "MAGIC",
    "SHORT",
    "VERSION",
  ]);
});
