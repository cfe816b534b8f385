/** How single values look in texts and tables. */
import { type Event, EventKind, RtgsPriority } from "#generated/payments";

/** "tx_00000042" */
export const txText = (tx: number | null): string => (tx === null ? "-" : `tx_${String(tx).padStart(8, "0")}`);

/** Minor units with commas at thousands: "-1,234,567". */
export const moneyText = (value: bigint): string =>
  `${value < 0n ? "-" : ""}${(value < 0n ? -value : value).toString().replace(/\B(?=(\d{3})+$)/g, ",")}`;

/** At most `digits` decimal places, without zeros at the end. */
export const realText = (value: number, digits = 6): string =>
  Number.isFinite(value) ? String(Number(value.toFixed(digits))) : String(value);

const KINDS = new Map<number, keyof typeof EventKind>(
  Object.entries(EventKind).map(([name, value]) => [value, name as keyof typeof EventKind]),
);
/** A kind that this version does not know keeps its number. */
export const kindText = (kind: number): string => KINDS.get(kind) ?? `Kind${kind}`;

export const classText = (priority: Event["rtgsPriority"]): string =>
  Object.entries(RtgsPriority).find(([, value]) => value === priority)?.[0] ?? String(priority);
