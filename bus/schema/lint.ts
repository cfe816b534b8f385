import { BusError } from "#wire";
import { camelCase, fieldKey, lowerFirst } from "./codec/names.ts";
import { Base, type BinarySchema, isScalar, type SchemaEnum, type SchemaField, type SchemaObject } from "./model.ts";

/** One thing that some language of Busbar would read wrongly or refuse. */
export interface LintFault {
  /** Full name of the table, struct, enum, union or service. */
  readonly owner: string;
  /** Field, value or call; "" for the owner itself. */
  readonly part: string;
  /** Set when the fault is the namespace that the owner is in. */
  readonly namespace?: string;
  readonly reason: string;
  readonly cure: string;
}

const short = (name: string): string => name.slice(name.lastIndexOf(".") + 1);
const TABLE_BYTES_MAX = 65_535;

/**
 * Everything in a sound schema that languages disagree about or that cannot be a message.
 * @source docs/wire.md, section 4 (traps, each reproduced)
 */
export function lintSchema(schema: BinarySchema): LintFault[] {
  const faults: LintFault[] = [];
  const add = (owner: string, part: string, reason: string, cure: string): void => {
    faults.push({ owner, part, reason, cure });
  };
  for (const { name } of [...schema.objects, ...schema.enums, ...schema.services]) {
    if (!name.includes(".")) add(name, "", `${name} is in no namespace`, "put a namespace line above it");
  }
  for (const type of schema.enums) lintEnum(type, add);
  for (const object of schema.objects) lintObject(schema, object, add);
  for (const service of schema.services) {
    for (const call of service.calls) {
      const { streamingMode } = call;
      if (streamingMode === "none" || streamingMode === "server") continue;
      add(service.name, call.name, `streaming "${streamingMode}" is not carried`, 'use (streaming: "server") or none');
    }
    const keys = service.calls.map((call) => [lowerFirst(call.name), call.name] as const);
    lintKeys(service.name, keys, add);
  }
  lintNames(schema, add);
  return faults;
}

type Add = (owner: string, part: string, reason: string, cure: string) => void;

function lintEnum(type: SchemaEnum, add: Add): void {
  if (!type.isUnion)
    lintKeys(
      type.name,
      type.values.map((value) => [camelCase(value.name), value.name] as const),
      add,
    );
  if (type.bitFlags) {
    const cure = "make the field a plain integer and name its bits in a comment";
    add(type.name, "", `languages disagree on absent fields of bit_flags enum ${type.name}`, cure);
  }
}

function lintObject(schema: BinarySchema, object: SchemaObject, add: Add): void {
  let bytes = 4;
  for (const field of object.fields) {
    const { base, element, index } = field.type;
    if (base === Base.vector && element === Base.union) {
      const cure = "wrap the union in a table and use a vector of that";
      add(object.name, field.name, "vectors of unions exist in few languages", cure);
    }
    if (!object.isStruct && isScalar(base) && base !== Base.utype && index >= 0 && !field.optional) {
      lintDefault(object, field, schema.enums[index], add);
    }
    bytes += base === Base.object && schema.objects[index].isStruct ? schema.objects[index].byteSize : 8;
  }
  if (!object.isStruct && bytes > TABLE_BYTES_MAX) {
    add(object.name, "", "its fields in place take more than 64 KiB", "make the large structs tables or vectors");
  }
  // A union's tag has no key of its own, and deprecated fields are not generated.
  const seen = object.fields.filter((field) => !field.deprecated && field.type.base !== Base.utype);
  const keys = seen.map((field) => [fieldKey(field.name), field.name] as const);
  lintKeys(object.name, keys, add);
}

function lintDefault(object: SchemaObject, field: SchemaField, type: SchemaEnum, add: Add): void {
  if (type.bitFlags || type.byValue.has(field.defaultInteger)) return;
  const names = type.values.map((value) => value.name).join(", ");
  const reason = `its default ${field.defaultInteger} is no value of ${type.name}`;
  add(object.name, field.name, reason, `give it a default (${names}), or "= null"`);
}

function lintKeys(owner: string, keys: readonly (readonly [key: string, name: string])[], add: Add): void {
  const seen = new Map<string, string>();
  for (const [key, name] of keys) {
    const first = seen.get(key);
    if (first !== undefined)
      add(owner, name, `${first} and ${name} are both ${key} in TypeScript`, "rename one of them");
    else seen.set(key, name);
  }
}

/** Names that bindings derive from a type, so that none of them meets another in the same namespace. */
function lintNames(schema: BinarySchema, add: Add): void {
  const seen = new Map<string, string>();
  const claim = (owner: string, suffixes: readonly string[]): void => {
    for (const suffix of suffixes) {
      const name = `${owner}${suffix}`;
      const first = seen.get(name);
      if (first !== undefined && first !== owner) {
        add(owner, "", `bindings of ${first} and ${owner} would both have ${short(name)}`, "rename one of them");
      } else if (first === owner && suffix === "") {
        add(owner, "", `${owner} is declared twice`, "rename one of them");
      }
      seen.set(name, owner);
    }
  };
  for (const object of schema.objects) claim(object.name, object.isStruct ? [""] : ["", "Init", "View"]);
  for (const type of schema.enums) claim(type.name, type.isUnion ? ["", "Init"] : [""]);
  for (const service of schema.services) claim(service.name, [""]);
  for (const name of seen.values()) {
    // These are files of their own beside those of the namespaces.
    if (/^(index|errors)\.[^.]+$/.test(name)) {
      add(name, "", `namespace ${name.split(".")[0]} is taken by generated files`, "rename the namespace");
    }
  }
}

/** The text with strings and comments blank, so that every place stays the same. */
const codeOf = (text: string): string =>
  text.replaceAll(/"(?:\\.|[^"\\\n])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (found) => found.replaceAll(/[^\n]/g, " "));

/** Where a schema file declares a field, value or call: a name may also be that of a type or attribute before it. */
const declares = (part: string): RegExp => new RegExp(`(?<=[{;,]\\s*)${part}(?=\\s*[:=,}(])`);

/**
 * Where a fault is: "schema/galaxy/fleet.fbs:12".
 * @param files texts by path below `folder`
 */
export function placeOf(
  schema: BinarySchema,
  { owner, part, namespace }: LintFault,
  files: ReadonlyMap<string, string>,
  folder: string,
): string {
  const declared = schema.object.get(owner) ?? schema.enum.get(owner) ?? schema.service.get(owner);
  const file = declared?.file?.replace(/^\/\//, "");
  const text = file === undefined ? undefined : files.get(file);
  if (text === undefined) return part === "" ? owner : `${owner}.${part}`;
  const code = codeOf(text);
  const scope = owner.slice(0, Math.max(0, owner.lastIndexOf(".")));
  const start = code.search(new RegExp(`\\bnamespace\\s+${scope.replaceAll(".", "\\s*\\.\\s*")}\\s*;`));
  let at = Math.max(0, start);
  if (namespace === undefined) {
    const head = new RegExp(`\\b(?:table|struct|enum|union|rpc_service)\\s+${short(owner)}\\b`).exec(code.slice(at));
    at += head?.index ?? 0;
    const inside = part === "" ? -1 : code.slice(at).search(declares(part));
    at += Math.max(0, inside);
  }
  const line = text.slice(0, at).split("\n").length;
  return `${prefix(folder)}${file}:${line}`;
}

/**
 * Faults that only the text shows: the compiler's binary schema cannot hold ulong defaults of 2^63 and more and says 0,
 * while the official bindings use what was written.
 */
function textFaults(files: ReadonlyMap<string, string>, folder: string): Place[] {
  const faults: Place[] = [];
  for (const [file, text] of files) {
    for (const found of codeOf(text).matchAll(/\b(\w+)\s*:\s*(?:ulong|uint64)\s*=\s*(\d+)/g)) {
      if (BigInt(found[2]) < 2n ** 63n) continue;
      const line = text.slice(0, found.index).split("\n").length;
      const reason = `the default of ${found[1]} is lost in binary schemas, which hold defaults up to 2^63 - 1`;
      faults.push({ place: `${prefix(folder)}${file}:${line}`, reason, cure: "choose a smaller default, or none" });
    }
  }
  return faults;
}

/**
 * Stops at a field, value or call that no binary schema may have, since names become keys of plain objects; from the
 * texts, for such a schema does not load.
 * @param files texts by path below `folder`
 * @throws BusError schema/lint
 */
export function refuseUnreadable(files: ReadonlyMap<string, string>, folder: string): void {
  const faults: Place[] = [];
  for (const [file, text] of files) {
    const code = codeOf(text);
    for (const found of code.matchAll(new RegExp(declares("__proto__"), "g"))) {
      const line = code.slice(0, found.index).split("\n").length;
      const reason = "__proto__ means something else in JavaScript and JSON";
      faults.push({ place: `${prefix(folder)}${file}:${line}`, reason, cure: "rename it" });
    }
  }
  refuse(faults);
}

interface Place {
  readonly place: string;
  readonly reason: string;
  readonly cure: string;
}
const prefix = (folder: string): string => (folder === "" ? "" : `${folder.replace(/\/+$/, "")}/`);

/**
 * Stops at the first fault of a schema or of the texts it was compiled from; says how many more there are.
 * @param files texts by path below `folder`
 * @param more what the languages that are asked for refuse
 * @throws BusError schema/lint; details.faults lists all
 */
export function refuseFaults(
  schema: BinarySchema,
  files: ReadonlyMap<string, string>,
  folder: string,
  more: readonly LintFault[] = [],
): void {
  const faults: Place[] = [...lintSchema(schema), ...more].map((fault) => ({
    place: placeOf(schema, fault, files, folder),
    reason: fault.reason,
    cure: fault.cure,
  }));
  refuse([...faults, ...textFaults(files, folder)]);
}

function refuse(faults: readonly Place[]): void {
  const [first] = faults;
  if (first === undefined) return;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : "";
  throw new BusError("schema/lint", { details: { ...first, cure: `${first.cure}${more}`, faults } });
}
