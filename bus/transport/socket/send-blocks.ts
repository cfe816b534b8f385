import { KEPT_BLOCK_BYTES, POOLED_BYTES_MIN } from "./limits.ts";

/** Blocks come in multiples of the small step up to the large one, and of that beyond. */
const SMALL_STEP_BYTES = 4 * 1024;
const LARGE_STEP_BYTES = 32 * 1024;

/** Bytes of the block that a message of `bytes` leaves in. */
const capacityFor = (bytes: number): number => {
  const step = bytes <= LARGE_STEP_BYTES ? SMALL_STEP_BYTES : LARGE_STEP_BYTES;
  return Math.ceil(bytes / step) * step;
};

/**
 * Blocks that messages with data leave in, of one carrier. ZeroMQ goes on reading a sent buffer after `send` has resolved, so a block is
 * used again when the reader has released the data in it: only then is it certain that all of it was sent. A reader that releases
 * what it did not get spoils nothing but what it gets itself.
 */
export class SendBlocks {
  /** Free ones, by their size. */
  readonly #free = new Map<number, Buffer[]>();
  #freeBytes = 0;
  /** Those on their way, oldest first, each with the count of released bytes at which it is free. */
  #busy: { readonly block: Buffer; readonly until: number }[] = [];
  #first = 0;
  #taken = false;

  /**
   * @param until data bytes committed on the carrier so far, those of this message among them
   * @returns exactly `bytes` to be filled and sent
   */
  take(bytes: number, until: number): Buffer {
    if (bytes < POOLED_BYTES_MIN) return Buffer.allocUnsafe(bytes);
    this.#taken = true;
    const capacity = capacityFor(bytes);
    const kept = this.#free.get(capacity)?.pop();
    if (kept !== undefined) this.#freeBytes -= capacity;
    const block = kept ?? Buffer.allocUnsafeSlow(capacity);
    this.#busy.push({ block, until });
    return block.subarray(0, bytes);
  }

  /** The reader has released so many data bytes of the carrier. */
  released(bytes: number): void {
    const busy = this.#busy;
    while (this.#first < busy.length && busy[this.#first].until <= bytes) this.#keep(busy[this.#first++].block);
    // Cut now and then: a shift for each would move the whole list.
    if (this.#first * 2 > busy.length) {
      this.#busy = busy.slice(this.#first);
      this.#first = 0;
    }
  }

  /** Called now and then: gives back what no message has needed since. */
  trim(): void {
    if (!this.#taken) {
      this.#free.clear();
      this.#freeBytes = 0;
    }
    this.#taken = false;
  }

  #keep(block: Buffer): void {
    if (this.#freeBytes + block.length > KEPT_BLOCK_BYTES) return;
    this.#freeBytes += block.length;
    const same = this.#free.get(block.length);
    if (same === undefined) this.#free.set(block.length, [block]);
    else same.push(block);
  }
}
