/** One live connection of a resident TypeScript service and a peer: both directions, both lanes. */
import { Schema, Subscribe } from "#generated/busbar/control";
import type {
  ByteCarrier,
  ByteReceiver,
  Carrier,
  Envelope,
  Outbound,
  ReferenceCarrier,
  ReferenceReceiver,
} from "#transport";
import { DELIVERED, DROP_REASONS, DROPPED, dropped, HOLD, type TransportName } from "#transport";
import { type BusError, frameKind, frameTtlMs, frameTypeId, Kind, Lane, MESSAGE_BYTES_MAX, type Memory } from "#wire";
import { Account } from "./account.ts";
import type { AnyMessageType, EdgeAccount, LinkState } from "./api.ts";
import { Caller } from "./caller.ts";
import type { Connector, PeerInfo } from "./connector.ts";
import { type Arrived, ArrivedFrame, ArrivedItem, type ControlItem, writeControl } from "./control.ts";
import { deepFreeze } from "./freeze.ts";
import { CLI_SERVICE, type PluginLink } from "./hub-api.ts";
import { OutEdge } from "./out-edge.ts";
import { DEFAULT_CAPACITY, DEFAULT_MESSAGE_MAX } from "./plan-index.ts";
import type { Resident } from "./resident.ts";
import { Route } from "./route.ts";
import type { Origin } from "./server.ts";
import { transcode } from "./transcode.ts";

const MALFORMED = dropped("malformed");
const EXPIRED = dropped("expired");
const NOT_ALLOWED = dropped("refused_schema");
/** Topics of one type that a peer may ask for; it should take all of them instead. */
const TOPICS_MAX = 65_536;
/** Control items that may wait for a carrier with no room. */
const CONTROL_WAITING_MAX = 65_536;

export interface LinkOptions {
  readonly resident: Resident;
  readonly peer: string;
  readonly transport: TransportName;
  /** Undefined for links to a plugin of this process, which need no handshake. */
  readonly connector: ((link: Link) => Connector) | undefined;
}

export class Link implements ByteReceiver, ReferenceReceiver {
  readonly peer: string;
  readonly transport: TransportName;
  readonly edge: OutEdge;
  readonly caller: Caller;
  readonly controlAccount: Account = new Account();
  readonly connector: Connector | undefined;
  readonly #resident: Resident;
  readonly #routes = new Map<string, Route>();
  readonly #peerTopics = new Map<number, Set<string>>();
  readonly #announced = new Map<number, Set<string>>();
  readonly #origin: Origin;
  readonly #arrived = new ArrivedFrame();
  readonly #control: ControlItem[] = [];
  /** Data types that the plan lets the peer send here; undefined = any. */
  readonly #allowed: ReadonlySet<number> | undefined;
  #carrier: Carrier | undefined;
  #plugin: PluginLink | undefined;
  #out: Outbound | undefined;
  #controlSequence = 0;
  #controlDirty = false;
  #heldData = false;
  /** Type that was found to be allowed last: looking it up costs more than the rest of the way. */
  #lastType: AnyMessageType | undefined;
  #lastTypeId = -1;
  /** One end is the command line, which has types by reflection only. */
  readonly #reflected: boolean;
  #closed = false;
  #opened: (() => void)[] = [];
  #refused: ReadonlyMap<string, string> = new Map();
  /** What arrived over this link and what became of it, per lane; the account of edges whose source is a plugin. */
  readonly received: { delivered: [number, number]; dropped: [number[], number[]] } = {
    delivered: [0, 0],
    dropped: [DROP_REASONS.map(() => 0), DROP_REASONS.map(() => 0)],
  };
  #referenceSequence = 0;
  #replayedEpoch = new Map<string, number>();
  #peerEpoch = 0;

  constructor(options: LinkOptions) {
    const { resident, peer } = options;
    this.#resident = resident;
    this.peer = peer;
    this.transport = options.transport;
    this.#reflected = peer === CLI_SERVICE || resident.name === CLI_SERVICE;
    const { index, ticker, hub } = resident;
    const plan = index.edge(resident.name, peer);
    this.edge = new OutEdge({
      source: resident.name,
      target: peer,
      sourceId: resident.sourceId,
      epoch: resident.epoch,
      capacityBytes: plan?.capacityBytes ?? DEFAULT_CAPACITY,
      messageBytesMax: plan?.messageBytesMax ?? DEFAULT_MESSAGE_MAX,
      ticker,
      clock: hub.clock,
      development: hub.development,
    });
    const back = index.edge(peer, resident.name);
    const declared = back?.types.map((entry) => index.types.get(entry.type)?.id ?? 0);
    this.#allowed = back === undefined || back.open || declared === undefined ? undefined : new Set(declared);
    this.caller = new Caller({ peer, clock: hub.clock, send: (item) => this.send(item) });
    this.#origin = { source: peer, send: (item) => this.send(item) };
    this.connector = options.connector?.(this);
  }

  get state(): LinkState {
    if (this.#closed) return "closed";
    return this.#carrier === undefined ? "opening" : "open";
  }

  get note(): string | undefined {
    if (this.#refused.size > 0) return [...this.#refused.values()].join("; ");
    return this.connector?.note;
  }

  get isOpen(): boolean {
    return this.#carrier !== undefined;
  }

  whenOpen(): Promise<void> {
    if (this.isOpen) return Promise.resolve();
    return new Promise((resolve) => this.#opened.push(resolve));
  }

  // ---- opening and closing

  open(carrier: Carrier, info: PeerInfo, plugin?: PluginLink): void {
    this.#carrier = carrier;
    this.#plugin = plugin;
    this.#heldData = false;
    this.#announced.clear();
    this.#peerTopics.clear();
    this.#peerEpoch = info.epoch;
    this.#refused = info.refused;
    for (const route of this.#routes.values()) route.refused = info.refused.get(route.type.name);
    this.#controlSequence = 0;
    if (carrier.kind === "bytes") {
      this.#out = carrier.outbound[Lane.control];
      this.controlAccount.attach(this.#out.report);
      this.#arrived.verify = this.transport !== "ring" && this.transport !== "local";
      this.edge.attachBytes(carrier);
      carrier.open(this);
    } else {
      this.edge.attachReference(carrier);
      carrier.open(this);
    }
    for (const type of this.#resident.inbox.types()) this.announce(type);
    this.#sendSchemas();
    this.#pumpControl();
    this.caller.opened();
    this.edge.pump();
    for (const opened of this.#opened.splice(0)) opened();
    this.#resident.routesChanged();
  }

  closed(cause: BusError): void {
    this.#letGo();
    this.connector?.lost(cause);
  }

  /** The peer came anew over another connection: let go of this one. */
  replace(): void {
    const carrier = this.#carrier;
    if (carrier === undefined) return;
    if (carrier.kind === "bytes") carrier.abort();
    else carrier.close();
    this.#letGo();
  }

  #letGo(): void {
    if (this.#carrier === undefined) return;
    if (this.#carrier.kind === "reference") this.#syncReferenceControl(this.#carrier);
    this.#carrier = undefined;
    this.#plugin = undefined;
    this.#out = undefined;
    for (const route of this.#routes.values()) route.detach();
    const lost = this.edge.detach();
    this.controlAccount.detach("link_lost");
    if (lost > 0 && !this.#closed) {
      const { log } = this.#resident.hub;
      log.warn(
        { edge: this.edge.name, lost },
        `${lost} messages of ${this.edge.name} were not confirmed when the link broke`,
      );
    }
    this.#control.length = 0;
    this.caller.lost();
    this.#resident.server.lost(this.#origin);
    this.#resident.routesChanged();
  }

  async close(drainMs: number): Promise<void> {
    if (this.#closed) return;
    this.edge.close();
    const carrier = this.#carrier;
    this.#resident.ticker.flush();
    if (carrier?.kind === "bytes") await carrier.close(drainMs);
    else carrier?.close();
    this.#closed = true;
    this.connector?.stop();
    this.#letGo();
    this.edge.abandon();
  }

  // ---- routes: who wants what

  /** The route of a type, when this edge may carry it; open edges have one only while the peer subscribes. */
  route(type: AnyMessageType): Route | undefined {
    const known = this.#routes.get(type.name);
    const { index, name } = this.#resident;
    const plan = index.edge(name, this.peer);
    // On an open edge the types of the plan carry policies and declare nothing.
    const declared = plan !== undefined && !plan.open && plan.types.some((entry) => entry.type === type.name);
    if (known === undefined) {
      const open = plan === undefined || plan.open;
      if (!declared && !(open && this.#peerTopics.has(type.typeId))) return undefined;
      const policy = index.policyOf(plan, type.name);
      const route = new Route(this.edge, type, policy.kind, policy.timeoutMs, declared);
      for (const topic of this.#peerTopics.get(type.typeId) ?? []) route.setTopic(topic, true);
      route.refused = this.#refused.get(type.name);
      if (route.refused !== undefined) route.detach();
      this.#routes.set(type.name, route);
      return route;
    }
    return known.declared || known.topics.size > 0 ? known : undefined;
  }

  /** Whether the plan lets the peer publish this type to us. */
  mayBring(type: string): boolean {
    const back = this.#resident.index.edge(this.peer, this.#resident.name);
    return back === undefined || back.open || back.types.some((entry) => entry.type === type);
  }

  /** Tells the peer which topics of a type this service wants, as far as that changed. */
  announce(type: AnyMessageType): void {
    if (this.#carrier === undefined) return;
    if (!this.mayBring(type.name)) return;
    const wanted = new Set(this.#resident.inbox.topics(type.typeId, this.peer));
    const told = this.#announced.get(type.typeId) ?? new Set<string>();
    for (const topic of wanted) if (!told.has(topic)) this.#sendSubscribe(type, topic, true);
    for (const topic of told) if (!wanted.has(topic)) this.#sendSubscribe(type, topic, false);
    this.#announced.set(type.typeId, wanted);
  }

  #sendSubscribe(type: AnyMessageType, topic: string, active: boolean): void {
    if (this.#plugin !== undefined) {
      this.#plugin.subscribe(type.typeId, this.#resident.topicId(topic), active);
      return;
    }
    const { name, typeId, fingerprint, lineage } = type;
    const value = { type: name, typeId, fingerprint, lineage, topic: topic === "" ? null : topic, active };
    this.send({ kind: Kind.subscribe, typeId: 0, correlation: 0, ttlMs: 0, type: Subscribe, value });
  }

  /** The peer's SUBSCRIBE, or what a plugin declares. */
  subscribed(typeId: number, typeName: string, topic: string, active: boolean): void {
    const { index, name } = this.#resident;
    if (!index.mayPublish(name, typeName) || this.#refused.has(typeName)) return;
    const plan = index.edge(name, this.peer);
    if (plan !== undefined && !plan.open && !plan.types.some((entry) => entry.type === typeName)) return;
    const topics = this.#peerTopics.get(typeId) ?? new Set<string>();
    if (active && topics.size >= TOPICS_MAX) {
      this.#resident.hub.log.warn(
        { peer: this.peer, type: typeName },
        `more than ${TOPICS_MAX} topics of one type are not taken`,
      );
      return;
    }
    if (active) topics.add(topic);
    else topics.delete(topic);
    if (topics.size === 0) this.#peerTopics.delete(typeId);
    else this.#peerTopics.set(typeId, topics);
    const route = this.#routes.get(typeName);
    route?.setTopic(topic, active);
    this.#resident.routesChanged();
    if (active) this.#replay(typeName, topic);
    this.edge.pump();
  }

  /** History goes once to every new incarnation of a subscriber, before what is live. */
  #replay(typeName: string, topic: string): void {
    const key = `${typeName}\n${topic}`;
    if (this.#replayedEpoch.get(key) === this.#peerEpoch) return;
    const history = this.#resident.history;
    const type = history.typeOf(typeName);
    if (type === undefined) return;
    this.#replayedEpoch.set(key, this.#peerEpoch);
    const route = this.route(type);
    if (route === undefined) return;
    for (const entry of history.entries(typeName, topic)) this.edge.replay(route, entry.payload, entry.envelope);
  }

  /** Sends our binary schema to a peer that refused (or was refused) a type, so that both can name the difference. */
  #sendSchemas(): void {
    const schema = this.#resident.hub.schema;
    if (schema === undefined || this.#refused.size === 0 || this.#plugin !== undefined) return;
    const [type] = this.#refused.keys();
    if (schema.bfbs.length > MESSAGE_BYTES_MAX / 2) return;
    const value = { type, fingerprint: this.#resident.index.types.get(type)?.fingerprint ?? null, bfbs: schema.bfbs };
    this.send({ kind: Kind.schema, typeId: 0, correlation: 0, ttlMs: 0, type: Schema, value });
  }

  #schemaArrived(bfbs: Uint8Array): void {
    const schema = this.#resident.hub.schema;
    if (schema === undefined || bfbs.length === 0) return;
    const named = new Map<string, string>();
    for (const [type, reason] of this.#refused) {
      const difference = schema.difference(bfbs, type);
      const text = reason.replace("(asked for)", difference);
      named.set(type, text);
      const route = this.#routes.get(type);
      if (route !== undefined) route.refused = text;
      this.#resident.hub.log.error({ code: "schema/mismatch", type, peer: this.peer }, text);
    }
    this.#refused = named;
  }

  // ---- sending on the control lane

  /** Sends or queues one item. @returns false while there is no connection */
  send(item: ControlItem): boolean {
    const carrier = this.#carrier;
    if (carrier === undefined) return false;
    if (carrier.kind === "reference") {
      const value = item.type === undefined ? item.value : item.type.complete(item.value);
      if (this.#resident.hub.development) deepFreeze(value);
      this.controlAccount.published++;
      carrier.post(new ArrivedItem({ ...item, value }));
      return true;
    }
    if (this.#control.length > 0 || !this.#write(item)) {
      if (this.#control.length >= CONTROL_WAITING_MAX) return false;
      this.#control.push(item);
    }
    return true;
  }

  #write(item: ControlItem): boolean {
    const out = this.#out as Outbound;
    const { ticker, sourceId, epoch } = this.#resident;
    ticker.stamp();
    const header = {
      sourceId,
      epoch,
      sequence: this.#controlSequence + 1,
      stampLo: ticker.stampLo,
      stampHi: ticker.stampHi,
    };
    for (let need = 512; ; need *= 4) {
      const offset = out.claim(need);
      if (offset < 0) return false;
      const length = writeControl(out.memory, offset, out.limit, item, header);
      if (length < 0) {
        if (need > MESSAGE_BYTES_MAX) throw this.#resident.tooLarge(item, this.edge.name, need);
        continue;
      }
      const messageMax = this.#resident.messageBytesMax(this.peer);
      if (length > messageMax + 4096 && item.kind !== Kind.schema)
        throw this.#resident.tooLarge(item, this.edge.name, length);
      this.#controlSequence++;
      out.commit(length);
      this.controlAccount.published++;
      this.controlAccount.committed++;
      if (!this.#controlDirty) {
        this.#controlDirty = true;
        ticker.add(this);
      }
      return true;
    }
  }

  flush(): void {
    this.#controlDirty = false;
    this.#out?.flush();
  }

  #pumpControl(): void {
    while (this.#control.length > 0 && this.#out !== undefined) {
      const item = this.#control[0];
      if (item.cancelled !== true || item.kind !== Kind.request) {
        try {
          if (!this.#write(item)) return;
        } catch (error) {
          this.#resident.hub.log.error(
            { err: String(error), edge: this.edge.name },
            "a queued control frame was not sent",
          );
        }
      }
      this.#control.shift();
    }
  }

  // ---- receiving

  frame(lane: Lane, memory: Memory, offset: number, length: number): number {
    const verdict =
      lane === Lane.control ? this.#controlFrame(memory, offset) : this.#dataFrame(memory, offset, length);
    if (verdict === DELIVERED) this.received.delivered[lane]++;
    else if (verdict >= DROPPED) this.received.dropped[lane][verdict - DROPPED]++;
    return verdict;
  }

  #dataFrame(memory: Memory, offset: number, length: number): number {
    if (frameKind(memory, offset) !== Kind.data || length < 64) return MALFORMED;
    const typeId = frameTypeId(memory, offset);
    if (typeId !== this.#lastTypeId) {
      if (this.#allowed !== undefined && !this.#allowed.has(typeId)) return NOT_ALLOWED;
      this.#lastTypeId = typeId;
    }
    const ttl = frameTtlMs(memory, offset);
    if (ttl !== 0 && this.#isExpired(memory, offset, ttl)) return EXPIRED;
    const verdict = this.#resident.inbox.frame(this.peer, typeId, memory, offset, this.#arrived.verify);
    if (verdict === HOLD) this.#heldData = true;
    return verdict;
  }

  #isExpired(memory: Memory, offset: number, ttl: number): boolean {
    const sentMs = Number(memory.u64[(offset + 32) >> 3] / 1_000_000n);
    return Number(this.#resident.hub.clock.wallNs() / 1_000_000n) > sentMs + ttl;
  }

  message(sentType: AnyMessageType, sent: unknown, envelope: Envelope): number {
    let type = sentType;
    let message = sent;
    if (this.#reflected) {
      const mine = this.#resident.inbox.typeOf(type.typeId);
      if (mine !== undefined && mine !== type) {
        try {
          message = transcode(type, message, mine);
        } catch (error) {
          this.#resident.hub.log.warn({ peer: this.peer, type: type.name }, (error as Error).message);
          return MALFORMED;
        }
        type = mine;
      }
    }
    if (type !== this.#lastType) {
      if (this.#allowed !== undefined && !this.#allowed.has(type.typeId)) return NOT_ALLOWED;
      this.#lastType = type;
    }
    if (envelope.expiresAt !== 0 && this.#resident.hub.clock.now() > envelope.expiresAt) return EXPIRED;
    const verdict = this.#resident.inbox.message(this.peer, type, message, envelope, this.#referenceSequence + 1);
    if (verdict === HOLD) this.#heldData = true;
    else this.#referenceSequence++;
    return verdict;
  }

  #controlFrame(memory: Memory, offset: number): number {
    const frame = this.#arrived.at(memory, offset);
    try {
      this.#dispatch(frame);
      return DELIVERED;
    } catch (error) {
      const { log } = this.#resident.hub;
      log.warn({ peer: this.peer, kind: frame.kind }, `a control frame was refused: ${(error as Error).message}`);
      return MALFORMED;
    }
  }

  control(value: unknown): void {
    this.#dispatch(value as ArrivedItem);
  }

  #dispatch(frame: Arrived): void {
    const { server, creditType } = this.#resident;
    switch (frame.kind) {
      case Kind.request:
        this.#resident.requested(frame, this.#origin, this.peer);
        break;
      case Kind.response:
      case Kind.error:
      case Kind.streamItem:
      case Kind.streamEnd:
        this.caller.arrived(frame);
        break;
      case Kind.cancel:
        server.cancel(this.#origin, frame.correlation);
        break;
      case Kind.credit:
        server.credit(this.#origin, frame.correlation, (frame.read(creditType) as { streamItems: number }).streamItems);
        break;
      case Kind.subscribe: {
        const { typeId, type, topic, active } = frame.read(Subscribe) as Subscribe;
        this.subscribed(typeId, type, topic ?? "", active);
        break;
      }
      case Kind.schema:
        this.#schemaArrived((frame.read(Schema) as Schema).bfbs);
        break;
      default:
    }
  }

  idle(): void {
    this.#resident.ticker.flush();
  }

  writable(lane: Lane = Lane.data): void {
    if (lane === Lane.data) this.edge.pump();
    else this.#pumpControl();
  }

  reported(lane: Lane): void {
    if (lane === Lane.data) this.edge.reported();
  }

  /** Buffers of this service have room again. */
  resume(): void {
    if (!this.#heldData) return;
    this.#heldData = false;
    const carrier = this.#carrier;
    if (carrier?.kind === "bytes") (carrier as ByteCarrier).resume(Lane.data);
    else carrier?.resume();
  }

  #syncReferenceControl(carrier: ReferenceCarrier): void {
    this.controlAccount.deliver(carrier.controlDelivered);
    const missing = carrier.controlCommitted - carrier.controlDelivered;
    if (missing > 0) this.controlAccount.drop(this.#closed ? "closed" : "link_lost", missing);
  }

  snapshot(): EdgeAccount {
    const carrier = this.#carrier;
    const control = this.controlAccount.snapshot();
    if (carrier?.kind === "reference") {
      control.delivered += carrier.controlDelivered;
      control.inFlight = carrier.controlCommitted - carrier.controlDelivered;
    }
    return {
      edge: this.edge.name,
      source: this.#resident.name,
      target: this.peer,
      transport: this.transport,
      state: this.state,
      data: this.edge.account.snapshot(),
      control,
      refused: this.edge.refused,
      waiting: this.edge.waiting,
      attached: [...this.#routes.values()].filter((route) => route.topics.size > 0).map((route) => route.type.name),
      ...(this.note === undefined ? {} : { note: this.note }),
    };
  }
}
