import { CLOSED, FULL, type Outbound } from "#transport";
import { BusError, Kind, MAGIC, type Memory, paddedBytes, VERSION } from "#wire";
import { RING_HEADER_BYTES, Word } from "./layout.ts";
import { RingReport } from "./ring-report.ts";

/**
 * Records that may wait unseen between two flushes. A store of `tail` waits until all stores before it have reached the other
 * processor, so it is worth saving; more records than these gain nothing. A large one counts once more for each 2 KiB, but
 * never for more than a quarter of them: a reader of the largest falls asleep between any two, and ringing it for each costs more.
 */
const PUBLISH_EVERY = 64;
const COUNTS_ONCE_SHIFT = 11;
const COUNTS_MORE_MAX = 15;
/** The consumer's counters are taken in at least this often, long before they go round: a record is 64 bytes or more. */
const COUNT_AFTER_BYTES = 2 ** 28;
const PAD_WORD = MAGIC | (VERSION << 8) | (Kind.pad << 16);

/**
 * The producer's side of a ring: claims in place, commits, publishes in batches. Atomics on the header's words only;
 * their partners are named in native/core/ring/ring_writer.cc, of which this is the twin. Never waits, allocates nothing.
 */
export class RingWriter implements Outbound {
  readonly memory: Memory;
  readonly report: RingReport;
  readonly capacity: number;
  limit = 0;
  committed = 0;
  /** First byte of the last claim, and of the next one that fits behind it. */
  offset = 0;
  /** A claim answered FULL; `writable` is owed once there is room. */
  wantsRoom = false;
  closed = false;

  readonly #words: Int32Array;
  readonly #mask: number;
  readonly #wake: () => void;
  #tail: number;
  #published: number;
  #head: number;
  #reportedHead: number;
  #reportedTotal = 0;
  #countedHead: number;
  #pad = 0;
  /** Bytes from `offset` to `limit`: known to be free, whatever the consumer has released since. */
  #room = 0;
  /** Commits until `tail` is stored. */
  #untilPublish = 1;
  #flushed = true;
  #broken = false;
  readonly #faulty: (() => void) | undefined;

  /**
   * @param wake rings the consumer, which slept
   * @param faulty told once when the consumer's side of the header says what cannot be; not to be acted upon at once,
   * because a frame may be half written
   */
  constructor(memory: Memory, wake: () => void, faulty?: () => void) {
    this.memory = memory;
    this.#words = memory.i32;
    this.capacity = memory.size - RING_HEADER_BYTES;
    this.#mask = this.capacity - 1;
    this.#wake = wake;
    this.#faulty = faulty;
    this.#tail = Atomics.load(this.#words, Word.tail);
    this.#published = this.#tail;
    this.#head = Atomics.load(this.#words, Word.head);
    this.#reportedHead = this.#head;
    this.#countedHead = this.#head;
    this.report = new RingReport(
      this.#words,
      () => this.committed,
      () => this.#break(),
    );
  }

  /** @throws BusError core/message-too-large above half of the ring, where it might never find room */
  claim(bytesMin: number): number {
    if (bytesMin <= this.#room && !this.closed && this.#words[Word.consumerClosed] === 0) return this.offset;
    return this.#claimAnew(bytesMin);
  }

  #claimAnew(bytesMin: number): number {
    if (this.closed) return CLOSED;
    if (this.#words[Word.consumerClosed] !== 0) {
      // Its end of the link is on the way to us; until then there is no room.
      this.wantsRoom = true;
      return FULL;
    }
    const need = paddedBytes(bytesMin);
    if (this.#place(need)) return this.offset;
    this.#look();
    if (this.#place(need)) return this.offset;
    if (need > this.capacity / 2) {
      throw new BusError("core/message-too-large", {
        details: { type: "frame", bytes: bytesMin, limit: this.capacity / 2, edge: "(ring)" },
      });
    }
    // What was committed must be seen, else nobody makes room. Then announce, then look once more: a consumer that
    // released before it saw the announcement is seen by this look.
    this.flush();
    Atomics.store(this.#words, Word.waiting, 1);
    this.#look();
    if (this.#place(need)) {
      Atomics.store(this.#words, Word.waiting, 0);
      return this.offset;
    }
    this.wantsRoom = true;
    return FULL;
  }

  /** Takes the consumer's head, unless it goes back or beyond what was published. */
  #look(): void {
    const head = Atomics.load(this.#words, Word.head);
    if (((head - this.#head) | 0) < 0 || ((this.#published - head) | 0) < 0) {
      this.#break();
      return;
    }
    this.#head = head;
    if (((head - this.#countedHead) | 0) < COUNT_AFTER_BYTES) return;
    this.#countedHead = head;
    this.report.look();
  }

  #break(): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#faulty?.();
  }

  /** Finds a place by the consumer's head as last seen. */
  #place(need: number): boolean {
    const position = this.#tail & this.#mask;
    const toEnd = this.capacity - position;
    const free = this.capacity - ((this.#tail - this.#head) | 0);
    const contiguous = Math.min(free, toEnd);
    if (contiguous >= need) {
      this.#pad = 0;
      this.offset = RING_HEADER_BYTES + position;
      this.limit = this.offset + contiguous;
      this.#room = contiguous;
      return true;
    }
    if (free - toEnd < need || free <= toEnd) return false;
    this.#pad = toEnd;
    this.offset = RING_HEADER_BYTES;
    this.#room = free - toEnd;
    this.limit = RING_HEADER_BYTES + this.#room;
    return true;
  }

  commit(bytes: number): void {
    if (this.#pad !== 0) this.#writePad();
    const step = (bytes + 7) & ~7;
    this.#tail = (this.#tail + step) | 0;
    this.offset += step;
    this.#room -= step;
    this.committed++;
    const isFirst = this.#flushed;
    this.#flushed = false;
    // The first of a batch at once, so that an awake consumer starts; the rest in groups.
    this.#untilPublish -= 1 + Math.min(step >> COUNTS_ONCE_SHIFT, COUNTS_MORE_MAX);
    if (this.#untilPublish > 0) return;
    this.#publish();
    // A consumer that sleeps through the first is rung for those that follow, rather than when the ring is full.
    if (!isFirst) this.#ring();
  }

  #ring(): void {
    if (Atomics.load(this.#words, Word.sleeping) !== 0 && Atomics.exchange(this.#words, Word.sleeping, 0) !== 0) {
      this.#wake();
    }
  }

  #writePad(): void {
    const at = (RING_HEADER_BYTES + (this.#tail & this.#mask)) >> 2;
    this.#words[at] = this.#pad;
    this.#words[at + 1] = PAD_WORD;
    this.#tail = (this.#tail + this.#pad) | 0;
    this.#pad = 0;
  }

  #publish(): void {
    this.#untilPublish = PUBLISH_EVERY;
    this.#published = this.#tail;
    Atomics.store(this.#words, Word.tail, this.#tail);
  }

  flush(): void {
    if (this.#flushed || this.closed) return;
    this.#flushed = true;
    if (this.#published !== this.#tail) this.#publish();
    this.#untilPublish = 1;
    this.#ring();
  }

  /** Whether anything was committed since the last flush. */
  get dirty(): boolean {
    return !this.#flushed;
  }

  /** Asks for a ring of the bell once the counters have moved. @returns false when the ring has run empty already */
  wantReport(): boolean {
    Atomics.store(this.#words, Word.reportWanted, 1);
    if (this.inUse() > 0) return true;
    Atomics.store(this.#words, Word.reportWanted, 0);
    return false;
  }

  /** Bytes committed and not released. */
  inUse(): number {
    this.#look();
    return (this.#tail - this.#head) | 0;
  }

  /** Whether a quarter of the ring is free, which is when a waiting producer goes on. If not, the bell will ring for it. */
  hasRoom(): boolean {
    if (this.#isQuarterFree()) return true;
    // A ring may have used our announcement up for room that was filled meanwhile: the consumer judged by an older tail.
    Atomics.store(this.#words, Word.waiting, 1);
    return this.#isQuarterFree();
  }

  #isQuarterFree(): boolean {
    return this.capacity - this.inUse() >= this.capacity / 4;
  }

  /** Whether the consumer has released or counted anything since this was asked last: it may count long after it released. */
  moved(): boolean {
    this.#look();
    this.unsettled(); // looks at the counters, where that can say anything new
    if (this.#head === this.#reportedHead && this.report.total === this.#reportedTotal) return false;
    this.#reportedHead = this.#head;
    this.#reportedTotal = this.report.total;
    return true;
  }

  /** Whether the fate of a committed frame is still open. */
  unsettled(): boolean {
    if (this.report.total === this.committed) return false;
    this.report.look();
    return this.report.total !== this.committed;
  }

  /** Tells the consumer that nothing will follow. */
  markClosed(): void {
    Atomics.store(this.#words, Word.producerClosed, 1);
  }

  /** Touches the memory no more: it may go. */
  end(): void {
    this.closed = true;
    this.report.end();
  }

  consumerClosed(): boolean {
    return Atomics.load(this.#words, Word.consumerClosed) !== 0;
  }
}
