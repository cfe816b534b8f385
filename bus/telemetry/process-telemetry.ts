import { type Addon, native, openAddon, type TelemetryBoard, type TelemetryDeskHandle } from "#transport/ring";
import { BusError } from "#wire";
import { TelemetryWriter } from "./writer.ts";

export interface ProcessTelemetryOptions {
  /** Process of the plan. */
  readonly process: string;
  /** Of the socket at which readers ask. */
  readonly path: string;
  readonly log: { debug(fields: object, text: string): void; warn(fields: object, text: string): void };
  /** Default: the one of this package, loaded when the first record is asked for. */
  readonly addon?: Addon;
}

/** Those with a desk. Without this, one that only its writers know would be collected, and its readers would see it die. */
const open = new Set<ProcessTelemetry>();

/** The records of the services of one process, and the desk at which readers get them. Made when the first is wanted. */
export class ProcessTelemetry {
  readonly #options: ProcessTelemetryOptions;
  readonly #writers: TelemetryWriter[] = [];
  #addon: Addon | undefined;
  #board: TelemetryBoard | undefined;
  #desk: TelemetryDeskHandle | undefined;
  #tried = false;

  constructor(options: ProcessTelemetryOptions) {
    this.#options = options;
  }

  /** For `loadPlugin`; undefined where there is no shared memory, which is logged once. */
  get board(): TelemetryBoard | undefined {
    if (!this.#tried) this.#open();
    return this.#board;
  }

  /** A record for a service of this thread. */
  writer(service: string): TelemetryWriter {
    const { board } = this;
    if (board === undefined) return new TelemetryWriter();
    const { process, log } = this.#options;
    let memory: ArrayBuffer | undefined;
    try {
      memory = native(() => this.#addon!.takeTelemetry(board, service));
      if (memory === undefined)
        throw new BusError("telemetry/limit-exceeded", { details: { process, service, count: 64 } });
    } catch (error) {
      const { code, message } = BusError.from(error);
      log.warn({ service, code }, message);
    }
    const writer = new TelemetryWriter(memory);
    this.#writers.push(writer);
    return writer;
  }

  /** Ends the records of this thread's services, and the connections of all readers. Safe to call twice. */
  close(): void {
    this.#tried = true;
    open.delete(this);
    for (const writer of this.#writers.splice(0)) writer.end();
    if (this.#desk !== undefined) this.#addon!.closeTelemetryDesk(this.#desk);
    this.#desk = undefined;
    this.#board = undefined;
  }

  #open(): void {
    this.#tried = true;
    const { path, process, log } = this.#options;
    try {
      const addon = this.#options.addon ?? openAddon();
      const board = native(() => addon.makeTelemetry());
      this.#desk = native(() =>
        addon.serveTelemetry(path, board, process, (reason) => {
          log.warn({ path }, `a reader of telemetry was sent away: ${reason}`);
        }),
      );
      this.#addon = addon;
      this.#board = board;
      open.add(this);
    } catch (error) {
      const { code, message } = BusError.from(error);
      log.debug({ code }, `no telemetry in this process: ${message}`);
    }
  }
}
