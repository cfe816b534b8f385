import { BusError } from "#wire";
import type { Duration } from "./api.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** Timers take 31 bits; with more they fire at once. 24.8 days. */
const MS_MAX = 2_147_483_647;

/**
 * Milliseconds of "500ms", "5s", "2m", "1h" or a plain number of ms; at most 24.8 days, so Infinity is allowed.
 * @throws BusError core/bad-duration
 */
export const durationMs = (value: Duration): number => {
  if (typeof value === "number" && value >= 0) return Math.min(value, MS_MAX);
  const match = typeof value === "string" ? /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)\s*$/.exec(value) : null;
  if (match === null) throw new BusError("core/bad-duration", { details: { value } });
  return Math.min(Number(match[1]) * UNITS[match[2]], MS_MAX);
};
