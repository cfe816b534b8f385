/** Puts messages on the carrier of an edge: one attempt each, no policy. Data lane only. */
import type { ByteCarrier, Envelope, Outbound, ReferenceCarrier } from "#transport";
import { CLOSED as CARRIER_CLOSED } from "#transport";
import {
  BusError,
  Extension,
  Flag,
  HEADER_BYTES,
  Kind,
  Lane,
  MAGIC,
  type Memory,
  VERSION,
  writeExtension,
} from "#wire";
import type { Account } from "./account.ts";
import type { AnyMessageType } from "./api.ts";
import { decodePayload, encodePayload } from "./encode.ts";
import { extensionBytes, PLAIN, topicIdFor } from "./envelope.ts";
import { deepFreeze } from "./freeze.ts";
import type { Clock } from "./hub-api.ts";
import { FULL, SENT } from "./outcome.ts";
import type { Pending } from "./pending-queue.ts";
import type { Route } from "./route.ts";
import type { Flushable, Ticker } from "./ticker.ts";

/** First guess of a payload's size, and the one to fall back to when a larger guess finds no room. */
const GUESS_BYTES = 128;
const TWO32 = 4294967296;
/** Of this module, and so a constant for the compiler; what is imported is looked up and checked each time. */
const HEADER = HEADER_BYTES;
/** Second word of the header of a message without extensions. */
const PLAIN_WORD = MAGIC | (VERSION << 8) | (Kind.data << 16) | ((HEADER_BYTES >> 3) << 24);

export interface DataSenderOptions {
  /** Name of the edge, for errors. */
  readonly edge: string;
  readonly sourceId: number;
  readonly epoch: number;
  readonly messageBytesMax: number;
  readonly ticker: Ticker;
  readonly clock: Clock;
  readonly development: boolean;
  readonly account: Account;
}

export class DataSender implements Flushable {
  readonly #options: DataSenderOptions;
  #out: Outbound | undefined;
  #reference: ReferenceCarrier | undefined;
  readonly #account: Account;
  readonly #ticker: Ticker;
  readonly #sourceId: number;
  readonly #epoch: number;
  readonly #payloadMax: number;
  #sequence = 0;
  #dirty = false;

  constructor(options: DataSenderOptions) {
    this.#options = options;
    this.#account = options.account;
    this.#ticker = options.ticker;
    this.#sourceId = options.sourceId | 0;
    this.#epoch = options.epoch | 0;
    this.#payloadMax = options.messageBytesMax;
  }

  attachBytes(carrier: ByteCarrier): void {
    this.#out = carrier.outbound[Lane.data];
    this.#options.account.attach(this.#out.report);
  }

  attachReference(carrier: ReferenceCarrier): void {
    this.#reference = carrier;
    this.#options.account.attach(carrier.report);
  }

  detach(): void {
    this.#out = undefined;
    this.#reference = undefined;
  }

  /** What carries the edge now; undefined while there is no link. */
  get carrier(): object | undefined {
    return this.#out ?? this.#reference;
  }

  get byReference(): boolean {
    return this.#reference !== undefined;
  }

  /** @returns SENT or FULL. A carrier that has just ended is full: the link will say so, and the policy decides till then. */
  send(route: Route, message: unknown, envelope: Envelope): number {
    if (this.#reference !== undefined) return this.#sendReference(route, message, envelope);
    return this.#sendBytes(route, message, envelope);
  }

  /** As `send`, over a carrier of bytes and without topic, key or deadline: the common case, and nothing but it. */
  sendPlain(route: Route, message: unknown): number {
    const out = this.#out;
    if (out === undefined) return FULL;
    const offset = out.claim(HEADER + route.sizeHint);
    // The careful way knows what else may be tried.
    if (offset < 0) return this.#sendBytes(route, message, PLAIN);
    const payload = offset + HEADER;
    const end = route.encode(out.memory, payload, out.limit, message);
    const bytes = end - payload;
    if (bytes < 0 || bytes > this.#payloadMax) return this.#sendBytes(route, message, PLAIN);
    const hint = bytes + (bytes >> 2) + 32;
    route.sizeHint = hint < this.#payloadMax ? hint : this.#payloadMax;
    const words = out.memory.i32;
    const w = offset >> 2;
    this.#writeHeader(words, w, route, end - offset);
    words[w + 1] = PLAIN_WORD;
    words[w + 13] = 0;
    words[w + 14] = 0;
    words[w + 15] = 0;
    this.#committed(out, end - offset);
    this.#account.published++;
    return SENT;
  }

  /** As `send`, for what has waited; it was counted as published before. */
  sendPending({ route, envelope, message, payload }: Pending): number {
    if (this.#reference !== undefined) {
      const value = payload === undefined ? message : decodePayload(route.type, payload);
      return this.#handOver(route.type, value, envelope);
    }
    const out = this.#out;
    if (out === undefined) return FULL;
    const bytes = payload ?? this.encode(route, message);
    const extensions = extensionBytes(envelope.topic, envelope.key);
    const offset = out.claim(HEADER_BYTES + extensions + bytes.length);
    if (offset < 0) return FULL;
    const start = offset + HEADER_BYTES + extensions;
    out.memory.u8.set(bytes, start);
    this.#commit(out, route, offset, start, start - offset + bytes.length, envelope);
    return SENT;
  }

  /** Into bytes of its own, for what must wait. @throws BusError core/message-too-large, core/type-mismatch */
  encode(route: Route, message: unknown): Uint8Array {
    return encodePayload(route.type, message, this.#options.messageBytesMax, (bytes) => this.#tooLarge(route, bytes));
  }

  flush(): void {
    this.#dirty = false;
    this.#out?.flush();
  }

  #sendReference(route: Route, message: unknown, envelope: Envelope): number {
    const value = route.type.complete(message);
    if (this.#options.development) deepFreeze(value);
    const { account } = this.#options;
    // Counted before: the callbacks run inside send and may look at the account.
    account.published++;
    const result = this.#handOver(route.type, value, envelope);
    if (result !== SENT) account.published--;
    return result;
  }

  #handOver(type: AnyMessageType, value: unknown, envelope: Envelope): number {
    const { account } = this.#options;
    account.committed++;
    if ((this.#reference as ReferenceCarrier).send(type, value, envelope) === 1) return SENT;
    account.committed--;
    return FULL;
  }

  #sendBytes(route: Route, message: unknown, envelope: Envelope): number {
    const out = this.#out;
    if (out === undefined) return FULL;
    const extensions = envelope.topic === "" && envelope.key === "" ? 0 : extensionBytes(envelope.topic, envelope.key);
    const payloadMax = this.#options.messageBytesMax;
    let need = Math.min(route.sizeHint, payloadMax);
    let guessed = need > GUESS_BYTES;
    for (;;) {
      const offset = out.claim(HEADER_BYTES + extensions + need);
      if (offset < 0) {
        if (offset === CARRIER_CLOSED || !guessed) return FULL;
        // The guess comes from another message: this one may be smaller.
        guessed = false;
        need = GUESS_BYTES;
        continue;
      }
      const payload = offset + HEADER_BYTES + extensions;
      const end = route.type.encode(out.memory, payload, out.limit, message);
      if (end >= 0) {
        const bytes = end - payload;
        if (bytes > payloadMax) throw this.#tooLarge(route, bytes);
        route.sizeHint = bytes + (bytes >> 2) + 32;
        this.#commit(out, route, offset, payload, end - offset, envelope);
        this.#account.published++;
        return SENT;
      }
      if (out.limit - payload >= payloadMax) throw this.#tooLarge(route, payloadMax + 1);
      guessed = false;
      need = Math.min(Math.max(need, out.limit - payload) * 4, payloadMax);
    }
  }

  #commit(out: Outbound, route: Route, offset: number, payload: number, length: number, envelope: Envelope): void {
    const memory = out.memory;
    const words = memory.i32;
    const w = offset >> 2;
    this.#writeHeader(words, w, route, length);
    words[w + 1] = MAGIC | (VERSION << 8) | (Kind.data << 16) | ((payload - offset) << 21);
    words[w + 13] = 0;
    words[w + 14] = 0;
    words[w + 15] = 0;
    if (envelope.topic !== "" || envelope.key !== "") writeExtensions(memory, offset, payload, envelope);
    if (envelope.topic !== "") words[w + 13] = topicIdFor(envelope.topic);
    if (envelope.expiresAt !== 0)
      words[w + 14] = Math.max(1, Math.ceil(envelope.expiresAt - this.#options.clock.now()));
    if (envelope.replayed) words[w + 15] = Flag.replayed;
    this.#committed(out, length);
  }

  /** All words but the second and those that an envelope may change. */
  #writeHeader(words: Int32Array, w: number, route: Route, length: number): void {
    const ticker = this.#ticker;
    ticker.stamp();
    const sequence = ++this.#sequence;
    words[w] = length;
    words[w + 2] = route.typeId;
    words[w + 3] = this.#sourceId;
    words[w + 4] = route.fingerprintLo;
    words[w + 5] = route.fingerprintHi;
    words[w + 6] = sequence;
    words[w + 7] = sequence < TWO32 ? 0 : sequence / TWO32;
    words[w + 8] = ticker.stampLo;
    words[w + 9] = ticker.stampHi;
    words[w + 10] = 0;
    words[w + 11] = 0;
    words[w + 12] = this.#epoch;
  }

  #committed(out: Outbound, length: number): void {
    out.commit(length);
    this.#account.committed++;
    if (this.#dirty) return;
    this.#dirty = true;
    this.#ticker.add(this);
  }

  #tooLarge(route: Route, bytes: number): BusError {
    const { edge, messageBytesMax } = this.#options;
    const details = { type: route.type.name, bytes, limit: messageBytesMax, edge };
    return new BusError("core/message-too-large", { details });
  }
}

const writeExtensions = (memory: Memory, offset: number, payload: number, envelope: Envelope): void => {
  let at = offset + HEADER_BYTES;
  if (envelope.topic !== "") at = writeExtension(memory, at, payload, Extension.topic, Buffer.from(envelope.topic));
  if (envelope.key !== "") writeExtension(memory, at, payload, Extension.key, Buffer.from(envelope.key));
};
