import { camelCase } from "../../codec.ts";
import type { BinarySchema } from "../../model.ts";

/** Names that generated code uses itself: globals, contract, codec helpers that are one word, locals, reserved words. */
const TAKEN: ReadonlySet<string> = new Set(
  (
    "Array ArrayLike BigInt64Array BigUint64Array Float32Array Float64Array Int16Array Int32Array Int8Array Memory " +
    "MessageType MessageView MethodType Number Readonly SCHEMA ServiceType TypeError Uint16Array Uint32Array Uint8Array " +
    "absent stop unfit undefined value offset limit end low lim tag one at null true false new class const enum export " +
    "import in is do if for else var let default delete return switch case break this void with while typeof throw try " +
    "catch super static yield await extends finally function instanceof implements interface package private protected " +
    "public debugger arguments eval number bigint string boolean any unknown never object symbol type readonly"
  ).split(" "),
);
/** Locals of generated functions. */
const LOCAL = /^[a-z]\d*$|^[iuf]\d+$/;

export const namespaceOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf(".")));
export const shortOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1);
/** Name of a generated type: its short name, with an underscore where that would hide something. */
export const typeNameOf = (name: string): string => {
  const short = shortOf(name);
  return TAKEN.has(short) || LOCAL.test(short) ? `${short}_` : short;
};
export const valueName = (name: string): string => camelCase(name);
/** Path of a namespace's file below the output folder, without extension: "busbar/plan". */
export const fileOf = (namespace: string): string => namespace.replaceAll(".", "/");

/** What one generated file declares, refers to and imports. */
export class Scope {
  readonly schema: BinarySchema;
  readonly namespace: string;
  /** Table or struct that is being written. */
  table = "";
  /** Helpers of the codec that are called. */
  readonly helpers: Set<string> = new Set();
  /** Types of the contract. */
  readonly contract: Set<string> = new Set();
  /** By namespace: names imported from its file, of types and of functions. */
  readonly types: Map<string, Set<string>> = new Map();
  readonly values: Map<string, Set<string>> = new Map();
  /** Functions of this namespace that other files call, by table or struct. */
  readonly shared: ReadonlySet<string>;

  constructor(schema: BinarySchema, namespace: string, shared: ReadonlySet<string>) {
    this.schema = schema;
    this.namespace = namespace;
    this.shared = shared;
  }

  /** Refers to a type, with a suffix such as Init; types of other namespaces are imported under a name that says whose. */
  type(name: string, suffix = ""): string {
    return this.#refer(this.types, name, (short) => `${short}${suffix}`);
  }

  /** Refers to a function of a table or struct: put, get, ok, full. */
  call(verb: string, name: string): string {
    return this.#refer(this.values, name, (short) => (verb === "" ? short : `${verb}$${short}`));
  }

  #refer(imports: Map<string, Set<string>>, name: string, make: (short: string) => string): string {
    const namespace = namespaceOf(name);
    const local = make(typeNameOf(name));
    if (namespace === this.namespace) return local;
    const list = imports.get(namespace) ?? new Set();
    imports.set(namespace, list.add(local));
    return `${namespace.replaceAll(".", "_")}_${local}`;
  }

  /** "export " for functions that another file calls. */
  exported(object: { readonly name: string }): string {
    return this.shared.has(object.name) ? "export " : "";
  }
}
