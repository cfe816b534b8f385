/** The records of the processes of a running bus, found in its runtime folder and mapped by the addon. */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { type Addon, native, openAddon, type TelemetryAnswer, type TelemetryPeerHandle } from "#transport/ring";
import { BusError, errorCodeOf } from "#wire";
import { type FindSources, ReadStatus, type RecordEntry, type RecordMemory, type TelemetrySource } from "./source.ts";

/** What a desk's socket is called, behind the name of its process. */
export const DESK_SUFFIX = ".tele";
/** For one answer, ms: a process that is stopped or busy for longer is asked again at the next refresh. */
const ANSWER_MS = 2000;

/**
 * Finds the writing processes of the bus that lives in this runtime folder.
 * @param addon default: the one of this package, loaded at the first call
 * @throws (rejects) BusError transport/unavailable when the addon is not there
 */
export function sourcesIn(folder: string, addon?: Addon): FindSources {
  /** By path; those that are gone make room for who comes after them. */
  const met = new Map<string, NativeSource>();
  return async (refuse) => {
    const loaded = addon ?? openAddon();
    const fresh: NativeSource[] = [];
    const meet = async (path: string): Promise<void> => {
      if (met.get(path)?.gone() === false) return;
      try {
        const source = await NativeSource.connect(loaded, path);
        if (source === undefined) return;
        met.set(path, source);
        fresh.push(source);
      } catch (error) {
        // One that is there and wrong must not hide the others.
        refuse(processAt(path), BusError.from(error));
      }
    };
    // Side by side: one that does not answer must not keep the others waiting.
    await Promise.all(socketsOf(folder).map((name) => meet(join(folder, name))));
    return fresh;
  };
}

function socketsOf(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(DESK_SUFFIX));
  } catch {
    return []; // nothing runs
  }
}

/** Process of the plan, by the name of its socket. */
const processAt = (path: string): string => basename(path, DESK_SUFFIX).replaceAll("~", "#");

interface Waiting {
  resolve(answer: TelemetryAnswer): void;
  reject(error: BusError): void;
}

class NativeSource implements TelemetrySource {
  readonly #addon: Addon;
  readonly #path: string;
  readonly #peer: TelemetryPeerHandle;
  readonly #waiting: Waiting[] = [];
  #gone = false;
  #process: string;
  #pid = 0;

  private constructor(addon: Addon, path: string) {
    this.#addon = addon;
    this.#path = path;
    this.#process = processAt(path);
    this.#peer = native(() => addon.connectTelemetry(path, (answer, reason) => this.#answered(answer, reason)));
  }

  /** @returns undefined when nobody is there @throws BusError telemetry/malformed, core/timeout (it is there and does not answer) */
  static async connect(addon: Addon, path: string): Promise<NativeSource | undefined> {
    let source: NativeSource;
    try {
      source = new NativeSource(addon, path);
    } catch (error) {
      if (BusError.from(error).code === "transport/unreachable") return undefined;
      throw error;
    }
    try {
      await source.#ask();
      return source;
    } catch (error) {
      source.close();
      if (["telemetry/malformed", "core/timeout"].includes(BusError.from(error).code)) throw error;
      return undefined; // it died
    }
  }

  get process(): string {
    return this.#process;
  }

  get pid(): number {
    return this.#pid;
  }

  gone(): boolean {
    return this.#gone;
  }

  async list(): Promise<readonly RecordEntry[]> {
    const { services, slots } = await this.#ask();
    return services.map((service, i) => ({ service, slot: slots[i], open: () => this.#open(slots[i]) }));
  }

  close(): void {
    this.#gone = true;
    this.#addon.closeTelemetry(this.#peer);
    this.#fail(new BusError("core/closed", { details: { what: `the telemetry of ${this.#process}` } }));
  }

  #open(slot: number): RecordMemory {
    const addon = this.#addon;
    const opened = native(() => addon.openTelemetry(this.#peer, slot));
    let record: typeof opened.record | undefined = opened.record;
    return {
      copy: opened.copy,
      read: () => (record === undefined ? ReadStatus.noValue : (addon.readTelemetry(record) as ReadStatus)),
      // The loop hears of it; the kernel is asked only by who found an unfinished update.
      gone: () => this.#gone,
      close: () => {
        record = undefined;
      },
    };
  }

  #ask(): Promise<TelemetryAnswer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const timeout = `${ANSWER_MS} ms`;
        this.#fail(new BusError("core/timeout", { details: { what: `the telemetry of ${this.#process}`, timeout } }));
      }, ANSWER_MS);
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(timer);
          then(value);
        };
      this.#waiting.push({ resolve: settle(resolve), reject: settle(reject) });
      try {
        native(() => this.#addon.askTelemetry(this.#peer));
      } catch (error) {
        this.#fail(BusError.from(error));
      }
    });
  }

  #answered(answer: TelemetryAnswer | undefined, reason: string | undefined): void {
    if (answer === undefined) {
      this.#gone = true;
      const peer = `process ${this.#process}`;
      this.#fail(
        reason
          ? new BusError("telemetry/malformed", { details: { peer, reason } })
          : new BusError("transport/unreachable", { details: { address: this.#path, reason: "its process ended" } }),
      );
      return;
    }
    const waiting = this.#waiting.shift();
    if (answer.code !== 0) {
      const code = errorCodeOf(answer.code);
      waiting?.reject(new BusError(code, { message: `${code}: ${answer.text}` }));
      return;
    }
    this.#process = answer.process;
    this.#pid = answer.pid;
    waiting?.resolve(answer);
  }

  #fail(error: BusError): void {
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
  }
}
