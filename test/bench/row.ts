/** One line of a bench's output; tools read it, so its fields are a contract (docs: README.md of this folder). */
export interface Row {
  readonly suite: string;
  readonly measure: string;
  /** Median over the rounds. */
  readonly value: number;
  readonly unit: Unit;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
  /** What ours was measured against, in the same rounds. */
  readonly peer?: string;
  /** Median of the peer; null when the peer is missing on this machine (the note says why). */
  readonly peer_value?: number | null;
  /** How many times better ours is; above 1 = ours is better, whatever the unit. */
  readonly ratio?: number;
  readonly transport?: string;
  readonly pair?: string;
  /** Bytes of the message. */
  readonly size?: number;
  readonly note?: string;
}

/** Times in ns, rates in 1/s, memory in B, shares 0..1. */
export type Unit = "ns" | "1/s" | "B" | "share";

export interface PeerSamples {
  readonly name: string;
  /** One value per round; a text says why there are none. */
  readonly samples: readonly number[] | string;
  readonly note?: string;
}

/** What is the same for every row of a measure. */
export interface MeasureFacts {
  readonly suite: string;
  readonly measure: string;
  readonly unit: Unit;
  readonly transport?: string;
  readonly pair?: string;
  readonly size?: number;
  readonly note?: string;
}

/** @throws RangeError for no samples */
export const median = (samples: readonly number[]): number => {
  if (samples.length === 0) throw new RangeError("the median of no samples");
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Value below which `share` (0..1) of the samples lie. `sorted` ascending, not empty. */
export const quantile = (sorted: ArrayLike<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

/** How many times better `ours` is: rates by being larger, everything else by being smaller. */
export const ratioOf = (unit: Unit, ours: number, theirs: number): number =>
  unit === "1/s" ? ours / theirs : theirs / ours;

/** A row from the samples of ours and, when there is one, of a peer from the same rounds. */
export const rowOf = (facts: MeasureFacts, ours: readonly number[], peer?: PeerSamples): Row => {
  const { suite, measure, unit, transport, pair, size } = facts;
  const value = median(ours);
  const missing = typeof peer?.samples === "string" ? peer.samples : undefined;
  const theirs = peer === undefined || typeof peer.samples === "string" ? undefined : median(peer.samples);
  const ratio = theirs === undefined ? undefined : ratioOf(unit, value, theirs);
  const note = [facts.note, peer?.note, missing].filter((part) => part !== undefined && part !== "").join("; ");
  return {
    suite,
    measure,
    value: rounded(value),
    unit,
    min: rounded(Math.min(...ours)),
    max: rounded(Math.max(...ours)),
    rounds: ours.length,
    ...(peer === undefined ? {} : { peer: peer.name, peer_value: theirs === undefined ? null : rounded(theirs) }),
    // A memory growth of zero or below has no meaningful ratio, and JSON has no infinity.
    ...(ratio !== undefined && Number.isFinite(ratio) && ratio > 0 ? { ratio: rounded(ratio) } : {}),
    ...(transport === undefined ? {} : { transport }),
    ...(pair === undefined ? {} : { pair }),
    ...(size === undefined ? {} : { size }),
    ...(note === "" ? {} : { note }),
  };
};

/** Four significant digits, whole numbers above that: more is noise. */
export const rounded = (value: number): number =>
  Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4));
