import { BusError } from "#wire";
import { DATA_BYTES, Flag, HEADER, TELEMETRY_MAGIC, TELEMETRY_VERSION, TRIES_MAX } from "./layout.ts";
import { RecordWords, type TelemetrySnapshot, type WriterState } from "./snapshot.ts";
import { ReadStatus, type RecordMemory } from "./source.ts";

export interface WaitForUpdateOptions {
  /** Milliseconds. Default 1,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface TelemetryReaderOptions {
  readonly service: string;
  readonly process: string;
  readonly pid: number;
  readonly memory: RecordMemory;
}

/** Between two looks of `waitForUpdate`, ms: nobody rings for telemetry. */
const LOOK_MS = 1;

/** Reads the record of one service. Costs the writer nothing; goes on showing the last values after the writer's death. */
export class TelemetryReader implements Disposable {
  readonly service: string;
  readonly process: string;
  readonly pid: number;
  readonly #memory: RecordMemory;
  readonly #words: RecordWords;
  #last: TelemetrySnapshot | undefined;
  #closed = false;

  constructor(options: TelemetryReaderOptions) {
    this.service = options.service;
    this.process = options.process;
    this.pid = options.pid;
    this.#memory = options.memory;
    this.#words = new RecordWords(options.memory.copy);
  }

  /** The last snapshot that `read` gave; also there after the writer died in the middle of an update. */
  get last(): TelemetrySnapshot | undefined {
    return this.#last;
  }

  /** Whether the writer still runs, without reading values. */
  get writer(): WriterState {
    if (this.#last !== undefined && (this.#last.flags & Flag.ended) !== 0) return "ended";
    return this.#memory.gone() ? "dead" : "alive";
  }

  /**
   * A whole value, or the last one with `stale: true` when 64 tries all met a write. Never waits.
   * @throws BusError telemetry/writer-dead (it died in the middle of an update; see `last`), telemetry/no-value (it has
   *   never been whole), telemetry/bad-magic, telemetry/unsupported-version, telemetry/bad-size, telemetry/bad-crc,
   *   core/closed
   */
  read(): TelemetrySnapshot {
    if (this.#closed)
      throw new BusError("core/closed", { details: { what: `the telemetry reader of ${this.service}` } });
    const status = this.#memory.read();
    if (status !== ReadStatus.ok && status !== ReadStatus.stale) throw this.#failed(status);
    const words = this.#words;
    const { flags } = words;
    const writer = (flags & Flag.ended) !== 0 ? "ended" : this.#memory.gone() ? "dead" : "alive";
    this.#last = {
      service: this.service,
      process: this.process,
      pid: this.pid,
      sequence: words.sequence,
      stale: status === ReadStatus.stale,
      writer,
      flags,
      values: words.values(),
    };
    return this.#last;
  }

  /**
   * The first snapshot with a sequence above `after`, looking every millisecond.
   * @returns undefined when the time has passed, or when the writer has ended and nothing can follow
   * @throws (rejects) as `read`; telemetry/writer-dead when it died; the reason of `signal`
   */
  async waitForUpdate(after: bigint, options: WaitForUpdateOptions = {}): Promise<TelemetrySnapshot | undefined> {
    const { timeoutMs = 1000, signal } = options;
    const end = performance.now() + timeoutMs;
    for (;;) {
      signal?.throwIfAborted();
      const snapshot = this.#readOrNothing();
      if (snapshot !== undefined && !snapshot.stale && snapshot.sequence > after) return snapshot;
      if (snapshot?.writer === "ended") return undefined;
      if ((snapshot?.writer ?? this.writer) === "dead") throw this.#failed(ReadStatus.writerDead);
      if (performance.now() >= end) return undefined;
      await new Promise<void>((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Calls back with a snapshot every `everyMs`, also when nothing changed; with an error at most once, and then no more. */
  watch(everyMs: number, callback: (snapshot: TelemetrySnapshot | undefined, error?: BusError) => void): Disposable {
    const timer = setInterval(() => {
      let snapshot: TelemetrySnapshot;
      try {
        snapshot = this.read();
      } catch (error) {
        clearInterval(timer);
        callback(undefined, BusError.from(error));
        return;
      }
      callback(snapshot);
    }, everyMs);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }

  /** Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#memory.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Who waits anyway goes on when there has been no whole value yet. */
  #readOrNothing(): TelemetrySnapshot | undefined {
    try {
      return this.read();
    } catch (error) {
      if (error instanceof BusError && error.code === "telemetry/no-value") return undefined;
      throw error;
    }
  }

  #failed(status: ReadStatus): BusError {
    const { service, process } = this;
    const found = new DataView(this.#memory.copy);
    switch (status) {
      case ReadStatus.writerDead:
        return new BusError("telemetry/writer-dead", { details: { service, process, pid: this.pid } });
      case ReadStatus.badMagic: {
        const theirs = `0x${found.getBigUint64(HEADER.magic, true).toString(16)}`;
        return new BusError("telemetry/bad-magic", {
          details: { service, theirs, ours: `0x${TELEMETRY_MAGIC.toString(16)}` },
        });
      }
      case ReadStatus.badVersion: {
        const theirs = found.getUint32(HEADER.version, true);
        return new BusError("telemetry/unsupported-version", { details: { service, theirs, ours: TELEMETRY_VERSION } });
      }
      case ReadStatus.badSize: {
        const bytes = found.getUint32(HEADER.dataSize, true);
        return new BusError("telemetry/bad-size", { details: { service, bytes, least: DATA_BYTES } });
      }
      case ReadStatus.badCrc:
        return new BusError("telemetry/bad-crc", { details: { service } });
      default:
        return new BusError("telemetry/no-value", { details: { service, tries: TRIES_MAX } });
    }
  }
}
