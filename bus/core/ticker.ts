import type { Clock } from "./hub-api.ts";

/** Something that has committed frames and must hand them over before the tick ends. */
export interface Flushable {
  flush(): void;
}

const TWO32 = 4294967296n;
/** Publishes of one tick after which `publish` takes a turn of the event loop, so that timers and sockets live. */
const PUBLISHES_PER_TURN = 1024;

/**
 * The tick of a hub: frames committed during one run of JavaScript leave together at its end, and share one time stamp,
 * because reading the clock per message costs half the rate.
 */
export class Ticker {
  readonly #clock: Clock;
  readonly #dirty: Flushable[] = [];
  #scheduled = false;
  #stamped = false;
  #publishes = 0;
  #turning: Promise<void> | undefined;
  /** Time stamp of this tick as two words, and as it is. */
  stampLo = 0;
  stampHi = 0;
  stampNs = 0n;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Registers for the end of the tick. The caller sees to it that it registers once. */
  add(flushable: Flushable): void {
    this.#dirty.push(flushable);
    if (!this.#scheduled) this.#schedule();
  }

  stamp(): void {
    if (this.#stamped) return;
    this.#stamped = true;
    this.stampNs = this.#clock.wallNs();
    this.stampLo = Number(this.stampNs & 0xffffffffn) | 0;
    this.stampHi = Number(this.stampNs / TWO32) | 0;
    if (!this.#scheduled) this.#schedule();
  }

  /** Hands over what was committed, now. */
  flush(): void {
    this.#stamped = false;
    const dirty = this.#dirty;
    for (let i = 0; i < dirty.length; i++) dirty[i].flush();
    dirty.length = 0;
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
