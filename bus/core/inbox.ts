import type { MessageView } from "#schema";
import { DELIVERED, dropped, type Envelope, HOLD } from "#transport";
import { BusError, frameTopicId, type Memory } from "#wire";
import type { AnyMessageType, Logger, SubscribeOptions } from "./api.ts";
import { isNamed } from "./instances.ts";
import { KeepPool } from "./keep-pool.ts";
import { frameTopic, type Keeping, Meta } from "./meta.ts";
import { type Callback, SubscriberImpl } from "./subscriber.ts";
import type { Ticker } from "./ticker.ts";

const MALFORMED = dropped("malformed");
const REFUSED_SCHEMA = dropped("refused_schema");
const NOBODY = dropped("closed");

/** The first of so many faults of a kind gets a line in the log. */
const COMPLAINTS_PER_LINE = 1000;

type InPlace = MessageView & { at(offset: number): MessageView };
type AnySubscriber = SubscriberImpl<unknown, MessageView>;

/** All subscribers of one type in one service. */
export class InRoute {
  readonly type: AnyMessageType;
  subscribers: AnySubscriber[] = [];
  /** Fingerprints beside the current one whose messages we read: 16 hex digits. */
  readonly accepted: ReadonlySet<string>;
  /** As a frame's words are read. */
  readonly fingerprintLo: number;
  readonly fingerprintHi: number;
  /** The only subscriber, with a callback and no filter: the common case goes straight to it. */
  only: AnySubscriber | undefined;

  constructor(type: AnyMessageType) {
    this.type = type;
    this.accepted = new Set(type.lineage);
    this.fingerprintLo = type.fingerprintLo | 0;
    this.fingerprintHi = type.fingerprintHi | 0;
  }

  set(subscribers: AnySubscriber[]): void {
    this.subscribers = subscribers;
    const [first] = subscribers;
    const plain = subscribers.length === 1 && first.callback !== undefined && first.from === "" && first.topic === "";
    this.only = plain ? first : undefined;
  }
}

export interface InboxOptions {
  readonly service: string;
  readonly ticker: Ticker;
  readonly log: Logger;
  /** Subscriptions to a type changed: peers must be told. */
  readonly changed: (type: AnyMessageType) => void;
  /** A buffer has room again. */
  readonly resume: () => void;
  /** Resolves once every service that may publish the type has been told. */
  readonly announced: (type: AnyMessageType) => Promise<void>;
  /** Whether `source` has said that it sends a newer version of the type, with this fingerprint. */
  readonly acceptsNewer: (source: string, typeId: number, fingerprint: string) => boolean;
}

/** Where a service's messages arrive: by type id to subscribers, verified when they crossed a process. */
export class Inbox {
  readonly #options: InboxOptions;
  readonly #ticker: Ticker;
  /** By type id as a signed number, which V8 keeps without allocating. */
  readonly #routes = new Map<number, InRoute>();
  #lastId = 0;
  #last: InRoute | undefined;
  /** The same for what comes by reference. */
  #lastMessage: InRoute | undefined;
  /** Faults of frames so far, by code. */
  readonly #complaints = new Map<string, number>();
  #failures = 0;
  readonly #meta: Meta;
  /** For messages that wait for a callback: a callback that is running has the other one. */
  readonly #spare: Meta;
  /** Callbacks that are running: one may publish and so cause another. */
  #depth = 0;
  readonly #keeping: Keeping = { pool: new KeepPool(), active: () => this.#depth > 0 };

  constructor(options: InboxOptions) {
    this.#options = options;
    this.#ticker = options.ticker;
    this.#meta = new Meta(options.ticker, this.#keeping);
    this.#spare = new Meta(options.ticker, this.#keeping);
  }

  add(type: AnyMessageType, options: SubscribeOptions): AnySubscriber {
    const subscriber = new SubscriberImpl<unknown, MessageView>(this, type, options);
    const route = this.#routes.get(type.typeId | 0) ?? new InRoute(type);
    this.#routes.set(type.typeId | 0, route);
    route.set([...route.subscribers, subscriber]);
    this.#last = undefined;
    this.#lastMessage = undefined;
    this.#options.changed(type);
    return subscriber;
  }

  remove(subscriber: AnySubscriber): void {
    const route = this.#routes.get(subscriber.messageType.typeId | 0);
    if (route === undefined) return;
    route.set(route.subscribers.filter((other) => other !== subscriber));
    if (route.subscribers.length === 0) this.#routes.delete(subscriber.messageType.typeId | 0);
    this.#last = undefined;
    this.#lastMessage = undefined;
    this.#options.changed(subscriber.messageType);
  }

  /** A subscriber got its callback. */
  called(subscriber: { messageType: AnyMessageType }): void {
    const route = this.#routes.get(subscriber.messageType.typeId | 0);
    route?.set(route.subscribers);
  }

  resume(): void {
    this.#options.resume();
  }

  announced(subscriber: { messageType: AnyMessageType }): Promise<void> {
    return this.#options.announced(subscriber.messageType);
  }

  /** The binding through which subscribers here see a type. */
  typeOf(typeId: number): AnyMessageType | undefined {
    return this.#routes.get(typeId | 0)?.type;
  }

  types(): AnyMessageType[] {
    return [...this.#routes.values()].map((route) => route.type);
  }

  /** Topics wanted from `source`, [""] for all. */
  topics(typeId: number, source: string): string[] {
    const subscribers = this.#routes.get(typeId | 0)?.subscribers ?? [];
    const topics = new Set(subscribers.filter((s) => hears(s, source)).map((s) => s.topic));
    return topics.has("") ? [""] : [...topics];
  }

  closeAll(): void {
    for (const route of [...this.#routes.values()]) for (const subscriber of route.subscribers) subscriber.close();
  }

  /** One DATA frame. Verdict as the transport wants it. */
  frame(source: string, typeId: number, memory: Memory, offset: number, end: number, verify: boolean): number {
    let route = this.#last;
    if (typeId !== this.#lastId || route === undefined) {
      route = this.#routes.get(typeId);
      if (route === undefined) return NOBODY;
      this.#last = route;
      this.#lastId = typeId;
    }
    const words = memory.i32;
    const w = offset >> 2;
    const lo = words[w + 4];
    const hi = words[w + 5];
    if (lo !== route.fingerprintLo || hi !== route.fingerprintHi) {
      if (!this.#accepts(route, source, typeId >>> 0, lo, hi)) return REFUSED_SCHEMA;
    }
    const payload = offset + ((words[w + 1] >>> 24) << 3);
    if (verify && !route.type.verify(memory, payload, end)) return this.#malformed(route, source);
    const only = route.only;
    if (only !== undefined) {
      this.#show(only, source, memory, offset, payload);
      return DELIVERED;
    }
    const subscribers = route.subscribers;
    if (anyFull(subscribers, source)) return HOLD;
    const topicId = frameTopicId(memory, offset);
    let owned: unknown;
    for (let i = 0; i < subscribers.length; i++) {
      const subscriber = subscribers[i];
      if (subscriber.closed || !hears(subscriber, source)) continue;
      if (subscriber.topic !== "" && (topicId === 0 || frameTopic(memory, offset) !== subscriber.topic)) continue;
      if (subscriber.callback === undefined) {
        const meta = subscriber.undecided ? this.#spare.atFrame(source, memory, offset).settled() : undefined;
        subscriber.push((owned ??= route.type.decode(memory, payload)), meta);
      } else this.#show(subscriber, source, memory, offset, payload);
    }
    return DELIVERED;
  }

  #malformed(route: InRoute, source: string): number {
    const details = { type: route.type.name, reason: "verification failed" };
    this.#complain(source, new BusError("wire/malformed-payload", { details }));
    return MALFORMED;
  }

  /** Calls back with the view in place. */
  #show(subscriber: AnySubscriber, source: string, memory: Memory, offset: number, payload: number): void {
    let view = subscriber.view;
    if (view === undefined || subscriber.viewMemory !== memory) {
      view = subscriber.messageType.view(memory);
      this.#keeping.pool.know(view as MessageView, subscriber.messageType);
      subscriber.view = view;
      subscriber.viewMemory = memory;
    }
    const meta = this.#depth === 0 ? this.#meta : new Meta(this.#ticker, this.#keeping);
    this.#depth++;
    // A frame whose callback ran is delivered, so the carrier will say `idle`.
    this.#ticker.delivering = true;
    try {
      const returned = (subscriber.callback as Callback)(
        (view as InPlace).at(payload) as never,
        meta.atFrame(source, memory, offset),
      );
      if (returned !== undefined) this.#returned(subscriber.type, returned);
    } catch (error) {
      this.#failed(subscriber.type, error);
    }
    this.#ticker.delivering = false;
    this.#depth--;
  }

  /** One message by reference. */
  message(source: string, type: AnyMessageType, message: unknown, envelope: Envelope, sequence: number): number {
    let route = this.#lastMessage;
    if (route === undefined || type !== route.type) {
      // Bindings of the same type may be different objects.
      route = this.#routes.get(type.typeId | 0);
      if (route === undefined) return NOBODY;
      this.#lastMessage = route;
    }
    const only = route.only;
    if (only !== undefined) {
      this.#hand(only, source, message, envelope, sequence);
      return DELIVERED;
    }
    const subscribers = route.subscribers;
    if (anyFull(subscribers, source)) return HOLD;
    for (let i = 0; i < subscribers.length; i++) {
      const subscriber = subscribers[i];
      if (subscriber.closed || !hears(subscriber, source)) continue;
      if (subscriber.topic !== "" && envelope.topic !== subscriber.topic) continue;
      if (subscriber.callback === undefined) {
        const meta = subscriber.undecided ? this.#spare.atReference(source, envelope, sequence).settled() : undefined;
        subscriber.push(message, meta);
      } else this.#hand(subscriber, source, message, envelope, sequence);
    }
    return DELIVERED;
  }

  /** Calls back with the object itself. */
  #hand(subscriber: AnySubscriber, source: string, message: unknown, envelope: Envelope, sequence: number): void {
    const meta = this.#depth === 0 ? this.#meta : new Meta(this.#ticker, this.#keeping);
    this.#depth++;
    try {
      const returned = subscriber.callback?.(message as never, meta.atReference(source, envelope, sequence));
      if (returned !== undefined) this.#returned(subscriber.type, returned);
    } catch (error) {
      this.#failed(subscriber.type, error);
    }
    this.#depth--;
  }

  /** An async callback is not waited for, but its failure must not end the process. */
  #returned(type: string, value: unknown): void {
    if (value instanceof Promise) value.catch((error: unknown) => this.#failed(type, error));
  }

  guard(subscriber: { type: string }, call: () => unknown): void {
    try {
      this.#returned(subscriber.type, call());
    } catch (error) {
      this.#failed(subscriber.type, error);
    }
  }

  #accepts(route: InRoute, source: string, typeId: number, lo: number, hi: number): boolean {
    const theirs = fingerprintHex(lo, hi);
    if (route.accepted.has(theirs) || this.#options.acceptsNewer(source, typeId, theirs)) return true;
    const { name: type, fingerprint: ours } = route.type;
    const edge = `${source} -> ${this.#options.service}`;
    const difference = "that version is not in the lineage here";
    this.#complain(source, new BusError("schema/mismatch", { details: { type, edge, ours, theirs, difference } }));
    return false;
  }

  readonly #failed = (type: string, error: unknown): void => {
    // One bad callback on a fast edge must not fill the disk.
    if (this.#failures++ % COMPLAINTS_PER_LINE !== 0) return;
    const { log, service } = this.#options;
    const err = error instanceof Error ? error.message : String(error);
    log.error({ err, type, service, count: this.#failures }, "a subscriber's callback failed");
  };

  #complain(source: string, error: BusError): void {
    const count = (this.#complaints.get(error.code) ?? 0) + 1;
    this.#complaints.set(error.code, count);
    if (count % COMPLAINTS_PER_LINE === 1) this.#options.log.warn({ source, count, code: error.code }, error.message);
  }
}

const hears = ({ from }: AnySubscriber, source: string): boolean => from === "" || isNamed(source, from);

const anyFull = (subscribers: AnySubscriber[], source: string): boolean => {
  for (let i = 0; i < subscribers.length; i++) {
    const subscriber = subscribers[i];
    if (hears(subscriber, source) && subscriber.isFull) return true;
  }
  return false;
};

/** 16 hex digits of a fingerprint, from the two words of the u64. */
export const fingerprintHex = (lo: number, hi: number): string =>
  (hi >>> 0).toString(16).padStart(8, "0") + (lo >>> 0).toString(16).padStart(8, "0");
