import { BusError } from "#bus";
import { type Bytes, unreadable } from "../file/bytes.ts";
import { boundChunk } from "../file/chunk.ts";
import { crc32 } from "../file/crc.ts";
import {
  type ChunkIndexRecord,
  Op,
  parseAttachment,
  parseChunkHead,
  parseMessageIndex,
  parseMetadata,
  RECORD_HEAD_BYTES,
} from "../file/records.ts";
import { fileSource, type Source } from "../file/source.ts";
import { TurnTable } from "../file/turn-table.ts";
import { type RecordHead, Walker } from "../file/walk.ts";
import type { RecordedEvent } from "../recording/event.ts";
import { RecordingFile } from "../recording/file.ts";
import { checkAttachment } from "./attachments.ts";
import { everything, MessageHeads, messagesOf } from "./messages.ts";
import { goOn, type Work } from "./progress.ts";

export interface VerifyReport {
  readonly file: string;
  /** No problem was found, and the file was closed. */
  readonly sound: boolean;
  readonly complete: boolean;
  readonly records: number;
  readonly chunks: number;
  readonly messages: number;
  /** At most 100; `more` counts the rest. */
  readonly problems: readonly string[];
  readonly more: number;
}

const PROBLEMS_MAX = 100;

/** Looks at every byte of a file: records, CRCs, indexes against content, payloads against their schemas. */
export async function verify(path: string, work?: Work): Promise<VerifyReport> {
  const source = await fileSource(path);
  try {
    return await verifySource(source, work);
  } finally {
    await source.close();
  }
}

export async function verifySource(source: Source, work?: Work): Promise<VerifyReport> {
  const check = new Check(source);
  try {
    await check.run(work);
  } catch (error) {
    const fault = BusError.from(error);
    if (!/^(blackbox|schema)\//.test(fault.code)) throw error;
    check.problem(fault.message);
  }
  return check.report;
}

/** One walk over a file. */
class Check {
  readonly #source: Source;
  readonly #problems: string[] = [];
  #more = 0;
  #complete = false;
  #records = 0;
  #chunks = 0;
  #messages = 0;
  #attachments = 0;
  readonly #turns = new TurnTable();
  readonly #perChannel = new Map<number, bigint>();
  /** Places of messages in the chunk before the record at hand, by channel, as message indexes must give them. */
  #expected = new Map<number, { time: bigint; offset: number }[]>();
  /** Ours always have message indexes; of other writers, a chunk has one for each channel or none at all. */
  #isOurs = false;
  #hasIndexes = false;

  constructor(source: Source) {
    this.#source = source;
  }

  get report(): VerifyReport {
    return {
      file: this.#source.name,
      sound: this.#problems.length === 0 && this.#complete,
      complete: this.#complete,
      records: this.#records,
      chunks: this.#chunks,
      messages: this.#messages,
      problems: this.#problems,
      more: this.#more,
    };
  }

  problem(text: string): void {
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push(text);
    else this.#more++;
  }

  #at(offset: number, problem: string): void {
    this.problem(unreadable(this.#source.name, offset, problem).message);
  }

  async run(work: Work | undefined): Promise<void> {
    const size = await this.#source.size();
    const { file, fault } = await RecordingFile.salvage(this.#source, () => undefined);
    this.#complete = file.complete;
    this.#isOurs = file.recording.size > 0;
    if (fault !== undefined) this.problem(fault.message);
    const chunks = new Map(
      file.summary.chunks.flatMap((chunk) => (chunk.bare === true ? [] : [[chunk.offset, chunk]])),
    );
    const walker = new Walker(this.#source, 8, size);
    const filter = everything(file);
    for (let head = await walker.next(); head !== undefined; head = await walker.next()) {
      goOn(work, head.offset / size);
      this.#records++;
      if (head.op === Op.dataEnd) {
        await this.#dataEnd(await walker.content(head), head);
        break;
      }
      if (head.op !== Op.messageIndex && this.#expected.size > 0) this.#missingIndexes(head.offset);
      if (head.op === Op.message) {
        boundChunk(this.#source.name, head.offset, head.length);
        this.#message(await walker.bytes(head.offset, RECORD_HEAD_BYTES + head.length), file, filter);
      } else if (head.op === Op.chunk) await this.#chunk(walker, head, file, filter, chunks);
      else if (head.op === Op.attachment) await this.#attachment(walker, head);
      else if (head.op === Op.messageIndex) this.#index(await walker.content(head), head);
      else if (head.op === Op.metadata) {
        const { name, entries } = parseMetadata(await walker.content(head));
        if (name === "busbar.turns") this.#turnIndex(entries, head.offset);
      }
    }
    if (file.complete) this.#summary(file, chunks);
    const broken = new Set([...file.channels.values()].map(({ type }) => type?.broken));
    for (const text of broken) if (text !== undefined) this.problem(`${this.#source.name}: ${text}`);
  }

  /** One that lies in no chunk. */
  #message(record: Bytes, file: RecordingFile, filter: ReturnType<typeof everything>): void {
    if (file.scan === undefined) this.#at(record.base, "a message lies in no chunk, where no index leads to it");
    const anyTime = { offset: record.base, start: 0n, end: (1n << 64n) - 1n };
    for (const event of messagesOf(filter, anyTime, record.data)) this.#take(event, record.base);
  }

  async #attachment(walker: Walker, head: RecordHead): Promise<void> {
    this.#attachments++;
    const place = { offset: head.offset, length: RECORD_HEAD_BYTES + head.length };
    try {
      await checkAttachment(this.#source, parseAttachment(await walker.beginning(head), place));
    } catch (error) {
      this.problem(BusError.from(error).message);
    }
  }

  #take(event: RecordedEvent, offset: number): void {
    this.#messages++;
    const { id } = event.channel;
    this.#perChannel.set(id, (this.#perChannel.get(id) ?? 0n) + 1n);
    const bad = event.fault();
    if (bad !== undefined) this.#at(offset, `message ${event.sequence} of ${event.type}: ${bad}`);
  }

  async #chunk(
    walker: Walker,
    head: RecordHead,
    file: RecordingFile,
    filter: ReturnType<typeof everything>,
    indexed: Map<number, ChunkIndexRecord>,
  ): Promise<void> {
    this.#chunks++;
    const about = indexed.get(head.offset);
    try {
      const parsed = parseChunkHead(await walker.chunkHead(head), head.length);
      const own = { ...parsed, offset: head.offset, length: RECORD_HEAD_BYTES + head.length };
      const chunk: ChunkIndexRecord = { ...own, channels: new Uint8Array(0), indexLength: 0 };
      if (file.complete && about === undefined) this.#at(head.offset, "no index says that there is this chunk");
      else if (about !== undefined && about.length !== chunk.length)
        this.#at(head.offset, "its index gives a chunk another length");
      indexed.delete(head.offset);
      const records = file.chunkRecords(about ?? chunk, await file.chunkBytes(chunk));
      this.#hasIndexes = this.#isOurs || (about?.indexLength ?? 0) > 0;
      const heads = new MessageHeads(filter, chunk, records);
      for (const event of messagesOf(filter, chunk, records)) {
        const { id } = event.channel;
        this.#turns.add(heads, head.offset);
        let places = this.#expected.get(id);
        if (places === undefined) this.#expected.set(id, (places = []));
        places.push({ time: event.time, offset: heads.offset });
        heads.advance();
        this.#take(event, head.offset);
      }
    } catch (error) {
      this.problem(BusError.from(error).message);
      indexed.delete(head.offset);
      this.#expected.clear();
    }
  }

  #index(bytes: Bytes, head: RecordHead): void {
    const { channel, entries, count } = parseMessageIndex(bytes);
    const places = this.#expected.get(channel) ?? [];
    this.#expected.delete(channel);
    this.#hasIndexes = true;
    if (count === 0 && places.length === 0) return;
    const given: { time: bigint; offset: number }[] = [];
    for (let i = 0; i < count; i++) given.push({ time: entries.u64("a time"), offset: entries.size("a place") });
    const order = (a: { offset: number }, b: { offset: number }): number => a.offset - b.offset;
    const same =
      given.length === places.length &&
      given.sort(order).every(({ time, offset }, i) => time === places[i]!.time && offset === places[i]!.offset);
    if (!same) this.#at(head.offset, `the message index of channel ${channel} is not that of its chunk`);
  }

  #missingIndexes(offset: number): void {
    if (this.#hasIndexes)
      this.#at(
        offset,
        `the chunk before it has no message index for channels ${[...this.#expected.keys()].join(", ")}`,
      );
    this.#expected.clear();
  }

  #turnIndex(entries: ReadonlyMap<string, string>, offset: number): void {
    const own = this.#turns.metadata;
    for (const turn of new Set([...own.keys(), ...entries.keys()]))
      if (!sameJson(own.get(turn), entries.get(turn)))
        this.#at(
          offset,
          `the turn index says of turn ${turn} ${entries.get(turn) ?? "nothing"}, it is ${own.get(turn) ?? "none"}`,
        );
  }

  async #dataEnd(bytes: Bytes, head: RecordHead): Promise<void> {
    if (this.#expected.size > 0) this.#missingIndexes(head.offset);
    const wanted = bytes.u32("the CRC of the data");
    if (wanted === 0) return;
    const PART = 1 << 20;
    let crc = 0;
    for (let at = 0; at < head.offset; at += PART)
      crc = crc32(await this.#source.read(at, Math.min(PART, head.offset - at)), crc);
    if (crc !== wanted) this.#at(head.offset, "the data does not fit its CRC");
  }

  #summary(file: RecordingFile, unseen: ReadonlyMap<number, ChunkIndexRecord>): void {
    for (const offset of unseen.keys()) this.#at(offset, "an index says that a chunk begins here, and none does");
    const { statistics } = file.summary;
    if (statistics === undefined) return;
    if (statistics.messages !== BigInt(this.#messages))
      this.problem(
        `${this.#source.name}: the statistics say ${statistics.messages} messages, there are ${this.#messages}`,
      );
    if (statistics.chunks !== this.#chunks)
      this.problem(`${this.#source.name}: the statistics say ${statistics.chunks} chunks, there are ${this.#chunks}`);
    if (statistics.attachments !== this.#attachments)
      this.problem(
        `${this.#source.name}: the statistics say ${statistics.attachments} attachments, there are ${this.#attachments}`,
      );
    for (const [channel, count] of this.#perChannel)
      if (statistics.perChannel.get(channel) !== count)
        this.problem(
          `${this.#source.name}: the statistics say ${statistics.perChannel.get(channel) ?? 0} messages of channel ${channel}, there are ${count}`,
        );
  }
}

/** Writers may order keys as they like. */
function sameJson(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (a === b) return true;
  try {
    return sorted(a) === sorted(b);
  } catch {
    return false;
  }
}

const sorted = (text: string): string =>
  JSON.stringify(JSON.parse(text), (_, value) =>
    typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value).sort()) : value,
  );
