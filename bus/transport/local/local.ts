import type {
  Admission,
  Carrier,
  DialOptions,
  Envelope,
  LaneReport,
  Listener,
  ListenOptions,
  PeerIdentity,
  ReferenceCarrier,
  ReferenceReceiver,
  Transport,
} from "#transport";
import { CLOSED, DELIVERED, DROP_REASONS, DROPPED, FULL, HOLD } from "#transport";
import { BusError, Lane } from "#wire";

/** Messages that may wait on a local edge, by reference. Counted, not weighed: nothing here has a size in bytes. */
const QUEUE_MAX = 4096;

/**
 * Services of one thread: the object itself is handed over, in the call that published it. The simplest transport, so the
 * one to read first and the one tests run on.
 */
export const createLocalTransport = (options: { queueMax?: number } = {}): Transport => {
  const doors = new Map<string, ListenOptions>();
  const queueMax = options.queueMax ?? QUEUE_MAX;
  return {
    name: "local",
    features: { byReference: true, crossesProcess: false, strangers: false, encrypted: false },

    listen(listen: ListenOptions): Promise<Listener> {
      const service = serviceOf(listen.address);
      if (doors.has(service)) {
        const address = `local:${service}`;
        return Promise.reject(new BusError("transport/address-in-use", { details: { address, holder: "" } }));
      }
      doors.set(service, listen);
      return Promise.resolve({
        address: listen.address,
        close: () => {
          if (doors.get(service) === listen) doors.delete(service);
          return Promise.resolve();
        },
      });
    },

    dial(dial: DialOptions): Promise<Carrier> {
      const service = serviceOf(dial.address);
      const door = doors.get(service);
      const address = `local:${service}`;
      if (door === undefined) {
        const reason = "nobody listens there yet";
        return Promise.reject(new BusError("transport/unreachable", { details: { address, reason } }));
      }
      try {
        const admission: Admission = door.admit(dial.hello, { label: address });
        // On refusal `accept` reads the REFUSE frame and throws with the peer's code.
        dial.accept("refuse" in admission ? admission.refuse : admission.welcome);
        if ("refuse" in admission) throw new BusError("wire/refused", { details: { peer: address, reason: "" } });
        const here = new LocalCarrier({ label: address }, queueMax);
        const there = new LocalCarrier({ label: "local" }, queueMax);
        here.join(there);
        admission.attach(there);
        return Promise.resolve(here);
      } catch (error) {
        return Promise.reject(BusError.from(error));
      }
    },

    close(): Promise<void> {
      doors.clear();
      return Promise.resolve();
    },
  };
};

const serviceOf = (address: ListenOptions["address"]): string => {
  if (address.transport !== "local") throw new TypeError(`not a local address: ${address.transport}`);
  return address.service;
};

interface Waiting {
  // biome-ignore lint/suspicious/noExplicitAny: any message type
  readonly type: any;
  readonly message: unknown;
  readonly envelope: Envelope;
}

class LocalCarrier implements ReferenceCarrier {
  readonly kind = "reference";
  readonly transport = "local";
  readonly peer: PeerIdentity;
  readonly report: { delivered: number; dropped: number[] } = {
    delivered: 0,
    dropped: DROP_REASONS.map(() => 0),
  } satisfies LaneReport;
  committed = 0;
  controlCommitted = 0;
  controlDelivered = 0;
  #other!: LocalCarrier;
  #receiver: ReferenceReceiver | undefined;
  #closed = false;
  /** The other side is inside a delivery from here: what comes now waits, so that order holds for every callback. */
  #delivering = false;
  #held = false;
  #owesWritable = false;
  /** Messages from here that wait for the other side. A ring of slots: shifting a long array costs microseconds. */
  readonly #waiting: (Waiting | undefined)[] = [];
  #head = 0;
  readonly #posts: unknown[] = [];
  readonly #queueMax: number;

  constructor(peer: PeerIdentity, queueMax: number) {
    this.peer = peer;
    this.#queueMax = queueMax;
  }

  join(other: LocalCarrier): void {
    this.#other = other;
    other.#other = this;
  }

  open(receiver: ReferenceReceiver): void {
    this.#receiver = receiver;
    if (this.#other.#waiting.length > 0) queueMicrotask(() => this.#other.#pump());
    if (this.#other.#posts.length > 0) queueMicrotask(() => this.#other.#post());
  }

  // biome-ignore lint/suspicious/noExplicitAny: any message type
  send(type: any, message: unknown, envelope: Envelope): number {
    if (this.#closed) return CLOSED;
    const receiver = this.#other.#receiver;
    if (this.#delivering || this.#held || this.#waiting.length !== 0 || receiver === undefined) {
      return this.#enqueue(type, message, envelope);
    }
    this.#delivering = true;
    const verdict = receiver.message(type, message, envelope);
    this.#delivering = false;
    if (verdict === DELIVERED) {
      this.committed++;
      this.report.delivered++;
      // A callback may have published to us again meanwhile.
      if (this.#waiting.length !== 0) this.#pump();
      return 1;
    }
    return this.#settle(verdict, type, message, envelope);
  }

  post(value: unknown): void {
    if (this.#closed) return;
    this.controlCommitted++;
    if (this.#posts.push(value) === 1) queueMicrotask(() => this.#post());
  }

  /** The receiver of THIS end has room again: what the other end holds for it may come. */
  resume(): void {
    const sender = this.#other;
    if (!sender.#held) return;
    sender.#held = false;
    queueMicrotask(() => sender.#pump());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const other = this.#other;
    if (other.#closed) return;
    other.#closed = true;
    const cause = new BusError("core/closed", { details: { what: `the link to ${this.peer.label}` } });
    queueMicrotask(() => other.#receiver?.closed(cause));
  }

  // biome-ignore lint/suspicious/noExplicitAny: any message type
  #settle(verdict: number, type: any, message: unknown, envelope: Envelope): number {
    if (verdict === HOLD) {
      this.#held = true;
      return this.#enqueue(type, message, envelope);
    }
    this.committed++;
    this.report.dropped[verdict - DROPPED]++;
    return 1;
  }

  // biome-ignore lint/suspicious/noExplicitAny: any message type
  #enqueue(type: any, message: unknown, envelope: Envelope): number {
    if (this.#waiting.length - this.#head >= this.#queueMax) {
      this.#owesWritable = true;
      return FULL;
    }
    this.#waiting.push({ type, message, envelope });
    this.committed++;
    return 1;
  }

  #pump(): void {
    if (this.#delivering || this.#closed) return;
    const receiver = this.#other.#receiver;
    if (receiver === undefined) return;
    const waiting = this.#waiting;
    this.#delivering = true;
    const first = this.#head;
    while (!this.#held && this.#head < waiting.length) {
      const next = waiting[this.#head] as Waiting;
      const verdict = receiver.message(next.type, next.message, next.envelope);
      if (verdict === HOLD) {
        this.#held = true;
        break;
      }
      waiting[this.#head++] = undefined;
      if (verdict === DELIVERED) this.report.delivered++;
      else this.report.dropped[verdict - DROPPED]++;
    }
    this.#delivering = false;
    const moved = this.#head > first;
    if (this.#head === waiting.length) {
      waiting.length = 0;
      this.#head = 0;
    } else if (this.#head > 1024) {
      waiting.splice(0, this.#head);
      this.#head = 0;
    }
    if (this.#owesWritable && waiting.length - this.#head <= this.#queueMax * 0.75) {
      this.#owesWritable = false;
      this.#receiver?.writable();
    }
    if (moved) this.#receiver?.reported(Lane.data);
  }

  #post(): void {
    const receiver = this.#other.#receiver;
    if (receiver === undefined || this.#closed) return;
    const posts = this.#posts.splice(0);
    for (const value of posts) {
      this.controlDelivered++;
      receiver.control(value);
    }
    if (this.#posts.length > 0) queueMicrotask(() => this.#post());
  }
}
