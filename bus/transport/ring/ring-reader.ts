import { DEFERRED, DELIVERED, DROP_REASONS, DROPPED, HOLD } from "#transport";
import { checkFrame, type FrameFault, frameLength, Kind, type Lane, MAGIC, type Memory, paddedBytes } from "#wire";
import { PAD_BYTES_MIN, RING_HEADER_BYTES, Word } from "./layout.ts";

/** Takes frames; the verdicts are those of ByteReceiver.frame. */
export interface FrameSink {
  frame(lane: Lane, memory: Memory, offset: number, length: number): number;
}

/** Why `drain` returned. */
export const Drained = { empty: 0, budget: 1, held: 2, fault: 3, stopped: 4 } as const;
export type Drained = (typeof Drained)[keyof typeof Drained];

const PAD_KIND = Kind.pad << 16;

/**
 * The consumer's side of a ring. Believes nothing that it reads: cursors and lengths are checked against the ring before
 * a byte behind them is touched. Twin of native/core/ring/ring_reader.cc, where the partners of the atomics are named.
 */
export class RingReader {
  readonly memory: Memory;
  readonly capacity: number;
  /** Frames that the last `drain` passed. */
  taken = 0;
  fault: FrameFault | "CURSOR" | undefined;
  /** Makes a running `drain` return. */
  stopped = false;

  readonly #words: Int32Array;
  readonly #mask: number;
  readonly #wake: () => void;
  /** Totals, modulo 2^32, shown in the header with each release: delivered, then each reason. */
  readonly #counts: Int32Array = new Int32Array(1 + DROP_REASONS.length);
  #shown = 0;
  #counted = 0;
  #head: number;
  #released: number;
  /** Where the producer stopped for good. */
  #last: number | undefined;
  #ended = false;

  /** @param wake rings the producer, which waits for room */
  constructor(memory: Memory, wake: () => void) {
    this.memory = memory;
    this.#words = memory.i32;
    this.capacity = memory.size - RING_HEADER_BYTES;
    this.#mask = this.capacity - 1;
    this.#wake = wake;
    this.#head = Atomics.load(this.#words, Word.head);
    this.#released = this.#head;
  }

  /** Hands over at most `budget` frames. Space goes back every eighth of the ring and at the end. */
  drain(sink: FrameSink, lane: Lane, budget: number): Drained {
    const { memory, capacity } = this;
    const releaseEvery = capacity >> 3;
    let tail = this.#tail();
    let result: Drained = Drained.empty;
    this.taken = 0;
    // Nobody but this side writes it. Looking costs nothing here; not looking lets a peer keep the loop awake for ever.
    if (this.#words[Word.head] !== this.#released) {
      this.fault = "CURSOR";
      return Drained.fault;
    }
    for (;;) {
      if (this.stopped) {
        result = Drained.stopped;
        break;
      }
      if (this.taken >= budget) {
        result = Drained.budget;
        break;
      }
      if (this.#head === tail) {
        tail = this.#tail();
        if (this.#head === tail) break;
      }
      const position = this.#head & this.#mask;
      const offset = RING_HEADER_BYTES + position;
      const toEnd = capacity - position;
      const used = (tail - this.#head) | 0;
      const available = this.#available(used, toEnd);
      if (available < 0) {
        result = Drained.fault;
        break;
      }
      const second = memory.i32[(offset >> 2) + 1];
      if ((second & 0xff0000) === PAD_KIND) {
        const length = memory.u32[offset >> 2];
        if (length !== toEnd || length > used || (second & 0xff) !== MAGIC) {
          this.fault = "LENGTH";
          result = Drained.fault;
          break;
        }
        this.#head = (this.#head + length) | 0;
        continue;
      }
      this.fault = checkFrame(memory, offset, available);
      if (this.fault !== undefined) {
        result = Drained.fault;
        break;
      }
      const length = frameLength(memory, offset);
      const record = paddedBytes(length);
      const verdict = sink.frame(lane, memory, offset, length);
      if (verdict === HOLD) {
        result = Drained.held;
        break;
      }
      if (verdict !== DEFERRED) this.#count(verdict);
      this.taken++;
      this.#head = (this.#head + record) | 0;
      if (((this.#head - this.#released) | 0) >= releaseEvery) this.release();
    }
    this.release();
    return result;
  }

  #tail(): number {
    return this.#last ?? Atomics.load(this.#words, Word.tail);
  }

  /** The producer is gone: whatever changes `tail` from now on is not believed. */
  producerEnded(): void {
    this.#last ??= Atomics.load(this.#words, Word.tail);
  }

  /** Bytes that may be read at the head; -1 for cursors that no sound producer leaves. */
  #available(used: number, toEnd: number): number {
    const available = Math.min(used, toEnd);
    if (used >= PAD_BYTES_MIN && used <= this.capacity && (used & 7) === 0) return available;
    this.fault = "LENGTH";
    return -1;
  }

  #count(verdict: number): void {
    const index = verdict === DELIVERED ? 0 : 1 + verdict - DROPPED;
    this.#counts[index] = this.#counts[index] + 1;
    this.#counted++;
  }

  /** Fate of a frame that was deferred. Its space went back long ago. */
  settle(verdict: number): void {
    this.#count(verdict);
    this.#showCounts();
  }

  /** Touches the memory no more: it may go. */
  end(): void {
    this.stopped = true;
    this.#ended = true;
  }

  #showCounts(): void {
    if (this.#shown === this.#counted || this.#ended) return;
    this.#shown = this.#counted;
    for (let i = 0; i < this.#counts.length; i++) Atomics.store(this.#words, Word.delivered + i, this.#counts[i]);
  }

  /** Gives the space of all passed frames back, after the counters are shown, and wakes a producer that waits for it. */
  release(): void {
    this.#showCounts();
    if (this.#head === this.#released || this.#ended) return;
    this.#released = this.#head;
    Atomics.store(this.#words, Word.head, this.#head);
    if (Atomics.load(this.#words, Word.waiting) === 0) return;
    const used = (Atomics.load(this.#words, Word.tail) - this.#head) | 0;
    if (this.capacity - used >= this.capacity / 4 && Atomics.exchange(this.#words, Word.waiting, 0) !== 0) this.#wake();
  }

  /** Tells the producer that nothing more will be read. */
  markClosed(): void {
    Atomics.store(this.#words, Word.consumerClosed, 1);
  }

  isEmpty(): boolean {
    return this.#tail() === this.#head;
  }

  /** Says that this side will look again only when it is rung. @returns false when there is something to read after all */
  announceSleep(): boolean {
    Atomics.store(this.#words, Word.sleeping, 1);
    if (Atomics.load(this.#words, Word.tail) === this.#head) return true;
    Atomics.store(this.#words, Word.sleeping, 0);
    return false;
  }
}
