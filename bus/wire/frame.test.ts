import { expect, test } from "vitest";
import { BusError, checkFrame, frameSequence, Kind, Memory, writeHeader } from "#wire";

test("a written header reads back, 53-bit sequences included", () => {
  const memory = Memory.allocate(128);
  writeHeader(memory, 64, 64, Kind.data, 64, 7, 9, 1, 2, Number.MAX_SAFE_INTEGER, 0, 0, 5, 3, 0, 0, 0, 1);
  expect(checkFrame(memory, 64, 64)).toBeUndefined();
  expect(frameSequence(memory, 64)).toBe(Number.MAX_SAFE_INTEGER);
  expect(checkFrame(memory, 64, 63)).toBe("SHORT");
});

test("an error's sentence names its details", () => {
  expect(new BusError("core/closed", { details: { what: "the bus" } }).message).toBe("core/closed: the bus is closed");
});
