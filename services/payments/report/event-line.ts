/**
 * One event as one line. A line is made of its event and nothing else, so that a run prints the same while it runs, later,
 * and from a recording.
 */
import type { Event, EventKind } from "#generated/payments";
import { classText, kindText, moneyText as money, realText, txText } from "./words.ts";

type Line = (event: Event) => string;

const from = ({ agent, counterparty }: Event): string => `${agent} -> ${counterparty}`;
const payment = (event: Event): string => `${txText(event.tx)} ${from(event)} ${money(event.amount)}`;
const balance = ({ agent, before, after }: Event): string => `${agent} ${money(before)} -> ${money(after)}`;
const because = (word: string | null): string => (word === null || word === "" ? "" : `: ${word}`);
const each = ({ txs, amounts }: Event): string =>
  Array.from(txs, (tx, index) => `${txText(tx)} ${money(amounts[index] ?? 0n)}`).join(", ");
const group = (event: Event): string => `${event.txs.length} payments (${each(event)})`;

const LINES: Readonly<Record<keyof typeof EventKind, Line>> = {
  Arrival: (e) => `${payment(e)}, priority ${e.priority}, due ${e.deadlineTick}${e.divisible ? ", divisible" : ""}`,
  PolicySubmit: (e) =>
    `${payment(e)}, priority ${e.priority}${e.parent === null ? "" : `, part of ${txText(e.parent)}`}`,
  PolicyHold: (e) => `${txText(e.tx)} ${e.agent}${because(e.name)}`,
  PolicyDrop: (e) => `${txText(e.tx)} ${e.agent} ${money(e.amount)}, due ${e.deadlineTick}`,
  PolicySplit: (e) =>
    `${txText(e.tx)} ${e.agent} ${money(e.amount)} into ${e.count} (${each(e)}), friction ${money(e.cost)}`,
  TransactionReprioritized: (e) =>
    `${txText(e.tx)} ${e.agent} ${e.oldPriority} -> ${e.priority}, ${e.ticks} ticks left`,
  PriorityEscalated: (e) => `${txText(e.tx)} ${e.agent} ${e.oldPriority} -> ${e.priority}, ${e.ticks} ticks left`,
  CollateralPost: (e) => `${balance(e)} (${money(e.amount)})${because(e.name)}`,
  CollateralWithdraw: (e) => `${balance(e)} (${money(e.amount)})${because(e.name)}`,
  CollateralTimerWithdrawn: (e) => `${balance(e)} (${money(e.amount)}), posted in tick ${e.ticks}`,
  CollateralTimerBlocked: (e) =>
    `${e.agent} ${money(e.amount)} of ${money(e.before)}, posted in tick ${e.ticks}${because(e.name)}`,
  StateRegisterSet: (e) => `${e.agent} ${e.name} ${realText(e.oldValue)} -> ${realText(e.value)}${because(e.reason)}`,
  BankBudgetSet: (e) =>
    `${e.agent} ${money(e.amount)}${e.limit < 0n ? "" : `, ${money(e.limit)} a counterparty`}${
      e.agents.length === 0 ? "" : `, only ${e.agents.join(", ")}`
    }`,
  RtgsImmediateSettlement: (e) => `${payment(e)}, ${balance(e)}`,
  QueuedRtgs: (e) => `${txText(e.tx)} ${e.agent} at place ${e.position}${because(e.name)}`,
  RtgsSubmission: (e) => `${payment(e)}, priority ${e.priority}, ${classText(e.rtgsPriority)}`,
  RtgsWithdrawal: (e) => `${txText(e.tx)} ${e.agent}, ${classText(e.rtgsPriority)}${because(e.name)}`,
  RtgsResubmission: (e) => `${txText(e.tx)} ${e.agent}, ${classText(e.rtgsPriority)}${because(e.name)}`,
  Queue2LiquidityRelease: (e) => `${payment(e)}, waited ${e.ticks}, ${balance(e)}`,
  LsmBilateralOffset: (e) =>
    `${e.agent} <-> ${e.counterparty} ${money(e.amount)} against ${money(e.otherAmount)}, net ${money(e.net)}: ${group(e)}`,
  LsmCycleSettlement: (e) =>
    `${e.name} ${e.agents.map((agent, index) => `${agent} ${money(e.nets[index] ?? 0n)}`).join(", ")}, total ${money(e.amount)}, largest outflow ${money(e.net)} of ${e.agent}: ${group(e)}`,
  EntryDispositionOffset: (e) => `${payment(e)}, net ${money(e.net)}: ${group(e)}`,
  AlgorithmExecution: (e) =>
    `${e.position} ${e.name}: ${e.count} settled, ${money(e.amount)}, ${e.rejected} rejected${e.exhausted ? ", budget exhausted" : ""}`,
  BilateralLimitExceeded: (e) => `${txText(e.tx)} ${from(e)} ${money(e.amount)}, limit ${money(e.limit)}`,
  MultilateralLimitExceeded: (e) => `${txText(e.tx)} ${from(e)} ${money(e.amount)}, limit ${money(e.limit)}`,
  DeferredCreditApplied: (e) => `${balance(e)} (${money(e.amount)}) of ${Array.from(e.txs, txText).join(", ")}`,
  CostAccrual: (e) => `${e.agent} ${money(e.amount)}${costs(e)}`,
  EndOfDay: (e) =>
    `day ${e.position}: ${e.count} in Queue 2, ${e.otherAmount} in Queues 1, ${money(e.amount)} unsettled, penalties ${money(e.cost)}`,
  LiquidityReturn: (e) => `${balance(e)} (${money(e.amount)})`,
  LiquidityAllocation: (e) => `${balance(e)} (${money(e.amount)})`,
  TransactionWentOverdue: (e) => `${payment(e)}, due ${e.deadlineTick}, penalty ${money(e.cost)}`,
  OverdueTransactionSettled: (e) => `${payment(e)}, due ${e.deadlineTick}, ${e.ticks} ticks late`,
  ScenarioEventExecuted: (e) =>
    `${e.name} (scenario_events[${e.position}])${e.agent === null ? "" : ` ${e.agent}`}${
      e.counterparty === null ? "" : ` -> ${e.counterparty}`
    }${e.amount === 0n ? "" : ` ${money(e.amount)}`}${e.value === 0 ? "" : ` ${realText(e.value)}`}${
      e.tx === null ? "" : ` ${txText(e.tx)}`
    }${because(e.reason)}`,
};

const COSTS = [
  ["overdraft", "overdraft"],
  ["delay", "delay"],
  ["collateral", "collateral"],
  ["liquidity", "liquidity"],
  ["deadlinePenalty", "deadline"],
  ["eodPenalty", "end of day"],
  ["splitFriction", "split"],
] as const;

function costs({ costs: given }: Event): string {
  if (given === null) return "";
  const parts = COSTS.filter(([key]) => given[key] !== 0n).map(([key, name]) => `${name} ${money(given[key])}`);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

const WIDTH = Math.max(...Object.keys(LINES).map((name) => name.length));

/** Without the line feed. Kinds that this version does not know are named by their number. */
export function eventLine(event: Event): string {
  const kind = kindText(event.kind);
  const line = Object.hasOwn(LINES, kind) ? LINES[kind as keyof typeof LINES](event) : `seq ${event.seq}`;
  return `  ${kind.padEnd(WIDTH)}  ${line}`;
}
