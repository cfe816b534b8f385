/** Where a query finds what it asks for in a payload: by the schema in the file, so that any version of a type will do. */
import { Base, type BinarySchema, type SchemaField, type SchemaObject } from "#schema";

/** Byte offsets inside the header struct. */
export interface HeaderLayout {
  /** Vtable entry of the field `header`. */
  readonly entry: number;
  readonly bytes: number;
  readonly sequence: number;
  readonly faction: number;
  readonly turn: number;
}

export interface EntityField {
  readonly entry: number;
  readonly vector: boolean;
}

export interface Layout {
  /** Undefined for types that are no events: they belong to no turn and no faction. */
  readonly header: HeaderLayout | undefined;
  /** Vtable entry of `combat_id`; 0 = none. */
  readonly combat: number;
  readonly entities: readonly EntityField[];
}

/** Fields that name entities, in any recorded type. */
const ENTITY_FIELDS = ["source_entity", "target_entity", "entity_id", "participants", "survivors", "targets"];

export const NO_LAYOUT: Layout = { header: undefined, combat: 0, entities: [] };

export function layoutOf(schema: BinarySchema, type: string): Layout {
  const table = schema.object.get(type);
  if (table === undefined || table.isStruct) return NO_LAYOUT;
  const combat = table.field.get("combat_id");
  return {
    header: headerOf(schema, table),
    combat: combat?.type.base === Base.string ? combat.offset : 0,
    entities: ENTITY_FIELDS.flatMap((name): EntityField[] => {
      const field = table.field.get(name);
      if (field?.type.base === Base.ulong) return [{ entry: field.offset, vector: false }];
      if (field?.type.base === Base.vector && field.type.element === Base.ulong)
        return [{ entry: field.offset, vector: true }];
      return [];
    }),
  };
}

function headerOf(schema: BinarySchema, table: SchemaObject): HeaderLayout | undefined {
  const field = table.field.get("header");
  if (field?.type.base !== Base.object) return undefined;
  const struct = schema.objects[field.type.index];
  const place = (name: string, base: number): number => offsetOf(struct?.field.get(name), base);
  const sequence = place("sequence", Base.ulong);
  const faction = place("faction_id", Base.ulong);
  const turn = place("turn_number", Base.uint);
  if (struct?.isStruct !== true || Math.min(sequence, faction, turn) < 0) return undefined;
  return { entry: field.offset, bytes: struct.byteSize, sequence, faction, turn };
}

const offsetOf = (field: SchemaField | undefined, base: number): number =>
  field?.type.base === base ? field.offset : -1;

/**
 * Where a field of the root table lies, in a payload that nobody has verified.
 * @returns byte offset into `view`; 0 = absent, -1 = the payload is no FlatBuffer
 */
export function fieldAt(view: DataView, from: number, end: number, entry: number, bytes: number): number {
  if (end - from < 8) return -1;
  const table = from + view.getUint32(from, true);
  if (table + 4 > end) return -1;
  const vtable = table - view.getInt32(table, true);
  if (vtable < from || vtable + 4 > end) return -1;
  const entries = view.getUint16(vtable, true);
  if (vtable + entries > end) return -1;
  if (entry + 2 > entries) return 0;
  const offset = view.getUint16(vtable + entry, true);
  if (offset === 0) return 0;
  return table + offset + bytes <= end ? table + offset : -1;
}

/** The same for a field that is an offset to a string or vector. @returns where its count stands, 0 or -1 as above */
export function vectorAt(view: DataView, from: number, end: number, entry: number, elementBytes: number): number {
  const field = fieldAt(view, from, end, entry, 4);
  if (field <= 0) return field;
  const at = field + view.getUint32(field, true);
  if (at + 4 > end) return -1;
  return at + 4 + view.getUint32(at, true) * elementBytes <= end ? at : -1;
}
