/** Control-lane traffic as values: one shape for carriers of bytes and carriers by reference. */
import {
  BusError,
  type ErrorCode,
  Extension,
  errorCodeOf,
  Flag,
  findExtension,
  frameCorrelation,
  frameKind,
  frameLength,
  frameTtlMs,
  frameTypeId,
  HEADER_BYTES,
  Kind,
  Lane,
  type Memory,
  payloadOffset,
  writeExtension,
  writeHeader,
} from "#wire";
import type { AnyMessageType } from "./api.ts";
import { fingerprintHex } from "./inbox.ts";
import { transcode } from "./transcode.ts";

/** What is sent. `type` goes with `value` or `payload`; `error` only with Kind.error. */
export interface ControlItem {
  readonly kind: number;
  readonly typeId: number;
  readonly correlation: number;
  ttlMs: number;
  readonly type?: AnyMessageType;
  value?: unknown;
  /** The value already encoded, when the item had to wait: the caller may have changed its object since. */
  payload?: Uint8Array;
  readonly error?: BusError;
  /** Set when the caller gave up while the item still waited to be sent. */
  cancelled?: boolean;
}

/** What arrived; read at once, it is not kept. */
export interface Arrived {
  readonly kind: number;
  readonly typeId: number;
  readonly correlation: number;
  readonly ttlMs: number;
  /** Payload as the given type, owned. @throws BusError wire/malformed-payload, schema/mismatch */
  read(type: AnyMessageType): unknown;
  error(): BusError;
}

/** Errors keep their details over the wire when they are small enough. */
const DETAILS_BYTES_MAX = 4096;
/** At most 3 bytes of UTF-8 each, so that the extension never outgrows its frame. */
const TEXT_CHARS_MAX = 512;

export interface ControlHeader {
  readonly sourceId: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly stampLo: number;
  readonly stampHi: number;
}

/**
 * Writes one item as a frame at `offset`, below `limit`.
 * @returns length of the frame, or -1 when it does not fit
 */
export const writeControl = (
  memory: Memory,
  offset: number,
  limit: number,
  item: ControlItem,
  header: ControlHeader,
): number => {
  let payload = offset + HEADER_BYTES;
  let flags = 0;
  let end = payload;
  if (item.error !== undefined) {
    const text = Buffer.from(item.error.message.slice(0, TEXT_CHARS_MAX));
    const value = Buffer.alloc(2 + text.length);
    value.writeUInt16LE(item.error.number);
    text.copy(value, 2);
    payload = writeExtension(memory, payload, limit, Extension.error, value);
    if (payload < 0) return -1;
    const details = Buffer.from(detailsOf(item.error));
    end = payload;
    if (details.length <= DETAILS_BYTES_MAX) {
      if (payload + details.length > limit) return -1;
      memory.u8.set(details, payload);
      end = payload + details.length;
      flags |= Flag.notFlatBuffers;
    }
  } else if (item.payload !== undefined) {
    end = payload + item.payload.length;
    if (end > limit) return -1;
    memory.u8.set(item.payload, payload);
  } else if (item.type !== undefined) {
    if (payload + 8 > limit) return -1;
    end = item.type.encode(memory, payload, limit, item.value);
    if (end < 0) return -1;
  }
  if (item.kind === Kind.streamEnd) flags |= Flag.lastOfStream;
  writeHeader(
    memory,
    offset,
    end - offset,
    item.kind,
    payload - offset,
    item.typeId,
    header.sourceId,
    item.type?.fingerprintLo ?? 0,
    item.type?.fingerprintHi ?? 0,
    header.sequence,
    header.stampLo,
    header.stampHi,
    item.correlation,
    header.epoch,
    0,
    item.ttlMs,
    flags,
    Lane.control,
  );
  return end - offset;
};

/** A handler may put anything into the details of its errors; what JSON cannot say is said as text. */
const detailsOf = (error: BusError): string => {
  const code = error.code;
  try {
    return JSON.stringify({ code, details: error.details }, (_, value) =>
      typeof value === "bigint" ? String(value) : value,
    );
  } catch {
    return JSON.stringify({ code, details: { text: String(error.message).slice(0, TEXT_CHARS_MAX) } });
  }
};

/** A control frame in place; pointed at one after another. */
export class ArrivedFrame implements Arrived {
  kind = 0;
  typeId = 0;
  correlation = 0;
  ttlMs = 0;
  verify = true;
  /** Named in errors. */
  edge = "";
  #memory!: Memory;
  #offset = 0;

  at(memory: Memory, offset: number): this {
    this.#memory = memory;
    this.#offset = offset;
    this.kind = frameKind(memory, offset);
    this.typeId = frameTypeId(memory, offset);
    this.correlation = frameCorrelation(memory, offset);
    this.ttlMs = frameTtlMs(memory, offset);
    return this;
  }

  read(type: AnyMessageType): unknown {
    const memory = this.#memory;
    const offset = this.#offset;
    const lo = memory.i32[(offset + 16) >> 2];
    const hi = memory.i32[(offset + 20) >> 2];
    if (lo !== (type.fingerprintLo | 0) || hi !== (type.fingerprintHi | 0)) {
      const theirs = fingerprintHex(lo, hi);
      if (!type.lineage.includes(theirs)) {
        const details = {
          type: type.name,
          ours: type.fingerprint,
          theirs,
          edge: this.edge,
          difference: "not in the lineage",
        };
        throw new BusError("schema/mismatch", { details });
      }
    }
    const payload = payloadOffset(memory, offset);
    if (this.verify && !type.verify(memory, payload, offset + frameLength(memory, offset))) {
      throw new BusError("wire/malformed-payload", { details: { type: type.name, reason: "verification failed" } });
    }
    return type.decode(memory, payload);
  }

  error(): BusError {
    const memory = this.#memory;
    const value = findExtension(memory, this.#offset, Extension.error);
    if (value === undefined || value.length < 2)
      return new BusError("core/internal", { details: { reason: "an error without a code" } });
    const bytes = Buffer.from(value);
    const code = errorCodeOf(bytes.readUInt16LE());
    const text = bytes.toString("utf8", 2);
    const payload = payloadOffset(memory, this.#offset);
    const end = this.#offset + frameLength(memory, this.#offset);
    const details = Buffer.from(memory.u8.slice(payload, end));
    return new BusError(code, {
      // Who sends details sends the whole sentence, too; a plugin sends what comes behind the code.
      message: details.length > 0 ? text : sentenceOf(code, this.edge, text),
      details: readDetails(code, details, text),
    });
  }
}

/** With its code in front, as every error has it, and with the service where the code does not name it. @param edge "source -> target" */
function sentenceOf(code: ErrorCode, edge: string, text: string): string {
  if (text === code || text.startsWith(`${code}: `)) return text;
  const [source = ""] = edge.split(" -> ");
  const named = source === "" || code.startsWith(`${source}/`) || text.startsWith(`${source}: `);
  return `${code}: ${named ? "" : `${source}: `}${text}`;
}

const readDetails = (code: ErrorCode, bytes: Buffer, text: string): Record<string, unknown> => {
  if (bytes.length === 0) return { text };
  try {
    const parsed = JSON.parse(bytes.toString("utf8")) as { code?: string; details?: Record<string, unknown> };
    if (parsed.code === code && typeof parsed.details === "object" && parsed.details !== null) return parsed.details;
  } catch {
    // Not ours to understand: the text says what is known.
  }
  return { text };
};

/** A control item that came by reference. */
export class ArrivedItem implements Arrived {
  readonly kind: number;
  readonly typeId: number;
  readonly correlation: number;
  readonly ttlMs: number;
  readonly #item: ControlItem;

  constructor(item: ControlItem) {
    this.#item = item;
    this.kind = item.kind;
    this.typeId = item.typeId;
    this.correlation = item.correlation;
    this.ttlMs = item.ttlMs;
  }

  read(type: AnyMessageType): unknown {
    const { type: theirs, value } = this.#item;
    return theirs === undefined || theirs === type ? type.complete(value) : transcode(theirs, value, type);
  }

  error(): BusError {
    return this.#item.error ?? new BusError("core/internal", { details: { reason: "an error without a code" } });
  }
}
