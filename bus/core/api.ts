/** The types behind the main door: what a service sees of the bus. Behaviour is in the files beside this one. */
import type { MessageType, MessageView, MethodTable, MethodType, ServiceType } from "#schema";
import type { DropReason, TransportName } from "#transport";

/** "500ms", "5s", "2m", "1h", or a number of milliseconds. */
export type Duration = string | number;

export type PublishResult = "sent" | "full" | "closed" | "no_subscriber";

export interface PublishOptions {
  /** Narrows the type; subscribers that asked for another topic do not see the message. */
  topic?: string;
  /** With policy `latest`: a newer message of the same type, topic and key replaces an older one that still waits. */
  key?: string;
  /** A message that is older on arrival is dropped and counted as expired. */
  ttl?: Duration;
  /** It happened before and is published again: subscribers see `meta.replayed`, recorders leave it out. */
  replayed?: boolean;
}

export interface PublishWaitOptions extends PublishOptions {
  /**
   * Ends the waiting with core/cancelled. Aborted before, nothing is offered; aborted later, the message stays with the edges
   * that have it: what was offered is not taken back, and their policies decide.
   */
  signal?: AbortSignal;
}

export interface WaitOptions {
  timeout?: Duration;
  signal?: AbortSignal;
}

export interface Publisher<Init> {
  /** Type name. */
  readonly type: string;
  /**
   * Offers the message to every edge and resolves when each `block` edge has accepted it. Encodes before it returns.
   * @throws (rejects) BusError core/timeout, core/full, core/closed, core/message-too-large, core/cancelled; core/publish-failed
   * lists edges
   */
  publish(message: Init, options?: PublishWaitOptions): Promise<void>;
  /** Never waits. Worst of closed > full > sent over all edges; no_subscriber when there is no edge. */
  tryPublish(message: Init, options?: PublishOptions): PublishResult;
  /** Publishes one after another with back-pressure, until there are no more or `signal` is aborted. @returns how many */
  publishAll(messages: Iterable<Init> | AsyncIterable<Init>, options?: PublishWaitOptions): Promise<number>;
  /** Resolves when everything published before has been delivered (or dropped and counted). Default time-out 30 s. */
  flush(options?: WaitOptions): Promise<void>;
}

/** What came with a message. Reused by `on` callbacks: read it, do not keep it. */
export interface MessageMeta {
  /** Service that published it. */
  readonly source: string;
  readonly topic: string;
  readonly sequence: number;
  /** ns since the Unix epoch, sender's clock. */
  readonly timestampNs: bigint;
  /** From the publisher's history, before live data; or published again from a recording. */
  readonly replayed: boolean;
  /**
   * Keeps the message of this callback beyond its end, without decoding it: for large ones that somebody else goes on with.
   * @param message what the callback got
   * @throws TypeError outside the callback, or for anything else
   */
  keep<V>(message: V): Kept<V>;
}

/** A message in a buffer of its own, until it is released. Without that the collector gets it, and the buffer with it. */
export interface Kept<V> extends Disposable {
  /** Read in place. Do not hold on to it beyond `release`. @throws TypeError after `release` */
  readonly message: V;
  /** The buffer may be used for another message from now on. Safe to call twice. */
  release(): void;
}

export interface SubscribeOptions {
  /** Only this topic. Default: all. */
  topic?: string;
  /** Only from this service. Default: all. */
  from?: string;
  /** Messages an iterator may hold before it stops its edges. Default 1,024. */
  buffer?: number;
}

export interface Subscription extends Disposable {
  close(): void;
}

/** Iterate for owned objects, or `on` for views in place. One or the other. */
export interface Subscriber<T, View> extends AsyncIterable<T>, AsyncDisposable {
  readonly type: string;
  /** Calls back synchronously for each message. The view is valid only inside the callback. An exception is logged and counted. */
  on(callback: (view: View & Readonly<T>, meta: MessageMeta) => void): Subscription;
  [Symbol.asyncIterator](): AsyncIterator<T, undefined>;
  /** Resolves once every known publisher has been told (SUBSCRIBE was sent); messages published after that arrive. */
  readonly ready: Promise<void>;
  close(): void;
}

export interface CallOptions extends WaitOptions {
  /** Which instance or service; default: the one that serves it, round-robin over ready instances. */
  target?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: inference over method types
type MethodOf<M> =
  M extends MethodType<any, infer ReqInit, infer Res, any, infer S>
    ? S extends true
      ? (request: ReqInit, options?: CallOptions) => AsyncIterable<Res>
      : (request: ReqInit, options?: CallOptions) => Promise<Res>
    : never;

export type Client<S> = S extends ServiceType<infer M> ? { readonly [K in keyof M]: MethodOf<M[K]> } : never;

export interface RequestContext {
  /** Service that asks. */
  readonly source: string;
  /** Aborted by CANCEL, by the caller's deadline and by its death. */
  readonly signal: AbortSignal;
  /** ms since the Unix epoch. */
  readonly deadline: number;
}

// biome-ignore lint/suspicious/noExplicitAny: inference over method types
type HandlerOf<M> =
  M extends MethodType<infer Req, any, any, infer ResInit, infer S>
    ? S extends true
      ? (request: Req, context: RequestContext) => AsyncIterable<ResInit> | Iterable<ResInit>
      : (request: Req, context: RequestContext) => Promise<ResInit> | ResInit
    : never;

export type Handlers<S> = S extends ServiceType<infer M> ? { readonly [K in keyof M]?: HandlerOf<M[K]> } : never;

export interface LaneAccount {
  published: number;
  delivered: number;
  inFlight: number;
  dropped: Record<DropReason, number>;
}

export type LinkState = "opening" | "open" | "draining" | "closed";

export interface EdgeAccount {
  /** "turns -> ecs" */
  edge: string;
  source: string;
  target: string;
  transport: TransportName;
  state: LinkState;
  data: LaneAccount;
  control: LaneAccount;
  /** Times an offer was answered "full" and not taken: nothing was published, the caller knows. */
  refused: number;
  /** Messages waiting on our side of the edge. */
  waiting: number;
  /** What they take there. */
  waitingBytes: number;
  /** Types that the target has subscribed to by now. A declared type that is not here has nobody attached. */
  attached: string[];
  /** Why the link is not open, or which types it refuses. */
  note?: string;
}

export interface Accounts {
  edges: EdgeAccount[];
  /** Messages published while nobody subscribed, per type. */
  unheard: Record<string, number>;
}

export interface EdgeExplanation {
  edge: string;
  transport: TransportName;
  reason: string;
  policy: string;
  capacity: string;
  types: string[];
  rpcs: string[];
  live?: { state: LinkState; note?: string };
}

// biome-ignore lint/suspicious/noExplicitAny: any message
export type AnyMessageType = MessageType<any, any, any>;

/** What one service holds of the bus. */
export interface Bus extends AsyncDisposable {
  readonly service: string;
  publisher<T, I, V extends MessageView>(type: MessageType<T, I, V>): Publisher<I>;
  /** To one service only; to each of its instances where it has several. @throws BusError core/unknown-service, core/not-allowed */
  publisherTo<T, I, V extends MessageView>(service: string, type: MessageType<T, I, V>): Publisher<I>;
  subscriber<T, I, V extends MessageView>(type: MessageType<T, I, V>, options?: SubscribeOptions): Subscriber<T, V>;
  /** From one service only, all its instances counted. @throws BusError core/unknown-service, core/not-allowed */
  subscriberFrom<T, I, V extends MessageView>(
    service: string,
    type: MessageType<T, I, V>,
    options?: Omit<SubscribeOptions, "from">,
  ): Subscriber<T, V>;
  client<M extends MethodTable>(service: ServiceType<M>, target?: string): Client<ServiceType<M>>;
  serve<M extends MethodTable>(service: ServiceType<M>, handlers: Handlers<ServiceType<M>>): Subscription;
  explain(): EdgeExplanation[];
  accounts(): Accounts;
  /** Takes no more, lets what is accepted arrive (at most `drain`, 5 s by default), closes. Safe to call twice. */
  close(options?: { drain?: Duration }): Promise<void>;
}

/** What a service with `clock = true` sees of the simulated clock. The wall clock plays no part in it. */
export interface ServiceClock {
  /** Tick of the present turn, or of the last one; 0 before the first. */
  readonly tick: bigint;
  /** Simulated time of that tick, ns. @throws BusError clock/not-following */
  now(): bigint;
  /**
   * The service's turn of each tick. Turns are awaited, one after another, in the order of registration; a turn that throws
   * fails the tick. Between two services of the clock, what one publishes in its turn reaches the other after the other's
   * turn of the same tick and before its next one, in order of the sources' names; what it publishes outside its turn
   * counts as of the next tick. Await what is published (`publish`, not `tryPublish`) to have it within the tick.
   * @throws BusError clock/not-following
   */
  onTick(turn: (tick: bigint, timeNs: bigint) => Promise<void> | void): Subscription;
  /**
   * Enters the run hash: called when a tick is over for this service, with everything of the tick arrived.
   * @param hash of the state, u64 @throws BusError clock/not-following; TypeError when there is one already
   */
  onHash(hash: () => bigint): void;
}

export type TelemetryCounter = "totalCombats" | "totalDamageDealt" | "totalDamageReceived" | "unitsDestroyed";
export type TelemetryGauge =
  | "activeCombats"
  | "simulationFps"
  | "averageTickTimeUs"
  | "peakTickTimeUs"
  | "memoryUsageMb"
  | "totalEntities"
  | "fleets"
  | "planets"
  | "units";

/** Counters of a service in shared memory, for whoever looks (`openTelemetry`, `busbar top`); docs/telemetry.md. */
export interface Telemetry {
  /** Whether anybody can see them: not where the addon or shared memory is missing. All calls are harmless then. */
  readonly present: boolean;
  /** Adds to a total; those of 32 bits wrap. @throws RangeError unless the amount is an integer from 0 to 2^53 - 1 */
  add(field: TelemetryCounter, amount: number | bigint): void;
  /** @throws RangeError unless the value is an integer from 0 to 2^32 - 1 (totalEntities: to 2^53 - 1) */
  set(field: TelemetryGauge, value: number | bigint): void;
  /** Shows everything since the last publish at once. */
  publish(): void;
}

/** Beside the bus, what the runtime gives a service. */
export interface ServiceContext {
  readonly service: string;
  /** The service's `config` of the topology. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly args: readonly string[];
  readonly log: Logger;
  readonly clock: ServiceClock;
  /** Aborted when the service is to stop. */
  readonly signal: AbortSignal;
  /** This service's record. It is made when it is first asked for. */
  readonly telemetry: Telemetry;
  /**
   * Announces the result of a job: `busbar up --once` prints it as its last line and ends. Plain JSON; a result with a
   * member `error` makes its exit code 1.
   */
  finish(result: unknown): void;
  /** Progress of long work, shown by `up` (0..1). */
  progress(share: number, text: string): void;
}

export interface Logger {
  debug(fields: object | string, text?: string): void;
  info(fields: object | string, text?: string): void;
  warn(fields: object | string, text?: string): void;
  error(fields: object | string, text?: string): void;
}

export interface ServiceModule {
  /** The service is ready when this has resolved. */
  start(bus: Bus, context: ServiceContext): Promise<void> | void;
  stop?(): Promise<void> | void;
}

/** Identity with a type: `export default defineService({ start(bus, ctx) { … } })`. */
export const defineService = (module: ServiceModule): ServiceModule => module;
