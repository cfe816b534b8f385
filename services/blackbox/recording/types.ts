import { type BinarySchema, decodeJson, type JsonObject, schemaFromBase64 } from "#schema";
import type { SchemaRecord } from "../file/records.ts";
import { type Layout, layoutOf, NO_LAYOUT } from "./layout.ts";

/** A recorded type, by the schema that its file carries. */
export class RecordedType {
  readonly name: string;
  readonly encoding: string;
  /** As it stands in the file. */
  readonly bytes: Uint8Array;
  broken: string | undefined;
  readonly #lenient: boolean;
  #schema: BinarySchema | undefined;
  #layout: Layout | undefined;

  constructor(record: SchemaRecord, lenient: boolean) {
    this.#lenient = lenient;
    this.name = record.name;
    this.encoding = record.encoding;
    this.bytes = record.data;
  }

  /**
   * Undefined when the schema is no FlatBuffers one. Loaded at first use: most of a file's types are never asked for.
   * @throws BusError schema/bad-schema, unless damage was to be expected; then `broken` says it
   */
  get schema(): BinarySchema | undefined {
    if (this.encoding !== "flatbuffer" || this.broken !== undefined) return undefined;
    try {
      // Remembered by content: the same schemas come with every file.
      this.#schema ??= schemaFromBase64(Buffer.from(this.bytes).toString("base64"));
    } catch (error) {
      if (!this.#lenient) throw error;
      this.broken = `the schema of ${this.name}: ${(error as Error).message}`;
    }
    return this.#schema;
  }

  get layout(): Layout {
    this.#layout ??= this.schema === undefined ? NO_LAYOUT : layoutOf(this.schema, this.name);
    return this.#layout;
  }

  /** Why a payload is none of this type. */
  fault(payload: Uint8Array): string | undefined {
    const { schema } = this;
    if (schema === undefined) return undefined;
    try {
      decodeJson(schema, this.name, payload);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
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
  readonly #lenient: boolean;

  /** @param lenient types whose schema does not load are types of which nothing is known */
  constructor(lenient = false) {
    this.#lenient = lenient;
  }

  of(record: SchemaRecord): RecordedType {
    const known = this.#types.get(record.name) ?? [];
    const same = known.find(
      (type) => type.encoding === record.encoding && Buffer.compare(type.bytes, record.data) === 0,
    );
    if (same !== undefined) return same;
    const type = new RecordedType(record, this.#lenient);
    this.#types.set(record.name, [...known, type]);
    return type;
  }
}
