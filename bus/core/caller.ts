/** The calling side of requests on one link: correlation, deadlines, cancellation, streams. */
import { Credit } from "#generated/busbar/control";
import type { MethodType } from "#schema";
import { BusError, Kind, Lane } from "#wire";
import type { Arrived, ControlItem } from "./control.ts";
import type { Clock } from "./hub-api.ts";

/** Requests that may be unanswered on a link at once; later ones wait on the caller's side until their deadline. */
const OUTSTANDING_MAX = 1024;
/** Calls that may wait beyond that; one more is refused at once. */
const WAITING_MAX = 16_384;
const SWEEP_MS = 20;
/** Items a stream may send ahead of its reader (semantics.md 5.3). */
export const STREAM_WINDOW = 32;

// biome-ignore lint/suspicious/noExplicitAny: any method
type AnyMethod = MethodType<any, any, any, any, boolean>;

interface Call {
  readonly method: AnyMethod;
  readonly item: ControlItem;
  deadline: number;
  sent: boolean;
  settle(error: BusError | undefined, value: unknown): void;
  streamItem?(value: unknown): void;
  readonly idleMs: number;
}

export interface CallerOptions {
  readonly peer: string;
  readonly clock: Clock;
  /** Sends or queues; false while the link is down. */
  readonly send: (item: ControlItem) => boolean;
}

export interface CallRequest {
  readonly method: AnyMethod;
  readonly rpc: string;
  readonly value: unknown;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export class Caller {
  readonly #options: CallerOptions;
  readonly #calls = new Map<number, Call>();
  readonly #waiting: Call[] = [];
  #outstanding = 0;
  #next = 0;
  #cancelSweep: (() => void) | undefined;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  unary(request: CallRequest): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#start(request, {
        settle: (error, value) => (error === undefined ? resolve(value) : reject(error)),
      });
    });
  }

  /** The request leaves when iteration begins; leaving the loop cancels it. `timeoutMs` is the longest wait for an item. */
  stream(request: CallRequest): AsyncIterable<unknown> {
    return { [Symbol.asyncIterator]: () => this.#iterate(request) };
  }

  #iterate(request: CallRequest): AsyncIterator<unknown, undefined> {
    const items: unknown[] = [];
    let waiting: { resolve(r: IteratorResult<unknown, undefined>): void; reject(e: unknown): void } | undefined;
    let ended = false;
    let failure: BusError | undefined;
    let taken = 0;
    let correlation = 0;
    const start = (): void => {
      correlation = this.#start(request, {
        settle: (error) => {
          ended = true;
          failure = error;
          if (error === undefined) waiting?.resolve({ done: true, value: undefined });
          else waiting?.reject(error);
          waiting = undefined;
        },
        streamItem: (value) => {
          if (waiting === undefined) items.push(value);
          else {
            waiting.resolve({ done: false, value });
            waiting = undefined;
            took();
          }
        },
      });
    };
    const took = (): void => {
      if (++taken < STREAM_WINDOW / 2) return;
      const item = creditItem(correlation, taken);
      taken = 0;
      if (!ended) this.#options.send(item);
    };
    let started = false;
    return {
      next: () => {
        if (!started) {
          started = true;
          start();
        }
        if (items.length > 0) {
          const value = items.shift();
          took();
          return Promise.resolve({ done: false, value });
        }
        if (failure !== undefined) {
          const error = failure;
          failure = undefined;
          return Promise.reject(error);
        }
        if (ended) return Promise.resolve({ done: true, value: undefined });
        return new Promise((resolve, reject) => {
          waiting = { resolve, reject };
        });
      },
      return: () => {
        if (started && !ended)
          this.#cancel(correlation, new BusError("core/cancelled", { details: { what: request.rpc } }));
        ended = true;
        failure = undefined;
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #start(request: CallRequest, sinks: { settle: Call["settle"]; streamItem?: (value: unknown) => void }): number {
    const { method, signal, timeoutMs } = request;
    const correlation = ++this.#next;
    const streaming = method.streaming;
    const item: ControlItem = {
      kind: Kind.request,
      typeId: method.requestId,
      correlation,
      ttlMs: streaming ? 0 : Math.ceil(timeoutMs),
      type: method.request,
      value: request.value,
    };
    const onAbort = (): void => {
      const cancelled = new BusError("core/cancelled", { details: { what: request.rpc }, cause: signal?.reason });
      this.#cancel(correlation, cancelled);
    };
    const call: Call = {
      method,
      item,
      deadline: this.#options.clock.now() + timeoutMs,
      idleMs: timeoutMs,
      sent: false,
      settle: (error, value) => {
        signal?.removeEventListener("abort", onAbort);
        sinks.settle(error, value);
      },
      streamItem: sinks.streamItem,
    };
    this.#calls.set(correlation, call);
    if (signal?.aborted) {
      onAbort();
      return correlation;
    }
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#sweepLater();
    if (this.#outstanding < OUTSTANDING_MAX && this.#waiting.length === 0) this.#send(call);
    else if (this.#waiting.length < WAITING_MAX) this.#waiting.push(call);
    else {
      const details = { service: `the caller of ${this.#options.peer}`, count: WAITING_MAX };
      this.#finish(correlation, new BusError("core/overloaded", { details }), undefined);
    }
    return correlation;
  }

  #send(call: Call): void {
    try {
      if (!this.#options.send(call.item)) {
        this.#waiting.unshift(call);
        return;
      }
      call.sent = true;
      this.#outstanding++;
    } catch (error) {
      this.#finish(call.item.correlation, BusError.from(error, "core/type-mismatch"), undefined);
    }
  }

  /** The link is up: what waited may go. */
  opened(): void {
    this.#pump();
  }

  /** The link is gone: answers to what was sent will not come, and the bus never asks twice. */
  lost(): void {
    for (const [correlation, call] of [...this.#calls]) {
      if (!call.sent) continue;
      const details = { service: this.#options.peer, what: call.method.name };
      this.#finish(correlation, new BusError("core/peer-lost", { details }), undefined);
    }
  }

  close(error: BusError): void {
    for (const correlation of [...this.#calls.keys()]) this.#finish(correlation, error, undefined);
    this.#cancelSweep?.();
  }

  get size(): number {
    return this.#calls.size;
  }

  /** RESPONSE, ERROR, STREAM_ITEM or STREAM_END. Late answers to finished calls are ignored. */
  arrived(frame: Arrived): void {
    const call = this.#calls.get(frame.correlation);
    if (call === undefined) return;
    try {
      if (frame.kind === Kind.error) this.#finish(frame.correlation, frame.error(), undefined);
      else if (frame.kind === Kind.streamEnd) this.#finish(frame.correlation, undefined, undefined);
      else if (frame.kind === Kind.streamItem && call.streamItem !== undefined) {
        call.deadline = this.#options.clock.now() + call.idleMs;
        call.streamItem(frame.read(call.method.response));
      } else if (frame.kind === Kind.response) {
        const value = frame.read(call.method.response);
        if (call.streamItem !== undefined) call.streamItem(value);
        this.#finish(frame.correlation, undefined, value);
      }
    } catch (error) {
      this.#cancel(frame.correlation, BusError.from(error, "wire/malformed-payload"));
    }
  }

  #cancel(correlation: number, error: BusError): void {
    const call = this.#calls.get(correlation);
    if (call === undefined) return;
    call.item.cancelled = true;
    const sent = call.sent;
    this.#finish(correlation, error, undefined);
    if (sent) this.#options.send({ kind: Kind.cancel, typeId: call.method.requestId, correlation, ttlMs: 0 });
  }

  #finish(correlation: number, error: BusError | undefined, value: unknown): void {
    const call = this.#calls.get(correlation);
    if (call === undefined) return;
    this.#calls.delete(correlation);
    call.item.cancelled = true;
    if (call.sent) this.#outstanding--;
    call.settle(error, value);
    this.#pump();
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#outstanding < OUTSTANDING_MAX) {
      const call = this.#waiting.shift() as Call;
      if (!this.#calls.has(call.item.correlation)) continue;
      this.#send(call);
      if (!call.sent && this.#waiting[0] === call) return;
    }
  }

  /** One timer for all calls: a timer per call costs more than a call. */
  #sweepLater(): void {
    if (this.#cancelSweep !== undefined) return;
    this.#cancelSweep = this.#options.clock.after(SWEEP_MS, () => {
      this.#cancelSweep = undefined;
      const now = this.#options.clock.now();
      for (const [correlation, call] of [...this.#calls]) {
        if (now < call.deadline) continue;
        const details = { what: `${call.method.name} of ${this.#options.peer}`, timeout: `${call.idleMs} ms` };
        this.#cancel(correlation, new BusError("core/deadline-exceeded", { details }));
      }
      if (this.#calls.size > 0) this.#sweepLater();
    });
  }
}

/** CREDIT for `items` more items of a stream. The receiving hub knows it by its correlation. */
export const creditItem = (correlation: number, items: number): ControlItem => ({
  kind: Kind.credit,
  typeId: 0,
  correlation,
  ttlMs: 0,
  type: Credit,
  value: { lane: Lane.control, streamItems: items },
});
