import { DROP_REASONS, type LaneReport } from "#transport";
import { Word } from "./layout.ts";

/**
 * The consumer's counters of one ring as running totals: the header keeps them modulo 2^32, so each look adds what came
 * since the last. The writer looks whenever it is told that something has moved, long before 2^32 frames have passed.
 */
export class RingReport implements LaneReport {
  readonly #words: Int32Array;
  /** As last read: delivered, then each reason. */
  readonly #seen: Int32Array = new Int32Array(1 + DROP_REASONS.length);
  readonly #dropped: number[] = DROP_REASONS.map(() => 0);
  #delivered = 0;

  constructor(words: Int32Array) {
    this.#words = words;
    for (let i = 0; i < this.#seen.length; i++) this.#seen[i] = Atomics.load(words, Word.delivered + i);
  }

  get delivered(): number {
    this.#delivered += this.#advance(0);
    return this.#delivered;
  }

  get dropped(): readonly number[] {
    this.look();
    return this.#dropped;
  }

  /** Takes in what has been counted since the last look. */
  look(): void {
    this.#delivered += this.#advance(0);
    for (let i = 0; i < this.#dropped.length; i++) this.#dropped[i] += this.#advance(1 + i);
  }

  #advance(index: number): number {
    const now = Atomics.load(this.#words, Word.delivered + index);
    const moved = (now - this.#seen[index]) >>> 0;
    this.#seen[index] = now;
    return moved;
  }
}
