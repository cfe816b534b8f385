import { Bye, Credit, Heartbeat } from "#generated/busbar/control";
import type { MessageType } from "#schema";
import { DROP_REASONS } from "#transport";
import { frameLength, HEADER_BYTES, Kind, Lane, Memory, paddedBytes, payloadOffset, writeHeader } from "#wire";
import type { InboundLane } from "./inbound-lane.ts";
import { OWN_STAGING_BYTES } from "./limits.ts";

// biome-ignore lint/suspicious/noExplicitAny: any message type
type AnyType = MessageType<any, any, any>;

/** Counters of one lane as its reader told them. */
export interface CreditValue {
  lane: number;
  releasedBytes: number;
  delivered: number;
  dropped: readonly number[];
}

/**
 * The frames that this room makes and consumes itself: CREDIT, PING, PONG, BYE. They wait in a block of their own, because
 * a claim of a service may be open when a timer wants to report.
 */
export class OwnFrames {
  readonly #memory: Memory = Memory.allocate(OWN_STAGING_BYTES);
  readonly #dropped: BigUint64Array = new BigUint64Array(DROP_REASONS.length);
  staged = 0;

  credit(lane: InboundLane): boolean {
    for (let i = 0; i < this.#dropped.length; i++) this.#dropped[i] = BigInt(lane.dropped[i]);
    return this.#add(Kind.credit, Credit, {
      lane: lane.lane,
      releasedBytes: BigInt(lane.releasedBytes),
      delivered: BigInt(lane.delivered),
      dropped: this.#dropped,
    });
  }

  ping(token: number): boolean {
    return this.#add(Kind.ping, Heartbeat, { token: BigInt(token) });
  }

  pong(): boolean {
    return this.#add(Kind.pong, Heartbeat, {});
  }

  bye(code: string, text: string): boolean {
    return this.#add(Kind.bye, Bye, { code, text: text.slice(0, 512) });
  }

  moveTo(target: Buffer, at: number): number {
    const bytes = this.staged;
    if (bytes > 0) this.#memory.text.copy(target, at, 0, bytes);
    this.staged = 0;
    return at + bytes;
  }

  /** As OutboundLane.moveWords. */
  moveWords(target: Int32Array, at: number): number {
    const words = this.staged >> 2;
    const source = this.#memory.i32;
    for (let i = 0; i < words; i++) target[at + i] = source[i];
    this.staged = 0;
    return at + words;
  }

  /** @returns false when the block is full; the caller hands it over and tries again */
  #add(kind: number, type: AnyType, value: unknown): boolean {
    const memory = this.#memory;
    const at = this.staged;
    if (at + HEADER_BYTES >= memory.size) return false;
    const end = type.encode(memory, at + HEADER_BYTES, memory.size, value);
    if (end < 0) return false;
    const length = end - at;
    const { fingerprintLo, fingerprintHi } = type;
    const lane = Lane.control;
    writeHeader(
      memory,
      at,
      length,
      kind,
      HEADER_BYTES,
      0,
      0,
      fingerprintLo,
      fingerprintHi,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      lane,
    );
    this.staged = at + paddedBytes(length);
    memory.u8.fill(0, end, this.staged);
    return true;
  }
}

const COUNTER_MAX = BigInt(Number.MAX_SAFE_INTEGER);

/** Reads a CREDIT of lanes. @returns undefined when its payload is not sound */
export const readCredit = (memory: Memory, offset: number): CreditValue | undefined => {
  const credit = read<Credit>(Credit, memory, offset);
  if (credit === undefined) return undefined;
  const { lane, releasedBytes, delivered, dropped } = credit;
  if (lane > 1 || dropped.length > DROP_REASONS.length) return undefined;
  if (releasedBytes > COUNTER_MAX || delivered > COUNTER_MAX) return undefined;
  const counts: number[] = [];
  for (const count of dropped) {
    if (count > COUNTER_MAX) return undefined;
    counts.push(Number(count));
  }
  return { lane, releasedBytes: Number(releasedBytes), delivered: Number(delivered), dropped: counts };
};

export const readBye = (memory: Memory, offset: number): Bye | undefined => read<Bye>(Bye, memory, offset);

const read = <T>(type: AnyType, memory: Memory, offset: number): T | undefined => {
  const payload = payloadOffset(memory, offset);
  if (!type.verify(memory, payload, offset + frameLength(memory, offset))) return undefined;
  return type.decode(memory, payload) as T;
};
