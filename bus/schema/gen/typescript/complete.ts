import { fieldKey } from "../../codec/names.ts";
import { Base, isScalar, type SchemaEnum, type SchemaField, type SchemaObject } from "../../model.ts";
import { Code } from "./code.ts";
import { defaultOf, scalarOf } from "./scalars.ts";
import { type Scope, typeNameOf } from "./scope.ts";
import { fieldsOf, membersOf } from "./types.ts";

/** `fullX`: the value itself when nothing is left out, else a copy with defaults, as decoding would give. */
export function completeTable(scope: Scope, object: SchemaObject): string {
  const name = typeNameOf(object.name);
  const code = new Code(scope.helpers);
  const fields = fieldsOf(object);
  code.line(`if (d > 63 || typeof x !== "object" || x === null) ${code.call("unfit")}(${name}, x, d);`);
  const required = fields.filter((field) => field.required).map((field) => `x.${fieldKey(field.name)}`);
  if (required.length > 0) {
    const missing = required.map((key) => `${key} === undefined || ${key} === null`).join(" || ");
    code.line(`if (${missing}) ${code.call("unfit")}(${name}, x);`);
  }
  const same: string[] = [];
  const parts: string[] = [];
  for (const field of fields) {
    const key = `x.${fieldKey(field.name)}`;
    const full = fullForm(scope, code, field, key);
    if (full === undefined) {
      if (field.required) parts.push(key);
      else {
        same.push(`${key} !== undefined`);
        parts.push(`${key} === undefined ? ${absentForm(field)} : ${key}`);
      }
      continue;
    }
    code.line(`const f${field.id} = ${full};`);
    same.push(`f${field.id} === ${key}`);
    parts.push(`f${field.id}`);
  }
  const lines = fields.map((field, i) => `  ${fieldKey(field.name)}: ${parts[i]},`);
  if (same.length > 0) code.line(`if (${same.join(" && ")}) return x as ${name};`);
  if (same.length === 0) code.line(`return x as ${name};`);
  else {
    code.line("return {");
    for (const line of lines) code.line(line);
    code.line("};");
  }
  return `${scope.exported(object)}function full$${name}(x: ${name}Init, d: number): ${name} {\n${code.body()}}\n`;
}

const absentForm = (field: SchemaField): string =>
  isScalar(field.type.base) && !field.optional ? defaultOf(field) : "null";

/** Owned form of what has to be looked into; undefined for fields that are taken as they are. */
function fullForm(scope: Scope, code: Code, field: SchemaField, key: string): string | undefined {
  const { base, element, index } = field.type;
  if (base === Base.float) {
    // A number that 32 bits cannot hold must look by reference as it does after decoding.
    const absent = field.optional ? "null" : defaultOf(field);
    const missing = field.optional ? `${key} === undefined || ${key} === null` : `${key} === undefined`;
    return `${missing} ? ${absent} : Math.fround(${key})`;
  }
  const orNull = (call: string): string =>
    field.required ? call : `${key} === null || ${key} === undefined ? null : ${call}`;
  if (base === Base.object) {
    const object = scope.schema.objects[index];
    return object.isStruct ? undefined : orNull(`${scope.call("full", object.name)}(${key}, d + 1)`);
  }
  if (base === Base.union) return orNull(`${scope.call("full", scope.schema.enums[index].name)}(${key}, d + 1)`);
  if (base !== Base.vector) return undefined;
  if (element === Base.string || element === Base.bool) return `${key} ?? []`;
  if (element !== Base.object) return `${code.call(`full${scalarOf(element).suffix}`)}(${key})`;
  const object = scope.schema.objects[index];
  if (object.isStruct) return `${key} ?? []`;
  return `${code.call("fullTables")}(${key}, ${scope.call("full", object.name)}, d + 1)`;
}

export function completeUnion(scope: Scope, union: SchemaEnum): string {
  const name = typeNameOf(union.name);
  const cases = membersOf(scope.schema, union).map(({ label, object }) => {
    if (object === undefined || object.isStruct) return `    case "${label}":\n      return x as ${name};\n`;
    const full = `${scope.call("full", object.name)}(x.value, d)`;
    return `    case "${label}": {\n      const value = ${full};\n      return value === x.value ? (x as ${name}) : { type: "${label}", value };\n    }\n`;
  });
  return `${scope.exported(union)}function full$${name}(x: ${name}Init, d: number): ${name} {\n  switch (x.type) {\n${cases.join("")}    default:\n      throw new TypeError("not a member of ${union.name}");\n  }\n}\n`;
}
