import { BusError, MESSAGE_BYTES_MAX, Memory } from "#wire";
import type { AnyMessageType } from "./api.ts";

const FIRST_BYTES = 4096;

/**
 * The same message as another binding of its type shows it. Inside one process that is needed where the command line meets
 * a service: bindings made by reflection hold JSON, generated ones objects with bigint and bytes.
 * @throws BusError schema/mismatch when the two bindings are of versions that do not fit, core/message-too-large
 */
export function transcode(from: AnyMessageType, value: unknown, to: AnyMessageType): unknown {
  if (from === to) return value;
  for (let bytes = FIRST_BYTES; ; bytes *= 4) {
    const memory = Memory.allocate(bytes);
    const end = from.encode(memory, 0, memory.size, value);
    if (end < 0) {
      if (bytes <= MESSAGE_BYTES_MAX) continue;
      const details = { type: from.name, bytes, limit: MESSAGE_BYTES_MAX, edge: "inside this process" };
      throw new BusError("core/message-too-large", { details });
    }
    if (to.verify(memory, 0, end)) return to.decode(memory, 0);
    const details = {
      type: to.name,
      edge: "inside this process",
      ours: to.fingerprint,
      theirs: from.fingerprint,
      difference: "the bindings and schema.lock were not made together; run `busbar gen`",
    };
    throw new BusError("schema/mismatch", { details });
  }
}
