import { BusError } from "#bus";

/** What the service answers for one item of a batch: its results, or why there are none. */
export interface ItemAnswer {
  readonly error: number;
  readonly errorText: string | null;
}

/** @returns the items; @throws BusError cards/* of the first one that was refused, `details.item` says which */
export function checkItems<Item extends ItemAnswer>(items: readonly Item[]): readonly Item[] {
  const refused = items.findIndex(({ error }) => error !== 0);
  if (refused >= 0) throw BusError.ofNumber(items[refused]!.error, items[refused]!.errorText, { item: refused });
  return items;
}
