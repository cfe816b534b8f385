/** What bus/runtime composes: the hub of one process, and what it must be given. */
import type { Plan, PolicyKind } from "#generated/busbar/plan";
import type { Address, ByteCarrier, Transport } from "#transport";
import type { Memory } from "#wire";
import type { Accounts, Bus, Duration, EdgeExplanation, LinkState, Logger } from "./api.ts";

/** Time and chance, handed in so that tests are deterministic. */
export interface Clock {
  /** Monotonic, ms. */
  now(): number;
  /** ms since the Unix epoch, with a fraction. A double holds it to a quarter of a microsecond. */
  wallMs(): number;
  /** @returns cancels the timer. Timers must not keep the process alive. */
  after(ms: number, callback: () => void): () => void;
}

/** One type or method that a native plugin declares. Ids and fingerprints as in the schema. */
export interface PluginType {
  readonly name: string;
  readonly role: "serves" | "subscribes" | "publishes";
  readonly typeId: number;
  readonly fingerprint: string;
}

/** A link between some service and a plugin of this process. */
export interface PluginLink {
  /** The hub's end: what is committed reaches the plugin, what it answers and publishes arrives at the receiver. */
  readonly carrier: ByteCarrier;
  /** Tells the plugin's side that the other service wants this type (topicId 0: all topics). */
  subscribe(typeId: number, topicId: number, active: boolean): void;
  /** The peer cannot read what the plugin publishes of the type: it is dropped as refused_schema. */
  refuse(typeId: number): void;
  /**
   * Of the plugin's side: frames per lane; messages that it could not send to a peer without an edge, by reason index; the
   * counters of the edge to the peer, if there is one, at the same moment.
   */
  counters(): {
    committed: [number, number];
    dropped: readonly number[];
    edge: PluginEdgeCounters | undefined;
  };
}

/** The sending side of an edge that starts at a plugin, over all its links: published = committed + dropped + waiting. */
export interface PluginEdgeCounters {
  /** Messages that wait in the plugin's host: for the subscriber, or set aside by their policy. */
  readonly waiting: number;
  readonly waitingBytes: number;
  /** Not taken, by policy `error`. */
  readonly refused: number;
  /** By reason index. */
  readonly dropped: readonly number[];
}

/** An edge of the plan that starts at a plugin. It is told of them before it runs. */
export interface PluginEdgeOptions {
  readonly target: string;
  /** Ids of types for which the edge is full until the target has asked for them (semantics 3.3). */
  readonly declared: readonly number[];
  readonly policies: readonly PluginPolicy[];
  readonly capacityBytes: number;
  readonly frameBytesMax: number;
}

/** What an edge of a plugin does when it is full. */
export interface PluginPolicy {
  /** 0: of all types that have none of their own. */
  readonly typeId: number;
  readonly kind: PolicyKind;
  /** How long `block` waits for room before the message is dropped and counted as timeout, ms. */
  readonly timeoutMs: number;
}

/** A loaded native service on its own thread. Made by transport/ring over the addon. */
export interface Plugin {
  readonly service: string;
  readonly name: string;
  readonly version: string;
  readonly types: readonly PluginType[];
  connect(options: {
    readonly service: string;
    readonly sourceId: number;
    readonly epoch: number;
    readonly capacityBytes: number;
    readonly frameBytesMax: number;
  }): PluginLink;
  /** Of its edge to that service; undefined when it has none. */
  edge(target: string): PluginEdgeCounters | undefined;
  /** Messages that it published for nobody, by type. They are under no edge. */
  unheard(): ReadonlyMap<string, number>;
  /** State hash of the plugin, 16 hex digits, when it has one. */
  hash(): Promise<string | undefined>;
  /** Stops the thread after the frame in work, destroys the instance. */
  close(): Promise<void>;
}

/** What the hub needs of the bus's schema where no generated type is at hand. */
export interface SchemaSupport {
  /** Merged binary schema of this process. */
  readonly bfbs: Uint8Array;
  /** Whether [payload, end) is a sound FlatBuffer of the type, or of the request type of the method, with this id. */
  verify(typeId: number, memory: Memory, payload: number, end: number): boolean;
  /** First difference of a type between another process's binary schema and ours: "T.ts: ulong -> uint". */
  difference(theirs: Uint8Array, type: string): string;
}

export interface HubOptions {
  readonly plan: Plan;
  /** Name of this process in the plan; "" for a hub that only hosts services without an inbox (tests). */
  readonly process: string;
  /** By name; `local` is always needed. */
  readonly transports: readonly Transport[];
  readonly clock: Clock;
  readonly log: Logger;
  /** Checks types and freezes objects on `local`. */
  readonly development: boolean;
  /** Incarnation of a service of this process. */
  readonly epochOf: (service: string) => number;
  readonly libraryVersion: string;
  readonly schema?: SchemaSupport;
  /** 16 fresh random bytes. */
  readonly nonce: () => Uint8Array;
  /** Where the inbox of a process of the plan is for a transport; undefined = it has none there. */
  readonly addressOf: (process: string, transport: "ring" | "unix" | "tcp") => Address | undefined;
}

/** `late`: nobody will want it any more; it is counted as dropped (closed). */
export type GateOpinion = "open" | "shut" | "late";

export interface Gate {
  /** The opinion may have changed. */
  changed(): void;
  /** Resolves when nothing that the service has published waits on its own side of an edge. */
  accepted(signal: AbortSignal): Promise<void>;
  /** Resolves when what it has published to others than these has been delivered or dropped. */
  drained(except: (peer: string) => boolean, signal: AbortSignal): Promise<void>;
}

export interface LinkStatus {
  readonly pair: string;
  readonly transport: string;
  readonly state: LinkState;
  readonly peer: string;
  readonly note?: string;
}

/** The reserved service of the command line; it may talk to every service of its own process and to no other. */
export const CLI_SERVICE = "busbar.cli";

/** All services of one process, their edges and links. */
export interface Hub {
  readonly plan: Plan;
  /** Listens on the inboxes of this process and starts dialing. */
  start(): Promise<void>;
  /** The bus of a TypeScript service of this process (or of CLI_SERVICE). One object per service. */
  bus(service: string): Bus;
  /**
   * Lets a service of this process decide, frame by frame, whether messages of a peer may come yet. What may not waits in
   * the carrier, in order, as behind a full iterator.
   * @param opinion called for every data frame: cheap, and without effects
   */
  gate(service: string, opinion: (peer: string) => GateOpinion): Gate;
  /** Makes a native service of this process reachable. Before `start`. */
  attachPlugin(plugin: Plugin): void;
  links(): LinkStatus[];
  accounts(): Accounts;
  explain(): EdgeExplanation[];
  /** Resolves once all links to the given services (default: all that the plan names here) are open. */
  connected(options?: { services?: readonly string[]; timeout?: Duration; signal?: AbortSignal }): Promise<void>;
  close(options?: { drain?: Duration }): Promise<void>;
}
