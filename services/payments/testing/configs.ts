/** Configs in which together every key of the model is said, for tests that change one key at a time. */
export type Plain = { [key: string]: unknown };

const uniform = { type: "Uniform", min: 100, max: 5000 };
const arrivals = (more: Plain = {}): Plain => ({
  rate_per_tick: 0.5,
  amount_distribution: { ...uniform },
  counterparty_weights: { B: 2, C: 0.5 },
  deadline_range: [5, 20],
  priority: 4,
  divisible: true,
  ...more,
});
const { priority: _, deadline_range: __, ...offsets } = arrivals({ deadline_offset_min: 3, deadline_offset_max: 9 });
const { priority: ___, ...band } = arrivals();

/** A tree of every kind of node, value and computation, with actions in all four trees. */
export const TREE_FILE: Plain = {
  version: "1.0",
  policy_id: "careful",
  description: "for tests",
  parameters: { urgency: 5, buffer: 1000.5 },
  payment_tree: {
    type: "condition",
    node_id: "urgent",
    description: "near its deadline",
    condition: {
      op: "or",
      conditions: [
        { op: "<=", left: { field: "ticks_to_deadline" }, right: { param: "urgency" } },
        { op: "not", condition: { op: "!=", left: { field: "is_overdue" }, right: { value: true } } },
      ],
    },
    on_true: { type: "action", node_id: "go", action: "Release", parameters: { priority_flag: { value: "HIGH" } } },
    on_false: {
      type: "condition",
      node_id: "rich",
      condition: {
        op: ">",
        left: {
          compute: {
            op: "max",
            values: [
              { compute: { op: "-", left: { field: "effective_liquidity" }, right: { param: "buffer" } } },
              { compute: { op: "div0", numerator: { value: 1 }, denominator: { value: 0 }, default: { value: -1 } } },
              { compute: { op: "clamp", value: { value: 3 }, min: { value: 0 }, max: { value: 2 } } },
            ],
          },
        },
        right: { compute: { op: "abs", value: { field: "remaining_amount" } } },
      },
      on_true: {
        type: "action",
        node_id: "split",
        action: "StaggerSplit",
        parameters: {
          num_splits: { value: 3 },
          stagger_first_now: { value: 1 },
          stagger_gap_ticks: { value: 2 },
          priority_boost_children: { value: 1 },
          min_split_amount: { value: 10 },
        },
      },
      on_false: { type: "action", node_id: "wait", action: "Hold", parameters: { reason: { value: "LowPriority" } } },
    },
  },
  bank_tree: {
    type: "condition",
    node_id: "first",
    condition: { op: "==", left: { field: "bank_state_asked" }, right: { value: 0 } },
    on_true: {
      type: "action",
      node_id: "budget",
      action: "SetReleaseBudget",
      parameters: {
        max_value_to_release: { value: 100000 },
        focus_counterparties: { value: ["B", "C"] },
        max_per_counterparty: { field: "balance" },
      },
    },
    on_false: {
      type: "action",
      node_id: "count",
      action: "AddState",
      parameters: { key: { value: "bank_state_asked" }, value: { value: 1 }, reason: { value: "counts" } },
    },
  },
  strategic_collateral_tree: {
    type: "action",
    node_id: "post",
    action: "PostCollateral",
    parameters: {
      amount: { compute: { op: "/", left: { field: "queue1_liquidity_gap" }, right: { value: 2 } } },
      auto_withdraw_after_ticks: { value: 6 },
    },
  },
  end_of_tick_collateral_tree: { type: "action", node_id: "keep", action: "HoldCollateral" },
};

/** Nearly every key. */
export const FULL: Plain = {
  simulation: { ticks_per_day: 20, num_days: 3, rng_seed: 42 },
  queue1_ordering: "priority_deadline",
  priority_mode: true,
  priority_escalation: { enabled: true, curve: "linear", start_escalating_at_ticks: 10, max_boost: 2 },
  algorithm_sequencing: true,
  entry_disposition_offsetting: true,
  deferred_crediting: false,
  deadline_cap_at_eod: true,
  daily_liquidity_reallocation: false,
  eod_rush_threshold: 0.75,
  rng: { streams: "single" },
  agents: [
    {
      id: "A",
      opening_balance: 500000,
      unsecured_cap: 100000,
      policy: { type: "LiquidityAware", target_buffer: 1000, urgency_threshold: 5 },
      arrival_config: arrivals(),
      posted_collateral: 20000,
      collateral_haircut: 0.1,
      max_collateral_capacity: 2000000,
      limits: { bilateral_limits: { B: 400000 }, multilateral_limit: 900000 },
      liquidity_pool: 50000,
      liquidity_allocation_fraction: 0.5,
    },
    {
      id: "B",
      opening_balance: 300000,
      unsecured_cap: 50000,
      policy: { type: "Deadline", urgency_threshold: 4 },
      arrival_bands: {
        urgent: { ...band, counterparty_weights: { C: 1 } },
        normal: { ...offsets, counterparty_weights: { C: 3 } },
        low: {
          ...band,
          counterparty_weights: { C: 2 },
          amount_distribution: { type: "Normal", mean: 1000, std_dev: 100 },
        },
      },
    },
    {
      id: "C",
      opening_balance: 200000,
      policy: { type: "LiquiditySplitting", max_splits: 4, min_split_amount: 100 },
      arrival_config: {
        ...arrivals({
          counterparty_weights: { B: 1 },
          amount_distribution: { type: "LogNormal", mean: 1000, std_dev: 500 },
          priority_distribution: { type: "Categorical", values: [3, 8], weights: [1, 2.5] },
        }),
        priority: undefined,
      },
    },
    {
      id: "D",
      opening_balance: 100000,
      policy: { type: "MockSplitting", num_splits: 3 },
      arrival_config: {
        ...arrivals({
          amount_distribution: { type: "Exponential", rate: 0.001 },
          priority_distribution: { type: "Uniform", min: 2, max: 6 },
        }),
        priority: undefined,
      },
    },
    {
      id: "E",
      opening_balance: 100000,
      policy: { type: "Inline", decision_trees: TREE_FILE, params: { urgency: 7 } },
      arrival_config: {
        ...arrivals({ priority_distribution: { type: "Fixed", value: 6 } }),
        priority: undefined,
      },
    },
    {
      id: "F",
      opening_balance: 100000,
      policy: { type: "InlineJson", json_string: JSON.stringify(TREE_FILE), params: { urgency: 7 } },
    },
    { id: "G", opening_balance: 0, policy: { type: "Fifo" } },
  ],
  cost_rates: {
    overdraft_bps_per_tick: 0.5,
    delay_cost_per_tick_per_cent: 0.00035,
    collateral_cost_per_tick_bps: 0.0003,
    liquidity_cost_per_tick_bps: 1.5,
    eod_penalty: { mode: "rate", bps_per_event: 12.5 },
    deadline_penalty: { mode: "fixed", amount: 700 },
    split_friction_cost: 50,
    overdue_delay_multiplier: 2.5,
    priority_delay_multipliers: { urgent_multiplier: 1.5, normal_multiplier: 1, low_multiplier: 0.5 },
  },
  lsm_config: {
    enable_bilateral: false,
    enable_cycles: false,
    max_cycle_length: 5,
    max_cycles_per_tick: 20,
    multilateral: "fifo",
    cycle_search_budget: 5000,
  },
  scenario_events: [
    {
      type: "DirectTransfer",
      from_agent: "A",
      to_agent: "B",
      amount: 1000,
      schedule: { type: "OneTime", tick: 3 },
    },
    {
      type: "CustomTransactionArrival",
      from_agent: "B",
      to_agent: "C",
      amount: 2000,
      priority: 8,
      deadline: 15,
      is_divisible: true,
      schedule: { type: "Repeating", start_tick: 4, interval: 10 },
    },
    { type: "CollateralAdjustment", agent: "A", delta: -500, schedule: { type: "OneTime", tick: 5 } },
    { type: "GlobalArrivalRateChange", multiplier: 2, schedule: { type: "OneTime", tick: 6 } },
    { type: "AgentArrivalRateChange", agent: "C", multiplier: 0.5, schedule: { type: "OneTime", tick: 7 } },
    {
      type: "CounterpartyWeightChange",
      agent: "A",
      counterparty: "B",
      new_weight: 0.25,
      auto_balance_others: true,
      schedule: { type: "OneTime", tick: 8 },
    },
    {
      type: "DeadlineWindowChange",
      min_ticks_multiplier: 0.5,
      max_ticks_multiplier: 1.5,
      schedule: { type: "OneTime", tick: 9 },
    },
    {
      type: "ScheduledSettlement",
      from_agent: "C",
      to_agent: "A",
      amount: 300,
      schedule: { type: "OneTime", tick: 10 },
    },
  ],
};

const AMOUNTS: readonly Plain[] = [
  { type: "Uniform", min: 100, max: 5000 },
  { type: "Normal", mean: 1000, std_dev: 100 },
  { type: "LogNormal", mean: 1000, std_dev: 500 },
  { type: "Exponential", rate: 0.001 },
];
const PRIORITIES: readonly Plain[] = [
  { type: "Fixed", value: 6 },
  { type: "Categorical", values: [3, 8], weights: [1, 2.5] },
  { type: "Uniform", min: 2, max: 6 },
];
const SCHEDULES: readonly Plain[] = [
  { type: "OneTime", tick: 3 },
  { type: "Repeating", start_tick: 4, interval: 10 },
];
const PENALTIES: readonly Plain[] = [
  { mode: "fixed", amount: 700 },
  { mode: "rate", bps_per_event: 12.5 },
];

/** FULL, and four in which every place that has kinds takes each of its kinds at least once. */
export const EVERY_KIND: readonly Plain[] = [
  FULL,
  ...AMOUNTS.map((amounts, index) => {
    const config = structuredClone(FULL) as Plain & { agents: Plain[]; scenario_events: Plain[]; cost_rates: Plain };
    const deadlines =
      index % 2 === 0 ? { deadline_range: [5, 20] } : { deadline_offset_min: 3, deadline_offset_max: 9 };
    const plain = { rate_per_tick: 0.5, divisible: true, amount_distribution: amounts };
    const [a, b] = config.agents as [Plain, Plain];
    a.arrival_config = {
      ...plain,
      counterparty_weights: { C: 1 },
      deadline_range: [5, 20],
      priority_distribution: PRIORITIES[index % 3],
    };
    const one = { ...plain, ...deadlines, counterparty_weights: { C: 1 } };
    b.arrival_bands = { urgent: one, normal: one, low: one };
    for (const event of config.scenario_events) event.schedule = SCHEDULES[index % 2];
    config.cost_rates.eod_penalty = PENALTIES[index % 2];
    config.cost_rates.deadline_penalty = PENALTIES[index % 2];
    return config;
  }),
];

/** What the smallest config needs. */
export const SMALL: Plain = {
  simulation: { ticks_per_day: 10, num_days: 1, rng_seed: 1 },
  agents: [
    { id: "A", opening_balance: 1000, policy: { type: "Fifo" } },
    { id: "B", opening_balance: 1000, policy: { type: "Fifo" } },
  ],
};

/** A copy with the value at `path` replaced; undefined removes it. */
export function changed(value: unknown, path: readonly (string | number)[], replacement: unknown): Plain {
  const copy = structuredClone(value) as Plain;
  let here = copy as Record<string | number, unknown>;
  for (const segment of path.slice(0, -1)) here = here[segment] as Record<string | number, unknown>;
  const last = path.at(-1)!;
  if (replacement === undefined) delete here[last];
  else here[last] = replacement;
  return copy;
}
