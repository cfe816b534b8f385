import { BusError, suggestion } from "#wire";
import { closureOf, defaultText, typeText } from "./canonical.ts";
import {
  Base,
  type BinarySchema,
  isScalar,
  type SchemaEnum,
  type SchemaField,
  type SchemaObject,
  type SchemaService,
} from "./model.ts";

/**
 * A type as a person wants to read it before writing JSON: the type first, then everything it is made of. For a service,
 * its calls.
 * @throws BusError `schema/unknown-type`
 */
export function describeType(schema: BinarySchema, name: string): string {
  const service = schema.service.get(name);
  if (service !== undefined) return describeService(service);
  const object = schema.object.get(name);
  if (object !== undefined && !object.isStruct) {
    const others = closureOf(schema, name).filter((other) => other !== name);
    return [name, ...others].map((part) => describeOne(schema, part)).join("\n");
  }
  return describeOne(schema, name);
}

function describeOne(schema: BinarySchema, name: string): string {
  const object = schema.object.get(name);
  if (object !== undefined) return describeObject(schema, object);
  const type = schema.enum.get(name);
  if (type !== undefined) return describeEnum(schema, type);
  const names = [...schema.object.keys(), ...schema.enum.keys(), ...schema.service.keys()];
  throw new BusError("schema/unknown-type", { details: { type: name, suggestion: suggestion(name, names) } });
}

const comment = (lines: readonly string[], indent: string): string =>
  lines.map((line) => `${indent}//${line.trimEnd()}\n`).join("");

function describeObject(schema: BinarySchema, object: SchemaObject): string {
  const fields = object.fields
    .filter(({ type, deprecated }) => !deprecated && type.base !== Base.utype && type.element !== Base.utype)
    .map(
      (field) => `${comment(field.documentation, "  ")}  ${field.name}: ${fieldText(schema, field, object.isStruct)}\n`,
    );
  return `${comment(object.documentation, "")}${object.isStruct ? "struct" : "table"} ${object.name}\n${fields.join("")}`;
}

function fieldText(schema: BinarySchema, field: SchemaField, inStruct: boolean): string {
  const type = typeText(schema, field.type);
  if (field.required) return `${type} (required)`;
  if (inStruct || !isScalar(field.type.base)) return type;
  if (field.optional) return `${type} = null`;
  const text = defaultText(field) as string;
  const named =
    field.type.index < 0 ? undefined : schema.enums[field.type.index].byValue.get(field.defaultInteger)?.name;
  return `${type} = ${named ?? (field.type.base === Base.bool ? String(text !== "0") : text)}`;
}

function describeEnum(schema: BinarySchema, type: SchemaEnum): string {
  const values = type.values
    .filter((value) => !type.isUnion || value.type !== undefined)
    .map((value) => {
      const what = value.type === undefined ? `= ${value.value}` : `: ${typeText(schema, value.type)}`;
      return `${comment(value.documentation, "  ")}  ${value.name}${what.startsWith(":") ? what : ` ${what}`}\n`;
    });
  return `${comment(type.documentation, "")}${type.isUnion ? "union" : "enum"} ${type.name}\n${values.join("")}`;
}

const describeService = (service: SchemaService): string =>
  `${comment(service.documentation, "")}service ${service.name}\n${service.calls
    .map(
      (call) =>
        `${comment(call.documentation, "  ")}  ${call.name}(${call.request}): ${call.streaming ? "stream of " : ""}${call.response}\n`,
    )
    .join("")}`;
