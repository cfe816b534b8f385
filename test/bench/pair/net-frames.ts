import type { Handle } from "./codec.ts";

const LENGTH_BYTES = 4;

/** Cuts a byte stream into messages with a 4-byte length before each. A message inside one chunk is not copied. */
export const frameReader = (handle: Handle): ((chunk: Buffer) => void) => {
  let parts: Buffer[] = [];
  let have = 0;
  let need = 0;
  return (chunk) => {
    let bytes = chunk;
    if (have > 0) {
      parts.push(chunk);
      have += chunk.length;
      if (have < need) return;
      bytes = Buffer.concat(parts, have);
      parts = [];
      have = 0;
    }
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES) {
      const start = at + LENGTH_BYTES;
      const end = start + bytes.readUInt32LE(at);
      if (end > bytes.length) break;
      handle(bytes, start, end);
      at = end;
    }
    if (at === bytes.length) return;
    const rest = bytes.subarray(at);
    parts.push(rest);
    have = rest.length;
    need = have >= LENGTH_BYTES ? LENGTH_BYTES + rest.readUInt32LE(0) : LENGTH_BYTES;
  };
};
