import { BusError } from "#wire";
import type { Duration } from "./api.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of "500ms", "5s", "2m", "1h" or a plain number of ms. @throws BusError core/bad-duration */
export const durationMs = (value: Duration): number => {
  if (typeof value === "number" && value >= 0) return value;
  const match = typeof value === "string" ? /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)\s*$/.exec(value) : null;
  if (match === null) throw new BusError("core/bad-duration", { details: { value } });
  return Number(match[1]) * UNITS[match[2]];
};
