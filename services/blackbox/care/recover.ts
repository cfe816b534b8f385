import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { BusError } from "#bus";
import { type Journal, readJournal } from "../file/journal.ts";
import { ChunksAhead } from "../file/read-ahead.ts";
import type { ChunkIndexRecord } from "../file/records.ts";
import { fileSink, type Sink } from "../file/sink.ts";
import { fileSource, type Source } from "../file/source.ts";
import { RecordingWriter } from "../file/writer.ts";
import { RecordingFile } from "../recording/file.ts";
import type { Filter } from "../recording/filter.ts";
import { TypeCache } from "../recording/types.ts";
import { everything, MessageHeads, messagesOf } from "./messages.ts";
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
  /** Places that did not read, in words; the first one ended the reading unless chunks behind it were taken. */
  readonly damage: readonly string[];
  /** There were chunks behind the damage that were not looked at. */
  readonly stoppedAtDamage: boolean;
  /** Bytes of the file that are in no record of the new one's. */
  readonly lostBytes: number;
  readonly missing: {
    /** Events that are surely missing; undefined: the file does not tell how many were received. */
    readonly events: number | undefined;
    /** Sequences between the first and the last one that are not there, both ends included. */
    readonly sequences: readonly { readonly from: bigint; readonly to: bigint }[];
    /** How `events` is known, or why it is not. */
    readonly by: string;
  };
}

/**
 * Writes all that can be read of a file, and of its journal, into a new file with a summary and turn index of its own.
 * @throws BusError blackbox/exists, blackbox/unreadable when it is no MCAP file at all
 */
export async function recover(path: string, options: RecoverOptions = {}): Promise<RecoveryReport> {
  const out = options.out ?? `${path.replace(/\.mcap$/, "")}.recovered.mcap`;
  const source = await fileSource(path);
  const journalPath = `${path}.journal`;
  const journal = existsSync(journalPath) ? await fileSource(journalPath) : undefined;
  try {
    const sink = await fileSink(out);
    try {
      return await recoverSource(source, journal, sink, { ...options, ...(await beginOfNext(path)) });
    } catch (error) {
      await sink.close(false);
      throw error;
    }
  } finally {
    await source.close();
    await journal?.close();
  }
}

export interface RecoverSourceOptions extends Work {
  readonly pastDamage?: boolean;
  /** Recorder's count of the first message of the file that follows. */
  readonly next?: bigint | undefined;
  /** The smallest sequence of a publisher where that file begins, which may be of another life of the recorder. */
  readonly nextSequence?: bigint | undefined;
}

/** The same from any source to any sink. */
export async function recoverSource(
  source: Source,
  journalSource: Source | undefined,
  sink: Sink,
  options: RecoverSourceOptions = {},
): Promise<RecoveryReport> {
  const { file, indexed, fault, journal } = await RecordingFile.salvage(source, (into) =>
    journalSource === undefined ? undefined : journalOrFault(journalSource, into),
  );
  const damage: string[] = fault === undefined ? [] : [fault.message];
  if (typeof journal === "string") damage.push(journal);
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
  const journaled = usable === undefined || soundBehindJournal ? undefined : await taken.journal(usable);
  if (usable?.fault !== undefined && journaled !== undefined) damage.push(usable.fault);
  await taken.end();
  return {
    file: source.name,
    out: sink.name,
    complete: indexed && damage.length === 0,
    chunks: taken.chunks,
    messages: taken.messages,
    journal: journaled,
    damage,
    stoppedAtDamage,
    lostBytes: Math.max(0, taken.lostBytes(file.bytes, indexed)),
    missing: taken.missing(options, journaled === undefined ? undefined : usable),
  };
}

async function journalOrFault(
  source: Source,
  into: Parameters<typeof readJournal>[1],
): Promise<Journal | string | undefined> {
  try {
    return await readJournal(source, into);
  } catch (error) {
    return BusError.from(error).message;
  }
}

/** The new file while it is filled, and what is known of what should be in it. */
class Taken {
  chunks = 0;
  readonly #file: RecordingFile;
  readonly #everything: Filter;
  readonly #writer: RecordingWriter;
  readonly #byPublisher = new Sequences();
  readonly #byRecorder = new Sequences();
  #bytes = 0;

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
    const messages = new MessageHeads(this.#everything, chunk, this.#file.chunkRecords(chunk, stored));
    this.#count(messages);
    messages.rewind();
    await this.#writer.copyChunk(stored, chunk, messages);
    this.#bytes += chunk.length + chunk.indexLength;
    this.chunks++;
  }

  /** @returns how many messages it gave */
  async journal({ records, chunkStart }: Journal): Promise<number> {
    const anyTime = { offset: chunkStart, start: 0n, end: (1n << 64n) - 1n };
    const events = messagesOf(this.#everything, anyTime, records);
    for (const event of events) {
      const { channel, turn, sequence, time, type, published, payload } = event;
      await this.#writer.message({ channel: channel.id, turn, sequence, time, type, published, payload });
    }
    this.#count(new MessageHeads(this.#everything, anyTime, records));
    return events.length;
  }

  end(): Promise<void> {
    return this.#writer.end();
  }

  #count(messages: MessageHeads): void {
    for (; messages.left > 0; messages.advance()) {
      const numbers = messages.isCounted ? this.#byPublisher : this.#byRecorder;
      numbers.add(messages.sequenceHigh, messages.sequenceLow);
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

  missing(
    { next, nextSequence }: Pick<RecoverSourceOptions, "next" | "nextSequence">,
    journal: Journal | undefined,
  ): RecoveryReport["missing"] {
    const { first, recording } = this.#file;
    // Where publishers count, the recorder's numbers of other messages have holes that mean nothing.
    const counted = this.#byPublisher.first === undefined ? this.#byRecorder : this.#byPublisher;
    const sequences = counted.scattered ? [] : counted.holes.map(([from, to]) => ({ from, to }));
    const held = BigInt(this.messages);
    // A file that does not begin behind the first message of this one is of another life of the recorder.
    if (recording.has("first") && next !== undefined && next > first && next >= first + held)
      return { events: Number(next - first - held), sequences, by: `the next file begins with message ${next}` };
    if (recording.has("first") && journal !== undefined) {
      const before = journal.first - first - (held - BigInt(journal.messages));
      if (before >= 0n)
        return { events: Number(before), sequences, by: `the journal begins with message ${journal.first}` };
    }
    const inHoles = sequences.reduce((sum, { from, to }) => sum + Number(to - from + 1n), 0);
    if (this.#file.complete) {
      const said = this.#file.summary.statistics?.messages;
      if (said !== undefined && said >= held)
        return { events: Number(said - held), sequences, by: "the file says how many messages it holds" };
    }
    if (this.#file.scan?.ended === true && this.chunks === this.#file.summary.chunks.length)
      return { events: 0, sequences, by: "the file was closed, and its summary alone is lost" };
    const last = counted.scattered ? undefined : this.#byPublisher.last;
    if (last !== undefined && nextSequence !== undefined && nextSequence > last) {
      const behind = nextSequence - last - 1n;
      return {
        events: inHoles + Number(behind),
        sequences: behind === 0n ? sequences : [...sequences, { from: last + 1n, to: nextSequence - 1n }],
        by: `the next file, of another life of the recorder, begins with sequence ${nextSequence} of the publishers`,
      };
    }
    const by =
      last === undefined && nextSequence !== undefined
        ? `it holds no message that a publisher counted; those of the next file begin with ${nextSequence}`
        : "nothing tells how many messages came after the last one that was read";
    return {
      events: inHoles === 0 ? undefined : inHoles,
      sequences,
      by: inHoles === 0 ? by : `holes in the sequences; ${by}`,
    };
  }
}

/** What the file with the next number begins with, when there is one. */
async function beginOfNext(path: string): Promise<Pick<RecoverSourceOptions, "next" | "nextSequence">> {
  const parts = /^(.*?)(\d{6,})\.mcap$/.exec(path);
  if (parts === null) return {};
  const [, prefix, number] = parts;
  const next = `${prefix}${String(Number(number) + 1).padStart(6, "0")}.mcap`;
  if (!existsSync(join(dirname(path), next.slice(next.lastIndexOf("/") + 1)))) return {};
  const source = await fileSource(next);
  try {
    const file = await RecordingFile.open(source, new TypeCache());
    return { next: file.recording.has("first") ? file.first : undefined, nextSequence: await firstSequence(file) };
  } catch {
    return {};
  } finally {
    await source.close();
  }
}

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
