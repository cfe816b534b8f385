import { BusError, type Memory, suggest, suggestion } from "#wire";
import { schemaFromBase64 } from "./bfbs.ts";
import { describeType } from "./describe.ts";
import { type DynamicType, dynamicService, dynamicType } from "./dynamic.ts";
import type { JsonObject } from "./json.ts";
import type { SchemaLock } from "./lock-types.ts";
import type { MethodType, ServiceType } from "./message-type.ts";
import type { BinarySchema } from "./model.ts";
import { decodeJson, decodeJsonAt, verifierOf } from "./reflect-decode.ts";
import { encodeJson } from "./reflect-encode.ts";

/**
 * The types and services of one schema.lock, by name and by id, usable without generated code. Names may be short where
 * only one type ends so: "TurnStart" for "galaxy.TurnStart".
 */
export class TypeRegistry {
  readonly lock: SchemaLock;
  readonly schema: BinarySchema;
  /** Full names of all message types, sorted. */
  readonly typeNames: readonly string[];
  /** Full names of all rpc services, sorted. */
  readonly serviceNames: readonly string[];
  readonly #byId = new Map<number, string>();
  readonly #types = new Map<string, DynamicType>();
  readonly #services = new Map<string, ServiceType>();

  /** @throws BusError `schema/bad-schema`, or `schema/unknown-type` when the lock names what its schema lacks */
  constructor(lock: SchemaLock) {
    this.lock = lock;
    this.schema = schemaFromBase64(lock.bfbs);
    this.typeNames = Object.keys(lock.types).sort();
    this.serviceNames = [...this.schema.service.keys()].sort();
    for (const name of this.typeNames) {
      if (!this.schema.object.has(name)) throw unknownType(name, "; run `busbar gen`");
      this.#byId.set(lock.types[name].id, name);
    }
    for (const [name, method] of Object.entries(lock.methods)) this.#byId.set(method.id, name);
  }

  /**
   * Full name of a type.
   * @throws BusError `schema/unknown-type`, with what was probably meant
   */
  typeName(name: string): string {
    return resolve(name, this.typeNames);
  }

  /** Full name of an rpc service. @throws BusError `schema/unknown-rpc` */
  serviceName(name: string): string {
    return resolve(name, this.serviceNames, unknownRpc);
  }

  /** Name that a frame's type_id stands for: a type's, or "full.Service/Method". */
  nameOfId(id: number): string | undefined {
    return this.#byId.get(id);
  }

  /** Full names that fit a name or pattern, in which `*` stands for any characters; none when nothing fits. */
  expand(pattern: string): readonly string[] {
    if (!pattern.includes("*")) return this.typeNames.includes(pattern) ? [pattern] : [];
    const fits = new RegExp(`^${pattern.split(/\*+/).map(literally).join(".*")}$`);
    // The bus's own tables never travel as data, so "*" does not mean them.
    return this.typeNames.filter((name) => fits.test(name) && (pattern.startsWith("busbar.") || !isOwn(name)));
  }

  /** @throws BusError `schema/unknown-type` */
  type(name: string): DynamicType {
    const full = this.typeName(name);
    let type = this.#types.get(full);
    if (type === undefined) {
      type = dynamicType(this.schema, full, this.lock.types[full], this.lock.bfbs);
      this.#types.set(full, type);
    }
    return type;
  }

  /** @throws BusError `schema/unknown-rpc` */
  service(name: string): ServiceType {
    const full = this.serviceName(name);
    let service = this.#services.get(full);
    if (service === undefined) {
      const idOf = (method: string): number => this.lock.methods[`${full}/${method}`].id;
      service = dynamicService(this.schema, full, (type) => this.type(type), idOf);
      this.#services.set(full, service);
    }
    return service;
  }

  /**
   * A method by "Service/Method" or "Service.Method", the service by its full or short name, the method as in the schema
   * or in TypeScript.
   * @returns its service and the key in `service.methods`
   * @throws BusError `schema/unknown-rpc`
   */
  method(name: string): { readonly service: ServiceType; readonly key: string; readonly method: MethodType } {
    const cut = name.includes("/") ? name.indexOf("/") : name.lastIndexOf(".");
    if (cut <= 0) throw unknownRpc(name, "; write Service.method");
    const service = this.service(name.slice(0, cut));
    const wanted = name.slice(cut + 1);
    for (const [key, method] of Object.entries(service.methods)) {
      if (key === wanted || method.name === wanted) return { service, key, method };
    }
    // The service is right, so only the last part is compared, and what is meant is written as it was asked for.
    const names = Object.values(service.methods).map((method) => method.name);
    const meant = suggest(wanted, names);
    const asked = name.slice(0, cut + 1);
    throw unknownRpc(
      name,
      meant === undefined ? `; ${service.name} has ${names.join(", ")}` : `; did you mean '${asked}${meant}'?`,
    );
  }

  /** Why the bytes [offset, end) are no sound payload of the type; undefined when they are. */
  verify(name: string, memory: Memory, offset: number, end: number): string | undefined {
    return verifierOf(this.schema, this.typeName(name))(memory, offset, end);
  }

  /** @throws BusError `wire/malformed-payload`, `schema/unknown-type` */
  decodeJson(name: string, bytes: Uint8Array): JsonObject {
    return decodeJson(this.schema, this.typeName(name), bytes);
  }

  /** Of a payload that was verified before. @throws BusError `schema/unknown-type` */
  decodeJsonAt(name: string, memory: Memory, offset: number): JsonObject {
    return decodeJsonAt(this.schema, this.typeName(name), memory, offset);
  }

  /** @throws BusError `schema/bad-json`, `schema/unknown-type` */
  encodeJson(name: string, json: unknown): Uint8Array<ArrayBuffer> {
    return encodeJson(this.schema, this.typeName(name), json);
  }

  /** Fields and types in words, of a type or service. @throws BusError `schema/unknown-type` */
  describe(name: string): string {
    return describeType(this.schema, resolve(name, [...this.typeNames, ...this.serviceNames]));
  }
}

const unknownType = (type: string, hint: string): BusError =>
  new BusError("schema/unknown-type", { details: { type, suggestion: hint } });

const unknownRpc = (rpc: string, hint: string): BusError =>
  new BusError("schema/unknown-rpc", { details: { rpc, suggestion: hint } });

function resolve(name: string, names: readonly string[], unknown = unknownType): string {
  if (names.includes(name)) return name;
  const short = names.filter((full) => full.endsWith(`.${name}`));
  if (short.length === 1) return short[0];
  if (short.length > 1) throw unknown(name, `; it may be ${short.map((full) => `'${full}'`).join(" or ")}`);
  throw unknown(name, suggestion(name, names));
}

const isOwn = (name: string): boolean => name.startsWith("busbar.control.") || name.startsWith("busbar.plan.");
const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
