import { Bytes } from "./bytes.ts";
import { type ChunkIndexRecord, MAGIC, parseChunkIndex } from "./records.ts";

/** Fields before the channels: times, place, length, and how many bytes of channels follow. */
const FIXED_BYTES = 36;
/** Highest upper half of a u64 that a number holds exactly. */
const SAFE_HIGH = 0x1f_ffff;
const TWO_32 = 0x1_0000_0000;

/**
 * The chunk indexes of one summary, as bytes: a file may have two million, and a query wants a few of them. All of them are
 * checked when they are added, without making anything of them; an index becomes a record when somebody asks for it.
 */
export class ChunkIndexes {
  readonly #bytes: Bytes;
  readonly #view: DataView;
  readonly #dataEnd: number;
  /** Start and end of each index in the bytes. */
  #places = new Uint32Array(2 * 256);
  #count = 0;
  #all: ChunkIndexRecord[] | undefined;

  /** @param bytes of the summary, at most 4 GiB; kept. @param dataEnd where the data of the file ends */
  constructor(bytes: Bytes, dataEnd: number) {
    this.#bytes = bytes;
    this.#view = bytes.view;
    this.#dataEnd = dataEnd;
  }

  /** The content of a ChunkIndex record at byte `at` of the summary. @throws BusError blackbox/unreadable */
  add(at: number, length: number): void {
    // The slow way finds the same again and says what it is.
    if (!this.#isSound(at, at + length)) this.#parse(at, at + length);
    const place = 2 * this.#count++;
    if (place === this.#places.length) {
      const places = new Uint32Array(2 * place);
      places.set(this.#places);
      this.#places = places;
    }
    this.#places[place] = at;
    this.#places[place + 1] = at + length;
  }

  get count(): number {
    return this.#count;
  }

  /** Every one of them, in the order of the summary. */
  get all(): ChunkIndexRecord[] {
    this.#all ??= Array.from({ length: this.#count }, (_, i) =>
      this.#parse(this.#places[2 * i]!, this.#places[2 * i + 1]!),
    );
    return this.#all;
  }

  /**
   * Those of chunks that begin at a byte which `isWanted`, and have a time from `from` to before `to`; ns.
   * @param isWanted undefined: any
   */
  choose(isWanted: ((offset: number) => boolean) | undefined, from: bigint, to: bigint): ChunkIndexRecord[] {
    const view = this.#view;
    const [fromLow, fromHigh] = [Number(from % BigInt(TWO_32)), Number(from / BigInt(TWO_32))];
    const [toLow, toHigh] = [Number(to % BigInt(TWO_32)), Number(to / BigInt(TWO_32))];
    const chosen: ChunkIndexRecord[] = [];
    for (let i = 0; i < this.#count; i++) {
      const at = this.#places[2 * i]!;
      if (isWanted !== undefined && !isWanted(numberAt(view, at + 16))) continue;
      const startHigh = view.getUint32(at + 4, true);
      if (startHigh > toHigh || (startHigh === toHigh && view.getUint32(at, true) >= toLow)) continue;
      const endHigh = view.getUint32(at + 12, true);
      if (endHigh < fromHigh || (endHigh === fromHigh && view.getUint32(at + 8, true) < fromLow)) continue;
      chosen.push(this.#all?.[i] ?? this.#parse(at, this.#places[2 * i + 1]!));
    }
    return chosen;
  }

  #isSound(at: number, end: number): boolean {
    const view = this.#view;
    if (end - at < FIXED_BYTES) return false;
    const channels = view.getUint32(at + 32, true);
    const tail = at + FIXED_BYTES + channels;
    if (channels % 10 !== 0 || tail + 12 > end || !isSafe(view, at + 16) || !isSafe(view, at + 24)) return false;
    const sizes = tail + 12 + view.getUint32(tail + 8, true);
    if (sizes + 16 > end || !isSafe(view, tail) || !isSafe(view, sizes) || !isSafe(view, sizes + 8)) return false;
    const offset = numberAt(view, at + 16);
    if (offset < MAGIC.length || offset + numberAt(view, at + 24) + numberAt(view, tail) > this.#dataEnd) return false;
    const startHigh = view.getUint32(at + 4, true);
    const endHigh = view.getUint32(at + 12, true);
    return startHigh < endHigh || (startHigh === endHigh && view.getUint32(at, true) <= view.getUint32(at + 8, true));
  }

  #parse(at: number, end: number): ChunkIndexRecord {
    const { file, base, data } = this.#bytes;
    const record = new Bytes(file, base + at, data.subarray(at, end));
    const index = parseChunkIndex(record);
    if (index.offset < MAGIC.length || index.offset + index.length + index.indexLength > this.#dataEnd)
      throw record.fail(`a chunk lies outside the data: ${index.length} bytes at byte ${index.offset}`);
    if (index.start > index.end) throw record.fail(`a chunk ends at ${index.end}, before its start ${index.start}`);
    return index;
  }
}

const isSafe = (view: DataView, at: number): boolean => view.getUint32(at + 4, true) <= SAFE_HIGH;
const numberAt = (view: DataView, at: number): number =>
  view.getUint32(at, true) + TWO_32 * view.getUint32(at + 4, true);
