/** How one link travels, and why: the resolve rule for a pair of services. Pure; every sentence is shown by `explain`. */

import type { Kind } from "./placement.ts";
import type { TransportChoice } from "./topology.ts";

export type CarrierName = "local" | "ring" | "unix" | "tcp" | "nats";

/** What this build and computer can do; offline, what a build of this version is expected to. */
export interface Capabilities {
  /** Shared-memory rings between processes of one host. */
  readonly ringBetweenProcesses: boolean;
  /** Why there are none, in words. */
  readonly ringMissing?: string;
  /** Rings between threads of one process, in private memory. */
  readonly ringBetweenThreads: boolean;
}

/** What this version can do where its native addon is built. */
export const CAPABILITIES: Capabilities = { ringBetweenProcesses: true, ringBetweenThreads: true };

/** One end of a link. */
export interface End {
  readonly name: string;
  readonly kind: Kind;
  readonly ownThread: boolean;
  /** Of the operating system, whatever thread of it. */
  readonly process: string;
  /** Normalised. */
  readonly host: string;
  readonly site: string;
  /** Whether other hosts have an address of its process. */
  readonly reachable: boolean;
}

/** A transport that somebody asked for. */
export interface Wish {
  readonly transport: Exclude<TransportChoice, "auto">;
  readonly by: "topology" | "command line";
  /** Both services are named and placed as the file says: not to get it is an error, not a remark. */
  readonly firm: boolean;
}

export type Carried =
  | { readonly transport: CarrierName; readonly reason: string; readonly warning?: string }
  | { readonly code: "topology/contradiction" | "topology/unsupported"; readonly refused: string };

export function chooseCarrier(a: End, b: End, wish: Wish | undefined, capabilities: Capabilities): Carried {
  if (wish?.transport === "nats") return unsupported('transport "nats" is not part of this version');
  if (a.site !== b.site) {
    const sites = `${siteOf(a)} and ${siteOf(b)}`;
    return unsupported(
      `${a.name} and ${b.name} are in different [[sites]] (${sites}), which only transport nats joins; it is not part of this version`,
    );
  }
  if (a.process === b.process) return inOneProcess(a, b, wish, capabilities);
  return a.host === b.host ? onOneHost(a, b, wish, capabilities) : betweenHosts(a, b, wish);
}

const unsupported = (refused: string): Carried => ({ code: "topology/unsupported", refused });
const contradiction = (refused: string): Carried => ({ code: "topology/contradiction", refused });
const carried = (transport: CarrierName, why: string, warning?: string): Carried => ({
  transport,
  reason: `${transport}: ${why}`,
  ...(warning === undefined ? {} : { warning }),
});

const siteOf = (end: End): string => (end.site === "" ? `${end.name}: none` : `${end.name}: ${end.site}`);
const asker = (wish: Wish): string =>
  wish.by === "topology" ? "the topology asks for it" : "asked for by --transport";

function threads(a: End, b: End): string | undefined {
  if (a.kind === "native" && b.kind === "native") return "same process, two native plugins, each on its own thread";
  if (a.kind === "native" || b.kind === "native") {
    return `same process, native plugin ${a.kind === "native" ? a.name : b.name} on its own thread`;
  }
  if (a.ownThread && b.ownThread) return "same process, each on its own worker thread";
  return a.ownThread || b.ownThread
    ? `same process, ${a.ownThread ? a.name : b.name} on its own worker thread`
    : undefined;
}

function inOneProcess(a: End, b: End, wish: Wish | undefined, capabilities: Capabilities): Carried {
  const apart = threads(a, b);
  // A worker thread has an inbox of its own, so without the addon it is reached like another process. Plugins need it anyway.
  const bare = !capabilities.ringBetweenThreads && a.kind !== "native" && b.kind !== "native";
  const transport: CarrierName = apart === undefined ? "local" : bare ? "unix" : "ring";
  const missing = capabilities.ringMissing ?? "there are no rings between threads here";
  const why = apart === undefined ? "same process and thread, by reference" : bare ? `${apart}; ${missing}` : apart;
  if (wish === undefined) return carried(transport, why);
  if (wish.transport === transport) return carried(transport, `${why}; ${asker(wish)}`);
  const cross = wish.transport === "unix" || wish.transport === "tcp";
  if (wish.firm) {
    const cure = cross ? "remove transport, or give one of them isolate = true" : "remove transport";
    return contradiction(`transport "${wish.transport}" cannot carry ${a.name} and ${b.name}: ${why}; ${cure}`);
  }
  const asked = wish.by === "topology" ? `transport "${wish.transport}"` : `--transport ${wish.transport}`;
  const other = cross ? "is for services in different processes" : "does not fit these two";
  return carried(transport, `${why}; ${asked} ${other}`);
}

function onOneHost(a: End, b: End, wish: Wish | undefined, capabilities: Capabilities): Carried {
  const where = "same host, other process";
  const best: CarrierName = capabilities.ringBetweenProcesses ? "ring" : "unix";
  const missing = capabilities.ringMissing ?? "there are no rings between processes here";
  const usual = best === "ring" ? where : `${where}; ${missing}`;
  if (wish === undefined) return carried(best, usual);
  if (wish.transport === "local") {
    if (wish.by === "topology") {
      return contradiction(
        `transport "local" cannot carry ${a.name} and ${b.name}: they are in different processes (${a.process}, ${b.process}); remove transport, or put both on one node`,
      );
    }
    return carried(best, `${usual}; --transport local stays within a thread`);
  }
  if (wish.transport === "ring" && best !== "ring") {
    const warning = `${a.name} and ${b.name} asked for ring and get unix: ${missing}`;
    return carried("unix", `${where}; ring was asked for, but ${missing}`, warning);
  }
  return carried(wish.transport as CarrierName, `${where}; ${asker(wish)}`);
}

function betweenHosts(a: End, b: End, wish: Wish | undefined): Carried {
  const where = `different hosts (${a.host} and ${b.host})`;
  if (wish !== undefined && wish.transport !== "tcp" && wish.by === "topology") {
    return contradiction(
      `transport "${wish.transport}" cannot carry ${a.name} and ${b.name}: they are on ${where}; remove transport, or use "tcp"`,
    );
  }
  if (!a.reachable && !b.reachable) {
    return contradiction(
      `${a.name} and ${b.name} are on ${where}, and neither has an address that the other can dial: a port belongs to the process of its node; give one of them a node of its own with host and port`,
    );
  }
  if (wish === undefined) return carried("tcp", where);
  const note = wish.transport === "tcp" ? asker(wish) : `--transport ${wish.transport} does not leave a host`;
  return carried("tcp", `${where}; ${note}`);
}
