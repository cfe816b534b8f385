/** The answering side: handlers of one service, started in arrival order, `concurrency` at a time. */
import type { MethodType } from "#schema";
import { BusError, Kind } from "#wire";
import type { Logger, RequestContext } from "./api.ts";
import { STREAM_WINDOW } from "./caller.ts";
import type { ControlItem } from "./control.ts";
import type { Clock } from "./hub-api.ts";
import { misfit } from "./mismatch.ts";

/** Requests that may wait for a handler; the callers' windows keep it from being reached in ordinary use. */
export const BACKLOG_MAX = 16_384;
/** Items of a stream that a caller may ask for ahead. Ours asks for 32; other libraries may have larger windows. */
const CREDIT_MAX = 65_536;

// biome-ignore lint/suspicious/noExplicitAny: any method
type AnyMethod = MethodType<any, any, any, any, boolean>;
// biome-ignore lint/suspicious/noExplicitAny: any handler
type AnyHandler = (request: any, context: RequestContext) => any;

export interface Handler {
  readonly rpc: string;
  readonly method: AnyMethod;
  readonly handle: AnyHandler;
}

/** Where a request came from; answers go back there. */
export interface Origin {
  readonly source: string;
  /** False once the link is gone. */
  readonly send: (item: ControlItem) => boolean;
  /** Answers wait for the caller to read: streams stop until `room`. */
  readonly isCongested: () => boolean;
}

class Request implements RequestContext {
  readonly handler: Handler;
  readonly value: unknown;
  readonly origin: Origin;
  readonly correlation: number;
  /** By the clock's `now`; Infinity without one. */
  readonly deadlineAt: number;
  cancelled = false;
  /** Items that may still be sent of a stream. */
  credit: number = STREAM_WINDOW;
  wake: (() => void) | undefined;
  readonly #clock: Clock;
  #controller: AbortController | undefined;

  constructor(handler: Handler, value: unknown, origin: Origin, correlation: number, deadlineAt: number, clock: Clock) {
    this.handler = handler;
    this.value = value;
    this.origin = origin;
    this.correlation = correlation;
    this.deadlineAt = deadlineAt;
    this.#clock = clock;
  }

  /** As wall-clock time, since handlers may pass it on; read only when asked. */
  get deadline(): number {
    return this.#clock.wallMs() + this.deadlineAt - this.#clock.now();
  }

  get source(): string {
    return this.origin.source;
  }

  /** Made when a handler asks: most never do. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.cancelled) this.#controller.abort(cancelledError(this.handler.rpc));
    return this.#controller.signal;
  }

  cancel(): void {
    this.cancelled = true;
    this.#controller?.abort(cancelledError(this.handler.rpc));
    this.wake?.();
  }
}

const cancelledError = (what: string): BusError => new BusError("core/cancelled", { details: { what } });

export interface ServerOptions {
  readonly service: string;
  readonly concurrency: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Server {
  readonly #options: ServerOptions;
  readonly #handlers = new Map<number, Handler>();
  readonly #active = new Map<Origin, Map<number, Request>>();
  readonly #backlog: Request[] = [];
  #head = 0;
  #running = 0;
  /** The loop over the backlog runs: handlers that end at once must not start it again inside. */
  #advancing = false;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  add(handler: Handler): () => void {
    const id = handler.method.requestId;
    if (this.#handlers.has(id)) {
      throw new BusError("core/already-served", { details: { rpc: handler.rpc, service: this.#options.service } });
    }
    this.#handlers.set(id, handler);
    return () => {
      if (this.#handlers.get(id) === handler) this.#handlers.delete(id);
    };
  }

  handler(typeId: number): Handler | undefined {
    return this.#handlers.get(typeId);
  }

  get busy(): number {
    return this.#running + this.#backlog.length - this.#head;
  }

  request(handler: Handler, value: unknown, origin: Origin, correlation: number, ttlMs: number): void {
    const now = this.#options.clock.now();
    const deadline = ttlMs === 0 ? Number.POSITIVE_INFINITY : now + ttlMs;
    const request = new Request(handler, value, origin, correlation, deadline, this.#options.clock);
    if (this.#backlog.length - this.#head >= BACKLOG_MAX) {
      const details = { service: this.#options.service, count: BACKLOG_MAX };
      this.#fail(request, new BusError("core/overloaded", { details }));
      return;
    }
    let active = this.#active.get(origin);
    if (active === undefined) {
      active = new Map();
      this.#active.set(origin, active);
    }
    // Honest callers never repeat a number; whoever does gives up the first request.
    active.get(correlation)?.cancel();
    active.set(correlation, request);
    if (this.#running < this.#options.concurrency && this.#head === this.#backlog.length) this.#run(request);
    else this.#backlog.push(request);
  }

  cancel(origin: Origin, correlation: number): void {
    this.#active.get(origin)?.get(correlation)?.cancel();
  }

  credit(origin: Origin, correlation: number, items: number): void {
    const request = this.#active.get(origin)?.get(correlation);
    if (request === undefined) return;
    request.credit = Math.min(request.credit + items, CREDIT_MAX);
    request.wake?.();
  }

  /** The caller reads again. */
  room(origin: Origin): void {
    for (const request of this.#active.get(origin)?.values() ?? []) request.wake?.();
  }

  /** The caller's link is gone. */
  lost(origin: Origin): void {
    const active = this.#active.get(origin);
    this.#active.delete(origin);
    for (const request of active?.values() ?? []) request.cancel();
  }

  #run(request: Request): void {
    if (request.cancelled || this.#options.clock.now() >= request.deadlineAt) {
      this.#done(request, false);
      return;
    }
    this.#running++;
    let answer: unknown;
    try {
      answer = request.handler.handle(request.value, request);
    } catch (error) {
      this.#fail(request, error);
      this.#done(request, true);
      return;
    }
    if (request.handler.method.streaming) {
      void this.#stream(request, answer as AsyncIterable<unknown> | Iterable<unknown>);
    } else if (isThenable(answer)) {
      Promise.resolve(answer).then(
        (value) => {
          this.#reply(request, value);
          this.#done(request, true);
        },
        (error) => {
          this.#fail(request, error);
          this.#done(request, true);
        },
      );
    } else {
      this.#reply(request, answer);
      this.#done(request, true);
    }
  }

  #done(request: Request, ran: boolean): void {
    const active = this.#active.get(request.origin);
    // After a restart the same caller counts from 1 again: the number may be another request's by now.
    if (active?.get(request.correlation) === request) active.delete(request.correlation);
    if (ran) this.#running--;
    this.#advance();
  }

  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    while (this.#running < this.#options.concurrency && this.#head < this.#backlog.length) {
      const next = this.#backlog[this.#head++];
      if (this.#head === this.#backlog.length) {
        this.#backlog.length = 0;
        this.#head = 0;
      } else if (this.#head >= 1024) {
        this.#backlog.splice(0, this.#head);
        this.#head = 0;
      }
      this.#run(next);
    }
    this.#advancing = false;
  }

  /** @returns false when the answer could not be encoded; the caller has been told */
  #reply(request: Request, value: unknown, kind: number = Kind.response): boolean {
    if (request.cancelled) return true;
    const { method } = request.handler;
    const { correlation, origin } = request;
    try {
      origin.send({ kind, typeId: method.requestId, correlation, ttlMs: 0, type: method.response, value });
      return true;
    } catch (error) {
      // A wrong field of an answer is a fault of the handler, wherever it was noticed.
      const { code, details } = misfit(method.response, value, error);
      const wrong = code === "core/type-mismatch";
      this.#fail(request, wrong ? new TypeError(`${details.type}: ${details.path} ${details.problem}`) : error);
      return false;
    }
  }

  async #stream(request: Request, items: AsyncIterable<unknown> | Iterable<unknown>): Promise<void> {
    try {
      for await (const item of items) {
        if (request.cancelled) break;
        if (!this.#reply(request, item, Kind.streamItem)) request.cancelled = true;
        request.credit--;
        while ((request.credit <= 0 || request.origin.isCongested()) && !request.cancelled) {
          await new Promise<void>((resolve) => {
            request.wake = resolve;
          });
        }
        if (request.cancelled) break;
      }
      if (!request.cancelled) {
        const { requestId } = request.handler.method;
        request.origin.send({ kind: Kind.streamEnd, typeId: requestId, correlation: request.correlation, ttlMs: 0 });
      }
    } catch (error) {
      this.#fail(request, error);
    }
    this.#done(request, true);
  }

  #fail(request: Request, thrown: unknown): void {
    if (request.cancelled) return;
    const error = asBusError(thrown, request.handler.rpc);
    if (!(thrown instanceof BusError)) {
      this.#options.log.error(
        { rpc: request.handler.rpc, err: String((thrown as Error)?.stack ?? thrown) },
        error.message,
      );
    }
    const { requestId } = request.handler.method;
    try {
      request.origin.send({ kind: Kind.error, typeId: requestId, correlation: request.correlation, ttlMs: 0, error });
    } catch (failure) {
      this.#options.log.error({ rpc: request.handler.rpc }, `an error could not be sent: ${String(failure)}`);
    }
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";

/** A handler's own errors travel as core/app with the name it gave them, or as core/handler-failed. */
const asBusError = (thrown: unknown, rpc: string): BusError => {
  if (thrown instanceof BusError) return thrown;
  if (thrown instanceof Error && thrown.name.startsWith("app/")) {
    const { details } = thrown as { details?: unknown };
    const own = typeof details === "object" && details !== null ? details : {};
    return new BusError("core/app", { details: { ...own, name: thrown.name, text: thrown.message } });
  }
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new BusError("core/handler-failed", { details: { rpc, reason } });
};
