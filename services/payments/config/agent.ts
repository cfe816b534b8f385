/** A bank: money, policy, arrivals, collateral, limits, pool. */
import { z } from "zod";
import { arrivalBands, arrivalConfig } from "./arrivals.ts";
import { agentId, amount, int, MONEY_MAX, money, real, share, TICKS_MAX } from "./scalars.ts";
import type { Agent, Policy } from "./types.ts";

const parameters = z.record(z.string().min(1), real(-1e300, 1e300)).default({});

const policy: z.ZodType<Policy> = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("Fifo") }),
  z.strictObject({ type: z.literal("Deadline"), urgency_threshold: int(0, TICKS_MAX) }),
  z.strictObject({
    type: z.literal("LiquidityAware"),
    target_buffer: money(),
    urgency_threshold: int(0, TICKS_MAX),
  }),
  z.strictObject({
    type: z.literal("LiquiditySplitting"),
    max_splits: int(2, 100),
    min_split_amount: amount(),
  }),
  z.strictObject({ type: z.literal("MockSplitting"), num_splits: int(2, 100) }),
  // The three ways to say a policy tree (policy/check.ts). `params` replaces parameters of the tree.
  z.strictObject({ type: z.literal("FromJson"), json_path: z.string().min(1), params: parameters }),
  z.strictObject({
    type: z.literal("Inline"),
    decision_trees: z.record(z.string(), z.unknown()),
    params: parameters,
  }),
  z.strictObject({ type: z.literal("InlineJson"), json_string: z.string().min(1), params: parameters }),
]);

export const agent: z.ZodType<Agent> = z.strictObject({
  id: agentId(),
  /** May be negative, as far as credit reaches. */
  opening_balance: money(-MONEY_MAX),
  /** Credit without collateral. */
  unsecured_cap: money().default(0n),
  policy,
  arrival_config: arrivalConfig.optional(),
  arrival_bands: arrivalBands.optional(),
  posted_collateral: money().default(0n),
  /** Share of the collateral that gives no credit. */
  collateral_haircut: share().default(20_000n),
  /** Default: ten times unsecured_cap. */
  max_collateral_capacity: money(0n, 10n * MONEY_MAX).optional(),
  limits: z
    .strictObject({
      /** Largest outflow a day, by counterparty. */
      bilateral_limits: z.record(agentId(), money()).default({}),
      /** Largest outflow a day. */
      multilateral_limit: money().optional(),
    })
    .prefault({}),
  liquidity_pool: money().default(0n),
  /** Share of the pool that is allocated at the start of a day. Default: all of it. */
  liquidity_allocation_fraction: share().optional(),
});
