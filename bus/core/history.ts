import type { Plan } from "#generated/busbar/plan";
import type { Envelope } from "#transport";
import { BusError, MESSAGE_BYTES_MAX } from "#wire";
import type { AnyMessageType } from "./api.ts";
import { encodePayload } from "./encode.ts";
import { envelopeOf } from "./envelope.ts";
import { isNamed } from "./instances.ts";

export interface HistoryEntry {
  readonly payload: Uint8Array;
  readonly envelope: Envelope;
  /** Envelope under which the message itself travels; tells whether it still waits somewhere. */
  readonly live: Envelope;
  /** Only this service may see it; "" = whoever subscribes. */
  readonly target: string;
  readonly serial: number;
}

/** Topics of one type that are remembered; the least recently used goes first. */
const TOPICS_MAX = 4096;

/** The last n encoded messages of a publisher per (type, topic), for subscribers that come late. */
export class History {
  readonly #depths: ReadonlyMap<string, number>;
  readonly #types = new Map<string, AnyMessageType>();
  readonly #entries = new Map<string, Map<string, HistoryEntry[]>>();
  #serial = 0;

  constructor(entries: Plan["services"][number]["history"]) {
    this.#depths = new Map(entries.map((entry) => [entry.type, entry.depth]));
  }

  depthOf(type: string): number {
    return this.#depths.get(type) ?? 0;
  }

  typeOf(name: string): AnyMessageType | undefined {
    return this.#types.get(name);
  }

  /** Remembers a message that was offered under `live`. */
  add(type: AnyMessageType, message: unknown, live: Envelope, target: string): void {
    const depth = this.depthOf(type.name);
    if (depth === 0) return;
    const payload = encodePayload(type, message, MESSAGE_BYTES_MAX, tooLarge(type));
    this.#types.set(type.name, type);
    const { topic, key } = live;
    const topics = this.#entries.get(type.name) ?? new Map<string, HistoryEntry[]>();
    this.#entries.set(type.name, topics);
    const entries = topics.get(topic) ?? [];
    topics.delete(topic);
    topics.set(topic, entries);
    entries.push({ payload, envelope: envelopeOf({ topic, key }, 0, true), live, target, serial: ++this.#serial });
    if (entries.length > depth) entries.shift();
    if (topics.size > TOPICS_MAX) topics.delete(topics.keys().next().value as string);
  }

  /** What the peer `target` may see, in the order of publishing; topic "" = of all topics. */
  entries(type: string, topic: string, target: string): HistoryEntry[] {
    const topics = this.#entries.get(type);
    if (topics === undefined) return [];
    const entries = topic === "" ? [...topics.values()].flat() : (topics.get(topic) ?? []);
    return entries
      .filter((entry) => entry.target === "" || isNamed(target, entry.target))
      .sort((a, b) => a.serial - b.serial);
  }
}

const tooLarge =
  (type: AnyMessageType) =>
  (bytes: number): BusError =>
    new BusError("core/message-too-large", {
      details: { type: type.name, bytes, limit: MESSAGE_BYTES_MAX, edge: "(history)" },
    });
