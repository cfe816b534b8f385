import { setTimeout as sleep } from "node:timers/promises";
import { messagesOf } from "../care/messages.ts";
import { Scan } from "../file/scan.ts";
import { fileSource, type Source } from "../file/source.ts";
import { requireMagic } from "../file/walk.ts";
import type { RecordedEvent } from "./event.ts";
import { RecordingFile } from "./file.ts";
import { Filter } from "./filter.ts";
import type { Query } from "./query.ts";
import { pathsOf } from "./recording.ts";
import { TypeCache } from "./types.ts";

export interface FollowOptions {
  /** Events that are there already and are given first. Default 10. */
  readonly last?: number;
  /** How often the file is looked at, ms. Default 200. */
  readonly pollMs?: number;
  readonly signal: AbortSignal;
}

/**
 * Events as a running recorder writes them, in the order of the file; goes on to the next file when one is closed. A message is seen
 * when its chunk is written. Ends with the signal.
 * @throws BusError blackbox/unreadable when a file turns out to be damaged
 */
export async function* follow(
  path: string,
  query: Query,
  options: FollowOptions,
): AsyncGenerator<RecordedEvent[], void> {
  const { signal, last = 10, pollMs = 200 } = options;
  const types = new TypeCache();
  let current = (await pathsOf(path)).at(-1)!;
  let source: Source | undefined;
  try {
    source = await fileSource(current);
    let tail = new Tail(source, types);
    const old = await tail.more(query, true);
    if (old.length > 0 && last > 0) yield old.slice(-last);
    while (!signal.aborted) {
      const events = await tail.more(query);
      if (events.length > 0) {
        yield events;
        continue;
      }
      const paths = tail.ended ? await pathsOf(path) : [];
      const next = paths[paths.indexOf(current) + 1];
      if (next !== undefined) {
        await source.close();
        current = next;
        source = await fileSource(current);
        tail = new Tail(source, types);
        continue;
      }
      await sleep(pollMs, undefined, { signal }).catch(() => {});
    }
  } finally {
    await source?.close();
  }
}

/** What is there already is looked for in so many chunks. */
const NEWEST_CHUNKS = 8;

/** One file that grows. */
class Tail {
  readonly #source: Source;
  readonly #types: TypeCache;
  readonly #scan: Scan;
  #seen = 0;
  #size = -1;

  constructor(source: Source, types: TypeCache) {
    this.#source = source;
    this.#types = types;
    this.#scan = new Scan(source);
  }

  get ended(): boolean {
    return this.#scan.ended;
  }

  async more(query: Query, newest = false): Promise<RecordedEvent[]> {
    const size = await this.#source.size();
    if (size === this.#size || size < 8) return [];
    if (this.#size < 0) await requireMagic(this.#source, size);
    this.#size = size;
    await this.#scan.advance(size);
    if (this.#scan.fault !== undefined) throw this.#scan.fault;
    const { chunks } = this.#scan.summary;
    if (this.#seen === chunks.length) return [];
    if (newest) this.#seen = Math.max(0, chunks.length - NEWEST_CHUNKS);
    const file = await RecordingFile.ofScan(this.#source, this.#scan, size, this.#types);
    const names = [...file.channels.values()].map(({ typeName }) => typeName);
    const wanted = query.types?.flatMap((type) => names.filter((name) => name === type || name.endsWith(`.${type}`)));
    const filter = new Filter(file, 0, query, wanted === undefined ? undefined : new Set(wanted), undefined);
    const events: RecordedEvent[] = [];
    for (; this.#seen < chunks.length; this.#seen++) {
      const chunk = chunks[this.#seen]!;
      events.push(...messagesOf(filter, chunk, file.chunkRecords(chunk, await file.chunkBytes(chunk))));
    }
    return events;
  }
}
