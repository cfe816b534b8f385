import { join } from "node:path";
import { fileWriter, parquetWriteRows } from "hyparquet-writer";
import { BusError } from "#bus";
import { Base, type BinarySchema, type JsonObject, type SchemaField, type SchemaObject } from "#schema";
import { goOn, type Work } from "../care/progress.ts";
import type { RecordedEvent } from "../recording/event.ts";
import type { Query } from "../recording/query.ts";
import type { Recording } from "../recording/recording.ts";

/** One column of a table. */
interface Column {
  readonly name: string;
  readonly kind: Kind;
  readonly of: (event: RecordedEvent, value: JsonObject) => unknown;
}

type Kind = "u64" | "i64" | "i32" | "u32" | "double" | "boolean" | "text" | "json";

const ELEMENTS: Readonly<
  Record<
    Kind,
    {
      type: "INT64" | "INT32" | "DOUBLE" | "BOOLEAN" | "BYTE_ARRAY";
      converted_type?: "UINT_64" | "UINT_32" | "UTF8" | "JSON";
    }
  >
> = {
  u64: { type: "INT64", converted_type: "UINT_64" },
  i64: { type: "INT64" },
  i32: { type: "INT32" },
  u32: { type: "INT32", converted_type: "UINT_32" },
  double: { type: "DOUBLE" },
  boolean: { type: "BOOLEAN" },
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  json: { type: "BYTE_ARRAY", converted_type: "JSON" },
};

/** Rows held in memory before a group is written. */
const GROUP_ROWS = 50_000;

/**
 * One Parquet file per type, `<folder>/<type>.parquet`: when and where it was recorded, then the fields, structs flattened with
 * dots, vectors and tables as JSON. Rows come in the order of (time, sequence).
 * @returns rows by file
 * @throws BusError blackbox/exists
 */
export async function exportParquet(
  recording: Recording,
  query: Query,
  folder: string,
  exists: (path: string) => boolean,
  work?: Work,
): Promise<Record<string, number>> {
  const counts = Object.entries((await recording.stats()).types);
  const wanted = query.types;
  const rows: Record<string, number> = {};
  for (const [type] of counts.length > 0 ? counts : [...recording.types].map((name): [string, number] => [name, 0])) {
    if (wanted !== undefined && !wanted.some((name) => type === name || type.endsWith(`.${name}`))) continue;
    const path = join(folder, `${type}.parquet`);
    if (exists(path)) throw new BusError("blackbox/exists", { details: { path } });
    const columns = columnsOf(recording, type);
    let count = 0;
    const events = async function* (): AsyncGenerator<Record<string, unknown>> {
      for await (const event of recording.query({ ...query, types: [type] })) {
        if (count++ % 1024 === 0) goOn(work, Object.keys(rows).length / Math.max(1, counts.length));
        const value = event.value();
        yield Object.fromEntries(columns.map((column) => [column.name, column.of(event, value)]));
      }
    };
    const source = events();
    const first = await source.next();
    // A file without rows says nothing that its absence does not.
    if (first.done === true) continue;
    const all = async function* (): AsyncGenerator<Record<string, unknown>> {
      yield first.value;
      yield* source;
    };
    await parquetWriteRows({
      writer: fileWriter(path),
      rows: all(),
      columns: columns.map(({ name }) => ({ name })),
      schema: [
        { name: "root", num_children: columns.length },
        ...columns.map(({ name, kind }) => ({ name, repetition_type: "OPTIONAL" as const, ...ELEMENTS[kind] })),
      ],
      rowGroupSize: GROUP_ROWS,
    });
    rows[path] = count;
  }
  return rows;
}

function columnsOf(recording: Recording, type: string): Column[] {
  const columns: Column[] = [
    { name: "time", kind: "u64", of: (event) => event.time },
    { name: "sequence", kind: "u64", of: (event) => event.sequence },
    { name: "published", kind: "u64", of: (event) => event.published },
    { name: "topic", kind: "text", of: (event) => event.topic ?? null },
  ];
  for (const file of recording.files)
    for (const channel of file.channels.values()) {
      const { schema } = channel.type ?? {};
      const table = channel.typeName === type ? schema?.object.get(channel.type!.name) : undefined;
      if (table === undefined || schema === undefined) continue;
      // Versions of a type in several files: the columns of all of them.
      for (const column of fieldsOf(schema, table, "", (value) => value))
        if (!columns.some(({ name }) => name === column.name)) columns.push(column);
    }
  return columns;
}

function fieldsOf(
  schema: BinarySchema,
  object: SchemaObject,
  prefix: string,
  inside: (value: JsonObject) => JsonObject | undefined,
): Column[] {
  return object.fields.flatMap((field): Column[] => {
    if (field.deprecated || field.type.base === Base.utype) return [];
    const name = prefix === "" ? field.name : `${prefix}.${field.name}`;
    const struct = field.type.base === Base.object ? schema.objects[field.type.index] : undefined;
    if (struct?.isStruct === true)
      return fieldsOf(schema, struct, name, (value) => inside(value)?.[field.name] as JsonObject | undefined);
    const kind = kindOf(field);
    return [{ name, kind, of: (_, value) => cell(kind, inside(value)?.[field.name]) }];
  });
}

function kindOf({ type }: SchemaField): Kind {
  switch (type.base) {
    case Base.ulong:
      return "u64";
    case Base.long:
      return "i64";
    case Base.float:
    case Base.double:
      return "double";
    case Base.bool:
      return "boolean";
    case Base.string:
      return "text";
    case Base.vector:
    case Base.object:
    case Base.union:
    case Base.array:
      return "json";
    default:
      // Enums are shown by name.
      return type.index >= 0 ? "text" : type.base === Base.uint ? "u32" : "i32";
  }
}

function cell(kind: Kind, value: unknown): unknown {
  if (value === undefined || value === null) return null;
  switch (kind) {
    case "u64":
    case "i64":
      return BigInt(value as string);
    case "double":
      return Number(value);
    case "text":
      return String(value);
    default:
      return value;
  }
}
