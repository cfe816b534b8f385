/** HELLO, WELCOME and REFUSE as whole frames, the same bytes on every transport. Pure. Source: docs/wire.md, section 2. */
import { Hello, type HelloInit, Refuse, Welcome, type WelcomeInit } from "#generated/busbar/control";
import type { ErrorCode } from "#wire";
import {
  BusError,
  checkFrame,
  frameKind,
  frameLength,
  HEADER_BYTES,
  Kind,
  Lane,
  Memory,
  payloadOffset,
  VERSION,
  writeHeader,
} from "#wire";
import type { AnyMessageType } from "./api.ts";

export const HANDSHAKE_BYTES_MAX: number = 64 * 1024;
/** The text of a refusal may name what the peer sent, which may be as long as a HELLO. */
const REFUSAL_CHARS_MAX = 1024;

/** One control frame with a FlatBuffer of the bus's own schema as payload. */
export const encodeControl = (
  kind: number,
  type: AnyMessageType,
  value: unknown,
  sourceId: number,
  epoch: number,
  bytesMax: number = HANDSHAKE_BYTES_MAX,
): Uint8Array => {
  for (let bytes = 1024; ; bytes *= 2) {
    const memory = Memory.allocate(bytes);
    const end = type.encode(memory, HEADER_BYTES, memory.size, value);
    if (end >= 0) {
      const length = end;
      if (length > bytesMax) break;
      const { fingerprintLo, fingerprintHi } = type;
      writeHeader(
        memory,
        0,
        length,
        kind,
        HEADER_BYTES,
        0,
        sourceId,
        fingerprintLo,
        fingerprintHi,
        0,
        0,
        0,
        0,
        epoch,
        0,
        0,
        0,
        Lane.control,
      );
      return memory.u8.slice(0, length);
    }
    if (bytes > bytesMax) break;
  }
  throw new BusError("wire/bad-handshake", {
    details: { peer: "this side", reason: `larger than ${bytesMax} bytes; declare fewer types per service` },
  });
};

const decodeControl = <T>(frame: Uint8Array, kind: number, type: AnyMessageType, peer: string): T => {
  const memory = Memory.copyOf(frame);
  const fault = checkFrame(memory, 0, frame.length);
  if (fault !== undefined) throw bad(peer, `frame fault ${fault}`);
  if (frameKind(memory, 0) !== kind) throw bad(peer, `kind ${frameKind(memory, 0)} where ${kind} was expected`);
  const length = frameLength(memory, 0);
  const payload = payloadOffset(memory, 0);
  if (!type.verify(memory, payload, length)) throw bad(peer, "its payload is not a valid FlatBuffer");
  return type.decode(memory, payload) as T;
};

const bad = (peer: string, reason: string): BusError =>
  new BusError("wire/bad-handshake", { details: { peer, reason } });

export const encodeHello = (value: HelloInit, sourceId: number): Uint8Array =>
  encodeControl(Kind.hello, Hello, value, sourceId, value.epoch ?? 0);

export const decodeHello = (frame: Uint8Array, peer: string): Hello =>
  decodeControl<Hello>(frame, Kind.hello, Hello, peer);

export const encodeWelcome = (value: WelcomeInit, sourceId: number): Uint8Array =>
  encodeControl(Kind.welcome, Welcome, value, sourceId, value.epoch ?? 0);

export const encodeRefuse = (error: BusError): Uint8Array =>
  encodeControl(Kind.refuse, Refuse, { code: error.code, text: error.message.slice(0, REFUSAL_CHARS_MAX) }, 0, 0);

/** Reads WELCOME; a REFUSE becomes the error it names. */
export const decodeAnswer = (frame: Uint8Array, peer: string): Welcome => {
  if (frame.length > HEADER_BYTES && frame[6] === Kind.refuse) {
    const refuse = decodeControl<Refuse>(frame, Kind.refuse, Refuse, peer);
    throw new BusError("wire/refused", {
      details: { peer, code: refuse.code as ErrorCode, reason: refuse.text ?? refuse.code },
    });
  }
  return decodeControl<Welcome>(frame, Kind.welcome, Welcome, peer);
};

/** What the proof inside HELLO covers. */
export const proofMaterial = (nonce: Uint8Array, service: string, target: string, epoch: number): Uint8Array =>
  Buffer.concat([nonce, Buffer.from(`\0${service}\0${target}\0${epoch}`)]);

export const speaksOurVersion = (hello: Hello): boolean => hello.versions.includes(VERSION);
