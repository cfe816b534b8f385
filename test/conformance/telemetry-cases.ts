/** Telemetry records: bytes beside their values, made from the schema file alone. C++, TypeScript and Python read them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "#wire";
import { hexOf } from "./frame-cases.ts";

export interface TelemetryVector {
  readonly name: string;
  readonly flags: number;
  readonly sequence: string;
  readonly values: Readonly<Record<string, string>>;
  readonly bytes: string;
}

interface Schema {
  readonly magic: string;
  readonly version: number;
  readonly header_bytes: number;
  readonly data_bytes: number;
  readonly fields: readonly { readonly name: string; readonly offset: number; readonly bits: number }[];
}

/** From the sources as from dist, the schema is in the folder from which tests and the generator are run. */
const schemaOf = (): Schema =>
  JSON.parse(readFileSync(join("schema", "service", "telemetry", "record.json"), "utf8")) as Schema;

export function telemetryVectors(): { cases: TelemetryVector[] } {
  const schema = schemaOf();
  const make = (
    name: string,
    flags: number,
    sequence: bigint,
    valueFor: (bits: number, index: number) => bigint,
  ): TelemetryVector => {
    const bytes = new Uint8Array(schema.header_bytes + schema.data_bytes);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, BigInt(schema.magic), true);
    view.setUint32(8, schema.version, true);
    view.setBigUint64(16, sequence, true);
    view.setUint32(24, schema.data_bytes, true);
    view.setUint32(28, flags, true);
    const values: Record<string, string> = {};
    schema.fields.forEach(({ name: field, offset, bits }, index) => {
      const value = valueFor(bits, index);
      values[field] = `${value}`;
      if (bits === 64) view.setBigUint64(offset, value, true);
      else view.setUint32(offset, Number(value), true);
    });
    if ((flags & 1) !== 0) view.setUint32(12, crc32(bytes, schema.header_bytes), true);
    return { name, flags, sequence: `${sequence}`, values, bytes: hexOf(bytes) };
  };
  const each = (bits: number, index: number): bigint =>
    (bits === 64 ? 0x0102030405060708n : 0x11121314n) + BigInt(index);
  return {
    cases: [
      make("an empty record", 0, 2n, () => 0n),
      make("every field has another value", 0, 4n, each),
      make("every field has another value, with CRC", 1, 4n, each),
      make("all bits of every field", 0, 4n, (bits) => (1n << BigInt(bits)) - 1n),
    ],
  };
}
