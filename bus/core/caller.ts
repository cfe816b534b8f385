/** The calling side of requests on one link: correlation, deadlines, cancellation. Streams are read in item-stream.ts. */
import { Credit } from "#generated/busbar/control";
import type { MethodType } from "#schema";
import { BusError, HEADER_BYTES, Kind, Lane } from "#wire";
import type { Arrived, ControlItem } from "./control.ts";
import type { Clock } from "./hub-api.ts";
import { ItemStream } from "./item-stream.ts";
import { misfit } from "./mismatch.ts";

/** Requests that may be unanswered on a link at once; later ones wait on the caller's side until their deadline. */
export const OUTSTANDING_MAX = 1024;
/** Calls that may wait beyond that, and their bytes; one more is refused at once. */
export const CALLS_WAITING_MAX = 16_384;
const WAITING_BYTES_MAX = 64 * 1024 * 1024;
const SWEEP_MS = 20;
/** Items a stream may send ahead of its reader (semantics.md 5.3). */
export const STREAM_WINDOW = 32;

// biome-ignore lint/suspicious/noExplicitAny: any method
type AnyMethod = MethodType<any, any, any, any, boolean>;

/** One request that was made and not settled. */
interface Call {
  readonly method: AnyMethod;
  readonly item: ControlItem;
  readonly timeoutMs: number;
  readonly deadline: number;
  sent: boolean;
  /** Bytes it is taken to cost while it waits. */
  bytes: number;
  readonly sink: CallSink;
  readonly unlisten: () => void;
}

/** Where the answer goes. */
export interface CallSink {
  settle(error: BusError | undefined, value: unknown): void;
  /** Streams only. @returns false when the peer sent more than it may */
  item?(value: unknown): boolean;
  /** Streams only: since when the reader has been waiting for an item; undefined while it does not wait. */
  waitingSince?(): number | undefined;
}

export interface CallerOptions {
  readonly peer: string;
  readonly clock: Clock;
  /** Sends or queues; false while the link is down. */
  readonly send: (item: ControlItem) => boolean;
  /** Makes an item independent of the caller's object, for one that has to wait. */
  readonly hold: (item: ControlItem) => ControlItem;
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
  #waiting: Call[] = [];
  #waitingBytes = 0;
  #outstanding = 0;
  #next = 0;
  #pumping = false;
  #closed: BusError | undefined;
  #cancelSweep: (() => void) | undefined;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  unary(request: CallRequest): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#start(request, { settle: (error, value) => (error === undefined ? resolve(value) : reject(error)) });
    });
  }

  /** The request leaves when iteration begins; leaving the loop cancels it. `timeoutMs` is the longest wait for an item. */
  stream(request: CallRequest): AsyncIterable<unknown> {
    const { clock } = this.#options;
    return {
      [Symbol.asyncIterator]: () =>
        new ItemStream({
          window: STREAM_WINDOW,
          now: () => clock.now(),
          start: (sink) => this.#start(request, sink),
          grant: (correlation, items) => {
            const call = this.#calls.get(correlation);
            if (call?.sent) this.#options.send(creditItem(correlation, items));
          },
          cancel: (correlation) =>
            this.#cancel(correlation, new BusError("core/cancelled", { details: { what: request.rpc } })),
        }),
    };
  }

  get size(): number {
    return this.#calls.size;
  }

  #start(request: CallRequest, sink: CallSink): number {
    const { method, signal, timeoutMs } = request;
    const correlation = ++this.#next;
    const item: ControlItem = {
      kind: Kind.request,
      typeId: method.requestId,
      correlation,
      ttlMs: 0,
      type: method.request,
      value: request.value,
    };
    const onAbort = (): void => {
      const cancelled = new BusError("core/cancelled", { details: { what: request.rpc }, cause: signal?.reason });
      this.#cancel(correlation, cancelled);
    };
    const unlisten = (): void => signal?.removeEventListener("abort", onAbort);
    const deadline = this.#options.clock.now() + timeoutMs;
    const call: Call = { method, item, timeoutMs, deadline, sent: false, bytes: HEADER_BYTES, sink, unlisten };
    this.#calls.set(correlation, call);
    if (this.#closed !== undefined) this.#finish(correlation, this.#closed, undefined);
    else if (signal?.aborted) onAbort();
    else {
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#sweepLater();
      if (this.#waiting.length > 0 || this.#outstanding >= OUTSTANDING_MAX || !this.#send(call)) this.#wait(call);
    }
    return correlation;
  }

  /** @returns false when the call has to wait */
  #send(call: Call): boolean {
    const { item, method } = call;
    try {
      if (!method.streaming) item.ttlMs = Math.max(1, Math.ceil(call.deadline - this.#options.clock.now()));
      if (!this.#options.send(item)) return false;
      call.sent = true;
      this.#outstanding++;
    } catch (error) {
      this.#finish(item.correlation, misfit(item.type, item.value, error), undefined);
    }
    return true;
  }

  #wait(call: Call): void {
    try {
      this.#options.hold(call.item);
      call.bytes = HEADER_BYTES + (call.item.payload?.length ?? 0);
    } catch (error) {
      this.#finish(call.item.correlation, misfit(call.item.type, call.item.value, error), undefined);
      return;
    }
    if (this.#waiting.length >= CALLS_WAITING_MAX || this.#waitingBytes >= WAITING_BYTES_MAX) {
      const details = { service: `the caller of ${this.#options.peer}`, count: this.#waiting.length };
      this.#finish(call.item.correlation, new BusError("core/overloaded", { details }), undefined);
      return;
    }
    this.#waiting.push(call);
    this.#waitingBytes += call.bytes;
  }

  /** The link is up, or has room: what waited may go. */
  pump(): void {
    if (this.#pumping || this.#closed !== undefined || this.#waiting.length === 0) return;
    this.#pumping = true;
    let gone = 0;
    for (; gone < this.#waiting.length && this.#outstanding < OUTSTANDING_MAX; gone++) {
      const call = this.#waiting[gone];
      if (this.#calls.has(call.item.correlation) && !this.#send(call)) break;
      this.#waitingBytes -= call.bytes;
    }
    this.#waiting.splice(0, gone);
    this.#pumping = false;
  }

  /** The link is gone: answers to what was sent will not come, and the bus never asks twice. */
  lost(): void {
    for (const [correlation, call] of [...this.#calls]) {
      if (!call.sent) continue;
      const details = { service: this.#options.peer, what: call.method.name };
      this.#finish(correlation, new BusError("core/peer-lost", { details }), undefined);
    }
  }

  /** Fails what is not answered, and every call from now on. */
  close(error: BusError): void {
    this.#closed = error;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const correlation of [...this.#calls.keys()]) this.#finish(correlation, error, undefined);
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
  }

  /** RESPONSE, ERROR, STREAM_ITEM or STREAM_END. Late answers to finished calls are ignored. */
  arrived(frame: Arrived): void {
    const { correlation, kind } = frame;
    const call = this.#calls.get(correlation);
    if (call === undefined || !call.sent) return;
    const { sink, method } = call;
    try {
      if (kind === Kind.error) this.#finish(correlation, frame.error(), undefined);
      else if (kind === Kind.response && sink.item === undefined) {
        this.#finish(correlation, undefined, frame.read(method.response));
      } else if (kind === Kind.streamEnd && sink.item !== undefined) this.#finish(correlation, undefined, undefined);
      else if (kind === Kind.streamItem && sink.item?.(frame.read(method.response))) return;
      else {
        const fault = kind === Kind.streamItem && sink.item !== undefined ? "STREAM_WINDOW" : "KIND";
        if (!this.#calls.has(correlation)) return;
        this.#cancel(correlation, new BusError("wire/malformed-frame", { details: { fault, method: method.name } }));
      }
    } catch (error) {
      this.#cancel(correlation, BusError.from(error, "wire/malformed-payload"));
    }
  }

  #cancel(correlation: number, error: BusError): void {
    const call = this.#calls.get(correlation);
    if (call === undefined) return;
    const { sent, method } = call;
    // Before the call is settled and another may take its place in the lane.
    if (sent) this.#options.send({ kind: Kind.cancel, typeId: method.requestId, correlation, ttlMs: 0 });
    this.#finish(correlation, error, undefined);
  }

  #finish(correlation: number, error: BusError | undefined, value: unknown): void {
    const call = this.#calls.get(correlation);
    if (call === undefined) return;
    this.#calls.delete(correlation);
    call.item.cancelled = true;
    if (call.sent) this.#outstanding--;
    call.unlisten();
    call.sink.settle(error, value);
    this.pump();
  }

  /** One timer for all calls: a timer per call costs more than a call. */
  #sweepLater(): void {
    if (this.#cancelSweep !== undefined) return;
    this.#cancelSweep = this.#options.clock.after(SWEEP_MS, () => {
      this.#cancelSweep = undefined;
      const now = this.#options.clock.now();
      for (const [correlation, call] of [...this.#calls]) {
        if (now < deadlineOf(call)) continue;
        const details = { what: `${call.method.name} of ${this.#options.peer}`, timeout: `${call.timeoutMs} ms` };
        this.#cancel(correlation, new BusError("core/deadline-exceeded", { details }));
      }
      if (this.#calls.size > 0) this.#sweepLater();
    });
  }
}

/** A stream is late when its reader has waited too long, not when its reader is slow. */
const deadlineOf = ({ sink, deadline, timeoutMs }: Call): number => {
  if (sink.waitingSince === undefined) return deadline;
  const since = sink.waitingSince();
  return since === undefined ? Number.POSITIVE_INFINITY : since + timeoutMs;
};

/** CREDIT for `items` more items of a stream. The receiving hub knows it by its correlation. */
export const creditItem = (correlation: number, items: number): ControlItem => ({
  kind: Kind.credit,
  typeId: 0,
  correlation,
  ttlMs: 0,
  type: Credit,
  value: { lane: Lane.control, streamItems: items },
});
