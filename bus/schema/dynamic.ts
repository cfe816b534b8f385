import { BusError, type Memory } from "#wire";
import { tableOf } from "./canonical.ts";
import { fingerprintParts } from "./codec/fingerprint.ts";
import { lowerFirst } from "./codec/names.ts";
import type { JsonObject } from "./json.ts";
import type { LockedType } from "./lock-types.ts";
import type { MessageType, MessageView, MethodTable, MethodType, ServiceType } from "./message-type.ts";
import type { BinarySchema } from "./model.ts";
import { decodeJson, decodeJsonAt, verifierOf } from "./reflect-decode.ts";
import { encodeJson } from "./reflect-encode.ts";

/** Reader of a dynamic message. It has no getter per field; `json` decodes the whole message each time it is asked. */
export interface DynamicView extends MessageView {
  /** A copy of its own, that may be kept. */
  readonly json: JsonObject;
}

/** A message type made of the binary schema alone. Its values are JSON: see decodeJson. */
export type DynamicType = MessageType<JsonObject, JsonObject, DynamicView>;

/**
 * A type of the ordinary API with no generated code behind it: for the CLI, recordings and bridges. It encodes by the
 * stock builder and a copy, so it costs microseconds where generated code costs nanoseconds.
 * @param identity of the type in the schema.lock; it goes into frames and the handshake
 * @param bfbs the schema in base64, as `MessageType.schema` hands it on
 * @throws BusError `schema/unknown-type`
 */
export function dynamicType(schema: BinarySchema, name: string, identity: LockedType, bfbs = ""): DynamicType {
  const table = tableOf(schema, name);
  const verifier = verifierOf(schema, name);
  const [fingerprintLo, fingerprintHi] = fingerprintParts(identity.fingerprint);
  const bytesOf = (value: unknown): Uint8Array => {
    try {
      return encodeJson(schema, name, value);
    } catch (error) {
      throw asMismatch(name, error);
    }
  };
  return {
    name: table.name,
    typeId: identity.id,
    fingerprint: identity.fingerprint,
    fingerprintLo,
    fingerprintHi,
    lineage: identity.lineage,
    schema: bfbs,
    encode(memory, offset, limit, value) {
      const bytes = bytesOf(value);
      if (offset + bytes.length > limit) return -1;
      memory.u8.set(bytes, offset);
      return offset + bytes.length;
    },
    decode: (memory, offset) => decodeJsonAt(schema, name, memory, offset),
    verify: (memory, offset, end) => verifier(memory, offset, end) === undefined,
    view: (memory) => new ReflectingView(schema, name, memory),
    complete: (value) => decodeJson(schema, name, bytesOf(value)),
    check(value) {
      try {
        encodeJson(schema, name, value);
        return undefined;
      } catch (error) {
        const { path, problem } = BusError.from(error).details;
        return `${path} ${problem}`;
      }
    },
  };
}

class ReflectingView implements DynamicView {
  readonly #schema: BinarySchema;
  readonly #name: string;
  readonly #memory: Memory;
  #offset = 0;

  constructor(schema: BinarySchema, name: string, memory: Memory) {
    this.#schema = schema;
    this.#name = name;
    this.#memory = memory;
  }

  at(offset: number): this {
    this.#offset = offset;
    return this;
  }

  get json(): JsonObject {
    return decodeJsonAt(this.#schema, this.#name, this.#memory, this.#offset);
  }
}

/** Publishing a value that does not fit is the same error, whichever way the type was made. */
function asMismatch(type: string, error: unknown): unknown {
  if (!(error instanceof BusError) || error.code !== "schema/bad-json") return error;
  // Of the message itself the path is its type, which the sentence names already.
  const path = error.details.path === type ? "value" : error.details.path;
  return new BusError("core/type-mismatch", { details: { type, ...error.details, path }, cause: error });
}

/**
 * A service of the ordinary API made of the schema alone.
 * @param typeOf gives the type of a full name
 * @param requestIdOf gives the id of a method
 * @throws BusError `schema/unknown-type` when there is no such service
 */
export function dynamicService(
  schema: BinarySchema,
  fullName: string,
  typeOf: (name: string) => DynamicType,
  requestIdOf: (method: string) => number,
): ServiceType {
  const service = schema.service.get(fullName);
  if (service === undefined) throw new BusError("schema/unknown-type", { details: { type: fullName, suggestion: "" } });
  const methods: Record<string, MethodType<JsonObject, JsonObject, JsonObject, JsonObject>> = {};
  for (const call of service.calls) {
    methods[lowerFirst(call.name)] = {
      name: call.name,
      requestId: requestIdOf(call.name),
      request: typeOf(call.request),
      response: typeOf(call.response),
      streaming: call.streaming,
    };
  }
  return { name: service.name, methods: methods as MethodTable };
}
