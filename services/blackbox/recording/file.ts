import { BusError } from "#bus";
import { Bytes, unreadable } from "../file/bytes.ts";
import { boundChunk, chunkRecords } from "../file/chunk.ts";
import {
  type ChannelRecord,
  type ChunkIndexRecord,
  Op,
  parseChunkHead,
  parseMetadata,
  RECORD_HEAD_BYTES,
} from "../file/records.ts";
import { type Scan, scanFile } from "../file/scan.ts";
import type { Source } from "../file/source.ts";
import { readSummary, type Summary, suffices } from "../file/summary.ts";
import { isBarelyBegun, requireMagic } from "../file/walk.ts";
import type { Filter } from "./filter.ts";
import { TurnIndex } from "./turns.ts";
import { type RecordedType, TypeCache } from "./types.ts";

/** A channel as queries see it. */
export interface Channel {
  readonly id: number;
  readonly record: ChannelRecord;
  /** Full name of the type. */
  readonly typeName: string;
  /** Undefined when the channel has no schema. */
  readonly type: RecordedType | undefined;
  /** All its messages are of this faction; undefined: look at their headers. */
  readonly faction: bigint | undefined;
  /** Bus topic of all its messages; "" = none, undefined = not kept. */
  readonly topic: string | undefined;
}

/** Metadata records of the writer that end with a file are small, the turn index apart. */
const METADATA_BYTES_MAX = 64 * 1024 * 1024;

/** Told of a place that cannot be read and is left out: `blackbox/unreadable` with the byte, or why a chunk is not taken. */
export type OnDamage = (fault: BusError) => void;

/** One file of a recording: its indexes, and its chunks when they are asked for. */
export class RecordingFile {
  readonly source: Source;
  readonly path: string;
  readonly bytes: number;
  /** False: no footer, so it crashed, or is being written; or damage ended the scan. */
  readonly complete: boolean;
  readonly summary: Summary;
  readonly channels: ReadonlyMap<number, Channel>;
  /** `busbar.recording`; empty for files of other writers. */
  readonly recording: ReadonlyMap<string, string>;
  /** It was gone through from head to head, for want of a footer or of a summary that tells enough. */
  readonly scan: Scan | undefined;
  /** Recorder's count of its first message, from which 64-bit sequences are made of their low halves. */
  readonly first: bigint;
  #turns: Promise<TurnIndex | undefined> | undefined;
  readonly #onDamage: OnDamage | undefined;

  private constructor(
    source: Source,
    bytes: number,
    complete: boolean,
    summary: Summary,
    scan: Scan | undefined,
    recording: ReadonlyMap<string, string>,
    types: TypeCache,
    onDamage?: OnDamage,
  ) {
    this.#onDamage = onDamage;
    this.source = source;
    this.path = source.name;
    this.bytes = bytes;
    this.complete = complete;
    this.summary = summary;
    this.scan = scan;
    this.recording = recording;
    this.first = BigInt(/^\d{1,20}$/.exec(recording.get("first") ?? "")?.[0] ?? "0");
    this.channels = new Map(
      [...summary.channels.values()].map((record) => [record.id, this.#channelOf(record, types)]),
    );
  }

  /**
   * @param onDamage takes the file though it is damaged, as far as it begins as one
   * @throws BusError blackbox/unreadable, blackbox/too-large
   */
  static async open(source: Source, types: TypeCache, onDamage?: OnDamage): Promise<RecordingFile> {
    const size = await source.size();
    const barely = await isBarelyBegun(source, size);
    if (!barely) await requireMagic(source, size);
    if (!barely && onDamage !== undefined) {
      const { file, fault, cutOff } = await RecordingFile.salvage(source, () => undefined, types, onDamage);
      // An end in the middle is the state of a file that is being written.
      if (fault !== undefined && !cutOff) onDamage(fault);
      return file;
    }
    let summary = await readSummary(source, size);
    let complete = summary !== undefined;
    let scan: Scan | undefined;
    if (summary === undefined || !suffices(summary)) {
      scan = await scanFile(source, size);
      complete &&= isWhole(scan);
      summary = complete ? { ...scan.summary, statistics: summary?.statistics } : settled(scan.summary);
    }
    const at = summary.metadata.find(({ name }) => name === "busbar.recording");
    const recording = at === undefined ? new Map<string, string>() : (await metadataAt(source, at)).entries;
    return new RecordingFile(source, size, complete, summary, scan, recording, types);
  }

  /** What a scan has found so far of a file that grows. */
  static async ofScan(source: Source, scan: Scan, size: number, types: TypeCache): Promise<RecordingFile> {
    const { summary } = scan;
    const at = summary.metadata.find(({ name }) => name === "busbar.recording");
    const recording = at === undefined ? new Map<string, string>() : (await metadataAt(source, at)).entries;
    return new RecordingFile(source, size, false, summary, scan, recording, types);
  }

  /**
   * Whatever can be known of a file that may be damaged anywhere. A sound summary is believed, since it has a CRC; without one the
   * file is gone through from head to head.
   * @param extend may add schemas and channels from elsewhere before they are needed
   * @param types lenient
   * @throws BusError blackbox/unreadable when it does not begin as an MCAP file does
   */
  static async salvage<T>(
    source: Source,
    extend: (into: Summary) => Promise<T> | undefined,
    types: TypeCache = new TypeCache(true),
    onDamage?: OnDamage,
  ): Promise<{
    file: RecordingFile;
    indexed: boolean;
    fault: BusError | undefined;
    /** The fault is that the file ends in the middle, and nothing else. */
    cutOff: boolean;
    journal: T | undefined;
  }> {
    const size = await source.size();
    await requireMagic(source, size);
    let summary: Summary | undefined;
    let fault: BusError | undefined;
    try {
      summary = await readSummary(source, size);
    } catch (error) {
      fault = BusError.from(error);
    }
    const indexed = summary !== undefined && suffices(summary);
    let complete = summary !== undefined;
    let scan: Scan | undefined;
    let cutOff = false;
    if (summary === undefined || !indexed) {
      scan = await scanFile(source, size);
      fault ??= scan.fault;
      cutOff = fault === undefined && scan.torn > 0 && !scan.ended;
      if (cutOff)
        fault = unreadable(
          source.name,
          scan.summary.dataEnd,
          `the file ends inside a record, ${scan.torn} bytes into it`,
        );
      complete &&= isWhole(scan);
      summary = complete
        ? { ...scan.summary, statistics: summary?.statistics }
        : { ...settled(scan.summary), statistics: undefined };
    }
    const journal = await extend(summary);
    let recording: ReadonlyMap<string, string> = new Map();
    try {
      const at = summary.metadata.find(({ name }) => name === "busbar.recording");
      if (at !== undefined) recording = (await metadataAt(source, at)).entries;
    } catch (error) {
      if (cutOff) fault = undefined;
      cutOff = false;
      fault ??= BusError.from(error);
    }
    // Channels of schemas that were lost are kept, as messages without a type.
    for (const [id, channel] of summary.channels)
      if (!summary.schemas.has(channel.schemaId)) summary.channels.set(id, { ...channel, schemaId: 0 });
    const file = new RecordingFile(source, size, complete, summary, scan, recording, types, onDamage);
    return { file, indexed, fault, cutOff, journal };
  }

  #channelOf(record: ChannelRecord, types: TypeCache): Channel {
    const schema = this.summary.schemas.get(record.schemaId);
    if (schema === undefined && record.schemaId !== 0)
      throw unreadable(this.path, 0, `the channel ${record.id} has the schema ${record.schemaId}, which is not there`);
    const { metadata: about } = record;
    const faction = about.get("faction");
    return {
      id: record.id,
      record,
      typeName: about.get("type") ?? schema?.name ?? record.topic,
      type: schema === undefined ? undefined : types.of(schema),
      faction: faction !== undefined && /^\d{1,20}$/.test(faction) ? BigInt(faction) : undefined,
      topic: about.get("topics") === "mixed" ? undefined : (about.get("topic") ?? ""),
    };
  }

  /** The turn index; undefined when the file has none, as one that was never closed. */
  turns(): Promise<TurnIndex | undefined> {
    this.#turns ??= this.#readTurns();
    return this.#turns;
  }

  async #readTurns(): Promise<TurnIndex | undefined> {
    const at = this.summary.metadata.findLast(({ name }) => name === "busbar.turns");
    if (at === undefined) return undefined;
    try {
      return new TurnIndex(this.path, at.offset, (await metadataAt(this.source, at)).entries);
    } catch (error) {
      this.damaged(error);
      return undefined;
    }
  }

  /** A metadata record by its name, the last of several. */
  async metadata(name: string): Promise<ReadonlyMap<string, string> | undefined> {
    const at = this.summary.metadata.findLast((each) => each.name === name);
    try {
      return at === undefined ? undefined : (await metadataAt(this.source, at)).entries;
    } catch (error) {
      this.damaged(error);
      return undefined;
    }
  }

  /**
   * Tells of a place that cannot be read who wants the rest all the same.
   * @throws the error, with what to do, when nobody does, or when it is of another kind
   */
  damaged(error: unknown): void {
    const fault = BusError.from(error);
    if (!/^(blackbox|schema)\//.test(fault.code)) throw error;
    if (this.#onDamage !== undefined) {
      this.#onDamage(fault);
      return;
    }
    if (fault.code !== "blackbox/unreadable") throw error;
    const problem = `${fault.details.problem}; busbar log recover writes what can be read into a new file`;
    throw new BusError(fault.code, { details: { ...fault.details, problem }, cause: error });
  }

  /**
   * The chunks that a query has to look at, in the order of the summary.
   * @param inTurns whether one that begins at this byte may hold the turns that were asked for; undefined: any may
   */
  choose(inTurns: ((offset: number) => boolean) | undefined, filter: Filter): ChunkIndexRecord[] {
    const { indexes } = this.summary;
    // Asking for `chunks` would make a record of every index.
    const chosen =
      indexes?.choose(inTurns, filter.from, filter.to) ??
      this.summary.chunks.filter(({ offset }) => inTurns?.(offset) ?? true);
    return chosen.filter((chunk) => filter.mayHold(chunk));
  }

  /** Bytes of a chunk record, as they are stored. @throws BusError blackbox/too-large */
  async chunkBytes(chunk: ChunkIndexRecord): Promise<Uint8Array> {
    boundChunk(this.path, chunk.offset, chunk.length);
    return await this.source.read(chunk.offset, chunk.length);
  }

  /**
   * The records of a chunk, checked against its CRC and against what the index says of it.
   * @throws BusError blackbox/unreadable, blackbox/too-large, blackbox/unknown-compression
   */
  chunkRecords(chunk: ChunkIndexRecord, stored: Uint8Array): Uint8Array {
    if (chunk.bare === true) return stored;
    const bytes = new Bytes(this.path, chunk.offset, stored);
    if (bytes.u8("an opcode") !== Op.chunk || bytes.size("a record's length") !== chunk.length - RECORD_HEAD_BYTES)
      throw unreadable(this.path, chunk.offset, "the index says that a chunk begins here, and none does");
    const head = parseChunkHead(bytes, stored.length);
    if (head.start !== chunk.start || head.end !== chunk.end)
      throw unreadable(this.path, chunk.offset, "the index gives a chunk other times than the chunk does");
    return chunkRecords(this.path, chunk.offset, head, stored.subarray(bytes.at));
  }

  close(): Promise<void> {
    return this.source.close();
  }
}

/** All records up to the end of the data were there. */
const isWhole = ({ ended, fault }: Scan): boolean => ended && fault === undefined;

/** Of the last chunk of a file that is being written, not all message indexes may be there yet. */
function settled(summary: Summary): Summary {
  const last = summary.chunks.at(-1);
  if (last === undefined) return summary;
  return { ...summary, chunks: [...summary.chunks.slice(0, -1), { ...last, channels: new Uint8Array(0) }] };
}

/** A metadata record where an index says that it is. @throws BusError blackbox/unreadable */
export async function metadataAt(
  source: Source,
  at: { readonly offset: number; readonly length: number },
): Promise<{ name: string; entries: Map<string, string> }> {
  if (at.length > METADATA_BYTES_MAX || at.length < RECORD_HEAD_BYTES)
    throw unreadable(source.name, at.offset, `a metadata record takes ${at.length} bytes`);
  const bytes = new Bytes(source.name, at.offset, await source.read(at.offset, at.length));
  if (bytes.u8("an opcode") !== Op.metadata || bytes.size("a record's length") !== at.length - RECORD_HEAD_BYTES)
    throw unreadable(source.name, at.offset, "the index says that a metadata record begins here, and none does");
  return parseMetadata(bytes);
}
