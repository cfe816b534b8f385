// Method: the constants of this room against schema/service/telemetry/record.json, name by name.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as layout from "./layout.ts";

interface Field {
  name: string;
  offset: number;
  bits: number;
  kind?: string;
}
const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "..", "schema", "service", "telemetry", "record.json"), "utf8"),
) as { magic: string; header: Field[]; fields: Field[]; flags: { name: string; bit: number }[] } & Record<
  string,
  number
>;

const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

test("offsets, sizes and kinds are those of the schema file", () => {
  expect(layout.FIELDS).toEqual(
    Object.fromEntries(schema.fields.map(({ name, offset, bits, kind }) => [camel(name), { offset, bits, kind }])),
  );
  expect(layout.HEADER).toEqual(Object.fromEntries(schema.header.map(({ name, offset }) => [camel(name), offset])));
  expect(layout.Flag).toEqual(Object.fromEntries(schema.flags.map(({ name, bit }) => [name, 1 << bit])));
  expect(layout.TELEMETRY_MAGIC).toBe(BigInt(schema.magic));
  expect(layout.TELEMETRY_VERSION).toBe(schema.version);
  expect(layout.HEADER_BYTES).toBe(schema.header_bytes);
  expect(layout.DATA_BYTES).toBe(schema.data_bytes);
  expect(layout.TRIES_MAX).toBe(schema.tries_max);
});
