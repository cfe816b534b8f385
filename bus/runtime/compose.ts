/** The one place that knows which transports there are: a plan and the name of a process become a running hub. */
import { randomBytes } from "node:crypto";
import { basename, dirname } from "node:path";
import {
  type Clock,
  createHub,
  type Hub,
  type Logger,
  marksOf,
  type Plugin,
  pluginEdgesOf,
  type SchemaSupport,
} from "#core";
import { Carrier, type Plan, RunKind, type Service, Wait } from "#generated/busbar/plan";
import { DESK_SUFFIX, ProcessTelemetry } from "#telemetry";
import { CLOCK_SERVICE } from "#topology";
import type { Address, Transport, TransportName } from "#transport";
import type { SocketOptions } from "#transport/socket";
import { BusError } from "#wire";
import { systemClock } from "./clock.ts";
import type { createLog } from "./log.ts";
import { osProcessOf } from "./os-process.ts";
import { libraryVersion } from "./package-root.ts";
import type { RunFolder } from "./run-folder.ts";
import { waitOf } from "./wait-of.ts";

export interface ComposeOptions {
  readonly plan: Plan;
  /** Name of a process of the plan. */
  readonly process: string;
  readonly folder: RunFolder;
  readonly log: ReturnType<typeof createLog>;
  readonly clock?: Clock;
  /** For checking what no generated type is at hand for, and for naming differences. */
  readonly schema?: SchemaSupport;
  /** Checks types and freezes on `local`. Default: NODE_ENV is not "production". */
  readonly development?: boolean;
  /** A plugin that ran cannot go on. Default: it is logged, and the plugin is gone. */
  readonly pluginFailed?: (service: string, error: BusError) => void;
}

export interface Composition {
  readonly hub: Hub;
  /** Records of its services; opened at first use. */
  readonly telemetry: ProcessTelemetry;
  /** Drains the hub, which ends plugins and transports. Safe to call twice. */
  close(drainMs: number): Promise<void>;
}

type MakeTransport = (plan: Plan, node: string, process: string) => Promise<Transport>;

/** By number. */
const WAITS = Object.keys(Wait) as (keyof typeof Wait)[];

/** What the addon does for sockets: they are looked at as rings are, unless nobody wants that, and received messages do not wait for the collector. */
const socketHelp = async (plan: Plan, process: string): Promise<Pick<SocketOptions, "look" | "release">> => {
  const { lookAtSockets, openAddon, setWaitStrategy } = await import("#transport/ring");
  try {
    const addon = openAddon();
    const release = (buffer: ArrayBuffer): void => addon.releaseBuffer(buffer);
    const strategy = waitOf(plan, process);
    if (strategy === "sleep") return { release };
    setWaitStrategy(strategy, addon);
    return { look: () => lookAtSockets(addon), release };
  } catch {
    return {};
  }
};

/** Loaded on demand: a process without socket edges loads no libzmq. */
const TRANSPORTS: Readonly<Partial<Record<TransportName, MakeTransport>>> = {
  ring: async (plan, _node, process) => {
    const { createRingTransport } = await import("#transport/ring");
    return createRingTransport({ wait: waitOf(plan, process) });
  },
  local: async () => (await import("#transport/local")).createLocalTransport(),
  unix: async (plan, _node, process) => {
    const { createUnixTransport } = await import("#transport/socket");
    return createUnixTransport(await socketHelp(plan, process));
  },
  tcp: async (plan, node, process) => {
    const { createTcpTransport, loadKeys } = await import("#transport/socket");
    const nodes = plan.nodes.map((entry) => entry.name);
    const keys = plan.keys === null ? {} : { keys: loadKeys(plan.keys, node, nodes) };
    return createTcpTransport({ ...keys, ...(await socketHelp(plan, process)) });
  },
};

const CARRIER_NAMES: Readonly<Record<number, TransportName>> = {
  [Carrier.local]: "local",
  [Carrier.ring]: "ring",
  [Carrier.unix]: "unix",
  [Carrier.tcp]: "tcp",
  [Carrier.nats]: "nats",
};

/**
 * @throws BusError core/unknown-service, transport/unavailable, runtime/no-addon, plugin/not-found, plugin/abi-mismatch,
 * plugin/bad-config, transport/bad-keys
 */
export async function compose(options: ComposeOptions): Promise<Composition> {
  const { plan, folder, log, clock = systemClock } = options;
  const planned = plan.processes.find((candidate) => candidate.name === options.process);
  if (planned === undefined) throw new BusError("core/unknown-service", { details: { service: options.process } });
  const transports = await Promise.all(
    [...transportsOf(plan, planned.name)].map((name) => {
      const make = TRANSPORTS[name];
      if (make === undefined)
        throw new BusError("transport/unavailable", {
          details: { transport: name, reason: "this version does not have it between processes; use unix or tcp" },
        });
      return make(plan, planned.node, planned.name);
    }),
  );

  const epochs = new Map<string, number>();
  const epochOf = (service: string): number => {
    let epoch = epochs.get(service);
    if (epoch === undefined) epochs.set(service, (epoch = folder.nextEpoch(service, Date.now() / 1000)));
    return epoch;
  };
  const ringsWith = ringPeers(plan, planned.name);
  const addressOf = (name: string, transport: "ring" | "unix" | "tcp"): Address | undefined => {
    const peer = plan.processes.find((candidate) => candidate.name === name);
    if (peer === undefined) return undefined;
    if (transport === "ring") {
      if (peer.socket === null) return undefined;
      const near = osProcessOf(plan, name) === osProcessOf(plan, planned.name);
      const among = name === planned.name ? ringsWith : near ? "threads" : "processes";
      return { transport, path: folder.file(peer.socket.replace(/\.sock$/, ".ring")), service: name, among };
    }
    if (transport === "unix") return peer.socket === null ? undefined : { transport, path: folder.file(peer.socket) };
    if (peer.host === null) return undefined;
    const address = { transport, host: peer.host, port: peer.port, node: peer.node };
    return peer.port === 0 ? { ...address, portFile: folder.portFile(name) } : address;
  };

  const hub = createHub({
    plan,
    process: planned.name,
    transports,
    clock,
    log: log as unknown as Logger,
    development: options.development ?? process.env.NODE_ENV !== "production",
    epochOf,
    libraryVersion: libraryVersion(),
    nonce: () => randomBytes(16),
    addressOf,
    ...(options.schema === undefined ? {} : { schema: options.schema }),
  });

  const telemetry = new ProcessTelemetry({
    process: planned.name,
    path: folder.telemetrySocket(planned.name, DESK_SUFFIX),
    log: log as unknown as Logger,
  });
  let closing: Promise<void> | undefined;
  const end = async (drainMs: number): Promise<void> => {
    await hub.close({ drain: drainMs }); // and with it plugins and transports
    telemetry.close(); // after the plugins, so that readers see their last values
  };
  const close = (drainMs: number): Promise<void> => (closing ??= end(drainMs));

  try {
    for (const plugin of await loadPlugins(options, telemetry)) hub.attachPlugin(plugin);
  } catch (error) {
    await close(0);
    throw error;
  }
  return { hub, telemetry, close };
}

/** Who dials a process over rings: other processes, threads of its own, or both. */
function ringPeers(plan: Plan, process: string): "processes" | "threads" | "both" {
  const home = new Map(plan.services.map((service) => [service.name, service.process]));
  const peers = plan.edges
    .filter((edge) => edge.carrier === Carrier.ring)
    .map((edge) => [home.get(edge.source) ?? "", home.get(edge.target) ?? ""])
    .filter(([source, target]) => source !== target && (source === process || target === process))
    .map(([source, target]) => osProcessOf(plan, source) === osProcessOf(plan, target));
  if (!peers.includes(true)) return "processes";
  return peers.includes(false) ? "both" : "threads";
}

/** Of the edges that touch a process; an edge to itself that is a ring belongs to a plugin, which brings its own. */
function transportsOf(plan: Plan, process: string): Set<TransportName> {
  const processOf = new Map(plan.services.map((service) => [service.name, service.process]));
  const names = new Set<TransportName>(["local"]);
  for (const edge of plan.edges) {
    const source = processOf.get(edge.source);
    const target = processOf.get(edge.target);
    if (source !== process && target !== process) continue;
    if (source === target && edge.carrier === Carrier.ring) continue;
    names.add(CARRIER_NAMES[edge.carrier]);
  }
  return names;
}

/** For a plugin that takes what its service subscribes to. */
const aboutOf = (plan: Plan, service: Service, schema: SchemaSupport | undefined) => ({
  schema: schema?.bfbs ?? new Uint8Array(0),
  types: plan.types
    .filter(({ name }) => service.subscribes.includes(name))
    .map(({ name, id, fingerprint }) => ({ name, typeId: id, fingerprint })),
});

async function loadPlugins(options: ComposeOptions, telemetry: ProcessTelemetry): Promise<Plugin[]> {
  const { plan, process, log, schema, pluginFailed } = options;
  const native = plan.services.filter((service) => service.process === process && service.kind === RunKind.native);
  if (native.length === 0) return [];
  const { findPlugin, loadPlugin, setWaitStrategy } = await import("#transport/ring");
  setWaitStrategy(waitOf(plan, process));
  const plugins: Plugin[] = [];
  for (const service of native) {
    const target = service.target ?? "";
    const isPath = target.includes("/");
    try {
      plugins.push(
        await loadPlugin({
          name: isPath ? basename(target).replace(/^lib|\.\w+$/g, "") : target,
          ...(isPath ? { path: findPlugin(target, dirname(plan.topology ?? ".")) } : {}),
          service: service.name,
          config: service.config ?? "{}",
          threads: service.threads,
          wait: WAITS[service.wait],
          ...(service.clock ? { clock: { service: CLOCK_SERVICE, ...marksOf(plan, service.name) } } : {}),
          edges: pluginEdgesOf(plan, service.name),
          telemetry: telemetry.board,
          about: () => aboutOf(plan, service, schema),
          ...(pluginFailed === undefined ? {} : { failed: (error: BusError) => pluginFailed(service.name, error) }),
          log: log.child({ service: service.name }) as unknown as Logger,
        }),
      );
    } catch (error) {
      for (const plugin of plugins) await plugin.close();
      const known = BusError.from(error, "plugin/failed");
      throw new BusError(known.code, {
        message: known.message,
        details: { ...known.details, service: service.name },
        cause: known.cause,
      });
    }
  }
  return plugins;
}
