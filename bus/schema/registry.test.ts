import { beforeAll, expect, test } from "vitest";
import { BusError, Memory, requestIdOf, typeIdOf } from "#wire";
import { loadBinarySchema } from "./bfbs.ts";
import { fingerprintOf } from "./canonical.ts";
import type { LockedType, SchemaLock } from "./lock-types.ts";
import { TypeRegistry } from "./registry.ts";
import { ALL_FEATURES } from "./testing/all-features.ts";
import { compileToBfbs } from "./testing/compile-schema.ts";

let registry: TypeRegistry;
beforeAll(async () => {
  const bfbs = await compileToBfbs({
    "a.fbs": 'include "b.fbs"; include "c.fbs"; namespace busbar.control; table Hello { a: int; }',
    "b.fbs": ALL_FEATURES.replace("root_type Everything;", ""),
    "c.fbs": "namespace other; table Leaf { a: int; } table Lone { a: int; }",
  });
  registry = new TypeRegistry(lockOf(bfbs));
});

function lockOf(bfbs: Uint8Array): SchemaLock {
  const schema = loadBinarySchema(bfbs);
  const types: Record<string, LockedType> = {};
  for (const { name, isStruct } of schema.objects) {
    const fingerprint = isStruct ? "" : fingerprintOf(schema, name);
    if (!isStruct) types[name] = { id: typeIdOf(name), fingerprint, lineage: [fingerprint] };
  }
  const methods = Object.fromEntries(
    schema.services.flatMap(({ name, calls }) =>
      calls.map((call) => [`${name}/${call.name}`, { ...call, id: requestIdOf(name, call.name) }]),
    ),
  );
  return { version: 1, digest: "", types, methods, bfbs: Buffer.from(bfbs).toString("base64") };
}

const message = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(BusError);
    return (error as Error).message;
  }
  return "";
};

test("types are found by full name, by a last part that only one has, and by id", () => {
  expect(registry.typeName("test.all.Leaf")).toBe("test.all.Leaf");
  expect(registry.typeName("Lone")).toBe("other.Lone");
  expect(registry.nameOfId(typeIdOf("other.Lone"))).toBe("other.Lone");
  expect(registry.nameOfId(requestIdOf("test.all.Oracle", "Answer"))).toBe("test.all.Oracle/Answer");
  expect(registry.nameOfId(1)).toBeUndefined();
});

test("a name that fits several types or none is refused with what may be meant", () => {
  expect(message(() => registry.typeName("Leaf"))).toContain("; it may be 'other.Leaf' or 'test.all.Leaf'");
  expect(message(() => registry.typeName("Everthing"))).toContain("; did you mean 'test.all.Everything'?");
  expect(message(() => registry.typeName("toString"))).toContain("no type 'toString'");
  expect(message(() => registry.type("test.all.Point"))).toContain("no type 'test.all.Point'");
});

test("patterns give the types of the user, in order", () => {
  expect(registry.expand("other.*")).toEqual(["other.Leaf", "other.Lone"]);
  expect(registry.expand("*.Leaf")).toEqual(["other.Leaf", "test.all.Leaf"]);
  expect(registry.expand("*")).not.toContain("busbar.control.Hello");
  expect(registry.expand("busbar.*")).toEqual(["busbar.control.Hello"]);
  expect(registry.expand("other.Lone")).toEqual(["other.Lone"]);
  expect(registry.expand("other+*")).toEqual([]);
});

test("a dynamic type encodes, verifies, decodes and reads like a generated one", () => {
  const type = registry.type("Everything");
  const memory = Memory.allocate(1024);
  const end = type.encode(memory, 64, 1024, { title: "hello", point: { x: 1, y: 2 } });
  expect(end).toBeGreaterThan(64);
  expect(type.verify(memory, 64, end)).toBe(true);
  expect(type.verify(memory, 64, end - 16)).toBe(false);
  const value = type.decode(memory, 64);
  expect(value).toMatchObject({ title: "hello", point: { x: 1, y: 2 }, u8: 7 });
  expect(type.view(memory).at(64).json).toEqual(value);
  expect(type.complete({ title: "hello", point: { x: 1, y: 2 } })).toEqual(value);
  expect(type.encode(memory, 64, 80, { title: "hello" })).toBe(-1);
  expect(type.fingerprintHi.toString(16).padStart(8, "0") + type.fingerprintLo.toString(16).padStart(8, "0")).toBe(
    type.fingerprint,
  );
  expect(registry.type("Everything")).toBe(type);
});

test("a value that does not fit is refused as a publisher would refuse it", () => {
  const type = registry.type("Everything");
  expect(type.check({ title: "t" })).toBeUndefined();
  expect(type.check({ title: "t", nodes: [{ name: 1 }] })).toBe("nodes[0].name 1 is not a string");
  expect(message(() => type.encode(Memory.allocate(64), 0, 64, {}))).toBe(
    "core/type-mismatch: test.all.Everything: title is missing, and required",
  );
});

test("services and methods are found by short names too", () => {
  const service = registry.service("Oracle");
  expect(service.name).toBe("test.all.Oracle");
  expect(service.methods.answer).toMatchObject({
    name: "Answer",
    streaming: false,
    requestId: requestIdOf("test.all.Oracle", "Answer"),
  });
  expect(service.methods.answer.response).toBe(registry.type("Everything"));
  for (const name of ["Oracle/Stream", "Oracle.Stream", "test.all.Oracle/stream", "test.all.Oracle.Stream"]) {
    expect(registry.method(name)).toMatchObject({ key: "stream", method: { name: "Stream", streaming: true } });
  }
  expect(message(() => registry.method("Oracle/Anser"))).toMatch(/^schema\/unknown-rpc: no rpc service or method/);
  expect(message(() => registry.method("Oracle/Anser"))).toContain("; did you mean 'Oracle/Answer'?");
  expect(message(() => registry.method("test.all.Oracle.anser"))).toContain("; did you mean 'test.all.Oracle.Answer'?");
  expect(message(() => registry.method("Oracle.zebra"))).toMatch(
    /'Oracle\.zebra' .*; test\.all\.Oracle has Answer, Stream$/,
  );
  expect(message(() => registry.method("Oracl/Answer"))).toContain("did you mean 'test.all.Oracle'?");
  expect(message(() => registry.method("Oracle"))).toContain("write Service.method");
});

test("payloads are verified and shown by name", () => {
  const bytes = registry.encodeJson("Lone", { a: 5 });
  expect(registry.decodeJson("other.Lone", bytes)).toEqual({ a: 5 });
  expect(registry.verify("Lone", Memory.copyOf(bytes), 0, bytes.length)).toBeUndefined();
  expect(registry.decodeJsonAt("Lone", Memory.copyOf(bytes), 0)).toEqual({ a: 5 });
  expect(registry.describe("Lone")).toBe("table other.Lone\n  a: int = 0\n");
});
