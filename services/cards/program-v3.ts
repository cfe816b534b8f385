/** V3: the FlatBuffers table `busbar.cards.Program` with its identifier. */
import { BusError } from "#bus";
import { Program } from "#generated/busbar/cards";
import { Memory } from "#schema";

export const PROGRAM_BYTES_MAX = 65_536;
const IDENTIFIER = [0x42, 0x42, 0x43, 0x50] as const; // "BBCP"
/** Root offset, identifier, and four zeros that keep everything behind them aligned to 8. */
const HEAD_BYTES = 8;

export const isV3 = (bytes: Uint8Array): boolean => IDENTIFIER.every((byte, i) => bytes[4 + i] === byte);

/** @throws BusError cards/limit-exceeded */
export function encodeV3(program: Program): Uint8Array {
  const memory = Memory.allocate(PROGRAM_BYTES_MAX + HEAD_BYTES);
  const end = Program.encode(memory, 0, PROGRAM_BYTES_MAX - HEAD_BYTES, program);
  if (end < 0) {
    const details = { path: "the program", value: "longer", limit: `${PROGRAM_BYTES_MAX} bytes` };
    throw new BusError("cards/limit-exceeded", { details });
  }
  // The encoder writes no identifier: what it wrote moves up, and the root offset with it.
  const bytes = new Uint8Array(end + HEAD_BYTES);
  bytes.set(memory.u8.subarray(0, end), HEAD_BYTES);
  const root = memory.u32[0]! + HEAD_BYTES;
  new DataView(bytes.buffer).setUint32(0, root, true);
  bytes.set(IDENTIFIER, 4);
  bytes.fill(0, 8, 12);
  return bytes;
}

/**
 * @throws BusError cards/malformed for bytes that are no sound buffer, cards/unknown-format for another version,
 *   cards/limit-exceeded
 */
export function decodeV3(bytes: Uint8Array): Program {
  if (bytes.length > PROGRAM_BYTES_MAX) {
    const details = { path: "the program", value: `${bytes.length} bytes`, limit: `${PROGRAM_BYTES_MAX} bytes` };
    throw new BusError("cards/limit-exceeded", { details });
  }
  const memory = Memory.copyOf(bytes);
  if (!Program.verify(memory, 0, bytes.length)) {
    throw new BusError("cards/malformed", { details: { offset: 0, reason: "it is no sound V3 table" } });
  }
  const program = Program.decode(memory, 0);
  if (program.version !== 1) {
    const reason = `its V3 table has version ${program.version}, this version reads 1`;
    throw new BusError("cards/unknown-format", { details: { reason } });
  }
  return program;
}
