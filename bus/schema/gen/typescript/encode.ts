import { fieldKey } from "../../codec/names.ts";
import { Base, isScalar, type SchemaEnum, type SchemaField, type SchemaObject } from "../../model.ts";
import { Code } from "./code.ts";
import { type Layout, type Place, structOf } from "./layout.ts";
import { defaultOf, scalarOf } from "./scalars.ts";
import { type Scope, typeNameOf } from "./scope.ts";
import { membersOf } from "./types.ts";

const plus = (name: string, n: number): string => (n === 0 ? name : `${name} + ${n}`);

/**
 * `putX`: writes vtable, table and what it refers to from byte `p` on, a multiple of 4; leaves the table's position in
 * `m.table`. Scalars are stored only after a test of their type and range, since a typed array would bend them silently.
 */
export function encodeTable(scope: Scope, object: SchemaObject, layout: Layout): string {
  const name = typeNameOf(object.name);
  const code = new Code(scope.helpers);
  code.line(`if (d > 63 || typeof x !== "object" || x === null) ${code.call("unfit")}(${name}, x, d);`);
  const wide = layout.align === 8;
  code.line(
    wide ? `const t = ((p + ${layout.vtableBytes + 3}) & ~7) + 4;` : `const t = p + ${4 * layout.words.length};`,
  );
  code.line(`let e = t + ${(layout.bytes + 3) & ~3};`);
  code.line("if (e > lim) return -1;");
  const i32 = code.array("i32");
  const used = new Set(layout.places.map((place) => place.bytes));
  if (wide) code.line(`${i32}[(t >> 2) - 1] = 0;`);
  code.line("const w = p >> 2;");
  for (const [i, word] of layout.words.entries()) code.line(`${i32}[${plus("w", i)}] = ${word | 0};`);
  code.line("const q = t >> 2;");
  code.line(`${i32}[q] = t - p;`);
  if (
    used.has(8) &&
    layout.places.some(({ field }) => isScalar(field.type.base) && scalarOf(field.type.base).shift === 3)
  ) {
    code.line("const h = (t + 4) >> 3;");
  }
  if ((layout.bytes & 3) !== 0) code.line(`${i32}[q + ${layout.bytes >> 2}] = 0;`);
  // What lies in place first, then what is appended behind.
  const tags = new Set(
    layout.places.filter(({ field }) => field.type.base === Base.utype).map(({ field }) => field.id),
  );
  const inPlace = layout.places.filter(
    ({ field, struct }) => !tags.has(field.id) && (struct !== undefined || isScalar(field.type.base)),
  );
  for (const place of inPlace) {
    if (place.struct === undefined) writeScalar(code, name, place);
    else writeStruct(scope, code, name, place, place.struct);
  }
  for (const place of layout.places) {
    if (!inPlace.includes(place) && !tags.has(place.field.id)) writeReference(scope, code, name, place, layout);
  }
  code.line("m.table = t;");
  code.line("return e;");
  return `${scope.exported(object)}function put$${name}(m: Memory, p: number, lim: number, x: ${name}Init, d: number): number {\n${code.body()}}\n`;
}

/** Where a scalar at `offset` of the table lies in its array. */
function slot(shift: number, offset: number): string {
  if (shift === 3) return plus("h", (offset - 4) >> 3);
  if (shift === 2) return plus("q", offset >> 2);
  return shift === 0 ? `t + ${offset}` : `(t + ${offset}) >> 1`;
}

/** Clears the vtable entry of an absent field and its bytes in the table, which hold what was there before. */
function absent(code: Code, { field, offset, bytes }: Place): string {
  const parts = [`${code.array("u16")}[(p >> 1) + ${2 + field.id}] = 0;`];
  let at = offset;
  for (; at + 4 <= offset + bytes && (at & 3) === 0; at += 4)
    parts.push(`${code.array("i32")}[${plus("q", at >> 2)}] = 0;`);
  for (; at < offset + bytes; at++) parts.push(`${code.array("u8")}[t + ${at}] = 0;`);
  return parts.join(" ");
}

function writeScalar(code: Code, name: string, place: Place): void {
  const { field, offset } = place;
  const { array, shift, ts, fits } = scalarOf(field.type.base);
  const v = `v${field.id}`;
  code.line(`const ${v} = x.${fieldKey(field.name)};`);
  const target = `${code.array(array)}[${slot(shift, offset)}]`;
  const stored = ts === "boolean" ? `${v} ? 1 : 0` : v;
  const bad = `${code.call("unfit")}(${name}, x)`;
  if (field.optional) {
    code.line(`if (${v} === null || ${v} === undefined) {`);
    code.line(`  ${absent(code, place)}`);
    code.line(`} else ${target} = ${fits(v)} ? ${ts === "boolean" ? `(${stored})` : stored} : ${bad};`);
    return;
  }
  const value = defaultOf(field);
  const fallback = ts === "boolean" ? (value === "true" ? "1" : "0") : value;
  code.line(
    `${target} = ${v} === undefined ? ${fallback} : ${fits(v)} ? ${ts === "boolean" ? `(${stored})` : stored} : ${bad};`,
  );
}

function writeStruct(scope: Scope, code: Code, name: string, place: Place, struct: SchemaObject): void {
  const { field, offset } = place;
  const v = `v${field.id}`;
  const put = `${scope.call("put", struct.name)}(m, t + ${offset}, ${v});`;
  code.line(`const ${v} = x.${fieldKey(field.name)};`);
  if (field.required) {
    code.line(`if (${v} === null || ${v} === undefined) ${code.call("unfit")}(${name}, x);`);
    code.line(put);
  } else {
    code.line(`if (${v} === null || ${v} === undefined) {`);
    code.line(`  ${absent(code, place)}`);
    code.line(`} else ${put}`);
  }
}

function writeReference(scope: Scope, code: Code, name: string, place: Place, layout: Layout): void {
  const { field } = place;
  const v = `v${field.id}`;
  code.line(`const ${v} = x.${fieldKey(field.name)};`);
  const tag =
    field.type.base === Base.union
      ? (layout.places.find((other) => other.field.id === field.id - 1) as Place)
      : undefined;
  if (field.required) {
    // Strings and lists find out by themselves; their STOP says so.
    const { base } = field.type;
    if (base === Base.object || base === Base.union) {
      code.line(`if (${v} === null || ${v} === undefined) ${code.call("unfit")}(${name}, x);`);
    }
    for (const line of present(scope, code, name, place, tag)) code.line(line);
    return;
  }
  const gone = `${absent(code, place)}${tag === undefined ? "" : ` ${code.array("u8")}[t + ${tag.offset}] = 0;`}`;
  code.line(`if (${v} === null || ${v} === undefined) {`);
  code.line(`  ${gone}`);
  code.line("} else {");
  for (const line of present(scope, code, name, place, tag)) code.line(`  ${line}`);
  code.line("}");
}

/** Lines that write the value of local `v<id>` behind the table. */
function present(scope: Scope, code: Code, name: string, place: Place, tag: Place | undefined): string[] {
  const { field, offset } = place;
  const { base, element, index } = field.type;
  const v = `v${field.id}`;
  const at = `t + ${offset}`;
  const here = `${code.array("i32")}[${plus("q", offset >> 2)}] = m.table - (t + ${offset});`;
  if (base === Base.object) {
    const put = scope.call("put", scope.schema.objects[index].name);
    return [`if ((e = ${put}(m, e, lim, ${v}, d + 1)) < 0) return -1;`, here];
  }
  const end = `< 0) return ${code.call("stop")}(e, ${name}, x);`;
  if (base === Base.union && tag !== undefined) {
    const put = scope.call("put", scope.schema.enums[index].name);
    return [`if ((e = ${put}(m, t + ${tag.offset}, e, lim, ${v}, d + 1)) ${end}`, here];
  }
  if (base === Base.string) return [`if ((e = ${code.call("putString")}(m, ${at}, e, lim, ${v})) ${end}`];
  if (element === Base.string) return [`if ((e = ${code.call("putStrings")}(m, ${at}, e, lim, ${v})) ${end}`];
  if (element === Base.object) {
    const object = scope.schema.objects[index];
    const put = scope.call("put", object.name);
    return object.isStruct
      ? [
          `if ((e = ${code.call("putStructs")}(m, ${at}, e, lim, ${v}, ${put}, ${object.byteSize}, ${object.minAlign})) ${end}`,
        ]
      : [`if ((e = ${code.call("putTables")}(m, ${at}, e, lim, ${v}, ${put}, d + 1)) ${end}`];
  }
  return [`if ((e = ${code.call(`put${scalarOf(element).suffix}`)}(m, ${at}, e, lim, ${v})) ${end}`];
}

/** `putX` of a struct, at a place of its alignment; padding is zeroed. */
export function encodeStruct(scope: Scope, object: SchemaObject): string {
  const name = typeNameOf(object.name);
  const code = new Code(scope.helpers);
  code.line(`if (typeof x !== "object" || x === null) ${code.call("unfit")}($${name}, x);`);
  let end = 0;
  const pad = (to: number): void => {
    for (; end < to; end++) code.line(`${code.array("u8")}[${plus("p", end)}] = 0;`);
  };
  for (const field of object.fields) {
    pad(field.offset);
    end += writeMember(scope, code, `$${name}`, field);
  }
  pad(object.byteSize);
  return `${scope.exported(object)}function put$${name}(m: Memory, p: number, x: ${name}): void {\n${code.body()}}\n`;
}

/** @returns bytes of the member */
function writeMember(scope: Scope, code: Code, name: string, field: SchemaField): number {
  const { base, element, index, fixedLength } = field.type;
  const inner = structOf(scope.schema, field);
  const v = `v${field.id}`;
  const at = plus("p", field.offset);
  code.line(`const ${v} = x.${fieldKey(field.name)};`);
  if (inner !== undefined) {
    code.line(`${scope.call("put", inner.name)}(m, ${at}, ${v});`);
    return inner.byteSize;
  }
  const bad = `${code.call("unfit")}(${name}, x)`;
  if (base !== Base.array) {
    code.line(store(code, base, at, v, bad));
    return 1 << scalarOf(base).shift;
  }
  code.line(`if (${v}?.length !== ${fixedLength}) ${bad};`);
  if (element === Base.object) {
    const struct = scope.schema.objects[index];
    code.line(
      `for (let i = 0; i < ${fixedLength}; i++) ${scope.call("put", struct.name)}(m, ${at} + ${struct.byteSize} * i, ${v}[i]!);`,
    );
    return struct.byteSize * fixedLength;
  }
  const bytes = 1 << scalarOf(element).shift;
  code.line(`for (let i = 0; i < ${fixedLength}; i++) {`);
  code.line(`  const one = ${v}[i]!;`);
  code.line(`  ${store(code, element, `${at} + ${bytes} * i`, "one", bad)}`);
  code.line("}");
  return bytes * fixedLength;
}

function store(code: Code, base: number, at: string, v: string, bad: string): string {
  const { array, shift, ts, fits } = scalarOf(base);
  const target = `${code.array(array)}[${shift === 0 ? at : `(${at}) >> ${shift}`}]`;
  return `${target} = ${fits(v)} ? ${ts === "boolean" ? `(${v} ? 1 : 0)` : v} : ${bad};`;
}

/** `putU` of a union: its tag at byte `at`, its value behind; -2 for a value that is no member. */
export function encodeUnion(scope: Scope, union: SchemaEnum): string {
  const name = typeNameOf(union.name);
  const cases = membersOf(scope.schema, union).map(({ tag, label, object }) => {
    const head = `    case "${label}":\n      m.u8[at] = ${tag};\n`;
    if (object === undefined) {
      scope.helpers.add("putMemberString");
      return `${head}      return putMemberString(m, e, lim, x.value);\n`;
    }
    const put = scope.call("put", object.name);
    if (!object.isStruct) return `${head}      return ${put}(m, e, lim, x.value, d);\n`;
    scope.helpers.add("putMemberStruct");
    return `${head}      return putMemberStruct(m, e, lim, x.value, ${put}, ${object.byteSize}, ${object.minAlign});\n`;
  });
  return `${scope.exported(union)}function put$${name}(m: Memory, at: number, e: number, lim: number, x: ${name}Init, d: number): number {\n  switch (x.type) {\n${cases.join("")}    default:\n      return -2;\n  }\n}\n`;
}
