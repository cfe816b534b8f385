/** A system with little money: queues, offsets, splits, overdue payments, collateral, two days. */
import { type Plain, TREE_FILE } from "./configs.ts";

export function busyConfig(seed = 7, banks = 6): Plain {
  const names = Array.from({ length: banks }, (_, i) => `BANK_${String.fromCharCode(65 + i)}`);
  const arrivals = {
    rate_per_tick: 1.5,
    amount_distribution: { type: "LogNormal", mean: 4000, std_dev: 3000 },
    deadline_range: [3, 12],
    priority_distribution: { type: "Uniform", min: 1, max: 9 },
    divisible: true,
  };
  const tree = { ...TREE_FILE, bank_tree: undefined };
  const policies = [
    { type: "Fifo" },
    { type: "LiquidityAware", target_buffer: 2000, urgency_threshold: 3 },
    { type: "LiquiditySplitting", max_splits: 4, min_split_amount: 200 },
    { type: "Inline", decision_trees: tree },
    { type: "Deadline", urgency_threshold: 4 },
    { type: "MockSplitting", num_splits: 2 },
  ];
  return {
    simulation: { ticks_per_day: 20, num_days: 2, rng_seed: seed },
    priority_mode: true,
    algorithm_sequencing: true,
    priority_escalation: { enabled: true },
    agents: names.map((id, i) => ({
      id,
      opening_balance: 9000,
      unsecured_cap: 2000,
      policy: policies[i % policies.length],
      arrival_config: arrivals,
      posted_collateral: 1000,
      limits: { bilateral_limits: { [names[(i + 1) % banks]!]: 60000 } },
    })),
    scenario_events: [
      {
        type: "DirectTransfer",
        from_agent: names[0],
        to_agent: names[1],
        amount: 500,
        schedule: { type: "Repeating", start_tick: 3, interval: 9 },
      },
      { type: "GlobalArrivalRateChange", multiplier: 2, schedule: { type: "OneTime", tick: 12 } },
    ],
  };
}
