/** Every name a policy tree may use: fields and where they may be read, computations and their operands, actions. */

/** Which step of the tick asks a tree: for each payment of Queue 1, or once per bank. */
export type TreeName = "payment_tree" | "bank_tree" | "strategic_collateral_tree" | "end_of_tick_collateral_tree";
export const TREES: readonly TreeName[] = [
  "payment_tree",
  "bank_tree",
  "strategic_collateral_tree",
  "end_of_tick_collateral_tree",
];

export type FieldGroup = "payment" | "counterparty" | "agent" | "queue" | "system" | "cost" | "payment_cost";

export const FIELDS: Readonly<Record<FieldGroup, readonly string[]>> = {
  payment: [
    "amount",
    "remaining_amount",
    "settled_amount",
    "arrival_tick",
    "deadline_tick",
    "priority",
    "is_split",
    "is_past_deadline",
    "is_overdue",
    "is_in_queue2",
    "overdue_duration",
    "ticks_to_deadline",
    "queue_age",
    "tx_counterparty_id",
    "tx_is_top_counterparty",
  ],
  counterparty: ["my_q2_out_value_to_counterparty", "my_q2_in_value_from_counterparty", "my_bilateral_net_q2"],
  agent: [
    "balance",
    "credit_limit",
    "available_liquidity",
    "credit_used",
    "effective_liquidity",
    "is_using_credit",
    "liquidity_buffer",
    "liquidity_pressure",
    "credit_headroom",
    "is_overdraft_capped",
    "headroom",
    "outgoing_queue_size",
    "incoming_expected_count",
    "posted_collateral",
    "max_collateral_capacity",
    "remaining_collateral_capacity",
    "collateral_utilization",
    "collateral_haircut",
    "unsecured_cap",
    "allowed_overdraft_limit",
    "overdraft_headroom",
    "overdraft_utilization",
    "required_collateral_for_usage",
    "excess_collateral",
  ],
  queue: [
    "queue1_total_value",
    "queue1_liquidity_gap",
    "queue2_size",
    "queue2_count_for_agent",
    "queue2_nearest_deadline",
    "ticks_to_nearest_queue2_deadline",
    "rtgs_queue_size",
    "rtgs_queue_value",
  ],
  system: [
    "current_tick",
    "total_agents",
    "system_ticks_per_day",
    "system_current_day",
    "system_tick_in_day",
    "ticks_remaining_in_day",
    "day_progress_fraction",
    "is_eod_rush",
    "system_queue2_pressure_index",
    "lsm_run_rate_last_10_ticks",
    "system_throughput_guidance_fraction_by_tick",
    "my_throughput_fraction_today",
    "expected_throughput_fraction_by_now",
    "throughput_gap",
  ],
  cost: [
    "cost_overdraft_bps_per_tick",
    "cost_delay_per_tick_per_cent",
    "cost_collateral_bps_per_tick",
    "cost_split_friction",
    "cost_deadline_penalty",
    "cost_eod_penalty",
  ],
  payment_cost: ["cost_delay_this_tx_one_tick", "cost_overdraft_this_amount_one_tick"],
};

/** Groups that speak of one payment: only a payment_tree has one. */
export const PAYMENT_ONLY: ReadonlySet<FieldGroup> = new Set(["payment", "counterparty", "payment_cost"]);

export const FIELD_GROUP: ReadonlyMap<string, FieldGroup> = new Map(
  (Object.keys(FIELDS) as FieldGroup[]).flatMap((group) => FIELDS[group].map((name) => [name, group] as const)),
);

/** Registers are fields of every tree; SetState and AddState write them. */
export const REGISTER: RegExp = /^bank_state_[A-Za-z0-9_]{1,48}$/;
export const REGISTERS_MAX = 10;

export const COMPARISONS: readonly string[] = ["==", "!=", "<", "<=", ">", ">="];

/** Operand keys of each computation; `values` is a list of at least one. */
export const COMPUTATIONS: Readonly<Record<string, readonly string[]>> = {
  "+": ["left", "right"],
  "-": ["left", "right"],
  "*": ["left", "right"],
  "/": ["left", "right"],
  max: ["values"],
  min: ["values"],
  ceil: ["value"],
  floor: ["value"],
  round: ["value"],
  abs: ["value"],
  clamp: ["value", "min", "max"],
  div0: ["numerator", "denominator", "default"],
};

/** What an action's parameter is: a value of the tree, or a text or list of texts in `{value: ...}`. */
export type ParameterKind = "number" | "text" | "texts";
export interface ActionShape {
  readonly trees: readonly TreeName[];
  readonly required: Readonly<Record<string, ParameterKind>>;
  readonly optional: Readonly<Record<string, ParameterKind>>;
}

const payment: readonly TreeName[] = ["payment_tree"];
const bank: readonly TreeName[] = ["bank_tree"];
const collateral: readonly TreeName[] = ["strategic_collateral_tree", "end_of_tick_collateral_tree"];

const release: ActionShape = {
  trees: payment,
  required: {},
  optional: { priority_flag: "text", timed_for_tick: "number" },
};
const split: ActionShape = {
  trees: payment,
  required: { num_splits: "number" },
  optional: { min_split_amount: "number" },
};
const register: ActionShape = {
  trees: bank,
  required: { key: "text", value: "number" },
  optional: { reason: "text" },
};

export const ACTIONS: Readonly<Record<string, ActionShape>> = {
  Release: release,
  ReleaseWithCredit: release,
  PaceAndRelease: split,
  Split: split,
  StaggerSplit: {
    trees: payment,
    required: {
      num_splits: "number",
      stagger_first_now: "number",
      stagger_gap_ticks: "number",
      priority_boost_children: "number",
    },
    optional: { min_split_amount: "number" },
  },
  Hold: { trees: payment, required: {}, optional: { reason: "text" } },
  Drop: { trees: payment, required: {}, optional: {} },
  Reprioritize: { trees: payment, required: { new_priority: "number" }, optional: {} },
  WithdrawFromRtgs: { trees: payment, required: {}, optional: { reason: "text" } },
  ResubmitToRtgs: { trees: payment, required: { rtgs_priority: "text" }, optional: { reason: "text" } },
  SetReleaseBudget: {
    trees: bank,
    required: { max_value_to_release: "number" },
    optional: { focus_counterparties: "texts", max_per_counterparty: "number" },
  },
  SetState: register,
  AddState: register,
  NoAction: { trees: bank, required: {}, optional: {} },
  PostCollateral: {
    trees: collateral,
    required: { amount: "number" },
    optional: { reason: "text", auto_withdraw_after_ticks: "number" },
  },
  WithdrawCollateral: { trees: collateral, required: { amount: "number" }, optional: { reason: "text" } },
  HoldCollateral: { trees: collateral, required: {}, optional: {} },
};

/** Texts that a parameter takes; parameters that are not here take any. */
export const TEXTS: Readonly<Record<string, readonly string[]>> = {
  priority_flag: ["HIGH", "MEDIUM", "LOW"],
  rtgs_priority: ["HighlyUrgent", "Urgent", "Normal"],
};

/** Of tree files that this service reads. */
export const VERSION: string = "1.0";
export const DEPTH_MAX = 100;
