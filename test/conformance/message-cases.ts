import { Credit, Hello, Subscribe, Welcome } from "#generated/busbar/control";
import { Color, Everything, Wide } from "#generated/busbar/features";
import { Blob, Note, Order, Tick } from "#generated/busbar/testing";
import { BatchResponse, SimulationRequest } from "#generated/cardsim";
import { SCHEMA } from "#generated/index";
import { decodeJson, encodeJson, type JsonObject, type MessageType, schemaFromBase64 } from "#schema";
import { Memory } from "#wire";
import { hexOf } from "./frame-cases.ts";

export interface MessageVector {
  readonly name: string;
  /** Full type name. */
  readonly type: string;
  readonly fingerprint: string;
  /** Canonical JSON value: what reading any of the payloads gives. */
  readonly json: JsonObject;
  /** Bytes in hex by writer. They differ between writers, and compare by what they mean. */
  readonly payloads: Readonly<Record<string, string>>;
}

interface MessageCase {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: the cases below tie each value to its type
  readonly type: MessageType<any, any, any>;
  readonly value: unknown;
}

function message<T, Init>(name: string, type: MessageType<T, Init>, value: Init): MessageCase {
  return { name, type, value };
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const leaf = (label: string): { readonly type: "Leaf"; readonly value: { label: string } } => ({
  type: "Leaf",
  value: { label },
});

const CASES: readonly MessageCase[] = [
  message("hello", Hello, {
    versions: bytes(1),
    service: "orchestrator",
    target: "cards",
    planHash: "5f".repeat(32),
    epoch: 4,
    language: "typescript",
    libraryVersion: "0.1.0",
    nonce: bytes(0, 1, 2, 253, 254, 255),
    types: [
      {
        name: "cardsim.BatchRequest",
        typeId: 0xfedcba98,
        role: 2,
        fingerprint: "0123456789abcdef",
        lineage: ["0000000000000001", "0123456789abcdef"],
      },
      { name: "galaxy.TurnStart", typeId: 1, role: 0, fingerprint: "fedcba9876543210", lineage: ["fedcba9876543210"] },
    ],
    proof: bytes(9, 8, 7),
    windowBytes: 1048576,
    frameBytesMax: 262144,
  }),
  message("welcome with a refused type", Welcome, {
    version: 1,
    service: "cards",
    epoch: 1,
    types: [
      { typeId: 7, accepted: true },
      { typeId: 8, accepted: false, reason: "TradeSignal.ts: ulong -> uint" },
    ],
    windowBytes: 65536,
    heartbeatMs: 1000,
  }),
  message("subscribe, active by default", Subscribe, {
    type: "galaxy.TurnStart",
    typeId: 3,
    fingerprint: "00000000000000ff",
  }),
  message("credit with 64-bit counters", Credit, {
    lane: 1,
    releasedBytes: 2n ** 64n - 1n,
    delivered: 9007199254740993n,
    dropped: [0n, 1n, 2n ** 63n],
  }),
  message("tick: scalars only", Tick, {
    seq: 4294967295,
    price: 101.25,
    quantity: -0.5,
    side: 1,
    flags: 3,
    time: 1.7e9,
  }),
  message("tick: nothing but defaults", Tick, {}),
  message("order with strings beyond ASCII and structs", Order, {
    id: 18446744073709551615n,
    seq: 12,
    symbol: "BTC-USD",
    user: "",
    venue: "Zürich",
    note: "żółw 🐢 \u0000 end",
    price: 0.1,
    quantity: 1e-300,
    side: 2,
    levels: [
      { price: 1, quantity: 2 },
      { price: 3, quantity: 4 },
    ],
  }),
  message("note without strings", Note, { seq: 1 }),
  message("blob of 300 bytes", Blob, { seq: 2, data: Uint8Array.from({ length: 300 }, (_, i) => (i * 7) & 255) }),
  message("simulation request", SimulationRequest, {
    genomeBytecode: bytes(2, 0, 0, 0, 255),
    numGames: 1000,
    randomSeed: 2n ** 63n,
    teams: [{ playerIndices: bytes(0, 2) }, { playerIndices: bytes(1, 3) }],
  }),
  message("batch response", BatchResponse, {
    batchId: 1n,
    results: [{ totalGames: 10, avgTurns: 12.5, wins: Uint32Array.of(4, 6) }, { decisiveTurnPct: 0.25 }],
    totalDurationNs: 123456789012345n,
  }),
  message("every feature, mostly absent", Everything, { title: "t" }),
  message("every feature, all present", Everything, {
    flag: false,
    i8: -128,
    u8: 255,
    i16: -32768,
    u16: 65535,
    i32: -2147483648,
    u32: 4294967295,
    i64: -(2n ** 63n),
    u64: 2n ** 64n - 1n,
    f32: 3.5,
    f64: Number.NEGATIVE_INFINITY,
    color: Color.blue,
    wide: Wide.low,
    maybeInt: 0,
    maybeLong: 0n,
    maybeFloat: Number.NaN,
    maybeColor: Color.red,
    maybeFlag: false,
    title: "all of it",
    note: "🐢",
    point: { x: 1.5, y: -2 },
    grid: {
      id: 9,
      at_: { x: 0.25, y: 1e100 },
      cells: [-1, 0, 1],
      corners: [
        { x: 1, y: 2 },
        { x: 3, y: 4 },
      ],
      tint: Color.green,
      on: true,
    },
    tree: {
      name: "root",
      part: {
        type: "Branch",
        value: { left: { name: "left", part: leaf("a") }, right: { name: "right" }, leaf: { label: "b", weight: 2 } },
      },
      children: [
        { name: "child", children: [{ name: "grandchild", part: { type: "Node", value: { name: "inner" } } }] },
      ],
    },
    part: leaf("c"),
    bytes: bytes(0, 128, 255),
    small: Int8Array.of(-1, 127),
    flags: [true, false],
    shorts: Int16Array.of(-2, 2),
    ints: Int32Array.of(-3, 3),
    longs: BigInt64Array.of(-(2n ** 63n), 5n),
    ulongs: BigUint64Array.of(2n ** 64n - 1n),
    floats: Float32Array.of(0.5, Number.NaN),
    doubles: Float64Array.of(0.1, Number.POSITIVE_INFINITY),
    colors: bytes(0, 1, 5),
    texts: ["", "é", "long enough to leave the short path of any reader"],
    points: [
      { x: 0, y: 0 },
      { x: -1, y: 1 },
    ],
    nodes: [{ name: "n0" }, { name: "n1", part: leaf("d") }],
  }),
];

/** The types that messages.json is about, by full name. */
export const MESSAGE_TYPES: ReadonlyMap<string, MessageCase["type"]> = new Map(
  CASES.map(({ type }) => [type.name, type]),
);

/** Payload that the generated encoder writes. */
export function encodeGenerated(type: MessageCase["type"], value: unknown): Uint8Array {
  const memory = Memory.allocate(65536);
  const end = type.encode(memory, 0, memory.size, value);
  if (end < 0) throw new Error(`${type.name} does not fit 64 KiB`);
  return memory.u8.slice(0, end);
}

export function messageVectors(): readonly MessageVector[] {
  const schema = schemaFromBase64(SCHEMA);
  return CASES.map(({ name, type, value }) => {
    const generated = encodeGenerated(type, value);
    const json = decodeJson(schema, type.name, generated);
    const payloads = {
      "busbar-typescript": hexOf(generated),
      "flatbuffers-typescript": hexOf(encodeJson(schema, type.name, json)),
    };
    return { name, type: type.name, fingerprint: type.fingerprint, json, payloads };
  });
}
