/** From services and nodes to processes: who shares one, and where each is reached. Pure. */
import { hasOwnProcess, MONOLITH } from "./check-services.ts";
import { isLoopback, LOCALHOST } from "./host.ts";
import { instanceNames, type NodeEntry, type ServiceEntry, type Topology } from "./topology.ts";

export type Mode = "monolith" | "bundled" | "distributed";
export type Kind = "ts" | "native" | "python" | "exec" | "external";

/** One instance of a service, with its place. */
export interface Member {
  readonly name: string;
  readonly service: ServiceEntry;
  readonly instance: number;
  readonly kind: Kind;
  readonly node: string;
  /** A process of the plan: for a service with a thread of its own, that thread. */
  readonly process: string;
  /** Normalised. */
  readonly host: string;
  readonly site: string;
}

/** A process of the operating system, or a worker thread of one, which has an inbox of its own. */
export interface PlacedProcess {
  readonly name: string;
  readonly node: string;
  readonly services: readonly string[];
  readonly socket: string;
  readonly host: string;
  /** 0: chosen at start. */
  readonly port: number;
  /** The process whose worker thread this is. */
  readonly threadOf: string | null;
}

export interface PlacedNode {
  readonly name: string;
  /** Normalised; "localhost" for all nodes that a mode brings here. */
  readonly host: string;
  readonly port: number;
  readonly here: boolean;
  readonly processes: readonly string[];
  readonly services: readonly string[];
}

export interface Placement {
  readonly mode: Mode;
  readonly nodes: readonly PlacedNode[];
  readonly processes: readonly PlacedProcess[];
  /** Sorted by name. */
  readonly members: readonly Member[];
}

export const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

/** "#" of an instance is kept out of file names: "~" cannot stand in the name of a service. */
export const socketName = (process: string): string => `${process.replaceAll("#", "~")}.sock`;

/** "@" cannot stand in the name of a service or node, so this is nobody else's name. */
const threadName = (service: string, process: string): string => `${service}@${process}`;

const kindOf = (service: ServiceEntry): Kind => service.run?.scheme ?? "external";

/**
 * @param mode absent: as the file says, which is `distributed` when a node is on another host, else `bundled`
 * @param node the node that is started here, when only one is
 */
export function placeServices(topology: Topology, mode: Mode | undefined, node: string | undefined): Placement {
  const remote = topology.nodes.some((entry) => entry.host !== LOCALHOST);
  const resolved = mode ?? (remote ? "distributed" : "bundled");
  const asWritten = mode === undefined || mode === "distributed";
  const monolith = resolved === "monolith";
  const members = topology.services
    .flatMap((service) => membersOf(topology, service, monolith, asWritten))
    .sort(byName);
  const hereHost = topology.nodes.find((entry) => entry.name === node)?.host ?? LOCALHOST;
  const groups: NodeEntry[] = monolith
    ? [{ index: -1, name: MONOLITH, host: LOCALHOST, services: [], site: "", complete: true }]
    : topology.nodes.toSorted(byName);
  const processes = groups.flatMap((group) => processesOf(group, members, asWritten));
  const nodes = groups.map((group) => ({
    name: group.name,
    host: asWritten ? group.host : LOCALHOST,
    port: asWritten || isLoopback(group.host) ? (group.port ?? 0) : 0,
    here: !asWritten || group.host === hereHost || (isLoopback(group.host) && isLoopback(hereHost)),
    processes: processes.filter((process) => process.node === group.name).map((process) => process.name),
    services: members.filter((member) => member.node === group.name).map((member) => member.name),
  }));
  return { mode: resolved, nodes, processes: processes.sort(byName), members };
}

function membersOf(topology: Topology, service: ServiceEntry, monolith: boolean, asWritten: boolean): Member[] {
  const entry = topology.nodes.find((node) => node.name === service.node)!;
  const node = monolith ? MONOLITH : entry.name;
  return instanceNames(service).map((name, instance) => ({
    name,
    service,
    instance,
    kind: kindOf(service),
    node,
    process: hasOwnProcess(service) ? name : service.ownThread ? threadName(name, node) : node,
    host: asWritten ? entry.host : LOCALHOST,
    site: asWritten ? entry.site : "",
  }));
}

function processesOf(group: NodeEntry, members: readonly Member[], asWritten: boolean): PlacedProcess[] {
  const mine = members.filter((member) => member.node === group.name);
  const names = [...new Set(mine.map((member) => member.process))].sort();
  // The port is the node's: its own process listens there, or the only child of a node that has no such process.
  const owner = names.includes(group.name) ? group.name : names.length === 1 ? names[0] : undefined;
  const threads = new Set(mine.filter(({ service }) => service.ownThread).map((member) => member.process));
  // Threads need a process around them, also where no service shares it.
  if (threads.size > 0 && !names.includes(group.name)) names.push(group.name);
  return names.map((name) => {
    const inbox = name === owner && (asWritten || isLoopback(group.host));
    return {
      name,
      node: group.name,
      services: mine.filter((member) => member.process === name).map((member) => member.name),
      socket: socketName(name),
      host: inbox && group.host !== LOCALHOST ? group.host : "127.0.0.1",
      port: inbox ? (group.port ?? 0) : 0,
      threadOf: threads.has(name) ? group.name : null,
    };
  });
}
