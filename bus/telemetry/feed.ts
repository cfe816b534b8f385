import { BusError, suggestion } from "#wire";
import { TelemetryReader } from "./reader.ts";
import type { FindSources, TelemetrySource } from "./source.ts";

interface Known {
  readonly source: TelemetrySource;
  readonly slot: number;
  readonly reader: TelemetryReader;
}

/**
 * The records of a running bus: one reader for each service that has a record. Processes that start later, and services
 * that get a record later, come with `refresh`.
 */
export class TelemetryFeed implements Disposable {
  readonly #find: FindSources;
  readonly #sources = new Set<TelemetrySource>();
  /** By service: the newest record of it. */
  readonly #known = new Map<string, Known>();
  #refreshing: Promise<void> | undefined;
  #closed = false;

  private constructor(find: FindSources) {
    this.#find = find;
  }

  /** @param find as `sourcesIn(folder)`; tests hand in their own */
  static async open(find: FindSources): Promise<TelemetryFeed> {
    const feed = new TelemetryFeed(find);
    await feed.refresh();
    return feed;
  }

  /** Looks for processes and records that are new. One that cannot be asked is left as it is known. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#look().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** One per service, in order of their names, also of writers that are dead. The objects stay the same. */
  get readers(): readonly TelemetryReader[] {
    return [...this.#known.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, known]) => known.reader);
  }

  /** @throws BusError telemetry/unknown-service */
  reader(service: string): TelemetryReader {
    const known = this.#known.get(service);
    if (known !== undefined) return known.reader;
    const names = [...this.#known.keys()].sort();
    throw new BusError("telemetry/unknown-service", {
      details: {
        service,
        suggestion: suggestion(service, names),
        names: names.length === 0 ? "none" : names.join(", "),
      },
    });
  }

  /** Safe to call twice. */
  close(): void {
    this.#closed = true;
    for (const { reader } of this.#known.values()) reader.close();
    for (const source of this.#sources) source.close();
    this.#known.clear();
    this.#sources.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #look(): Promise<void> {
    for (const source of await this.#find()) this.#sources.add(source);
    await Promise.all([...this.#sources].map((source) => this.#ask(source)));
    if (this.#closed) this.close();
  }

  async #ask(source: TelemetrySource): Promise<void> {
    if (source.gone()) return;
    let entries: Awaited<ReturnType<TelemetrySource["list"]>>;
    try {
      entries = await source.list();
    } catch {
      return; // It has just died, or does not answer: what is known of it stays.
    }
    if (this.#closed) return;
    for (const { service, slot, open } of entries) {
      const known = this.#known.get(service);
      if (known !== undefined && known.source === source && known.slot >= slot) continue;
      // A living writer is not displaced by one that is gone.
      if (known !== undefined && known.source !== source && known.reader.writer === "alive") continue;
      const reader = new TelemetryReader({ service, process: source.process, pid: source.pid, memory: open() });
      known?.reader.close();
      this.#known.set(service, { source, slot, reader });
    }
  }
}
