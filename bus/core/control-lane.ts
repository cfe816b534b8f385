/** Sending side of a link's control lane: requests, replies, stream items, credits, subscriptions. No policy, no loss. */
import type { Outbound, ReferenceCarrier } from "#transport";
import { BusError, HEADER_BYTES, Kind, MESSAGE_BYTES_MAX } from "#wire";
import { Account } from "./account.ts";
import type { AnyMessageType, LaneAccount } from "./api.ts";
import { ArrivedItem, type ControlItem, writeControl } from "./control.ts";
import { encodePayload } from "./encode.ts";
import { deepFreeze } from "./freeze.ts";
import { mismatch } from "./mismatch.ts";
import type { Flushable, Ticker } from "./ticker.ts";

/** Items and bytes that may wait for a carrier with no room. */
const WAITING_MAX = 65_536;
const WAITING_BYTES_MAX = 64 * 1024 * 1024;
/** First guess of a frame's size, bytes; an ERROR with all its details fits the second. */
const GUESS_BYTES = 512;
const ERROR_BYTES = 8192;

export interface ControlLaneOptions {
  /** Name of the edge, for errors. */
  readonly edge: string;
  readonly byReference: boolean;
  readonly sourceId: number;
  readonly epoch: number;
  readonly messageBytesMax: number;
  readonly ticker: Ticker;
  readonly development: boolean;
  /** The peer does not read what it asked for: this link cannot be kept. */
  readonly overrun: (error: BusError) => void;
}

export class ControlLane implements Flushable {
  readonly account: Account = new Account();
  readonly #options: ControlLaneOptions;
  #out: Outbound | undefined;
  #reference: ReferenceCarrier | undefined;
  #waiting: ControlItem[] = [];
  #head = 0;
  #waitingBytes = 0;
  #sequence = 0;
  #dirty = false;

  constructor(options: ControlLaneOptions) {
    this.#options = options;
  }

  attachBytes(out: Outbound): void {
    this.#out = out;
    this.#sequence = 0;
    this.account.attach(out.report);
  }

  attachReference(carrier: ReferenceCarrier): void {
    this.#reference = carrier;
  }

  /** The link is gone, and what waited with it: its requests fail with core/peer-lost. */
  detach(reason: "link_lost" | "closed"): void {
    const carrier = this.#reference;
    if (carrier !== undefined) {
      this.account.deliver(carrier.controlDelivered);
      this.account.drop(reason, carrier.controlCommitted - carrier.controlDelivered);
    }
    this.#reference = undefined;
    this.#out = undefined;
    this.account.detach(reason);
    this.#waiting = [];
    this.#head = 0;
    this.#waitingBytes = 0;
  }

  /** Something waits for room: whoever can wait before sending more should. */
  get isCongested(): boolean {
    return this.#head < this.#waiting.length;
  }

  /**
   * Sends or queues one item; its value is not kept.
   * @returns false while there is no connection, or when a request has to wait with its caller
   * @throws BusError core/message-too-large, core/type-mismatch
   */
  send(item: ControlItem): boolean {
    if (this.#reference !== undefined) return this.#post(this.#reference, item);
    if (this.#out === undefined) return false;
    if (!this.isCongested && this.#write(item)) return true;
    if (this.#waiting.length - this.#head >= WAITING_MAX || this.#waitingBytes >= WAITING_BYTES_MAX) {
      if (item.kind !== Kind.request) this.#overrun();
      return false;
    }
    const held = this.hold(item);
    this.#waiting.push(held);
    this.#waitingBytes += bytesOf(held);
    return true;
  }

  /** The same item, independent of the caller's object. @throws as `send` */
  hold(item: ControlItem): ControlItem {
    const { type, value } = item;
    if (type === undefined || item.payload !== undefined) return item;
    if (!this.#options.byReference) {
      // The object itself is the same item for its caller, which may cancel it.
      item.payload = this.#encode(item);
      item.value = undefined;
      return item;
    }
    item.value = this.#complete(type, value);
    return item;
  }

  /** What the other side gets by reference. In development a wrong field is an error, as it always is where a message is encoded. */
  #complete(type: AnyMessageType, value: unknown): unknown {
    const { development } = this.#options;
    const problem = development ? type.check(value) : undefined;
    if (problem !== undefined) throw mismatch(type.name, problem);
    const whole = type.complete(value);
    if (development) deepFreeze(whole);
    return whole;
  }

  /** Sends what waits, as far as there is room. */
  pump(): void {
    while (this.#out !== undefined && this.#head < this.#waiting.length) {
      const item = this.#waiting[this.#head];
      if (!(item.cancelled === true && item.kind === Kind.request) && !this.#write(item)) return;
      this.#waitingBytes -= bytesOf(item);
      this.#head++;
      if (this.#head === this.#waiting.length) {
        this.#waiting = [];
        this.#head = 0;
      } else if (this.#head >= 1024) {
        this.#waiting.splice(0, this.#head);
        this.#head = 0;
      }
    }
  }

  flush(): void {
    this.#dirty = false;
    this.#out?.flush();
  }

  snapshot(): LaneAccount {
    const account = this.account.snapshot();
    const carrier = this.#reference;
    if (carrier !== undefined) {
      account.delivered += carrier.controlDelivered;
      account.inFlight = carrier.controlCommitted - carrier.controlDelivered;
    }
    return account;
  }

  #post(carrier: ReferenceCarrier, item: ControlItem): boolean {
    const value = item.type === undefined ? item.value : this.#complete(item.type, item.value);
    const before = carrier.controlCommitted;
    carrier.post(new ArrivedItem({ ...item, value }));
    // A carrier that has just ended takes nothing; the link hears of it on the next microtask.
    if (carrier.controlCommitted === before) return false;
    this.account.published++;
    return true;
  }

  #write(item: ControlItem): boolean {
    const out = this.#out as Outbound;
    let guess = GUESS_BYTES;
    if (item.error !== undefined) guess = ERROR_BYTES;
    else if (item.payload !== undefined) guess = HEADER_BYTES + item.payload.length;
    if (!this.#claimAndWrite(out, guess, item)) {
      if (this.#length >= 0 || item.type === undefined) return false;
      // Larger than the guess: encode once to know the size, rather than to claim more and more.
      const payload = this.#encode(item);
      return this.#claimAndWrite(out, HEADER_BYTES + payload.length, { ...item, payload });
    }
    return true;
  }

  /** Of the last frame written; -1 when it did not fit its claim. */
  #length = 0;

  #claimAndWrite(out: Outbound, bytes: number, item: ControlItem): boolean {
    const { ticker, sourceId, epoch } = this.#options;
    this.#length = 0;
    const offset = out.claim(bytes);
    if (offset < 0) return false;
    ticker.stamp();
    const { stampLo, stampHi } = ticker;
    const header = { sourceId, epoch, sequence: this.#sequence + 1, stampLo, stampHi };
    const length = writeControl(out.memory, offset, out.limit, item, header);
    this.#length = length;
    if (length < 0) return false;
    if (length - HEADER_BYTES > this.#bytesMax(item)) throw this.#tooLarge(item, length - HEADER_BYTES);
    this.#sequence++;
    out.commit(length);
    this.account.published++;
    this.account.committed++;
    if (!this.#dirty) {
      this.#dirty = true;
      ticker.add(this);
    }
    return true;
  }

  #encode(item: ControlItem): Uint8Array {
    const { type, value } = item;
    if (type === undefined) return new Uint8Array(0);
    return encodePayload(type, value, this.#bytesMax(item), (bytes) => this.#tooLarge(item, bytes));
  }

  /** max_message is for what users send; the bus's own frames are small, whatever it says. */
  #bytesMax(item: ControlItem): number {
    const isUsers = item.error === undefined && item.kind <= Kind.cancel;
    return isUsers ? this.#options.messageBytesMax : MESSAGE_BYTES_MAX;
  }

  #tooLarge(item: ControlItem, bytes: number): BusError {
    const { edge, messageBytesMax } = this.#options;
    const details = { type: item.type?.name ?? "message", bytes, limit: messageBytesMax, edge };
    return new BusError("core/message-too-large", { details });
  }

  #overrun(): void {
    const reason = `it left ${this.#waiting.length - this.#head} replies unread`;
    this.#options.overrun(new BusError("transport/link-lost", { details: { peer: this.#options.edge, reason } }));
  }
}

const bytesOf = (item: ControlItem): number => HEADER_BYTES + (item.payload?.length ?? 0);
