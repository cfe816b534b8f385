import type { Envelope } from "#transport";
import { topicIdOf } from "#wire";
import type { PublishOptions } from "./api.ts";
import { durationMs } from "./duration.ts";

/** Of a message published without options. One object for all: nobody may change it. */
export const PLAIN: Envelope = Object.freeze({ topic: "", key: "", expiresAt: 0, replayed: false, timestampNs: 0n });

export const envelopeOf = (options: PublishOptions | undefined, nowMs: number, replayed = false): Envelope => {
  if (options === undefined && !replayed) return PLAIN;
  const ttl = options?.ttl === undefined ? 0 : durationMs(options.ttl);
  return {
    topic: options?.topic ?? "",
    key: options?.key ?? "",
    expiresAt: ttl === 0 ? 0 : nowMs + ttl,
    replayed,
    timestampNs: 0n,
  };
};

const TOPIC_IDS_MAX = 65_536;
const ids = new Map<string, number>();

/** topic_id with a bounded memory: hashing costs more than publishing. */
export const topicIdFor = (topic: string): number => {
  const known = ids.get(topic);
  if (known !== undefined) return known;
  if (ids.size >= TOPIC_IDS_MAX) ids.clear();
  const id = topicIdOf(topic);
  ids.set(topic, id);
  return id;
};
