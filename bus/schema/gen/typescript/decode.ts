import { fieldKey } from "../../codec/names.ts";
import { Base, isScalar, type SchemaEnum, type SchemaField, type SchemaObject } from "../../model.ts";
import { Code } from "./code.ts";
import { type Layout, type Place, structOf } from "./layout.ts";
import { defaultOf, scalarOf } from "./scalars.ts";
import { type Scope, typeNameOf } from "./scope.ts";
import { fieldsOf, isBytes, isNullable, membersOf, unsafeKey } from "./types.ts";

const cast = (scope: Scope, index: number, base: number, value: string): string =>
  index >= 0 && base !== Base.bool ? `${value} as ${scope.type(scope.schema.enums[index].name)}` : value;

/** Reads a scalar at a byte position. */
function load(code: Code, base: number, at: string): string {
  const { array, shift, ts } = scalarOf(base);
  const value = `${code.array(array)}[${shift === 0 ? at : `(${at}) >> ${shift}`}]!`;
  return ts === "boolean" ? `${value} !== 0` : value;
}

/** Expression for the owned value of a present field at byte position `at`; `tag` is that of its union. */
function valueAt(scope: Scope, code: Code, field: SchemaField, at: string, tag: string): string {
  const { base, element, index } = field.type;
  if (isScalar(base)) return cast(scope, index, base, load(code, base, at));
  if (base === Base.string) return `${code.call("getString")}(m, ${at})`;
  if (base === Base.object) {
    const object = scope.schema.objects[index];
    const get = scope.call("get", object.name);
    return object.isStruct ? `${get}(m, ${at})` : `${get}(m, ${at} + ${code.array("i32")}[(${at}) >> 2]!)`;
  }
  if (base === Base.union) return `${scope.call("get", scope.schema.enums[index].name)}(m, ${tag}, ${at})`;
  if (element === Base.string) return `${code.call("getStrings")}(m, ${at})`;
  if (element === Base.object) {
    const object = scope.schema.objects[index];
    const get = scope.call("get", object.name);
    return object.isStruct
      ? `${code.call("getStructs")}(m, ${at}, ${get}, ${object.byteSize})`
      : `${code.call("getTables")}(m, ${at}, ${get})`;
  }
  return `${code.call(`get${scalarOf(element).suffix}`)}(m, ${at})`;
}

/** Value of an absent field. */
function fallback(scope: Scope, code: Code, field: SchemaField): string {
  const { base, element, index } = field.type;
  if (isScalar(base)) return field.optional ? "null" : cast(scope, index, base, defaultOf(field));
  if (isNullable(field)) return "null";
  if (base === Base.string) return '""';
  if (base !== Base.vector) return `${code.call("absent")}(${typeNameOf(scope.table)}, "${fieldKey(field.name)}")`;
  return element === Base.string || element === Base.object || element === Base.bool
    ? "[]"
    : `${code.call(`no${scalarOf(element).suffix}`)}()`;
}

/** Whether our encoder may leave the field out; its vtable entry then has to be read. */
export const mayBeAbsent = (field: SchemaField): boolean =>
  field.optional || (!isScalar(field.type.base) && !field.required);

/** Tests that say whether the vtable at `v` is the one that our encoder writes, but for fields that may be absent. */
export function knownLayout(code: Code, layout: Layout): string[] {
  const fixed = layout.slots.map((_, id) => {
    const place = layout.places.find((other) => other.field.id === id);
    return place === undefined || !mayBeAbsent(place.field);
  });
  const entry = (i: number): boolean => i < 2 || (fixed[i - 2] ?? true);
  const tests: string[] = [];
  const count = 2 + layout.slots.length;
  for (let i = 0; i < count; i += 2) {
    const word = layout.words[i >> 1];
    const index = i === 0 ? "v >> 2" : `(v >> 2) + ${i >> 1}`;
    const half = (k: number): string =>
      `${code.array("u16")}[(v >> 1) + ${k}] === ${k === i ? word & 0xffff : word >>> 16}`;
    if (entry(i) && i + 1 < count && entry(i + 1)) tests.push(`${code.array("i32")}[${index}] === ${word | 0}`);
    else {
      if (entry(i)) tests.push(half(i));
      if (i + 1 < count && entry(i + 1)) tests.push(half(i + 1));
    }
  }
  return tests;
}

/** `getX`: the owned object of the table at `t`; `ownX` reads vtables other than ours. */
export function decodeTable(scope: Scope, object: SchemaObject, layout: Layout): string {
  const name = typeNameOf(object.name);
  const code = new Code(scope.helpers);
  const fields = fieldsOf(object);
  code.line(`const v = t - ${code.array("i32")}[t >> 2]!;`);
  const tests = knownLayout(code, layout);
  code.line(
    `if ((v & 3) !== 0 || !(${tests.join(" && ")})) return own$${name}(${fields.length === 0 ? "" : "m, t, v"});`,
  );
  for (const field of fields.filter(mayBeAbsent)) {
    code.line(`const o${field.id} = ${code.array("u16")}[(v >> 1) + ${2 + field.id}]!;`);
  }
  code.line("return {");
  for (const field of fields) {
    const place = layout.places.find((other) => other.field === field) as Place;
    const tag = tagPlace(layout, field);
    const tagText = tag === undefined ? "0" : load(code, Base.utype, `t + ${tag.offset}`);
    const value = mayBeAbsent(field)
      ? `o${field.id} === 0 ? ${fallback(scope, code, field)} : ${valueAt(scope, code, field, `t + o${field.id}`, tagText)}`
      : valueAt(scope, code, field, `t + ${place.offset}`, tagText);
    code.line(`  ${fieldKey(field.name)}: ${value},`);
  }
  code.line("};");
  return `${scope.exported(object)}function get$${name}(m: Memory, t: number): ${name} {\n${code.body()}}\n${foreignTable(scope, object)}`;
}

/** `ownX`: the same for the table at `t` with any vtable, which lies at `v`. Not by the reader: a call per field costs as much again. */
function foreignTable(scope: Scope, object: SchemaObject): string {
  const name = typeNameOf(object.name);
  const fields = fieldsOf(object);
  if (fields.length === 0) return `function own$${name}(): ${name} {\n  return {};\n}\n`;
  const code = new Code(scope.helpers);
  code.line(`const n = ${code.array("u16")}[v >> 1]!;`);
  const entry = (id: number): string => `const o${id} = ${4 + 2 * id} < n ? u16[(v >> 1) + ${2 + id}]! : 0;`;
  for (const { id, type } of fields) {
    if (type.base === Base.union) code.line(entry(id - 1));
    code.line(entry(id));
  }
  code.line("return {");
  for (const field of fields) {
    const { id } = field;
    const isUnion = field.type.base === Base.union;
    const tag = isUnion ? `o${id - 1} === 0 ? 0 : ${load(code, Base.utype, `t + o${id - 1}`)}` : "0";
    const value = valueAt(scope, code, field, `t + o${id}`, tag);
    code.line(`  ${fieldKey(field.name)}: o${id} === 0 ? ${fallback(scope, code, field)} : ${value},`);
  }
  code.line("};");
  return `function own$${name}(m: Memory, t: number, v: number): ${name} {\n${code.body()}}\n`;
}

const tagPlace = (layout: Layout, field: SchemaField): Place | undefined =>
  field.type.base === Base.union ? layout.places.find((other) => other.field.id === field.id - 1) : undefined;

/** A table without fields has a reader without state. */
export const newReader = (object: SchemaObject): string =>
  `new Reader$${typeNameOf(object.name)}(${fieldsOf(object).length === 0 ? "" : "m"})`;

/** The class behind `view`: any vtable, each field found when asked for. */
export function readerClass(scope: Scope, object: SchemaObject): string {
  const name = typeNameOf(object.name);
  const getters = fieldsOf(object).map((field) => getter(scope, field));
  if (getters.length === 0) return emptyReader(name);
  return `class Reader$${name} implements ${name}View {
  readonly #m: Memory;
  #t = 0;
  #v = 0;
  #n = 0;
  constructor(m: Memory) {
    this.#m = m;
  }
  at(offset: number): this {
    return this.$to(offset + this.#m.i32[offset >> 2]!);
  }
  $to(t: number): this {
    this.#t = t;
    this.#v = t - this.#m.i32[t >> 2]!;
    this.#n = this.#m.u16[this.#v >> 1]!;
    return this;
  }
  #o(slot: number): number {
    return slot < this.#n ? this.#m.u16[(this.#v + slot) >> 1]! : 0;
  }
${getters.join("")}}
`;
}

const emptyReader = (name: string): string => `class Reader$${name} implements ${name}View {
  at(_: number): this {
    return this;
  }
  $to(_: number): this {
    return this;
  }
}
`;

function getter(scope: Scope, field: SchemaField): string {
  const key = fieldKey(field.name);
  const code = new Code(scope.helpers);
  code.line(`const o = this.#o(${4 + 2 * field.id});`);
  const none = fallback(scope, code, field);
  const tagLine = `const k = this.#o(${2 + 2 * field.id});`;
  const tag = field.type.base === Base.union ? `k === 0 ? 0 : ${load(code, Base.utype, "this.#t + k")}` : "0";
  if (field.type.base === Base.union) code.line(tagLine);
  code.line(`return o === 0 ? ${none} : ${valueAt(scope, code, field, "this.#t + o", tag)};`);
  const body = code.body().replaceAll(/^ {2}/gm, "    ");
  const memory = /\bm\b/.test(body) ? "    const m = this.#m;\n" : "";
  const main = `  get ${key}() {\n${memory}${body}  }\n`.replace(
    `get ${key}()`,
    `get ${key}(): ${typeNameOf(scope.table)}["${key}"]`,
  );
  if (!isBytes(field)) return main;
  scope.helpers.add("unsafeU8s").add("noU8s");
  return `${main}  ${unsafeKey(field)}(): Uint8Array {
    const o = this.#o(${4 + 2 * field.id});
    return o === 0 ? noU8s() : unsafeU8s(this.#m, this.#t + o);
  }
`;
}

/** `getX` of a struct. */
export function decodeStruct(scope: Scope, object: SchemaObject): string {
  const name = typeNameOf(object.name);
  const code = new Code(scope.helpers);
  code.line("return {");
  for (const field of object.fields) {
    const at = field.offset === 0 ? "p" : `p + ${field.offset}`;
    code.line(`  ${fieldKey(field.name)}: ${memberAt(scope, code, field, at)},`);
  }
  code.line("};");
  return `${scope.exported(object)}function get$${name}(m: Memory, p: number): ${name} {\n${code.body()}}\n`;
}

function memberAt(scope: Scope, code: Code, field: SchemaField, at: string): string {
  const { base, element, index, fixedLength } = field.type;
  const inner = structOf(scope.schema, field);
  if (inner !== undefined) return `${scope.call("get", inner.name)}(m, ${at})`;
  if (base !== Base.array) return cast(scope, index, base, load(code, base, at));
  if (element === Base.object) {
    const struct = scope.schema.objects[index];
    return `Array.from({ length: ${fixedLength} }, (_, i) => ${scope.call("get", struct.name)}(m, ${at} + ${struct.byteSize} * i))`;
  }
  const one = cast(scope, index, element, load(code, element, `${at} + ${1 << scalarOf(element).shift} * i`));
  return `Array.from({ length: ${fixedLength} }, (_, i) => ${one})`;
}

/** `getU` of a union: the member behind the offset at `at`; null for tags this schema does not know. */
export function decodeUnion(scope: Scope, union: SchemaEnum): string {
  const name = typeNameOf(union.name);
  const cases = membersOf(scope.schema, union).map(({ tag, label, object }) => {
    if (object === undefined) scope.helpers.add("getString");
    const value =
      object === undefined ? "getString(m, at)" : `${scope.call("get", object.name)}(m, at + m.i32[at >> 2]!)`;
    return `    case ${tag}:\n      return { type: "${label}", value: ${value} };\n`;
  });
  return `${scope.exported(union)}function get$${name}(m: Memory, tag: number, at: number): ${name} | null {\n  switch (tag) {\n${cases.join("")}    default:\n      return null;\n  }\n}\n`;
}
