import { BusError } from "#bus";
import { dynamicType, type MessageType } from "#schema";
import type { RecordedType } from "../recording/types.ts";

/** A recorded type whose values are payloads: what was on the bus goes on the bus, byte for byte. */
// biome-ignore lint/suspicious/noExplicitAny: the view of a payload is nobody's business here
export type RawType = MessageType<any, Uint8Array, any>;

/**
 * @param type as its file describes it
 * @param metadata of its channel: who it was on the bus
 * @throws BusError blackbox/replay-refused when that is not a bus type
 */
export function rawType(type: RecordedType, metadata: ReadonlyMap<string, string>): RawType {
  const fingerprint = metadata.get("fingerprint") ?? "";
  const id = Number(metadata.get("type_id") ?? Number.NaN);
  const { schema } = type;
  if (schema === undefined || !/^[0-9a-f]{16}$/.test(fingerprint) || !Number.isInteger(id))
    throw new BusError("blackbox/replay-refused", {
      details: { problem: `${type.name} was not recorded from a bus: its channel has no fingerprint and type_id` },
    });
  const base64 = Buffer.from(type.bytes).toString("base64");
  const dynamic = dynamicType(schema, type.name, { id, fingerprint, lineage: [fingerprint] }, base64);
  return {
    ...dynamic,
    encode(memory, offset, limit, payload: Uint8Array) {
      if (offset + payload.length > limit) return -1;
      memory.u8.set(payload, offset);
      // Lanes go on at a multiple of four.
      const end = offset + ((payload.length + 3) & ~3);
      memory.u8.fill(0, offset + payload.length, Math.min(end, limit));
      return offset + payload.length;
    },
    complete: (payload) => payload,
    check: (payload) => (payload instanceof Uint8Array ? undefined : "payload is not bytes"),
  };
}
