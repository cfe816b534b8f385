import { beforeAll, expect, test } from "vitest";
import { BusError } from "#wire";
import { loadBinarySchema, schemaFromBase64 } from "./bfbs.ts";
import { Base } from "./model.ts";
import { ALL_FEATURES } from "./testing/all-features.ts";
import { compileToBfbs } from "./testing/compile-schema.ts";

let bytes: Uint8Array;
beforeAll(async () => {
  bytes = await compileToBfbs({ "test.fbs": ALL_FEATURES });
});

test("a binary schema gives tables, structs, enums, unions and services by full name", () => {
  const schema = loadBinarySchema(bytes);
  const everything = schema.object.get("test.all.Everything");
  expect(everything?.isStruct).toBe(false);
  expect(everything?.fields.map((field) => field.id)).toEqual(everything?.fields.map((_, i) => i));
  expect(everything?.field.get("i64")).toMatchObject({ defaultInteger: -9000000000n, optional: false });
  expect(everything?.field.get("u64")?.defaultInteger).toBe(9223372036854775807n);
  expect(everything?.field.get("f32")?.defaultReal).toBe(0.5);
  expect(everything?.field.get("maybe_int")?.optional).toBe(true);
  expect(everything?.field.get("title")?.required).toBe(true);
  expect(everything?.field.get("old")?.deprecated).toBe(true);
  expect(everything?.field.get("flag")?.documentation).toEqual([" Plain scalars."]);
  expect(everything?.field.get("part_type")?.type.base).toBe(Base.utype);
  expect(schema.object.get("test.all.Point")).toMatchObject({ isStruct: true, byteSize: 16, minAlign: 8 });
  expect(schema.object.get("test.all.Grid")?.field.get("cells")?.type).toMatchObject({
    base: Base.array,
    element: Base.short,
    fixedLength: 3,
  });
  expect(schema.enum.get("test.all.Part")?.values.map((value) => [value.name, value.value])).toEqual([
    ["NONE", 0n],
    ["Leaf", 1n],
    ["Branch", 2n],
    ["Spot", 3n],
    ["Note", 4n],
  ]);
  expect(schema.enum.get("test.all.Wide")?.byName.get("low")?.value).toBe(-4000000000n);
  expect(schema.service.get("test.all.Oracle")?.calls).toMatchObject([
    { name: "Answer", request: "test.all.Ask", response: "test.all.Everything", streaming: false },
    { name: "Stream", response: "test.all.Leaf", streaming: true },
  ]);
  expect(schema.root).toBe("test.all.Everything");
});

test("the same base64 text is loaded once", () => {
  const text = Buffer.from(bytes).toString("base64");
  expect(schemaFromBase64(text)).toBe(schemaFromBase64(`${text}`));
});

test("a bit_flags enum is known as such", async () => {
  const flags = loadBinarySchema(
    await compileToBfbs({ "f.fbs": "enum F : uint (bit_flags) { a, b } table T { f: F = null; }" }),
  );
  expect(flags.enum.get("F")?.bitFlags).toBe(true);
});

test("bytes that are no binary schema are refused with the code schema/bad-schema", () => {
  for (const junk of [new Uint8Array(0), new Uint8Array(64), bytes.subarray(0, 100), Buffer.from("BFBSBFBSBFBSBFBS")]) {
    expect(() => loadBinarySchema(junk)).toThrow(expect.objectContaining({ code: "schema/bad-schema" }));
  }
});

test("every cut and every damaged byte gives a schema or a BusError, within bounded work", () => {
  for (let length = 0; length < bytes.length; length += 7) expectSchemaOrRefusal(bytes.subarray(0, length));
  let seed = 7;
  const dice = (sides: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 4294967296) * sides);
  };
  const damaged = bytes.slice();
  for (let i = 0; i < 1500; i++) {
    damaged.set(bytes);
    for (let k = 1 + dice(4); k > 0; k--) damaged[dice(damaged.length)] = [0, 1, 4, 127, 128, 255, dice(256)][dice(7)];
    expectSchemaOrRefusal(damaged);
  }
});

function expectSchemaOrRefusal(input: Uint8Array): void {
  try {
    loadBinarySchema(input);
  } catch (error) {
    expect(error).toBeInstanceOf(BusError);
  }
}
