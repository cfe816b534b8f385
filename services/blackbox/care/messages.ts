import { type ChunkIndexRecord, MESSAGE_HEAD_BYTES, RECORD_HEAD_BYTES } from "../file/records.ts";
import type { CopiedMessages } from "../file/writer.ts";
import { RecordedEvent } from "../recording/event.ts";
import type { RecordingFile } from "../recording/file.ts";
import { Filter } from "../recording/filter.ts";
import { fieldAt } from "../recording/layout.ts";
import { Selection } from "../recording/selection.ts";

/** A filter that lets everything pass. */
export const everything = (file: RecordingFile): Filter => new Filter(file, 0, {}, undefined, undefined);

/** All messages of a chunk in the order of the file. @throws BusError blackbox/unreadable */
export function messagesOf(
  filter: Filter,
  chunk: Pick<ChunkIndexRecord, "offset" | "start" | "end">,
  records: Uint8Array,
): RecordedEvent[] {
  const events: RecordedEvent[] = [];
  const selection = new Selection(filter, chunk.offset, records, chunk.start, chunk.end, false);
  for (; selection.left > 0; selection.advance()) {
    const { view, place } = selection;
    const { channel } = filter.channels[view.getUint16(place - MESSAGE_HEAD_BYTES, true)]!;
    events.push(
      new RecordedEvent(
        filter.file,
        channel,
        view,
        place,
        selection.length,
        [selection.timeHigh, selection.timeLow, selection.sequenceHigh, selection.sequenceLow],
        0,
        chunk.offset,
      ),
    );
  }
  return events;
}

/** What is counted and indexed of the messages of a chunk, one at hand at a time: several times as fast as making events. */
export class MessageHeads implements CopiedMessages {
  readonly #filter: Filter;
  readonly #selection: Selection;
  #channel = 0;
  /** Where the header of the message at hand lies; 0: it has none. */
  #header = 0;

  /** @throws BusError blackbox/unreadable */
  constructor(filter: Filter, chunk: Pick<ChunkIndexRecord, "offset" | "start" | "end">, records: Uint8Array) {
    this.#filter = filter;
    this.#selection = new Selection(filter, chunk.offset, records, chunk.start, chunk.end, false);
    this.#look();
  }

  get left(): number {
    return this.#selection.left;
  }
  advance(): void {
    this.#selection.advance();
    this.#look();
  }
  /** To the first message again. */
  rewind(): void {
    this.#selection.rewind();
    this.#look();
  }

  get channel(): number {
    return this.#channel;
  }
  get type(): string {
    return this.#filter.channels[this.#channel]!.channel.typeName;
  }
  get turn(): number | undefined {
    if (this.#header === 0) return undefined;
    return this.#selection.view.getUint32(this.#header + this.#filter.channels[this.#channel]!.header!.turn, true);
  }
  get offset(): number {
    return this.#selection.place - MESSAGE_HEAD_BYTES - RECORD_HEAD_BYTES;
  }
  /** Whether its sequence is its publisher's; else it is the recorder's own count. */
  get isCounted(): boolean {
    if (this.#header === 0) return false;
    const at = this.#header + this.#filter.channels[this.#channel]!.header!.sequence;
    const { view } = this.#selection;
    return view.getUint32(at, true) !== 0 || view.getUint32(at + 4, true) !== 0;
  }
  get timeHigh(): number {
    return this.#selection.timeHigh;
  }
  get timeLow(): number {
    return this.#selection.timeLow;
  }
  get sequenceHigh(): number {
    return this.#selection.sequenceHigh;
  }
  get sequenceLow(): number {
    return this.#selection.sequenceLow;
  }

  #look(): void {
    if (this.left === 0) return;
    const { view, place, length } = this.#selection;
    this.#channel = view.getUint16(place - MESSAGE_HEAD_BYTES, true);
    const { header } = this.#filter.channels[this.#channel]!;
    this.#header =
      header === undefined ? 0 : Math.max(0, fieldAt(view, place, place + length, header.entry, header.bytes));
  }
}
