import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Plan } from "#generated/busbar/plan";
import { loadPlan, loadTopology, runtimeDirOf } from "#topology";
import { BusError } from "#wire";
import { ControlClient } from "./control-client.ts";
import type { LockHolder } from "./lock-file.ts";
import { readPlan } from "./plan-file.ts";
import { RunFolder } from "./run-folder.ts";

/** A bus on this computer as seen from outside: its runtime folder and who lives there. */
export class RunningBus {
  readonly name: string;
  /** Where its runtime folder is, or will be. */
  readonly folderPath: string;
  readonly #topology: string;
  readonly #folder: RunFolder | undefined;

  private constructor(name: string, topology: string, folderPath: string, folder: RunFolder | undefined) {
    this.name = name;
    this.folderPath = folderPath;
    this.#topology = topology;
    this.#folder = folder;
  }

  /** @param topology path of topology.toml. Nothing needs to run. @throws BusError topology/* */
  static async find(topology: string): Promise<RunningBus> {
    const { realPath, topology: checked } = await loadTopology(topology);
    const dir = runtimeDirOf({
      busName: checked.bus.name,
      realPath,
      configured: checked.bus.runtimeDir,
      env: process.env,
      tmpdir: tmpdir(),
      ...(process.getuid === undefined ? {} : { uid: process.getuid() }),
    });
    return new RunningBus(checked.bus.name, topology, dir, RunFolder.find(dir));
  }

  get folder(): RunFolder | undefined {
    return this.#folder;
  }

  /** The `up` processes that are alive. */
  get ups(): LockHolder[] {
    return this.#folder?.ups() ?? [];
  }

  /** What the running processes agreed on: the plan of an `up`, else what the file says. */
  async plan(): Promise<Plan> {
    for (const up of this.ups) {
      const file = this.#folder!.planFile(nodeOf(up));
      if (existsSync(file)) return readPlan(file);
    }
    return await loadPlan(this.#topology);
  }

  /** Processes of the plan that are alive here and can be asked. */
  processes(plan: Plan): { readonly name: string; readonly pid: number }[] {
    return plan.processes.flatMap(({ name }) => {
      const holder = this.#folder?.hostOf(name);
      return holder === undefined ? [] : [{ name, pid: holder.pid }];
    });
  }

  /** @throws BusError transport/unreachable */
  connect(process: string): Promise<ControlClient> {
    return ControlClient.open(this.#require().controlSocket(process));
  }

  connectUp(up: LockHolder): Promise<ControlClient> {
    return ControlClient.open(this.#require().upSocket(nodeOf(up)));
  }

  notRunning(): BusError {
    return new BusError("runtime/not-running", { details: { bus: this.name } });
  }

  #require(): RunFolder {
    if (this.#folder === undefined) throw this.notRunning();
    return this.#folder;
  }
}

export const nodeOf = (up: LockHolder): string | undefined => (typeof up.node === "string" ? up.node : undefined);
