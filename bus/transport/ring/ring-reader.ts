import { DEFERRED, DELIVERED, DROP_REASONS, DROPPED, HOLD } from "#transport";
import { checkFrame, type FrameFault, HEADER_BYTES, Kind, type Lane, MAGIC, type Memory, VERSION } from "#wire";
import { PAD_BYTES_MIN, RING_HEADER_BYTES, Word } from "./layout.ts";

/** Takes frames; the verdicts are those of ByteReceiver.frame. */
export interface FrameSink {
  frame(lane: Lane, memory: Memory, offset: number, length: number): number;
}

/** Why `drain` returned. */
export const Drained = { empty: 0, budget: 1, held: 2, fault: 3, stopped: 4 } as const;
export type Drained = (typeof Drained)[keyof typeof Drained];

const KIND_MASK = 0xff0000;
const PAD_KIND = Kind.pad << 16;
/** Second word of a frame without extensions, whatever its kind. */
const PLAIN_MASK = 0xff00ffff | 0;
const PLAIN_WORD = MAGIC | (VERSION << 8) | ((HEADER_BYTES >> 3) << 24);
/** Of this module, and so constants for the compiler; what is imported is looked up and checked each time. */
const HEADER = HEADER_BYTES;
const DATA = RING_HEADER_BYTES;
const TAKEN = DELIVERED;
const UNSOUND = -1;
const PAD_PASSED = -2;

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
  /** Totals, modulo 2^32, shown in the header with each release. */
  #delivered = 0;
  #shown = 0;
  readonly #dropped: Int32Array = new Int32Array(DROP_REASONS.length);
  /** Something was dropped since the drops were shown. */
  #hasDropped = false;
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
    const words = this.#words;
    const mask = this.#mask;
    const releaseEvery = capacity >> 3;
    // Not believed yet: the loop takes it for empty, looks once more, and then checks what it finds.
    let tail = this.#head;
    let result: Drained = Drained.empty;
    let taken = 0;
    this.taken = 0;
    // Nobody but this side writes it. Looking costs nothing here; not looking lets a peer keep the loop awake for ever.
    if (words[Word.head] !== this.#released) {
      this.fault = "CURSOR";
      return Drained.fault;
    }
    for (;;) {
      if (this.stopped) {
        result = Drained.stopped;
        break;
      }
      if (taken >= budget) {
        result = Drained.budget;
        break;
      }
      const head = this.#head;
      if (head === tail) {
        tail = this.#tail();
        if (head === tail) break;
        if (!this.#isPossible(tail)) {
          result = Drained.fault;
          break;
        }
      }
      const position = head & mask;
      const offset = DATA + position;
      const used = (tail - head) | 0;
      const second = words[(offset >> 2) + 1];
      let length = words[offset >> 2];
      // A frame without extensions, whole and in one piece: all of checkFrame in one look. Anything else is looked at closely.
      if (
        (second & PLAIN_MASK) !== PLAIN_WORD ||
        (second & KIND_MASK) === PAD_KIND ||
        length < HEADER ||
        length > used ||
        length > capacity - position
      ) {
        length = this.#unusual(offset, used, capacity - position);
        if (length === PAD_PASSED) continue;
        if (length < 0) {
          result = Drained.fault;
          break;
        }
      }
      const verdict = sink.frame(lane, memory, offset, length);
      if (verdict === TAKEN) this.#delivered = (this.#delivered + 1) | 0;
      else if (verdict === HOLD) {
        result = Drained.held;
        break;
      } else if (verdict !== DEFERRED) this.#count(verdict);
      taken++;
      this.#head = (head + ((length + 7) & ~7)) | 0;
      if (((this.#head - this.#released) | 0) >= releaseEvery) this.release();
    }
    this.taken = taken;
    this.release();
    return result;
  }

  /**
   * A record that is no plain frame.
   * @returns length of a sound frame; PAD_PASSED; UNSOUND, and then `fault` says why
   */
  #unusual(offset: number, used: number, toEnd: number): number {
    const { memory } = this;
    const second = memory.i32[(offset >> 2) + 1];
    const length = memory.u32[offset >> 2];
    if ((second & KIND_MASK) === PAD_KIND) {
      if (length !== toEnd || length > used || (second & 0xff) !== MAGIC) {
        this.fault = "LENGTH";
        return UNSOUND;
      }
      this.#head = (this.#head + length) | 0;
      return PAD_PASSED;
    }
    this.fault = checkFrame(memory, offset, Math.min(used, toEnd));
    return this.fault === undefined ? length : UNSOUND;
  }

  #tail(): number {
    return this.#last ?? Atomics.load(this.#words, Word.tail);
  }

  /** The producer is gone: whatever changes `tail` from now on is not believed. */
  producerEnded(): void {
    this.#last ??= Atomics.load(this.#words, Word.tail);
  }

  /** Whether a sound producer can have left this tail; what lies before it may then be looked at, 8 bytes at least. */
  #isPossible(tail: number): boolean {
    const used = (tail - this.#head) | 0;
    if (used >= PAD_BYTES_MIN && used <= this.capacity && (used & 7) === 0) return true;
    this.fault = "LENGTH";
    return false;
  }

  #count(verdict: number): void {
    if (verdict === DELIVERED) {
      this.#delivered = (this.#delivered + 1) | 0;
      return;
    }
    this.#dropped[verdict - DROPPED]++;
    this.#hasDropped = true;
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

  /** Those that moved. They are seen before the head that follows them. */
  #showCounts(): void {
    if (this.#ended) return;
    if (this.#shown !== this.#delivered) {
      this.#shown = this.#delivered;
      Atomics.store(this.#words, Word.delivered, this.#delivered);
    }
    if (!this.#hasDropped) return;
    this.#hasDropped = false;
    for (let i = 0; i < this.#dropped.length; i++) Atomics.store(this.#words, Word.dropped + i, this.#dropped[i]);
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
