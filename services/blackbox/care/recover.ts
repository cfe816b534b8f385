import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { BusError } from "#bus";
import { type Journal, readJournal } from "../file/journal.ts";
import { ChunksAhead } from "../file/read-ahead.ts";
import type { ChunkIndexRecord } from "../file/records.ts";
import { scanFile } from "../file/scan.ts";
import { fileSink, type Sink } from "../file/sink.ts";
import { fileSource, type Source } from "../file/source.ts";
import { readTally, sourcesOf } from "../file/tally.ts";
import { RecordingWriter } from "../file/writer.ts";
import type { RecordedEvent } from "../recording/event.ts";
import { metadataAt, RecordingFile } from "../recording/file.ts";
import type { Filter } from "../recording/filter.ts";
import { TypeCache } from "../recording/types.ts";
import { checkAttachment, partsOf } from "./attachments.ts";
import { everything, MessageHeads, messagesOf } from "./messages.ts";
import { type Following, type Held, type Missing, missingOf } from "./missing.ts";
import { goOn, type Work } from "./progress.ts";
import { Sequences } from "./sequences.ts";

export interface RecoverOptions extends Work {
  /** Default: `<name>.recovered.mcap` beside the file. */
  readonly out?: string;
  /** Takes chunks that read well behind one that does not. Default: only when the file's summary says where they are. */
  readonly pastDamage?: boolean;
}

/** What became of a file. */
export interface RecoveryReport {
  readonly file: string;
  readonly out: string;
  /** It had a footer and a sound summary. */
  readonly complete: boolean;
  readonly chunks: number;
  readonly messages: number;
  /** Messages of the journal among them; undefined: there was none, or it was older than the file. */
  readonly journal: number | undefined;
  /** Attachments and metadata records of other writers that the new file has, too. */
  readonly attachments: number;
  readonly metadata: number;
  /** Places that did not read, in words; the first one ended the reading unless chunks behind it were taken. */
  readonly damage: readonly string[];
  /** There were chunks behind the damage that were not looked at. */
  readonly stoppedAtDamage: boolean;
  /** Bytes of the file that are in no record of the new one's. */
  readonly lostBytes: number;
  readonly missing: Missing;
}

/**
 * Writes all that can be read of a file, and of its journal, into a new file with a summary and turn index of its own.
 * @throws BusError blackbox/exists, blackbox/unreadable when it is no MCAP file at all
 */
export async function recover(path: string, options: RecoverOptions = {}): Promise<RecoveryReport> {
  const out = options.out ?? `${path.replace(/\.mcap$/, "")}.recovered.mcap`;
  const source = await fileSource(path);
  const journal = await besideOf(`${path}.journal`);
  const tally = await besideOf(`${path}.tally`);
  try {
    const sink = await fileSink(out);
    try {
      return await recoverSource(source, journal, sink, { ...options, tally, ...(await beginOfNext(path)) });
    } catch (error) {
      await sink.close(false);
      throw error;
    }
  } finally {
    await source.close();
    await journal?.close();
    await tally?.close();
  }
}

export interface RecoverSourceOptions extends Work, Following {
  readonly pastDamage?: boolean;
  /** What the recorder counted beside the file. */
  readonly tally?: Source | undefined;
}

/** The same from any source to any sink. */
export async function recoverSource(
  source: Source,
  journalSource: Source | undefined,
  sink: Sink,
  options: RecoverSourceOptions = {},
): Promise<RecoveryReport> {
  const { file, indexed, fault, journal } = await RecordingFile.salvage(source, (into) =>
    journalSource === undefined ? undefined : orFault(readJournal(journalSource, into)),
  );
  const damage: string[] = fault === undefined ? [] : [fault.message];
  if (typeof journal === "string") damage.push(journal);
  const tally = options.tally === undefined ? undefined : await orFault(readTally(options.tally));
  if (typeof tally === "string") damage.push(tally);
  const taken = new Taken(file, sink);
  await taken.begin();
  const { chunks } = file.summary;
  const goesPast = options.pastDamage ?? indexed;
  const usable = typeof journal === "object" ? journal : undefined;
  let soundBehindJournal = false;
  let stoppedAtDamage = false;
  const ahead = new ChunksAhead(source, chunks);
  try {
    for (const [i, chunk] of chunks.entries()) {
      goOn(options, i / Math.max(1, chunks.length));
      try {
        await taken.chunk(chunk, (await ahead.bytes(i)) ?? (await file.chunkBytes(chunk)));
        if (usable !== undefined && chunk.offset >= usable.chunkStart) soundBehindJournal = true;
      } catch (error) {
        const problem = BusError.from(error);
        if (!/^(blackbox|schema)\//.test(problem.code)) throw error;
        damage.push(problem.message);
        if (!goesPast) {
          stoppedAtDamage = i + 1 < chunks.length;
          break;
        }
      }
    }
  } finally {
    await ahead.settled();
  }
  damage.push(...(await taken.besides(options)));
  const journaled = usable === undefined || soundBehindJournal ? undefined : await taken.journal(usable);
  if (usable?.fault !== undefined && journaled !== undefined) damage.push(usable.fault);
  await taken.end();
  return {
    file: source.name,
    out: sink.name,
    complete: indexed && damage.length === 0,
    chunks: taken.chunks,
    messages: taken.messages,
    attachments: taken.attachments,
    metadata: taken.metadata,
    journal: journaled,
    damage,
    stoppedAtDamage,
    lostBytes: Math.max(0, taken.lostBytes(file.bytes, indexed)),
    missing: missingOf({
      ...taken.held,
      next: options.next,
      nextSequence: options.nextSequence,
      nextUncounted: options.nextUncounted ?? [],
      nextSources: options.nextSources,
      journal: journaled === undefined ? undefined : usable,
      tally: typeof tally === "object" ? tally : undefined,
    }),
  };
}

/** What is beside a file may be damaged as well, which is said and ends nothing. */
async function orFault<T>(read: Promise<T>): Promise<T | string> {
  try {
    return await read;
  } catch (error) {
    return BusError.from(error).message;
  }
}

/** The new file while it is filled, and what is known of what should be in it. */
class Taken {
  chunks = 0;
  attachments = 0;
  metadata = 0;
  /** Chunks, and messages outside of chunks that are read together. */
  #pieces = 0;
  readonly #file: RecordingFile;
  readonly #everything: Filter;
  readonly #writer: RecordingWriter;
  readonly #byPublisher = new Sequences();
  readonly #byRecorder = new Sequences();
  /** Messages by channel, and the channels that have some without a publisher's number. */
  readonly #perChannel: number[] = [];
  readonly #uncounted = new Set<number>();
  #bytes = 0;
  /** Size of the chunks' records without compression, and the messages in them. */
  #recordBytes = 0;
  #inChunks = 0;

  constructor(file: RecordingFile, sink: Sink) {
    this.#file = file;
    this.#everything = everything(file);
    this.#writer = new RecordingWriter(sink);
  }

  get messages(): number {
    return this.#writer.messages;
  }

  async begin(): Promise<void> {
    await this.#writer.begin("busbar-blackbox recovery", this.#file.recording);
    for (const schema of this.#file.summary.schemas.values()) await this.#writer.schema(schema);
    for (const channel of this.#file.summary.channels.values()) await this.#writer.channel(channel);
  }

  async chunk(chunk: ChunkIndexRecord, stored: Uint8Array): Promise<void> {
    const records = this.#file.chunkRecords(chunk, stored);
    const messages = new MessageHeads(this.#everything, chunk, records);
    this.#count(messages);
    messages.rewind();
    if (chunk.bare === true) await this.#write(messagesOf(this.#everything, chunk, records));
    else await this.#writer.copyChunk(stored, chunk, messages);
    this.#bytes += chunk.length + chunk.indexLength;
    this.#recordBytes += chunk.uncompressed;
    this.#inChunks = this.messages;
    this.#pieces++;
    if (chunk.bare !== true) this.chunks++;
  }

  /** @returns how many messages it gave */
  async journal({ records, chunkStart }: Journal): Promise<number> {
    const anyTime = { offset: chunkStart, start: 0n, end: (1n << 64n) - 1n };
    const events = messagesOf(this.#everything, anyTime, records);
    await this.#write(events);
    this.#count(new MessageHeads(this.#everything, anyTime, records));
    return events.length;
  }

  /** What other writers have put beside the messages. @returns what of it could not be taken, in words */
  async besides(work: Work): Promise<string[]> {
    const { source, recording, bytes } = this.#file;
    // Ours are all in the summary, and what they have is made anew.
    if (recording.size > 0) return [];
    // Other writers may leave their indexes out.
    const scan = this.#file.scan ?? (await scanFile(source, bytes));
    const faults = scan.oddities.map(({ message }) => message);
    // Of a file that was scanned before, this is known.
    if (scan !== this.#file.scan && scan.fault !== undefined)
      faults.push(`${scan.fault.message}; attachments and metadata behind it were not looked for`);
    const readOrSay = async <T>(read: Promise<T>): Promise<T | undefined> => {
      goOn(work, 1);
      try {
        return await read;
      } catch (error) {
        const fault = BusError.from(error);
        if (!fault.code.startsWith("blackbox/")) throw error;
        faults.push(fault.message);
        return undefined;
      }
    };
    for (const attachment of scan.summary.attachments) {
      if ((await readOrSay(checkAttachment(source, attachment))) === undefined) continue;
      const { offset, length } = attachment;
      await this.#writer.copyAttachment(attachment, partsOf(source, offset, offset + length));
      this.attachments++;
    }
    for (const place of scan.summary.metadata) {
      const record = await readOrSay(metadataAt(source, place));
      if (record === undefined) continue;
      await this.#writer.metadata(place.name, record.entries);
      this.metadata++;
    }
    return faults;
  }

  async #write(events: readonly RecordedEvent[]): Promise<void> {
    for (const { channel, turn, sequence, time, type, published, payload } of events)
      await this.#writer.message({ channel: channel.id, turn, sequence, time, type, published, payload });
  }

  end(): Promise<void> {
    return this.#writer.end();
  }

  #count(messages: MessageHeads): void {
    for (; messages.left > 0; messages.advance()) {
      const { channel, isCounted } = messages;
      const numbers = isCounted ? this.#byPublisher : this.#byRecorder;
      numbers.add(messages.sequenceHigh, messages.sequenceLow);
      this.#perChannel[channel] = (this.#perChannel[channel] ?? 0) + 1;
      if (!isCounted) this.#uncounted.add(channel);
    }
    this.#byPublisher.settle();
    this.#byRecorder.settle();
  }

  lostBytes(size: number, indexed: boolean): number {
    const whole = this.#file.summary.chunks.reduce((sum, chunk) => sum + chunk.length + chunk.indexLength, 0);
    // Behind the end of the data there is the summary alone, which is written anew.
    const tail = indexed || this.#file.scan?.ended === true ? 0 : size - this.#file.summary.dataEnd;
    return tail + whole - this.#bytes;
  }

  get held(): Omit<Held, keyof Following | "journal" | "tally"> {
    const { recording, first, complete, summary, scan, channels } = this.#file;
    // Where publishers count, the recorder's numbers of other messages have holes that mean nothing.
    const counted = this.#byPublisher.first === undefined ? this.#byRecorder : this.#byPublisher;
    const byType = new Map<string, number>();
    this.#perChannel.forEach((count, id) => {
      const { typeName } = channels.get(id)!;
      byType.set(typeName, (byType.get(typeName) ?? 0) + count);
    });
    const chunkBytes = /^\d{1,10}$/.exec(recording.get("chunk_bytes") ?? "")?.[0];
    return {
      messages: this.messages,
      byType,
      first: recording.has("first") ? first : undefined,
      said: complete ? summary.statistics?.messages : undefined,
      ended: (complete || scan?.ended === true) && this.#pieces === summary.chunks.length,
      holes: counted.scattered ? [] : counted.holes,
      lastSequence: counted.scattered ? undefined : this.#byPublisher.last,
      uncounted: uncountedOf(this.#file, this.#uncounted),
      chunkBytes: chunkBytes === undefined ? undefined : Number(chunkBytes),
      meanBytes: this.#inChunks === 0 ? 0 : this.#recordBytes / this.#inChunks,
    };
  }
}

/** Types whose messages carry no number of their publisher, as the schema says or as the messages of some channels show. */
const uncountedOf = ({ channels }: RecordingFile, seen: ReadonlySet<number>): string[] =>
  [...channels.values()]
    .filter(({ id, type }) => seen.has(id) || type?.layout.header === undefined)
    .map(({ typeName }) => typeName);

/** What the file with the next number begins with, when there is one. */
async function beginOfNext(path: string): Promise<Following> {
  const parts = /^(.*?)(\d{6,})\.mcap$/.exec(path);
  if (parts === null) return {};
  const [, prefix, number] = parts;
  const next = `${prefix}${String(Number(number) + 1).padStart(6, "0")}.mcap`;
  if (!existsSync(join(dirname(path), next.slice(next.lastIndexOf("/") + 1)))) return {};
  const source = await fileSource(next);
  const tally = await besideOf(`${next}.tally`);
  try {
    const file = await RecordingFile.open(source, new TypeCache());
    const sources = await file.metadata("busbar.sources");
    return {
      nextSources: sources !== undefined ? sourcesOf(sources) : tally && (await readTally(tally))?.sources,
      next: file.recording.has("first") ? file.first : undefined,
      nextSequence: await firstSequence(file),
      nextUncounted: uncountedOf(file, new Set()),
    };
  } catch {
    return {};
  } finally {
    await source.close();
    await tally?.close();
  }
}

const besideOf = async (path: string): Promise<Source | undefined> =>
  existsSync(path) ? await fileSource(path) : undefined;

/** The smallest number of a publisher in the first chunk that has one. @throws BusError blackbox/unreadable */
async function firstSequence(file: RecordingFile): Promise<bigint | undefined> {
  const filter = everything(file);
  for (const chunk of file.summary.chunks) {
    const numbers = new Sequences();
    const messages = new MessageHeads(filter, chunk, file.chunkRecords(chunk, await file.chunkBytes(chunk)));
    for (; messages.left > 0; messages.advance())
      if (messages.isCounted) numbers.add(messages.sequenceHigh, messages.sequenceLow);
    if (numbers.first !== undefined) return numbers.first;
  }
  return undefined;
}
