import { readDuration } from "#topology";
import { BusError } from "#wire";
import type { Duration } from "./api.ts";

/** Timers take 31 bits; with more they fire at once. 24.8 days. */
const MS_MAX = 2_147_483_647;

/**
 * Milliseconds of "500ms", "5s", "2m", "1h" or a plain number of ms; at most 24.8 days, so Infinity is allowed.
 * @throws BusError core/bad-duration
 */
export const durationMs = (value: Duration): number => {
  const ms = typeof value === "string" ? readDuration(value) : value;
  if (typeof ms === "number" && ms >= 0) return Math.min(ms, MS_MAX);
  throw new BusError("core/bad-duration", { details: { value } });
};
