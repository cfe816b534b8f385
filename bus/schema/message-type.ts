import type { Memory } from "#wire";

/** A reader of one message in place. Valid only inside the callback that received it; it has no setters. */
export interface MessageView {
  /** Points this view at the payload that starts at byte `offset` (its root uoffset). @returns this */
  at(offset: number): this;
}

/**
 * What generated bindings say about one table that can be a message.
 * T is the owned object (every field present), Init what publishers may write (fields with defaults may be left out),
 * View the in-place reader with the same getters as T.
 *
 * All functions are pure but for the Memory they are given; none keeps a reference to it.
 */
export interface MessageType<T = unknown, Init = T, View extends MessageView = MessageView> {
  /** Full name with namespace, such as "galaxy.TurnStart". */
  readonly name: string;
  /** u32: first 4 bytes of SHA-256("type:" + name). */
  readonly typeId: number;
  /** 16 hex digits: digest of the canonical description of the type and all it refers to. */
  readonly fingerprint: string;
  readonly fingerprintLo: number;
  readonly fingerprintHi: number;
  /** Fingerprints of all compatible versions, oldest first, the current one last. */
  readonly lineage: readonly string[];
  /** Binary schema (.bfbs) that holds this type, base64. One shared string for all types of a generated set. */
  readonly schema: string;

  /**
   * Writes `value` as a FlatBuffer, front to back, from byte `offset` (a multiple of 8; the root uoffset lies there) and
   * never at or beyond byte `limit` (a multiple of 4). Padding and absent fields are zeroed, so no stale byte leaks.
   * @returns the end offset (payload length = end - offset), or -1 when it does not fit
   * @throws BusError core/type-mismatch when a required field is absent; TypeError for values of a wrong type
   */
  encode(memory: Memory, offset: number, limit: number, value: Init): number;
  /** Owned object from a verified payload at `offset`. */
  decode(memory: Memory, offset: number): T;
  /**
   * Whether the bytes [offset, end) are a sound FlatBuffer of this type. Fast for the layout `encode` makes, else by the
   * binary schema. Never throws, never reads outside [offset, end).
   */
  verify(memory: Memory, offset: number, end: number): boolean;
  /** A reader over `memory`; make it once per Memory and reuse it. */
  view(memory: Memory): View;
  /** `value` itself when every field is present, else a copy with defaults filled in, so that by-reference delivery
   * and decoding give the same object. */
  complete(value: Init): T;
  /** Path and problem of the first field that does not fit its type ("units[2].hp is not an int"), or undefined. */
  check(value: unknown): string | undefined;
}

export interface MethodType<
  Req = unknown,
  ReqInit = Req,
  Res = unknown,
  ResInit = Res,
  Streaming extends boolean = boolean,
> {
  /** As in the schema, "Simulate"; the TypeScript name is the key in `ServiceType.methods`, "simulate". */
  readonly name: string;
  /** u32: first 4 bytes of SHA-256("rpc:<Service>/<Method>"). */
  readonly requestId: number;
  // biome-ignore lint/suspicious/noExplicitAny: the view type does not matter here
  readonly request: MessageType<Req, ReqInit, any>;
  // biome-ignore lint/suspicious/noExplicitAny: the view type does not matter here
  readonly response: MessageType<Res, ResInit, any>;
  /** True for `(streaming: "server")`: many responses to one request. */
  readonly streaming: Streaming;
}

// biome-ignore lint/suspicious/noExplicitAny: variance; the concrete types come from generated code
export type MethodTable = Readonly<Record<string, MethodType<any, any, any, any, boolean>>>;

export interface ServiceType<M extends MethodTable = MethodTable> {
  /** Full name, "cardsim.Cards". */
  readonly name: string;
  readonly methods: M;
}
