/** Payments that come by themselves: how many, how large, to whom, until when, how urgent. */
import { z } from "zod";
import { AMOUNT_MAX, agentId, big, int, real, realAbove, TICKS_MAX } from "./scalars.ts";
import type { ArrivalBands, ArrivalConfig } from "./types.ts";

const AMOUNT_REAL_MAX = Number(AMOUNT_MAX);

const amountDistribution = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("Uniform"), min: big(1n, AMOUNT_MAX), max: big(1n, AMOUNT_MAX) }),
  z.strictObject({
    type: z.literal("Normal"),
    mean: realAbove(0, AMOUNT_REAL_MAX),
    std_dev: real(0, AMOUNT_REAL_MAX),
  }),
  // Both of the amount itself, not of its logarithm.
  z.strictObject({
    type: z.literal("LogNormal"),
    mean: realAbove(0, AMOUNT_REAL_MAX),
    std_dev: real(0, AMOUNT_REAL_MAX),
  }),
  z.strictObject({ type: z.literal("Exponential"), rate: realAbove(0, 1e6) }),
]);

const PRIORITY = (): z.ZodType<number> => int(0, 10);

const priorityDistribution = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("Fixed"), value: PRIORITY() }),
  z.strictObject({
    type: z.literal("Categorical"),
    values: z.array(PRIORITY()).min(1).max(64),
    weights: z.array(real(0, 1e9)).min(1).max(64),
  }),
  z.strictObject({ type: z.literal("Uniform"), min: PRIORITY(), max: PRIORITY() }),
]);

const ticks = (): z.ZodType<number> => int(1, TICKS_MAX);

const common = {
  /** Mean number of payments a tick. */
  rate_per_tick: real(0, 1000),
  amount_distribution: amountDistribution,
  /** Banks that are not named weigh 1. */
  counterparty_weights: z.record(agentId(), real(0, 1e9)).default({}),
  /** Ticks from arrival, both included. */
  divisible: z.boolean().default(false),
};

export const arrivalConfig: z.ZodType<ArrivalConfig> = z.strictObject({
  ...common,
  deadline_range: z.tuple([ticks(), ticks()]),
  priority: PRIORITY().optional(),
  priority_distribution: priorityDistribution.optional(),
});

/** Priority is drawn from the band. Deadlines as a range, or as the two offsets of the reference. */
const band = z.strictObject({
  ...common,
  deadline_range: z.tuple([ticks(), ticks()]).optional(),
  deadline_offset_min: ticks().optional(),
  deadline_offset_max: ticks().optional(),
});

export const arrivalBands: z.ZodType<ArrivalBands> = z.strictObject({
  /** Priorities 8 to 10. */
  urgent: band.optional(),
  /** Priorities 4 to 7. */
  normal: band.optional(),
  /** Priorities 0 to 3. */
  low: band.optional(),
});
