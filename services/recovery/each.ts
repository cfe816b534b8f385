/** A bad item never spoils its neighbours. */
import type { Effects } from "./effects.ts";
import { type RetryOptions, retry } from "./retry.ts";
import { strategyOf } from "./strategy.ts";

export interface Skipped<Item> {
  readonly index: number;
  readonly item: Item;
  readonly error: unknown;
}
export interface Each<Item, Result> {
  /** In the order of the items; undefined where an item was skipped. */
  readonly results: readonly (Result | undefined)[];
  readonly skipped: readonly Skipped<Item>[];
}
export interface EachOptions extends RetryOptions {
  /** More skipped items than this end the work with the error of the last one. Default: all may be skipped. */
  readonly skippedMax?: number;
}

/**
 * Does `work` on one item after the other. An item whose error is its own is left out and reported; trouble that passes is
 * retried for its item; any other error ends the work.
 */
export async function each<Item, Result>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Result>,
  effects: Effects,
  options: EachOptions = {},
): Promise<Each<Item, Result>> {
  const results: (Result | undefined)[] = [];
  const skipped: Skipped<Item>[] = [];
  for (const [index, item] of items.entries()) {
    try {
      results.push(await retry(() => work(item, index), effects, options));
    } catch (error) {
      if (strategyOf(error) !== "skip" || skipped.length >= (options.skippedMax ?? items.length)) throw error;
      skipped.push({ index, item, error });
      results.push(undefined);
    }
  }
  return { results, skipped };
}
