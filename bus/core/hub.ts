import type { Hello } from "#generated/busbar/control";
import { canDial } from "#topology";
import type { Admission, ByteCarrier, Carrier, Listener, PeerIdentity, Transport, TransportName } from "#transport";
import { BusError, MESSAGE_BYTES_MAX, sourceIdOf } from "#wire";
import { allOpen } from "./all-open.ts";
import type { Accounts, Bus, Duration, EdgeAccount, EdgeExplanation, Logger } from "./api.ts";
import { BusImpl, DRAIN_MS } from "./bus.ts";
import { Connector } from "./connector.ts";
import { durationMs } from "./duration.ts";
import { explainEdges } from "./explain.ts";
import { decodeHello, encodeRefuse, HANDSHAKE_BYTES_MAX } from "./handshake.ts";
import {
  CLI_SERVICE,
  type Clock,
  type Gate,
  type GateOpinion,
  type Hub,
  type HubOptions,
  type LinkStatus,
  type Plugin,
  type SchemaSupport,
} from "./hub-api.ts";
import { Link } from "./link.ts";
import { DEFAULT_CAPACITY, DEFAULT_MESSAGE_MAX, frameBytesMaxOf, PlanIndex, transportNameOf } from "./plan-index.ts";
import { PluginEdge, RemotePluginLink } from "./plugin-links.ts";
import { Resident } from "./resident.ts";
import { Ticker } from "./ticker.ts";

const CONNECT_TIMEOUT_MS = 30_000;

export const createHub = (options: HubOptions): Hub => new HubCore(options);

/** The services of one process. Owns their links; knows transports only by their contract. */
export class HubCore implements Hub {
  readonly index: PlanIndex;
  readonly ticker: Ticker;
  readonly clock: Clock;
  readonly log: Logger;
  readonly development: boolean;
  readonly schema: SchemaSupport | undefined;
  readonly #options: HubOptions;
  readonly #transports: ReadonlyMap<TransportName, Transport>;
  readonly #residents = new Map<string, Resident>();
  readonly #buses = new Map<string, Bus>();
  readonly #plugins = new Map<string, Plugin>();
  /** By plugin and target. */
  readonly #pluginEdges = new Map<string, PluginEdge>();
  /** Links between a plugin of this process and services of others, by "plugin\npeer". */
  readonly #remotePlugins = new Map<string, RemotePluginLink>();
  readonly #listeners: Listener[] = [];
  readonly #localDoors = new Map<string, Listener>();
  readonly #incarnations = new Map<string, number>();
  #started = false;
  #closing: Promise<void> | undefined;

  constructor(options: HubOptions) {
    this.#options = options;
    this.index = new PlanIndex(options.plan);
    this.clock = options.clock;
    this.log = options.log;
    this.development = options.development;
    this.schema = options.schema;
    this.ticker = new Ticker(options.clock);
    this.#transports = new Map(options.transports.map((transport) => [transport.name, transport]));
  }

  get plan(): HubOptions["plan"] {
    return this.index.plan;
  }

  epochOf(service: string): number {
    return this.#options.epochOf(service);
  }

  /** Epoch of a service that is opened now: one that was closed here and is opened again is a new incarnation. */
  incarnationOf(service: string): number {
    const epoch = Math.max(this.epochOf(service), (this.#incarnations.get(service) ?? 0) + 1);
    this.#incarnations.set(service, epoch);
    return epoch;
  }

  bus(service: string): Bus {
    const known = this.#buses.get(service);
    if (known !== undefined) return known;
    if (this.#closing !== undefined) throw new BusError("core/closed", { details: { what: "the hub" } });
    if (service !== CLI_SERVICE) this.index.service(service);
    if (this.#plugins.has(service)) {
      throw new BusError("core/not-allowed", {
        details: { service, action: "be opened as", what: "a TypeScript service: it is a plugin here", key: "run" },
      });
    }
    const resident = new Resident(this, service);
    this.#residents.set(service, resident);
    const bus = new BusImpl(resident);
    this.#buses.set(service, bus);
    this.#listenLocally(resident);
    // The command line may come after the services, and services after it: each side needs its end of the link.
    const cli = this.#residents.get(CLI_SERVICE);
    if (cli !== undefined) {
      for (const other of this.#residents.values()) {
        if (other === cli || (other !== resident && cli !== resident)) continue;
        this.#link(other, CLI_SERVICE);
        this.#link(cli, other.name);
      }
    }
    for (const peer of this.#peersOf(service)) this.#link(resident, peer);
    for (const other of this.#residents.values()) other.links.get(service)?.connector?.kick();
    return bus;
  }

  gate(service: string, opinion: (peer: string) => GateOpinion): Gate {
    this.bus(service);
    const resident = this.#residents.get(service)!;
    resident.gate = opinion;
    const links = () => [...resident.links.values()];
    return {
      changed: () => {
        for (const link of links()) link.resume();
      },
      accepted: async (signal) => {
        await Promise.all(links().map((link) => link.edge.accepted(signal)));
      },
      drained: async (except, signal) => {
        const others = links().filter((link) => link.isOpen && !except(link.peer));
        await Promise.all(others.map((link) => link.edge.drained(signal)));
      },
    };
  }

  attachPlugin(plugin: Plugin): void {
    this.#plugins.set(plugin.service, plugin);
    for (const { target } of this.index.pluginEdgesOf(plugin.service)) {
      if (this.#isHere(target)) this.#pluginEdge(plugin, target);
    }
    for (const resident of this.#residents.values()) {
      if (this.#peersOf(resident.name).includes(plugin.service)) this.#link(resident, plugin.service);
    }
    for (const peer of this.index.peersOf(plugin.service)) {
      const other = this.#plugins.get(peer);
      if (other !== undefined) this.#joinPlugins(plugin, other);
      else if (!this.#isHere(peer)) this.#linkRemotePlugin(plugin, peer);
    }
  }

  async start(): Promise<void> {
    this.#started = true;
    const needed = new Set<TransportName>();
    for (const edge of this.plan.edges) {
      // Within a process a ring belongs to a plugin, which brings its own.
      if (this.#isHere(edge.source) !== this.#isHere(edge.target)) needed.add(transportNameOf(edge.carrier));
    }
    for (const name of ["ring", "unix", "tcp"] as const) {
      const address =
        needed.has(name) && this.#transports.has(name)
          ? this.#options.addressOf(this.#options.process, name)
          : undefined;
      if (address === undefined) continue;
      const listener = await this.#transport(name).listen({
        address,
        frameBytesMax: MESSAGE_BYTES_MAX + HANDSHAKE_BYTES_MAX,
        admit: (hello, peer) => this.#admit(hello, peer, name),
        log: this.log,
      });
      this.#listeners.push(listener);
    }
    for (const resident of this.#residents.values())
      for (const link of resident.links.values()) link.connector?.start();
    for (const remote of this.#remotePlugins.values()) remote.connector.start();
  }

  // ---- links

  #isHere(service: string): boolean {
    return this.index.services.get(service)?.process === this.#options.process;
  }

  /** The command line talks to everyone of its own process, and only to them. */
  #peersOf(service: string): string[] {
    if (service === CLI_SERVICE)
      return [...this.#residents.keys(), ...this.#plugins.keys()].filter((n) => n !== CLI_SERVICE);
    const peers = this.index.peersOf(service);
    return this.#residents.has(CLI_SERVICE) ? [...peers, CLI_SERVICE] : peers;
  }

  #link(resident: Resident, peer: string): void {
    const existing = resident.links.get(peer);
    const plugin = this.#plugins.get(peer);
    if (plugin !== undefined) {
      if (existing === undefined) this.#linkPlugin(resident, plugin);
      return;
    }
    if (existing !== undefined) return;
    // A native service of this process: its link is made when the plugin is attached.
    if (this.#isNative(peer) && this.#isHere(peer)) return;
    const transport = this.#transportOf(resident.name, peer);
    const link = new Link({
      resident,
      peer,
      transport,
      connector: (self) =>
        this.#connector(resident.name, resident.epoch, peer, transport, {
          opened: (carrier, info) => self.open(carrier, info),
          replaced: () => self.replace(),
        }),
    });
    resident.addLink(link);
    if (this.#started || transport === "local") link.connector?.start();
  }

  #isNative(service: string): boolean {
    const found = this.index.services.get(service);
    return found !== undefined && found.kind === 1;
  }

  #transportOf(first: string, second: string): TransportName {
    const edge = this.index.edge(first, second) ?? this.index.edge(second, first);
    return edge === undefined ? "local" : transportNameOf(edge.carrier);
  }

  #transport(name: TransportName): Transport {
    const transport = this.#transports.get(name);
    if (transport !== undefined) return transport;
    throw new BusError("transport/unavailable", {
      details: { transport: name, reason: "this process was started without it" },
    });
  }

  #connector(
    local: string,
    epoch: number,
    peer: string,
    transport: TransportName,
    events: Pick<ConstructorParameters<typeof Connector>[0], "opened" | "replaced">,
  ): Connector {
    const processOf = (service: string): string => this.index.services.get(service)?.process ?? "";
    const addressOf = (service: string) => {
      if (transport === "local") return { transport: "local", service } as const;
      return transport === "nats" ? undefined : this.#options.addressOf(processOf(service), transport);
    };
    const reaches = (from: string, to: string): boolean =>
      addressOf(to) !== undefined && (transport !== "tcp" || canDial(this.plan, processOf(from), processOf(to)));
    const mayDial = reaches(local, peer) && (local < peer || !reaches(peer, local));
    return new Connector({
      local,
      peer,
      sourceId: sourceIdOf(local),
      epoch,
      index: this.index,
      transport: this.#transport(transport),
      address: mayDial ? () => addressOf(peer) : undefined,
      clock: this.clock,
      log: this.log,
      libraryVersion: this.#options.libraryVersion,
      nonce: this.#options.nonce,
      ...events,
    });
  }

  #listenLocally(resident: Resident): void {
    const transport = this.#transports.get("local");
    if (transport === undefined) return;
    void transport
      .listen({
        address: { transport: "local", service: resident.name },
        frameBytesMax: MESSAGE_BYTES_MAX,
        admit: (hello, peer) => this.#admit(hello, peer, "local"),
        log: this.log,
      })
      .then((listener) => this.#localDoors.set(resident.name, listener))
      .catch((error: unknown) => this.log.error({ service: resident.name }, String(error)));
  }

  #admit(frame: Uint8Array, peer: PeerIdentity, transport: TransportName): Admission {
    try {
      const hello = decodeHello(frame, peer.label);
      return this.#connectorFor(hello, transport).admit(hello, peer);
    } catch (error) {
      const refusal = BusError.from(error, "wire/bad-handshake");
      this.log.debug({ peer: peer.label, code: refusal.code }, refusal.message);
      return { refuse: encodeRefuse(refusal) };
    }
  }

  #connectorFor(hello: Hello, transport: TransportName): Connector {
    const { target, service } = hello;
    if (service !== CLI_SERVICE) this.index.service(service);
    const remote = this.#remotePlugins.get(`${target}\n${service}`);
    if (remote !== undefined) return remote.connector;
    const link = this.#residents.get(target)?.links.get(service);
    if (link?.connector !== undefined && link.transport === transport) return link.connector;
    if (link !== undefined || this.#residents.has(target)) {
      const details = {
        service,
        action: "connect to",
        what: `${target} over ${transport}`,
        key: "publishes, subscribes or calls",
      };
      throw new BusError("core/not-allowed", { details });
    }
    this.index.service(target);
    throw new BusError("core/not-started", { details: { what: `service ${target}` } });
  }

  // ---- plugins

  #linkPlugin(resident: Resident, plugin: Plugin): void {
    const connection = this.#connectPlugin(plugin, resident.name, resident.epoch);
    const link = new Link({ resident, peer: plugin.service, transport: "ring", connector: undefined });
    resident.addLink(link);
    const edge = this.#pluginEdge(plugin, resident.name);
    edge.attach(connection, () => link.received);
    const refused = edge.refusedTypes(this.index);
    link.open(connection.carrier, { epoch: 1, refused }, connection);
    for (const type of plugin.types) {
      if (type.role !== "subscribes") continue;
      const { name, typeId, fingerprint } = type;
      link.routes.subscribed({ type: name, typeId, fingerprint, lineage: [], topic: "", active: true });
    }
  }

  #connectPlugin(plugin: Plugin, peer: string, epoch: number) {
    const edge = this.index.edge(plugin.service, peer) ?? this.index.edge(peer, plugin.service);
    return plugin.connect({
      service: peer,
      sourceId: sourceIdOf(plugin.service),
      epoch,
      capacityBytes: edge?.capacityBytes ?? DEFAULT_CAPACITY,
      frameBytesMax: frameBytesMaxOf(edge?.messageBytesMax ?? DEFAULT_MESSAGE_MAX),
    });
  }

  /** The account of an edge between a plugin and a service of this process, whether or not that is there yet. */
  #pluginEdge(plugin: Plugin, target: string): PluginEdge {
    const name = `${plugin.service}\n${target}`;
    const known = this.#pluginEdges.get(name);
    if (known !== undefined) return known;
    const made = new PluginEdge(plugin, target);
    this.#pluginEdges.set(name, made);
    return made;
  }

  #joinPlugins(first: Plugin, second: Plugin): void {
    const near = this.#connectPlugin(first, second.service, this.epochOf(first.service));
    const far = this.#connectPlugin(second, first.service, this.epochOf(second.service));
    RemotePluginLink.join(near, far, first, second, this.ticker, this.log);
    this.#pluginEdge(first, second.service).attach(near, () => undefined);
    this.#pluginEdge(second, first.service).attach(far, () => undefined);
  }

  #linkRemotePlugin(plugin: Plugin, peer: string): void {
    const transport = this.#transportOf(plugin.service, peer);
    const epoch = this.epochOf(plugin.service);
    const remote = new RemotePluginLink({
      plugin,
      peer,
      hub: this,
      connect: () => this.#connectPlugin(plugin, peer, epoch),
      connector: (opened, replaced) =>
        this.#connector(plugin.service, epoch, peer, transport, {
          opened: (carrier: Carrier, info) => opened(carrier as ByteCarrier, info),
          replaced,
        }),
    });
    this.#remotePlugins.set(`${plugin.service}\n${peer}`, remote);
    if (this.#started) remote.connector.start();
  }

  // ---- seen from outside

  links(): LinkStatus[] {
    const rows: LinkStatus[] = [];
    for (const resident of this.#residents.values()) {
      for (const link of resident.links.values()) {
        const { transport, state, note, peer } = link;
        rows.push({
          pair: `${resident.name} <-> ${peer}`,
          transport,
          state,
          peer,
          ...(note === undefined ? {} : { note }),
        });
      }
    }
    for (const remote of this.#remotePlugins.values()) rows.push(remote.status());
    return rows;
  }

  accounts(): Accounts {
    const edges: EdgeAccount[] = [];
    const unheard: Record<string, number> = {};
    for (const resident of this.#residents.values()) {
      for (const link of resident.links.values()) edges.push(link.snapshot());
      for (const [type, count] of resident.unheard) unheard[type] = (unheard[type] ?? 0) + count;
    }
    for (const plugin of this.#plugins.values())
      for (const [type, count] of plugin.unheard()) unheard[type] = (unheard[type] ?? 0) + count;
    for (const edge of this.#pluginEdges.values()) edges.push(edge.snapshot());
    for (const remote of this.#remotePlugins.values()) edges.push(remote.snapshot());
    return { edges, unheard };
  }

  explain(): EdgeExplanation[] {
    const here = new Set([...this.#residents.keys(), ...this.#plugins.keys()]);
    return explainEdges(this.index, (name) => here.has(name), this.links());
  }

  explainOf(service: string): EdgeExplanation[] {
    return explainEdges(this.index, (name) => name === service, this.links());
  }

  async connected(
    options: { services?: readonly string[]; timeout?: Duration; signal?: AbortSignal } = {},
  ): Promise<void> {
    const timeoutMs = options.timeout === undefined ? CONNECT_TIMEOUT_MS : durationMs(options.timeout);
    const wanted = (peer: string): boolean => options.services?.includes(peer) ?? peer !== CLI_SERVICE;
    const links = [...this.#residents.values()].flatMap((r) =>
      [...r.links.values()].filter((link) => wanted(link.peer)),
    );
    await allOpen(links, this.clock, timeoutMs, options.signal);
  }

  // ---- closing

  /** Waits until what a service has accepted is delivered and answered, at most `drainMs`. */
  async quiesce(resident: Resident, drainMs: number): Promise<void> {
    this.ticker.flush();
    const controller = new AbortController();
    const cancel = this.clock.after(drainMs, () => controller.abort(new Error("drain time is over")));
    const { signal } = controller;
    const idle = async (): Promise<void> => {
      while (
        !signal.aborted &&
        (resident.server.busy > 0 || [...resident.links.values()].some((l) => l.caller.size > 0))
      ) {
        await new Promise<void>((resolve) => this.clock.after(5, resolve));
      }
    };
    const open = [...resident.links.values()].filter((link) => link.isOpen);
    await Promise.all([idle(), ...open.map((link) => link.edge.drained(signal).catch(() => undefined))]);
    cancel();
  }

  async removed(resident: Resident): Promise<void> {
    this.#residents.delete(resident.name);
    this.#buses.delete(resident.name);
    await this.#localDoors.get(resident.name)?.close();
    this.#localDoors.delete(resident.name);
  }

  close(options: { drain?: Duration } = {}): Promise<void> {
    this.#closing ??= this.#close(options.drain ?? DRAIN_MS);
    return this.#closing;
  }

  async #close(drain: Duration): Promise<void> {
    const endMs = this.clock.now() + durationMs(drain);
    const failures: unknown[] = [];
    // One part that cannot be closed must not keep the others open.
    const all = async (closing: Iterable<Promise<void>>): Promise<void> => {
      for (const result of await Promise.allSettled(closing)) {
        if (result.status === "rejected") failures.push(result.reason);
      }
    };
    await all([...this.#buses.values()].map((bus) => bus.close({ drain })));
    const restMs = Math.max(0, endMs - this.clock.now());
    await all([...this.#remotePlugins.values()].map((remote) => remote.close(restMs)));
    for (const edge of this.#pluginEdges.values()) edge.close();
    await all([...this.#plugins.values()].map((plugin) => plugin.close()));
    await all(this.#listeners.map((listener) => listener.close()));
    await all([...this.#transports.values()].map((transport) => transport.close()));
    if (failures.length > 0) throw failures[0];
  }
}
