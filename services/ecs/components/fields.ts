/** Kinds of fields, what TypeScript sees of each, and how wide one value is. */

/** A kind by its name; `f32x2` to `f32x16` are vectors of that many f32. */
export type FieldKind = keyof Values | `f32x${number}`;

interface Values {
  bool: boolean;
  i8: number;
  i16: number;
  i32: number;
  i64: bigint;
  u8: number;
  u16: number;
  u32: number;
  u64: bigint;
  f32: number;
  f64: number;
  utf8: string;
  entity: bigint;
}

interface Arrays {
  /** One bit per value, least first. */
  bool: Uint8Array;
  i8: Int8Array;
  i16: Int16Array;
  i32: Int32Array;
  i64: BigInt64Array;
  u8: Uint8Array;
  u16: Uint16Array;
  u32: Uint32Array;
  u64: BigUint64Array;
  f32: Float32Array;
  f64: Float64Array;
  /** Codes into the column's dictionary. */
  utf8: Int32Array;
  entity: BigUint64Array;
}

export type NumberArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Float32Array
  | Float64Array;
export type BigArray = BigInt64Array | BigUint64Array;
export type TypedArray = NumberArray | BigArray;

/** `hash` for few distinct values such as a faction, `sorted` for ranges and orders. */
export type IndexKind = "hash" | "sorted";

/** A field spelled out: what a declaration as text cannot say. */
export interface FieldOptions {
  readonly type: FieldKind;
  /** Default false. */
  readonly nullable?: boolean;
  /** Default none. It is built when the field was asked about often without a change between; writes cost no more. */
  readonly index?: IndexKind;
}

/** Marks a field of a FlatBuffers table, whose TypeScript type is known, but whose kind is in the binary schema only. */
export interface TableField<Value> {
  readonly type: FieldKind;
  readonly nullable?: boolean;
  readonly index?: IndexKind;
  /** Exists in types only. */
  readonly valueType?: Value;
}

/** `"f32"`, nullable as `"f32?"`, or spelled out. */
export type FieldSpec = FieldKind | `${FieldKind}?` | FieldOptions | TableField<unknown>;
export type ComponentSpec = Readonly<Record<string, FieldSpec>>;
export type ComponentSpecs = Readonly<Record<string, ComponentSpec>>;

type KindValue<Kind> = Kind extends keyof Values ? Values[Kind] : Float32Array;
type KindInput<Kind> = Kind extends keyof Values ? Values[Kind] : ArrayLike<number>;
type KindArray<Kind> = Kind extends keyof Arrays ? Arrays[Kind] : Float32Array;

type ArrayOfValue<Value> = [Value] extends [string]
  ? Int32Array
  : [Value] extends [bigint]
    ? BigArray
    : [Value] extends [number]
      ? NumberArray
      : [Value] extends [boolean]
        ? Uint8Array
        : Float32Array;

/** What is read from a field. */
export type ValueOf<Spec> = Spec extends { readonly valueType?: infer Value }
  ? unknown extends Value
    ? KindsOf<Spec, 0>
    : Value | Null<Spec>
  : KindsOf<Spec, 0>;
/** What may be written to a field: vectors are given as any list of numbers. */
export type InputOf<Spec> = Spec extends { readonly valueType?: infer Value }
  ? unknown extends Value
    ? KindsOf<Spec, 1>
    : (Value extends Float32Array ? ArrayLike<number> : Value) | Null<Spec>
  : KindsOf<Spec, 1>;

type Either<Kind, Side> = Side extends 0 ? KindValue<Kind> : KindInput<Kind>;
type Null<Spec> = Spec extends { readonly nullable: true } ? null : never;
type KindsOf<Spec, Side> = Spec extends `${infer Kind}?`
  ? Either<Kind, Side> | null
  : Spec extends { readonly type: infer Kind }
    ? Either<Kind, Side> | Null<Spec>
    : Either<Spec, Side>;

/** The typed array that a column of the field is. */
export type ArrayOf<Spec> = Spec extends { readonly valueType?: infer Value }
  ? unknown extends Value
    ? KindArray<Spec extends { readonly type: infer Kind } ? Kind : never>
    : ArrayOfValue<Exclude<Value, null | undefined>>
  : Spec extends `${infer Kind}?`
    ? KindArray<Kind>
    : Spec extends { readonly type: infer Kind }
      ? KindArray<Kind>
      : KindArray<Spec>;

export const ARRAYS: { readonly [Kind in keyof Arrays]: TypedArrayConstructor } = {
  bool: Uint8Array,
  i8: Int8Array,
  i16: Int16Array,
  i32: Int32Array,
  i64: BigInt64Array,
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  u64: BigUint64Array,
  f32: Float32Array,
  f64: Float64Array,
  utf8: Int32Array,
  entity: BigUint64Array,
};

export interface TypedArrayConstructor {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, offset: number, length: number): TypedArray;
}

/** A vector has 2 to 16 elements; a single one is a plain f32. */
export const WIDTH_MAX = 16;

/** Elements of one value: 1, or those of a vector. 0 for a name that is no kind. */
export function widthOf(kind: string): number {
  if (Object.hasOwn(ARRAYS, kind)) return 1;
  const [, digits] = /^f32x([1-9]\d?)$/.exec(kind) ?? [];
  const width = Number(digits ?? 0);
  return width >= 2 && width <= WIDTH_MAX ? width : 0;
}

/** Constructor of the array that holds a column of `kind`. */
export const arrayOf = (kind: FieldKind): TypedArrayConstructor => ARRAYS[kind as keyof Arrays] ?? Float32Array;

/** Whether values are bigint. */
export const isBig = (kind: FieldKind): boolean => kind === "i64" || kind === "u64" || kind === "entity";
