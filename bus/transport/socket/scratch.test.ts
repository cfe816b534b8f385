import { expect, test } from "vitest";
import { POOLED_BYTES_MIN } from "./limits.ts";
import { Scratch } from "./scratch.ts";

const detach = (buffer: ArrayBuffer): void => void structuredClone(buffer, { transfer: [buffer] });

test("a message that was taken is copied first, then its own memory goes back", () => {
  const scratch = new Scratch(detach);
  const message = Buffer.alloc(POOLED_BYTES_MIN, 7);
  const memory = scratch.take(message);
  expect(message.length).toBe(0);
  expect([...memory.u8.subarray(0, POOLED_BYTES_MIN)].every((byte) => byte === 7)).toBe(true);
});

test("memory that others share, small messages and those only looked at are left alone", () => {
  const scratch = new Scratch(detach);
  const shared = Buffer.alloc(2 * POOLED_BYTES_MIN).subarray(POOLED_BYTES_MIN);
  const small = Buffer.alloc(POOLED_BYTES_MIN - 1);
  const looked = Buffer.alloc(POOLED_BYTES_MIN);
  scratch.take(shared);
  scratch.take(small);
  scratch.fill(looked);
  for (const message of [shared, small, looked]) expect(message.length).toBeGreaterThan(0);
  new Scratch().take(looked);
  expect(looked.length).toBe(POOLED_BYTES_MIN);
});
