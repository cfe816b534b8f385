import { Blob, Tick, type TickInit } from "#generated/busbar/testing";
import type { AnyMessageType } from "../../support/schema.ts";

/** What one measure sends. The same values go through every contestant, each with its own codec. */
export interface Workload {
  readonly type: AnyMessageType;
  /** Field names, for codecs that share them beforehand. */
  readonly keys: readonly string[];
  /** Bytes of the content. */
  readonly bytes: number;
  make(seq: number): { seq?: number };
  /** Touches every field of a Busbar view. @returns something that depends on them */
  readView(view: never): number;
  /** The same for the object that a peer's codec or a by-reference delivery gives. */
  readObject(object: never): number;
}

/**
 * `seq` of a message whose reader answers with the number of messages it has handled. The largest small integer of V8: a number
 * beyond it would change the shape of every message object, for all contestants, and measure that.
 */
export const ASK = 0x7fffffff;

/** Where readers add up what they read, so that no compiler drops the reading. A plain number would be allocated anew each time. */
export const sink: Float64Array = new Float64Array(1);

export const TICK_KEYS = ["seq", "price", "quantity", "side", "flags", "time"] as const;

interface TickLike {
  seq: number;
  price: number;
  quantity: number;
  side: number;
  flags: number;
  time: number;
}
interface BlobLike {
  seq: number;
  data: Uint8Array;
}

export const makeTick = (seq: number): Required<TickInit> => ({
  seq,
  price: 101.37 + (seq & 63),
  quantity: 0.125,
  side: 1,
  flags: 3,
  time: 1_700_000_000_000.25,
});

const readTick = (tick: TickLike): number => tick.seq + tick.price + tick.quantity + tick.side + tick.flags + tick.time;

const blobOf = (bytes: number): Workload => {
  const data = new Uint8Array(bytes).map((_, i) => i);
  return {
    type: Blob,
    keys: ["seq", "data"],
    bytes,
    make: (seq) => ({ seq, data }),
    readView(view: BlobLike & { unsafeData(): Uint8Array }) {
      const bytesInPlace = view.unsafeData();
      return view.seq + bytesInPlace[0] + bytesInPlace[bytesInPlace.length - 1];
    },
    readObject: ({ seq, data: got }: BlobLike) => seq + got[0] + got[got.length - 1],
  };
};

export type WorkloadName = "tick64" | "blob1k" | "blob64k" | "blob1m";

const BUILDERS: Record<WorkloadName, () => Workload> = {
  tick64: () => ({ type: Tick, keys: TICK_KEYS, bytes: 64, make: makeTick, readView: readTick, readObject: readTick }),
  blob1k: () => blobOf(1024),
  blob64k: () => blobOf(65_536),
  blob1m: () => blobOf(1_048_576),
};

export const workloadOf = (name: WorkloadName): Workload => BUILDERS[name]();

/** Messages made beforehand, where making them is not to be measured. A power of two of them. */
export const madeBefore = (workload: Workload, count = 1024): { seq?: number }[] =>
  Array.from({ length: count }, (_, seq) => workload.make(seq));
