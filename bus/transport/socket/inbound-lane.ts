import { type ByteReceiver, DEFERRED, DELIVERED, DROP_REASONS, DROPPED, HOLD } from "#transport";
import { frameLength, type Lane, type Memory, paddedBytes } from "#wire";
import { HeldFrames } from "./held-frames.ts";

/** Lengths of deferred frames, oldest first. */
class Lengths {
  #items = new Uint32Array(64);
  #head = 0;
  #count = 0;

  push(value: number): void {
    if (this.#count === this.#items.length) this.#grow();
    this.#items[(this.#head + this.#count++) & (this.#items.length - 1)] = value;
  }

  /** @returns 0 when there is none */
  shift(): number {
    if (this.#count === 0) return 0;
    const value = this.#items[this.#head];
    this.#head = (this.#head + 1) & (this.#items.length - 1);
    this.#count--;
    return value;
  }

  #grow(): void {
    const old = this.#items;
    this.#items = new Uint32Array(old.length * 2);
    for (let i = 0; i < old.length; i++) this.#items[i] = old[(this.#head + i) & (old.length - 1)];
    this.#head = 0;
  }
}

/**
 * Receiving side of one lane: offers frames to the receiver, keeps those it cannot take yet, and counts fates for CREDIT.
 * Bytes count as released once their frame's fate is known, so what is held here never exceeds the granted window.
 */
export class InboundLane {
  readonly lane: Lane;
  readonly windowBytes: number;
  releasedBytes = 0;
  delivered = 0;
  readonly dropped: number[] = DROP_REASONS.map(() => 0);
  /** The receiver said HOLD, or there is none yet. */
  holding = true;
  /** `resume` came while frames were being offered. */
  resumeAsked = false;
  /** Fates are known that no CREDIT has told. */
  dirty = false;
  readonly #held = new HeldFrames();
  readonly #deferred = new Lengths();
  #unreleasedBytes = 0;
  #reportedBytes = 0;

  constructor(lane: Lane, windowBytes: number) {
    this.lane = lane;
    this.windowBytes = windowBytes;
  }

  get heldBytes(): number {
    return this.#held.bytes;
  }

  /** A quarter of the window was released since the last report. */
  get due(): boolean {
    return (this.releasedBytes - this.#reportedBytes) * 4 >= this.windowBytes;
  }

  /** A checked frame has arrived. @returns false when the peer had no credit for it */
  arrive(receiver: ByteReceiver | undefined, memory: Memory, offset: number, length: number): boolean {
    const bytes = paddedBytes(length);
    if (this.#unreleasedBytes > 0 && this.#unreleasedBytes + bytes > this.windowBytes) return false;
    this.#unreleasedBytes += bytes;
    if (this.holding || receiver === undefined) {
      this.#held.push(memory, offset, length);
      return true;
    }
    const verdict = receiver.frame(this.lane, memory, offset, length);
    if (verdict === DELIVERED) this.#release(bytes, DELIVERED);
    else if (verdict === HOLD) {
      this.holding = true;
      this.#held.push(memory, offset, length);
    } else this.#judge(bytes, verdict);
    return true;
  }

  /** Offers held frames until the receiver holds again. `going`: the connection lives. @returns whether any was taken */
  pump(receiver: ByteReceiver, going: () => boolean): boolean {
    let taken = false;
    this.holding = false;
    while (!this.#held.empty) {
      const { memory, head } = this.#held;
      const length = frameLength(memory, head);
      const verdict = receiver.frame(this.lane, memory, head, length);
      if (verdict === HOLD) {
        this.holding = true;
        return taken;
      }
      // The callback may have ended the connection, and these bytes with it.
      if (!going()) return true;
      taken = true;
      this.#held.shift();
      this.#judge(paddedBytes(length), verdict);
    }
    return taken;
  }

  /** Fate of the oldest deferred frame. A settle without one is ignored: the connection may have ended before. */
  settle(verdict: number): void {
    const bytes = this.#deferred.shift();
    if (bytes > 0) this.#release(bytes, verdict);
  }

  /** The current counters are being sent. */
  reported(): void {
    this.#reportedBytes = this.releasedBytes;
    this.dirty = false;
  }

  clear(): void {
    this.#held.clear();
  }

  #judge(bytes: number, verdict: number): void {
    if (verdict === DEFERRED) this.#deferred.push(bytes);
    else this.#release(bytes, verdict);
  }

  #release(bytes: number, verdict: number): void {
    this.#unreleasedBytes -= bytes;
    this.releasedBytes += bytes;
    this.dirty = true;
    if (verdict >= DROPPED) this.dropped[verdict - DROPPED]++;
    else this.delivered++;
  }
}
