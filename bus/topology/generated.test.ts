import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generatedFiles } from "./generate.ts";
import { KEYS, keysOf, SECTIONS } from "./keys.ts";
import { parseTopology } from "./parse.ts";
import { readValue } from "./read-value.ts";
import { topologySchema } from "./schema.ts";
import { faults, GALAXY_BUS, plan } from "./testing/fixtures.ts";

const root = join(import.meta.dirname, "..", "..");

for (const [path, content] of generatedFiles()) {
  test(`${path} is what the key table says (else: node dist/bus/topology/generate.js)`, async () => {
    expect(await readFile(join(root, path), "utf8")).toBe(content);
  });
}

/** Enough of draft 7 to check our own document: no validator is among the packages. */
type Schema = { [key: string]: unknown };
function fits(schema: Schema, value: unknown, top: Schema): boolean {
  if (typeof schema.$ref === "string") {
    const name = schema.$ref.replace("#/definitions/", "");
    return fits((top.definitions as Record<string, Schema>)[name], value, top);
  }
  if (Array.isArray(schema.anyOf)) return schema.anyOf.some((one) => fits(one as Schema, value, top));
  if (Array.isArray(schema.allOf)) return schema.allOf.every((one) => fits(one as Schema, value, top));
  if (Array.isArray(schema.enum)) return schema.enum.includes(value);
  if (schema.type === "string") {
    return (
      typeof value === "string" && (schema.pattern === undefined || new RegExp(schema.pattern as string).test(value))
    );
  }
  if (schema.type === "integer" || schema.type === "number") {
    const { minimum = -Infinity, maximum = Infinity } = schema as { minimum?: number; maximum?: number };
    const isKind = schema.type === "integer" ? Number.isInteger(value) : typeof value === "number";
    return isKind && (value as number) >= minimum && (value as number) <= maximum;
  }
  if (schema.type === "boolean") return typeof value === "boolean";
  if (schema.type === "array")
    return Array.isArray(value) && value.every((one) => fits(schema.items as Schema, one, top));
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  const patterns = Object.entries((schema.patternProperties ?? {}) as Record<string, Schema>);
  const required = (schema.required ?? []) as string[];
  return (
    required.every((key) => Object.hasOwn(value, key)) &&
    Object.entries(value).every(([key, item]) => {
      const rule = properties[key] ?? patterns.find(([pattern]) => new RegExp(pattern).test(key))?.[1];
      if (rule !== undefined) return fits(rule, item, top);
      return (
        schema.additionalProperties !== false &&
        (typeof schema.additionalProperties !== "object" || fits(schema.additionalProperties as Schema, item, top))
      );
    })
  );
}

const schema = topologySchema() as Schema;
const accepts = (text: string): boolean => fits(schema, parseTopology(text, "t").root, schema);

test("the JSON Schema accepts a file with every key, and so does the check", () => {
  const example = (
    section: "bus" | "services" | "nodes" | "edges" | "clock" | "metrics",
    skip: string[] = [],
  ): string =>
    keysOf(section)
      .filter((key) => !skip.includes(key.name))
      .map((key) => `${key.name} = ${key.example}`)
      .join("\n");
  const text = `[bus]
${example("bus")}
[[nodes]]
${example("nodes")}
[[nodes]]
name = "home"
host = "10.0.2.20"
port = 9002
services = ["turns"]
[services.cards]
run = "exec:cards"
${example("services", ["run", "thread", "clock"])}
[clock]
${example("clock")}
[metrics]
${example("metrics")}
[[edges]]
${example("edges", ["policy"])}
policy = { kind = "block", timeout = "2s" }
[security.tcp]
keys = "keys/"
[engine]
kind = "nats"
servers = ["nats://10.0.0.5:4222"]
credentials = "x.creds"
[[sites]]
name = "berlin"
nodes = ["core", "home"]
`;
  expect(accepts(text)).toBe(true);
  expect(plan(text).services).toHaveLength(5);
});

test("the JSON Schema refuses what the check refuses by kind, key and range", () => {
  const bad = [
    "",
    `${GALAXY_BUS}[x]\n`,
    `${GALAXY_BUS}colour = 1\n`,
    `${GALAXY_BUS}[[nodes]]\nname = "n"\n`,
    `${GALAXY_BUS}[[nodes]]\nname = "n"\nservices = ["a"]\nport = 0\n`,
    `${GALAXY_BUS}[services.a]\nrun = "x:y"\n`,
    `${GALAXY_BUS}[services.a]\nready_timeout = 5\n`,
    `${GALAXY_BUS}[[edges]]\nfrom = "a"\nto = "b"\ncapacity = "4MB"\n`,
    `${GALAXY_BUS}[[edges]]\nfrom = "a"\nto = "b"\npolicy = "drop"\n`,
    `${GALAXY_BUS}[security]\nkeys = "x"\n`,
  ];
  for (const text of bad) {
    expect(accepts(text), text).toBe(false);
    expect(faults(text).length, text).toBeGreaterThan(0);
  }
});

test("every key of the table has an example and a default that its own reader takes", () => {
  for (const key of KEYS) {
    for (const text of [key.example, key.default]) {
      if (text === undefined) continue;
      const { value } = parseTopology(`value = ${text}`, "t").root;
      expect(readValue(key, value), `${key.section} ${key.name} = ${text}`).toHaveProperty("value");
    }
    expect(key.doc).toMatch(/\.$/);
    expect(SECTIONS.some((section) => section.id === key.section)).toBe(true);
  }
  expect(new Set(KEYS.map((key) => `${key.section} ${key.name}`)).size).toBe(KEYS.length);
});
