import { unreadable } from "../file/bytes.ts";

/** What a file's turn index says of one turn. */
export interface TurnEntry {
  readonly turn: number;
  readonly firstSequence: bigint;
  readonly lastSequence: bigint;
  /** ns */
  readonly firstTime: bigint;
  readonly lastTime: bigint;
  /** Places of the chunk records with its first and last message in the file. */
  readonly firstChunk: number;
  readonly lastChunk: number;
  readonly count: number;
  /** By type. */
  readonly counts: Readonly<Record<string, number>>;
}

/** The metadata record `busbar.turns`: a file may hold 65,536 turns, so each is parsed when it is asked for. */
export class TurnIndex {
  readonly #file: string;
  readonly #offset: number;
  readonly #entries: ReadonlyMap<string, string>;
  #turns: number[] | undefined;

  constructor(file: string, offset: number, entries: ReadonlyMap<string, string>) {
    this.#file = file;
    this.#offset = offset;
    this.#entries = entries;
  }

  /** Turn numbers, ascending. */
  get turns(): readonly number[] {
    this.#turns ??= [...this.#entries.keys()].map((key) => this.#turnOf(key)).sort((a, b) => a - b);
    return this.#turns;
  }

  /** @throws BusError blackbox/unreadable when the record is none of ours */
  get(turn: number): TurnEntry | undefined {
    const text = this.#entries.get(String(turn));
    if (text === undefined) return undefined;
    try {
      const json = JSON.parse(text) as Record<string, unknown>;
      return {
        turn,
        firstSequence: big(json.first_sequence),
        lastSequence: big(json.last_sequence),
        firstTime: big(json.first_time),
        lastTime: big(json.last_time),
        firstChunk: Number(big(json.first_chunk)),
        lastChunk: Number(big(json.last_chunk)),
        count: natural(json.count),
        counts: counts(json.counts),
      };
    } catch (cause) {
      throw unreadable(this.#file, this.#offset, `the turn index of turn ${turn}: ${(cause as Error).message}`);
    }
  }

  #turnOf(key: string): number {
    const turn = Number(key);
    if (String(turn) === key && Number.isInteger(turn) && turn >= 0 && turn <= 0xffff_ffff) return turn;
    throw unreadable(this.#file, this.#offset, `the turn index has the key '${key}', which is no turn`);
  }
}

function big(value: unknown): bigint {
  if (typeof value === "string" && /^\d{1,20}$/.test(value)) return BigInt(value);
  throw new Error(`${JSON.stringify(value)} is no number in quotes`);
}

function natural(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`${JSON.stringify(value)} is no count`);
}

function counts(value: unknown): Record<string, number> {
  if (typeof value !== "object" || value === null) throw new Error("counts are missing");
  return Object.fromEntries(Object.entries(value).map(([type, count]) => [type, natural(count)]));
}
