/** The columns of the tables that are exported. Names are those of the schema. */
import {
  type AgentState,
  type Costs,
  type Event,
  type EventKind,
  type TimelineReply,
  type Transaction,
  TransactionStatus,
} from "#generated/payments";
import { ALL_FIELDS, EVENT_FIELDS, type EventField } from "./event-fields.ts";
import type { Cell, Column } from "./export.ts";
import { classText, kindText, txText } from "./words.ts";

/** "oldPriority" to "old_priority" */
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const COSTS: readonly (keyof Costs)[] = [
  "overdraft",
  "delay",
  "collateral",
  "liquidity",
  "deadlinePenalty",
  "eodPenalty",
  "splitFriction",
  "total",
];
const costColumns = <Row>(prefix: string, of: (row: Row) => Costs | null): Column<Row>[] =>
  COSTS.map((key) => ({ name: `${prefix}${snake(key)}`, of: (row) => of(row)?.[key] ?? null }));

/** Lists are separated by spaces in one cell. */
function eventCell(event: Event, field: EventField): Cell {
  const kind = kindText(event.kind) as keyof typeof EventKind;
  if (Object.hasOwn(EVENT_FIELDS, kind) && !EVENT_FIELDS[kind].includes(field)) return null;
  switch (field) {
    case "tx":
    case "parent":
      return event[field] === null ? null : txText(event[field]);
    case "txs":
      return Array.from(event.txs, txText).join(" ");
    case "agents":
      return event.agents.join(" ");
    case "amounts":
    case "nets":
      return Array.from(event[field], String).join(" ");
    case "rtgsPriority":
      return classText(event.rtgsPriority);
    default:
      return event[field];
  }
}

export const EVENT_COLUMNS: readonly Column<Event>[] = [
  { name: "seq", of: ({ seq }) => seq },
  { name: "tick", of: ({ tick }) => tick },
  { name: "kind", of: ({ kind }) => kindText(kind) },
  ...ALL_FIELDS.map((field) => ({ name: snake(field), of: (event: Event) => eventCell(event, field) })),
  ...costColumns<Event>("cost_", ({ costs }) => costs),
];

const STATUS = new Map<number, string>(Object.entries(TransactionStatus).map(([name, value]) => [value, name]));

export const TRANSACTION_COLUMNS: readonly Column<Transaction>[] = [
  { name: "id", of: ({ id }) => txText(id) },
  { name: "sender", of: ({ sender }) => sender },
  { name: "receiver", of: ({ receiver }) => receiver },
  { name: "amount", of: ({ amount }) => amount },
  { name: "remaining", of: ({ remaining }) => remaining },
  { name: "status", of: ({ status }) => STATUS.get(status) ?? String(status) },
  { name: "arrival_tick", of: ({ arrivalTick }) => arrivalTick },
  { name: "deadline_tick", of: ({ deadlineTick }) => deadlineTick },
  { name: "settled_tick", of: ({ settledTick }) => settledTick },
  { name: "priority", of: ({ priority }) => priority },
  { name: "original_priority", of: ({ originalPriority }) => originalPriority },
  { name: "divisible", of: ({ divisible }) => divisible },
  { name: "overdue", of: ({ overdue }) => overdue },
  { name: "overdue_since", of: ({ overdueSince }) => overdueSince },
  { name: "parent", of: ({ parent }) => (parent === null ? null : txText(parent)) },
  { name: "children", of: ({ children }) => Array.from(children, txText).join(" ") },
];

export interface TimelineRow {
  readonly timeline: TimelineReply;
  readonly index: number;
}
const TIMELINE = [
  "arrivals",
  "settlements",
  "lsmReleases",
  "arrivalsValue",
  "settledValue",
  "totalCost",
  "queue1Size",
  "queue2Size",
  "queue2Value",
  "available",
  "feasibilityRatio",
] as const;

export const TIMELINE_COLUMNS: readonly Column<TimelineRow>[] = [
  { name: "tick", of: ({ timeline, index }) => timeline.fromTick + index },
  ...TIMELINE.map((key) => ({
    name: snake(key),
    of: ({ timeline, index }: TimelineRow) => timeline[key][index] ?? null,
  })),
  { name: "hash", of: ({ timeline, index }) => (timeline.hash[index] ?? 0n).toString(16).padStart(16, "0") },
];

export const AGENT_COLUMNS: readonly Column<AgentState>[] = [
  { name: "agent", of: ({ agent }) => agent },
  { name: "balance", of: ({ balance }) => balance },
  { name: "unsecured_cap", of: ({ unsecuredCap }) => unsecuredCap },
  { name: "credit_used", of: ({ creditUsed }) => creditUsed },
  { name: "posted_collateral", of: ({ postedCollateral }) => postedCollateral },
  { name: "available", of: ({ available }) => available },
  { name: "queue1_size", of: ({ queue1Size }) => queue1Size },
  { name: "queue1_value", of: ({ queue1Value }) => queue1Value },
  { name: "queue2_size", of: ({ queue2Size }) => queue2Size },
  { name: "queue2_value", of: ({ queue2Value }) => queue2Value },
  { name: "liquidity_allocated", of: ({ liquidityAllocated }) => liquidityAllocated },
  ...costColumns<AgentState>("cost_", ({ costs }) => costs),
];
