import { Builder } from "flatbuffers";
import { beforeAll, expect, test } from "vitest";
import { Memory } from "#wire";
import type { BinarySchema } from "./model.ts";
import { verifierOf } from "./reflect-decode.ts";
import { encodeJson } from "./reflect-encode.ts";
import { ALL_FEATURES } from "./testing/all-features.ts";
import { compileSchema } from "./testing/compile-schema.ts";
import { DEPTH_MAX, makeVerifier } from "./verify.ts";

// Method: sound messages are made by reflection or the stock Builder, then one word at a known place is forged.
let schema: BinarySchema;
beforeAll(async () => {
  schema = await compileSchema(ALL_FEATURES);
});

const NODE = "test.all.Node";
const EVERYTHING = "test.all.Everything";

function verify(type: string, bytes: Uint8Array): string | undefined {
  return verifierOf(schema, type)(Memory.copyOf(bytes), 0, bytes.length);
}

/** Position of field `id` of the table at `table`. */
function fieldAt(m: Memory, table: number, id: number): number {
  const vtable = table - m.i32[table >> 2];
  return table + m.u16[(vtable + 4 + 2 * id) >> 1];
}
const follow = (m: Memory, at: number): number => at + m.u32[at >> 2];

/** What the verifier says after `forge` changed a sound message. */
function forged(
  type: string,
  json: unknown,
  forge: (m: Memory, root: number, size: number) => void,
): string | undefined {
  const bytes = encodeJson(schema, type, json);
  const memory = Memory.copyOf(bytes);
  expect(verifierOf(schema, type)(memory, 0, bytes.length)).toBeUndefined();
  forge(memory, follow(memory, 0), bytes.length);
  return verifierOf(schema, type)(memory, 0, bytes.length);
}

const MESSAGE = {
  title: "a title",
  bytes: { $base64: "AAAA" },
  longs: ["1", "2"],
  texts: ["a", "b"],
  points: [{ x: 1, y: 2 }],
  nodes: [{ name: "n" }],
  part: { type: "Leaf", value: { label: "l" } },
};
const idOf = (name: string): number => schema.object.get(EVERYTHING)?.field.get(name)?.id as number;

test("a forged length of any vector or string is refused before anything is read there", () => {
  for (const name of ["title", "bytes", "longs", "texts", "points", "nodes"]) {
    for (const length of [1000, 0x7fffffff, 0xffffffff]) {
      const reason = forged(EVERYTHING, MESSAGE, (m, root) => {
        m.u32[follow(m, fieldAt(m, root, idOf(name))) >> 2] = length;
      });
      expect(reason).toMatch(/leaves the message|without a NUL/);
      expect(reason).toContain(`${EVERYTHING}.${name}`);
    }
  }
});

test("offsets that are zero, negative, odd or outside are refused", () => {
  for (const offset of [0, -4, 1, 2, 100_000, 0x7fffffff, -0x80000000]) {
    for (const name of ["title", "longs", "texts", "nodes", "part"]) {
      expect(
        forged(EVERYTHING, MESSAGE, (m, root) => {
          m.i32[fieldAt(m, root, idOf(name)) >> 2] = offset;
        }),
      ).toBeDefined();
    }
    expect(
      forged(EVERYTHING, MESSAGE, (m) => {
        m.i32[0] = offset;
      }),
    ).toBeDefined();
  }
});

test("a string needs its NUL", () => {
  const reason = forged(EVERYTHING, MESSAGE, (m, root) => {
    const at = follow(m, fieldAt(m, root, idOf("title")));
    m.u8[at + 4 + m.u32[at >> 2]] = 65;
  });
  expect(reason).toMatch(/a string without a NUL behind it at byte \d+ in test\.all\.Everything\.title/);
});

test("a missing required field is named, whether its vtable is short or has a hole", () => {
  const builder = new Builder(64);
  builder.startObject(3);
  builder.finish(builder.endObject());
  expect(verify(NODE, builder.asUint8Array())).toMatch(
    /a required field is missing at byte \d+ in test\.all\.Node\.name/,
  );
  const reason = forged(EVERYTHING, MESSAGE, (m, root) => {
    m.u16[(root - m.i32[root >> 2] + 4 + 2 * idOf("title")) >> 1] = 0;
  });
  expect(reason).toContain("a required field is missing");
  expect(reason).toContain("Everything.title");
});

test("a union needs both its type and its value", () => {
  const value = idOf("part");
  const entry = (m: Memory, root: number, id: number): number => (root - m.i32[root >> 2] + 4 + 2 * id) >> 1;
  expect(
    forged(EVERYTHING, MESSAGE, (m, root) => {
      m.u16[entry(m, root, value)] = 0;
    }),
  ).toContain("a union type without its value");
  expect(
    forged(EVERYTHING, MESSAGE, (m, root) => {
      m.u16[entry(m, root, value - 1)] = 0;
    }),
  ).toContain("a union value without its type");
  expect(
    forged(EVERYTHING, MESSAGE, (m, root) => {
      m.u8[fieldAt(m, root, value - 1)] = 0;
    }),
  ).toContain("a union value without its type");
  const tagOnly = new Builder(64);
  const name = tagOnly.createString("n");
  tagOnly.startObject(4);
  tagOnly.addFieldOffset(0, name, 0);
  tagOnly.addFieldInt8(1, 1, 0);
  tagOnly.finish(tagOnly.endObject());
  expect(verify(NODE, tagOnly.asUint8Array())).toContain("a union type without its value");
});

test("a union member that this schema does not know is let through unread", () => {
  expect(
    forged(EVERYTHING, MESSAGE, (m, root) => {
      m.u8[fieldAt(m, root, idOf("part") - 1)] = 200;
    }),
  ).toBeUndefined();
});

test("damaged vtables are refused", () => {
  for (const [word, value] of [
    [0, 3],
    [0, 5],
    [0, 60_000],
    [1, 2],
    [1, 60_000],
  ]) {
    expect(
      forged(EVERYTHING, MESSAGE, (m, root) => {
        m.u16[((root - m.i32[root >> 2]) >> 1) + word] = value;
      }),
    ).toBeDefined();
  }
  for (const distance of [0x7fffffff, -0x80000000, 1, -1, 100_000, -100_000]) {
    expect(
      forged(EVERYTHING, MESSAGE, (m, root) => {
        m.i32[root >> 2] = distance;
      }),
    ).toMatch(/vtable/);
  }
});

test("a field that lies in the table's own header, behind the table or off its alignment is refused", () => {
  for (const offset of [1, 2, 3, 60_000, 7]) {
    expect(
      forged("test.all.Leaf", { label: "x", weight: 2 }, (m, root) => {
        m.u16[(root - m.i32[root >> 2] + 6) >> 1] = offset;
      }),
    ).toContain("test.all.Leaf.weight");
  }
});

test("an empty vector may lie anywhere, as the C++ builder puts it; one with elements must be aligned", async () => {
  const longs = await compileSchema("namespace v; table T { longs: [long]; } root_type T;");
  // root, vtable at 4 (6 bytes, table of 8, field at 4), table at 12, vector at 24: elements would begin at 28
  const words = (count: number): Uint8Array =>
    new Uint8Array(Uint32Array.of(12, (8 << 16) | 6, 4, 8, 8, 0, count, 1, 0).buffer).slice(0, 28 + 8 * count);
  const says = (count: number): string | undefined =>
    makeVerifier(longs, "v.T")(Memory.copyOf(words(count)), 0, 28 + 8 * count);
  expect(says(0)).toBeUndefined();
  expect(says(1)).toContain("a vector that is not aligned");
});

function chain(length: number): Uint8Array {
  const builder = new Builder(4096);
  const name = builder.createString("n");
  let child = 0;
  for (let i = 0; i < length; i++) {
    let children = 0;
    if (child !== 0) {
      builder.startVector(4, 1, 4);
      builder.addOffset(child);
      children = builder.endVector();
    }
    builder.startObject(4);
    builder.addFieldOffset(0, name, 0);
    builder.addFieldOffset(3, children, 0);
    child = builder.endObject();
  }
  builder.finish(child);
  return builder.asUint8Array();
}

test("64 nested tables pass, one more does not", () => {
  expect(verify(NODE, chain(DEPTH_MAX))).toBeUndefined();
  expect(verify(NODE, chain(DEPTH_MAX + 1))).toContain("more than 64 nested tables");
});

test("a small message whose offsets share one large part is refused instead of becoming a huge object", () => {
  const builder = new Builder(1 << 20);
  const name = builder.createString("n");
  builder.startObject(4);
  builder.addFieldOffset(0, name, 0);
  const leaf = builder.endObject();
  const many = (child: number): number => {
    builder.startVector(4, 300, 4);
    for (let i = 0; i < 300; i++) builder.addOffset(child);
    const children = builder.endVector();
    builder.startObject(4);
    builder.addFieldOffset(0, name, 0);
    builder.addFieldOffset(3, children, 0);
    return builder.endObject();
  };
  builder.finish(many(many(many(leaf))));
  expect(verify(NODE, builder.asUint8Array())).toContain("more tables than its size allows");
});

test("a long string may be shared, but not so often that it fills memory", () => {
  const shared = (times: number): Uint8Array => {
    const builder = new Builder(1 << 20);
    const text = builder.createString("x".repeat(20_000));
    builder.startVector(4, times, 4);
    for (let i = 0; i < times; i++) builder.addOffset(text);
    const texts = builder.endVector();
    builder.startObject(idOf("texts") + 1);
    builder.addFieldOffset(idOf("title"), text, 0);
    builder.addFieldOffset(idOf("texts"), texts, 0);
    builder.finish(builder.endObject());
    return builder.asUint8Array();
  };
  expect(verify(EVERYTHING, shared(20))).toBeUndefined();
  expect(verify(EVERYTHING, shared(20_000))).toContain("more content than its size allows");
});

test("nothing outside the payload is read: the same bytes verify inside a memory full of other data", () => {
  const bytes = encodeJson(schema, EVERYTHING, MESSAGE);
  const memory = Memory.allocate(bytes.length + 4096);
  for (let i = 0; i < memory.size; i++) memory.u8[i] = (i * 37) & 0xff;
  memory.u8.set(bytes, 2048);
  const verifier = makeVerifier(schema, EVERYTHING);
  expect(verifier(memory, 2048, 2048 + bytes.length)).toBeUndefined();
  for (let length = 0; length < bytes.length; length++) {
    const cut = verifier(memory, 2048, 2048 + length);
    // Only padding behind the last string may be missing.
    if (length < bytes.length - 4) expect(cut).toBeDefined();
  }
  expect(verifier(memory, 2044, 2044 + bytes.length)).toContain("multiple of 8");
  expect(verifier(memory, 2048, memory.size + 8)).toContain("multiple of 8 in its memory");
});

test("a type that is not in the schema is refused with the closest name", () => {
  expect(() => makeVerifier(schema, "test.all.Nod")).toThrow("did you mean 'test.all.Node'?");
});
