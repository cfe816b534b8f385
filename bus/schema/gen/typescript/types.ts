import { fieldKey, upperFirst } from "../../codec/names.ts";
import {
  Base,
  type BinarySchema,
  isScalar,
  type SchemaEnum,
  type SchemaField,
  type SchemaObject,
} from "../../model.ts";
import { scalarOf } from "./scalars.ts";
import { type Scope, typeNameOf, valueName } from "./scope.ts";

/** Fields that messages have: no deprecated ones, and a union's type goes with its value. */
export const fieldsOf = (object: SchemaObject): SchemaField[] =>
  object.fields.filter(
    ({ deprecated, type }) => !deprecated && type.base !== Base.utype && type.element !== Base.utype,
  );

export const isBytes = (field: SchemaField): boolean =>
  field.type.base === Base.vector && field.type.element === Base.ubyte;
/** A member of a union: a table, a struct, or a string when there is no object. */
export interface Member {
  readonly tag: bigint;
  readonly label: string;
  readonly object: SchemaObject | undefined;
}

export const membersOf = (schema: BinarySchema, union: SchemaEnum): Member[] =>
  union.values.flatMap(({ name, value, type }) =>
    type === undefined
      ? []
      : [{ tag: value, label: name, object: type.base === Base.object ? schema.objects[type.index] : undefined }],
  );

/** Name of the accessor that gives a [ubyte] field in place. */
export const unsafeKey = (field: SchemaField): string => `unsafe${upperFirst(fieldKey(field.name))}`;

/** Comment of the schema file as a docstring. */
export function docs(lines: readonly string[], indent = ""): string {
  const text = lines.map((line) => line.trim().replaceAll("*/", "* /")).filter((line) => line !== "");
  if (text.length === 0) return "";
  if (text.length === 1) return `${indent}/** ${text[0]} */\n`;
  return `${indent}/**\n${text.map((line) => `${indent} * ${line}\n`).join("")}${indent} */\n`;
}

export function enumCode(type: SchemaEnum): string {
  const name = typeNameOf(type.name);
  const big = type.underlying.base === Base.long || type.underlying.base === Base.ulong;
  const value = (n: bigint): string =>
    big ? `${type.underlying.base === Base.ulong ? BigInt.asUintN(64, n) : n}n` : `${n}`;
  const entries = type.values.map((one) => `${valueName(one.name)}: ${value(one.value)}`).join(", ");
  return `${docs(type.documentation)}export const ${name} = { ${entries} } as const;\nexport type ${name} = (typeof ${name})[keyof typeof ${name}];\n`;
}

export function unionCode(scope: Scope, type: SchemaEnum): string {
  const name = typeNameOf(type.name);
  const form = (suffix: string): string =>
    membersOf(scope.schema, type)
      .map(({ label, object }) => {
        const value = object === undefined ? "string" : scope.type(object.name, object.isStruct ? "" : suffix);
        return `\n  | { readonly type: "${label}"; readonly value: ${value} }`;
      })
      .join("");
  return `${docs(type.documentation)}export type ${name} =${form("")};\nexport type ${name}Init =${form("Init")};\n`;
}

function scalarType(scope: Scope, base: number, index: number): string {
  return index >= 0 && base !== Base.bool ? scope.type(scope.schema.enums[index].name) : scalarOf(base).ts;
}

/** Owned form of a field, without null. */
function ownedType(scope: Scope, field: SchemaField): string {
  const { base, element, index } = field.type;
  if (base === Base.string) return "string";
  if (base === Base.object) return scope.type(scope.schema.objects[index].name);
  if (base === Base.union) return scope.type(scope.schema.enums[index].name);
  if (base === Base.vector || base === Base.array) {
    if (element === Base.string) return "readonly string[]";
    if (element === Base.object) return `readonly ${scope.type(scope.schema.objects[index].name)}[]`;
    if (base === Base.array) return `readonly ${scalarType(scope, element, index)}[]`;
    return element === Base.bool ? "readonly boolean[]" : scalarOf(element).list;
  }
  return scalarType(scope, base, index);
}

function initType(scope: Scope, field: SchemaField): string {
  const { base, element, index } = field.type;
  const object = base === Base.object || element === Base.object ? scope.schema.objects[index] : undefined;
  if (object !== undefined) {
    const one = scope.type(object.name, object.isStruct ? "" : "Init");
    return base === Base.object ? one : `readonly ${one}[]`;
  }
  if (base === Base.union) return scope.type(scope.schema.enums[index].name, "Init");
  if (base === Base.vector && element !== Base.string && element !== Base.bool) {
    return `ArrayLike<${scalarOf(element).ts}>`;
  }
  return ownedType(scope, field);
}

/** Whether the owned form may be null: what is absent and has no default. */
export function isNullable(field: SchemaField): boolean {
  if (isScalar(field.type.base)) return field.optional;
  // A newer writer may send a member that this schema does not know, so even a required union may come to nothing.
  return field.type.base === Base.union || (field.type.base !== Base.vector && !field.required);
}

export function structType(scope: Scope, object: SchemaObject): string {
  const name = typeNameOf(object.name);
  const fields = fieldsOf(object)
    .map(
      (field) => `${docs(field.documentation, "  ")}  readonly ${fieldKey(field.name)}: ${ownedType(scope, field)};\n`,
    )
    .join("");
  return `${docs(object.documentation)}export interface ${name} {\n${fields}}\n`;
}

/** X, XInit and XView of one table. */
export function tableType(scope: Scope, object: SchemaObject): string {
  const name = typeNameOf(object.name);
  const fields = fieldsOf(object);
  const owned = fields.map((field) => {
    const type = `${ownedType(scope, field)}${isNullable(field) ? " | null" : ""}`;
    return `${docs(field.documentation, "  ")}  readonly ${fieldKey(field.name)}: ${type};\n`;
  });
  const init = fields.map((field) => {
    const needed = field.required;
    const absent = !needed && (!isScalar(field.type.base) || field.optional) ? " | null" : "";
    return `  ${fieldKey(field.name)}${needed ? "" : "?"}: ${initType(scope, field)}${absent};\n`;
  });
  const unsafe = fields
    .filter(isBytes)
    .map(
      (field) =>
        `  /** Bytes of \`${fieldKey(field.name)}\` in place, valid as long as the view; not to be written. */\n  ${unsafeKey(field)}(): Uint8Array;\n`,
    );
  const view = unsafe.length === 0 ? "" : `\n${unsafe.join("")}`;
  const block = (head: string, lines: readonly string[]): string =>
    lines.length === 0 ? `${head} {}\n` : `${head} {\n${lines.join("")}}\n`;
  return [
    `${docs(object.documentation)}${block(`export interface ${name}`, owned)}`,
    block(`export interface ${name}Init`, init),
    `export interface ${name}View extends MessageView, Readonly<${name}> {${view}}\n`,
  ].join("");
}
