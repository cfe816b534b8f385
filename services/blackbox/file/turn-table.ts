import { Range } from "./halves.ts";

/** What the writer says of one message in the turn index; 64-bit numbers as halves (halves.ts). */
export interface Noted {
  /** Undefined: it belongs to no turn. */
  readonly turn: number | undefined;
  readonly sequenceHigh: number;
  readonly sequenceLow: number;
  readonly timeHigh: number;
  readonly timeLow: number;
  /** Full name. */
  readonly type: string;
}

interface Entry {
  readonly sequences: Range;
  readonly times: Range;
  readonly firstChunk: number;
  lastChunk: number;
  count: number;
  readonly counts: Map<string, number>;
}

/** Makes the metadata record `busbar.turns` while a file is written. */
export class TurnTable {
  readonly #turns = new Map<number, Entry>();

  #last: Entry | undefined;
  #lastTurn = -1;

  add(noted: Noted, chunk: number): void {
    const { turn } = noted;
    if (turn === undefined) return;
    const { sequenceHigh, sequenceLow, timeHigh, timeLow, type } = noted;
    let entry = turn === this.#lastTurn ? this.#last : this.#turns.get(turn);
    if (entry === undefined) {
      entry = {
        sequences: new Range(sequenceHigh, sequenceLow),
        times: new Range(timeHigh, timeLow),
        firstChunk: chunk,
        lastChunk: chunk,
        count: 0,
        counts: new Map(),
      };
      this.#turns.set(turn, entry);
    }
    this.#last = entry;
    this.#lastTurn = turn;
    entry.sequences.add(sequenceHigh, sequenceLow);
    entry.times.add(timeHigh, timeLow);
    entry.lastChunk = chunk;
    entry.count++;
    entry.counts.set(type, (entry.counts.get(type) ?? 0) + 1);
  }

  /** The record's content, turns ascending. */
  get metadata(): Map<string, string> {
    const turns = [...this.#turns].sort(([a], [b]) => a - b);
    return new Map(turns.map(([turn, entry]) => [String(turn), JSON.stringify(jsonOf(entry))]));
  }
}

const jsonOf = ({ sequences, times, firstChunk, lastChunk, count, counts }: Entry): object => ({
  first_sequence: String(sequences.first),
  last_sequence: String(sequences.last),
  first_time: String(times.first),
  last_time: String(times.last),
  first_chunk: String(firstChunk),
  last_chunk: String(lastChunk),
  count,
  counts: Object.fromEntries(counts),
});
