import { CLOSED, DROP_REASONS, FULL, type LaneReport, type Outbound } from "#transport";
import { BusError, Memory, paddedBytes } from "#wire";
import type { StagingBytes } from "./limits.ts";

const GROWTH_BYTES = 64 * 1024;

export interface OutboundLaneOptions {
  /** Bytes that the reader is ready to hold unreleased. */
  readonly windowBytes: number;
  readonly staging: StagingBytes;
  readonly frameBytesMax: number;
  /** Hands all staged bytes of the carrier to the socket, now. Leaves every lane empty. */
  transmit(): void;
  /** As `transmit`, but may gather under load. */
  flush(): void;
}

/**
 * Sending side of one lane: encoders write into a block that lives as long as the lane, and the carrier copies out of it.
 * The copy cannot be saved: ZeroMQ goes on reading a sent buffer after `send` has resolved.
 */
export class OutboundLane implements Outbound {
  memory: Memory;
  limit = 0;
  committed = 0;
  readonly report: LaneReport & { delivered: number; dropped: number[] } = {
    delivered: 0,
    dropped: DROP_REASONS.map(() => 0),
  };
  /** Bytes of whole frames at the start of `memory` that were not handed over yet. */
  staged = 0;
  /** Bytes of all frames committed so far, and of those that the reader has released. */
  committedBytes = 0;
  releasedBytes = 0;
  /** FULL was answered and nobody was told of room since. */
  starved = false;
  readonly #windowBytes: number;
  readonly #staging: StagingBytes;
  /** Staged bytes that are sent without `flush`. */
  readonly #leaveBytes: number;
  readonly #frameBytesMax: number;
  readonly #transmit: () => void;
  readonly #flush: () => void;
  #claimed = 0;
  #open = true;
  #grownUsed = false;

  constructor(options: OutboundLaneOptions) {
    this.#windowBytes = options.windowBytes & ~7;
    this.#staging = options.staging;
    // Several messages must fit into the window, or sender and reader take turns.
    this.#leaveBytes = Math.min(options.staging.leave, Math.max(options.staging.first, this.#windowBytes >> 2));
    this.#frameBytesMax = options.frameBytesMax;
    this.#transmit = options.transmit;
    this.#flush = options.flush;
    this.memory = Memory.allocate(options.staging.first);
  }

  claim(bytesMin: number): number {
    if (!this.#open) return CLOSED;
    const need = paddedBytes(bytesMin);
    const inFlight = this.committedBytes - this.releasedBytes;
    let room = this.#windowBytes - inFlight;
    if (need > room) {
      if (inFlight > 0) {
        this.starved = true;
        return FULL;
      }
      // A frame that is larger than the window passes alone, else it never would.
      room = need;
    }
    if (this.staged + need > this.#roomBytes()) this.#makeRoom(need);
    const offset = this.staged;
    const free = this.#roomBytes() - offset;
    this.limit = offset + Math.min(room, free);
    this.#claimed = offset;
    return offset;
  }

  /** @throws BusError core/internal for a frame that the peer would close the connection for */
  commit(bytes: number): void {
    if (bytes > this.#frameBytesMax) {
      const reason = `a frame of ${bytes} bytes on a link that carries at most ${this.#frameBytesMax}`;
      throw new BusError("core/internal", { details: { reason } });
    }
    const offset = this.#claimed;
    const end = offset + paddedBytes(bytes);
    // Bytes of an older frame must not leak through the padding.
    for (let at = offset + bytes; at < end; at++) this.memory.u8[at] = 0;
    this.staged = end;
    this.committedBytes += end - offset;
    this.committed++;
    if (end >= this.#leaveBytes) this.#transmit();
  }

  flush(): void {
    if (this.staged > 0) this.#flush();
  }

  /** Takes the reader's cumulative counters. @returns false when they cannot be true */
  credit(released: number, delivered: number, dropped: readonly number[]): boolean {
    let fates = delivered;
    for (let i = 0; i < dropped.length; i++) {
      if (dropped[i] < this.report.dropped[i]) return false;
      fates += dropped[i];
    }
    if (released < this.releasedBytes || released > this.committedBytes) return false;
    if (delivered < this.report.delivered || fates > this.committed) return false;
    this.releasedBytes = released;
    this.report.delivered = delivered;
    for (let i = 0; i < dropped.length; i++) this.report.dropped[i] = dropped[i];
    return true;
  }

  /** Frames whose fate the reader has not told yet. */
  get inFlight(): number {
    let fates = this.report.delivered;
    for (const count of this.report.dropped) fates += count;
    return this.committed - fates;
  }

  /** Whether someone waits for room and a quarter of the window is free. Asking clears it. */
  takeWritable(): boolean {
    const free = this.#windowBytes - (this.committedBytes - this.releasedBytes);
    if (!this.starved || free < this.#windowBytes / 4) return false;
    this.starved = false;
    return true;
  }

  /** Copies what is staged to `target` at `at`. @returns offset behind it */
  moveTo(target: Buffer, at: number): number {
    const bytes = this.staged;
    if (bytes > 0) this.memory.text.copy(target, at, 0, bytes);
    if (bytes > this.#staging.first) this.#grownUsed = true;
    this.staged = 0;
    return at + bytes;
  }

  /** The same for a few bytes, where a call of `copy` costs more than the copy. Both are multiples of 8. @returns words */
  moveWords(target: Int32Array, at: number): number {
    const words = this.staged >> 2;
    const source = this.memory.i32;
    for (let i = 0; i < words; i++) target[at + i] = source[i];
    this.staged = 0;
    return at + words;
  }

  /** Called now and then: gives back a block that was grown and not needed since. */
  trim(): void {
    const { first } = this.#staging;
    if (this.memory.size === first) return;
    if (!this.#grownUsed && this.staged === 0) this.memory = Memory.allocate(first);
    this.#grownUsed = false;
  }

  close(): void {
    this.#open = false;
    this.limit = 0;
  }

  /** A message is a batch of at most `most` bytes, or one larger frame; so a larger block is for a frame at its start. */
  #roomBytes(): number {
    const { size } = this.memory;
    return this.staged === 0 ? size : Math.min(size, this.#staging.most);
  }

  /** Leaves room for `need` bytes at `staged`. */
  #makeRoom(need: number): void {
    const { first, most } = this.#staging;
    this.#grownUsed = true;
    const wanted = this.staged + need;
    if (wanted <= most && this.memory.size < most) {
      // A burst: one growth to full size, and what is staged moves along.
      const old = this.memory;
      this.memory = Memory.allocate(most);
      old.text.copy(this.memory.text, 0, 0, this.staged);
      return;
    }
    this.#transmit();
    if (need <= this.memory.size) return;
    // Not by doubling: a claim is a guess above what will be written, and 16 MiB doubled is a lot to hold per link.
    this.memory = Memory.allocate(Math.max(first, Math.ceil(need / GROWTH_BYTES) * GROWTH_BYTES));
  }
}
