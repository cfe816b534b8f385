import fc from "fast-check";
import { expect, test } from "vitest";
import { Everything } from "#generated/busbar/features";
import { Memory } from "#wire";
import { schemaFromBase64 } from "./bfbs.ts";
import type { JsonValue } from "./json.ts";
import { decodeJson, verifierOf } from "./reflect-decode.ts";
import { encodeJson } from "./reflect-encode.ts";
import { arbitraryJson } from "./testing/arbitrary-json.ts";

// Method: random values of the type with every feature go through the stock builder, the generated reader, the generated
// writer and reflection; what comes out has to be what went in.
const schema = schemaFromBase64(Everything.schema);
const NAME = Everything.name;

/** Owned objects do not tell an absent vector from an empty one. */
function withoutEmpty(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== "object" || value === null) return value;
  const empty = (item: JsonValue): boolean =>
    typeof item === "object" &&
    item !== null &&
    (Array.isArray(item) ? item.length === 0 : "$base64" in item && item.$base64 === "");
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (empty(item) ? [] : [[key, withoutEmpty(item)]])),
  );
}

test("generated code and reflection agree on any value, whoever wrote it", () => {
  const memory = Memory.allocate(1 << 17);
  fc.assert(
    fc.property(arbitraryJson(schema, NAME), (json) => {
      const stock = encodeJson(schema, NAME, json);
      const source = Memory.copyOf(stock);
      expect(Everything.verify(source, 0, stock.length)).toBe(true);
      const owned = Everything.decode(source, 0);
      memory.u8.fill(0xaa);
      const end = Everything.encode(memory, 64, memory.size, owned);
      expect(end).toBeGreaterThan(64);
      expect(verifierOf(schema, NAME)(memory, 64, end)).toBeUndefined();
      expect(Everything.verify(memory, 64, end)).toBe(true);
      expect(Everything.decode(memory, 64)).toEqual(owned);
      expect(withoutEmpty(decodeJson(schema, NAME, memory.u8.slice(64, end)))).toEqual(withoutEmpty(json));
    }),
    { numRuns: 300 },
  );
});
