import { Base, type SchemaEnum, type SchemaField, type SchemaObject } from "../../model.ts";
import { Code } from "./code.ts";
import { knownLayout, mayBeAbsent } from "./decode.ts";
import type { Layout, Place } from "./layout.ts";
import { scalarOf } from "./scalars.ts";
import { type Scope, typeNameOf } from "./scope.ts";
import { fieldsOf, membersOf } from "./types.ts";

/**
 * `okX`: whether the table at `t` is sound and laid out as our encoder lays it out; false sends the payload to the
 * verifier of the binary schema. What it accepts, that one accepts too.
 */
export function verifyTable(scope: Scope, object: SchemaObject, layout: Layout): string {
  const name = typeNameOf(object.name);
  const code = new Code(scope.helpers);
  const place = layout.align === 8 ? "(t & 7) !== 4" : "(t & 3) !== 0";
  code.line(`if (${place} || t + ${layout.bytes} > end || d > 63) return false;`);
  code.line(`const v = t - ${code.array("i32")}[t >> 2]!;`);
  code.line(`if ((v & 3) !== 0 || v < low || v + ${(layout.vtableBytes + 3) & ~3} > end) return false;`);
  code.line(`if (!(${knownLayout(code, layout).join(" && ")})) return false;`);
  code.line(`if ((m.budget -= ${layout.bytes + layout.vtableBytes}) < 0) return false;`);
  const absents = fieldsOf(object).filter(mayBeAbsent);
  if (absents.length > 0) code.line("let o = 0;");
  for (const field of fieldsOf(object)) {
    const at = layout.places.find((other) => other.field === field) as Place;
    const test = fieldSound(scope, code, field, at, layout);
    if (!mayBeAbsent(field)) {
      if (test !== undefined) code.line(`if (!${test}) return false;`);
      continue;
    }
    code.line(`o = ${code.array("u16")}[(v >> 1) + ${2 + field.id}]!;`);
    const present = `o !== ${at.offset}${test === undefined ? "" : ` || !${test}`}`;
    if (field.type.base === Base.union) {
      code.line(`if (${code.array("u8")}[t + ${tagOf(layout, field)}] === 0 ? o !== 0 : ${present}) return false;`);
    } else code.line(`if (o !== 0 && (${present})) return false;`);
  }
  code.line("return true;");
  // A table without references needs none of these; the signature stays that of its sisters.
  return `${scope.exported(object)}function ok$${name}(m: Memory, t: number, low: number, end: number, d: number): boolean {\n${code.body()}}\n`;
}

const tagOf = (layout: Layout, field: SchemaField): number =>
  layout.places.find((other) => other.field.id === field.id - 1)?.offset ?? 0;

/** Test of what a present field refers to; undefined for what lies in place. */
function fieldSound(scope: Scope, code: Code, field: SchemaField, place: Place, layout: Layout): string | undefined {
  const { base, element, index } = field.type;
  const at = `t + ${place.offset}`;
  if (base === Base.string) return `${code.call("okString")}(m, ${at}, end)`;
  if (base === Base.object) {
    if (place.struct !== undefined) return undefined;
    return `${scope.call("ok", scope.schema.objects[index].name)}(m, ${code.call("tableAt")}(m, ${at}, end), low, end, d + 1)`;
  }
  if (base === Base.union) {
    const ok = scope.call("ok", scope.schema.enums[index].name);
    const tag = `${code.array("u8")}[t + ${tagOf(layout, field)}]!`;
    return `${ok}(m, ${tag}, ${at}, low, end, d + 1)`;
  }
  if (base !== Base.vector) return undefined;
  if (element === Base.string) return `${code.call("okStrings")}(m, ${at}, end)`;
  if (element === Base.object) {
    const object = scope.schema.objects[index];
    if (object.isStruct) return `${code.call("okVector")}(m, ${at}, end, ${object.byteSize}, ${object.minAlign})`;
    return `${code.call("okTables")}(m, ${at}, low, end, ${scope.call("ok", object.name)}, d + 1)`;
  }
  const bytes = 1 << scalarOf(element).shift;
  return `${code.call("okVector")}(m, ${at}, end, ${bytes}, ${bytes})`;
}

/** `okU` of a union; false for tags this schema does not know. */
export function verifyUnion(scope: Scope, union: SchemaEnum): string {
  const name = typeNameOf(union.name);
  const cases = membersOf(scope.schema, union).map(({ tag, object }) => {
    const helper = object === undefined ? "okString" : object.isStruct ? "okStruct" : "tableAt";
    scope.helpers.add(helper);
    const test =
      object === undefined
        ? "okString(m, at, end)"
        : object.isStruct
          ? `okStruct(m, at, end, ${object.byteSize}, ${object.minAlign})`
          : `${scope.call("ok", object.name)}(m, tableAt(m, at, end), low, end, d)`;
    return `    case ${tag}:\n      return ${test};\n`;
  });
  return `${scope.exported(union)}function ok$${name}(m: Memory, tag: number, at: number, low: number, end: number, d: number): boolean {\n  switch (tag) {\n${cases.join("")}    default:\n      return false;\n  }\n}\n`;
}
