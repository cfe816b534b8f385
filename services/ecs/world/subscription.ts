/** A query whose result is kept up to date: the result first, then what changed. */
import { BusError, type Client } from "#bus";
import { type Ecs, Pace, type QueryDelta, type QueryInit, type SubscribeQueryReply } from "#generated/ecs";
import type { ComponentSpecs } from "../components/fields.ts";
import { Answer, Frame } from "./answer.ts";
import type { Deltas } from "./deltas.ts";

export interface SubscribeOptions {
  /** A change per request that changes the result, or one per turn. Default "request". */
  readonly pace?: keyof typeof Pace;
  /** Changes sent ahead of the reader, 1..1024. Default 32. A reader that is further behind gets the whole result again. */
  readonly window?: number;
}

export interface Change<S extends ComponentSpecs, All, Sel> {
  /** `entered` is the whole result and replaces what there was: first, and whenever the reader fell behind. */
  readonly fresh: boolean;
  readonly entered: Frame<S, All, Sel>;
  readonly changed: Frame<S, All, Sel>;
  readonly left: BigUint64Array;
  /** All ids in the order of the query; only with `orderBy`, else undefined and the order is that of the ids. */
  readonly order: BigUint64Array | undefined;
  readonly version: bigint;
  readonly turn: number;
}

type Waiting = { resolve: () => void };

/** Iterate once. Leaving the loop, or `close`, ends the subscription. */
export class LiveQuery<S extends ComponentSpecs, All, Sel>
  implements AsyncIterable<Change<S, All, Sel>>, AsyncDisposable
{
  readonly #ecs: Client<typeof Ecs>;
  readonly #deltas: Deltas;
  readonly #ordered: boolean;
  readonly #queue: QueryDelta[] = [];
  #reply!: SubscribeQueryReply;
  #expected = 1n;
  #missed = false;
  #closed = false;
  #waiting: Waiting | undefined;

  private constructor(ecs: Client<typeof Ecs>, deltas: Deltas, ordered: boolean) {
    this.#ecs = ecs;
    this.#deltas = deltas;
    this.#ordered = ordered;
  }

  static async open<S extends ComponentSpecs, All, Sel>(
    ecs: Client<typeof Ecs>,
    deltas: Deltas,
    query: QueryInit,
    { pace = "request", window = 0 }: SubscribeOptions,
  ): Promise<LiveQuery<S, All, Sel>> {
    const live = new LiveQuery<S, All, Sel>(ecs, deltas, (query.orderBy?.length ?? 0) > 0);
    const make = (): Promise<SubscribeQueryReply> => ecs.subscribeQuery({ query, pace: Pace[pace], window });
    live.#reply = await deltas.add(make, (delta) => live.#take(delta));
    return live;
  }

  #take(delta: QueryDelta): void {
    this.#queue.push(delta);
    this.#waiting?.resolve();
  }

  /** @throws BusError ecs/* when the service refused the query or ended the subscription */
  async *[Symbol.asyncIterator](): AsyncGenerator<Change<S, All, Sel>, undefined> {
    try {
      const { result, version, subscription } = this.#reply;
      const answer = new Answer<S, All, Sel>(result!, version, false);
      yield this.#change(answer, { fresh: true, order: answer.ids, version, turn: 0 });
      while (!this.#closed) {
        const delta = this.#queue.shift();
        if (delta === undefined) {
          await new Promise<void>((resolve) => {
            this.#waiting = { resolve };
          });
          continue;
        }
        if (delta.error !== 0)
          throw BusError.ofNumber(delta.error, delta.errorText, { subscription: String(subscription) });
        const { sequence } = delta;
        if (this.#isGap(delta)) {
          await this.#acknowledge(sequence, true);
          continue;
        }
        yield this.#change(new Frame<S, All, Sel>(delta.entered), delta);
        // Acknowledged once it is used up: what the window counts is what the reader has not seen.
        await this.#acknowledge(sequence, false);
      }
    } finally {
      await this.close();
    }
  }

  #isGap({ sequence, fresh }: QueryDelta): boolean {
    this.#missed = !fresh && (this.#missed || sequence !== this.#expected);
    this.#expected = sequence + 1n;
    return this.#missed;
  }

  #change(
    entered: Frame<S, All, Sel>,
    { fresh, changed = null, left = new BigUint64Array(0), order, version, turn }: ChangeSource,
  ): Change<S, All, Sel> {
    const ids = this.#ordered ? order : undefined;
    return { fresh, entered, changed: new Frame<S, All, Sel>(changed), left, order: ids, version, turn };
  }

  async #acknowledge(sequence: bigint, refresh: boolean): Promise<void> {
    const { subscription } = this.#reply;
    await this.#ecs.acknowledgeDeltas({ deltas: [{ subscription, sequence, refresh }] });
  }

  /** Ends the subscription; the loop ends. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting?.resolve();
    this.#deltas.remove(this.#reply.subscription);
    await this.#ecs.unsubscribe({ subscriptions: [this.#reply.subscription] });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

type ChangeSource = Pick<QueryDelta, "fresh" | "order" | "version" | "turn"> &
  Partial<Pick<QueryDelta, "changed" | "left">>;
