import { BASE_BYTES, Base, type BinarySchema, type SchemaField, type SchemaObject } from "../../model.ts";

export interface Place {
  readonly field: SchemaField;
  /** Bytes from the start of the table, where its offset to the vtable lies. */
  readonly offset: number;
  readonly bytes: number;
  /** The struct that lies here in place. */
  readonly struct: SchemaObject | undefined;
}

/**
 * The one layout our encoder uses for a table: all fields that are not deprecated have their place, whether present or
 * not, the largest alignment first, so that there are no gaps. A table with 8-byte fields starts at 4 mod 8: its first
 * field then follows the 4-byte offset to the vtable without a gap.
 */
export interface Layout {
  readonly places: readonly Place[];
  /** Without padding behind. */
  readonly bytes: number;
  readonly vtableBytes: number;
  /** 8 or 4. */
  readonly align: number;
  /** Slot values by field id; 0 for deprecated fields. */
  readonly slots: readonly number[];
  /** Vtable as little-endian u32 words, padded with zero. */
  readonly words: readonly number[];
}

export function structOf(schema: BinarySchema, field: SchemaField): SchemaObject | undefined {
  if (field.type.base !== Base.object) return undefined;
  const object = schema.objects[field.type.index];
  return object.isStruct ? object : undefined;
}

export function layoutOf(schema: BinarySchema, table: SchemaObject): Layout {
  const parts = table.fields
    .filter((field) => !field.deprecated)
    .map((field) => {
      const struct = structOf(schema, field);
      const bytes = struct?.byteSize ?? BASE_BYTES[field.type.base];
      return { field, struct, bytes, align: struct?.minAlign ?? bytes };
    })
    .sort((a, b) => b.align - a.align || a.field.id - b.field.id);
  const slots = new Array<number>(table.fields.reduce((most, field) => Math.max(most, field.id + 1), 0)).fill(0);
  let end = 4;
  const places = parts.map(({ field, struct, bytes }) => {
    const place = { field, struct, bytes, offset: end };
    slots[field.id] = end;
    end += bytes;
    return place;
  });
  const vtable = [4 + 2 * slots.length, end, ...slots];
  const words: number[] = [];
  for (let i = 0; i < vtable.length; i += 2) words.push(vtable[i] + (vtable[i + 1] ?? 0) * 65536);
  const align = parts.some((part) => part.align === 8) ? 8 : 4;
  return {
    places: places.sort((a, b) => a.field.id - b.field.id),
    bytes: end,
    vtableBytes: vtable[0],
    align,
    slots,
    words,
  };
}
