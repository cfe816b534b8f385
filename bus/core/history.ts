import type { Plan } from "#generated/busbar/plan";
import type { Envelope } from "#transport";
import { Memory } from "#wire";
import type { AnyMessageType, PublishOptions } from "./api.ts";
import { envelopeOf } from "./envelope.ts";

export interface HistoryEntry {
  readonly payload: Uint8Array;
  readonly envelope: Envelope;
}

/** Topics of one type that are remembered; the least recently used goes first. */
const TOPICS_MAX = 4096;

/** The last n encoded messages of a publisher per (type, topic), for subscribers that come late. */
export class History {
  readonly #depths: ReadonlyMap<string, number>;
  readonly #types = new Map<string, AnyMessageType>();
  readonly #entries = new Map<string, Map<string, HistoryEntry[]>>();

  constructor(entries: Plan["services"][number]["history"]) {
    this.#depths = new Map(entries.map((entry) => [entry.type, entry.depth]));
  }

  depthOf(type: string): number {
    return this.#depths.get(type) ?? 0;
  }

  typeOf(name: string): AnyMessageType | undefined {
    return this.#types.get(name);
  }

  add(type: AnyMessageType, message: unknown, options: PublishOptions | undefined): void {
    const depth = this.depthOf(type.name);
    if (depth === 0) return;
    this.#types.set(type.name, type);
    const topic = options?.topic ?? "";
    const topics = this.#entries.get(type.name) ?? new Map<string, HistoryEntry[]>();
    this.#entries.set(type.name, topics);
    const entries = topics.get(topic) ?? [];
    topics.delete(topic);
    topics.set(topic, entries);
    const { key } = options ?? {};
    entries.push({ payload: encodePayload(type, message), envelope: envelopeOf({ topic, key }, 0, true) });
    if (entries.length > depth) entries.shift();
    if (topics.size > TOPICS_MAX) topics.delete(topics.keys().next().value as string);
  }

  /** Oldest first; topic "" = of all topics. */
  entries(type: string, topic: string): HistoryEntry[] {
    const topics = this.#entries.get(type);
    if (topics === undefined) return [];
    return topic === "" ? [...topics.values()].flat() : (topics.get(topic) ?? []);
  }
}

let scratch: Memory | undefined;

const encodePayload = (type: AnyMessageType, message: unknown): Uint8Array => {
  for (let bytes = scratch?.size ?? 4096; ; bytes *= 4) {
    if (scratch === undefined || scratch.size < bytes) scratch = Memory.allocate(bytes);
    const end = type.encode(scratch, 0, scratch.size, message);
    if (end >= 0) return scratch.u8.slice(0, end);
  }
};
