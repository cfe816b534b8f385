/** Messages as bytes of their own, for files and stores: what edges do in place, for callers who keep what they wrote. */
import { BusError, Memory } from "#wire";
import type { MessageType, MessageView } from "./message-type.ts";

const FIRST_BYTES = 64 * 1024;

/** The payload of `value`, as it would travel; not bound to any lane's size. */
export function encodeMessage<T, Init, View extends MessageView>(
  type: MessageType<T, Init, View>,
  value: Init,
): Uint8Array<ArrayBuffer> {
  for (let bytes = FIRST_BYTES; ; bytes *= 4) {
    const memory = Memory.allocate(bytes);
    const end = type.encode(memory, 0, memory.size, value);
    if (end >= 0) return memory.u8.slice(0, end);
  }
}

/** The reverse, for bytes from anywhere. @throws BusError wire/malformed-payload */
export function decodeMessage<T, Init, View extends MessageView>(
  type: MessageType<T, Init, View>,
  bytes: Uint8Array,
): T {
  const memory = Memory.copyOf(bytes);
  if (!type.verify(memory, 0, bytes.length))
    throw new BusError("wire/malformed-payload", {
      details: { type: type.name, reason: "it was cut off or overwritten" },
    });
  return type.decode(memory, 0);
}
