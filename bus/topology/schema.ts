/** JSON Schema of topology.toml for editors, made from the key table. Pure. */
import { KEYS, type Key, keysOf, SECTIONS, type SectionId } from "./keys.ts";

type Json = string | number | boolean | Json[] | { [key: string]: Json };

const NAME = "^[A-Za-z][A-Za-z0-9_.-]{0,47}$";
const DURATION = "^\\d+(\\.\\d+)? ?(ms|s|m|h)$";
const SPAN = "^\\d+(\\.\\d+)? ?(ns|us|ms|s|m|h)$";
const DURATIONS = "^\\d+(\\.\\d+)? ?(ms|s|m|h)\\.\\.\\d+(\\.\\d+)? ?(ms|s|m|h)$";
const SIZE = "^\\d+(\\.\\d+)? ?(B|KiB|MiB|GiB)$";
const RUN = "^(ts|native|python|exec):\\S.*$";

const sectionRef = (id: SectionId): Json => ({ $ref: `#/definitions/${id}` });

function typeOf(key: Key): { [key: string]: Json } {
  const text = (pattern?: string): { [key: string]: Json } =>
    pattern === undefined ? { type: "string", minLength: 1 } : { type: "string", pattern };
  const range = {
    type: "integer",
    ...(key.min === undefined ? {} : { minimum: key.min }),
    ...(key.max === undefined ? {} : { maximum: key.max }),
  };
  switch (key.type) {
    case "name":
      return text(NAME);
    case "names":
      return { type: "array", items: text(NAME), uniqueItems: true };
    case "glob":
    case "text":
    case "host":
      return text();
    case "globs":
    case "texts":
      return { type: "array", items: { type: "string" } };
    case "run":
      return text(RUN);
    case "boolean":
      return { type: "boolean" };
    case "integer":
      return range;
    case "duration":
      return text(DURATION);
    case "span":
      return text(SPAN);
    case "rate":
      return {
        anyOf: [{ enum: ["paused", "max"] }, { type: "number", minimum: key.min ?? 0, maximum: key.max ?? 0 }],
      };
    case "durations":
      return text(DURATIONS);
    case "size":
      return text(SIZE);
    case "choice":
      return { enum: [...(key.allowed ?? [])] };
    case "env":
      return { type: "object", additionalProperties: { type: "string" } };
    case "config":
      return { type: "object" };
    case "history":
      return { type: "object", additionalProperties: range };
    case "policy":
    case "restart":
      return { anyOf: [{ enum: [...(keysOf(key.type)[0].allowed ?? [])] }, sectionRef(key.type)] };
  }
}

const definition = (id: SectionId): Json => {
  const required = keysOf(id).filter((key) => key.required === true);
  return {
    type: "object",
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required: required.map((key) => key.name) }),
    properties: Object.fromEntries(
      keysOf(id).map((key) => [
        key.name,
        { description: key.default === undefined ? key.doc : `${key.doc} Default: ${key.default}.`, ...typeOf(key) },
      ]),
    ),
  };
};

const property = (id: SectionId): Json => {
  const { form, doc: description } = SECTIONS.find((section) => section.id === id)!;
  if (form === "list") return { description, type: "array", items: sectionRef(id) };
  if (form === "map") {
    return { description, type: "object", patternProperties: { [NAME]: sectionRef(id) }, additionalProperties: false };
  }
  return { description, allOf: [sectionRef(id)] };
};

export function topologySchema(): Json {
  const top = SECTIONS.filter((section) => section.form !== "inline" && section.id !== "security.tcp");
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "topology.toml of Busbar",
    type: "object",
    additionalProperties: false,
    required: ["bus"],
    properties: {
      ...Object.fromEntries(top.map((section) => [section.id, property(section.id)])),
      security: { type: "object", additionalProperties: false, properties: { tcp: property("security.tcp") } },
    },
    definitions: Object.fromEntries(
      SECTIONS.filter((section) => KEYS.some((key) => key.section === section.id)).map((section) => [
        section.id,
        definition(section.id),
      ]),
    ),
  };
}

/** Text of the committed file: two blanks, short lists of plain values on one line. */
export const topologySchemaText = (): string => `${print(topologySchema(), "")}\n`;

function print(value: Json, indent: string): string {
  if (typeof value !== "object") return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const flat = `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
    if (value.every((item) => typeof item !== "object")) return flat;
    return `[\n${value.map((item) => `${inner}${print(item, inner)}`).join(",\n")}\n${indent}]`;
  }
  const entries = Object.entries(value).map(([key, item]) => `${inner}${JSON.stringify(key)}: ${print(item, inner)}`);
  return entries.length === 0 ? "{}" : `{\n${entries.join(",\n")}\n${indent}}`;
}
