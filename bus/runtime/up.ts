import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Plan, RunKind } from "#generated/busbar/plan";
import { loadPlan, loadTopology, type Mode, type TransportChoice } from "#topology";
import { BusError } from "#wire";
import { buildServices } from "./build-services.ts";
import { capabilities } from "./capabilities.ts";
import { systemClock } from "./clock.ts";
import { toJson } from "./control-protocol.ts";
import { ControlServer } from "./control-server.ts";
import { noBridge, ProcessLauncher } from "./launch.ts";
import { MetricsServer } from "./metrics-server.ts";
import { findGuard } from "./native-path.ts";
import { osProcessOf } from "./os-process.ts";
import { Output, type Terminal } from "./output.ts";
import { writePlan } from "./plan-file.ts";
import { RunFolder } from "./run-folder.ts";
import { refuseStaleSchema } from "./schema-support.ts";
import { Supervisor, type SupervisorEvents } from "./supervise.ts";
import { watchBus } from "./watch-bus.ts";

export interface UpOptions {
  /** Path of topology.toml. */
  readonly topology: string;
  readonly mode?: Mode;
  /** Only this node. */
  readonly node?: string;
  readonly transport?: TransportChoice;
  /** Ends when a service announces a result, and writes it to `stdout` as one line. */
  readonly once: boolean;
  readonly json: boolean;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  /** Called with a function that the user's wish to stop calls: the first time drains, the second ends at once. */
  readonly onStop: (stop: () => void) => void;
}

/** What the file says now; a process that joins later compares it before it trusts the plan of a running `up`. */
export const sourceDigest = (topology: string): string =>
  createHash("sha256").update(readFileSync(topology)).digest("hex");

/**
 * Runs the services of a topology until told to stop (or, with `once`, until one announces a result).
 * @returns the exit code: 0 when it ended as wished, 130 when the user did not want to wait
 * @throws BusError when it could not start, or, with `once`, when it failed before there was a result
 */
export async function up(options: UpOptions): Promise<number> {
  const { node, mode, transport, once } = options;
  const plan = await loadPlan(options.topology, {
    capabilities: await capabilities(),
    overrides: {
      ...(mode === undefined ? {} : { mode }),
      ...(node === undefined ? {} : { node }),
      ...(transport === undefined ? {} : { transport }),
    },
  });
  refuseStaleSchema(plan);
  const processes = processesHere(plan, node);
  const services = plan.services.filter((service) => processes.includes(osProcessOf(plan, service.process)));
  const python = services.find((service) => service.kind === RunKind.python);
  if (python !== undefined) throw noBridge(python);

  const folder = RunFolder.open(plan.runtimeDir ?? "");
  const holder = folder.lockUp(node, {
    mode: plan.mode,
    started: new Date().toISOString(),
    source: sourceDigest(plan.topology ?? options.topology),
  });
  if (holder !== undefined)
    throw new BusError("runtime/already-running", { details: { bus: plan.bus, pid: holder.pid } });
  let metrics: { close(): Promise<void> } | undefined;
  const run = new Run(plan, processes, folder, options);
  try {
    folder.sweep();
    writePlan(folder.planFile(node), plan);
    const output = run.output;
    await buildServices(plan, services, (text) => output.say(plan.bus, text), run.stopped);
    const kinds = `${services.length} service${services.length === 1 ? "" : "s"} in ${processes.length} process${processes.length === 1 ? "" : "es"}`;
    output.say(plan.bus, `${plan.mode}, ${kinds}${once ? "" : "; Ctrl-C stops"}`, "info", { plan: plan.hash });
    for (const warning of plan.warnings) output.say(plan.bus, warning, "warn");
    metrics = await serveMetrics(options, (url) => output.say(plan.bus, `metrics at ${url}`));
    return await run.run();
  } catch (error) {
    // Stopped while it was still being built: as wished, unless somebody waits for a result.
    if (once || !(error instanceof BusError) || error.code !== "core/cancelled") throw error;
    return 0;
  } finally {
    await metrics?.close();
    await run.close();
    folder.unlockUp(node);
    folder.sweep(plan.nodes.every((candidate) => candidate.here));
    if (once && run.hasResult) options.stdout.write(`${toJson(run.result)}\n`);
  }
}

/** Where the file says so, and once for all nodes of this computer. */
async function serveMetrics(
  { topology: path, node }: UpOptions,
  say: (url: string) => void,
): Promise<{ close(): Promise<void> } | undefined> {
  const { metrics } = (await loadTopology(path)).topology;
  if (metrics === undefined || (node !== undefined && node !== metrics.node)) return undefined;
  const watch = await watchBus(path);
  const server = await MetricsServer.open(metrics, () => watch.look());
  say(server.url);
  return {
    async close() {
      await server.close();
      await watch[Symbol.asyncDispose]();
    },
  };
}

/** Those of the node that was named, else of all nodes on this computer that have something to start. */
function processesHere(plan: Plan, node: string | undefined): string[] {
  const started = new Set(
    plan.services
      .filter((service) => service.kind !== RunKind.external)
      .map((service) => osProcessOf(plan, service.process)),
  );
  return plan.nodes
    .filter((candidate) => (node === undefined ? candidate.here : candidate.name === node))
    .flatMap((candidate) => candidate.processes)
    .filter((name) => started.has(name));
}

/** What may stand in front of a line: the bus, services, and processes that several services share. */
const namesIn = (plan: Plan, processes: readonly string[]): string[] => [
  plan.bus,
  ...plan.services
    .filter((service) => processes.includes(osProcessOf(plan, service.process)))
    .map((service) => service.name),
  ...plan.processes
    .filter(({ name, services }) => processes.includes(name) && services.length !== 1)
    .map(({ name }) => name),
];

class Run {
  readonly output: Output;
  hasResult = false;
  result: unknown;
  readonly #plan: Plan;
  readonly #once: boolean;
  readonly #launcher: ProcessLauncher;
  readonly #supervisor: Supervisor;
  readonly #control: ControlServer;
  readonly #startedAt = Date.now();
  readonly #end: Promise<"stop" | "result" | "idle">;
  #ended: (why: "stop" | "result" | "idle") => void = () => {};
  readonly #stop = new AbortController();
  #wishes = 0;
  #failure: BusError | undefined;

  constructor(plan: Plan, processes: readonly string[], folder: RunFolder, options: UpOptions) {
    this.#plan = plan;
    this.#once = options.once;
    this.output = new Output({
      terminal: options.once ? options.stderr : options.stdout,
      format: options.json ? "json" : "text",
      names: namesIn(plan, processes),
      now: systemClock.now,
    });
    this.#launcher = new ProcessLauncher({
      plan,
      planFile: folder.planFile(options.node),
      runtimeDir: folder.path,
      guard: findGuard(),
      logFormat: "json",
      line: (name, stream, text) => this.output.childLine(name, stream, text),
    });
    this.#supervisor = new Supervisor({
      plan,
      processes,
      launcher: this.#launcher,
      clock: systemClock,
      events: this.#events(),
    });
    this.#end = new Promise((resolve) => {
      this.#ended = resolve;
    });
    this.#control = new ControlServer({
      path: folder.upSocket(options.node),
      commands: {
        status: () => ({
          bus: plan.bus,
          pid: process.pid,
          mode: plan.mode,
          plan: plan.hash,
          uptimeMs: Date.now() - this.#startedAt,
          services: this.#supervisor.status(),
        }),
        stop: () => {
          this.#wish();
          return null;
        },
      },
    });
    options.onStop(() => this.#wish());
  }

  /** Aborted when the user wants to stop. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  async run(): Promise<number> {
    await this.#control.open();
    // Timers of the clock do not keep us alive, and a bus whose programs are all in back-off has nothing else.
    const awake = setInterval(() => {}, 1 << 30);
    try {
      const started = this.#supervisor.start().then(() => {
        if (this.#wishes === 0 && !this.#supervisor.idle) this.output.say(this.#plan.bus, "ready");
        this.#checkIdle();
      });
      const why = await Promise.race([this.#end, started.then(() => this.#end)]);
      if (why === "idle") return this.#idleCode();
      if (why === "stop" && this.#once && !this.hasResult && this.#failure !== undefined) throw this.#failure;
      if (why === "stop") this.output.say(this.#plan.bus, "stopping");
      await this.#supervisor.stop();
      if (this.#wishes > 1) return 130;
      if (this.#once && !this.hasResult) throw new BusError("runtime/no-result");
      return this.#once && isFailure(this.result) ? 1 : 0;
    } finally {
      await this.#supervisor.stop();
      clearInterval(awake);
    }
  }

  async close(): Promise<void> {
    await this.#control.close();
    this.#launcher.close();
    this.output.close();
  }

  #wish(): void {
    this.#wishes++;
    this.#stop.abort();
    this.#ended("stop");
    if (this.#wishes > 1) this.#supervisor.kill();
  }

  #idleCode(): number {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#once) throw new BusError("runtime/no-result");
    this.output.say(this.#plan.bus, "all services have ended");
    return 0;
  }

  #checkIdle(): void {
    if (this.#supervisor.idle) this.#ended("idle");
  }

  #events(): SupervisorEvents {
    return {
      state: (service, state, cause) => {
        if (state === "ready") this.output.say(service, "ready", "info", { state });
        else if (state === "backoff")
          this.output.say(service, `${cause?.message ?? "it ended"}; it is started again`, "warn", { state });
        else if (state === "down") {
          this.output.say(service, cause?.message ?? "it stays down", "error", { state, error: cause?.toJSON() });
          this.#failure ??= cause;
          if (this.#once) this.#ended("stop");
        }
        if (state === "down" || state === "stopped") queueMicrotask(() => this.#checkIdle());
      },
      progress: (service, share, text) => this.output.progress(service, share, text),
      finish: (service, result) => {
        if (this.#once && !this.hasResult) {
          this.hasResult = true;
          this.result = result;
          this.#ended("result");
        } else if (!this.#once) {
          this.output.say(service, `result ${toJson(result)}`, "info", { result });
        }
      },
    };
  }
}

/** A job that ends badly announces { error: … }: its result is printed all the same. */
const isFailure = (result: unknown): boolean => typeof result === "object" && result !== null && "error" in result;
