import { expect, test } from "vitest";
import { crcMatches } from "./crc32.ts";
import {
  checkFrame,
  Extension,
  findExtension,
  frameLength,
  HEADER_BYTES,
  Kind,
  payloadOffset,
  writeExtension,
  writeHeader,
} from "./frame.ts";
import { Memory } from "./memory.ts";

// Method: frames with extensions are damaged by a seeded generator and looked at inside a memory full of other bytes; after
// a check that passes, everything the accessors return has to lie inside the frame.
const SEED = 4_711;
const OFFSET = 512;

function dice(seed: number): (sides: number) => number {
  let state = seed >>> 0;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * sides);
  };
}

/** A sound frame at OFFSET. @returns its length */
function writeFrame(m: Memory, roll: (sides: number) => number): number {
  const types = Object.values(Extension);
  let at = OFFSET + HEADER_BYTES;
  for (let n = roll(5); n > 0; n--) {
    at = writeExtension(m, at, OFFSET + 1024, types[roll(types.length)], new Uint8Array(roll(60)).fill(roll(256)));
  }
  const payload = at - OFFSET;
  const length = payload + roll(100);
  writeHeader(m, OFFSET, length, Kind.data, payload, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 0);
  return length;
}

test("60,000 damaged frames are refused by name, or everything in them lies inside them", () => {
  const roll = dice(SEED);
  const m = Memory.allocate(4096);
  const verdicts = new Map<string, number>();
  for (let i = 0; i < 60_000; i++) {
    m.u8.fill(roll(256));
    const length = writeFrame(m, roll);
    for (let n = roll(4); n > 0; n--)
      m.u8[OFFSET + roll(roll(2) === 0 ? 8 : length)] = [0, 1, 7, 8, 64, 127, 128, 255, roll(256)][roll(9)];
    const available = roll(6) === 0 ? roll(length + 1) : length;
    const fault = checkFrame(m, OFFSET, available);
    verdicts.set(fault ?? "sound", (verdicts.get(fault ?? "sound") ?? 0) + 1);
    if (fault !== undefined) continue;
    const end = OFFSET + frameLength(m, OFFSET);
    const payload = payloadOffset(m, OFFSET);
    if (end > OFFSET + available || payload < OFFSET + HEADER_BYTES || payload > end)
      throw new Error(`seed ${SEED}, frame ${i}`);
    for (const type of Object.values(Extension)) {
      const value = findExtension(m, OFFSET, type);
      if (
        value !== undefined &&
        (value.byteOffset < OFFSET + HEADER_BYTES || value.byteOffset + value.length > payload)
      ) {
        throw new Error(`seed ${SEED}, frame ${i}, extension ${type}`);
      }
    }
    crcMatches(m, OFFSET);
  }
  expect([...verdicts.keys()].sort()).toEqual(["CRITICAL_EXT", "EXT", "LENGTH", "MAGIC", "SHORT", "VERSION", "sound"]);
  expect(verdicts.get("sound")).toBeGreaterThan(5_000);
});

test("a verdict depends on nothing behind the bytes at hand", () => {
  const roll = dice(SEED + 1);
  const m = Memory.allocate(4096);
  for (let i = 0; i < 10_000; i++) {
    const length = writeFrame(m, roll);
    m.u8[OFFSET + roll(length)] = roll(256);
    const available = roll(length + 1);
    m.u8.fill(0, OFFSET + available, OFFSET + 2048);
    const fault = checkFrame(m, OFFSET, available);
    m.u8.fill(0xff, OFFSET + available, OFFSET + 2048);
    expect(checkFrame(m, OFFSET, available)).toBe(fault);
  }
});

test("an extension that does not fit is not written", () => {
  const m = Memory.allocate(256);
  expect(writeExtension(m, 64, 80, Extension.topic, new Uint8Array(12))).toBe(80);
  expect(writeExtension(m, 64, 80, Extension.topic, new Uint8Array(13))).toBe(-1);
});
