import type { Envelope } from "#transport";
import { BusError } from "#wire";
import type {
  AnyMessageType,
  Publisher,
  PublishOptions,
  PublishResult,
  PublishWaitOptions,
  WaitOptions,
} from "./api.ts";
import { durationMs } from "./duration.ts";
import { envelopeOf, PLAIN } from "./envelope.ts";
import { mismatch } from "./mismatch.ts";
import { CLOSED, FULL } from "./outcome.ts";
import type { Resident } from "./resident.ts";
import type { Route } from "./route.ts";

const DONE: Promise<void> = Promise.resolve();
const FLUSH_TIMEOUT_MS = 30_000;
const NO_OPTIONS: PublishOptions = Object.freeze({});

/** Codes of a failed publish, worst first. */
const RANKS: readonly string[] = [
  "core/closed",
  "schema/mismatch",
  "core/message-too-large",
  "core/full",
  "core/timeout",
];
const rankOf = (error: BusError): number => {
  const rank = RANKS.indexOf(error.code);
  return rank === -1 ? RANKS.length : rank;
};

const publishOn = (route: Route, message: unknown, envelope: Envelope): Promise<void> | undefined => {
  try {
    return route.edge.publish(route, message, envelope);
  } catch (error) {
    return Promise.reject(error);
  }
};

const cancelled = (type: string, signal: AbortSignal): BusError =>
  new BusError("core/cancelled", { details: { what: `publishing a ${type}` }, cause: signal.reason });

/** Leaves the waiting, not the message: an edge that has it keeps it. */
const unlessAborted = (done: Promise<void>, signal: AbortSignal, type: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const leave = (): void => reject(cancelled(type, signal));
    signal.addEventListener("abort", leave, { once: true });
    done.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });

/** Typed door to the edges that carry one type. */
export class PublisherImpl<Init> implements Publisher<Init> {
  readonly type: string;
  readonly messageType: AnyMessageType;
  /** Only to this service; "" = to whoever subscribes. */
  readonly target: string;
  /** Replaced when edges come or go. */
  routes: readonly Route[] = [];
  readonly #resident: Resident;
  readonly #keepsHistory: boolean;
  readonly #checks: boolean;

  constructor(resident: Resident, type: AnyMessageType, target: string) {
    this.#resident = resident;
    this.type = type.name;
    this.messageType = type;
    this.target = target;
    this.#keepsHistory = resident.history.depthOf(type.name) > 0;
    this.#checks = resident.hub.development;
  }

  tryPublish(message: Init, options?: PublishOptions): PublishResult {
    if (this.#checks) this.#check(message);
    const routes = this.routes;
    const envelope = this.#envelope(options);
    let worst = 0;
    let i = 0;
    try {
      for (; i < routes.length; i++) {
        const route = routes[i];
        const result = route.edge.offer(route, message, envelope);
        if (result > worst) worst = result;
      }
    } catch (error) {
      this.#offerRest(i + 1, message, envelope);
      throw error;
    }
    if (this.#keepsHistory) this.#resident.history.add(this.messageType, message, envelope, this.target);
    if (routes.length === 0) return this.#unheard();
    return worst === FULL ? "full" : worst === CLOSED ? "closed" : "sent";
  }

  publish(message: Init, options?: PublishWaitOptions): Promise<void> {
    const signal = options?.signal;
    if (signal?.aborted) return Promise.reject(cancelled(this.type, signal));
    let waiting: Promise<void>[] | undefined;
    const routes = this.routes;
    try {
      if (this.#checks) this.#check(message);
      const envelope = this.#envelope(options);
      for (let i = 0; i < routes.length; i++) {
        const wait = publishOn(routes[i], message, envelope);
        if (wait !== undefined) {
          waiting ??= [];
          waiting.push(wait);
        }
      }
      if (this.#keepsHistory) this.#resident.history.add(this.messageType, message, envelope, this.target);
      if (routes.length === 0 && this.#unheard() === "closed") {
        throw new BusError("core/closed", { details: { what: `the bus of ${this.#resident.name}` } });
      }
    } catch (error) {
      waiting = [...(waiting ?? []), Promise.reject(error)];
    }
    if (waiting !== undefined) {
      const done = waiting.length === 1 ? waiting[0] : this.#all(waiting, routes.length);
      return signal === undefined ? done : unlessAborted(done, signal, this.type);
    }
    return this.#resident.ticker.turn() ?? DONE;
  }

  async publishAll(messages: Iterable<Init> | AsyncIterable<Init>, options?: PublishWaitOptions): Promise<number> {
    let count = 0;
    if (Symbol.iterator in messages) {
      for (const message of messages) {
        count++;
        // In this loop "nothing to wait for" costs no promise at all.
        const result = this.publish(message, options);
        if (result !== DONE) await result;
      }
      return count;
    }
    for await (const message of messages) {
      count++;
      await this.publish(message, options);
    }
    return count;
  }

  async flush(options: WaitOptions = {}): Promise<void> {
    this.#resident.ticker.flush();
    const timeoutMs = options.timeout === undefined ? FLUSH_TIMEOUT_MS : durationMs(options.timeout);
    const controller = new AbortController();
    const what = `flushing the publisher of ${this.type}`;
    const timeout = `${timeoutMs} ms`;
    const cancel = this.#resident.hub.clock.after(timeoutMs, () =>
      controller.abort(new BusError("core/timeout", { details: { what, timeout } })),
    );
    const onAbort = (): void => controller.abort(new BusError("core/cancelled", { details: { what } }));
    options.signal?.addEventListener("abort", onAbort, { once: true });
    if (options.signal?.aborted) onAbort();
    try {
      await Promise.all(
        [...new Set(this.routes.map((route) => route.edge))].map((edge) => edge.drained(controller.signal)),
      );
    } finally {
      cancel();
      options.signal?.removeEventListener("abort", onAbort);
    }
  }

  async #all(waiting: Promise<void>[], total: number): Promise<void> {
    const results = await Promise.allSettled(waiting);
    const errors = results.flatMap((r) => (r.status === "rejected" ? [BusError.from(r.reason)] : []));
    if (errors.length === 0) return;
    if (errors.length === 1) throw errors[0];
    errors.sort((a, b) => rankOf(a) - rankOf(b));
    const edges = errors.map((error) => error.toJSON());
    const details = { count: errors.length, total, worst: errors[0].code, edges };
    throw new BusError("core/publish-failed", { details, cause: errors[0] });
  }

  /** Of a message with history it is its own: replaying tells messages apart by it. */
  #envelope(options: PublishOptions | undefined): Envelope {
    if (options === undefined) return this.#keepsHistory ? envelopeOf(NO_OPTIONS, 0) : PLAIN;
    return envelopeOf(options, this.#resident.hub.clock.now(), options.replayed);
  }

  /** One edge that cannot take a message must not keep it from the others. */
  #offerRest(from: number, message: Init, envelope: Envelope): void {
    for (const route of this.routes.slice(from)) {
      try {
        route.edge.offer(route, message, envelope);
      } catch {
        // The first error is the one that is thrown; it is of the same message.
      }
    }
  }

  #unheard(): PublishResult {
    const { unheard, isClosed } = this.#resident;
    if (isClosed) return "closed";
    unheard.set(this.type, (unheard.get(this.type) ?? 0) + 1);
    return "no_subscriber";
  }

  /** Development mode: a wrong field is an error here, not a strange value over there. */
  #check(message: unknown): void {
    const problem = this.messageType.check(message);
    if (problem !== undefined) throw mismatch(this.type, problem);
  }
}
