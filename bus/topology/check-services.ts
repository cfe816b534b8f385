/** Services of a topology: where they are placed, what their keys say, and which keys do not go together. */
import { sourceIdOf, suggestion } from "#wire";
import { CLOCK_SERVICE } from "./clock.ts";
import { isForbiddenVariable, isVariableName } from "./environment.ts";
import type { KeyPath } from "./place.ts";
import type { Problems } from "./problem.ts";
import { readSection, type Values } from "./read-section.ts";
import { nameFault } from "./read-value.ts";
import { instanceNames, type NodeEntry, type RestartEntry, type ServiceEntry } from "./topology.ts";

/** The process of a monolith has this name. */
export const MONOLITH = "monolith";
/** Source ids of this name are taken by the command line. */
const COMMAND_LINE = "busbar.cli";
const RESERVED: readonly string[] = [COMMAND_LINE, CLOCK_SERVICE];

export function checkServices(
  problems: Problems,
  maps: Readonly<Record<string, unknown>>,
  nodes: readonly NodeEntry[],
  complete: boolean,
): ServiceEntry[] {
  const places = placesOf(problems, nodes);
  const entries: ServiceEntry[] = [];
  for (const [name, { node }] of places) {
    const path: KeyPath = ["services", name];
    const declared = Object.hasOwn(maps, name);
    const values = declared ? readSection(problems, "services", maps[name], path, `[services.${name}]`) : {};
    const service = serviceOf(name, node, values);
    if (declared) checkContradictions(problems, service, values, path);
    entries.push(service);
  }
  checkUnplaced(problems, maps, places, nodes, complete);
  checkProcessNames(problems, entries, nodes);
  checkSourceIds(problems, entries, places);
  return entries;
}

interface Placed {
  readonly node: string;
  readonly path: KeyPath;
}

function placesOf(problems: Problems, nodes: readonly NodeEntry[]): Map<string, Placed> {
  const places = new Map<string, Placed>();
  for (const node of nodes) {
    for (const [i, name] of node.services.entries()) {
      const path: KeyPath = node.index < 0 ? ["services", name] : ["nodes", node.index, "services", i];
      const before = places.get(name);
      if (before === undefined) places.set(name, { node: node.name, path });
      else if (before.node === node.name) {
        const first = problems.line(before.path, "value");
        problems.add("topology/duplicate", path, "value", { what: `service '${name}' on node ${node.name}`, first });
      } else {
        problems.add("topology/duplicate", path, "value", {
          what: `service '${name}' (on nodes ${before.node} and ${node.name}; a service is on one node, instances = n gives more of it)`,
          first: problems.line(before.path, "value"),
        });
      }
    }
  }
  return places;
}

/** Sections of services that no node has: a typing error here or there, or a service that would never run. */
function checkUnplaced(
  problems: Problems,
  maps: Readonly<Record<string, unknown>>,
  places: ReadonlyMap<string, Placed>,
  nodes: readonly NodeEntry[],
  complete: boolean,
): void {
  for (const name of Object.keys(maps)) {
    const path: KeyPath = ["services", name];
    const fault = nameFault(name);
    if (fault !== undefined) {
      problems.add("topology/bad-value", path, "key", { key: `name of [services.${name}]`, problem: fault });
    } else if (name === MONOLITH) {
      const problem = `is "${MONOLITH}", which is the process of --mode monolith; take another name`;
      problems.add("topology/bad-value", path, "key", { key: `name of [services.${name}]`, problem });
    }
    if (places.has(name)) continue;
    readSection(problems, "services", maps[name], path, `[services.${name}]`);
    if (!complete) continue;
    const near = suggestion(name, places.keys());
    if (near !== "") problems.add("topology/unknown-service", path, "key", { service: name, suggestion: near });
    else if (fault === undefined) {
      const names = nodes.map((node) => node.name).filter((node) => node !== "");
      const where = names.length === 0 ? "a [[nodes]] entry" : `one of the nodes (${names.join(", ")})`;
      const reason = `service '${name}' is on no node; add it to services of ${where}`;
      problems.add("topology/contradiction", path, "key", { reason });
    }
  }
  for (const [name, place] of places) {
    if (name !== MONOLITH || Object.hasOwn(maps, name)) continue;
    const problem = `entry is "${MONOLITH}", which is the process of --mode monolith; take another name`;
    problems.add("topology/bad-value", place.path, "value", { key: "[[nodes]] services", problem });
  }
}

/** A service as its section says, with the defaults of the rest. */
export function serviceOf(name: string, node: string, values: Values): ServiceEntry {
  const restart = (values.restart ?? {}) as Values;
  const list = (key: string): string[] => (values[key] as string[] | undefined) ?? [];
  const number = (key: string, otherwise: number): number => (values[key] as number | undefined) ?? otherwise;
  return {
    name,
    node,
    run: values.run as ServiceEntry["run"],
    args: list("args"),
    env: (values.env as [string, string][] | undefined) ?? [],
    cwd: values.cwd as string | undefined,
    config: (values.config as Record<string, unknown> | undefined) ?? {},
    publishes: list("publishes"),
    subscribes: list("subscribes"),
    serves: list("serves"),
    calls: list("calls"),
    open: ["publishes", "subscribes", "serves", "calls"].every((key) => values[key] === undefined),
    restart: {
      policy: (restart.policy as RestartEntry["policy"] | undefined) ?? "on-failure",
      max: (restart.max as number | undefined) ?? 5,
      windowMs: (restart.window as number | undefined) ?? 60_000,
      backoffMs: (restart.backoff as [number, number] | undefined) ?? [200, 10_000],
    },
    threads: number("threads", 1),
    ownThread: values.thread === "own",
    instances: number("instances", 1),
    isolate: values.isolate === true,
    concurrency: number("concurrency", 64),
    wait: (values.wait as ServiceEntry["wait"] | undefined) ?? "adaptive",
    history: (values.history as [string, number][] | undefined) ?? [],
    readyTimeoutMs: number("ready_timeout", 30_000),
    stopTimeoutMs: number("stop_timeout", 5000),
    clock: values.clock === true,
  };
}

/** Whether the service always has a process of its own, whatever the mode. */
export const hasOwnProcess = (service: Pick<ServiceEntry, "run" | "isolate">): boolean =>
  service.run === undefined || service.run.scheme === "python" || service.run.scheme === "exec" || service.isolate;

function checkContradictions(problems: Problems, service: ServiceEntry, values: Values, path: KeyPath): void {
  const refuse = (key: string, reason: string): void =>
    problems.add("topology/contradiction", [...path, key], "key", { reason: `service ${service.name}: ${reason}` });
  const said = (key: string): boolean => values[key] !== undefined;
  // A `run` that could not be read has its own fault; nothing follows from it.
  if (service.run === undefined && !problems.has([...path, "run"])) {
    for (const key of ["args", "env", "cwd", "restart", "isolate", "thread", "threads"]) {
      if (said(key)) refuse(key, `${key} needs run; without it you start the service yourself`);
    }
  } else if (!hasOwnProcess(service)) {
    for (const key of ["env", "cwd"]) {
      if (said(key)) refuse(key, `${key} needs a process of its own; add isolate = true, or remove ${key}`);
    }
  }
  if (service.run?.scheme === "native" && said("args")) refuse("args", "a native: service takes config, not args");
  if (service.run !== undefined && service.ownThread && service.run.scheme !== "ts") {
    refuse(
      "thread",
      `thread = "own" is for ts: services; a ${service.run.scheme}: service has a thread of its own anyway`,
    );
  } else if (service.ownThread && service.isolate) {
    refuse("thread", 'thread = "own" and isolate = true exclude each other; one of them is enough');
  }
  for (const [name] of service.env) {
    const at = [...path, "env", name];
    if (isForbiddenVariable(name)) {
      problems.add("runtime/forbidden-env", at, "key", { service: service.name, name: JSON.stringify(name) });
    } else if (!isVariableName(name)) {
      const problem = `holds ${JSON.stringify(name)}, which is no name of a variable`;
      problems.add("topology/bad-value", at, "key", { key: `[services.${service.name}] env`, problem });
    }
  }
}

/** A service with a process of its own gives it its name; a node with shared services does the same. */
function checkProcessNames(problems: Problems, services: readonly ServiceEntry[], nodes: readonly NodeEntry[]): void {
  for (const service of services) {
    if (!hasOwnProcess(service) || service.instances > 1) continue;
    const node = nodes.find((candidate) => candidate.name === service.name);
    if (node === undefined || node.index < 0) continue;
    const shared = services.find((other) => other.node === node.name && !hasOwnProcess(other));
    if (shared === undefined) continue;
    const path: KeyPath = ["nodes", node.index, "name"];
    problems.add("topology/contradiction", path, "value", {
      reason: `service '${service.name}' runs in a process of that name, and so do the services of node '${node.name}' (${shared.name}); rename the node or the service`,
    });
  }
}

function checkSourceIds(
  problems: Problems,
  services: readonly ServiceEntry[],
  places: ReadonlyMap<string, Placed>,
): void {
  const names = new Map<number, string>(RESERVED.map((name) => [sourceIdOf(name), name]));
  for (const service of services) {
    for (const name of instanceNames(service)) {
      const id = sourceIdOf(name);
      const first = names.get(id);
      if (first !== undefined && first !== name) {
        problems.add("schema/collision", places.get(service.name)!.path, "value", { first, second: name, id });
      } else names.set(id, name);
    }
  }
}
