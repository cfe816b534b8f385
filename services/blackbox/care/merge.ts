import type { ChannelRecord, SchemaRecord } from "../file/records.ts";
import { fileSink, type Sink } from "../file/sink.ts";
import { RecordingWriter } from "../file/writer.ts";
import type { Query } from "../recording/query.ts";
import { open, pathsOf, type Recording } from "../recording/recording.ts";
import { goOn, type Work } from "./progress.ts";

export interface MergeOptions extends Work {
  /** Only these events. Default: all. */
  readonly query?: Query;
}

export interface MergeReport {
  readonly out: string;
  readonly files: number;
  readonly messages: number;
}

/**
 * One file of several recordings, in the order of (time, sequence).
 * @throws BusError blackbox/exists, blackbox/no-recording, blackbox/unreadable
 */
export async function merge(paths: readonly string[], out: string, options: MergeOptions = {}): Promise<MergeReport> {
  const files = (await Promise.all(paths.map(pathsOf))).flat();
  await using recording = await open(files);
  const sink = await fileSink(out);
  try {
    const messages = await copyTo(recording, sink, options);
    return { out, files: files.length, messages };
  } catch (error) {
    await sink.close(false);
    throw error;
  }
}

/** @returns how many messages it wrote */
export async function copyTo(recording: Recording, sink: Sink, options: MergeOptions = {}): Promise<number> {
  const writer = new RecordingWriter(sink);
  const [first] = recording.files;
  const about = new Map<string, string>([
    ["format", "1"],
    ["service", "merge"],
    ["number", "1"],
    ["log_time", first?.recording.get("log_time") ?? "simulated"],
    [
      "first",
      String(recording.files.reduce((least, file) => (file.first < least ? file.first : least), first?.first ?? 0n)),
    ],
    ["compression", "none"],
  ]);
  await writer.begin("busbar-blackbox merge", about);
  const ids = new Ids(writer);
  const total = Math.max(1, Number((await recording.stats()).messages));
  for await (const batch of recording.batches(options.query)) {
    goOn(options, Math.min(1, writer.messages / total));
    for (const event of batch) {
      const channel = await ids.of(event.channel.record, event.file.summary.schemas.get(event.channel.record.schemaId));
      const { turn, sequence, time, type, published, payload } = event;
      await writer.message({ channel, turn, sequence, time, type, published, payload });
    }
  }
  await writer.end();
  return writer.messages;
}

/** Channels and schemas of several files under numbers of their own: equal ones are one. */
class Ids {
  readonly #writer: RecordingWriter;
  readonly #known = new Map<ChannelRecord, number>();
  readonly #channels = new Map<string, number>();
  readonly #schemas: SchemaRecord[] = [];

  constructor(writer: RecordingWriter) {
    this.#writer = writer;
  }

  async of(record: ChannelRecord, schema: SchemaRecord | undefined): Promise<number> {
    const known = this.#known.get(record);
    if (known !== undefined) return known;
    const schemaId = schema === undefined ? 0 : await this.#schemaId(schema);
    const key = JSON.stringify([record.topic, schemaId, record.encoding, [...record.metadata].sort()]);
    let id = this.#channels.get(key);
    if (id === undefined) {
      id = this.#channels.size;
      this.#channels.set(key, id);
      await this.#writer.channel({ ...record, id, schemaId });
    }
    this.#known.set(record, id);
    return id;
  }

  async #schemaId({ name, encoding, data }: SchemaRecord): Promise<number> {
    const same = this.#schemas.find(
      (each) => each.name === name && each.encoding === encoding && Buffer.compare(each.data, data) === 0,
    );
    if (same !== undefined) return same.id;
    const schema = { id: this.#schemas.length + 1, name, encoding, data };
    this.#schemas.push(schema);
    await this.#writer.schema(schema);
    return schema.id;
  }
}
