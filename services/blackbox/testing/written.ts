/** For tests: recordings in memory, by our writer with the native writer's conventions, and by @mcap/core as a foreign one. */
import { McapWriter } from "@mcap/core";
import { MemorySink } from "../file/sink.ts";
import { RecordingWriter } from "../file/writer.ts";
import type { Any, Recorded } from "./war.ts";

export interface WrittenOptions {
  /** Messages after which a chunk ends. Default: 128 KiB. */
  readonly perChunk?: number;
  /** Recorder's count of the first message. Default 1. */
  readonly first?: bigint;
  readonly number?: number;
  /** What the recorder says when it closes the file: `busbar.account`. */
  readonly account?: Readonly<Record<string, string>>;
}

const CHUNK_BYTES = 128 * 1024;

/** One file of these messages, in this order. */
export async function written(messages: readonly Recorded[], options: WrittenOptions = {}): Promise<Uint8Array> {
  const sink = new MemorySink();
  const writer = new RecordingWriter(sink);
  const about = {
    format: "1",
    number: String(options.number ?? 1),
    log_time: "simulated",
    chunk_bytes: String(CHUNK_BYTES),
  };
  await writer.begin("busbar-blackbox test", new Map(Object.entries({ ...about, first: String(options.first ?? 1n) })));
  const ids = new Map<string, number>();
  let inChunk = 0;
  for (const message of messages) {
    const { messageType, faction, topic } = message;
    const name = nameOf(message);
    let id = ids.get(name);
    if (id === undefined) {
      id = ids.size;
      ids.set(name, id);
      const schemaId = [...new Set([...ids.keys()].map((key) => key.split(/[/#]/)[0]))].indexOf(messageType.name) + 1;
      await writer.schema({ id: schemaId, name: messageType.name, encoding: "flatbuffer", data: bfbs(messageType) });
      await writer.channel({
        id,
        schemaId,
        topic: name,
        encoding: "flatbuffer",
        metadata: new Map(
          Object.entries({
            type: messageType.name,
            fingerprint: messageType.fingerprint,
            type_id: String(messageType.typeId),
            ...(faction === undefined ? {} : { faction: String(faction) }),
            ...(topic === "" ? {} : { topic }),
          }),
        ),
      });
    }
    await writer.message({ ...message, channel: id });
    if (++inChunk === options.perChunk) {
      await writer.endChunk();
      inChunk = 0;
    }
  }
  if (options.account !== undefined) await writer.metadata("busbar.account", new Map(Object.entries(options.account)));
  await writer.end();
  return sink.bytes;
}

const nameOf = ({ type, faction, topic }: Recorded): string =>
  faction !== undefined ? `${type}/${faction}` : topic === "" ? type : `${type}#${topic}`;

const bfbs = (type: Any): Uint8Array => Buffer.from(type.schema, "base64");

/** What a foreign file has beside its messages. */
export interface Besides {
  readonly attachments: readonly { readonly name: string; readonly data: Uint8Array }[];
  readonly metadata: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * The same messages as another program would write them: one channel per type, no metadata of channels, a chunk that may not be closed.
 * @param besides half of the attachments come after as many of the messages, all else before them
 */
export async function foreign(
  messages: readonly Recorded[],
  closed = true,
  besides: Besides = { attachments: [], metadata: {} },
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let position = 0n;
  const writable = {
    position: () => position,
    async write(bytes: Uint8Array) {
      parts.push(bytes.slice());
      position += BigInt(bytes.length);
    },
  };
  const writer = new McapWriter({ writable, chunkSize: 4096 });
  await writer.start({ profile: "", library: "another" });
  for (const [name, entries] of Object.entries(besides.metadata))
    await writer.addMetadata({ name, metadata: new Map(Object.entries(entries)) });
  const attach = async (i: number): Promise<void> => {
    const { name, data } = besides.attachments[i]!;
    await writer.addAttachment({ name, data, logTime: BigInt(i), createTime: 0n, mediaType: "text/plain" });
  };
  const half = besides.attachments.length >> 1;
  for (let i = 0; i < half; i++) await attach(i);
  const ids = new Map<string, number>();
  for (const [i, { type, messageType, sequence, time, published, payload }] of messages.entries()) {
    if (i === messages.length >> 1) for (let j = half; j < besides.attachments.length; j++) await attach(j);
    let channelId = ids.get(type);
    if (channelId === undefined) {
      const schemaId = await writer.registerSchema({ name: type, encoding: "flatbuffer", data: bfbs(messageType) });
      const channel = { topic: type, schemaId, messageEncoding: "flatbuffer", metadata: new Map<string, string>() };
      channelId = await writer.registerChannel(channel);
      ids.set(type, channelId);
    }
    const low = Number(sequence & 0xffff_ffffn);
    await writer.addMessage({ channelId, sequence: low, logTime: time, publishTime: published, data: payload });
  }
  if (closed) await writer.end();
  return Buffer.concat(parts);
}
