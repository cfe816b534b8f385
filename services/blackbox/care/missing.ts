import type { Sources, Tally } from "../file/tally.ts";

/** What a file lacks, as far as anything tells. */
export interface Missing {
  /** Messages that are missing; undefined: nothing tells of any. */
  readonly events: number | undefined;
  /** `events` is all that is missing; else it is the least. */
  readonly exact: boolean;
  /** Of `events`, by full name of the type; undefined: only their number is known. */
  readonly types: Readonly<Record<string, number>> | undefined;
  /**
   * Messages that publishers had sent and that never came, between this file and the next, of another life of the recorder. Not in
   * `events`; the publishers' edges have them among their `link_lost`. Undefined: nothing tells.
   */
  readonly onTheWay: number | undefined;
  /** Where it is not exact: types whose messages carry no sequence, so that none of theirs is in `events`. */
  readonly uncounted: readonly string[];
  /** Sequences of publishers that are not there, both ends included. */
  readonly sequences: readonly { readonly from: bigint; readonly to: bigint }[];
  /** How `events` is known, or why it is not. */
  readonly by: string;
}

/** What follows a file in its folder. */
export interface Following {
  /** Recorder's count of its first message. */
  readonly next?: bigint | undefined;
  /** The smallest sequence of a publisher where it begins, which may be of another life of the recorder. */
  readonly nextSequence?: bigint | undefined;
  /** Its types whose messages carry no sequence. */
  readonly nextUncounted?: readonly string[];
  readonly nextSources?: Sources | undefined;
}

/** What was read of a file, and what stands in it and beside it. */
export interface Held extends Following {
  readonly messages: number;
  readonly byType: ReadonlyMap<string, number>;
  /** Recorder's count of the first message; undefined: it was written by another program. */
  readonly first: bigint | undefined;
  readonly journal: { readonly first: bigint; readonly messages: number } | undefined;
  readonly tally: Tally | undefined;
  /** Messages by a summary that is sound. */
  readonly said: bigint | undefined;
  /** It was closed, and all its chunks were read. */
  readonly ended: boolean;
  readonly holes: readonly (readonly [from: bigint, to: bigint])[];
  /** Of a publisher; undefined: none counts, or they are too scattered. */
  readonly lastSequence: bigint | undefined;
  readonly uncounted: readonly string[];
  /** What an open chunk may hold, bytes; undefined: the file does not say. */
  readonly chunkBytes: number | undefined;
  /** Of a message in the chunks; 0 = there is none. */
  readonly meanBytes: number;
}

export function missingOf(held: Held): Missing {
  const sequences = held.holes.map(([from, to]) => ({ from, to }));
  const count = BigInt(held.messages);
  const exactly = (events: bigint, by: string): Missing => ({
    events: Number(events),
    exact: true,
    types: undefined,
    onTheWay: undefined,
    uncounted: [],
    sequences,
    by,
  });
  const { first, next, journal, said } = held;
  const tallied = byTally(held, sequences);
  if (tallied !== undefined) return tallied;
  // A file that does not begin behind the first message of this one is of another life of the recorder.
  if (first !== undefined && next !== undefined && next > first && next >= first + count)
    return exactly(next - first - count, `the next file begins with message ${next}`);
  if (first !== undefined && journal !== undefined) {
    const before = journal.first - first - (count - BigInt(journal.messages));
    if (before >= 0n) return exactly(before, `the journal begins with message ${journal.first}`);
  }
  if (said !== undefined && said >= count) return exactly(said - count, "the file says how many messages it holds");
  if (held.ended) return exactly(0n, "the file was closed, and all its messages were read");
  return bySequences(held, sequences);
}

/** Exact for every type, whether its messages carry a sequence or not. */
function byTally(held: Held, sequences: Missing["sequences"]): Missing | undefined {
  const { tally, byType, lastSequence } = held;
  if (tally === undefined) return undefined;
  const came = [...tally.messages.values()].reduce((sum, count) => sum + count, 0n);
  // A message goes to the journal before it is tallied. More than that, and the tally is of another file.
  if (came + 1n < BigInt(held.messages)) return undefined;
  const lost = [...tally.messages]
    .map(([type, count]): [string, number] => [type, Number(count) - (byType.get(type) ?? 0)])
    .filter(([, count]) => count > 0);
  const behind =
    lastSequence !== undefined && tally.lastSequence > lastSequence
      ? [{ from: lastSequence + 1n, to: tally.lastSequence }]
      : [];
  return {
    events: lost.reduce((sum, [, count]) => sum + count, 0),
    exact: true,
    types: Object.fromEntries(lost),
    onTheWay: onTheWay(tally.sources, held.nextSources),
    uncounted: [],
    sequences: [...sequences, ...behind],
    by: `the tally beside the file counted ${came} that came`,
  };
}

/** @returns undefined when no publisher of this file is in the next one */
function onTheWay(here: Sources, next: Sources | undefined): number | undefined {
  let sum: bigint | undefined;
  for (const [source, { last }] of here) {
    const first = next?.get(source)?.first;
    if (first !== undefined && first > last) sum = (sum ?? 0n) + first - last - 1n;
  }
  return sum === undefined ? undefined : Number(sum);
}

/** Only what publishers count can be missed, so there may be more. */
function bySequences(held: Held, sequences: Missing["sequences"]): Missing {
  const { lastSequence: last, nextSequence } = held;
  const inHoles = sequences.reduce((sum, { from, to }) => sum + Number(to - from + 1n), 0);
  const uncounted = [...new Set([...held.uncounted, ...(held.nextUncounted ?? [])])].sort();
  const atLeast = { exact: false, types: undefined, onTheWay: undefined, uncounted };
  if (last !== undefined && nextSequence !== undefined && nextSequence > last) {
    const behind = nextSequence - last - 1n;
    return {
      ...atLeast,
      events: inHoles + Number(behind),
      sequences: behind === 0n ? sequences : [...sequences, { from: last + 1n, to: nextSequence - 1n }],
      by: `the next file, of another life of the recorder, begins with sequence ${nextSequence} of the publishers`,
    };
  }
  const end =
    last === undefined && nextSequence !== undefined
      ? `it holds no message that a publisher counted; those of the next file begin with ${nextSequence}`
      : "nothing tells how many messages came after the last one that was read";
  const by = `${end}${openChunk(held)}`;
  return inHoles === 0
    ? { ...atLeast, events: undefined, sequences, by }
    : { ...atLeast, events: inHoles, sequences, by: `holes in the sequences; ${by}` };
}

/** The most that a kill takes, where nothing tells the number. */
function openChunk({ chunkBytes, meanBytes }: Held): string {
  if (chunkBytes === undefined) return "";
  const about = meanBytes > 0 ? `, about ${Math.ceil(chunkBytes / meanBytes)} messages of the size of these` : "";
  return `; a recorder that was killed had at most one chunk open: ${chunkBytes} bytes${about}, or one larger message`;
}
