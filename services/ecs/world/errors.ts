import { BusError } from "#bus";
import type { ItemError } from "#generated/ecs";

/** An item of a batch that has no result. The others have theirs. */
export interface ItemFailure {
  /** Place in the batch, from 0. */
  readonly item: number;
  /** `code` says what to do (services.md, 1.3); `details.path` where. */
  readonly error: BusError;
}

/**
 * One failure per item; the service counts neighbours with the same error together.
 * @param placeOf item of the request to its place in the caller's list
 */
export function failuresOf(errors: readonly ItemError[], placeOf: (item: number) => number): ItemFailure[] {
  return errors
    .flatMap(({ item, count, error, path, text }) =>
      Array.from({ length: count }, (_, i) => {
        const place = placeOf(item + i);
        return { item: place, error: BusError.ofNumber(error, text, { item: place, path }) };
      }),
    )
    .sort((a, b) => a.item - b.item);
}

/** @throws BusError of the first item that failed */
export function throwFirst(errors: readonly ItemFailure[]): void {
  const [first] = errors;
  if (first !== undefined) throw first.error;
}

/** What a batch answers when some items may fail. */
export interface Batch {
  readonly failures: readonly ItemFailure[];
  /** State after the batch, for `readVersion`. */
  readonly version: bigint;
}
