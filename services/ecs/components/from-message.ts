import { BusError, type MessageType, type MessageView } from "#bus";
import { Base, camelCase, isScalar, type SchemaField, schemaFromBase64 } from "#schema";
import type { ComponentSpec, FieldKind, FieldSpec, IndexKind, TableField } from "./fields.ts";

type Plain = boolean | number | bigint | string | null;

/** Fields of a table as fields of a component; those of other types are left out here and refused when it runs. */
export type TableComponent<Table> = {
  readonly [Key in keyof Table as Table[Key] extends Plain ? Key : never]: TableField<Exclude<Table[Key], null>> &
    (null extends Table[Key] ? { readonly nullable: true } : unknown);
};

export interface TableOptions<Table> {
  /** Fields that hold ids of entities: a schema has only `ulong` for them. */
  readonly entities?: readonly (keyof Table & string)[];
  readonly indexes?: { readonly [Key in keyof Table]?: IndexKind };
}

const KINDS: Readonly<Partial<Record<Base, FieldKind>>> = {
  [Base.bool]: "bool",
  [Base.byte]: "i8",
  [Base.ubyte]: "u8",
  [Base.short]: "i16",
  [Base.ushort]: "u16",
  [Base.int]: "i32",
  [Base.uint]: "u32",
  [Base.long]: "i64",
  [Base.ulong]: "u64",
  [Base.float]: "f32",
  [Base.double]: "f64",
  [Base.string]: "utf8",
};

/**
 * A component from a FlatBuffers table, so that one schema says what travels and what is stored:
 * `defineComponents({ Position: componentOf(Position), Owner: componentOf(Owner, { indexes: { faction: "hash" } }) })`.
 * Names are those of the generated TypeScript. Strings that are not `required` and scalars with `= null` are nullable; enums are
 * stored as the integers they are.
 * @param type generated message type of the table
 * @throws BusError ecs/not-expressible for a field that is a vector, union, struct or table
 */
export function componentOf<Table extends object, Init, View extends MessageView>(
  type: MessageType<Table, Init, View>,
  options: TableOptions<Table> = {},
): TableComponent<Table> {
  const object = schemaFromBase64(type.schema).object.get(type.name);
  if (object === undefined) throw notExpressible(type.name, "its schema does not hold it");
  const entities = new Set<string>(options.entities ?? []);
  const indexes: Readonly<Record<string, IndexKind | undefined>> = options.indexes ?? {};
  const specs: Record<string, FieldSpec> = {};
  for (const field of object.fields.filter(({ deprecated }) => !deprecated)) {
    const name = camelCase(field.name);
    const index = indexes[name];
    specs[name] = {
      type: kindOf(`${type.name}.${field.name}`, field, entities.delete(name)),
      nullable: field.optional || (field.type.base === Base.string && !field.required),
      ...(index === undefined ? {} : { index }),
    };
  }
  const [stray] = [...entities, ...Object.keys(indexes).filter((name) => specs[name] === undefined)];
  if (stray !== undefined) throw notExpressible(`${type.name}.${stray}`, "the table has no such field");
  return specs satisfies ComponentSpec as unknown as TableComponent<Table>;
}

function kindOf(path: string, { type }: SchemaField, entity: boolean): FieldKind {
  const kind = isScalar(type.base) || type.base === Base.string ? KINDS[type.base] : undefined;
  if (kind === undefined)
    throw notExpressible(
      path,
      "a field is a scalar or a string; declare vectors as f32x2 to f32x16 beside the table's fields",
    );
  if (entity && kind !== "u64") throw notExpressible(path, `ids of entities are ulong, this is ${kind}`);
  return entity ? "entity" : kind;
}

const notExpressible = (path: string, problem: string): BusError =>
  new BusError("ecs/not-expressible", { details: { path, problem } });
