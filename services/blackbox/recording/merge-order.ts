import { BusError } from "#bus";
import { halves } from "../file/halves.ts";
import type { ChunkIndexRecord } from "../file/records.ts";
import { RecordedEvent } from "./event.ts";
import type { RecordingFile } from "./file.ts";
import type { Filter } from "./filter.ts";
import { Selection } from "./selection.ts";

/** A chunk that may hold something wanted. */
export interface Task {
  readonly file: RecordingFile;
  readonly filter: Filter;
  readonly chunk: ChunkIndexRecord;
}

/** Chunks whose times overlap are in memory together. */
const OPEN_BYTES_MAX = 512 * 1024 * 1024;
/** Events handed over at once. */
const BATCH = 512;
/** Chunks that are read before they are asked for: as many as there are file threads, and no more than so many bytes. */
const AHEAD = 4;
const AHEAD_BYTES = 4 * 1024 * 1024;

/** By start, so that a chunk is opened no sooner than its first message may be due. */
export const byStart = (a: Task, b: Task): number =>
  a.chunk.start < b.chunk.start ? -1 : a.chunk.start > b.chunk.start ? 1 : inFileOrder(a, b);

export const inFileOrder = (a: Task, b: Task): number =>
  a.filter.fileNumber - b.filter.fileNumber || a.chunk.offset - b.chunk.offset;

/** Events in the order of time, sequence and place. `tasks` are sorted by `byStart`. */
export async function* inTimeOrder(tasks: readonly Task[]): AsyncGenerator<RecordedEvent[], void> {
  const reader = new Reader(tasks);
  const heap = new Heap();
  let next = 0;
  let open = 0;
  let batch: RecordedEvent[] = [];
  for (;;) {
    while (next < tasks.length && (heap.size === 0 || !startsAfter(tasks[next]!, heap.top!))) {
      const selection = await reader.take(next++, true);
      if (selection === undefined || selection.left === 0) continue;
      open += selection.bytes;
      if (open > OPEN_BYTES_MAX) throw tooMuchOverlap(tasks[next - 1]!, open);
      heap.push(selection);
    }
    const top = heap.top;
    if (top === undefined) break;
    const [high, low] = next < tasks.length ? halves(tasks[next]!.chunk.start) : [0x1_0000_0000, 0];
    const second = heap.second;
    do {
      batch.push(eventOf(top));
      top.advance();
    } while (
      top.left > 0 &&
      batch.length < BATCH &&
      (top.timeHigh < high || (top.timeHigh === high && top.timeLow < low)) &&
      (second === undefined || top.compare(second) < 0)
    );
    if (top.left === 0) {
      open -= top.bytes;
      heap.pop();
    } else heap.sink();
    if (batch.length >= BATCH) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** Events as they arrived. `tasks` are sorted by `inFileOrder`. */
export async function* inArrivalOrder(tasks: readonly Task[]): AsyncGenerator<RecordedEvent[], void> {
  const reader = new Reader(tasks);
  for (let i = 0; i < tasks.length; i++) {
    const selection = await reader.take(i, false);
    while (selection !== undefined && selection.left > 0) {
      const batch: RecordedEvent[] = [];
      for (; selection.left > 0 && batch.length < BATCH; selection.advance()) batch.push(eventOf(selection));
      yield batch;
    }
  }
}

function eventOf(selection: Selection): RecordedEvent {
  const { view, place, filter, chunk } = selection;
  const { channel } = filter.channels[view.getUint16(place - 22, true)]!;
  return new RecordedEvent(
    filter.file,
    channel,
    view,
    place,
    selection.length,
    [selection.timeHigh, selection.timeLow, selection.sequenceHigh, selection.sequenceLow],
    filter.fileNumber,
    chunk,
  );
}

function startsAfter(task: Task, top: Selection): boolean {
  const [high, low] = halves(task.chunk.start);
  return high > top.timeHigh || (high === top.timeHigh && low > top.timeLow);
}

/** Reads the chunks after the one that is asked for ahead, so that the disk works while events are looked at. */
class Reader {
  readonly #tasks: readonly Task[];
  readonly #ahead = new Map<number, Promise<Uint8Array>>();

  constructor(tasks: readonly Task[]) {
    this.#tasks = tasks;
  }

  /** @returns undefined when the chunk cannot be read and the rest is wanted all the same */
  async take(i: number, sorted: boolean): Promise<Selection | undefined> {
    const { file, filter, chunk } = this.#tasks[i]!;
    const bytes = this.#read(i);
    this.#ahead.delete(i);
    let ahead = 0;
    for (let next = i + 1; next <= i + AHEAD && next < this.#tasks.length; next++) {
      ahead += this.#tasks[next]!.chunk.length;
      if (ahead > AHEAD_BYTES && next > i + 1) break;
      void this.#read(next);
    }
    try {
      const records = file.chunkRecords(chunk, await bytes);
      return new Selection(filter, chunk.offset, records, chunk.start, chunk.end, sorted);
    } catch (error) {
      file.damaged(error);
      return undefined;
    }
  }

  #read(i: number): Promise<Uint8Array> {
    let bytes = this.#ahead.get(i);
    if (bytes === undefined) {
      const { file, chunk } = this.#tasks[i]!;
      bytes = file.chunkBytes(chunk);
      // Whoever takes it gets the error; until then nobody listens.
      bytes.catch(() => {});
      this.#ahead.set(i, bytes);
    }
    return bytes;
  }
}

const tooMuchOverlap = ({ file }: Task, bytes: number): BusError =>
  new BusError("blackbox/too-large", {
    details: {
      what: `holding chunks of ${file.path} whose times overlap`,
      bytes,
      limit: OPEN_BYTES_MAX,
      cure: "ask for a shorter time, or for fewer types",
    },
  });

/** Smallest selection first. */
class Heap {
  readonly #items: Selection[] = [];

  get size(): number {
    return this.#items.length;
  }
  get top(): Selection | undefined {
    return this.#items[0];
  }
  /** The smallest of the others. */
  get second(): Selection | undefined {
    const [, left, right] = this.#items;
    return right !== undefined && left !== undefined && right.compare(left) < 0 ? right : left;
  }

  push(item: Selection): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent]!.compare(item) <= 0) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): void {
    const last = this.#items.pop();
    if (last === undefined || this.#items.length === 0) return;
    this.#items[0] = last;
    this.sink();
  }

  /** Puts the first item where it belongs, after it has grown. */
  sink(): void {
    const items = this.#items;
    const item = items[0]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && items[child + 1]!.compare(items[child]!) < 0) child++;
      if (item.compare(items[child]!) <= 0) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = item;
  }
}
