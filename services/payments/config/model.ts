/**
 * The config as people write it: every key, its range and default, as strict zod objects. The canonical form that the core
 * takes is made from it by canonical.ts.
 */
import { z } from "zod";
import { agent } from "./agent.ts";
import { costRates } from "./costs.ts";
import { big, int, share, U64_MAX } from "./scalars.ts";
import { scenarioEvent } from "./scenario.ts";
import type { Config } from "./types.ts";

export const AGENTS_MAX = 10_000;

const simulation = z.strictObject({
  ticks_per_day: int(1, 100_000),
  num_days: int(1, 10_000),
  rng_seed: big(0n, U64_MAX),
});

const priorityEscalation = z.strictObject({
  enabled: z.boolean().default(false),
  curve: z.enum(["linear"]).default("linear"),
  start_escalating_at_ticks: int(1, 100_000).default(20),
  max_boost: int(0, 10).default(3),
});

const lsmConfig = z.strictObject({
  enable_bilateral: z.boolean().default(true),
  enable_cycles: z.boolean().default(true),
  max_cycle_length: int(3, 10).default(4),
  max_cycles_per_tick: int(1, 100).default(10),
  multilateral: z.enum(["none", "fifo"]).default("none"),
  /** Edge visits of one search; an exhausted budget is reported. */
  cycle_search_budget: int(1, 100_000_000).default(100_000),
});

export const configModel: z.ZodType<Config> = z.strictObject({
  simulation,
  queue1_ordering: z.enum(["fifo", "priority_deadline"]).default("fifo"),
  priority_mode: z.boolean().default(false),
  priority_escalation: priorityEscalation.prefault({}),
  algorithm_sequencing: z.boolean().default(false),
  entry_disposition_offsetting: z.boolean().default(false),
  deferred_crediting: z.boolean().default(false),
  deadline_cap_at_eod: z.boolean().default(false),
  daily_liquidity_reallocation: z.boolean().default(true),
  /** Share of the day after which is_eod_rush holds. */
  eod_rush_threshold: share().default(800_000n),
  rng: z.strictObject({ streams: z.enum(["per_agent", "single"]).default("per_agent") }).prefault({}),
  agents: z.array(agent).min(1).max(AGENTS_MAX),
  cost_rates: costRates.prefault({}),
  lsm_config: lsmConfig.prefault({}),
  scenario_events: z.array(scenarioEvent).max(65_536).default([]),
});

/** Ticks of a whole run. */
export const ticksOf = ({ simulation: { ticks_per_day, num_days } }: Pick<Config, "simulation">): number =>
  ticks_per_day * num_days;
