import {
  CRITICAL_EXTENSION,
  crc32,
  EXTENSIONS_BYTES_MAX,
  Extension,
  Flag,
  type FrameFault,
  HEADER_BYTES,
  Kind,
  Lane,
  MESSAGE_BYTES_MAX,
  Memory,
  requestIdOf,
  SEQUENCE_MAX,
  sourceIdOf,
  topicIdOf,
  typeIdOf,
  writeExtension,
  writeHeader,
} from "#wire";
import { dice, randomBytes } from "./dice.ts";

/** Every number as a decimal string, `schema` too. */
export interface HeaderVector {
  readonly length: string;
  readonly kind: string;
  readonly payload_offset: string;
  readonly type_id: string;
  readonly source_id: string;
  readonly schema: string;
  readonly sequence: string;
  readonly timestamp: string;
  readonly correlation: string;
  readonly epoch: string;
  readonly topic_id: string;
  readonly ttl_ms: string;
  readonly flags: string;
  readonly lane: string;
}
export interface ExtensionVector {
  /** With bit 15 when critical. */
  readonly type: string;
  readonly hex: string;
}
export interface GoodFrame {
  readonly name: string;
  readonly hex: string;
  readonly header: HeaderVector;
  readonly extensions: readonly ExtensionVector[];
  readonly payload: string;
}
export interface BadFrame {
  readonly name: string;
  readonly hex: string;
  readonly error: FrameFault;
}
export interface FrameVectors {
  readonly good: readonly GoodFrame[];
  readonly bad: readonly BadFrame[];
}

interface FrameInput {
  name: string;
  kind: number;
  typeId?: number;
  sourceId?: number;
  schema?: bigint;
  sequence?: number;
  timestamp?: bigint;
  correlation?: number;
  epoch?: number;
  topicId?: number;
  ttlMs?: number;
  flags?: number;
  lane?: number;
  extensions?: readonly (readonly [type: number, value: Uint8Array])[];
  payload?: Uint8Array;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** A frame by the encoder of bus/wire, beside what it was made of. */
export function buildFrame(input: FrameInput): GoodFrame {
  const payload = input.payload ?? new Uint8Array(0);
  const extensions = input.extensions ?? [];
  const extensionBytes = extensions.reduce((sum, [, value]) => sum + ((4 + value.length + 7) & ~7), 0);
  const payloadOffset = HEADER_BYTES + extensionBytes;
  const length = payloadOffset + payload.length;
  const memory = Memory.allocate(length);
  const header: HeaderVector = {
    length: `${length}`,
    kind: `${input.kind}`,
    payload_offset: `${payloadOffset}`,
    type_id: `${input.typeId ?? 0}`,
    source_id: `${input.sourceId ?? 0}`,
    schema: `${input.schema ?? 0n}`,
    sequence: `${input.sequence ?? 0}`,
    timestamp: `${input.timestamp ?? 0n}`,
    correlation: `${input.correlation ?? 0}`,
    epoch: `${input.epoch ?? 0}`,
    topic_id: `${input.topicId ?? 0}`,
    ttl_ms: `${input.ttlMs ?? 0}`,
    flags: `${input.flags ?? 0}`,
    lane: `${input.lane ?? Lane.data}`,
  };
  encodeHeader(memory, header);
  let at = HEADER_BYTES;
  for (const [type, value] of extensions) at = writeExtension(memory, at, payloadOffset, type, value);
  memory.u8.set(payload, payloadOffset);
  return {
    name: input.name,
    hex: hexOf(memory.u8.subarray(0, length)),
    header,
    extensions: extensions.map(([type, value]) => ({ type: `${type}`, hex: hexOf(value) })),
    payload: hexOf(payload),
  };
}

/** Header fields of a vector, through `writeHeader`. */
export function encodeHeader(memory: Memory, header: HeaderVector): void {
  const half = (value: string, shift: bigint): number => Number(BigInt.asUintN(32, BigInt(value) >> shift));
  writeHeader(
    memory,
    0,
    Number(header.length),
    Number(header.kind),
    Number(header.payload_offset),
    Number(header.type_id),
    Number(header.source_id),
    half(header.schema, 0n),
    half(header.schema, 32n),
    Number(header.sequence),
    half(header.timestamp, 0n),
    half(header.timestamp, 32n),
    Number(header.correlation),
    Number(header.epoch),
    Number(header.topic_id),
    Number(header.ttl_ms),
    Number(header.flags),
    Number(header.lane),
  );
}

const crcOf = (payload: Uint8Array): Uint8Array => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(crc32(payload));
  return bytes;
};

function goodFrames(): GoodFrame[] {
  const roll = dice(2);
  const payload = randomBytes(roll, 37);
  const data = {
    kind: Kind.data,
    typeId: typeIdOf("galaxy.TurnStart"),
    sourceId: sourceIdOf("orchestrator"),
    epoch: 3,
  };
  const trace = utf8("0123456789abcdef01234567\u0001");
  const frames = [
    buildFrame({
      name: "data without extensions",
      ...data,
      schema: 0x1122334455667788n,
      sequence: 1,
      timestamp: 1_700_000_000_123_456_789n,
      payload,
    }),
    buildFrame({
      name: "every field at its largest",
      kind: Kind.data,
      typeId: 0xffffffff,
      sourceId: 0xffffffff,
      schema: 2n ** 64n - 1n,
      sequence: SEQUENCE_MAX,
      timestamp: 2n ** 64n - 1n,
      correlation: SEQUENCE_MAX,
      epoch: 0xffffffff,
      topicId: 0xffffffff,
      ttlMs: 0xffffffff,
      flags: 0xffff,
      lane: 255,
      payload,
    }),
    buildFrame({ name: "empty payload", ...data, sequence: 2 }),
    buildFrame({
      name: "topic and key",
      ...data,
      sequence: 3,
      topicId: topicIdOf("sector/7"),
      extensions: [
        [Extension.topic, utf8("sector/7")],
        [Extension.key, utf8("fleet-12")],
      ],
      payload,
    }),
    buildFrame({
      name: "a topic beyond ASCII",
      ...data,
      topicId: topicIdOf("żółw/🐢"),
      extensions: [[Extension.topic, utf8("żółw/🐢")]],
      payload,
    }),
    buildFrame({
      name: "trace and reply-to",
      ...data,
      flags: Flag.sampledTrace,
      extensions: [
        [Extension.trace, trace],
        [Extension.replyTo, utf8("caller")],
      ],
      payload,
    }),
    buildFrame({
      name: "payload with its CRC",
      ...data,
      flags: Flag.crc32,
      extensions: [[Extension.crc32, crcOf(payload)]],
      payload,
    }),
    buildFrame({
      name: "an unknown extension that may be skipped",
      ...data,
      extensions: [
        [99, utf8("new")],
        [Extension.topic, utf8("t")],
      ],
      payload,
    }),
    buildFrame({
      name: "a known extension marked critical",
      ...data,
      extensions: [[Extension.topic | CRITICAL_EXTENSION, utf8("t")]],
      payload,
    }),
    buildFrame({ name: "an empty extension", ...data, extensions: [[Extension.key, new Uint8Array(0)]], payload }),
    buildFrame({
      name: "as many extension bytes as fit",
      ...data,
      extensions: [[Extension.topic, randomBytes(roll, EXTENSIONS_BYTES_MAX - 4)]],
      payload,
    }),
    buildFrame({
      name: "request",
      kind: Kind.request,
      typeId: requestIdOf("cardsim.Cards", "Simulate"),
      sourceId: sourceIdOf("orchestrator"),
      correlation: 9_007_199_254_740_000,
      ttlMs: 5000,
      epoch: 1,
      payload,
    }),
    buildFrame({ name: "response", kind: Kind.response, correlation: 77, epoch: 1, payload }),
    buildFrame({
      name: "error",
      kind: Kind.error,
      correlation: 77,
      epoch: 1,
      extensions: [[Extension.error, Buffer.concat([Buffer.from([13, 0]), utf8("not answered")])]],
    }),
    buildFrame({
      name: "last item of a stream",
      kind: Kind.streamItem,
      correlation: 78,
      flags: Flag.lastOfStream,
      payload,
    }),
    buildFrame({
      name: "bytes that are not FlatBuffers",
      ...data,
      flags: Flag.notFlatBuffers,
      payload: utf8("plain text"),
    }),
  ];
  for (const [name, kind] of Object.entries(Kind)) {
    if (kind < Kind.hello && kind !== Kind.streamEnd && kind !== Kind.cancel) continue;
    frames.push(
      buildFrame({
        name: `kind ${name}`,
        kind,
        sourceId: sourceIdOf("cards"),
        epoch: 7,
        lane: Lane.control,
        payload: payload.subarray(0, 8),
      }),
    );
  }
  for (let i = 0; i < 12; i++) frames.push(randomFrame(`random ${i}`, roll));
  return frames;
}

function randomFrame(name: string, roll: (sides: number) => number): GoodFrame {
  const u32 = (): number => roll(65536) * 65536 + roll(65536);
  const u64 = (): bigint => (BigInt(u32()) << 32n) | BigInt(u32());
  const types = [Extension.topic, Extension.trace, Extension.replyTo, Extension.key, 2000 + roll(1000)];
  return buildFrame({
    name,
    kind: roll(256),
    typeId: u32(),
    sourceId: u32(),
    schema: u64(),
    sequence: roll(2097152) * 4294967296 + u32(),
    timestamp: u64(),
    correlation: roll(2097152) * 4294967296 + u32(),
    epoch: u32(),
    topicId: u32(),
    ttlMs: u32(),
    flags: roll(65536),
    lane: roll(2),
    extensions: Array.from(
      { length: roll(4) },
      () => [types[roll(types.length)], randomBytes(roll, roll(40))] as const,
    ),
    payload: randomBytes(roll, roll(64)),
  });
}

/** A sound frame with some bytes changed: [position, value] pairs, or a cut. */
function spoil(
  frame: GoodFrame,
  name: string,
  error: FrameFault,
  edits: readonly (readonly [number, number])[],
  cut?: number,
): BadFrame {
  const bytes = Buffer.from(frame.hex, "hex");
  for (const [at, value] of edits) bytes[at] = value;
  return { name, hex: hexOf(cut === undefined ? bytes : bytes.subarray(0, cut)), error };
}

function badFrames(): BadFrame[] {
  const payload = randomBytes(dice(3), 24);
  const plain = buildFrame({ name: "", kind: Kind.data, sequence: 1, payload });
  const topic = buildFrame({ name: "", kind: Kind.data, extensions: [[Extension.topic, utf8("abc")]], payload });
  const crc = buildFrame({
    name: "",
    kind: Kind.data,
    flags: Flag.crc32,
    extensions: [[Extension.crc32, crcOf(payload)]],
    payload,
  });
  const u32 = (at: number, value: number): [number, number][] =>
    [0, 8, 16, 24].map((shift, i) => [at + i, (value >>> shift) & 255]);
  return [
    spoil(plain, "nothing", "SHORT", [], 0),
    spoil(plain, "a header less one byte", "SHORT", [], HEADER_BYTES - 1),
    spoil(plain, "another magic", "MAGIC", [[4, 0x43]]),
    { name: "zeros", hex: "00".repeat(HEADER_BYTES), error: "MAGIC" },
    spoil(plain, "version 0", "VERSION", [[5, 0]]),
    spoil(plain, "version 2", "VERSION", [[5, 2]]),
    spoil(plain, "cut inside the payload", "LENGTH", [], plain.hex.length / 2 - 1),
    spoil(plain, "length 0", "LENGTH", u32(0, 0)),
    spoil(plain, "length below the header", "LENGTH", u32(0, 63)),
    spoil(plain, "length beyond the bytes at hand", "LENGTH", u32(0, 89)),
    spoil(plain, "length above 16 MiB", "LENGTH", u32(0, MESSAGE_BYTES_MAX + 1)),
    spoil(plain, "length with its top bit set", "LENGTH", u32(0, 0xffffffff)),
    spoil(plain, "payload offset 0", "LENGTH", [[7, 0]]),
    spoil(plain, "payload offset inside the header", "LENGTH", [[7, 7]]),
    spoil(plain, "payload offset behind the frame", "LENGTH", [[7, 255]]),
    spoil(topic, "an extension longer than the room for it", "EXT", [[66, 5]]),
    spoil(topic, "an extension of 65535 bytes", "EXT", [
      [66, 255],
      [67, 255],
    ]),
    spoil(topic, "an unknown critical extension", "CRITICAL_EXT", [
      [64, 0x50],
      [65, 0x80],
    ]),
    spoil(crc, "a payload that its CRC does not fit", "CRC", [[72, payload[0] ^ 1]]),
    spoil(crc, "a CRC of two bytes", "CRC", [[66, 2]]),
  ];
}

export const frameVectors = (): FrameVectors => ({ good: goodFrames(), bad: badFrames() });
