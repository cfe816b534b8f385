import { expect, test } from "vitest";
import { Memory } from "#wire";
import { getString } from "./read.ts";

/** A field at 0 whose string lies behind it. */
const reading = (text: string): string => {
  const bytes = Buffer.from(text);
  const memory = Memory.allocate(8 + bytes.length);
  memory.i32[0] = 4;
  memory.i32[1] = bytes.length;
  memory.u8.set(bytes, 8);
  return getString(memory, 0);
};

test("strings of every short length are read, with a character of two bytes at any place or none", () => {
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (let length = 0; length <= 40; length++) {
    const ascii = letters.slice(0, length);
    expect(reading(ascii)).toBe(ascii);
    for (let at = 0; at < length; at++) {
      const mixed = `${ascii.slice(0, at)}é${ascii.slice(at + 1)}`;
      expect(reading(mixed)).toBe(mixed);
    }
  }
});
