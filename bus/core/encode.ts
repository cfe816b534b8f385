import { type BusError, Memory } from "#wire";
import type { AnyMessageType } from "./api.ts";

const FIRST_BYTES = 4096;
/** A block that was grown beyond this for one message is given back. */
const KEPT_BYTES = 1024 * 1024;

/** One block for all: encoding is synchronous, and what is kept is copied out of it. */
let scratch: Memory | undefined;

/**
 * Encodes into bytes of their own, so that the caller may change the object afterwards.
 * @param tooLarge makes the error for a payload above `bytesMax`; `bytes` is what it needs at least
 * @throws BusError core/type-mismatch, or what `tooLarge` makes
 */
export const encodePayload = (
  type: AnyMessageType,
  value: unknown,
  bytesMax: number,
  tooLarge: (bytes: number) => BusError,
): Uint8Array => {
  for (let bytes = scratch?.size ?? FIRST_BYTES; ; bytes = Math.min(bytes * 4, bytesMax + FIRST_BYTES)) {
    if (scratch === undefined || scratch.size < bytes) scratch = Memory.allocate(bytes);
    const memory = scratch;
    const end = type.encode(memory, 0, memory.size, value);
    if (end > bytesMax || (end < 0 && bytes > bytesMax)) {
      if (memory.size > KEPT_BYTES) scratch = undefined;
      throw tooLarge(Math.max(end, bytesMax + 1));
    }
    if (end < 0) continue;
    const payload = memory.u8.slice(0, end);
    if (memory.size > KEPT_BYTES) scratch = undefined;
    return payload;
  }
};

export const decodePayload = (type: AnyMessageType, payload: Uint8Array): unknown =>
  type.decode(Memory.copyOf(payload), 0);
