import {
  BASE_BYTES,
  Base,
  type BinarySchema,
  isScalar,
  type SchemaField,
  type SchemaObject,
  type SchemaType,
} from "./model.ts";

/** What has to be looked at when a field is present. */
export const Check = {
  inline: 0,
  string: 1,
  table: 2,
  union: 3,
  inlineVector: 4,
  stringVector: 5,
  tableVector: 6,
  unionVector: 7,
  /** A union member laid out as a struct, reached by offset. */
  struct: 8,
} as const;

/** One kind of value; all of the same shape, so that the verifier's loops stay monomorphic. */
export interface ValuePlan {
  readonly check: number;
  /** Bytes of an inline value or of one vector element. */
  readonly size: number;
  /** Alignment of it, less 1. */
  readonly mask: number;
  readonly table: TablePlan | undefined;
  /** By tag; undefined for tags this schema does not know. Empty unless a union. */
  readonly members: readonly (ValuePlan | undefined)[];
}

export interface FieldPlan {
  /** Offset of the field's entry in a vtable. */
  readonly entry: number;
  readonly required: boolean;
  readonly value: ValuePlan;
  /** "galaxy.Fleet.ships", for reasons. */
  readonly place: string;
}

export interface TablePlan {
  readonly name: string;
  /** Filled after construction, since tables may refer to themselves. Deprecated fields are not there: nobody reads them. */
  readonly fields: FieldPlan[];
  /** Those of the fields that lead elsewhere: all but inline values. */
  readonly references: FieldPlan[];
  /** Vtables shorter than this lack a required field. */
  vtableBytesMin: number;
  /** Largest alignment of an inline value, less 1. */
  maskMax: number;
  /** The verifier's: what it has last found sound of this type. */
  readonly sound: SoundVtable;
}

/** A vtable whose fields lie well in tables at places of the same alignment. */
export interface SoundVtable {
  /** Number of the verification in which that was found. */
  round: number;
  vtable: number;
  /** Place of the table by `maskMax`. */
  alignment: number;
  /** Bytes from the table's place to the end of its last field. */
  extent: number;
}

const plans = new WeakMap<BinarySchema, readonly (TablePlan | undefined)[]>();

/** Plans of all tables by object index, made once per schema. */
export function verifyPlans(schema: BinarySchema): readonly (TablePlan | undefined)[] {
  let known = plans.get(schema);
  if (known === undefined) {
    known = makePlans(schema);
    plans.set(schema, known);
  }
  return known;
}

function makePlans(schema: BinarySchema): readonly (TablePlan | undefined)[] {
  const tables = schema.objects.map((object): TablePlan | undefined =>
    object.isStruct
      ? undefined
      : {
          name: object.name,
          fields: [],
          references: [],
          vtableBytesMin: 4,
          maskMax: 0,
          sound: { round: 0, vtable: 0, alignment: 0, extent: 0 },
        },
  );
  const unions = schema.enums.map((): (ValuePlan | undefined)[] => []);
  const planner = { schema, tables, unions };
  for (const type of schema.enums) {
    if (!type.isUnion) continue;
    for (const { value, type: member } of type.values) {
      if (member !== undefined) unions[type.index][Number(value)] = memberPlan(planner, member);
    }
  }
  for (const object of schema.objects) {
    const plan = tables[object.index];
    if (plan !== undefined) fillTable(planner, object, plan);
  }
  return tables;
}

interface Planner {
  readonly schema: BinarySchema;
  readonly tables: readonly (TablePlan | undefined)[];
  readonly unions: readonly (readonly (ValuePlan | undefined)[])[];
}

function fillTable(planner: Planner, object: SchemaObject, plan: TablePlan): void {
  object.fields.forEach((field, i) => {
    if (field.deprecated || belongsToUnion(field, object.fields[i + 1])) return;
    const entry = 4 + 2 * field.id;
    const value = fieldPlan(planner, field.type);
    const planned = { entry, required: field.required, value, place: `${object.name}.${field.name}` };
    plan.fields.push(planned);
    if (value.check === Check.inline) plan.maskMax = Math.max(plan.maskMax, value.mask);
    else plan.references.push(planned);
    if (field.required) plan.vtableBytesMin = entry + 2;
  });
}

/** Tags are looked at together with the union they announce. */
const belongsToUnion = (field: SchemaField, next: SchemaField | undefined): boolean =>
  (field.type.base === Base.utype || field.type.element === Base.utype) &&
  next !== undefined &&
  next.id === field.id + 1 &&
  !next.deprecated &&
  isUnion(next.type);

const isUnion = (type: SchemaType): boolean => type.base === Base.union || type.element === Base.union;

const NONE: readonly ValuePlan[] = [];
const plan = (
  check: number,
  size: number,
  align: number,
  table?: TablePlan,
  members = NONE as ValuePlan["members"],
): ValuePlan => ({
  check,
  size,
  mask: align - 1,
  table,
  members,
});

function fieldPlan(planner: Planner, type: SchemaType): ValuePlan {
  const { base, index } = type;
  if (isScalar(base)) return plan(Check.inline, BASE_BYTES[base], BASE_BYTES[base]);
  if (base === Base.string) return plan(Check.string, 0, 1);
  if (base === Base.union) return plan(Check.union, 0, 1, undefined, planner.unions[index]);
  if (base === Base.vector) return vectorPlan(planner, type);
  const object = planner.schema.objects[index];
  return object.isStruct
    ? plan(Check.inline, object.byteSize, object.minAlign)
    : plan(Check.table, 0, 1, planner.tables[index]);
}

function vectorPlan(planner: Planner, { element, index }: SchemaType): ValuePlan {
  if (isScalar(element)) return plan(Check.inlineVector, BASE_BYTES[element], BASE_BYTES[element]);
  if (element === Base.string) return plan(Check.stringVector, 4, 4);
  if (element === Base.union) return plan(Check.unionVector, 4, 4, undefined, planner.unions[index]);
  const object = planner.schema.objects[index];
  return object.isStruct
    ? plan(Check.inlineVector, object.byteSize, object.minAlign)
    : plan(Check.tableVector, 4, 4, planner.tables[index]);
}

function memberPlan(planner: Planner, type: SchemaType): ValuePlan {
  const value = fieldPlan(planner, type);
  return value.check === Check.inline ? { ...value, check: Check.struct } : value;
}
