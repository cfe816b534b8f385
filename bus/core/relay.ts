/**
 * Joins two carriers of bytes frame by frame, unchanged: how a native plugin is reached from another process. A frame
 * counts as delivered at its sender only when the far end has released it.
 */
import { Credit } from "#generated/busbar/control";
import type { ByteCarrier, ByteReceiver } from "#transport";
import { CLOSED, DEFERRED, DELIVERED, DROP_REASONS, DROPPED, FULL, HOLD } from "#transport";
import { type BusError, frameKind, frameTypeId, Kind, Lane, type Memory, payloadOffset } from "#wire";
import type { Flushable, Ticker } from "./ticker.ts";

const MALFORMED = DROPPED + DROP_REASONS.indexOf("malformed");
const LOST = DROPPED + DROP_REASONS.indexOf("closed");

export interface RelayOptions {
  readonly ticker: Ticker;
  /** Frames from the near side are hostile until this says otherwise; undefined where the near side is trusted. */
  readonly verify: ((typeId: number, memory: Memory, payload: number, end: number) => boolean) | undefined;
  /** Verdict on a frame that the access lists forbid; undefined lets it pass. Missing where the near side is trusted. */
  readonly forbid?: (kind: number, memory: Memory, offset: number) => number | undefined;
  /** SUBSCRIBE and SCHEMA frames are the hub's affair. @returns true when it took the frame */
  readonly intercept: (kind: number, memory: Memory, offset: number) => boolean;
  readonly closed: (cause: BusError) => void;
}

/** One direction: what arrives from `from` goes out over `to`. */
export class Relay implements ByteReceiver, Flushable {
  readonly #from: ByteCarrier;
  readonly #to: ByteCarrier;
  readonly #options: RelayOptions;
  /** Reports of `to` already passed on, per lane. */
  readonly #passed = [0, 1].map(() => ({ delivered: 0, dropped: DROP_REASONS.map(() => 0) }));
  readonly #held = [false, false];
  #dirty = false;

  constructor(from: ByteCarrier, to: ByteCarrier, options: RelayOptions) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
    for (const lane of [Lane.data, Lane.control]) {
      const { report } = to.outbound[lane];
      this.#passed[lane] = { delivered: report.delivered, dropped: [...report.dropped] };
    }
  }

  frame(lane: Lane, memory: Memory, offset: number, length: number): number {
    const kind = frameKind(memory, offset);
    if (kind === Kind.subscribe || kind === Kind.schema) {
      return this.#options.intercept(kind, memory, offset) ? DELIVERED : MALFORMED;
    }
    const { verify, forbid } = this.#options;
    const forbidden = forbid?.(kind, memory, offset);
    if (forbidden !== undefined) return forbidden;
    if (kind === Kind.credit && !Credit.verify(memory, payloadOffset(memory, offset), offset + length))
      return MALFORMED;
    if (verify !== undefined && (kind === Kind.request || kind === Kind.data)) {
      if (!verify(frameTypeId(memory, offset), memory, payloadOffset(memory, offset), offset + length))
        return MALFORMED;
    }
    const out = this.#to.outbound[lane];
    const to = out.claim(length);
    if (to === FULL) {
      this.#held[lane] = true;
      return HOLD;
    }
    if (to === CLOSED) return LOST;
    out.memory.u8.set(memory.u8.subarray(offset, offset + length), to);
    out.commit(length);
    if (!this.#dirty) {
      this.#dirty = true;
      this.#options.ticker.add(this);
    }
    return DEFERRED;
  }

  flush(): void {
    this.#dirty = false;
    this.#to.outbound[Lane.data].flush();
    this.#to.outbound[Lane.control].flush();
  }

  idle(): void {
    this.#options.ticker.flush();
  }

  /** `to` has room again. Called by the relay of the other direction, which is the receiver of `to`. */
  roomAhead(lane: Lane): void {
    if (!this.#held[lane]) return;
    this.#held[lane] = false;
    this.#from.resume(lane);
  }

  /** `to` told what it released: pass it on, in order. */
  reportAhead(lane: Lane): void {
    const { report } = this.#to.outbound[lane];
    const passed = this.#passed[lane];
    for (; passed.delivered < report.delivered; passed.delivered++) this.#from.settle(lane, DELIVERED);
    for (let reason = 0; reason < report.dropped.length; reason++) {
      for (; passed.dropped[reason] < report.dropped[reason]; passed.dropped[reason]++) {
        this.#from.settle(lane, DROPPED + reason);
      }
    }
  }

  // As receiver of `from`, these speak of the other direction; `join` wires them.
  other: Relay | undefined;

  writable(lane: Lane): void {
    this.other?.roomAhead(lane);
  }

  reported(lane: Lane): void {
    this.other?.reportAhead(lane);
  }

  closed(cause: BusError): void {
    this.#options.closed(cause);
  }
}

/** Starts both directions. */
export const joinRelays = (near: ByteCarrier, far: ByteCarrier, there: RelayOptions, back: RelayOptions): void => {
  const outward = new Relay(near, far, there);
  const inward = new Relay(far, near, back);
  outward.other = inward;
  inward.other = outward;
  near.open(outward);
  far.open(inward);
};
