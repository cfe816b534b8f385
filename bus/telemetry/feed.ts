import { BusError, suggestion } from "#wire";
import { TelemetryReader } from "./reader.ts";
import type { FindSources, RecordMemory, TelemetrySource } from "./source.ts";

interface Known {
  readonly source: TelemetrySource;
  readonly slot: number;
  readonly reader: TelemetryReader;
}

/** What is said of a process that could not be asked: that it answers wrongly, or not at all. */
const TOLD: ReadonlySet<string> = new Set(["telemetry/malformed", "core/timeout"]);

/** A process whose records cannot be had, and why. */
export interface TelemetryFault {
  /** Process of the plan, by the name of its socket. */
  readonly process: string;
  readonly error: BusError;
}

/** A process that is there and did not answer: it is stopped, or its event loop is busy. */
export interface SilentTelemetry {
  /** Process of the plan. */
  readonly process: string;
  /** When it was first asked without an answer, by `performance.now()`. */
  readonly sinceMs: number;
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
  #faults: readonly TelemetryFault[] = [];
  #silent: readonly SilentTelemetry[] = [];
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

  /**
   * Looks for processes and records that are new. One that does not answer in time is left as it is known and is in `silent`; one
   * that answers wrongly is in `faults`. Neither hides anybody else.
   */
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

  /** What the last refresh met, in order of the processes. What was known of such a process stays. */
  get faults(): readonly TelemetryFault[] {
    return this.#faults;
  }

  /** Who did not answer the last refresh, in order of the processes. What was known of such a process stays, and can be read. */
  get silent(): readonly SilentTelemetry[] {
    return this.#silent;
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
    const faults: TelemetryFault[] = [];
    const silent = new Map<string, SilentTelemetry>();
    const before = new Map(this.#silent.map((one) => [one.process, one]));
    const askedMs = performance.now();
    const refuse = (process: string, error: BusError): void => {
      if (error.code === "core/timeout") silent.set(process, before.get(process) ?? { process, sinceMs: askedMs });
      else faults.push({ process, error });
    };
    for (const source of await this.#find(refuse)) this.#sources.add(source);
    await Promise.all([...this.#sources].map((source) => this.#ask(source, refuse)));
    const byProcess = (a: { process: string }, b: { process: string }): number => (a.process < b.process ? -1 : 1);
    this.#faults = faults.sort(byProcess);
    this.#silent = [...silent.values()].sort(byProcess);
    if (this.#closed) this.close();
  }

  async #ask(source: TelemetrySource, refuse: (process: string, error: BusError) => void): Promise<void> {
    if (source.gone()) return;
    let entries: Awaited<ReturnType<TelemetrySource["list"]>>;
    try {
      entries = await source.list();
    } catch (error) {
      // One that has just died is no fault.
      const problem = BusError.from(error);
      if (TOLD.has(problem.code)) refuse(source.process, problem);
      return;
    }
    if (this.#closed) return;
    for (const { service, slot, open } of entries) {
      const known = this.#known.get(service);
      if (known !== undefined && known.source === source && known.slot >= slot) continue;
      // A living writer is not displaced by one that is gone.
      if (known !== undefined && known.source !== source && known.reader.writer === "alive") continue;
      let memory: RecordMemory;
      try {
        memory = open();
      } catch (error) {
        refuse(source.process, BusError.from(error));
        continue;
      }
      const reader = new TelemetryReader({ service, process: source.process, pid: source.pid, memory });
      known?.reader.close();
      this.#known.set(service, { source, slot, reader });
    }
  }
}
