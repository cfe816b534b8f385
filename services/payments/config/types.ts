/**
 * A config after the check, with its defaults. Money is in minor units. Numbers with decimals that enter costs are whole
 * numbers of the scale that is named here.
 */
export interface Config {
  readonly simulation: { readonly ticks_per_day: number; readonly num_days: number; readonly rng_seed: bigint };
  readonly queue1_ordering: "fifo" | "priority_deadline";
  readonly priority_mode: boolean;
  readonly priority_escalation: {
    readonly enabled: boolean;
    readonly curve: "linear";
    readonly start_escalating_at_ticks: number;
    readonly max_boost: number;
  };
  readonly algorithm_sequencing: boolean;
  readonly entry_disposition_offsetting: boolean;
  readonly deferred_crediting: boolean;
  readonly deadline_cap_at_eod: boolean;
  readonly daily_liquidity_reallocation: boolean;
  /** Share of the day after which is_eod_rush holds, in millionths. */
  readonly eod_rush_threshold: bigint;
  readonly rng: { readonly streams: "per_agent" | "single" };
  readonly agents: readonly Agent[];
  readonly cost_rates: CostRates;
  readonly lsm_config: LsmConfig;
  readonly scenario_events: readonly ScenarioEvent[];
}

export interface LsmConfig {
  readonly enable_bilateral: boolean;
  readonly enable_cycles: boolean;
  readonly max_cycle_length: number;
  readonly max_cycles_per_tick: number;
  readonly multilateral: "none" | "fifo";
  /** Edge visits of one search; an exhausted budget is reported. */
  readonly cycle_search_budget: number;
}

export interface Agent {
  readonly id: string;
  /** May be negative, as far as credit reaches. */
  readonly opening_balance: bigint;
  /** Credit without collateral. */
  readonly unsecured_cap: bigint;
  readonly policy: Policy;
  readonly arrival_config?: ArrivalConfig | undefined;
  readonly arrival_bands?: ArrivalBands | undefined;
  readonly posted_collateral: bigint;
  /** Share of the collateral that gives no credit, in millionths. */
  readonly collateral_haircut: bigint;
  /** Absent: ten times unsecured_cap. */
  readonly max_collateral_capacity?: bigint | undefined;
  /** Largest outflow a day, by counterparty and in all. */
  readonly limits: {
    readonly bilateral_limits: Readonly<Record<string, bigint>>;
    readonly multilateral_limit?: bigint | undefined;
  };
  readonly liquidity_pool: bigint;
  /** Share of the pool that is allocated at the start of a day, in millionths. Absent: all of it. */
  readonly liquidity_allocation_fraction?: bigint | undefined;
}

/** Replaces parameters of a policy tree. */
export type Params = Readonly<Record<string, number>>;

export type Policy =
  | { readonly type: "Fifo" }
  | { readonly type: "Deadline"; readonly urgency_threshold: number }
  | { readonly type: "LiquidityAware"; readonly target_buffer: bigint; readonly urgency_threshold: number }
  | { readonly type: "LiquiditySplitting"; readonly max_splits: number; readonly min_split_amount: bigint }
  | { readonly type: "MockSplitting"; readonly num_splits: number }
  | { readonly type: "FromJson"; readonly json_path: string; readonly params: Params }
  | { readonly type: "Inline"; readonly decision_trees: Readonly<Record<string, unknown>>; readonly params: Params }
  | { readonly type: "InlineJson"; readonly json_string: string; readonly params: Params };

export type AmountDistribution =
  | { readonly type: "Uniform"; readonly min: bigint; readonly max: bigint }
  | { readonly type: "Normal"; readonly mean: number; readonly std_dev: number }
  // Both of the amount itself, not of its logarithm.
  | { readonly type: "LogNormal"; readonly mean: number; readonly std_dev: number }
  | { readonly type: "Exponential"; readonly rate: number };

export type PriorityDistribution =
  | { readonly type: "Fixed"; readonly value: number }
  | { readonly type: "Categorical"; readonly values: readonly number[]; readonly weights: readonly number[] }
  | { readonly type: "Uniform"; readonly min: number; readonly max: number };

interface Arrivals {
  /** Mean number of payments a tick. */
  readonly rate_per_tick: number;
  readonly amount_distribution: AmountDistribution;
  /** Banks that are not named weigh 1. */
  readonly counterparty_weights: Readonly<Record<string, number>>;
  readonly divisible: boolean;
}

export interface ArrivalConfig extends Arrivals {
  /** Ticks from arrival, both included. */
  readonly deadline_range: readonly [number, number];
  /** Default 5, unless there is a distribution. */
  readonly priority?: number | undefined;
  readonly priority_distribution?: PriorityDistribution | undefined;
}

/** Priority is drawn from the band. Deadlines as a range, or as the two offsets of the reference. */
export interface ArrivalBand extends Arrivals {
  readonly deadline_range?: readonly [number, number] | undefined;
  readonly deadline_offset_min?: number | undefined;
  readonly deadline_offset_max?: number | undefined;
}

export interface ArrivalBands {
  /** Priorities 8 to 10. */
  readonly urgent?: ArrivalBand | undefined;
  /** Priorities 4 to 7. */
  readonly normal?: ArrivalBand | undefined;
  /** Priorities 0 to 3. */
  readonly low?: ArrivalBand | undefined;
}

export type Penalty =
  | { readonly mode: "fixed"; readonly amount: bigint }
  /** Basis points of the amount, in millionths. */
  | { readonly mode: "rate"; readonly bps_per_event: bigint };

export interface CostRates {
  /** Of the credit in use; thousandths. */
  readonly overdraft_bps_per_tick: bigint;
  /** Of what waits in either queue; millionths. */
  readonly delay_cost_per_tick_per_cent: bigint;
  /** Of the collateral that is posted; millionths. */
  readonly collateral_cost_per_tick_bps: bigint;
  /** Of the liquidity that is allocated; millionths. */
  readonly liquidity_cost_per_tick_bps: bigint;
  /** Per payment due by the end of the day and not settled. */
  readonly eod_penalty: Penalty;
  /** Once per payment that passes its deadline. */
  readonly deadline_penalty: Penalty;
  /** Times the parts less one. */
  readonly split_friction_cost: bigint;
  /** Of the delay cost, for payments past their deadline; thousandths. */
  readonly overdue_delay_multiplier: bigint;
  /** Of the delay cost, by band of priority; thousandths. */
  readonly priority_delay_multipliers: {
    readonly urgent_multiplier: bigint;
    readonly normal_multiplier: bigint;
    readonly low_multiplier: bigint;
  };
}

export type Schedule =
  | { readonly type: "OneTime"; readonly tick: number }
  | { readonly type: "Repeating"; readonly start_tick: number; readonly interval: number };

interface Transfer {
  readonly from_agent: string;
  readonly to_agent: string;
  readonly amount: bigint;
  readonly schedule: Schedule;
}

export type ScenarioEvent =
  /** Money moves from balance to balance: no payment, no queue. */
  | ({ readonly type: "DirectTransfer" } & Transfer)
  | ({
      readonly type: "CustomTransactionArrival";
      readonly priority: number;
      /** Ticks from now. */
      readonly deadline: number;
      readonly is_divisible: boolean;
    } & Transfer)
  | {
      readonly type: "CollateralAdjustment";
      readonly agent: string;
      readonly delta: bigint;
      readonly schedule: Schedule;
    }
  /** Multipliers are of the rate in the config; they do not compound. */
  | { readonly type: "GlobalArrivalRateChange"; readonly multiplier: number; readonly schedule: Schedule }
  | {
      readonly type: "AgentArrivalRateChange";
      readonly agent: string;
      readonly multiplier: number;
      readonly schedule: Schedule;
    }
  | {
      readonly type: "CounterpartyWeightChange";
      readonly agent: string;
      readonly counterparty: string;
      readonly new_weight: number;
      readonly auto_balance_others: boolean;
      readonly schedule: Schedule;
    }
  | {
      readonly type: "DeadlineWindowChange";
      readonly min_ticks_multiplier?: number | undefined;
      readonly max_ticks_multiplier?: number | undefined;
      readonly schedule: Schedule;
    }
  /** A payment that is submitted and settled in the step of the tick, or dropped. */
  | ({ readonly type: "ScheduledSettlement" } & Transfer);
