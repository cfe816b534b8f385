/** The named workloads of the suite `payments`, as canonical configs (services/payments/README.md). */

export const BANKS = 200;
export const TICKS = 100;
/** Queued at once in `lsm10k`. */
export const QUEUED = 10_000;
/** Items of one request in `submit` and `query`. */
export const BATCH = 1000;

const UNIFORM = { type: "Uniform", min: 1000, max: 1_000_000 };

export interface Scene {
  readonly banks: number;
  readonly balance: number;
  /** Payments of a bank a tick. */
  readonly rate: number;
  readonly ticks: number;
}

/** Fifo, the liquidity-saving pass on, every default of the reader. */
export const configOf = ({ banks, balance, rate, ticks }: Scene): string => {
  const arrivals = {
    rate_per_tick: rate,
    amount_distribution: UNIFORM,
    counterparty_weights: {},
    deadline_range: [5, 20],
    priority: { type: "uniform", min: 0, max: 10 },
    divisible: true,
  };
  const agents = Array.from({ length: banks }, (_, i) => ({
    id: `BANK_${String(i).padStart(4, "0")}`,
    opening_balance: balance,
    unsecured_cap: 0,
    policy: { type: "Fifo" },
    arrival_config: rate > 0 ? arrivals : null,
    arrival_bands: null,
    posted_collateral: 0,
    collateral_haircut_ppm: 20_000,
    max_collateral_capacity: 0,
    limits: { bilateral_limits: {}, multilateral_limit: null },
    liquidity_pool: 0,
    liquidity_allocation_ppm: 0,
  }));
  return JSON.stringify({
    simulation: { ticks_per_day: ticks, num_days: 1, rng_seed: 42 },
    queue1_ordering: "fifo",
    priority_mode: false,
    priority_escalation: { enabled: false, curve: "linear", start_escalating_at_ticks: 20, max_boost: 3 },
    algorithm_sequencing: false,
    entry_disposition_offsetting: false,
    deferred_crediting: false,
    deadline_cap_at_eod: false,
    daily_liquidity_reallocation: true,
    eod_rush_threshold_ppm: 800_000,
    rng: { streams: "per_agent" },
    agents,
    cost_rates: {
      overdraft_bps_per_tick_e3: 1,
      delay_cost_per_tick_per_cent_e6: 100,
      collateral_cost_per_tick_bps_e6: 200,
      liquidity_cost_per_tick_bps_e6: 0,
      deadline_penalty: { mode: "fixed", amount: 50_000 },
      eod_penalty: { mode: "fixed", amount: 10_000 },
      split_friction_cost: 1000,
      overdue_delay_multiplier_e3: 5000,
      priority_delay_multipliers_e3: { urgent: 1000, normal: 1000, low: 1000 },
    },
    lsm_config: {
      enable_bilateral: true,
      enable_cycles: true,
      max_cycle_length: 4,
      max_cycles_per_tick: 10,
      multilateral: "none",
      cycle_search_budget: 100_000,
    },
    scenario_events: [],
  });
};

/** 200 banks, one arrival per bank and tick, Fifo, LSM on. */
export const DAY: Scene = { banks: BANKS, balance: 100_000_000, rate: 1, ticks: TICKS };
/** Money for few of the queued payments: what settles is offset. */
export const SCARCE: Scene = { banks: BANKS, balance: 200_000, rate: 0, ticks: TICKS };
/** A simulation of a sweep. */
export const SWEPT: Scene = { banks: 50, balance: 3_000_000, rate: 1, ticks: TICKS };

/** The two runs whose times the original publishes. */
export const SMALL_RUNS: Readonly<Record<"run2x12" | "run5x20", Scene>> = {
  run2x12: { banks: 2, balance: 100_000_000, rate: 1, ticks: 12 },
  run5x20: { banks: 5, balance: 100_000_000, rate: 1, ticks: 20 },
};

export interface Columns {
  readonly sender: Uint32Array;
  readonly receiver: Uint32Array;
  readonly amount: BigInt64Array;
  readonly deadlineTick: Uint32Array;
  readonly priority: Uint8Array;
}

/** Payments among `BANKS` banks, the same each time. */
export const columnsOf = (count: number, deadline: number): Columns => {
  let state = 12_345;
  const below = (n: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
  const sender = Uint32Array.from({ length: count }, () => below(BANKS));
  return {
    sender,
    receiver: sender.map((bank) => (bank + 1 + below(BANKS - 1)) % BANKS),
    amount: BigInt64Array.from({ length: count }, () => BigInt(1_000_000 + below(1_000_000))),
    deadlineTick: new Uint32Array(count).fill(deadline),
    priority: new Uint8Array(count).fill(5),
  };
};
