import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Plan, type Process, RunKind, type Service } from "#generated/busbar/plan";
import { BusError } from "#wire";
import { childEnv } from "./exec-env.ts";
import { LineSplitter } from "./lines.ts";
import type { LogFormat } from "./log.ts";
import { readFromNode } from "./node-messages.ts";
import { Reaper } from "./reaper.ts";
import type { Child, ChildEvents, ExitStatus, Launcher } from "./supervise.ts";

export interface ProcessLauncherOptions {
  readonly plan: Plan;
  readonly planFile: string;
  readonly runtimeDir: string;
  /** The busbar-guard program, if it has been built. */
  readonly guard: string | undefined;
  /** How programs that use fromTopology write their log. */
  readonly logFormat: LogFormat;
  /** `name` is that of the service, or of the process where several share one. */
  line(name: string, stream: "stdout" | "stderr", text: string): void;
}

const LINE_BYTES_MAX = 64 * 1024;
const NODE_MAIN: string = fileURLToPath(new URL("./node-main.js", import.meta.url));

/** Starts the processes of a plan on this computer, each in a process group of its own. */
export class ProcessLauncher implements Launcher {
  readonly #options: ProcessLauncherOptions;
  readonly #reaper = new Reaper();

  constructor(options: ProcessLauncherOptions) {
    this.#options = options;
  }

  launch(process: Process, services: readonly Service[], events: ChildEvents): Child {
    const program = services.find((service) => service.kind === RunKind.exec || service.kind === RunKind.python);
    return program === undefined ? this.#node(process, services, events) : this.#program(program, events);
  }

  /** Ends what is left, also what children have started. After the supervisor has stopped. */
  close(): void {
    this.#reaper.close();
  }

  #node(planned: Process, services: readonly Service[], events: ChildEvents): Child {
    const { plan } = this.#options;
    const env = this.#env(planned.name, mergedEnv(services));
    delete env.BUSBAR_SERVICE;
    const child = spawn(process.execPath, [NODE_MAIN, planned.name], {
      cwd: dirname(plan.topology ?? "."),
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    child.on("message", (value) => {
      const message = readFromNode(value);
      if (message !== undefined) events.message(message);
    });
    return this.#watch(services.length === 1 ? services[0].name : planned.name, child, events);
  }

  #program(service: Service, events: ChildEvents): Child {
    const { plan } = this.#options;
    if (service.kind === RunKind.python) throw noBridge(service);
    const folder = dirname(plan.topology ?? ".");
    const cwd = resolve(folder, service.cwd ?? ".");
    if (!existsSync(cwd))
      throw new BusError("runtime/bad-service", {
        details: { service: service.name, reason: `there is no folder ${cwd}` },
      });
    const env = this.#env(service.name, service.env);
    const target = service.target ?? "";
    const program = target.includes("/") ? resolve(folder, target) : target;
    const missing = target.includes("/") ? !existsSync(program) : !onPath(program, env.PATH);
    if (missing)
      throw new BusError("runtime/bad-service", {
        details: {
          service: service.name,
          reason: `there is no program ${program}${target.includes("/") ? "" : " on PATH"}`,
        },
      });
    const [command, ...args] = this.#guarded(env, [program, ...service.args]);
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    return this.#watch(service.name, child, events);
  }

  /** Makes the program die with us, where there is something that can do that without staying in between. */
  #guarded(env: Record<string, string>, command: string[]): string[] {
    const { guard } = this.#options;
    if (guard !== undefined) {
      env.BUSBAR_PARENT_PID = String(process.pid);
      return [guard, ...command];
    }
    return onPath("setpriv", process.env.PATH) ? ["setpriv", "--pdeathsig", "KILL", "--", ...command] : command;
  }

  #env(service: string, set: readonly { readonly name: string; readonly value: string }[]): Record<string, string> {
    const { plan, planFile, runtimeDir, logFormat } = this.#options;
    const env = childEnv(process.env, set, { topology: plan.topology ?? "", service, runtimeDir, plan: planFile });
    env.BUSBAR_LOG_FORMAT = logFormat;
    return env;
  }

  #watch(name: string, child: ChildProcess, events: ChildEvents): Child {
    const { pid } = child;
    if (pid !== undefined) this.#reaper.add(pid);
    for (const stream of ["stdout", "stderr"] as const) {
      const lines = new LineSplitter(LINE_BYTES_MAX, (text) => this.#options.line(name, stream, text));
      child[stream]?.on("data", (chunk: Buffer) => lines.push(chunk));
      child[stream]?.on("end", () => lines.end());
    }
    let over = false;
    const exited = (status: ExitStatus): void => {
      if (over) return;
      over = true;
      if (pid !== undefined) {
        signalGroup(pid, "SIGKILL"); // what the program has started and left behind
        this.#reaper.remove(pid);
      }
      events.exited(status);
    };
    child.on("error", (error) => {
      if (pid === undefined) setImmediate(exited, { code: null, signal: null, reason: error.message });
    });
    child.on("exit", (code, signal) => {
      // Its last words come before the news of its end, unless something it started still holds the pipe.
      const told = (): void => exited({ code, signal });
      child.once("close", told);
      setTimeout(told, 200).unref();
    });
    return {
      pid,
      send: (message) => {
        if (child.connected) child.send(message, () => {});
      },
      signal: (signal) => {
        if (pid !== undefined && !over) signalGroup(pid, signal);
      },
    };
  }
}

export const noBridge = (service: Service): BusError =>
  new BusError("runtime/no-bridge", {
    details: { service: service.name, run: `python:${service.target ?? ""}`, language: "python" },
  });

/** Services of one process share one environment. @throws BusError runtime/bad-service when they disagree */
function mergedEnv(services: readonly Service[]): { name: string; value: string }[] {
  const merged = new Map<string, { value: string; service: string }>();
  for (const service of services) {
    for (const { name, value } of service.env) {
      const other = merged.get(name);
      if (other !== undefined && other.value !== value)
        throw new BusError("runtime/bad-service", {
          details: {
            service: service.name,
            reason: `it shares a process with ${other.service}, and both set ${name} differently; set isolate = true on one`,
          },
        });
      merged.set(name, { value, service: service.name });
    }
  }
  return [...merged].map(([name, { value }]) => ({ name, value }));
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // nobody is left in it
  }
}

const onPath = (program: string, path: string | undefined): boolean =>
  (path ?? "").split(delimiter).some((folder) => folder !== "" && existsSync(join(folder, program)));
