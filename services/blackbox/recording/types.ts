import { type BinarySchema, decodeJson, type JsonObject, loadBinarySchema } from "#schema";
import type { SchemaRecord } from "../file/records.ts";
import { type Layout, layoutOf, NO_LAYOUT } from "./layout.ts";

/** A recorded type, by the schema that its file carries. */
export class RecordedType {
  readonly name: string;
  readonly encoding: string;
  /** As it stands in the file. */
  readonly bytes: Uint8Array;
  #schema: BinarySchema | undefined;
  #layout: Layout | undefined;

  constructor(record: SchemaRecord) {
    this.name = record.name;
    this.encoding = record.encoding;
    this.bytes = record.data;
  }

  /** Undefined when the schema is no FlatBuffers one. Loaded at first use: most of a file's types are never asked for. */
  get schema(): BinarySchema | undefined {
    if (this.encoding !== "flatbuffer") return undefined;
    this.#schema ??= loadBinarySchema(this.bytes);
    return this.#schema;
  }

  get layout(): Layout {
    this.#layout ??= this.schema === undefined ? NO_LAYOUT : layoutOf(this.schema, this.name);
    return this.#layout;
  }

  /** @throws BusError wire/malformed-payload; schema/bad-schema when the file's schema is none */
  json(payload: Uint8Array): JsonObject {
    const { schema } = this;
    if (schema === undefined) return { $base64: Buffer.from(payload).toString("base64") };
    return decodeJson(schema, this.name, payload);
  }
}

/** Types of all files of a recording: equal schemas are loaded once. */
export class TypeCache {
  readonly #types = new Map<string, RecordedType[]>();

  of(record: SchemaRecord): RecordedType {
    const known = this.#types.get(record.name) ?? [];
    const same = known.find(
      (type) => type.encoding === record.encoding && Buffer.compare(type.bytes, record.data) === 0,
    );
    if (same !== undefined) return same;
    const type = new RecordedType(record);
    this.#types.set(record.name, [...known, type]);
    return type;
  }
}
