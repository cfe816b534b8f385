/** Things that happen at set ticks. */
import { z } from "zod";
import { agentId, amount, int, money, real, realAbove, TICKS_MAX } from "./scalars.ts";
import type { ScenarioEvent } from "./types.ts";

const tick = (): z.ZodType<number> => int(0, TICKS_MAX);

const schedule = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("OneTime"), tick: tick() }),
  z.strictObject({ type: z.literal("Repeating"), start_tick: tick(), interval: int(1, TICKS_MAX) }),
]);

const multiplier = (): z.ZodType<number> => real(0, 1000);
const window = (): z.ZodType<number> => realAbove(0, 1000);

export const scenarioEvent: z.ZodType<ScenarioEvent> = z.discriminatedUnion("type", [
  // Money moves from balance to balance: no payment, no queue.
  z.strictObject({
    type: z.literal("DirectTransfer"),
    from_agent: agentId(),
    to_agent: agentId(),
    amount: amount(),
    schedule,
  }),
  z.strictObject({
    type: z.literal("CustomTransactionArrival"),
    from_agent: agentId(),
    to_agent: agentId(),
    amount: amount(),
    priority: int(0, 10).default(5),
    /** Ticks from now. */
    deadline: int(1, TICKS_MAX).default(10),
    is_divisible: z.boolean().default(false),
    schedule,
  }),
  z.strictObject({
    type: z.literal("CollateralAdjustment"),
    agent: agentId(),
    delta: money(-(10n ** 14n)),
    schedule,
  }),
  // Multipliers are of the rate in the config; they do not compound.
  z.strictObject({ type: z.literal("GlobalArrivalRateChange"), multiplier: multiplier(), schedule }),
  z.strictObject({ type: z.literal("AgentArrivalRateChange"), agent: agentId(), multiplier: multiplier(), schedule }),
  z.strictObject({
    type: z.literal("CounterpartyWeightChange"),
    agent: agentId(),
    counterparty: agentId(),
    new_weight: real(0, 1e9),
    auto_balance_others: z.boolean().default(false),
    schedule,
  }),
  z.strictObject({
    type: z.literal("DeadlineWindowChange"),
    min_ticks_multiplier: window().optional(),
    max_ticks_multiplier: window().optional(),
    schedule,
  }),
  // A payment that is submitted and settled in the step of the tick, or dropped.
  z.strictObject({
    type: z.literal("ScheduledSettlement"),
    from_agent: agentId(),
    to_agent: agentId(),
    amount: amount(),
    schedule,
  }),
]);
