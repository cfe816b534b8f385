import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { BusError } from "#bus";
import { fileSource, type Source } from "../file/source.ts";
import { type Combat, combatOf } from "./combat.ts";
import type { RecordedEvent } from "./event.ts";
import { type OnDamage, RecordingFile } from "./file.ts";
import { Filter } from "./filter.ts";
import { byStart, inArrivalOrder, inFileOrder, inTimeOrder, type Task } from "./merge-order.ts";
import { checkQuery, isList, placeOf, type Query, resolveTypes } from "./query.ts";
import { type Stats, statsOf } from "./stats.ts";
import { type Timeline, timelineOf } from "./timeline.ts";
import type { TurnEntry } from "./turns.ts";
import { TypeCache } from "./types.ts";

/** Files that are opened at once. */
const OPENING = 16;

export interface OpenOptions {
  /**
   * Told of each place that cannot be read; it is left out, and reading goes on behind it, each time it is read. Default: reading
   * ends there with `blackbox/unreadable`, so that nothing is left out in silence.
   */
  readonly onDamage?: OnDamage;
}

/**
 * Opens a file, all files of a folder, or a list of files in their order, for reading. Only indexes are read; a file without a footer is gone through from
 * head to head.
 * @throws BusError blackbox/no-recording, blackbox/unreadable, blackbox/too-large
 */
export async function open(path: string | readonly string[], options: OpenOptions = {}): Promise<Recording> {
  const paths = typeof path === "string" ? await pathsOf(path) : path;
  return await openAll(
    paths.map((each) => () => fileSource(each)),
    options,
  );
}

/** The same over any sources, in the order of the recording. It owns them from now on. */
export async function openSources(sources: readonly Source[], options: OpenOptions = {}): Promise<Recording> {
  try {
    return await openAll(
      sources.map((source) => async () => source),
      options,
    );
  } catch (error) {
    await Promise.all(sources.map((source) => source.close()));
    throw error;
  }
}

/** @param places sources in their order; each is made when its turn comes, so that few files are open at a time */
async function openAll(places: readonly (() => Promise<Source>)[], { onDamage }: OpenOptions): Promise<Recording> {
  const types = new TypeCache(onDamage !== undefined);
  const sources: Source[] = [];
  const files: RecordingFile[] = [];
  try {
    for (let i = 0; i < places.length; i += OPENING) {
      const made = await Promise.allSettled(places.slice(i, i + OPENING).map((place) => place()));
      const some = made.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
      sources.push(...some);
      for (const result of made) if (result.status === "rejected") throw result.reason;
      files.push(...(await Promise.all(some.map((source) => RecordingFile.open(source, types, onDamage)))));
    }
  } catch (error) {
    await Promise.all(sources.map((source) => source.close()));
    throw error;
  }
  return new Recording(files);
}

/**
 * The recordings that a path means, in their order: by prefix, then number. `x.recovered.mcap` stands for `x.mcap`.
 * @throws BusError blackbox/no-recording
 */
export async function pathsOf(path: string): Promise<string[]> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(path)).isDirectory();
  } catch (cause) {
    throw new BusError("blackbox/no-recording", {
      details: { path, problem: "there is no such file or folder" },
      cause,
    });
  }
  if (!isFolder) return [path];
  const all = new Set((await readdir(path)).filter((name) => name.endsWith(".mcap")));
  // What was recovered of a file stands for it.
  const names = [...all].filter((name) => !all.has(name.replace(/\.mcap$/, ".recovered.mcap")));
  if (names.length === 0)
    throw new BusError("blackbox/no-recording", { details: { path, problem: "the folder has no .mcap file" } });
  return names.sort(byNumber).map((name) => join(path, name));
}

/** Numbers have at least six digits, and more when they need them. */
function byNumber(a: string, b: string): number {
  const [, prefixA, numberA] = /^(.*?)(\d*)\.mcap$/.exec(a.replace(".recovered", "")) ?? [];
  const [, prefixB, numberB] = /^(.*?)(\d*)\.mcap$/.exec(b.replace(".recovered", "")) ?? [];
  if (prefixA !== prefixB) return a < b ? -1 : 1;
  return Number(numberA) - Number(numberB) || (a < b ? -1 : 1);
}

/** One recording: a file, or files that follow one another or overlap. Reading it changes nothing. */
export class Recording implements AsyncDisposable {
  readonly files: readonly RecordingFile[];
  /** Full names of the types that were recorded. */
  readonly types: ReadonlySet<string>;

  constructor(files: readonly RecordingFile[]) {
    this.files = files;
    this.types = new Set(files.flatMap((file) => [...file.channels.values()].map(({ typeName }) => typeName)));
  }

  /**
   * Events in the order of (time, sequence) over all files. Types, turns and times choose the chunks that are read.
   * @throws BusError blackbox/bad-query; while iterating blackbox/unreadable when a chunk that is needed is damaged and nobody listens to `onDamage`
   */
  async *query(query: Query = {}): AsyncGenerator<RecordedEvent, void> {
    for await (const batch of this.batches(query)) yield* batch;
  }

  /** The same, several at a time, for those who count. */
  async *batches(query: Query = {}): AsyncGenerator<readonly RecordedEvent[], void> {
    let left = query.limit ?? Number.POSITIVE_INFINITY;
    if (left === 0) return;
    for await (const batch of inTimeOrder((await this.tasks(query)).sort(byStart))) {
      yield batch.length > left ? batch.slice(0, left) : batch;
      left -= batch.length;
      if (left <= 0) return;
    }
  }

  /** Events in the order in which the recorder got them; `cursor` and `limit` do not count here. */
  async *arrivals(query: Query = {}): AsyncGenerator<RecordedEvent, void> {
    const { cursor: _, limit: __, ...rest } = query;
    for await (const batch of inArrivalOrder((await this.tasks(rest)).sort(inFileOrder))) yield* batch;
  }

  /** All events of one turn. */
  turn(turn: number): AsyncGenerator<RecordedEvent, void> {
    return this.query({ turns: [turn] });
  }

  /** @returns undefined when nothing of this combat was recorded */
  combat(id: string): Promise<Combat | undefined> {
    return combatOf(this, id);
  }

  /** What happened in one turn. */
  timeline(turn: number): Promise<Timeline> {
    return timelineOf(this, turn);
  }

  /** From the indexes alone. */
  stats(): Promise<Stats> {
    return statsOf(this);
  }

  /** What the turn indexes say, by turn; of files without one nothing. */
  async turnEntries(turn: number): Promise<TurnEntry[]> {
    const entries = await Promise.all(this.files.map(async (file) => (await file.turns())?.get(turn)));
    return entries.filter((entry) => entry !== undefined);
  }

  /** The chunks that a query has to look at. */
  async tasks(query: Query): Promise<Task[]> {
    checkQuery(query);
    const types = query.types === undefined ? undefined : resolveTypes(query.types, this.types);
    const after = query.cursor === undefined ? undefined : placeOf(query.cursor);
    const perFile = await Promise.all(
      this.files.map(async (file, number) => {
        const filter = new Filter(file, number, query, types, after);
        const inTurns = await this.#turnTest(file, query);
        if (inTurns === null) return [];
        return file.choose(inTurns, filter).map((chunk): Task => ({ file, filter, chunk }));
      }),
    );
    return perFile.flat();
  }

  /** Which chunks of a file may hold messages of the turns that were asked for; undefined: any, null: none. */
  async #turnTest(file: RecordingFile, { turns }: Query): Promise<((offset: number) => boolean) | undefined | null> {
    const index = turns === undefined ? undefined : await file.turns();
    if (turns === undefined || index === undefined) return undefined;
    const { from = 0, to = 0xffff_ffff } = isList(turns) ? {} : turns;
    const wanted = isList(turns) ? [...new Set(turns)] : index.turns.filter((turn) => turn >= from && turn <= to);
    const ranges: { first: number; last: number }[] = [];
    for (const turn of wanted) {
      const entry = index.get(turn);
      if (entry !== undefined) ranges.push({ first: entry.firstChunk, last: entry.lastChunk });
    }
    ranges.sort((a, b) => a.first - b.first);
    const joined: typeof ranges = [];
    for (const range of ranges) {
      const last = joined.at(-1);
      if (last !== undefined && range.first <= last.last) last.last = Math.max(last.last, range.last);
      else joined.push(range);
    }
    return joined.length === 0 ? null : (offset) => within(joined, offset);
  }

  async close(): Promise<void> {
    await Promise.all(this.files.map((file) => file.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Of ranges that are sorted and do not touch. */
function within(ranges: readonly { first: number; last: number }[], offset: number): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle]!.last < offset) low = middle + 1;
    else high = middle;
  }
  return low < ranges.length && ranges[low]!.first <= offset;
}
