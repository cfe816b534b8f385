import { PolicyKind } from "#generated/busbar/plan";
import type { ByteCarrier, Envelope, ReferenceCarrier } from "#transport";
import { BusError, HEADER_BYTES } from "#wire";
import { Account } from "./account.ts";
import { DataSender } from "./data-sender.ts";
import { PLAIN } from "./envelope.ts";
import { deepFreeze } from "./freeze.ts";
import type { HistoryEntry } from "./history.ts";
import type { Clock } from "./hub-api.ts";
import { CLOSED, FULL, NOT_FOR_IT, SENT } from "./outcome.ts";
import { type Pending, PendingQueue } from "./pending-queue.ts";
import type { Route } from "./route.ts";
import type { Ticker } from "./ticker.ts";

/** Messages that may wait on the sender's side of an edge, beside its capacity in bytes. */
export const WAITING_MAX = 1024;
/** What a message by reference is taken to weigh where a bound is in bytes. */
const REFERENCE_BYTES = 256;

export interface OutEdgeOptions {
  readonly source: string;
  readonly target: string;
  readonly sourceId: number;
  readonly epoch: number;
  readonly capacityBytes: number;
  readonly messageBytesMax: number;
  readonly ticker: Ticker;
  readonly clock: Clock;
  readonly development: boolean;
}

/** The sending side of an edge: policies, the queue of what waits, and the account. Data lane only. */
export class OutEdge {
  readonly name: string;
  readonly account: Account = new Account();
  /** Offers answered with "full" and not taken. */
  refused = 0;
  readonly #options: OutEdgeOptions;
  readonly #sender: DataSender;
  /** In the order of publishing, over all types. */
  readonly #queue: PendingQueue;
  /** What waits for a type that the peer could have asked for long ago: it must not stop the others for ever. */
  readonly #aside: PendingQueue;
  readonly #progress = new Set<() => void>();
  #serial = 0;
  #upSinceMs = 0;
  #pumping = false;
  #closed = false;
  #cancelPatience: (() => void) | undefined;

  constructor(options: OutEdgeOptions) {
    this.#options = options;
    this.name = `${options.source} -> ${options.target}`;
    this.#sender = new DataSender({ ...options, edge: this.name, account: this.account });
    this.#queue = new PendingQueue(WAITING_MAX, options.capacityBytes);
    this.#aside = new PendingQueue(WAITING_MAX, options.capacityBytes);
  }

  get target(): string {
    return this.#options.target;
  }

  get waiting(): number {
    return this.#queue.length + this.#aside.length;
  }

  get waitingBytes(): number {
    return this.#queue.bytes + this.#aside.bytes;
  }

  attachBytes(carrier: ByteCarrier): void {
    this.#upSinceMs = this.#options.clock.now();
    this.#sender.attachBytes(carrier);
  }

  attachReference(carrier: ReferenceCarrier): void {
    this.#upSinceMs = this.#options.clock.now();
    this.#sender.attachReference(carrier);
  }

  /** The link is gone. @returns frames that nobody confirmed */
  detach(): number {
    this.#sender.detach();
    this.#patient();
    const lost = this.account.detach(this.#closed ? "closed" : "link_lost");
    this.#notify();
    return lost;
  }

  /** Takes no more; what was accepted may still leave. */
  close(): void {
    this.#closed = true;
  }

  /** Nothing can carry what waits any longer: it is dropped as closed. */
  abandon(): void {
    this.#closed = true;
    this.#patient();
    for (const queue of [this.#queue, this.#aside]) for (const item of queue.drain()) this.#drop(item, "closed");
    this.#notify();
  }

  /** `tryPublish` on this edge. @throws BusError core/message-too-large, core/type-mismatch */
  offer(route: Route, message: unknown, envelope: Envelope): number {
    const result = this.#attempt(route, message, envelope);
    return result === FULL ? this.#refuse(route, message, envelope) : result;
  }

  #refuse(route: Route, message: unknown, envelope: Envelope): number {
    if (route.stages) return this.#stage(route, message, envelope);
    if (route.policy === PolicyKind.dropNewest) {
      this.account.published++;
      this.account.drop("full_newest");
      return FULL;
    }
    this.refused++;
    return FULL;
  }

  /**
   * `publish` on this edge.
   * @returns undefined when nobody has to wait
   * @throws BusError core/message-too-large, core/type-mismatch
   */
  publish(route: Route, message: unknown, envelope: Envelope): Promise<void> | undefined {
    const result = this.#attempt(route, message, envelope);
    if (result <= SENT) return undefined;
    if (result === CLOSED) {
      if (route.refused !== undefined && !this.#closed) return Promise.reject(this.#refusedError(route));
      return Promise.reject(this.#closedError());
    }
    if (route.stages) {
      this.#stage(route, message, envelope);
      return undefined;
    }
    if (route.policy === PolicyKind.dropNewest) {
      this.account.published++;
      this.account.drop("full_newest");
      return undefined;
    }
    if (route.policy === PolicyKind.error) {
      this.refused++;
      return Promise.reject(this.#fullError("error"));
    }
    return this.#wait(route, message, envelope);
  }

  /**
   * Messages of the publisher's history, oldest first, for a subscriber that came late: before everything that waits. One
   * that waits here itself is left out, since it arrives as it is.
   */
  replay(route: Route, entries: readonly HistoryEntry[]): void {
    const items: Pending[] = [];
    for (const { payload, envelope, live } of entries) {
      const waits = (item: Pending): boolean => item.envelope === live;
      if (this.#queue.find(waits) !== undefined || this.#aside.find(waits) !== undefined) continue;
      this.account.published++;
      items.push(this.#item(route, payload, undefined, envelope, undefined));
    }
    this.#queue.unshift(items);
  }

  /** The peer wants a type, or does so no longer: what waited aside for it takes its place again. */
  routeChanged(route: Route): void {
    if (this.#aside.length > 0 && (route.topics.size > 0 || route.left)) {
      this.#queue.unshift(this.#aside.take((item) => item.route === route));
    }
    this.pump();
  }

  /** Sends what waits, as far as there is room. */
  pump(): void {
    // By reference, sending runs callbacks, and one of those may come back here.
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      for (;;) {
        const item = this.#queue.peek();
        if (item === undefined || !this.#pumpOne(item)) break;
      }
    } finally {
      this.#pumping = false;
    }
    this.#notify();
  }

  /** The reader's counters moved. */
  reported(): void {
    this.#notify();
  }

  /** Resolves when nothing that was published before waits on this side any more. */
  accepted(signal: AbortSignal): Promise<void> {
    const last = this.#serial;
    const waits = (item: Pending): boolean => item.serial <= last;
    const isAhead = (queue: PendingQueue): boolean => queue.length > 0 && queue.find(waits) !== undefined;
    return this.#until(() => !isAhead(this.#queue) && !isAhead(this.#aside), signal);
  }

  /** Resolves when everything offered so far has been delivered or dropped. */
  async drained(signal: AbortSignal): Promise<void> {
    await this.accepted(signal);
    const mark = this.account.committed;
    const { carrier } = this.#sender;
    await this.#until(() => this.#sender.carrier !== carrier || this.account.settledOnCarrier >= mark, signal);
  }

  // ---- one attempt, no policy

  #attempt(route: Route, message: unknown, envelope: Envelope): number {
    if (route.all && envelope === PLAIN && this.#queue.length === 0 && !this.#closed && !this.#sender.byReference) {
      return this.#sender.sendPlain(route, message);
    }
    return this.#attemptAny(route, message, envelope);
  }

  #attemptAny(route: Route, message: unknown, envelope: Envelope): number {
    if (this.#closed) return CLOSED;
    if (!route.all) {
      if (route.refused !== undefined) {
        this.account.published++;
        this.account.drop("refused_schema");
        return CLOSED;
      }
      if (route.topics.size === 0) return route.isAwaited ? FULL : NOT_FOR_IT;
      if (!route.topics.has(envelope.topic) && !route.topics.has("")) return NOT_FOR_IT;
    }
    if (this.#queue.length !== 0) return FULL;
    return this.#sender.send(route, message, envelope);
  }

  // ---- what waits

  /** @returns false when the queue has to stay as it is */
  #pumpOne(item: Pending): boolean {
    const { route, envelope } = item;
    if (route.refused !== undefined) {
      this.#queue.remove(item);
      this.account.drop("refused_schema");
      item.settle?.(this.#refusedError(route));
      return true;
    }
    if (route.isAwaited) return this.#awaitRoute(item);
    if (!route.topics.has("") && !route.topics.has(envelope.topic)) {
      // The subscriber left while the message waited: for a publisher that is as good as delivered to nobody.
      this.#queue.remove(item);
      this.account.drop("closed");
      item.settle?.();
      return true;
    }
    if (envelope.expiresAt !== 0 && this.#options.clock.now() > envelope.expiresAt) {
      this.#queue.remove(item);
      this.account.drop("expired");
      item.settle?.();
      return true;
    }
    let result: number;
    try {
      result = this.#sender.sendPending(item);
    } catch (error) {
      // It will never pass, and must not stop the others.
      this.#queue.remove(item);
      this.account.drop("malformed");
      item.settle?.(error);
      return true;
    }
    if (result === FULL) return false;
    this.#queue.remove(item);
    item.settle?.();
    return true;
  }

  /**
   * The head of the queue waits for a type nobody has asked for. That stops the edge, or order would depend on how fast
   * subscriptions arrive; but only as long as the policy's time-out after the link opened.
   */
  #awaitRoute({ route }: Pending): boolean {
    if (this.#sender.carrier === undefined) return false;
    const restMs = this.#upSinceMs + route.timeoutMs - this.#options.clock.now();
    if (restMs > 0) {
      this.#cancelPatience ??= this.#options.clock.after(restMs, () => {
        this.#cancelPatience = undefined;
        this.pump();
      });
      return false;
    }
    for (const item of this.#queue.take((other) => other.route === route)) this.#keep(this.#aside, item);
    return true;
  }

  /** The queue for a message that has to wait now. */
  #queueFor(route: Route): PendingQueue {
    if (!route.isAwaited || this.#sender.carrier === undefined) return this.#queue;
    const isLate = this.#options.clock.now() - this.#upSinceMs >= route.timeoutMs;
    return isLate ? this.#aside : this.#queue;
  }

  #keep(queue: PendingQueue, item: Pending): void {
    if (queue.hasRoomFor(item.bytes)) queue.push(item);
    else this.#drop(item, item.route.stages ? "full_oldest" : "timeout");
  }

  #stage(route: Route, message: unknown, envelope: Envelope): number {
    const pending = this.#pending(route, message, envelope, undefined);
    const queue = this.#queueFor(route);
    this.account.published++;
    if (route.policy === PolicyKind.latest) {
      const older = queue.find(
        (item) =>
          item.route === route &&
          !item.envelope.replayed &&
          item.envelope.topic === envelope.topic &&
          item.envelope.key === envelope.key,
      );
      if (older !== undefined) {
        queue.remove(older);
        this.account.drop("conflated");
      }
    }
    while (!queue.hasRoomFor(pending.bytes)) {
      const oldest = queue.find((item) => item.route.stages && item.settle === undefined);
      if (oldest === undefined) {
        this.account.drop("full_oldest");
        return FULL;
      }
      queue.remove(oldest);
      this.account.drop("full_oldest");
    }
    queue.push(pending);
    this.#pumpLater(queue);
    return SENT;
  }

  #wait(route: Route, message: unknown, envelope: Envelope): Promise<void> {
    const queue = this.#queueFor(route);
    if (!queue.hasRoomFor(this.#sender.byReference ? REFERENCE_BYTES : HEADER_BYTES)) return this.#noRoom();
    return new Promise<void>((resolve, reject) => {
      const settle = (error?: unknown): void => (error === undefined ? resolve() : reject(error));
      const pending = this.#pending(route, message, envelope, settle);
      if (!queue.hasRoomFor(pending.bytes)) {
        this.refused++;
        reject(this.#fullError("block"));
        return;
      }
      this.account.published++;
      pending.cancelTimer = this.#options.clock.after(route.timeoutMs, () => this.#timedOut(pending));
      queue.push(pending);
      this.#pumpLater(queue);
    });
  }

  #noRoom(): Promise<void> {
    this.refused++;
    return Promise.reject(this.#fullError("block"));
  }

  /** The first to wait for a type nobody asked for starts the time after which it steps aside. */
  #pumpLater(queue: PendingQueue): void {
    if (queue === this.#queue && this.#cancelPatience === undefined) {
      const head = queue.peek();
      if (head?.route.isAwaited) this.#awaitRoute(head);
    }
  }

  #timedOut(pending: Pending): void {
    if (pending.dead) return;
    const { route } = pending;
    const queue = this.#aside.find((item) => item === pending) === undefined ? this.#queue : this.#aside;
    queue.remove(pending);
    const details = { what: `publishing a ${route.type.name} on edge ${this.name}`, timeout: `${route.timeoutMs} ms` };
    this.account.drop("timeout");
    pending.settle?.(new BusError("core/timeout", { details }));
    // It may have been the one that all others waited behind.
    this.pump();
  }

  #drop(item: Pending, reason: "closed" | "full_oldest" | "timeout"): void {
    item.dead = true;
    item.cancelTimer?.();
    this.account.drop(reason);
    item.settle?.(reason === "closed" ? this.#closedError() : this.#fullError("block"));
  }

  #pending(
    route: Route,
    message: unknown,
    envelope: Envelope,
    settle: ((error?: unknown) => void) | undefined,
  ): Pending {
    if (!this.#sender.byReference) {
      return this.#item(route, this.#sender.encode(route, message), undefined, envelope, settle);
    }
    const value = route.type.complete(message);
    if (this.#options.development) deepFreeze(value);
    return this.#item(route, undefined, value, envelope, settle);
  }

  #item(
    route: Route,
    payload: Uint8Array | undefined,
    message: unknown,
    envelope: Envelope,
    settle: ((error?: unknown) => void) | undefined,
  ): Pending {
    const bytes = payload === undefined ? REFERENCE_BYTES : payload.length + HEADER_BYTES;
    const serial = ++this.#serial;
    return { route, serial, payload, message, envelope, bytes, settle, cancelTimer: undefined, dead: false };
  }

  #patient(): void {
    this.#cancelPatience?.();
    this.#cancelPatience = undefined;
  }

  // ---- errors and progress

  #fullError(policy: string): BusError {
    return new BusError("core/full", { details: { edge: this.name, policy } });
  }

  #closedError(): BusError {
    return new BusError("core/closed", { details: { what: `edge ${this.name}` } });
  }

  #refusedError(route: Route): BusError {
    return new BusError("schema/mismatch", {
      details: { type: route.type.name, edge: this.name },
      message: route.refused,
    });
  }

  #until(done: () => boolean, signal: AbortSignal): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise<void>((resolve, reject) => {
      const finish = (end: () => void): void => {
        this.#progress.delete(check);
        signal.removeEventListener("abort", abort);
        end();
      };
      const check = (): void => {
        if (done()) finish(resolve);
      };
      const abort = (): void => finish(() => reject(signal.reason));
      this.#progress.add(check);
      signal.addEventListener("abort", abort, { once: true });
      if (signal.aborted) abort();
    });
  }

  #notify(): void {
    if (this.#progress.size === 0) return;
    for (const check of [...this.#progress]) check();
  }
}
