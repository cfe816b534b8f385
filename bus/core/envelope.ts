import type { Envelope } from "#transport";
import { BusError, EXTENSIONS_BYTES_MAX, topicIdOf } from "#wire";
import type { PublishOptions } from "./api.ts";
import { durationMs } from "./duration.ts";

/** Of a message published without options. One object for all: nobody may change it. */
export const PLAIN: Envelope = Object.freeze({ topic: "", key: "", expiresAt: 0, replayed: false, timestampNs: 0n });

/**
 * A new envelope, never PLAIN: history tells messages apart by it.
 * @throws BusError core/topic-too-long, core/bad-duration
 */
export const envelopeOf = (options: PublishOptions, nowMs: number, replayed = false): Envelope => {
  const ttl = options.ttl === undefined ? 0 : durationMs(options.ttl);
  const { topic = "", key = "" } = options;
  // Checked here and not where frames are written, so that every placement refuses the same.
  if (topic !== "" || key !== "") requireFits(topic, key);
  return { topic, key, expiresAt: ttl === 0 ? 0 : nowMs + ttl, replayed, timestampNs: 0n };
};

/** @throws BusError core/topic-too-long when a frame has no room for the two */
export const requireFits = (topic: string, key: string): void => {
  const bytes = extensionBytes(topic, key);
  if (bytes <= EXTENSIONS_BYTES_MAX) return;
  throw new BusError("core/topic-too-long", { details: { bytes, limit: EXTENSIONS_BYTES_MAX } });
};

const padded = (bytes: number): number => (4 + bytes + 7) & ~7;

/** What topic and key take in a frame. */
export const extensionBytes = (topic: string, key: string): number =>
  (topic === "" ? 0 : padded(Buffer.byteLength(topic))) + (key === "" ? 0 : padded(Buffer.byteLength(key)));

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
