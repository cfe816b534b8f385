/** The official TypeScript bindings of the same schema, made on the fly, as the other end in tests. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Builder, ByteBuffer } from "flatbuffers";
import { fieldKey } from "../../codec/names.ts";
import { Base, type BinarySchema, type SchemaField, type SchemaObject, type SchemaType } from "../../model.ts";
import type { Sources } from "../../sources.ts";
import { runFlatc } from "../compile.ts";
import { scalarOf } from "../typescript/scalars.ts";

type Plain = Record<string, unknown>;
interface Packable {
  pack(builder: Builder): number;
}
type Module = Record<string, new () => unknown> & Record<string, unknown>;

/** Official bindings with a field of this name do not compile; fields are matched by place, so another name will do. */
const readable = (sources: Sources): Sources =>
  new Map([...sources].map(([name, text]) => [name, text.replaceAll("constructor:", "construction:")]));

export class Stock {
  readonly #schema: BinarySchema;
  readonly #modules: ReadonlyMap<string, Module>;
  readonly #folder: string;

  private constructor(schema: BinarySchema, modules: ReadonlyMap<string, Module>, folder: string) {
    this.#schema = schema;
    this.#modules = modules;
    this.#folder = folder;
  }

  /** Below the repository, so that the bindings find the npm package. */
  static async load(schema: BinarySchema, sources: Sources): Promise<Stock> {
    const base = resolve(".build");
    mkdirSync(base, { recursive: true });
    const folder = mkdtempSync(join(base, "stock-"));
    const files = await runFlatc(readable(sources), ["--ts", "--gen-object-api", "-o", "/out", ...sources.keys()]);
    for (const [name, bytes] of files) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), bytes);
    }
    const modules = new Map<string, Module>();
    for (const { name } of schema.objects) {
      const namespace = name.slice(0, name.lastIndexOf("."));
      if (modules.has(namespace)) continue;
      const path = join(folder, `${namespace.replaceAll(".", "/")}.ts`);
      modules.set(namespace, (await import(pathToFileURL(path).href)) as Module);
    }
    return new Stock(schema, modules, folder);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** All fields of a payload, in the shape that our `decode` gives. */
  read(typeName: string, bytes: Uint8Array): unknown {
    const short = typeName.slice(typeName.lastIndexOf(".") + 1);
    const type = this.#class(typeName) as unknown as Record<string, (buffer: ByteBuffer) => { unpack(): Plain }>;
    const table = type[`getRootAs${short}`](new ByteBuffer(bytes));
    return this.#fromObject(this.#object(typeName), table.unpack());
  }

  /** A payload made by the official Builder. */
  write(typeName: string, value: unknown): Uint8Array {
    const builder = new Builder(256);
    const root = (this.#toObject(this.#object(typeName), value as Plain) as unknown as Packable).pack(builder);
    builder.finish(root);
    return builder.asUint8Array();
  }

  #object(name: string): SchemaObject {
    return this.#schema.object.get(name) as SchemaObject;
  }

  #class(name: string, suffix = ""): new () => Plain {
    const at = name.lastIndexOf(".");
    const found = this.#modules.get(name.slice(0, at))?.[`${name.slice(at + 1)}${suffix}`];
    if (found === undefined) throw new Error(`stock bindings lack ${name}${suffix}`);
    return found as new () => Plain;
  }

  /** Fields with their keys in stock objects, which come in the same order; tags are fields there. */
  #keys(object: SchemaObject): [SchemaField, string][] {
    const keys = Object.keys(new (this.#class(object.name, "T"))());
    return object.fields.filter((field) => !field.deprecated).map((field, i) => [field, keys[i]]);
  }

  #fromObject(object: SchemaObject, plain: Plain): Plain {
    const value: Plain = {};
    let tag = 0;
    for (const [field, key] of this.#keys(object)) {
      if (field.type.base === Base.utype) tag = plain[key] as number;
      else value[fieldKey(field.name)] = this.#from(field.type, plain[key], tag);
    }
    return value;
  }

  #from({ base, element, index }: SchemaType, value: unknown, tag = 0): unknown {
    if (value === null || value === undefined) return null;
    if (base === Base.object) return this.#fromObject(this.#schema.objects[index], value as Plain);
    if (base === Base.union) {
      const member = this.#schema.enums[index].byValue.get(BigInt(tag));
      if (member?.type === undefined) return null;
      return { type: member.name, value: this.#from(member.type, value) };
    }
    if (base !== Base.vector && base !== Base.array) return value;
    const inner: SchemaType = { base: element, element: Base.none, index, fixedLength: 0 };
    const list = (value as unknown[]).map((one) => this.#from(inner, one));
    const { list: name } = element < Base.string ? scalarOf(element) : { list: "" };
    if (base === Base.array || !name.endsWith("Array")) return list;
    return new (globalThis as unknown as Record<string, new (list: unknown[]) => unknown>)[name](list);
  }

  #toObject(object: SchemaObject, value: Plain): Plain {
    const plain = new (this.#class(object.name, "T"))();
    const keys = this.#keys(object);
    keys.forEach(([field, key], i) => {
      const given = value[fieldKey(field.name)];
      if (field.type.base === Base.utype || given === undefined) return;
      if (field.type.base === Base.union && given !== null) {
        const { type, value: inner } = given as { type: string; value: unknown };
        const member = this.#schema.enums[field.type.index].byName.get(type);
        plain[keys[i - 1][1]] = Number(member?.value);
        plain[key] = this.#to(member?.type as SchemaType, inner);
      } else plain[key] = given === null && Array.isArray(plain[key]) ? [] : this.#to(field.type, given);
    });
    return plain;
  }

  #to({ base, element, index }: SchemaType, value: unknown): unknown {
    if (value === null) return null;
    if (base === Base.object) return this.#toObject(this.#schema.objects[index], value as Plain);
    if (base !== Base.vector && base !== Base.array) return value;
    const inner: SchemaType = { base: element, element: Base.none, index, fixedLength: 0 };
    return Array.from(value as ArrayLike<unknown>, (one) => this.#to(inner, one));
  }
}
