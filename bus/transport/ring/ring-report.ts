import { DROP_REASONS, type LaneReport } from "#transport";
import { Word } from "./layout.ts";

/**
 * The consumer's counters of one ring as running totals: the header keeps them modulo 2^32, so each look adds what came
 * since the last. Looked at when somebody asks, and by the writer long before 2^32 frames have passed.
 */
export class RingReport implements LaneReport {
  #words: Int32Array;
  /** As last read: delivered, then each reason. */
  readonly #seen: Int32Array = new Int32Array(1 + DROP_REASONS.length);
  readonly #dropped: number[] = DROP_REASONS.map(() => 0);
  #delivered = 0;
  #total = 0;
  /** The counters say more than was ever committed. What is too much is left out, so that accounts stay true. */
  faulty = false;
  readonly #committed: () => number;
  readonly #broken: () => void;

  /**
   * @param committed frames that can have been counted by now
   * @param broken told when more than that was counted
   */
  constructor(words: Int32Array, committed: () => number, broken: () => void) {
    this.#words = words;
    this.#committed = committed;
    this.#broken = broken;
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

  /** Frames counted in any way, as of the last look. */
  get total(): number {
    return this.#total;
  }

  /** Takes in what has been counted since the last look. */
  look(): void {
    this.#delivered += this.#advance(0);
    for (let i = 0; i < this.#dropped.length; i++) this.#dropped[i] += this.#advance(1 + i);
  }

  /** The last look: the memory is about to go. */
  end(): void {
    this.look();
    this.#words = this.#words.slice(0, Word.dropped + DROP_REASONS.length);
  }

  #advance(index: number): number {
    // Plain: whoever looks has loaded the head before, and the counters were stored before the head was.
    const now = this.#words[Word.delivered + index];
    const moved = (now - this.#seen[index]) >>> 0;
    if (moved === 0) return 0;
    this.#seen[index] = now;
    const possible = this.#committed() - this.#total;
    if (moved > possible) {
      this.faulty = true;
      this.#broken();
    }
    const believed = Math.min(moved, possible);
    this.#total += believed;
    return believed;
  }
}
