/** Programs of every format, to the one table that all of them are in memory, and back. */
import { BusError } from "#bus";
import type { Program } from "#generated/busbar/cards";
import { decodeV2 } from "./decode-v2.ts";
import { encodeV2 } from "./encode-v2.ts";
import { decodeV3, encodeV3, isV3, PROGRAM_BYTES_MAX } from "./program-v3.ts";

export type ProgramFormat = "v1" | "v2" | "v3";

/** @throws BusError cards/unknown-format naming what this version reads */
export function formatOf(bytes: Uint8Array): ProgramFormat {
  const begins = (...first: number[]): boolean => first.every((byte, i) => bytes[i] === byte);
  if (isV3(bytes)) return "v3";
  if (begins(2, 0, 0, 0, 1)) return "v2";
  if (begins(0, 0, 0, 1)) return "v1";
  const found =
    bytes.length < 5 ? `it has ${bytes.length} bytes` : `it begins with bytes ${bytes.slice(0, 4).join(", ")}`;
  throw new BusError("cards/unknown-format", { details: { reason: found } });
}

/**
 * Reads a program; what an older format has no field for has the default that the format means. Plays are the native
 * half's job, and so are refusals of what it does not play.
 * @throws BusError cards/unknown-format, bad-header, malformed, out-of-range, limit-exceeded, with the byte or the path
 */
export function decodeProgram(bytes: Uint8Array): Program {
  if (formatOf(bytes) === "v3") return decodeV3(bytes);
  if (bytes.length > PROGRAM_BYTES_MAX) {
    const details = { path: "the program", value: `${bytes.length} bytes`, limit: `${PROGRAM_BYTES_MAX} bytes` };
    throw new BusError("cards/limit-exceeded", { details });
  }
  return decodeV2(bytes);
}

/** @param format "v2" only for what was a V1 or V2 program, or a genome that V2 can say: `compile` checks that */
export const encodeProgram = (program: Program, format: "v2" | "v3"): Uint8Array =>
  format === "v2" ? encodeV2(program) : encodeV3(program);
