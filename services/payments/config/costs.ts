/** What waiting, borrowing and failing cost. Numbers become whole numbers of the scale that the canonical name says. */
import { z } from "zod";
import { decimal, money } from "./scalars.ts";
import type { CostRates } from "./types.ts";

const bps = (): z.ZodType<bigint> => decimal(6, 10n ** 10n);
const factor = (): z.ZodType<bigint> => decimal(3, 10n ** 6n);

const penalty = z.discriminatedUnion("mode", [
  z.strictObject({ mode: z.literal("fixed"), amount: money() }),
  z.strictObject({ mode: z.literal("rate"), bps_per_event: bps() }),
]);

export const costRates: z.ZodType<CostRates> = z.strictObject({
  /** Of the credit in use. */
  overdraft_bps_per_tick: decimal(3, 10n ** 9n).default(1n),
  /** Of what waits in either queue. */
  delay_cost_per_tick_per_cent: decimal(6, 10n ** 6n).default(100n),
  /** Of the collateral that is posted. */
  collateral_cost_per_tick_bps: bps().default(200n),
  /** Of the liquidity that is allocated. */
  liquidity_cost_per_tick_bps: bps().default(0n),
  /** Per payment due by the end of the day and not settled. */
  eod_penalty: penalty.default({ mode: "fixed", amount: 10_000n }),
  /** Once per payment that passes its deadline. */
  deadline_penalty: penalty.default({ mode: "fixed", amount: 50_000n }),
  /** Times the parts less one. */
  split_friction_cost: money().default(1000n),
  /** Of the delay cost, for payments past their deadline. */
  overdue_delay_multiplier: factor().default(5000n),
  /** Of the delay cost, by band of priority. */
  priority_delay_multipliers: z
    .strictObject({
      urgent_multiplier: factor().default(1000n),
      normal_multiplier: factor().default(1000n),
      low_multiplier: factor().default(1000n),
    })
    .prefault({}),
});
