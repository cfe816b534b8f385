import type { MessageView } from "#schema";
import type { AnyMessageType, MessageMeta, SubscribeOptions, Subscriber, Subscription } from "./api.ts";
import { requireFits } from "./envelope.ts";
import type { Inbox } from "./inbox.ts";

export const BUFFER_DEFAULT = 1024;

export type Callback = (view: never, meta: MessageMeta) => unknown;

/** One `bus.subscriber(…)`: a bounded buffer for iteration until a callback takes over. */
export class SubscriberImpl<T, View extends MessageView> implements Subscriber<T, View> {
  readonly type: string;
  readonly messageType: AnyMessageType;
  readonly topic: string;
  readonly from: string;
  readonly bufferMax: number;
  /** Called in place of buffering; undefined while messages are buffered. */
  callback: Callback | undefined;
  /** The reader in place, and the memory it was made for. */
  view: (View & { at(offset: number): View }) | undefined;
  viewMemory: unknown;
  closed = false;
  readonly #inbox: Inbox;
  /** Nobody has begun to iterate, so a callback may still come, and want to know what came with each message. */
  undecided = true;
  #buffer: T[] = [];
  /** Beside #buffer, while undecided. */
  #metas: MessageMeta[] = [];
  #head = 0;
  #waiting: ((result: IteratorResult<T, undefined>) => void)[] = [];
  #stalled = false;

  constructor(inbox: Inbox, type: AnyMessageType, options: SubscribeOptions) {
    this.#inbox = inbox;
    this.type = type.name;
    this.messageType = type;
    this.topic = options.topic ?? "";
    this.from = options.from ?? "";
    if (this.topic !== "") requireFits(this.topic, "");
    this.bufferMax = Math.max(1, options.buffer ?? BUFFER_DEFAULT);
  }

  get ready(): Promise<void> {
    return this.#inbox.announced(this);
  }

  get buffered(): number {
    return this.#buffer.length - this.#head;
  }

  /** Asked before a message is handed to anyone, so that it reaches all or none. */
  get isFull(): boolean {
    if (this.callback !== undefined || this.buffered < this.bufferMax) return false;
    this.#stalled = true;
    return true;
  }

  /** @param meta one that stays as it is; needed while undecided */
  push(message: T, meta?: MessageMeta): void {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting({ done: false, value: message });
    else {
      this.#buffer.push(message);
      if (meta !== undefined) this.#metas.push(meta);
    }
  }

  on(callback: (view: View & Readonly<T>, meta: MessageMeta) => void): Subscription {
    if (this.callback !== undefined) throw new TypeError(`this subscriber of ${this.type} already has a callback`);
    if (!this.undecided) throw new TypeError(`this subscriber of ${this.type} is iterated already`);
    this.callback = callback as Callback;
    this.#inbox.called(this);
    const [early, metas] = [this.#buffer, this.#metas];
    this.#buffer = [];
    this.#decided();
    for (const [i, message] of early.entries()) {
      if (!this.closed) this.#inbox.guard(this, () => callback(message as View & Readonly<T>, metas[i]));
    }
    this.#resume();
    const close = (): void => this.close();
    return { close, [Symbol.dispose]: close };
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    if (this.callback !== undefined) throw new TypeError(`this subscriber of ${this.type} has a callback already`);
    this.#decided();
    return {
      next: () => this.#next(),
      return: () => {
        this.close();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #decided(): void {
    this.undecided = false;
    this.#metas = [];
  }

  #next(): Promise<IteratorResult<T, undefined>> {
    if (this.#head < this.#buffer.length) {
      const value = this.#buffer[this.#head];
      this.#buffer[this.#head++] = undefined as T;
      if (this.#head === this.#buffer.length) {
        this.#buffer.length = 0;
        this.#head = 0;
      } else if (this.#head >= 512) {
        this.#buffer.splice(0, this.#head);
        this.#head = 0;
      }
      if (this.#stalled && this.buffered <= this.bufferMax >> 1) this.#resume();
      return Promise.resolve({ done: false, value });
    }
    if (this.closed) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #resume(): void {
    if (!this.#stalled) return;
    this.#stalled = false;
    this.#inbox.resume();
  }

  /** Ends the iteration once what is buffered was read. Safe to call twice. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const waiting of this.#waiting.splice(0)) waiting({ done: true, value: undefined });
    this.#inbox.remove(this as unknown as SubscriberImpl<unknown, MessageView>);
    this.#resume();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }
}
