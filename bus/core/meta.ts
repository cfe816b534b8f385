import type { Envelope } from "#transport";
import {
  Extension,
  Flag,
  findExtension,
  frameFlags,
  frameSequence,
  frameTimestamp,
  frameTopicId,
  type Memory,
} from "#wire";
import type { Kept, MessageMeta } from "./api.ts";
import { type KeepPool, keptAsItIs } from "./keep-pool.ts";
import type { Ticker } from "./ticker.ts";

const decoder = new TextDecoder();

/** Where messages are kept, and whether a callback runs: between two of them there is no message. */
export interface Keeping {
  readonly pool: KeepPool;
  active(): boolean;
}

/** Reads what came with a message only when asked; one object per hub, pointed at each message in turn. */
export class Meta implements MessageMeta {
  source = "";
  #memory: Memory | undefined;
  #offset = 0;
  #envelope: Envelope | undefined;
  #sequence = 0;
  readonly #ticker: Ticker;
  readonly #keeping: Keeping;

  constructor(ticker: Ticker, keeping: Keeping) {
    this.#ticker = ticker;
    this.#keeping = keeping;
  }

  atFrame(source: string, memory: Memory, offset: number): this {
    // Storing a pointer costs more than looking whether it is there already.
    if (this.source !== source) this.source = source;
    if (this.#memory !== memory) this.#memory = memory;
    this.#offset = offset;
    return this;
  }

  atReference(source: string, envelope: Envelope, sequence: number): this {
    this.source = source;
    this.#memory = undefined;
    this.#envelope = envelope;
    this.#sequence = sequence;
    return this;
  }

  get topic(): string {
    const memory = this.#memory;
    if (memory === undefined) return this.#envelope?.topic ?? "";
    return frameTopic(memory, this.#offset);
  }

  get sequence(): number {
    const memory = this.#memory;
    return memory === undefined ? this.#sequence : frameSequence(memory, this.#offset);
  }

  get timestampNs(): bigint {
    const memory = this.#memory;
    if (memory !== undefined) return frameTimestamp(memory, this.#offset);
    const own = this.#envelope?.timestampNs ?? 0n;
    if (own !== 0n) return own;
    this.#ticker.stamp();
    return this.#ticker.stampNs;
  }

  get replayed(): boolean {
    const memory = this.#memory;
    if (memory === undefined) return this.#envelope?.replayed ?? false;
    return (frameFlags(memory, this.#offset) & Flag.replayed) !== 0;
  }

  /** The same, for a message whose frame will be gone. */
  settled(): MessageMeta {
    const { source, topic, sequence, timestampNs, replayed } = this;
    return { source, topic, sequence, timestampNs, replayed, keep: keptAsItIs };
  }

  keep<V>(message: V): Kept<V> {
    const { pool, active } = this.#keeping;
    if (!active()) throw new TypeError("keep is for the callback of a message; now the message is gone");
    const memory = this.#memory;
    return memory === undefined ? keptAsItIs(message) : pool.keep(message, memory, this.#offset);
  }
}

/** Topic of a checked frame; "" without one. */
export const frameTopic = (memory: Memory, offset: number): string => {
  if (frameTopicId(memory, offset) === 0) return "";
  const bytes = findExtension(memory, offset, Extension.topic);
  return bytes === undefined ? "" : decoder.decode(bytes);
};
