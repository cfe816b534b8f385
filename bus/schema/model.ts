/** Numbers of reflection.fbs `BaseType`. */
export const Base = {
  none: 0,
  utype: 1,
  bool: 2,
  byte: 3,
  ubyte: 4,
  short: 5,
  ushort: 6,
  int: 7,
  uint: 8,
  long: 9,
  ulong: 10,
  float: 11,
  double: 12,
  string: 13,
  vector: 14,
  object: 15,
  union: 16,
  array: 17,
} as const;
export type Base = (typeof Base)[keyof typeof Base];

/** Bytes of a value in place, by base; offsets take 4. Structs and arrays depend on what they are of. */
export const BASE_BYTES: readonly number[] = [0, 1, 1, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 4, 4, 4, 4, 0];
/** Names as in schema files, by base. */
export const BASE_NAMES: readonly string[] =
  "none utype bool byte ubyte short ushort int uint long ulong float double string vector object union array".split(
    " ",
  );
export const isScalar = (base: number): boolean => base > Base.none && base < Base.string;
export const isFloat = (base: number): boolean => base === Base.float || base === Base.double;
export const isLong = (base: number): boolean => base === Base.long || base === Base.ulong;

export interface SchemaType {
  readonly base: Base;
  /** Of vectors and arrays, else `Base.none`. */
  readonly element: Base;
  /** Into `objects` for object, into `enums` for union, utype and enum-typed scalars; -1 for none. */
  readonly index: number;
  /** Elements of an array, else 0. */
  readonly fixedLength: number;
}

export interface SchemaField {
  /** As in the schema file, snake_case. */
  readonly name: string;
  readonly type: SchemaType;
  /** Vtable slot of a table's field, position of a struct's. */
  readonly id: number;
  /** Bytes from the start of a struct; in tables the vtable entry, 4 + 2 * id. */
  readonly offset: number;
  /** Default of integer, bool and enum fields. The compiler loses those of ulong above 2^63-1: they read 0. */
  readonly defaultInteger: bigint;
  readonly defaultReal: number;
  readonly deprecated: boolean;
  readonly required: boolean;
  /** `= null`: absent is a value of its own. */
  readonly optional: boolean;
  readonly attributes: ReadonlyMap<string, string>;
  readonly documentation: readonly string[];
}

/** A table or struct. */
export interface SchemaObject {
  readonly name: string;
  readonly index: number;
  readonly isStruct: boolean;
  /** Alignment of a struct, 1..8. */
  readonly minAlign: number;
  /** Size of a struct. */
  readonly byteSize: number;
  /** In the order of ids. */
  readonly fields: readonly SchemaField[];
  readonly field: ReadonlyMap<string, SchemaField>;
  readonly attributes: ReadonlyMap<string, string>;
  readonly documentation: readonly string[];
  /** Schema file that declares it, "//service/cards/cards.fbs"; undefined when the compiler was not told to say. */
  readonly file: string | undefined;
}

export interface SchemaEnumValue {
  readonly name: string;
  readonly value: bigint;
  /** What a union member is; undefined in plain enums and for NONE. */
  readonly type: SchemaType | undefined;
  readonly documentation: readonly string[];
}

/** An enum or union. */
export interface SchemaEnum {
  readonly name: string;
  readonly index: number;
  readonly isUnion: boolean;
  readonly bitFlags: boolean;
  readonly underlying: SchemaType;
  readonly values: readonly SchemaEnumValue[];
  readonly byName: ReadonlyMap<string, SchemaEnumValue>;
  readonly byValue: ReadonlyMap<bigint, SchemaEnumValue>;
  readonly documentation: readonly string[];
  readonly file: string | undefined;
}

export interface SchemaCall {
  readonly name: string;
  /** Full type names. */
  readonly request: string;
  readonly response: string;
  /** `(streaming: "server")`; needs a schema compiled with built-in attributes. */
  readonly streaming: boolean;
  /** The attribute as written: "none", "client", "server", "bidi". */
  readonly streamingMode: string;
  readonly documentation: readonly string[];
}

export interface SchemaService {
  readonly name: string;
  readonly calls: readonly SchemaCall[];
  readonly documentation: readonly string[];
  readonly file: string | undefined;
}

/** A loaded .bfbs. Sound: every index, offset and size in it was checked, so its users need not look again. */
export interface BinarySchema {
  readonly objects: readonly SchemaObject[];
  readonly enums: readonly SchemaEnum[];
  readonly services: readonly SchemaService[];
  readonly object: ReadonlyMap<string, SchemaObject>;
  readonly enum: ReadonlyMap<string, SchemaEnum>;
  readonly service: ReadonlyMap<string, SchemaService>;
  /** file_identifier, or undefined. */
  readonly identifier: string | undefined;
  /** Full name of root_type, or undefined. */
  readonly root: string | undefined;
}
