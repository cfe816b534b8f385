import type { Telemetry } from "#core";
import { FIELDS, Flag, HEADER, RECORD_BYTES, type TelemetryField } from "./layout.ts";

type FieldsOf<Kind> = { [F in TelemetryField]: (typeof FIELDS)[F]["kind"] extends Kind ? F : never }[TelemetryField];
export type CounterField = FieldsOf<"counter">;
export type GaugeField = FieldsOf<"gauge">;

const TWO_32 = 2 ** 32;

/**
 * Writes the record of one service. `add` and `set` gather in private memory, `publish` shows all of it at once; readers
 * see nothing between two publishes. One thread. Never waits.
 */
export class TelemetryWriter implements Telemetry {
  readonly #words: Uint32Array | undefined;
  /** What the next publish shows: the record in words of 32 bits. */
  readonly #next = new Uint32Array(RECORD_BYTES / 4);
  #dirty: number[] = [];

  /** @param memory of RECORD_BYTES with an empty record in it; undefined: every call does nothing */
  constructor(memory?: ArrayBuffer) {
    if (memory === undefined) return;
    this.#words = new Uint32Array(memory, 0, RECORD_BYTES / 4);
    this.#next.set(this.#words);
  }

  /** Whether anybody can see what is written. Not where there is no shared memory. */
  get present(): boolean {
    return this.#words !== undefined;
  }

  /** Adds to a total; those of 32 bits wrap. @throws RangeError unless the amount is an integer from 0 to 2^53 - 1 */
  add(field: CounterField, amount: number | bigint): void {
    const { offset, bits } = FIELDS[field];
    const more = checked(field, amount, Number.MAX_SAFE_INTEGER);
    const at = offset / 4;
    const low = this.#next[at] + (more % TWO_32);
    this.#store(at, low % TWO_32);
    if (bits === 64)
      this.#store(at + 1, (this.#next[at + 1] + Math.floor(more / TWO_32) + (low >= TWO_32 ? 1 : 0)) % TWO_32);
  }

  /** @throws RangeError unless the value is an integer from 0 to 2^32 - 1, for fields of 64 bits to 2^53 - 1 */
  set(field: GaugeField, value: number | bigint): void {
    const { offset, bits } = FIELDS[field];
    const now = checked(field, value, bits === 64 ? Number.MAX_SAFE_INTEGER : TWO_32 - 1);
    this.#store(offset / 4, now % TWO_32);
    if (bits === 64) this.#store(offset / 4 + 1, Math.floor(now / TWO_32));
  }

  /** Shows everything since the last publish. Nothing new: the sequence does not move. */
  publish(): void {
    const words = this.#words;
    if (words === undefined || this.#dirty.length === 0) return;
    const at = HEADER.sequence / 4;
    const low = words[at] | 1;
    // Odd from here to the last store. Atomics are sequentially consistent, which is more than the protocol asks for.
    Atomics.store(words, at, low);
    for (const word of this.#dirty) Atomics.store(words, word, this.#next[word]);
    this.#dirty = [];
    if (low === TWO_32 - 1) Atomics.add(words, at + 1, 1); // still odd: no reader looks at the upper half
    Atomics.store(words, at, low + 1);
  }

  /** Says that nothing follows, and publishes. */
  end(): void {
    const at = HEADER.flags / 4;
    if (this.#words !== undefined) this.#store(at, this.#next[at] | Flag.ended);
    this.publish();
  }

  #store(word: number, value: number): void {
    if (this.#next[word] === value) return;
    this.#next[word] = value;
    if (!this.#dirty.includes(word)) this.#dirty.push(word);
  }
}

function checked(field: string, value: number | bigint, max: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 0 && number <= max) return number;
  throw new RangeError(`telemetry: ${field} takes an integer from 0 to ${max}, not ${value}`);
}
