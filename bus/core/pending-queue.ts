import type { Envelope } from "#transport";
import type { Route } from "./route.ts";

/** A message that waits on the sender's side of an edge: a blocked publish, or one that may be dropped or conflated. */
export interface Pending {
  readonly route: Route;
  /** Place in the order of publishing on this edge. */
  readonly serial: number;
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

/** Dead entries that may lie among the live ones before the queue is swept. */
const DEAD_MAX = 64;

/** First in, first out over all types of an edge, bounded in number and bytes. Removal marks; a sweep clears now and then. */
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

  /** Slots in use, dead ones included: what the queue costs. */
  get slots(): number {
    return this.#items.length;
  }

  /** One message always fits, however large: else it could never be sent. */
  hasRoomFor(bytes: number): boolean {
    return this.#live < this.countMax && (this.#live === 0 || this.#bytes + bytes <= this.bytesMax);
  }

  push(item: Pending): void {
    this.#items.push(item);
    this.#live++;
    this.#bytes += item.bytes;
  }

  /** Before everything that waits, in the order given. */
  unshift(items: readonly Pending[]): void {
    this.#items = [...items, ...this.#items.slice(this.#head).filter((item) => !item.dead)];
    this.#head = 0;
    this.#live += items.length;
    for (const item of items) this.#bytes += item.bytes;
  }

  peek(): Pending | undefined {
    while (this.#head < this.#items.length && this.#items[this.#head].dead) this.#head++;
    return this.#items[this.#head];
  }

  /** Takes an item out wherever it stands. */
  remove(item: Pending): void {
    if (item.dead) return;
    item.dead = true;
    item.cancelTimer?.();
    this.#live--;
    this.#bytes -= item.bytes;
    // Twice the live ones: each removal then pays for a constant share of the sweep.
    if (this.#items.length > 2 * this.#live + DEAD_MAX || this.#live === 0) this.#sweep();
  }

  find(matches: (item: Pending) => boolean): Pending | undefined {
    for (let i = this.#head; i < this.#items.length; i++) {
      const item = this.#items[i];
      if (!item.dead && matches(item)) return item;
    }
    return undefined;
  }

  /** Takes out all that match, oldest first, without cancelling their timers. */
  take(matches: (item: Pending) => boolean): Pending[] {
    const taken: Pending[] = [];
    const kept: Pending[] = [];
    for (let i = this.#head; i < this.#items.length; i++) {
      const item = this.#items[i];
      if (item.dead) continue;
      if (matches(item)) {
        taken.push(item);
        this.#bytes -= item.bytes;
        this.#live--;
      } else kept.push(item);
    }
    this.#items = kept;
    this.#head = 0;
    return taken;
  }

  /** Oldest first; the queue is empty afterwards. */
  drain(): Pending[] {
    const live = this.#items.slice(this.#head).filter((item) => !item.dead);
    for (const item of live) this.remove(item);
    return live;
  }

  #sweep(): void {
    this.#items = this.#live === 0 ? [] : this.#items.slice(this.#head).filter((item) => !item.dead);
    this.#head = 0;
  }
}
