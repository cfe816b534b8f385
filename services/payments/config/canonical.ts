/**
 * The form that the core takes: every key present, numbers whole where money or costs depend on them.
 * @source services/payments/README.md, canonical config
 */
import type { Tree } from "../policy/check.ts";
import type { Agent, ArrivalBand, ArrivalConfig, Config, CostRates, Penalty, ScenarioEvent } from "./types.ts";

export type Canonical = string | boolean | number | bigint | null | readonly Canonical[] | CanonicalObject;
export interface CanonicalObject {
  readonly [key: string]: Canonical;
}

/** Keys sorted by their UTF-8 bytes, no spaces, integers in decimal, reals as the shortest text that reads back the same. */
export function canonicalText(value: Canonical): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : JSON.stringify(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  const entries = Object.entries(value as CanonicalObject).sort(([a], [b]) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonicalText(inner)}`).join(",")}}`;
}

/** An interface whose members are all canonical already. */
const plain = (value: object): CanonicalObject => value as CanonicalObject;

/** @param trees the checked tree of each agent that has one, by index */
export function canonicalConfig(config: Config, trees: ReadonlyMap<number, Tree>): CanonicalObject {
  const { eod_rush_threshold, agents, cost_rates, scenario_events, ...same } = config;
  return {
    ...plain(same),
    eod_rush_threshold_ppm: eod_rush_threshold,
    agents: agents.map((agent, index) => canonicalAgent(agent, trees.get(index))),
    cost_rates: canonicalCosts(cost_rates),
    scenario_events: scenario_events.map(canonicalEvent),
  };
}

function canonicalAgent(agent: Agent, tree: Tree | undefined): CanonicalObject {
  const { arrival_bands: bands, limits, policy } = agent;
  return {
    id: agent.id,
    opening_balance: agent.opening_balance,
    unsecured_cap: agent.unsecured_cap,
    policy: tree === undefined ? plain(policy) : { type: "Inline", decision_trees: plain(tree) },
    arrival_config: agent.arrival_config === undefined ? null : arrivals(agent.arrival_config),
    arrival_bands:
      bands === undefined
        ? null
        : { urgent: bandOrNull(bands.urgent), normal: bandOrNull(bands.normal), low: bandOrNull(bands.low) },
    posted_collateral: agent.posted_collateral,
    collateral_haircut_ppm: agent.collateral_haircut,
    max_collateral_capacity: agent.max_collateral_capacity ?? 10n * agent.unsecured_cap,
    limits: { bilateral_limits: limits.bilateral_limits, multilateral_limit: limits.multilateral_limit ?? null },
    liquidity_pool: agent.liquidity_pool,
    liquidity_allocation_ppm: agent.liquidity_allocation_fraction ?? (agent.liquidity_pool === 0n ? 0n : 1_000_000n),
  };
}

function band(config: ArrivalConfig | ArrivalBand): CanonicalObject {
  const offsets = "deadline_offset_min" in config ? [config.deadline_offset_min!, config.deadline_offset_max!] : [];
  return {
    rate_per_tick: config.rate_per_tick,
    amount_distribution: config.amount_distribution,
    counterparty_weights: config.counterparty_weights,
    deadline_range: config.deadline_range ?? offsets,
    divisible: config.divisible,
  };
}

const bandOrNull = (config: ArrivalBand | undefined): Canonical => (config === undefined ? null : band(config));

function arrivals(config: ArrivalConfig): CanonicalObject {
  const { priority_distribution: distribution } = config;
  const priority: CanonicalObject =
    distribution === undefined
      ? { type: "fixed", value: config.priority ?? 5 }
      : { ...distribution, type: distribution.type.toLowerCase() };
  return { ...band(config), priority };
}

function canonicalCosts(rates: CostRates): CanonicalObject {
  const { priority_delay_multipliers: multipliers } = rates;
  return {
    overdraft_bps_per_tick_e3: rates.overdraft_bps_per_tick,
    delay_cost_per_tick_per_cent_e6: rates.delay_cost_per_tick_per_cent,
    collateral_cost_per_tick_bps_e6: rates.collateral_cost_per_tick_bps,
    liquidity_cost_per_tick_bps_e6: rates.liquidity_cost_per_tick_bps,
    eod_penalty: penalty(rates.eod_penalty),
    deadline_penalty: penalty(rates.deadline_penalty),
    split_friction_cost: rates.split_friction_cost,
    overdue_delay_multiplier_e3: rates.overdue_delay_multiplier,
    priority_delay_multipliers_e3: {
      urgent: multipliers.urgent_multiplier,
      normal: multipliers.normal_multiplier,
      low: multipliers.low_multiplier,
    },
  };
}

const penalty = (value: Penalty): CanonicalObject =>
  value.mode === "fixed" ? value : { mode: "rate", bps_per_event_e6: value.bps_per_event };

const canonicalEvent = (event: ScenarioEvent): CanonicalObject =>
  event.type === "DeadlineWindowChange"
    ? {
        ...plain(event),
        min_ticks_multiplier: event.min_ticks_multiplier ?? null,
        max_ticks_multiplier: event.max_ticks_multiplier ?? null,
      }
    : plain(event);
