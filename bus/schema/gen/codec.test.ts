// Random values of a schema with every feature go through our encoder and the official reader, and the other way round.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type MessageType, makeVerifier, schemaFromBase64 } from "#schema";
import { Memory } from "#wire";
import { readSources } from "../sources.ts";
import { Branch, Everything, Node, Oracle, Scalars, Strings, Vectors } from "./testdata/generated/features.ts";
import { SCHEMA, TYPES } from "./testdata/generated/index.ts";
import { Label } from "./testdata/generated/shapes/base.ts";
import { initOf } from "./testing/arbitrary.ts";
import { Stock } from "./testing/stock.ts";

// biome-ignore lint/suspicious/noExplicitAny: values are of any type here
type AnyType = MessageType<any, any, any>;

const schema = schemaFromBase64(SCHEMA);
const RUNS = { numRuns: 60, endOnFailure: true };
const OFFSET = 64;
let stock: Stock;
beforeAll(async () => {
  stock = await Stock.load(schema, readSources("bus/schema/gen/testdata/schema"));
});
afterAll(() => stock.close());

function encoded(type: AnyType, value: unknown, fill = 0): Uint8Array {
  for (let bytes = 4096; ; bytes *= 4) {
    const memory = Memory.allocate(bytes);
    memory.u8.fill(fill);
    const end = type.encode(memory, OFFSET, bytes, value);
    if (end >= 0) return memory.u8.slice(OFFSET, end);
  }
}

/** A payload at an offset of its own, with foreign bytes on both sides. */
function placed(bytes: Uint8Array): { memory: Memory; end: number } {
  const memory = Memory.allocate(OFFSET + bytes.length + 64);
  memory.u8.fill(0xa5);
  memory.u8.set(bytes, OFFSET);
  return { memory, end: OFFSET + bytes.length };
}

test.each(TYPES.map((type) => [type.name, type as AnyType] as const))(
  "%s: what we encode, we and the official reader decode to the same value",
  (name, type) => {
    fc.assert(
      fc.property(initOf(schema, name), (init) => {
        const value = type.complete(init);
        const bytes = encoded(type, init);
        const { memory, end } = placed(bytes);
        expect(type.verify(memory, OFFSET, end)).toBe(true);
        expect(makeVerifier(schema, name)(memory, OFFSET, end)).toBeUndefined();
        expect(type.decode(memory, OFFSET)).toEqual(value);
        expect(stock.read(name, bytes)).toEqual(value);
        expect(type.check(init)).toBeUndefined();
        expect(type.check(value)).toBeUndefined();
      }),
      RUNS,
    );
  },
);

test.each(TYPES.map((type) => [type.name, type as AnyType] as const))(
  "%s: what the official Builder writes, we verify and decode, and the view agrees",
  (name, type) => {
    fc.assert(
      fc.property(initOf(schema, name), (init) => {
        const value = type.complete(init);
        const { memory, end } = placed(stock.write(name, value));
        expect(type.verify(memory, OFFSET, end)).toBe(true);
        expect(type.decode(memory, OFFSET)).toEqual(value);
        const view = type.view(memory).at(OFFSET) as Record<string, unknown>;
        for (const key of Object.keys(value as object)) expect(view[key]).toEqual((value as typeof view)[key]);
      }),
      RUNS,
    );
  },
);

test("no byte at or beyond the limit is written, and every limit that is too small gives -1", () => {
  fc.assert(
    fc.property(initOf(schema, "features.Everything"), (init) => {
      const bytes = encoded(Everything, init);
      const memory = Memory.allocate(OFFSET + bytes.length + 64);
      for (let limit = OFFSET; limit < OFFSET + bytes.length; limit += 4) {
        memory.u8.fill(0xa5);
        expect(Everything.encode(memory, OFFSET, limit, init as never)).toBe(-1);
        expect(memory.u8.subarray(limit).every((byte) => byte === 0xa5)).toBe(true);
      }
      memory.u8.fill(0xa5);
      expect(Everything.encode(memory, OFFSET, OFFSET + bytes.length, init as never)).toBe(OFFSET + bytes.length);
      expect(memory.u8.subarray(OFFSET + bytes.length).every((byte) => byte === 0xa5)).toBe(true);
      expect(memory.u8.subarray(0, OFFSET).every((byte) => byte === 0xa5)).toBe(true);
    }),
    { numRuns: 15, endOnFailure: true },
  );
});

test("bytes that lay in the memory before never show in a payload", () => {
  fc.assert(
    fc.property(initOf(schema, "features.Everything"), (init) => {
      expect(encoded(Everything, init, 0xff)).toEqual(encoded(Everything, init, 0));
      expect(encoded(Everything, init, 0x5a)).toEqual(encoded(Everything, init, 0));
    }),
    RUNS,
  );
});

/** A Memory whose typed arrays tell of reads outside [from, to). */
function guarded(memory: Memory, from: number, to: number): { memory: Memory; outside: () => number } {
  let outside = 0;
  const watch = <A extends ArrayBufferView & { BYTES_PER_ELEMENT: number }>(array: A): A =>
    new Proxy(array, {
      get(target, key) {
        if (typeof key === "string" && /^-?\d+(\.\d+)?$/.test(key)) {
          const at = Number(key) * target.BYTES_PER_ELEMENT;
          if (at < from || at + target.BYTES_PER_ELEMENT > to) outside++;
        }
        const value = Reflect.get(target, key, target) as unknown;
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  const copy = Object.create(memory) as Memory;
  for (const name of ["u8", "i8", "u16", "i16", "u32", "i32", "f32", "f64", "i64", "u64"] as const) {
    Object.defineProperty(copy, name, { value: watch(memory[name] as Uint8Array) });
  }
  return { memory: copy, outside: () => outside };
}

test("verification of damaged payloads never throws, reads nothing outside, and agrees with the binary schema's", () => {
  const verify = makeVerifier(schema, "features.Everything");
  let accepted = 0;
  const damage = fc.array(fc.tuple(fc.noBias(fc.nat(999_999)), fc.noBias(fc.nat(255))), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(initOf(schema, "features.Everything"), damage, fc.nat(40), (init, places, cut) => {
      const bytes = encoded(Everything, init);
      for (const [where, byte] of places) bytes[where % bytes.length] = byte;
      const { memory } = placed(bytes);
      const end = OFFSET + Math.max(0, bytes.length - (cut > 20 ? 0 : 4 * cut));
      const guard = guarded(memory, OFFSET, end);
      const sound = Everything.verify(guard.memory, OFFSET, end);
      expect(guard.outside()).toBe(0);
      expect(sound).toBe(verify(memory, OFFSET, end) === undefined);
      if (!sound) return;
      accepted++;
      Everything.decode(memory, OFFSET);
      const view = Everything.view(memory).at(OFFSET);
      for (const key of Object.keys(schema.object.get("features.Everything")?.fields ?? {})) void (view as never)[key];
    }),
    { numRuns: 400, endOnFailure: true },
  );
  expect(accepted).toBeGreaterThan(10);
});

test("long columns of 64-bit numbers are the same bytes, as arrays, typed arrays and typed arrays of the other sign", () => {
  const wide = fc.array(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), { minLength: 15, maxLength: 40 });
  fc.assert(
    fc.property(wide, (list) => {
      const bytes = encoded(Vectors, { needed: [], longs: list, ulongs: list });
      for (const array of [BigInt64Array.from(list), BigUint64Array.from(list)]) {
        expect(
          encoded(Vectors, { needed: [], longs: array as BigInt64Array, ulongs: array as BigUint64Array }),
        ).toEqual(bytes);
      }
      const { memory } = placed(bytes);
      expect([...Vectors.decode(memory, OFFSET).ulongs]).toEqual(list);
    }),
    RUNS,
  );
  const high = BigUint64Array.from({ length: 20 }, (_, i) => 2n ** 64n - 1n - BigInt(i));
  const { memory } = placed(encoded(Vectors, { needed: [], ulongs: high }));
  expect(Vectors.decode(memory, OFFSET).ulongs).toEqual(high);
});

test("a forged vector length, a root outside and a truncated payload are refused", () => {
  const bytes = encoded(Vectors, { needed: [1, 2, 3], texts: ["a"] });
  const { memory, end } = placed(bytes);
  expect(Vectors.verify(memory, OFFSET, end)).toBe(true);
  expect(Vectors.verify(memory, OFFSET, end - 4)).toBe(false);
  expect(Vectors.verify(memory, OFFSET + 4, end)).toBe(false);
  expect(Vectors.verify(memory, OFFSET, memory.size + 8)).toBe(false);
  for (const root of [0, 1, bytes.length, 0x7fffffff, 0xffffffff]) {
    memory.u32[OFFSET >> 2] = root;
    expect(Vectors.verify(memory, OFFSET, end)).toBe(false);
  }
});

test("one part that is pointed to again and again does not make a small message large", () => {
  // A vector of tables whose offsets all lead to one table with a long text.
  const all = Array.from({ length: 200 }, () => ({ tint: 0 as const, text: "x".repeat(400) }));
  const bytes = encoded(Vectors, { needed: [], labels: all });
  const { memory, end } = placed(bytes);
  const from = Vectors.decode(memory, OFFSET).labels.length;
  expect(from).toBe(200);
  let slots = -1;
  for (let at = OFFSET; at < end; at += 4) if (memory.u32[at >> 2] === 200) slots = at + 4;
  const first = slots + memory.u32[slots >> 2];
  for (let i = 1; i < 200; i++) memory.u32[(slots + 4 * i) >> 2] = first - (slots + 4 * i);
  const cut = first + memory.u32[slots >> 2];
  expect(Vectors.verify(memory, OFFSET, Math.min(end, (cut + 1024) & ~3))).toBe(
    makeVerifier(schema, "features.Vectors")(memory, OFFSET, Math.min(end, (cut + 1024) & ~3)) === undefined,
  );
});

test("tables nest 64 deep, no deeper, and a value that contains itself is refused", () => {
  const chain = (levels: number): { name: string; children: object[] } => {
    let node = { name: "leaf", children: [] as object[] };
    for (let i = 1; i < levels; i++) node = { name: "n", children: [node] };
    return node;
  };
  const bytes = encoded(Node, chain(64));
  const { memory, end } = placed(bytes);
  expect(Node.verify(memory, OFFSET, end)).toBe(true);
  // As text: comparing nested lists takes the test runner a time that doubles with each level.
  expect(JSON.stringify(Node.decode(memory, OFFSET))).toBe(JSON.stringify(Node.complete(chain(64) as never)));
  const tooDeep = "core/type-mismatch: features.Node: value is nested deeper than 64 tables";
  expect(() => encoded(Node, chain(65))).toThrow(tooDeep);
  expect(() => Node.complete(chain(65) as never)).toThrow(tooDeep);
  expect(Node.check(chain(64))).toBeUndefined();
  expect(Node.check(chain(65))).toMatch(/^children\[0\]\.children\[0\].* is nested deeper than 64 tables$/);
  const loop = { name: "a", children: [] as unknown[] };
  loop.children.push(loop);
  expect(() => encoded(Node, loop)).toThrow(tooDeep);
  expect(Node.check(loop)).toMatch(/is nested deeper/);
});

test("complete gives the value itself when nothing is left out, and a copy with defaults otherwise", () => {
  fc.assert(
    fc.property(initOf(schema, "features.Everything"), (init) => {
      const value = Everything.complete(init as never);
      expect(Everything.complete(value)).toBe(value);
      expect(Everything.decode(placed(encoded(Everything, init)).memory, OFFSET)).toEqual(value);
    }),
    RUNS,
  );
  const { u32, f64, tint } = Scalars.complete({});
  expect({ u32, f64, tint }).toEqual({ u32: 4000000000, f64: Number.NEGATIVE_INFINITY, tint: 1 });
  expect(() => Node.complete({} as never)).toThrow("core/type-mismatch: features.Node: name is missing");
});

test("what does not fit its type is refused with its path, by the encoder and by check", () => {
  const bad: [AnyType, unknown, string][] = [
    [Scalars, { u8: 256 }, "u8 is 256, not a ubyte"],
    [Scalars, { i8: -129 }, "i8 is -129, not a byte"],
    [Scalars, { i16: 1.5 }, "i16 is 1.5, not a short"],
    [Scalars, { u32: -1 }, "u32 is -1, not a uint"],
    [Scalars, { i32: "7" }, 'i32 is "7", not an int'],
    [Scalars, { flag: 1 }, "flag is 1, not a boolean"],
    [Scalars, { u64: 5 }, "u64 is 5, not a ulong (bigint)"],
    [Scalars, { f32: "x" }, 'f32 is "x", not a number'],
    [Scalars, { i32: null }, "i32 is null, not an int"],
    [Strings, { value: 5 }, "value is 5, not a string"],
    [Vectors, { needed: 5 }, "needed is 5, not a list"],
    [Vectors, { needed: [], texts: ["a", 5] }, "texts[1] is 5, not a string"],
    [Vectors, { needed: [], flags: [1] }, "flags[0] is 1, not a boolean"],
    [Vectors, { needed: [], longs: [1] }, "longs[0] is 1, not a long (bigint)"],
    [Vectors, { needed: [], points: [{ x: 1 }] }, "points[0].y is missing"],
    [Vectors, { needed: [], labels: [{}] }, "labels[0].text is missing"],
    [Node, { name: "n", part: { type: "Nothing", value: {} } }, 'part.type is "Nothing", not one of'],
    [Node, { name: "n", part: { type: "Leaf", value: { weight: "w" } } }, 'part.value.weight is "w", not a number'],
    [Branch, {}, "leaf is missing"],
    [Label, undefined, "value is missing"],
  ];
  const memory = Memory.allocate(1024);
  for (const [type, value, problem] of bad) {
    expect(type.check(value)).toContain(problem);
    // Encoders of nested types name the path from there on.
    expect(() => type.encode(memory, 0, 1024, value)).toThrow(problem.slice(problem.indexOf(" ")));
  }
  expect(Vectors.check({ needed: [1, 300] })).toBe("needed[1] is 300, not a ubyte");
  expect(Scalars.check({ u64: 2n ** 64n })).toContain("not a ulong");
});

test("minus zero, infinities and NaN arrive as they are", () => {
  for (const f64 of [-0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]) {
    const { memory, end } = placed(encoded(Scalars, { f32: f64, f64 }));
    expect(Scalars.verify(memory, OFFSET, end)).toBe(true);
    const back = Scalars.decode(memory, OFFSET);
    expect([back.f32, back.f64].every((value) => Object.is(value, f64))).toBe(true);
  }
});

test("a reader is reused for many payloads, and [ubyte] fields can be read in place", () => {
  const memory = Memory.allocate(1024);
  const end = Vectors.encode(memory, 0, 512, { needed: [1, 2, 3], bytes: [9] });
  Vectors.encode(memory, 512, 1024, { needed: [4], texts: ["x"] });
  expect(end).toBeLessThanOrEqual(512);
  const view = Vectors.view(memory);
  const first = view.at(0).unsafeNeeded();
  expect(first).toEqual(new Uint8Array([1, 2, 3]));
  expect(first.buffer).toBe(memory.buffer);
  expect(view.unsafeBytes()).toEqual(new Uint8Array([9]));
  expect(view.at(512).needed).toEqual(new Uint8Array([4]));
  expect(view.needed.buffer).not.toBe(memory.buffer);
  expect(view.unsafeBytes()).toEqual(new Uint8Array(0));
  expect(view.texts).toEqual(["x"]);
});

test("absent vectors read as empty arrays that nobody shares", () => {
  const { memory } = placed(encoded(Vectors, { needed: [1] }));
  const [one, other] = [Vectors.decode(memory, OFFSET), Vectors.decode(memory, OFFSET)];
  const arrays = [one, other].flatMap((value) => Object.values(value).filter(ArrayBuffer.isView));
  const empty = arrays.filter(({ byteLength }) => byteLength === 0);
  expect(empty.length).toBeGreaterThan(2);
  expect(new Set(arrays.map(({ buffer }) => buffer)).size).toBe(arrays.length);
  // What belongs to one reader can go to another thread whole.
  structuredClone(one, { transfer: empty.slice(0, empty.length / 2).map(({ buffer }) => buffer as ArrayBuffer) });
  expect(Vectors.decode(memory, OFFSET)).toEqual(other);
});

test("services name their methods, ids and types", () => {
  const { answer, streamLeaves, far } = Oracle.methods;
  expect(Oracle.name).toBe("features.Oracle");
  expect([answer.name, answer.streaming, streamLeaves.name, streamLeaves.streaming]).toEqual([
    "Answer",
    false,
    "StreamLeaves",
    true,
  ]);
  expect(far.request).toBe(Label);
  expect(answer.response).toBe(Everything);
});
