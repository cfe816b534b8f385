import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { Memory } from "#wire";
import { describeType } from "./describe.ts";
import { canonicalJson, type JsonObject } from "./json.ts";
import type { BinarySchema } from "./model.ts";
import { decodeJson, decodeJsonAt, verifierOf } from "./reflect-decode.ts";
import { encodeJson } from "./reflect-encode.ts";
import { ALL_FEATURES } from "./testing/all-features.ts";
import { arbitraryJson } from "./testing/arbitrary-json.ts";
import { compileSchema } from "./testing/compile-schema.ts";

const TYPE = "test.all.Everything";
let schema: BinarySchema;
beforeAll(async () => {
  schema = await compileSchema(ALL_FEATURES);
});

const refusal = (json: unknown): string => {
  try {
    encodeJson(schema, TYPE, json);
  } catch (error) {
    return (error as Error).message;
  }
  return "accepted";
};

test("any value of a schema with every feature survives encode, verify and decode", () => {
  fc.assert(
    fc.property(arbitraryJson(schema, TYPE), fc.integer({ min: 0, max: 5 }), (json, shift) => {
      const bytes = encodeJson(schema, TYPE, json);
      expect(decodeJson(schema, TYPE, bytes)).toEqual(json);
      const memory = Memory.allocate(bytes.length + 64);
      memory.u8.fill(0xff);
      memory.u8.set(bytes, 8 * shift);
      expect(verifierOf(schema, TYPE)(memory, 8 * shift, 8 * shift + bytes.length)).toBeUndefined();
      expect(canonicalJson(decodeJsonAt(schema, TYPE, memory, 8 * shift))).toBe(canonicalJson(json));
    }),
    { numRuns: 300 },
  );
});

test("absent scalars read as their default and absent strings, tables, vectors and optional scalars are left out", () => {
  expect(decodeJson(schema, TYPE, encodeJson(schema, TYPE, { title: "t" }))).toEqual({
    flag: true,
    i8: 0,
    u8: 7,
    i16: -5,
    u16: 0,
    i32: 0,
    u32: 4000000000,
    i64: "-9000000000",
    u64: "9223372036854775807",
    f32: 0.5,
    f64: 0,
    color: "green",
    wide: "high",
    title: "t",
  });
});

test("fields may be named in camelCase, null counts as absent and 64-bit integers may be exact numbers", () => {
  const bytes = encodeJson(schema, TYPE, { title: "t", typeName: "x", maybeInt: null, maybeLong: 12, note: null });
  expect(decodeJson(schema, TYPE, bytes)).toMatchObject({ type_name: "x", maybe_long: "12" });
  expect(decodeJson(schema, TYPE, bytes)).not.toHaveProperty("maybe_int");
});

test("an enum value that has no name is its number, and may be written so", () => {
  const bytes = encodeJson(schema, TYPE, { title: "t", color: 77, wide: "12345678901" });
  expect(decodeJson(schema, TYPE, bytes)).toMatchObject({ color: 77, wide: "12345678901" });
});

test("numbers that JSON cannot say are strings, and minus zero stays", () => {
  const bytes = encodeJson(schema, TYPE, {
    title: "t",
    f64: "NaN",
    doubles: ["-Infinity", -0, 1e300],
    floats: ["Infinity"],
  });
  const json = decodeJson(schema, TYPE, bytes) as { f64: unknown; doubles: unknown[]; floats: unknown[] };
  expect(json.f64).toBe("NaN");
  expect(json.doubles).toEqual(["-Infinity", -0, 1e300]);
  expect(canonicalJson(json.doubles as number[])).toBe('["-Infinity",-0,1e+300]');
});

test.each<[unknown, string]>([
  [7, "test.all.Everything: 7 is not an object"],
  [{}, "title: is missing, and required"],
  [{ title: "t", titel: 1 }, "titel: is not a field of test.all.Everything; did you mean 'title'?"],
  [{ title: "t", maybeInt: 1, maybe_int: 1 }, "maybe_int: is given twice"],
  [{ title: "t", old: 1 }, "old: is deprecated"],
  [{ title: "t", part_type: 1 }, "part_type: is not written by itself"],
  [{ title: "t", i8: 128 }, "i8: 128 does not fit byte (-128 to 127)"],
  [{ title: "t", u64: "18446744073709551616" }, "u64: 18446744073709551616 does not fit ulong"],
  [{ title: "t", i64: 2 ** 60 }, "is not exact as a number; write it as a string"],
  [{ title: "t", i32: 1.5 }, "i32: 1.5 is not an integer"],
  [{ title: "t", i32: null }, "i32: is null, but has to have a value"],
  [{ title: "t", flag: 1 }, "flag: 1 is not true or false"],
  [{ title: "t", f32: 1e39 }, "f32: 1e+39 is too large for a float"],
  [{ title: "t", color: "gren" }, `color: "gren" is not a value of test.all.Color; did you mean 'green'?`],
  [{ title: 3 }, "title: 3 is not a string"],
  [{ title: "\ud800" }, "title: holds half of a character pair"],
  [{ title: "t", bytes: { $base64: "A" } }, "bytes: is not"],
  [{ title: "t", ints: [1, "x"] }, `ints[1]: "x" is not an integer`],
  [{ title: "t", ints: 3 }, "ints: 3 is not a list"],
  [{ title: "t", point: { x: 1 } }, "point.y: is missing; structs are written whole"],
  [{ title: "t", nodes: [{ name: "a" }, { name: "b", children: [{}] }] }, "nodes[1].children[0].name: is missing"],
  [{ title: "t", part: { type: "Leef", value: {} } }, "did you mean 'Leaf'?"],
  [{ title: "t", part: { type: "Leaf", value: { lable: "x" } } }, "part.value.lable: is not a field of test.all.Leaf"],
  [{ title: "t", part: { Leaf: {} } }, "part.Leaf: is unknown"],
])("%j is refused with the place and the reason", (json, text) => {
  const message = refusal(json);
  expect(message).toContain(text);
  expect(message).toMatch(/^schema\/bad-json: /);
});

test("JSON nested deeper than readers accept is refused", () => {
  let node: JsonObject = { name: "end" };
  for (let i = 0; i < 70; i++) node = { name: "n", children: [node] };
  expect(refusal({ title: "t", tree: node })).toContain("more than 64 nested tables");
});

test("a union member that only a newer schema knows is shown by its number", async () => {
  const old = await compileSchema(ALL_FEATURES.replace(", Note: string }", " }"));
  const bytes = encodeJson(schema, TYPE, { title: "t", part: { type: "Note", value: "hello" } });
  expect(decodeJson(old, TYPE, bytes).part).toEqual({ type: 4 });
});

test("vectors of unions, which C++ and TypeScript can write, are read too", async () => {
  const mixed = await compileSchema("table A { a: int; } table B { b: string; } union U { A, B } table T { us: [U]; }");
  const json = {
    us: [
      { type: "A", value: { a: 1 } },
      { type: "B", value: { b: "x" } },
    ],
  };
  expect(decodeJson(mixed, "T", encodeJson(mixed, "T", json))).toEqual(json);
});

test("flags are shown by their names", async () => {
  const flags = await compileSchema("enum F : ubyte (bit_flags) { a, b, c } table T { f: F = null; }");
  expect(decodeJson(flags, "T", encodeJson(flags, "T", { f: "a|c" }))).toEqual({ f: "a|c" });
  expect(decodeJson(flags, "T", encodeJson(flags, "T", { f: 8 }))).toEqual({ f: 8 });
});

test("bytes that are not sound are refused with the place", () => {
  const bytes = encodeJson(schema, TYPE, { title: "t" });
  expect(() => decodeJson(schema, TYPE, bytes.subarray(0, 20))).toThrow(
    expect.objectContaining({ code: "wire/malformed-payload" }),
  );
  expect(() => decodeJson(schema, "test.all.Nothing", bytes)).toThrow(
    expect.objectContaining({ code: "schema/unknown-type" }),
  );
});

test("a description shows fields, defaults, comments and everything a type is made of", () => {
  const text = describeType(schema, "test.all.Node");
  expect(text).toContain(
    "table test.all.Node\n  name: string (required)\n  part: test.all.Part\n  children: [test.all.Node]\n",
  );
  expect(text).toContain("// A node of a tree.\ntable test.all.Leaf\n  label: string\n  weight: float = 1.5\n");
  expect(text).toContain("union test.all.Part\n  Leaf: test.all.Leaf\n");
  expect(describeType(schema, "test.all.Oracle")).toBe(
    "service test.all.Oracle\n  Answer(test.all.Ask): test.all.Everything\n  Stream(test.all.Ask): stream of test.all.Leaf\n",
  );
});
