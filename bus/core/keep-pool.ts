import type { MessageView } from "#schema";
import { frameLength, Memory, paddedBytes, payloadOffset } from "#wire";
import type { AnyMessageType, Kept } from "./api.ts";

/** Buffers are powers of two from here on, so that few sizes serve all messages. */
const BUFFER_BYTES_MIN = 4096;
/** Released buffers that wait for their next message, all together. What is beyond is left to the collector. */
const FREE_BYTES_MAX: number = 64 * 1024 * 1024;

/**
 * Copies of messages that a user keeps beyond the callback. A fresh buffer per large message costs more than its copy
 * (page faults, and a collector that does not see it soon), so buffers are used again once they are released.
 * One thread; belongs to one inbox.
 */
export class KeepPool {
  /** Buffers made so far; the rest of what was kept went into used ones. */
  made = 0;
  readonly #free = new Map<number, Memory[]>();
  #freeBytes = 0;
  /** Which type a view reads. A view is made once per subscriber and memory, so this is written seldom. */
  readonly #types = new WeakMap<object, AnyMessageType>();

  /** A view that callbacks will get. */
  know(view: MessageView, type: AnyMessageType): void {
    this.#types.set(view, type);
  }

  /**
   * Copies the frame at `offset` of `memory`, which `view` reads.
   * @throws TypeError when `view` is not what a callback got
   */
  keep<V>(view: V, memory: Memory, offset: number): Kept<V> {
    const type = this.#types.get(view as object);
    if (type === undefined) throw new TypeError("keep takes the message of this callback, not a part of it or another");
    const bytes = frameLength(memory, offset);
    const buffer = this.#take(bytes);
    buffer.u8.set(memory.u8.subarray(offset, offset + bytes));
    const message = type.view(buffer).at(payloadOffset(memory, offset) - offset) as V;
    return new KeptMessage(message, () => this.#put(buffer));
  }

  #take(bytes: number): Memory {
    let size = BUFFER_BYTES_MIN;
    while (size < paddedBytes(bytes)) size *= 2;
    const free = this.#free.get(size)?.pop();
    if (free !== undefined) {
      this.#freeBytes -= size;
      return free;
    }
    this.made++;
    return Memory.allocate(size);
  }

  #put(buffer: Memory): void {
    if (this.#freeBytes + buffer.size > FREE_BYTES_MAX) return;
    this.#freeBytes += buffer.size;
    const free = this.#free.get(buffer.size);
    if (free === undefined) this.#free.set(buffer.size, [buffer]);
    else free.push(buffer);
  }
}

class KeptMessage<V> implements Kept<V> {
  #message: V | undefined;
  readonly #give: () => void;

  constructor(message: V, give: () => void) {
    this.#message = message;
    this.#give = give;
  }

  get message(): V {
    if (this.#message === undefined)
      throw new TypeError("this message was released; its buffer holds another one by now");
    return this.#message;
  }

  release(): void {
    if (this.#message === undefined) return;
    this.#message = undefined;
    this.#give();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** What is owned already needs no copy. */
export const keptAsItIs = <V>(message: V): Kept<V> => new KeptMessage(message, () => undefined);
