/** What `call`, `pub` and `echo` share: the running bus, its processes, and JSON from the command line. */
import { readFileSync } from "node:fs";
import type { Plan } from "#generated/busbar/plan";
import { RunningBus } from "#runtime";
import { notJson } from "#schema";
import { BusError, suggestion } from "#wire";
import type { Cli } from "../cli.ts";

export interface LiveBus {
  readonly bus: RunningBus;
  readonly plan: Plan;
  /** Names of processes that can be asked. */
  readonly processes: readonly string[];
}

/** @throws BusError runtime/not-running */
export async function liveBus(cli: Cli): Promise<LiveBus> {
  const bus = await RunningBus.find(cli.topologyPath());
  const plan = await bus.plan();
  const processes = bus.processes(plan).map((process) => process.name);
  if (processes.length === 0) throw bus.notRunning();
  return { bus, plan, processes };
}

/**
 * The process that hosts a service; an instance, or any instance of a service that has several.
 * @throws BusError core/unknown-service, transport/unreachable
 */
export const processOf = (live: LiveBus, service: string): string => processesOf(live, service)[0];

/** The processes that run and host a service or its instances; at least one. @throws as `processOf` */
export function processesOf({ plan, processes }: LiveBus, service: string): string[] {
  const hosts = plan.services.filter((each) => each.name === service || each.name.startsWith(`${service}#`));
  if (hosts.length === 0)
    throw new BusError("core/unknown-service", {
      details: {
        service,
        suggestion: suggestion(
          service,
          plan.services.map((each) => each.name),
        ),
      },
    });
  const running = hosts.map((host) => host.process).filter((process) => processes.includes(process));
  if (running.length === 0) throw serviceDown(service, hosts[0].process);
  return [...new Set(running)];
}

/** The bus runs (`liveBus` has seen to that), only this service does not. */
export function serviceDown(service: string, process: string): BusError {
  const details = { address: `service ${service}`, reason: `process ${process} does not run on this computer` };
  return new BusError("transport/unreachable", { details });
}

/** JSON text, @file, or - for standard input. @throws BusError schema/bad-json */
export function readJsonArgument(argument: string | undefined): unknown {
  if (argument === undefined) return {};
  const [path, text] =
    argument === "-"
      ? ["standard input", readFileSync(0, "utf8")]
      : argument.startsWith("@")
        ? [argument.slice(1), readFileSync(argument.slice(1), "utf8")]
        : ["the argument", argument];
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notJson(path, cause);
  }
}

/** Aborts on Ctrl-C, which then ends the command and not the bus. */
export function interruptSignal(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  process.on("SIGINT", abort);
  process.on("SIGTERM", abort);
  return {
    signal: controller.signal,
    release() {
      process.off("SIGINT", abort);
      process.off("SIGTERM", abort);
    },
  };
}
