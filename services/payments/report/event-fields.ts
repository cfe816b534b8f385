/** Which fields an event of each kind uses; the others are absent. @source schema/service/payments/payments.fbs, Event */
import type { Event, EventKind } from "#generated/payments";

export type EventField = Exclude<keyof Event, "seq" | "tick" | "kind" | "costs">;

const payment = ["tx", "agent", "counterparty", "amount"] as const;
const balance = ["agent", "amount", "before", "after"] as const;
const priorities = ["tx", "agent", "oldPriority", "priority", "ticks"] as const;
const limit = [...payment, "limit"] as const;

export const EVENT_FIELDS: Readonly<Record<keyof typeof EventKind, readonly EventField[]>> = {
  Arrival: [...payment, "priority", "deadlineTick", "divisible"],
  PolicySubmit: [...payment, "priority", "parent"],
  PolicyHold: ["tx", "agent", "name"],
  PolicyDrop: ["tx", "agent", "amount", "deadlineTick"],
  PolicySplit: ["tx", "agent", "amount", "count", "txs", "amounts", "cost"],
  TransactionReprioritized: priorities,
  PriorityEscalated: priorities,
  CollateralPost: [...balance, "name"],
  CollateralWithdraw: [...balance, "name"],
  CollateralTimerWithdrawn: [...balance, "ticks"],
  CollateralTimerBlocked: ["agent", "amount", "before", "name", "ticks"],
  StateRegisterSet: ["agent", "name", "value", "oldValue", "reason"],
  BankBudgetSet: ["agent", "amount", "limit", "agents", "count"],
  RtgsImmediateSettlement: [...payment, "before", "after"],
  QueuedRtgs: ["tx", "agent", "position", "name"],
  RtgsSubmission: [...payment, "priority", "rtgsPriority"],
  RtgsWithdrawal: ["tx", "agent", "rtgsPriority", "name"],
  RtgsResubmission: ["tx", "agent", "rtgsPriority", "name"],
  Queue2LiquidityRelease: [...payment, "before", "after", "ticks"],
  LsmBilateralOffset: ["agent", "counterparty", "amount", "otherAmount", "net", "txs", "amounts"],
  LsmCycleSettlement: ["agents", "txs", "amounts", "nets", "amount", "net", "agent", "name"],
  EntryDispositionOffset: [...payment, "net", "txs", "amounts"],
  AlgorithmExecution: ["count", "amount", "position", "name", "rejected", "exhausted"],
  BilateralLimitExceeded: limit,
  MultilateralLimitExceeded: limit,
  DeferredCreditApplied: [...balance, "txs"],
  CostAccrual: ["agent", "amount"],
  EndOfDay: ["position", "count", "otherAmount", "amount", "cost"],
  LiquidityReturn: balance,
  LiquidityAllocation: balance,
  TransactionWentOverdue: [...payment, "deadlineTick", "cost"],
  OverdueTransactionSettled: [...payment, "ticks", "deadlineTick"],
  ScenarioEventExecuted: ["name", "position", "agent", "counterparty", "amount", "value", "reason", "tx"],
};

/** In the order of the schema. */
export const ALL_FIELDS: readonly EventField[] = [
  "tx",
  "agent",
  "counterparty",
  "amount",
  "before",
  "after",
  "priority",
  "oldPriority",
  "rtgsPriority",
  "divisible",
  "parent",
  "deadlineTick",
  "ticks",
  "position",
  "count",
  "name",
  "reason",
  "value",
  "oldValue",
  "limit",
  "cost",
  "net",
  "otherAmount",
  "rejected",
  "exhausted",
  "agents",
  "txs",
  "amounts",
  "nets",
];
