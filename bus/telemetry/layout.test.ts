// Method: the constants of this room against schema/service/telemetry/record.json, name by name.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { TelemetryCounter, TelemetryGauge } from "#core";
import * as layout from "./layout.ts";
import { RecordWords } from "./snapshot.ts";
import { type CounterField, type GaugeField, TelemetryWriter } from "./writer.ts";

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

const { cases } = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "..", "test", "conformance", "vectors", "telemetry.json"), "utf8"),
) as { cases: { name: string; flags: number; sequence: string; bytes: string; values: Record<string, string> }[] };

const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

test.each(cases)("golden bytes are read as their values, and written: $name", ({ flags, sequence, bytes, values }) => {
  const golden = Uint8Array.from(Buffer.from(bytes, "hex"));
  const words = new RecordWords(golden.buffer);
  const expected = Object.entries(values).map(([name, value]): [layout.TelemetryField, bigint | number] => {
    const field = camel(name) as layout.TelemetryField;
    return [field, layout.FIELDS[field].bits === 64 ? BigInt(value) : Number(value)];
  });
  expect(words.values()).toEqual(Object.fromEntries(expected));
  expect([words.sequence, words.flags]).toEqual([BigInt(sequence), flags]);
  // Values beyond 2^53 and CRC are for C++ to write.
  if (flags !== 0 || expected.some(([, value]) => value > 2n ** 62n)) return;
  const empty = Uint8Array.from(Buffer.from(cases[0].bytes, "hex"));
  const writer = new TelemetryWriter(empty.buffer);
  for (const [field, value] of expected) {
    // In parts that a number holds.
    const parts = typeof value === "bigint" ? Array.from({ length: 1024 }, () => value / 1024n) : [value];
    if (layout.FIELDS[field].kind === "gauge") continue;
    for (const part of parts) writer.add(field as "totalCombats", part);
    if (typeof value === "bigint") writer.add(field as "totalCombats", value % 1024n);
  }
  const seen = new RecordWords(empty.buffer);
  writer.publish();
  for (const [field, value] of expected)
    expect(seen.values()[field]).toBe(
      layout.FIELDS[field].kind === "counter" ? value : typeof value === "bigint" ? 0n : 0,
    );
});

/** Held by the compiler: the fields of the main door are those of the layout. */
type Equal<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
const counters: Equal<CounterField, TelemetryCounter> = true;
const gauges: Equal<GaugeField, TelemetryGauge> = true;

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
  expect([counters, gauges]).toEqual([true, true]);
  expect(layout.TRIES_MAX).toBe(schema.tries_max);
});
