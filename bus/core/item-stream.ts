import type { BusError } from "#wire";
import type { CallSink } from "./caller.ts";

export interface ItemStreamOptions {
  /** Items that may lie here unread. */
  readonly window: number;
  readonly now: () => number;
  /** Sends the request. @returns its correlation */
  readonly start: (sink: CallSink) => number;
  readonly grant: (correlation: number, items: number) => void;
  readonly cancel: (correlation: number) => void;
}

interface Waiter {
  resolve(result: IteratorResult<unknown, undefined>): void;
  reject(error: BusError): void;
}

/** The reader of one streamed answer. The window bounds what lies here; credits go back half a window at a time. */
export class ItemStream implements AsyncIterator<unknown, undefined>, CallSink {
  readonly #options: ItemStreamOptions;
  #items: unknown[] = [];
  #waiters: Waiter[] = [];
  #waitingSince: number | undefined;
  #correlation = 0;
  #taken = 0;
  #started = false;
  #ended = false;
  #failure: BusError | undefined;

  constructor(options: ItemStreamOptions) {
    this.#options = options;
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    const result = new Promise<IteratorResult<unknown, undefined>>((resolve, reject) => {
      if (this.#items.length > 0 && this.#waiters.length === 0) {
        resolve({ done: false, value: this.#items.shift() });
        this.#took();
      } else if (this.#failure !== undefined) {
        reject(this.#failure);
        this.#failure = undefined;
      } else if (this.#ended) resolve({ done: true, value: undefined });
      else {
        this.#waiters.push({ resolve, reject });
        this.#waitingSince ??= this.#options.now();
      }
    });
    if (!this.#started) {
      this.#started = true;
      this.#correlation = this.#options.start(this);
    }
    return result;
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    const isRunning = this.#started && !this.#ended;
    this.#started = true;
    this.#ended = true;
    this.#items = [];
    this.#failure = undefined;
    this.#endWaiters();
    if (isRunning) this.#options.cancel(this.#correlation);
    return Promise.resolve({ done: true, value: undefined });
  }

  // ---- as the sink of its call

  item(value: unknown): boolean {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) {
      if (this.#items.length >= this.#options.window) return false;
      this.#items.push(value);
      return true;
    }
    this.#waitingSince = this.#waiters.length > 0 ? this.#options.now() : undefined;
    waiter.resolve({ done: false, value });
    this.#took();
    return true;
  }

  settle(error: BusError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    const first = error === undefined ? undefined : this.#waiters.shift();
    if (first === undefined) this.#failure = error;
    else first.reject(error as BusError);
    this.#endWaiters();
  }

  waitingSince(): number | undefined {
    return this.#waitingSince;
  }

  #endWaiters(): void {
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ done: true, value: undefined });
    this.#waitingSince = undefined;
  }

  #took(): void {
    if (++this.#taken < this.#options.window / 2) return;
    const items = this.#taken;
    this.#taken = 0;
    if (!this.#ended) this.#options.grant(this.#correlation, items);
  }
}
