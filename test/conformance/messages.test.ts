import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SCHEMA } from "#generated/index";
import { decodeJson, encodeJson, fingerprintOf, type JsonValue, makeVerifier, schemaFromBase64 } from "#schema";
import { Memory } from "#wire";
import { encodeGenerated, MESSAGE_TYPES, type MessageVector } from "./message-cases.ts";

const { messages }: { messages: MessageVector[] } = JSON.parse(
  readFileSync(new URL("./vectors/messages.json", import.meta.url), "utf8"),
);
const schema = schemaFromBase64(SCHEMA);

/** Owned objects do not tell an absent vector from an empty one, so neither does the comparison through them. */
function withoutEmpty(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(
    ([, item]) => !(Array.isArray(item) && item.length === 0) && !isEmptyBytes(item),
  );
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutEmpty(item)]));
}
const isEmptyBytes = (value: JsonValue): boolean =>
  typeof value === "object" && value !== null && "$base64" in value && value.$base64 === "";

test.each(messages)("message: $name", ({ type: name, fingerprint, json, payloads }) => {
  const type = MESSAGE_TYPES.get(name);
  if (type === undefined) throw new Error(`no bindings of ${name}`);
  expect(type.fingerprint).toBe(fingerprint);
  expect(fingerprintOf(schema, name)).toBe(fingerprint);
  for (const hex of Object.values(payloads)) {
    const bytes = Buffer.from(hex, "hex");
    const memory = Memory.copyOf(bytes);
    expect(type.verify(memory, 0, bytes.length)).toBe(true);
    expect(makeVerifier(schema, name)(memory, 0, bytes.length)).toBeUndefined();
    expect(decodeJson(schema, name, bytes)).toEqual(json);
    const owned = type.decode(memory, 0);
    expect(type.check(owned)).toBeUndefined();
    expect(withoutEmpty(decodeJson(schema, name, encodeGenerated(type, owned)))).toEqual(withoutEmpty(json));
  }
  expect(decodeJson(schema, name, encodeJson(schema, name, json))).toEqual(json);
});

test("generated and stock readers of a message agree whichever of them wrote it", () => {
  for (const { type: name, payloads } of messages) {
    const type = MESSAGE_TYPES.get(name);
    const values = Object.values(payloads).map((hex) => type?.decode(Memory.copyOf(Buffer.from(hex, "hex")), 0));
    for (const value of values) expect(value).toEqual(values[0]);
  }
});
