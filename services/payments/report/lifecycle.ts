/** One payment from arrival to settlement. */
import { type Event, EventKind, type LifecycleReply, type Transaction, TransactionStatus } from "#generated/payments";
import { eventLine } from "./event-line.ts";
import { kindText, moneyText, txText } from "./words.ts";

/** Whether an event is about this payment: alone, or as one of a group. What happens to a part is not about the whole. */
export const concerns = (event: Event, tx: number): boolean => event.tx === tx || event.txs.includes(tx);

/** Its events and those of the payments that it was split from and into, in order, from the events of the whole run. */
export function lifecycleOf(events: readonly Event[], tx: number): Event[] {
  const family = new Set([tx]);
  for (const event of events) {
    if (event.kind !== EventKind.PolicySplit || event.tx === null) continue;
    const children = [...event.txs];
    if (family.has(event.tx)) for (const child of children) family.add(child);
    else if (children.includes(tx)) family.add(event.tx);
  }
  return events.filter((event) => [...family].some((member) => concerns(event, member)));
}

const SETTLED: ReadonlySet<number> = new Set([
  EventKind.RtgsImmediateSettlement,
  EventKind.Queue2LiquidityRelease,
  EventKind.LsmBilateralOffset,
  EventKind.LsmCycleSettlement,
  EventKind.EntryDispositionOffset,
]);

export function lifecycleText({ transaction, events, complete }: LifecycleReply): string {
  if (transaction === null) return "";
  const lines = [head(transaction)];
  let tick = -1;
  for (const event of events) {
    if (event.tick !== tick) {
      tick = event.tick;
      lines.push(`tick ${tick} (+${tick - transaction.arrivalTick})`);
    }
    lines.push(eventLine(event));
  }
  lines.push(outcome(transaction, events));
  if (!complete) lines.push("earlier events were not kept");
  return `${lines.join("\n")}\n`;
}

const head = (tx: Transaction): string =>
  `${txText(tx.id)} ${tx.sender} -> ${tx.receiver} ${moneyText(tx.amount)}, priority ${tx.originalPriority}, arrived in tick ${tx.arrivalTick}, due ${tx.deadlineTick}${
    tx.parent === null ? "" : `, part of ${txText(tx.parent)}`
  }${tx.children.length === 0 ? "" : `, split into ${Array.from(tx.children, txText).join(", ")}`}`;

function outcome(tx: Transaction, events: readonly Event[]): string {
  const late = tx.overdue ? ", late" : "";
  if (tx.status === TransactionStatus.Settled && tx.settledTick !== null) {
    const how = events.find((event) => SETTLED.has(event.kind) && concerns(event, tx.id));
    return `settled in tick ${tx.settledTick} after ${tx.settledTick - tx.arrivalTick} ticks${
      how === undefined ? "" : ` by ${kindText(how.kind)}`
    }${late}`;
  }
  const word = Object.entries(TransactionStatus).find(([, value]) => value === tx.status)?.[0] ?? "Unknown";
  return `${word.toLowerCase()}, ${moneyText(tx.remaining)} of ${moneyText(tx.amount)} open${late}`;
}
