/** One subscriber of QueryDelta per world, which hands each delta to the query it belongs to. */
import type { Bus } from "#bus";
import { QueryDelta } from "#generated/ecs";

export type TakeDelta = (delta: QueryDelta) => void;

/** Deltas of subscriptions that are not known yet, kept while a subscription is being made: data may overtake the answer. */
const EARLY_MAX = 4096;

export class Deltas {
  readonly #bus: Bus;
  readonly #target: string;
  readonly #takers = new Map<bigint, TakeDelta>();
  #early: QueryDelta[] = [];
  #opening = 0;
  #ready: Promise<void> | undefined;
  #close: (() => void) | undefined;

  constructor(bus: Bus, target: string) {
    this.#bus = bus;
    this.#target = target;
  }

  /**
   * Registers the taker of the subscription that `make` makes.
   * @returns what `make` returned
   */
  async add<Made extends { readonly subscription: bigint }>(make: () => Promise<Made>, take: TakeDelta): Promise<Made> {
    await (this.#ready ??= this.#open());
    this.#opening++;
    try {
      const made = await make();
      this.#takers.set(made.subscription, take);
      for (const delta of this.#early) if (delta.subscription === made.subscription) take(delta);
      return made;
    } finally {
      if (--this.#opening === 0) this.#early = [];
    }
  }

  remove(subscription: bigint): void {
    this.#takers.delete(subscription);
  }

  async #open(): Promise<void> {
    const subscriber = this.#bus.subscriberFrom(this.#target, QueryDelta);
    const { close } = subscriber.on((view) => {
      const take = this.#takers.get(view.subscription);
      if (take === undefined && (this.#opening === 0 || this.#early.length >= EARLY_MAX)) return;
      // The view is gone after this callback.
      const {
        subscription,
        sequence,
        turn,
        version,
        fresh,
        entered,
        changed,
        left,
        order,
        totalCount,
        error,
        errorText,
      } = view;
      const delta = {
        subscription,
        sequence,
        turn,
        version,
        fresh,
        entered,
        changed,
        left,
        order,
        totalCount,
        error,
        errorText,
      };
      if (take !== undefined) take(delta);
      else this.#early.push(delta);
    });
    this.#close = close;
    await subscriber.ready;
  }

  close(): void {
    this.#close?.();
    this.#takers.clear();
  }
}
