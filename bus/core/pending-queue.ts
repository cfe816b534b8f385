import type { Envelope } from "#transport";
import type { Route } from "./route.ts";

/** A message that waits on the sender's side of an edge: a blocked publish, or one that may be dropped or conflated. */
export interface Pending {
  readonly route: Route;
  /** Encoded payload, on carriers of bytes. */
  readonly payload: Uint8Array | undefined;
  /** The object, on carriers by reference. */
  readonly message: unknown;
  readonly envelope: Envelope;
  readonly bytes: number;
  /** A blocked `publish` waits here; undefined for staged messages. */
  readonly settle: ((error?: unknown) => void) | undefined;
  cancelTimer: (() => void) | undefined;
  /** Taken out (dropped, conflated, timed out); skipped when its turn comes. */
  dead: boolean;
}

/** First in, first out over all types of an edge, bounded in number and bytes. Removal marks; nothing is shifted. */
export class PendingQueue {
  readonly countMax: number;
  readonly bytesMax: number;
  #items: Pending[] = [];
  #head = 0;
  #live = 0;
  #bytes = 0;

  constructor(countMax: number, bytesMax: number) {
    this.countMax = countMax;
    this.bytesMax = bytesMax;
  }

  get length(): number {
    return this.#live;
  }

  get bytes(): number {
    return this.#bytes;
  }

  hasRoomFor(bytes: number): boolean {
    return this.#live < this.countMax && (this.#live === 0 || this.#bytes + bytes <= this.bytesMax);
  }

  push(item: Pending): void {
    this.#items.push(item);
    this.#live++;
    this.#bytes += item.bytes;
  }

  peek(): Pending | undefined {
    while (this.#head < this.#items.length && this.#items[this.#head].dead) this.#head++;
    if (this.#head >= 1024 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return this.#items[this.#head];
  }

  /** Takes an item out wherever it stands. */
  remove(item: Pending): void {
    if (item.dead) return;
    item.dead = true;
    item.cancelTimer?.();
    this.#live--;
    this.#bytes -= item.bytes;
    if (this.#live === 0) {
      this.#items = [];
      this.#head = 0;
    }
  }

  find(matches: (item: Pending) => boolean): Pending | undefined {
    for (let i = this.#head; i < this.#items.length; i++) {
      const item = this.#items[i];
      if (!item.dead && matches(item)) return item;
    }
    return undefined;
  }

  /** Oldest first; the queue is empty afterwards. */
  drain(): Pending[] {
    const live = this.#items.slice(this.#head).filter((item) => !item.dead);
    for (const item of live) this.remove(item);
    return live;
  }
}
