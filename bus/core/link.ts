/** One live connection of a resident TypeScript service and a peer: both directions, both lanes. */
import { Schema, Subscribe } from "#generated/busbar/control";
import type { ByteReceiver, Carrier, Envelope, ReferenceReceiver } from "#transport";
import { DELIVERED, DROP_REASONS, DROPPED, dropped, HOLD, type TransportName } from "#transport";
import { type BusError, frameTimestamp, frameTtlMs, Kind, Lane, type Memory } from "#wire";
import type { AnyMessageType, EdgeAccount, LinkState } from "./api.ts";
import { Caller } from "./caller.ts";
import type { Connector, PeerInfo } from "./connector.ts";
import { type Arrived, ArrivedFrame, type ArrivedItem, type ControlItem } from "./control.ts";
import { ControlLane } from "./control-lane.ts";
import { CLI_SERVICE, type PluginLink } from "./hub-api.ts";
import type { Inbox } from "./inbox.ts";
import { OutEdge } from "./out-edge.ts";
import { PeerRoutes } from "./peer-routes.ts";
import { DEFAULT_CAPACITY, DEFAULT_MESSAGE_MAX } from "./plan-index.ts";
import type { Resident } from "./resident.ts";
import type { Route } from "./route.ts";
import type { Origin } from "./server.ts";
import { transcode } from "./transcode.ts";

const MALFORMED = dropped("malformed");
const EXPIRED = dropped("expired");
const LATE = dropped("closed");
const NOT_ALLOWED = dropped("refused_schema");
/** Of the second word of a frame. */
const KIND_MASK = 0xff0000;
const DATA_KIND = Kind.data << 16;
/** Refused control frames of one link get a line in the log once in so many. */
const COMPLAINTS_PER_LINE = 1000;

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
  readonly routes: PeerRoutes;
  readonly connector: Connector | undefined;
  readonly #resident: Resident;
  readonly #inbox: Inbox;
  readonly #control: ControlLane;
  readonly #origin: Origin;
  readonly #arrived = new ArrivedFrame();
  /** Data types that the plan lets the peer send here; undefined = any. */
  readonly #allowed: ReadonlySet<number> | undefined;
  /** One end is the command line, which has types by reflection only. */
  readonly #reflected: boolean;
  #carrier: Carrier | undefined;
  #plugin: PluginLink | undefined;
  #heldData = false;
  /** Bytes of the present carrier came from another process. */
  #verifies = true;
  /** Type that was found to be allowed last: looking it up costs more than the rest of the way. */
  #lastType: AnyMessageType | undefined;
  #lastTypeId = 0;
  #state: LinkState = "opening";
  #waiting: (() => void)[] = [];
  #complaints = 0;
  #referenceSequence = 0;
  /** What arrived over this link and what became of it, per lane; the account of edges whose source is a plugin. */
  readonly received: { delivered: [number, number]; dropped: [number[], number[]] } = {
    delivered: [0, 0],
    dropped: [DROP_REASONS.map(() => 0), DROP_REASONS.map(() => 0)],
  };

  constructor(options: LinkOptions) {
    const { resident, peer } = options;
    this.#resident = resident;
    this.#inbox = resident.inbox;
    this.peer = peer;
    this.transport = options.transport;
    this.#reflected = peer === CLI_SERVICE || resident.name === CLI_SERVICE;
    const { index, ticker, hub, sourceId, epoch } = resident;
    const { clock, development, log } = hub;
    const out = index.edge(resident.name, peer);
    const back = index.edge(peer, resident.name);
    this.edge = new OutEdge({
      source: resident.name,
      target: peer,
      sourceId,
      epoch,
      capacityBytes: out?.capacityBytes ?? DEFAULT_CAPACITY,
      messageBytesMax: out?.messageBytesMax ?? DEFAULT_MESSAGE_MAX,
      ticker,
      clock,
      development,
    });
    this.#control = new ControlLane({
      edge: this.edge.name,
      byReference: options.transport === "local",
      sourceId,
      epoch,
      // A reply belongs to the edge of its request, which is the other direction of this link.
      messageBytesMax: Math.max(
        out?.messageBytesMax ?? 0,
        back?.messageBytesMax ?? 0,
        out === undefined && back === undefined ? DEFAULT_MESSAGE_MAX : 0,
      ),
      ticker,
      development,
      overrun: (error) => this.#breakOff(error),
    });
    const send = (item: ControlItem): boolean => this.#control.send(item);
    this.caller = new Caller({ peer, clock, send, hold: (item) => this.#control.hold(item) });
    this.#origin = { source: peer, send, isCongested: () => this.#control.isCongested };
    this.routes = new PeerRoutes({ resident, peer, edge: this.edge, send: (item) => this.#sendOrLog(item) });
    this.#allowed = this.routes.allowedIds();
    this.#arrived.edge = `${peer} -> ${resident.name}`;
    this.connector = options.connector?.(this);
    if (this.connector === undefined) log.debug({ peer }, `a link of ${resident.name} inside this process`);
  }

  get state(): LinkState {
    return this.#state;
  }

  get note(): string | undefined {
    const { refused } = this.routes;
    // What a handshake said holds as long as its connection does.
    if (this.isOpen && refused.size > 0) return [...refused.values()].join("; ");
    return this.connector?.note;
  }

  get isOpen(): boolean {
    return this.#carrier !== undefined;
  }

  /** Resolves when the link is open, or is closed and never will be. */
  whenOpen(): Promise<void> {
    if (this.isOpen || this.#state === "closed") return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  // ---- opening and closing

  open(carrier: Carrier, info: PeerInfo, plugin?: PluginLink): void {
    this.#carrier = carrier;
    this.#plugin = plugin;
    this.#heldData = false;
    this.#lastTypeId = 0;
    this.#state = "open";
    if (carrier.kind === "bytes") {
      this.#control.attachBytes(carrier.outbound[Lane.control]);
      // Bytes of a plugin were written in this process; all others come from somewhere else.
      this.#verifies = plugin === undefined;
      this.#arrived.verify = this.#verifies;
      this.edge.attachBytes(carrier);
    } else {
      this.#control.attachReference(carrier);
      this.edge.attachReference(carrier);
    }
    carrier.open(this);
    this.routes.opened(info, plugin);
    this.#sendSchemas();
    this.caller.pump();
    this.edge.pump();
    this.#wake();
    this.#resident.routesChanged();
  }

  closed(cause: BusError): void {
    if (this.#carrier === undefined) return;
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

  /** On a later turn: whoever found the fault is in the middle of using the link. */
  #breakOff(cause: BusError): void {
    const carrier = this.#carrier;
    queueMicrotask(() => {
      if (carrier === undefined || this.#carrier !== carrier) return;
      this.#resident.hub.log.warn({ peer: this.peer, code: cause.code }, cause.message);
      this.replace();
      this.connector?.lost(cause);
    });
  }

  #letGo(): void {
    if (this.#carrier === undefined) return;
    this.#carrier = undefined;
    this.#plugin = undefined;
    const isClosing = this.#state !== "open";
    if (!isClosing) this.#state = "opening";
    this.routes.lost();
    const lost = this.edge.detach();
    this.#control.detach(isClosing ? "closed" : "link_lost");
    if (lost > 0 && !isClosing) {
      const { log } = this.#resident.hub;
      log.warn(
        { edge: this.edge.name, lost },
        `${lost} messages of ${this.edge.name} were not confirmed when the link broke`,
      );
    }
    this.caller.lost();
    this.#resident.server.lost(this.#origin);
    this.#resident.routesChanged();
  }

  /** Stops taking messages; what was accepted may still leave. */
  drain(): void {
    if (this.#state !== "closed") this.#state = "draining";
    this.edge.close();
  }

  async close(drainMs: number): Promise<void> {
    if (this.#state === "closed") return;
    this.drain();
    // Before the carrier ends: a dialing side would connect again.
    this.connector?.stop();
    const carrier = this.#carrier;
    this.#resident.ticker.flush();
    if (carrier?.kind === "bytes") await carrier.close(drainMs);
    else carrier?.close();
    this.#letGo();
    this.#state = "closed";
    this.edge.abandon();
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  // ---- routes: who wants what

  route(type: AnyMessageType): Route | undefined {
    return this.routes.route(type);
  }

  /** Sends our binary schema to a peer that refused (or was refused) a type, so that both can name the difference. */
  #sendSchemas(): void {
    const { hub, index } = this.#resident;
    const { schema } = hub;
    const [type] = this.routes.refused.keys();
    if (schema === undefined || type === undefined || this.#plugin !== undefined) return;
    // What does not fit a frame of this link would end it.
    if (schema.bfbs.length > (index.edge(this.#resident.name, this.peer)?.messageBytesMax ?? DEFAULT_MESSAGE_MAX))
      return;
    const value = { type, fingerprint: index.types.get(type)?.fingerprint ?? null, bfbs: schema.bfbs };
    this.#sendOrLog({ kind: Kind.schema, typeId: 0, correlation: 0, ttlMs: 0, type: Schema, value });
  }

  #schemaArrived({ type, fingerprint, bfbs }: Schema): void {
    const { schema, log } = this.#resident.hub;
    if (bfbs.length === 0) {
      if (type !== null && fingerprint !== null) this.routes.announcedNewer(type, fingerprint);
      return;
    }
    if (schema === undefined || this.routes.refused.size === 0) return;
    const named = this.routes.explainRefusals((name) => schema.difference(bfbs, name));
    for (const [name, text] of named) {
      log.error({ code: "schema/mismatch", type: name, peer: this.peer }, text);
    }
  }

  #sendOrLog(item: ControlItem): void {
    try {
      this.#control.send(item);
    } catch (error) {
      this.#resident.hub.log.error({ edge: this.edge.name, kind: item.kind }, `not sent: ${(error as Error).message}`);
    }
  }

  // ---- receiving

  frame(lane: Lane, memory: Memory, offset: number, length: number): number {
    const verdict = lane === Lane.data ? this.#dataFrame(memory, offset, length) : this.#controlFrame(memory, offset);
    if (this.#plugin !== undefined) this.#count(lane, verdict);
    return verdict;
  }

  #count(lane: Lane, verdict: number): void {
    if (verdict === DELIVERED) this.received.delivered[lane]++;
    else if (verdict >= DROPPED) this.received.dropped[lane][verdict - DROPPED]++;
  }

  #dataFrame(memory: Memory, offset: number, length: number): number {
    const words = memory.i32;
    const w = offset >> 2;
    if ((words[w + 1] & KIND_MASK) !== DATA_KIND) return MALFORMED;
    const typeId = words[w + 2];
    if (typeId !== this.#lastTypeId || typeId === 0) {
      if (this.#allowed !== undefined && !this.#allowed.has(typeId >>> 0)) return NOT_ALLOWED;
      this.#lastTypeId = typeId;
    }
    if (this.#resident.gate !== undefined) {
      const opinion = this.#resident.gate(this.peer);
      if (opinion !== "open") return this.#stopped(opinion);
    }
    if (words[w + 14] !== 0 && this.#isExpired(memory, offset)) return EXPIRED;
    const verdict = this.#inbox.frame(this.peer, typeId, memory, offset, offset + length, this.#verifies);
    if (verdict === HOLD) this.#heldData = true;
    return verdict;
  }

  #stopped(opinion: "shut" | "late"): number {
    if (opinion === "late") return LATE;
    this.#heldData = true;
    return HOLD;
  }

  #isExpired(memory: Memory, offset: number): boolean {
    const sentMs = Number(frameTimestamp(memory, offset) / 1_000_000n);
    return this.#resident.hub.clock.wallMs() > sentMs + frameTtlMs(memory, offset);
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
    if (this.#resident.gate !== undefined) {
      const opinion = this.#resident.gate(this.peer);
      if (opinion !== "open") return this.#stopped(opinion);
    }
    if (envelope.expiresAt !== 0 && this.#resident.hub.clock.now() > envelope.expiresAt) return EXPIRED;
    const verdict = this.#resident.inbox.message(this.peer, type, message, envelope, this.#referenceSequence + 1);
    if (verdict === HOLD) this.#heldData = true;
    else this.#referenceSequence++;
    return verdict;
  }

  #controlFrame(memory: Memory, offset: number): number {
    const { ticker } = this.#resident;
    ticker.delivering = true;
    const verdict = this.#judged(this.#arrived.at(memory, offset)) ? DELIVERED : MALFORMED;
    ticker.delivering = false;
    return verdict;
  }

  control(value: unknown): void {
    this.#judged(value as ArrivedItem);
  }

  #judged(frame: Arrived): boolean {
    try {
      this.#dispatch(frame);
      return true;
    } catch (error) {
      if (this.#complaints++ % COMPLAINTS_PER_LINE === 0) {
        const fields = { peer: this.peer, kind: frame.kind, count: this.#complaints };
        this.#resident.hub.log.warn(fields, `a control frame was refused: ${(error as Error).message}`);
      }
      return false;
    }
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
      case Kind.subscribe:
        this.routes.subscribed(frame.read(Subscribe) as Subscribe);
        break;
      case Kind.schema:
        this.#schemaArrived(frame.read(Schema) as Schema);
        break;
      default:
    }
  }

  idle(): void {
    this.#resident.ticker.flush();
  }

  writable(lane: Lane = Lane.data): void {
    if (lane === Lane.data) {
      this.edge.pump();
      return;
    }
    this.#control.pump();
    this.caller.pump();
    if (!this.#control.isCongested) this.#resident.server.room(this.#origin);
  }

  reported(lane: Lane): void {
    if (lane === Lane.data) this.edge.reported();
  }

  /** Buffers of this service have room again. */
  resume(): void {
    if (!this.#heldData) return;
    this.#heldData = false;
    const carrier = this.#carrier;
    if (carrier?.kind === "bytes") carrier.resume(Lane.data);
    else carrier?.resume();
  }

  snapshot(): EdgeAccount {
    return {
      edge: this.edge.name,
      source: this.#resident.name,
      target: this.peer,
      transport: this.transport,
      state: this.state,
      data: this.edge.account.snapshot(),
      control: this.#control.snapshot(),
      refused: this.edge.refused,
      waiting: this.edge.waiting,
      waitingBytes: this.edge.waitingBytes,
      attached: this.routes.attached,
      ...(this.note === undefined ? {} : { note: this.note }),
    };
  }
}
