import type { BusError } from "#bus";
import { unreadable } from "../file/bytes.ts";
import { halves } from "../file/halves.ts";
import { MESSAGE_HEAD_BYTES, Op, RECORD_HEAD_BYTES } from "../file/records.ts";
import type { Filter } from "./filter.ts";
import { fieldAt } from "./layout.ts";

/** Number of columns: halves of time and sequence, place and length of the payload. */
const COLUMNS = 6;

/**
 * The messages of one chunk that a query wants, sorted by time, sequence and place. Times and sequences are kept as halves:
 * comparing two small numbers is several times as fast as two bigints.
 */
export class Selection {
  readonly data: Uint8Array;
  readonly view: DataView;
  readonly chunk: number;
  readonly filter: Filter;
  count = 0;
  #rows: Uint32Array;
  /** Row that comes next, as a place in `#rows`. */
  #at = 0;
  #order: Uint32Array | undefined;
  #position = 0;

  /**
   * @param records of the chunk at byte `chunk` of its file
   * @throws BusError blackbox/unreadable when they are no message records, or not those that the index promises
   */
  constructor(filter: Filter, chunk: number, records: Uint8Array, start: bigint, end: bigint, sorted: boolean) {
    this.filter = filter;
    this.data = records;
    this.chunk = chunk;
    this.view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    this.#rows = new Uint32Array(COLUMNS * 64);
    this.#collect(start, end);
    if (sorted) this.#sort();
    if (filter.after !== undefined && sorted) this.#skip();
  }

  get left(): number {
    return this.count - this.#position;
  }

  get bytes(): number {
    return this.data.length + 4 * this.#rows.length;
  }

  get timeHigh(): number {
    return this.#rows[this.#at]!;
  }
  get timeLow(): number {
    return this.#rows[this.#at + 1]!;
  }
  get sequenceHigh(): number {
    return this.#rows[this.#at + 2]!;
  }
  get sequenceLow(): number {
    return this.#rows[this.#at + 3]!;
  }
  /** Of the payload, in `data`. */
  get place(): number {
    return this.#rows[this.#at + 4]!;
  }
  get length(): number {
    return this.#rows[this.#at + 5]!;
  }

  /** To the next message; `left` says whether there is one. */
  advance(): void {
    this.#position++;
    this.#at = COLUMNS * (this.#order === undefined ? this.#position : this.#order[this.#position]!);
  }

  /** To the first message. */
  rewind(): void {
    this.#position = -1;
    this.advance();
  }

  /** Which of two selections has the earlier message at hand; below 0: this one. */
  compare(other: Selection): number {
    return (
      this.timeHigh - other.timeHigh ||
      this.timeLow - other.timeLow ||
      this.sequenceHigh - other.sequenceHigh ||
      this.sequenceLow - other.sequenceLow ||
      this.filter.fileNumber - other.filter.fileNumber ||
      this.chunk - other.chunk
    );
  }

  #collect(start: bigint, end: bigint): void {
    const { view, filter } = this;
    const [startHigh, startLow] = halves(start);
    const [endHigh, endLow] = halves(end);
    const bounded = filter.from > start || filter.to <= end;
    const length = view.byteLength;
    const first = Number(filter.file.first & 0xffff_ffffn);
    let at = 0;
    while (at < length) {
      if (length - at < RECORD_HEAD_BYTES) throw this.#bad(at, "a record is cut off");
      const op = view.getUint8(at);
      const bytes = view.getUint32(at + 1, true);
      const body = at + RECORD_HEAD_BYTES;
      if (view.getUint32(at + 5, true) !== 0 || bytes > length - body) throw this.#bad(at, "a record leaves its chunk");
      at = body + bytes;
      if (op !== Op.message) continue;
      if (bytes < MESSAGE_HEAD_BYTES) throw this.#bad(body, "a message is shorter than its head");
      const timeLow = view.getUint32(body + 6, true);
      const timeHigh = view.getUint32(body + 10, true);
      if (
        timeHigh < startHigh ||
        (timeHigh === startHigh && timeLow < startLow) ||
        timeHigh > endHigh ||
        (timeHigh === endHigh && timeLow > endLow)
      )
        throw this.#bad(body, "a message lies outside the times of its chunk");
      const channelId = view.getUint16(body, true);
      const wanted = filter.channels[channelId];
      if (wanted === undefined) {
        if (!filter.file.channels.has(channelId))
          throw this.#bad(body, `a message is of channel ${channelId}, which is not there`);
        continue;
      }
      if (bounded) {
        const time = view.getBigUint64(body + 6, true);
        if (time < filter.from || time >= filter.to) continue;
      }
      const payload = body + MESSAGE_HEAD_BYTES;
      const wants = filter.wants(wanted, view, payload, at);
      if (wants === -1) throw this.#bad(payload, `a message of ${wanted.channel.typeName} is no FlatBuffer`);
      if (!wants) continue;
      let sequenceLow = view.getUint32(body + 2, true);
      let sequenceHigh = -1;
      const { header } = wanted;
      if (header !== undefined) {
        const place = fieldAt(view, payload, at, header.entry, header.bytes);
        if (place > 0 && view.getUint32(place + header.sequence, true) === sequenceLow) {
          const high = view.getUint32(place + header.sequence + 4, true);
          // A header without a sequence leaves it to the recorder's count.
          if (high !== 0 || sequenceLow !== 0) sequenceHigh = high;
        }
      }
      if (sequenceHigh < 0) {
        const full = filter.file.first + BigInt((sequenceLow - first) >>> 0);
        sequenceHigh = Number((full >> 32n) & 0xffff_ffffn);
        sequenceLow = Number(full & 0xffff_ffffn);
      }
      this.#add(timeHigh, timeLow, sequenceHigh, sequenceLow, payload, at - payload);
    }
  }

  #add(timeHigh: number, timeLow: number, seqHigh: number, seqLow: number, place: number, length: number): void {
    const at = COLUMNS * this.count++;
    if (at === this.#rows.length) {
      const rows = new Uint32Array(2 * at);
      rows.set(this.#rows);
      this.#rows = rows;
    }
    const rows = this.#rows;
    rows[at] = timeHigh;
    rows[at + 1] = timeLow;
    rows[at + 2] = seqHigh;
    rows[at + 3] = seqLow;
    rows[at + 4] = place;
    rows[at + 5] = length;
  }

  #sort(): void {
    const rows = this.#rows;
    const after = (a: number, b: number): number => {
      const x = COLUMNS * a;
      const y = COLUMNS * b;
      // The place last: sorting is then the same on every run.
      for (let i = 0; i < 5; i++) if (rows[x + i] !== rows[y + i]) return rows[x + i]! - rows[y + i]!;
      return 0;
    };
    let sorted = true;
    for (let i = 1; i < this.count && sorted; i++) sorted = after(i - 1, i) <= 0;
    if (sorted) return;
    this.#order = Uint32Array.from({ length: this.count }, (_, i) => i).sort(after);
    this.#at = COLUMNS * this.#order[0]!;
  }

  /** Passes over what does not come behind the cursor. */
  #skip(): void {
    const after = this.filter.after!;
    const [timeHigh, timeLow] = halves(after.time);
    const [sequenceHigh, sequenceLow] = halves(after.sequence);
    while (this.left > 0) {
      const behind =
        this.timeHigh - timeHigh ||
        this.timeLow - timeLow ||
        this.sequenceHigh - sequenceHigh ||
        this.sequenceLow - sequenceLow ||
        this.filter.fileNumber - after.file ||
        this.chunk - after.chunk ||
        this.place - after.at;
      if (behind > 0) return;
      this.advance();
    }
  }

  #bad(at: number, problem: string): BusError {
    return unreadable(this.filter.file.path, this.chunk, `${problem} (byte ${at} of the chunk's records)`);
  }
}
