/** What the writer says of one message in the turn index. */
export interface Noted {
  /** Undefined: it belongs to no turn. */
  readonly turn: number | undefined;
  readonly sequence: bigint;
  readonly time: bigint;
  /** Full name. */
  readonly type: string;
}

interface Entry {
  firstSequence: bigint;
  lastSequence: bigint;
  firstTime: bigint;
  lastTime: bigint;
  readonly firstChunk: number;
  lastChunk: number;
  count: number;
  readonly counts: Record<string, number>;
}

/** Makes the metadata record `busbar.turns` while a file is written. */
export class TurnTable {
  readonly #turns = new Map<number, Entry>();

  add({ turn, sequence, time, type }: Noted, chunk: number): void {
    if (turn === undefined) return;
    let entry = this.#turns.get(turn);
    if (entry === undefined) {
      entry = {
        firstSequence: sequence,
        lastSequence: sequence,
        firstTime: time,
        lastTime: time,
        firstChunk: chunk,
        lastChunk: chunk,
        count: 0,
        counts: {},
      };
      this.#turns.set(turn, entry);
    }
    if (sequence < entry.firstSequence) entry.firstSequence = sequence;
    if (sequence > entry.lastSequence) entry.lastSequence = sequence;
    if (time < entry.firstTime) entry.firstTime = time;
    if (time > entry.lastTime) entry.lastTime = time;
    entry.lastChunk = chunk;
    entry.count++;
    entry.counts[type] = (entry.counts[type] ?? 0) + 1;
  }

  /** The record's content, turns ascending. */
  get metadata(): Map<string, string> {
    const turns = [...this.#turns].sort(([a], [b]) => a - b);
    return new Map(turns.map(([turn, entry]) => [String(turn), JSON.stringify(jsonOf(entry))]));
  }
}

const jsonOf = (entry: Entry): object => ({
  first_sequence: String(entry.firstSequence),
  last_sequence: String(entry.lastSequence),
  first_time: String(entry.firstTime),
  last_time: String(entry.lastTime),
  first_chunk: String(entry.firstChunk),
  last_chunk: String(entry.lastChunk),
  count: entry.count,
  counts: entry.counts,
});
