/** What one event loop hosts of a plan: the hub of one of its processes, the services in it, and its control socket. */
import type { Plan } from "#generated/busbar/plan";
import { BusError } from "#wire";
import { type Composition, compose } from "./compose.ts";
import { hubCommands } from "./control-commands.ts";
import { ControlServer } from "./control-server.ts";
import type { createLog } from "./log.ts";
import { RunFolder } from "./run-folder.ts";
import { schemaSupport } from "./schema-support.ts";
import { ServiceHost } from "./service-host.ts";

export interface UnitOptions {
  readonly plan: Plan;
  /** Name of a process of the plan. */
  readonly process: string;
  readonly log: ReturnType<typeof createLog>;
  progress(service: string, share: number, text: string): void;
  finish(service: string, result: unknown): void;
  /** The control socket was asked to end it. */
  stop(): void;
}

/** Where services are started and stopped: on this thread (`Unit`), or on another one (`ServiceThread`). */
export interface Quarters {
  /** Resolves when the service is ready. */
  start(service: string): Promise<void>;
  stop(service: string): Promise<void>;
  /** Closes links after at most `drainMs`. After its services have stopped. */
  end(drainMs: number): Promise<void>;
}

export class Unit implements Quarters {
  readonly #process: string;
  readonly #folder: RunFolder;
  #composition: Composition | undefined;
  #control: ControlServer | undefined;
  #host: ServiceHost | undefined;

  private constructor(process: string, folder: RunFolder) {
    this.#process = process;
    this.#folder = folder;
  }

  /** Listens and dials; no service runs yet. @throws BusError of any room; then nothing is left open */
  static async open(options: UnitOptions): Promise<Unit> {
    const { plan, process: name, log } = options;
    const folder = RunFolder.open(plan.runtimeDir ?? "");
    const holder = folder.lockProcess(name);
    if (holder !== undefined)
      throw new BusError("runtime/already-running", {
        details: { bus: `${plan.bus}, process ${name}`, pid: holder.pid },
      });
    const unit = new Unit(name, folder);
    try {
      const pluginFailed = (_service: string, error: BusError): void =>
        queueMicrotask(() => {
          throw error; // a crash like any other: whoever supervises the process starts it again
        });
      const composition = await compose({
        plan,
        process: name,
        folder,
        log,
        schema: schemaSupport(plan),
        pluginFailed,
      });
      unit.#composition = composition;
      const { hub } = composition;
      const host = new ServiceHost({ ...options, hub, telemetry: composition.telemetry });
      unit.#host = host;
      const control = new ControlServer({
        path: folder.controlSocket(name),
        commands: hubCommands({ plan, process: name, hub, services: () => host.names, stop: () => options.stop() }),
      });
      unit.#control = control;
      await control.open();
      await hub.start();
    } catch (error) {
      await unit.end(0);
      throw error;
    }
    return unit;
  }

  async start(service: string): Promise<void> {
    await this.#host?.start(service);
  }

  async stop(service: string): Promise<void> {
    await this.#host?.stop(service);
  }

  async end(drainMs: number): Promise<void> {
    try {
      await this.#composition?.close(drainMs);
      await this.#control?.close();
    } finally {
      this.abandon();
    }
  }

  /** Gives the name free, when there is no time for more. */
  abandon(): void {
    this.#folder.unlockProcess(this.#process);
  }
}
