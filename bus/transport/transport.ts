/**
 * The contract of a transport: how two services' frames get from one to the other. bus/core sees this file and no
 * transport; bus/runtime/compose is the one place that knows which transports there are.
 *
 * Threads: every member is called on the thread (event loop) that owns the hub, and calls back on it.
 * Nothing here blocks. Expected outcomes are results (FULL, CLOSED, verdicts), broken promises are BusErrors.
 */
import type { MessageType } from "#schema";
import type { BusError, Lane, Memory } from "#wire";

export type TransportName = "local" | "ring" | "unix" | "tcp" | "nats";

/** What a transport can do; the shared suite lists, with this as the reason, the cases that cannot apply. */
export interface TransportFeatures {
  /** Messages arrive by reference, never as bytes; there is no codec, no garbage and no oversize. */
  readonly byReference: boolean;
  /** Peers live in other processes, so they may be killed, stopped or restarted alone. */
  readonly crossesProcess: boolean;
  /** Someone who is not on the topology may try to connect. */
  readonly strangers: boolean;
  /** The peer's identity is proven by keys. */
  readonly encrypted: boolean;
}

/** Where a process listens for links of this transport. */
export type Address =
  | { readonly transport: "local"; readonly service: string }
  /** `among`: who meets there. Default: processes; "both" is for listening only. Between threads the path is a name. */
  | {
      readonly transport: "ring";
      readonly path: string;
      readonly service: string;
      readonly among?: "processes" | "threads" | "both";
    }
  /** path of the inbox socket, at most 107 bytes, in the 0700 runtime folder */
  | { readonly transport: "unix"; readonly path: string }
  /** `portFile`: when port is 0 the listener writes its port there and dialers read it from there */
  | {
      readonly transport: "tcp";
      readonly host: string;
      readonly port: number;
      readonly portFile?: string;
      readonly node: string;
    }
  | { readonly transport: "nats"; readonly subject: string };

/** What is known of the other end before its HELLO is believed. */
export interface PeerIdentity {
  /** For logs: a path, host:port, routing id or process id. */
  readonly label: string;
  readonly pid?: number;
  readonly uid?: number;
}

/** Proof of identity inside HELLO, for transports whose peers have keys (docs/wire.md, section 5). */
export interface Prover {
  /** HMAC over `material` with the key shared with `node`. */
  sign(node: string, material: Uint8Array): Uint8Array;
  /** Constant time. */
  verify(node: string, material: Uint8Array, proof: Uint8Array): boolean;
}

/** Answer of the hub to a HELLO. Both frames are whole (header and payload). */
export type Admission =
  | {
      readonly welcome: Uint8Array;
      /** What the plan gives the edge to the peer, bytes: a HELLO that asks for more gets this much. Absent: no bound. */
      readonly windowBytesMax?: number;
      readonly frameBytesMax?: number;
      /** Largest data frame that this side will send, bytes; `frameBytesMax` unless given, which counts both directions and all kinds. */
      readonly dataFrameBytesMax?: number;
      attach(carrier: Carrier): void;
    }
  | { readonly refuse: Uint8Array };

export interface ListenOptions {
  readonly address: Address;
  /** Largest frame that may arrive, bytes; anything larger closes its connection. */
  readonly frameBytesMax: number;
  /** Judges a HELLO frame. Called once per connection attempt, with bytes bounded to 64 KiB and a sound header. */
  admit(hello: Uint8Array, peer: PeerIdentity): Admission;
  readonly log: TransportLog;
}

export interface Listener {
  /** With the port that was really bound. */
  readonly address: Address;
  /** Stops accepting; carriers live on. Safe to call twice. */
  close(): Promise<void>;
}

export interface DialOptions {
  readonly address: Address;
  readonly hello: Uint8Array;
  readonly frameBytesMax: number;
  /** Largest data frame that this side will send, bytes; `frameBytesMax` unless given. */
  readonly dataFrameBytesMax?: number;
  /** Data-lane window in bytes that the reader granted; read from WELCOME by `accept`. */
  readonly signal: AbortSignal;
  /** Reads WELCOME before the carrier opens; throws to close it. @returns data-lane window, bytes */
  accept(welcome: Uint8Array): number;
  readonly log: TransportLog;
}

export interface Transport {
  readonly name: TransportName;
  readonly features: TransportFeatures;
  readonly prover?: Prover;
  /** @throws BusError transport/address-in-use, transport/runtime-dir, transport/path-too-long, transport/no-keys */
  listen(options: ListenOptions): Promise<Listener>;
  /**
   * One attempt: connect, send HELLO, wait for WELCOME (5 s at most). The link above retries with back-off.
   * @throws BusError transport/unreachable, wire/refused (with the peer's code and text), wire/handshake-timeout
   */
  dial(options: DialOptions): Promise<Carrier>;
  /** Ends what the transport itself holds (contexts, ZAP handler). After all listeners and carriers are closed. */
  close(): Promise<void>;
}

/** `claim` results below zero. */
export const FULL = -1;
export const CLOSED = -2;

/** Verdicts on an arrived frame. From `DROPPED` on: DROPPED + index of the reason in DROP_REASONS. */
export const HOLD = 0;
export const DELIVERED = 1;
/** The receiver copied the frame and will report its fate with `settle`, in order. */
export const DEFERRED = 2;
export const DROPPED = 8;

export const DROP_REASONS = [
  "full_newest",
  "full_oldest",
  "conflated",
  "timeout",
  "expired",
  "link_lost",
  "refused_schema",
  "malformed",
  "closed",
] as const;
export type DropReason = (typeof DROP_REASONS)[number];
export const dropped = (reason: DropReason): number => DROPPED + DROP_REASONS.indexOf(reason);

/** Running totals of one lane since the carrier opened, as far as the reader has told us. */
export interface LaneReport {
  readonly delivered: number;
  /** By index of DROP_REASONS. */
  readonly dropped: readonly number[];
}

/** Sending side of one lane of a byte carrier. */
export interface Outbound {
  /** The block that the last `claim` lies in. Read it after every claim: it may change. */
  readonly memory: Memory;
  /** First byte behind the last claim. A multiple of 8. */
  readonly limit: number;
  readonly report: LaneReport;
  /** Frames committed since the carrier opened. committed = delivered + dropped + in flight. */
  readonly committed: number;
  /**
   * Reserves at least `bytesMin` contiguous bytes (more when they are free). A claim that is not committed is void.
   * @returns offset, a multiple of 8; FULL when the window has no room; CLOSED
   */
  claim(bytesMin: number): number;
  /** Publishes the first `bytes` (a whole frame) of the last claim. May wake the peer or wait for `flush`. */
  commit(bytes: number): void;
  /** Hands everything committed to the peer. Called by the hub at the end of each tick that committed. */
  flush(): void;
}

/** A live connection of a pair of services that carries bytes. Two lanes each way. */
export interface ByteCarrier {
  readonly kind: "bytes";
  readonly transport: TransportName;
  readonly peer: PeerIdentity;
  /**
   * Index by Lane. CREDIT, PING, PONG and BYE frames of the lanes are the carrier's own affair and never reach the
   * receiver; CREDIT with a correlation belongs to a stream of requests and passes like any other control frame.
   */
  readonly outbound: readonly [Outbound, Outbound];
  /** Starts delivery, exactly once, after `attach` or `dial`. */
  open(receiver: ByteReceiver): void;
  /** After a HOLD: offers the held frame again, at once or on the next turn. */
  resume(lane: Lane): void;
  /** Fates of DEFERRED frames, oldest first. `verdict` is DELIVERED or a drop. */
  settle(lane: Lane, verdict: number): void;
  /** Tells the peer's sender what has been delivered and dropped, now rather than in time. */
  reportNow(): void;
  /** Flushes what is committed (at most `drainMs`), then closes. Safe to call twice. */
  close(drainMs: number): Promise<void>;
  /** Closes now. `closed` of the receiver is not called. */
  abort(): void;
}

export interface ByteReceiver {
  /**
   * One frame, checked by `checkFrame`, at [offset, offset + length) of `memory`, valid until return.
   * @returns DELIVERED, DEFERRED, a drop, or HOLD: this and later frames of the lane stay with the carrier until `resume`
   */
  frame(lane: Lane, memory: Memory, offset: number, length: number): number;
  /**
   * A run of frames has ended. Called after every run in which a frame was taken, also when the connection ended in it: what
   * callbacks have published leaves now, and no sooner.
   */
  idle(): void;
  /** A lane that answered FULL has room again (a quarter of its window at least). */
  writable(lane: Lane): void;
  /** The peer's counters moved. */
  reported(lane: Lane): void;
  /** The connection ended, from the other side or by a fault. Called at most once; nothing follows it. */
  closed(cause: BusError): void;
}

/** What travels beside a message by reference. Shared when empty: never changed after it was handed over. */
export interface Envelope {
  readonly topic: string;
  readonly key: string;
  /** ms since the Unix epoch after which it is not delivered; 0 = never */
  readonly expiresAt: number;
  readonly replayed: boolean;
  readonly timestampNs: bigint;
}

/** A connection of two services in one thread. The message itself is handed over. */
export interface ReferenceCarrier {
  readonly kind: "reference";
  readonly transport: "local";
  readonly peer: PeerIdentity;
  /** Data lane, of what was sent from here. */
  readonly report: LaneReport;
  readonly committed: number;
  readonly controlCommitted: number;
  readonly controlDelivered: number;
  open(receiver: ReferenceReceiver): void;
  /**
   * Data lane: delivers to the other side before it returns, unless that side is in the middle of a delivery from here
   * or holds; then the message waits in a queue bounded by the edge's capacity.
   * @returns 1 taken, FULL, CLOSED
   */
  // biome-ignore lint/suspicious/noExplicitAny: any message type
  send(type: MessageType<any, any, any>, message: unknown, envelope: Envelope): number;
  /** Control lane: any value, delivered in order on a later microtask; bounded by the caller's request window. */
  post(value: unknown): void;
  resume(): void;
  close(): void;
}

export interface ReferenceReceiver {
  // biome-ignore lint/suspicious/noExplicitAny: any message type
  message(type: MessageType<any, any, any>, message: unknown, envelope: Envelope): number;
  control(value: unknown): void;
  writable(): void;
  /** The counters of `report` moved outside a `send`. */
  reported(lane: Lane): void;
  closed(cause: BusError): void;
}

export type Carrier = ByteCarrier | ReferenceCarrier;

export interface TransportLog {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}
