/** The stream of size-prefixed LogEntry tables: u32 length, then so many bytes of one entry, and the next. */
import { BusError } from "#bus";
import {
  CombatEnd,
  CombatStart,
  DamageDealt,
  EntityDestroyed,
  EntitySpawned,
  type EventInit,
  FactionAction,
  LogEntry,
  SystemError,
  TurnEnd,
  TurnStart,
} from "#generated/blackbox";
import { decodeMessage, encodeMessage, type MessageType } from "#schema";
import { goOn, type Work } from "../care/progress.ts";
import type { Sink } from "../file/sink.ts";
import { RecordingWriter } from "../file/writer.ts";
import type { Query } from "../recording/query.ts";
import type { Recording } from "../recording/recording.ts";
import type { Write } from "./json-lines.ts";

// biome-ignore lint/suspicious/noExplicitAny: any event
type Any = MessageType<any, any, any>;

/** In the order of their codes. */
const EVENTS: readonly Any[] = [
  CombatStart,
  CombatEnd,
  DamageDealt,
  EntitySpawned,
  EntityDestroyed,
  TurnStart,
  TurnEnd,
  FactionAction,
  SystemError,
];
const byName = new Map(EVENTS.map((type) => [type.name, type]));

/** Entries of another writer may be as large as a message of the bus. */
const ENTRY_BYTES_MAX = 64 * 1024 * 1024;

/**
 * The nine events as a stream of entries, in the order of (time, sequence); messages of other types have no place in it.
 * @returns how many were written, and how many had no place
 */
export async function exportEntries(
  recording: Recording,
  query: Query,
  write: Write,
  work?: Work,
): Promise<{ entries: number; left: number }> {
  const total = Math.max(1, (await recording.stats()).messages);
  let entries = 0;
  let left = 0;
  for await (const batch of recording.batches(query)) {
    goOn(work, Math.min(1, entries / total));
    const parts: Uint8Array[] = [];
    for (const event of batch) {
      const type = byName.get(event.type);
      if (type === undefined) {
        left++;
        continue;
      }
      const value = decodeMessage(type, event.payload);
      const body = { type: event.type.slice("blackbox.".length), value } as unknown as EventInit;
      const entry = encodeMessage(LogEntry, { header: value.header, body });
      const prefix = new Uint8Array(4);
      new DataView(prefix.buffer).setUint32(0, entry.length, true);
      parts.push(prefix, entry);
      entries++;
    }
    await write(Buffer.concat(parts));
  }
  return { entries, left };
}

/**
 * A recording of a stream of entries, from anywhere.
 * @throws BusError blackbox/bad-entry with the number and byte of the first entry that is none
 */
export async function importEntries(stream: AsyncIterable<Uint8Array>, sink: Sink, work?: Work): Promise<number> {
  const writer = new RecordingWriter(sink);
  try {
    await writer.begin(
      "busbar-blackbox import",
      new Map(Object.entries({ format: "1", service: "import", number: "1", first: "1" })),
    );
    const channels = new Map<string, number>();
    for await (const { bytes, entry, offset } of entriesOf(stream)) {
      if (entry % 1024 === 0) goOn(work, 0);
      const bad = (problem: string): BusError =>
        new BusError("blackbox/bad-entry", { details: { entry, offset, problem } });
      const value = decoded(bytes, bad);
      const { header, body } = value;
      const type = body === null ? undefined : byName.get(`blackbox.${body.type}`);
      if (body === null || type === undefined) throw bad("its body is none of the nine events");
      const event = (body as { value: { header: typeof header } }).value;
      if (!sameHeader(header, event.header)) throw bad("its header is not that of its body");
      const faction = header.factionId;
      const topic = `${type.name}/${faction}`;
      let channel = channels.get(topic);
      if (channel === undefined) {
        channel = channels.size;
        if (channel >= CHANNELS_MAX) throw bad(`there are more than ${CHANNELS_MAX} factions and types`);
        channels.set(topic, channel);
        await addChannel(writer, channel, type, topic, String(faction));
      }
      const { turnNumber: turn, timestamp: time } = header;
      const sequence = header.sequence === 0n ? BigInt(entry + 1) : header.sequence;
      const payload = encodeMessage(type, event);
      await writer.message({ channel, turn, sequence, time, type: type.name, published: 0n, payload });
    }
    await writer.end();
    return writer.messages;
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

const CHANNELS_MAX = 60_000;

async function addChannel(
  writer: RecordingWriter,
  id: number,
  type: Any,
  topic: string,
  faction: string,
): Promise<void> {
  const schemaId = EVENTS.indexOf(type) + 1;
  await writer.schema({
    id: schemaId,
    name: type.name,
    encoding: "flatbuffer",
    data: Buffer.from(type.schema, "base64"),
  });
  const { name, fingerprint, typeId } = type;
  const metadata = new Map(Object.entries({ type: name, fingerprint, type_id: String(typeId), faction }));
  await writer.channel({ id, schemaId, topic, encoding: "flatbuffer", metadata });
}

function decoded(bytes: Uint8Array, bad: (problem: string) => BusError): LogEntry {
  try {
    return decodeMessage(LogEntry, bytes);
  } catch (error) {
    throw bad(`it is no LogEntry: ${(error as Error).message}`);
  }
}

function sameHeader(a: LogEntry["header"], b: LogEntry["header"]): boolean {
  return (
    a.timestamp === b.timestamp &&
    a.sequence === b.sequence &&
    a.factionId === b.factionId &&
    a.turnNumber === b.turnNumber &&
    a.eventType === b.eventType
  );
}

/** Cuts a stream that comes in any pieces. */
async function* entriesOf(
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ bytes: Uint8Array; entry: number; offset: number }> {
  let held: Uint8Array = new Uint8Array(0);
  let offset = 0;
  let entry = 0;
  const bad = (problem: string): BusError =>
    new BusError("blackbox/bad-entry", { details: { entry, offset, problem } });
  for await (const piece of stream) {
    held = held.length === 0 ? piece : Buffer.concat([held, piece]);
    let at = 0;
    while (held.length - at >= 4) {
      const length = new DataView(held.buffer, held.byteOffset + at, 4).getUint32(0, true);
      if (length > ENTRY_BYTES_MAX) throw bad(`it says that it has ${length} bytes, the limit is ${ENTRY_BYTES_MAX}`);
      if (held.length - at - 4 < length) break;
      yield { bytes: held.subarray(at + 4, at + 4 + length), entry: entry++, offset };
      at += 4 + length;
      offset += 4 + length;
    }
    held = held.subarray(at);
  }
  if (held.length > 0) throw bad(`the stream ends inside it, after ${held.length} bytes`);
}
