/** The addon's functions as TypeScript sees them. A test compares the names with what busbar.node exports. */
import { createRequire } from "node:module";
import { BusError } from "#wire";
import type { NativeError } from "./native-error.ts";
import { findAddon } from "./native-path.ts";

/** Opaque; ends with its environment, or by `stopPlugin`. */
export interface PluginHandle {
  readonly plugin: unique symbol;
}
/** Opaque; ends by `closeLink`, or when it is collected. */
export interface LinkHandle {
  readonly link: unique symbol;
}

/** Opaque; a process or a thread that was met. Ends by `closePeer`, or when it is collected. */
export interface PeerHandle {
  readonly peer: unique symbol;
}
/** Opaque; ends by `closeListener`, or when it is collected. */
export interface ListenerHandle {
  readonly listener: unique symbol;
}

/** Opaque; the telemetry records of this process. Ends when it is collected and nobody reads. */
export interface TelemetryBoard {
  readonly telemetryBoard: unique symbol;
}
/** Opaque; ends by `closeTelemetryDesk`, or when it is collected. */
export interface TelemetryDeskHandle {
  readonly telemetryDesk: unique symbol;
}
/** Opaque; a process whose telemetry is read. Ends by `closeTelemetry`, or when it is collected. */
export interface TelemetryPeerHandle {
  readonly telemetryPeer: unique symbol;
}
/** Opaque; one record of it, mapped as long as this is held. */
export interface TelemetryRecordHandle {
  readonly telemetryRecord: unique symbol;
}

/** What a process says of its records. `code` is 0, or a number of schema/bus/errors.toml with its `text`. */
export interface TelemetryAnswer {
  readonly code: number;
  readonly text: string;
  readonly pid: number;
  readonly process: string;
  readonly services: readonly string[];
  readonly slots: readonly number[];
}

/** First argument of the callback of `loadPlugin`. `closed` is the last. */
export const PluginEvent = { ready: 0, failed: 1, log: 2, hash: 3, closed: 4 } as const;
export type PluginEvent = (typeof PluginEvent)[keyof typeof PluginEvent];

/** What a plugin may want to know of its service. */
export interface PluginAbout {
  readonly service: string;
  /** Merged binary schema of the bus; empty when there is none. */
  readonly schema: Uint8Array;
  /** Message types that the topology lists under `subscribes`; fingerprints as 16 hex digits. */
  readonly types: readonly { readonly name: string; readonly typeId: number; readonly fingerprint: string }[];
}

export interface PluginDescription {
  readonly name: string;
  readonly version: string;
  readonly types: readonly {
    readonly name: string;
    /** 1 serves, 2 subscribes, 3 publishes */
    readonly role: number;
    readonly typeId: number;
    readonly fingerprint: string;
    readonly responseTypeId: number;
    readonly responseFingerprint: string;
    readonly streaming: boolean;
  }[];
}

/** An edge of the plan that starts at a plugin. */
export interface NativeEdgeOptions {
  /** Type id (0: all types without their own), PolicyKind, time-out in ms, of each policy. */
  readonly policies: Uint32Array;
  /** Ids of the types that the subscriber has declared. */
  readonly declared: Uint32Array;
  readonly capacityBytes: number;
  readonly frameBytesMax: number;
}

export interface NativeLinkOptions {
  readonly capacityBytes: number;
  readonly frameBytesMax: number;
  readonly sourceId: number;
  readonly epoch: number;
  /** Place among the plugin's edges of the one that ends at the peer, or NO_EDGE. */
  readonly edge: number;
  /** Place of the peer among those whose marks close a tick, or one of CLOCK_RANK. */
  readonly clockRank: number;
}

/** Of links to services that declare nothing of what the plugin publishes. */
export const NO_EDGE = 0xffff_ffff;

/** `clockRank` of links to services whose messages no tick orders, and to the clock itself. */
export const CLOCK_RANK = { none: 0xffff_ffff, clock: 0xffff_fffe } as const;

export interface NativeLink {
  readonly link: LinkHandle;
  /** To the plugin: data, control; from the plugin: data, control. */
  readonly rings: readonly [ArrayBuffer, ArrayBuffer, ArrayBuffer, ArrayBuffer];
}

/** Every function is called on the thread that loaded the addon and calls back on it; none blocks but `loadPlugin`, for
 * as long as the system's loader takes. Wrong arguments are TypeErrors, all else NativeErrors. */
export interface Addon {
  /** Offsets in bytes and limits of native/core/ring/layout.h. */
  layout(): Record<string, number>;
  /** Starts the plugin's thread. `text` is a log line or 16 hex digits (or "") of a hash. */
  loadPlugin(
    path: string,
    name: string,
    config: string,
    /** Workers; how its own thread waits, as in `setWaiting`; what it knows of the plan (default: no edge). */
    running: {
      readonly threads: number;
      readonly spinUs: number;
      readonly adaptive: boolean;
      readonly edges?: readonly NativeEdgeOptions[];
    },
    onEvent: (kind: PluginEvent, level: number, text: string, error: NativeError | undefined) => void,
    /** Called at once, and only for a plugin that takes every type its service subscribes to. Default: none, and no schema. */
    about: (() => PluginAbout) | undefined,
    /** Where the instance gets a telemetry record from, under the name of its service. */
    telemetry?: TelemetryBoard,
    service?: string,
  ): PluginHandle;
  describePlugin(plugin: PluginHandle): PluginDescription;
  /** Answered by the event `hash`, between two frames. */
  hashPlugin(plugin: PluginHandle): void;
  /** Messages that it published while nobody subscribed, by place in the types that it brings itself (`describePlugin`). */
  unheard(plugin: PluginHandle): number[];
  /** The plugin follows the simulated clock: `marks` services close its ticks, it closes those of `listeners`. Before the first link. */
  followClock(plugin: PluginHandle, marks: number, listeners: number): void;
  /** Ends the thread after the frame in work; the event `closed` follows. */
  stopPlugin(plugin: PluginHandle): void;
  /** Whether events to come keep the process alive. Not at first. */
  refPlugin(plugin: PluginHandle, active: boolean): void;
  /**
   * `onBell` is called when the plugin's thread found this side asleep, waiting for room or wanting a report, and before the loop sleeps
   * while there is something to read.
   */
  createLink(plugin: PluginHandle, options: NativeLinkOptions, onBell: () => void): NativeLink;
  closeLink(link: LinkHandle): void;
  /** Rings the plugin's thread. */
  wake(link: LinkHandle): void;
  /** Whether a bell to come keeps the process alive. Not at first. */
  refLink(link: LinkHandle, active: boolean): void;
  /** Whether the reader of the lane wants to be called; not while it holds. */
  setLinkActive(link: LinkHandle, lane: number, active: boolean): void;
  /** topicId 0: every topic. */
  subscribe(link: LinkHandle, typeId: number, topicId: number, active: boolean): void;
  cancel(link: LinkHandle, correlation: number): void;
  grant(link: LinkHandle, correlation: number, items: number): void;
  /** The peer cannot read what the plugin publishes of the type. */
  refuseType(link: LinkHandle, typeId: number): void;
  /** Frames sent on data and control; messages that were not sent and are on no edge, by reason; then, if the link has an edge, its `edgeCounters`. */
  counters(link: LinkHandle): number[];
  /** Messages that wait, their bytes, those not taken (policy `error`), and those not sent, by reason. */
  edgeCounters(plugin: PluginHandle, edge: number): number[];

  /** Ends the process at once, without stopping its other threads first. Nothing is flushed. */
  quit(code: number): never;

  // Rings between processes (native/core/rendezvous).

  /** `onPeer` gets a process of this user, or undefined and why another one was sent away. */
  listenPeers(
    path: string,
    onPeer: (peer: PeerHandle | undefined, pid: number, uid: number, reason?: string) => void,
  ): ListenerHandle;
  closeListener(listener: ListenerHandle): void;
  /** @throws transport/unreachable when nobody listens there */
  connectPeer(path: string): PeerHandle;

  // Rings between threads of this process: met by name, in private memory; the rest is as between processes.

  /** `onPeer` gets each thread that comes. @throws transport/address-in-use */
  listenThreads(name: string, onPeer: (peer: PeerHandle, pid: number, uid: number) => void): ListenerHandle;
  /** @throws transport/unreachable when no thread listens there */
  connectThread(name: string): PeerHandle;
  /** Why there are no rings here, "" where there are: between processes, and at all but for plugins (Electron). */
  probeRings(): { readonly shared: string; readonly external: string };

  // What both kinds of peers do.

  /** `onPacket` gets each packet; undefined when the other side is gone (then no more). */
  watchPeer(peer: PeerHandle, onPacket: (bytes: Buffer | undefined, reason?: string) => void): void;
  /** The data and control rings that this side writes. Capacities are powers of two. */
  makeRings(peer: PeerHandle, dataBytes: number, controlBytes: number): [ArrayBuffer, ArrayBuffer];
  /** One packet of at most 64 KiB; `withRings` hands over what `makeRings` made, and the doorbell. */
  sendPacket(peer: PeerHandle, bytes: Uint8Array, withRings: boolean): void;
  /** Maps the rings that came beside a packet; their data is read-only: a store to it ends the process. */
  takeRings(peer: PeerHandle): [ArrayBuffer, ArrayBuffer];
  /** After `makeRings` and `takeRings`. `onBell` is also called before the loop sleeps while there is something to read. */
  watchBell(peer: PeerHandle, onBell: () => void): void;
  /** Whether the reader of the lane wants to be called; not while it holds. */
  setActive(peer: PeerHandle, lane: number, active: boolean): void;
  /** Unmaps the rings of a closed peer. Their buffers are empty afterwards: nobody may be using them. */
  freeRings(peer: PeerHandle, rings: readonly ArrayBuffer[]): void;
  ringPeer(peer: PeerHandle): void;
  refPeer(peer: PeerHandle, active: boolean): void;
  closePeer(peer: PeerHandle): void;

  // Telemetry (native/core/telemetry).

  /** Memory for records that this process writes. @throws telemetry/unavailable */
  makeTelemetry(): TelemetryBoard;
  /** A fresh record to be written here; undefined when the board is full. */
  takeTelemetry(board: TelemetryBoard, service: string): ArrayBuffer | undefined;
  /** Hands the memory to readers of this user. @throws transport/address-in-use, telemetry/unavailable */
  serveTelemetry(
    path: string,
    board: TelemetryBoard,
    process: string,
    onRefused: (reason: string) => void,
  ): TelemetryDeskHandle;
  closeTelemetryDesk(desk: TelemetryDeskHandle): void;
  /**
   * `onAnswer` gets one answer for each `askTelemetry`; undefined when there will be no more, and why ("": it is gone).
   * @throws transport/unreachable when nobody is there, telemetry/unavailable
   */
  connectTelemetry(
    path: string,
    onAnswer: (answer: TelemetryAnswer | undefined, reason?: string) => void,
  ): TelemetryPeerHandle;
  /** Keeps the process alive until the answer is there. @throws transport/unreachable */
  askTelemetry(peer: TelemetryPeerHandle): void;
  /** `copy` is RECORD_BYTES, which `readTelemetry` fills. */
  openTelemetry(peer: TelemetryPeerHandle, slot: number): { copy: ArrayBuffer; record: TelemetryRecordHandle };
  /** @returns a ReadStatus of bus/telemetry/source.ts */
  readTelemetry(record: TelemetryRecordHandle): number;
  /** Whether the writer is gone, asked of the kernel. */
  telemetryGone(record: TelemetryRecordHandle): boolean;
  closeTelemetry(peer: TelemetryPeerHandle): void;
  /**
   * Gives the bytes of a buffer back at once instead of when it is collected; it is empty afterwards. For memory that native code has lent,
   * which V8 counts as its own and collects the whole heap for.
   */
  releaseBuffer(buffer: ArrayBuffer): void;
  /** For this thread: longest look at its rings before it sleeps, and whether it stops looking while messages are rare. */
  setWaiting(spinUs: number, adaptive: boolean): void;
  /**
   * For this thread: whether it looks at the descriptors of its event loop as it does at rings. Not at first. `moved` is one number, kept: bytes that
   * went through the descriptors since it last looked, taken back to 0 then.
   */
  watchLoop(moved: Uint32Array | undefined): void;
}

/** Loads busbar.node, once per thread. @throws BusError transport/unavailable naming what was tried */
export function openAddon(path: string = findAddon()): Addon {
  try {
    return createRequire(import.meta.url)(path) as Addon;
  } catch (cause) {
    const reason = `${path} could not be loaded: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new BusError("transport/unavailable", { details: { transport: "ring", reason }, cause });
  }
}
