import type { Clock } from "./hub-api.ts";

/** Something that has committed frames and must hand them over before the tick ends. */
export interface Flushable {
  flush(): void;
}

const TWO32 = 4294967296;
const NS_PER_MS = 1e6;
/** Publishes of one tick after which `publish` takes a turn of the event loop, so that timers and sockets live. */
const PUBLISHES_PER_TURN = 1024;

/**
 * The tick of a hub: frames committed during one run of JavaScript leave together at its end, and share one time stamp,
 * because reading the clock per message costs half the rate.
 */
export class Ticker {
  readonly #clock: Clock;
  readonly #dirty: Flushable[] = [];
  /** Of `#dirty`, so many: setting the length of an array costs a call into the runtime. */
  #count = 0;
  #scheduled = false;
  #stamped = false;
  #publishes = 0;
  #turning: Promise<void> | undefined;
  /** Time stamp of this tick, ns since the Unix epoch, as two words: bigint costs more than the rest of a header. */
  stampLo = 0;
  stampHi = 0;
  /**
   * Frames are being delivered: whoever delivers them says when the run has ended (`ByteReceiver.idle`), and what callbacks
   * have committed leaves then, with no tick of its own.
   */
  delivering = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Registers for the end of the tick. The caller sees to it that it registers once. */
  add(flushable: Flushable): void {
    this.#dirty[this.#count++] = flushable;
    if (!this.#scheduled && !this.delivering) this.#schedule();
  }

  stamp(): void {
    if (this.#stamped) return;
    this.#stamped = true;
    const ns = this.#clock.wallMs() * NS_PER_MS;
    const high = Math.floor(ns / TWO32);
    this.stampLo = (ns - high * TWO32) | 0;
    this.stampHi = high | 0;
    if (!this.#scheduled && !this.delivering) this.#schedule();
  }

  /** Time stamp of this tick, ns since the Unix epoch. */
  get stampNs(): bigint {
    return (BigInt(this.stampHi >>> 0) << 32n) | BigInt(this.stampLo >>> 0);
  }

  /** Hands over what was committed, now. */
  flush(): void {
    this.#stamped = false;
    const dirty = this.#dirty;
    for (let i = 0; i < this.#count; i++) dirty[i].flush();
    this.#count = 0;
  }

  /** Counts a publish. @returns a promise to wait for when the tick has run long enough, else undefined */
  turn(): Promise<void> | undefined {
    if (++this.#publishes < PUBLISHES_PER_TURN) return undefined;
    this.#turning ??= new Promise<void>((resolve) => {
      this.flush();
      setImmediate(() => {
        this.#turning = undefined;
        this.#publishes = 0;
        resolve();
      });
    });
    return this.#turning;
  }

  #schedule(): void {
    this.#scheduled = true;
    // Runs when the promise jobs of this tick are done: an awaiting loop still fills batches.
    process.nextTick(() => {
      this.#scheduled = false;
      this.flush();
    });
  }
}
