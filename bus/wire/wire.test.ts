import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BusError, errorCodeOf } from "./bus-error.ts";
import { checkFrame, paddedBytes, requireSoundFrame } from "./frame.ts";
import { requestIdOf, sourceIdOf, topicIdOf, typeIdOf } from "./hash.ts";
import { Memory } from "./memory.ts";

test("ids are the first four bytes, little endian, of SHA-256 over a kind and a name", () => {
  const first4 = (text: string): number => createHash("sha256").update(text).digest().readUInt32LE(0);
  fc.assert(
    fc.property(fc.string(), fc.string({ minLength: 1 }), (name, method) => {
      expect(typeIdOf(name)).toBe(first4(`type:${name}`));
      expect(sourceIdOf(name)).toBe(first4(`source:${name}`));
      expect(requestIdOf(name, method)).toBe(first4(`rpc:${name}/${method}`));
    }),
    { numRuns: 50 },
  );
});

test("no topic is 0 and no topic's id is", () => {
  expect(topicIdOf("")).toBe(0);
  fc.assert(fc.property(fc.string({ minLength: 1 }), (topic) => topicIdOf(topic) !== 0));
});

test("a memory's views are over the same bytes and its size is a multiple of 8", () => {
  const memory = Memory.allocate(13);
  expect(memory.size).toBe(16);
  memory.u64[1] = 0x0102030405060708n;
  expect([...memory.u8.subarray(8)]).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
  expect(memory.u32[2]).toBe(0x05060708);
  expect(memory.text[15]).toBe(1);
});

test("a copy is aligned and its own, whatever the source was", () => {
  const source = new Uint8Array([9, 1, 2, 3]).subarray(1);
  const memory = Memory.copyOf(source);
  source[0] = 77;
  expect([...memory.u8]).toEqual([1, 2, 3, 0, 0, 0, 0, 0]);
});

test("frames are padded to 8 bytes", () => {
  expect([0, 1, 7, 8, 9].map(paddedBytes)).toEqual([0, 8, 8, 8, 16]);
});

test("an unsound frame is an error that names the fault", () => {
  const memory = Memory.allocate(64);
  expect(checkFrame(memory, 0, 64)).toBe("MAGIC");
  expect(() => requireSoundFrame(memory, 0, 64)).toThrow("wire/malformed-frame: a frame is malformed: MAGIC");
});

test("anything thrown becomes a BusError, and a BusError stays itself", () => {
  const error = new BusError("core/closed", { details: { what: "x" } });
  expect(BusError.from(error)).toBe(error);
  expect(BusError.from(new Error("boom"))).toMatchObject({
    code: "core/internal",
    message: "core/internal: an internal check failed: boom",
  });
  expect(BusError.from("text", "core/app").cause).toBe("text");
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    code: "core/closed",
    message: "core/closed: x is closed",
    details: { what: "x" },
  });
});

test("codes travel as numbers, and unknown numbers are errors of the application", () => {
  expect(errorCodeOf(new BusError("schema/bad-schema").number)).toBe("schema/bad-schema");
  expect(errorCodeOf(65_535)).toBe("core/app");
});
