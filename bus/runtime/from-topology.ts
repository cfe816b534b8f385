import { existsSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Bus } from "#core";
import { type Plan, RunKind } from "#generated/busbar/plan";
import { loadPlan, type TransportChoice } from "#topology";
import { BusError, suggestion } from "#wire";
import { capabilities } from "./capabilities.ts";
import { type Composition, compose } from "./compose.ts";
import { hubCommands } from "./control-commands.ts";
import { ControlServer } from "./control-server.ts";
import { createLog, type LogLevel } from "./log.ts";
import { housemates } from "./os-process.ts";
import { OwnedBus } from "./owned-bus.ts";
import { readPlan } from "./plan-file.ts";
import { RunFolder } from "./run-folder.ts";
import { schemaSupport } from "./schema-support.ts";
import { sourceDigest } from "./up.ts";

export interface FromTopologyOptions {
  /** Which service of the topology this program is. Default: BUSBAR_SERVICE, which `up` sets for what it starts. */
  readonly service?: string;
  /** For edges between processes, instead of what the topology says. Both sides must agree. Ignored when `up` runs. */
  readonly transport?: TransportChoice;
  /** Default: [bus] log of the topology. */
  readonly log?: LogLevel;
  /** Checks types and freezes objects that are handed over. Default: NODE_ENV is not "production". */
  readonly development?: boolean;
  /**
   * Close the bus and exit on SIGTERM and SIGINT. Default: true when `up` started this program, so that it drains; false
   * otherwise, because signals belong to the program.
   */
  readonly signals?: boolean;
}

/** ./topology.toml, or the nearest one in the folders above. @throws BusError topology/not-found */
export function findTopology(from: string = process.cwd()): string {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const path = join(folder, "topology.toml");
    if (existsSync(path)) return path;
    if (dirname(folder) === folder)
      throw new BusError("topology/not-found", { details: { path: join(resolve(from), "topology.toml") } });
  }
}

/** What the services of one process of a plan share, while any of them is open. */
interface House {
  readonly plan: Plan;
  readonly composition: Composition;
  readonly open: Set<string>;
  close(drainMs: number): Promise<void>;
}

const houses = new Map<string, Promise<House>>();

/**
 * Joins a bus as one of its services, from a program that the user starts (or that `up` starts with exec:). Programs find
 * each other through the runtime folder, with or without a running `up`.
 * @param path of topology.toml; default BUSBAR_TOPOLOGY, else the nearest one upwards
 * @throws BusError topology/*, core/unknown-service, runtime/already-running when another process is that service
 */
async function fromTopology(path?: string, options: FromTopologyOptions = {}): Promise<Bus> {
  const service = options.service ?? process.env.BUSBAR_SERVICE;
  const topology = resolve(path ?? process.env.BUSBAR_TOPOLOGY ?? findTopology());
  const { plan, folder } = await findPlan(topology, options.transport);
  if (service === undefined || service === "")
    throw new BusError("runtime/usage", {
      details: { reason: `say which service this is: fromTopology(path, { service }); the bus has ${names(plan)}` },
    });
  const planned = plan.services.find((candidate) => candidate.name === service);
  if (planned === undefined)
    throw new BusError("core/unknown-service", {
      details: {
        service,
        suggestion: suggestion(
          service,
          plan.services.map((candidate) => candidate.name),
        ),
      },
    });
  if (planned.kind === RunKind.native)
    throw new BusError("runtime/bad-service", {
      details: { service, reason: "it is a native plugin, so no TypeScript program can be it" },
    });

  const key = `${folder.path}\n${planned.process}`;
  let pending = houses.get(key);
  if (pending === undefined) {
    pending = openHouse(plan, planned.process, folder, options, () => houses.delete(key));
    houses.set(key, pending);
    pending.catch(() => houses.delete(key));
  }
  const house = await pending;
  if (house.open.has(service))
    throw new BusError("runtime/already-running", {
      details: { bus: `service ${service} of ${plan.bus}`, pid: process.pid },
    });
  house.open.add(service);
  const bus = house.composition.hub.bus(service);
  return new OwnedBus(bus, planned.stopTimeoutMs, async (drainMs) => {
    await bus.close({ drain: drainMs });
    house.open.delete(service);
    if (house.open.size === 0) await house.close(drainMs);
  });
}

/** The plan of a running `up` of the same file, else what the file says. */
async function findPlan(
  topology: string,
  transport: TransportChoice | undefined,
): Promise<{ plan: Plan; folder: RunFolder }> {
  const given = process.env.BUSBAR_PLAN;
  if (given !== undefined && existsSync(given) && sameFile(topology, process.env.BUSBAR_TOPOLOGY)) {
    const plan = readPlan(given);
    return { plan, folder: RunFolder.open(plan.runtimeDir ?? "") };
  }
  const compiled = await loadPlan(topology, {
    capabilities: await capabilities(),
    ...(transport === undefined ? {} : { overrides: { transport } }),
  });
  const folder = RunFolder.open(compiled.runtimeDir ?? "");
  const source = sourceDigest(compiled.topology ?? topology);
  const running = folder.ups().find((up) => up.source === source);
  if (running !== undefined) {
    const file = folder.planFile(typeof running.node === "string" ? running.node : undefined);
    if (existsSync(file)) return { plan: readPlan(file), folder };
  }
  return { plan: compiled, folder };
}

async function openHouse(
  plan: Plan,
  processName: string,
  folder: RunFolder,
  options: FromTopologyOptions,
  closed: () => void,
): Promise<House> {
  const holder = folder.lockProcess(processName);
  if (holder !== undefined)
    throw new BusError("runtime/already-running", {
      details: { bus: `${plan.bus}, process ${processName}`, pid: holder.pid },
      message: `runtime/already-running: process '${processName}' of the bus ${plan.bus} already runs here (process ${holder.pid}); services that share a node share a process, so stop that one, or give each service a node of its own or no \`run\``,
    });
  // Threads of one process meet in its memory: two programs cannot have them between them.
  for (const { name } of housemates(plan, processName)) {
    const other = folder.hostOf(name);
    if (other === undefined || other.pid === process.pid) continue;
    folder.unlockProcess(processName);
    throw new BusError("runtime/already-running", {
      details: { bus: `${plan.bus}, process ${name}`, pid: other.pid },
      message: `runtime/already-running: '${processName}' and '${name}' of the bus ${plan.bus} share a process, and '${name}' already runs in another one (process ${other.pid}); open both in that program, or give one of them isolate = true`,
    });
  }
  let composition: Composition | undefined;
  let control: ControlServer | undefined;
  const awake = setInterval(() => {}, 1 << 30); // an open bus keeps its program alive, as an open socket does
  const open = new Set<string>();
  let closing: Promise<void> | undefined;
  const end = async (drainMs: number): Promise<void> => {
    closed();
    try {
      await composition?.close(drainMs);
      await control?.close();
    } finally {
      clearInterval(awake);
      for (const [signal, listener] of listeners) process.off(signal, listener);
      folder.unlockProcess(processName);
      folder.sweep(plan.nodes.every((node) => node.here));
    }
  };
  const close = (drainMs: number): Promise<void> => (closing ??= end(drainMs));
  const listeners: [NodeJS.Signals, () => void][] = [];
  try {
    const format = process.env.BUSBAR_LOG_FORMAT === "json" || process.stdout.isTTY !== true ? "json" : "text";
    const log = createLog({ format, level: options.log ?? ((plan.log ?? "info") as LogLevel) });
    composition = await compose({
      plan,
      process: processName,
      folder,
      log,
      schema: schemaSupport(plan),
      ...(options.development === undefined ? {} : { development: options.development }),
    });
    const { hub } = composition;
    control = new ControlServer({
      path: folder.controlSocket(processName),
      commands: hubCommands({
        plan,
        process: processName,
        hub,
        services: () => [...open],
        stop: () => process.kill(process.pid, "SIGTERM"),
      }),
    });
    await control.open();
    await hub.start();
  } catch (error) {
    await close(0);
    throw error;
  }
  if (options.signals ?? process.env.BUSBAR_SERVICE !== undefined) {
    const stop = (): void => {
      void close(5000).finally(() => process.exit(0));
    };
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      listeners.push([signal, stop]);
      process.once(signal, stop);
    }
  }
  return { plan, composition, open, close };
}

function sameFile(first: string, second: string | undefined): boolean {
  try {
    return second !== undefined && realpathSync(first) === realpathSync(second);
  } catch {
    return false;
  }
}

const names = (plan: Plan): string => plan.services.map((service) => service.name).join(", ");

/** The door for programs that are a service of a bus. */
export const MessageBus: {
  fromTopology(path?: string, options?: FromTopologyOptions): Promise<Bus>;
} = { fromTopology };
