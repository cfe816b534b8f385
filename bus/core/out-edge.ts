import { PolicyKind } from "#generated/busbar/plan";
import type { ByteCarrier, Envelope, Outbound, ReferenceCarrier } from "#transport";
import { CLOSED as CARRIER_CLOSED, FULL as CARRIER_FULL } from "#transport";
import { BusError, Extension, Flag, HEADER_BYTES, Kind, Lane, MAGIC, Memory, VERSION, writeExtension } from "#wire";
import { Account } from "./account.ts";
import type { AnyMessageType } from "./api.ts";
import { topicIdFor } from "./envelope.ts";
import { deepFreeze } from "./freeze.ts";
import type { Clock } from "./hub-api.ts";
import { type Pending, PendingQueue } from "./pending-queue.ts";
import type { Route } from "./route.ts";
import type { Ticker } from "./ticker.ts";

/** Outcomes of an offer, worst last. */
export const NOT_FOR_IT = 0;
export const SENT = 1;
export const FULL = 2;
export const CLOSED = 3;

/** Messages that may wait on the sender's side of an edge, beside its capacity in bytes. */
const WAITING_MAX = 1024;
/** What a message by reference is taken to weigh where a bound is in bytes. */
const REFERENCE_BYTES = 256;
const NO_BYTES = new Uint8Array(0);

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

/** The sending side of an edge: sequence, policies, the queue of what waits, and the account. Data lane only. */
export class OutEdge {
  readonly name: string;
  readonly account: Account = new Account();
  /** Offers answered with "full" and not taken. */
  refused = 0;
  readonly #options: OutEdgeOptions;
  readonly #queue: PendingQueue;
  #out: Outbound | undefined;
  #reference: ReferenceCarrier | undefined;
  #sequence = 0;
  #dirty = false;
  #closed = false;
  #scratch: Memory | undefined;
  readonly #progress = new Set<() => void>();

  constructor(options: OutEdgeOptions) {
    this.#options = options;
    this.name = `${options.source} -> ${options.target}`;
    this.#queue = new PendingQueue(WAITING_MAX, options.capacityBytes);
  }

  get target(): string {
    return this.#options.target;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  attachBytes(carrier: ByteCarrier): void {
    this.#out = carrier.outbound[Lane.data];
    this.account.attach(this.#out.report);
  }

  attachReference(carrier: ReferenceCarrier): void {
    this.#reference = carrier;
    this.account.attach(carrier.report);
  }

  /** The link is gone. @returns frames that nobody confirmed */
  detach(): number {
    this.#out = undefined;
    this.#reference = undefined;
    const lost = this.account.detach(this.#closed ? "closed" : "link_lost");
    this.#notify();
    return lost;
  }

  /** Takes no more. What waits is dropped as closed once nothing can carry it any longer. */
  close(): void {
    this.#closed = true;
  }

  abandon(): void {
    this.#closed = true;
    for (const item of this.#queue.drain()) {
      this.account.drop("closed");
      item.settle?.(this.#closedError());
    }
    this.#notify();
  }

  /** `tryPublish` on this edge. */
  offer(route: Route, message: unknown, envelope: Envelope): number {
    const result = this.#attempt(route, message, envelope);
    if (result !== FULL) return result;
    if (route.stages) return this.#stage(route, message, envelope);
    if (route.policy === PolicyKind.dropNewest) {
      this.account.published++;
      this.account.drop("full_newest");
      return FULL;
    }
    this.refused++;
    return FULL;
  }

  /** `publish` on this edge. @returns undefined when nobody has to wait */
  publish(route: Route, message: unknown, envelope: Envelope): Promise<void> | undefined {
    const result = this.#attempt(route, message, envelope);
    if (result <= SENT) return undefined;
    if (result === CLOSED) {
      if (route.refused !== undefined) return Promise.reject(this.#refusedError(route));
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

  /** A message of the publisher's history, for a subscriber that came late. Goes before what is published from now on. */
  replay(route: Route, payload: Uint8Array, envelope: Envelope): void {
    const message = this.#reference === undefined ? undefined : decodePayload(route.type, payload);
    this.account.published++;
    this.#queue.push({
      route,
      payload: this.#reference === undefined ? payload : undefined,
      message,
      envelope,
      bytes: payload.length + HEADER_BYTES,
      settle: undefined,
      cancelTimer: undefined,
      dead: false,
    });
  }

  /** Sends what waits, as far as there is room. */
  pump(): void {
    for (;;) {
      const item = this.#queue.peek();
      if (item === undefined) break;
      const result = item.route.refused === undefined ? this.#sendPending(item) : CLOSED;
      if (result === FULL) break;
      this.#queue.remove(item);
      if (result === CLOSED) {
        this.account.drop(item.route.refused === undefined ? "closed" : "refused_schema");
        item.settle?.(item.route.refused === undefined ? this.#closedError() : this.#refusedError(item.route));
      } else if (result === NOT_FOR_IT) {
        // The subscriber left while the message waited: it was never for anyone.
        this.account.published--;
        item.settle?.();
      } else {
        item.settle?.();
      }
    }
    this.#notify();
  }

  /** The reader's counters moved. */
  reported(): void {
    this.#notify();
  }

  flush(): void {
    this.#dirty = false;
    this.#out?.flush();
  }

  /** Resolves when everything offered so far has been delivered or dropped. */
  async drained(signal: AbortSignal): Promise<void> {
    const last = this.#queue.length;
    if (last > 0) await this.#until(() => this.#queue.length === 0 || this.#queue.peek() === undefined, signal);
    const mark = this.account.committed;
    const carrier = this.#out ?? this.#reference;
    await this.#until(
      () => (this.#out ?? this.#reference) !== carrier || this.account.settledOnCarrier >= mark,
      signal,
    );
  }

  // ---- one attempt, no policy

  #attempt(route: Route, message: unknown, envelope: Envelope): number {
    if (this.#closed) return CLOSED;
    if (!route.all) {
      if (route.refused !== undefined) {
        this.account.published++;
        this.account.drop("refused_schema");
        return CLOSED;
      }
      if (route.topics.size === 0) return route.declared && !route.left ? FULL : NOT_FOR_IT;
      if (!route.topics.has(envelope.topic)) return NOT_FOR_IT;
    }
    if (this.#queue.length !== 0) return FULL;
    if (this.#reference !== undefined) return this.#sendReference(route, message, envelope);
    return this.#sendBytes(route, message, envelope);
  }

  #sendReference(route: Route, message: unknown, envelope: Envelope): number {
    const value = route.type.complete(message);
    if (this.#options.development) deepFreeze(value);
    const account = this.account;
    // Counted before: the callbacks run inside send and may look at the account.
    account.published++;
    account.committed++;
    const result = (this.#reference as ReferenceCarrier).send(route.type, value, envelope);
    if (result === 1) return SENT;
    account.published--;
    account.committed--;
    return result === CARRIER_FULL ? FULL : CLOSED;
  }

  #sendBytes(route: Route, message: unknown, envelope: Envelope): number {
    const out = this.#out;
    if (out === undefined) return FULL;
    const extensions = envelope.topic === "" && envelope.key === "" ? 0 : extensionBytes(envelope);
    const payloadMax = this.#options.messageBytesMax;
    let need = route.sizeHint;
    for (;;) {
      const offset = out.claim(HEADER_BYTES + extensions + need);
      if (offset < 0) return offset === CARRIER_CLOSED ? CLOSED : FULL;
      const payload = offset + HEADER_BYTES + extensions;
      const end = route.type.encode(out.memory, payload, out.limit, message);
      if (end >= 0) {
        const bytes = end - payload;
        if (bytes > payloadMax) throw this.#tooLarge(route, bytes);
        route.sizeHint = bytes + (bytes >> 2) + 32;
        this.#commit(out, route.type, offset, payload, end - offset, envelope);
        this.account.published++;
        return SENT;
      }
      if (need > payloadMax) throw this.#tooLarge(route, need);
      need = need * 4;
      if (need > payloadMax) need = payloadMax + 1;
    }
  }

  #commit(
    out: Outbound,
    type: AnyMessageType,
    offset: number,
    payload: number,
    length: number,
    envelope: Envelope,
  ): void {
    const memory = out.memory;
    const ticker = this.#options.ticker;
    const sequence = ++this.#sequence;
    ticker.stamp();
    const words = memory.i32;
    const w = offset >> 2;
    words[w] = length;
    words[w + 1] = MAGIC | (VERSION << 8) | (Kind.data << 16) | ((payload - offset) << 21);
    words[w + 2] = type.typeId;
    words[w + 3] = this.#options.sourceId;
    words[w + 4] = type.fingerprintLo;
    words[w + 5] = type.fingerprintHi;
    words[w + 6] = sequence;
    words[w + 7] = (sequence / 4294967296) | 0;
    words[w + 8] = ticker.stampLo;
    words[w + 9] = ticker.stampHi;
    words[w + 10] = 0;
    words[w + 11] = 0;
    words[w + 12] = this.#options.epoch;
    words[w + 13] = 0;
    words[w + 14] = 0;
    words[w + 15] = 0;
    if (envelope.topic !== "" || envelope.key !== "") writeExtensions(memory, offset, payload, envelope);
    if (envelope.topic !== "") words[w + 13] = topicIdFor(envelope.topic);
    if (envelope.expiresAt !== 0)
      words[w + 14] = Math.max(1, Math.ceil(envelope.expiresAt - this.#options.clock.now()));
    if (envelope.replayed) words[w + 15] = Flag.replayed;
    out.commit(length);
    this.account.committed++;
    if (!this.#dirty) {
      this.#dirty = true;
      ticker.add(this);
    }
  }

  // ---- what waits

  #sendPending(item: Pending): number {
    const { route, envelope } = item;
    if (!route.all) {
      if (route.topics.size === 0) return this.#closed || route.left ? NOT_FOR_IT : FULL;
      if (!route.topics.has(envelope.topic)) return NOT_FOR_IT;
    }
    if (this.#reference !== undefined) {
      const value = item.message ?? decodePayload(route.type, item.payload ?? NO_BYTES);
      this.account.committed++;
      const result = this.#reference.send(route.type, value, envelope);
      if (result === 1) return SENT;
      this.account.committed--;
      return result === CARRIER_FULL ? FULL : CLOSED;
    }
    const out = this.#out;
    if (out === undefined) return FULL;
    const bytes = item.payload ?? this.#encode(route, item.message);
    const extensions = envelope.topic === "" && envelope.key === "" ? 0 : extensionBytes(envelope);
    const offset = out.claim(HEADER_BYTES + extensions + bytes.length);
    if (offset < 0) return offset === CARRIER_CLOSED ? CLOSED : FULL;
    const payload = offset + HEADER_BYTES + extensions;
    out.memory.u8.set(bytes, payload);
    this.#commit(out, route.type, offset, payload, payload - offset + bytes.length, envelope);
    return SENT;
  }

  #stage(route: Route, message: unknown, envelope: Envelope): number {
    const queue = this.#queue;
    const pending = this.#pending(route, message, envelope, undefined);
    this.account.published++;
    if (route.policy === PolicyKind.latest) {
      const older = queue.find(
        (item) => item.route === route && item.envelope.topic === envelope.topic && item.envelope.key === envelope.key,
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
    return SENT;
  }

  #wait(route: Route, message: unknown, envelope: Envelope): Promise<void> {
    const estimate = this.#reference === undefined ? route.sizeHint : REFERENCE_BYTES;
    if (!this.#queue.hasRoomFor(estimate)) {
      this.refused++;
      return Promise.reject(this.#fullError("block"));
    }
    this.account.published++;
    return new Promise<void>((resolve, reject) => {
      const settle = (error?: unknown): void => (error === undefined ? resolve() : reject(error));
      const pending = this.#pending(route, message, envelope, settle);
      pending.cancelTimer = this.#options.clock.after(route.timeoutMs, () => {
        if (pending.dead) return;
        this.#queue.remove(pending);
        this.account.drop("timeout");
        const details = {
          what: `publishing a ${route.type.name} on edge ${this.name}`,
          timeout: `${route.timeoutMs} ms`,
        };
        reject(new BusError("core/timeout", { details }));
        this.#notify();
      });
      this.#queue.push(pending);
    });
  }

  #pending(
    route: Route,
    message: unknown,
    envelope: Envelope,
    settle: ((error?: unknown) => void) | undefined,
  ): Pending {
    const byReference = this.#reference !== undefined;
    const payload = byReference ? undefined : this.#encode(route, message);
    const value = byReference ? route.type.complete(message) : undefined;
    if (byReference && this.#options.development) deepFreeze(value);
    const bytes = payload === undefined ? REFERENCE_BYTES : payload.length + HEADER_BYTES;
    return { route, payload, message: value, envelope, bytes, settle, cancelTimer: undefined, dead: false };
  }

  /** Encodes into a block of its own: the caller may change the object afterwards. */
  #encode(route: Route, message: unknown): Uint8Array {
    const payloadMax = this.#options.messageBytesMax;
    for (let bytes = this.#scratch?.size ?? 4096; ; bytes *= 4) {
      if (this.#scratch === undefined || this.#scratch.size < bytes) this.#scratch = Memory.allocate(bytes);
      const end = route.type.encode(this.#scratch, 0, this.#scratch.size, message);
      if (end > payloadMax || (end < 0 && bytes > payloadMax)) throw this.#tooLarge(route, end < 0 ? bytes : end);
      if (end >= 0) return this.#scratch.u8.slice(0, end);
    }
  }

  // ---- errors and progress

  #tooLarge(route: Route, bytes: number): BusError {
    const details = { type: route.type.name, bytes, limit: this.#options.messageBytesMax, edge: this.name };
    return new BusError("core/message-too-large", { details });
  }

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

const padded = (bytes: number): number => (4 + bytes + 7) & ~7;

const extensionBytes = (envelope: Envelope): number =>
  (envelope.topic === "" ? 0 : padded(Buffer.byteLength(envelope.topic))) +
  (envelope.key === "" ? 0 : padded(Buffer.byteLength(envelope.key)));

const writeExtensions = (memory: Memory, offset: number, payload: number, envelope: Envelope): void => {
  let at = offset + HEADER_BYTES;
  if (envelope.topic !== "") at = writeExtension(memory, at, payload, Extension.topic, Buffer.from(envelope.topic));
  if (envelope.key !== "") writeExtension(memory, at, payload, Extension.key, Buffer.from(envelope.key));
};

const decodePayload = (type: AnyMessageType, payload: Uint8Array): unknown => type.decode(Memory.copyOf(payload), 0);
