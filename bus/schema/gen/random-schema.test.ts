// Method: bindings are generated for random schemas, and random values go through our encoder and the official reader, and the
// other way round. codec.test.ts does the same at length for one schema that has every feature.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type MessageType, makeVerifier, schemaFromBase64 } from "#schema";
import { Memory } from "#wire";
import { readSources } from "../sources.ts";
import { gen } from "./index.ts";
import { initOf } from "./testing/arbitrary.ts";
import { schemaText } from "./testing/arbitrary-schema.ts";
import { Stock } from "./testing/stock.ts";

// biome-ignore lint/suspicious/noExplicitAny: values are of any type here
type AnyType = MessageType<any, any, any>;

const SCHEMAS = 10;
const VALUES = 20;
const SEED = 20_261;
const OFFSET = 64;
const texts = fc.sample(schemaText, { seed: SEED, numRuns: SCHEMAS });

test.each(texts.map((text, i) => [i, text] as const))(
  "random schema %i: both ends agree on any value",
  {
    timeout: 120_000,
  },
  async (i, text) => {
    const base = resolve(".build");
    mkdirSync(base, { recursive: true });
    // Below the repository, so that what is generated finds the runtime.
    const folder = mkdtempSync(join(base, "random-schema-"));
    try {
      const schemaDir = join(folder, "schema");
      mkdirSync(schemaDir);
      writeFileSync(join(schemaDir, "random.fbs"), text);
      const typescriptDir = join(folder, "ts");
      await gen({ schemaDir, typescriptDir, typescriptImport: "#schema", typescriptExtension: ".ts" });
      const index = pathToFileURL(join(typescriptDir, "index.ts")).href;
      const { SCHEMA, TYPES } = (await import(index)) as { SCHEMA: string; TYPES: readonly AnyType[] };
      const schema = schemaFromBase64(SCHEMA);
      const stock = await Stock.load(schema, readSources(schemaDir));
      for (const type of TYPES) {
        const bothWays = fc.property(initOf(schema, type.name), (init) => {
          const value = type.complete(init);
          const ours = Memory.allocate(1 << 20);
          ours.u8.fill(0xa5);
          const end = type.encode(ours, OFFSET, ours.size, init);
          expect(end).toBeGreaterThan(OFFSET);
          expect(type.verify(ours, OFFSET, end)).toBe(true);
          expect(makeVerifier(schema, type.name)(ours, OFFSET, end)).toBeUndefined();
          expect(type.decode(ours, OFFSET)).toEqual(value);
          expect(stock.read(type.name, ours.u8.slice(OFFSET, end))).toEqual(value);
          const theirs = stock.write(type.name, value);
          const memory = Memory.copyOf(theirs);
          expect(type.verify(memory, 0, theirs.length)).toBe(true);
          expect(type.decode(memory, 0)).toEqual(value);
          const view = type.view(memory).at(0) as unknown as Record<string, unknown>;
          for (const key of Object.keys(value as object)) expect(view[key]).toEqual((value as typeof view)[key]);
        });
        fc.assert(bothWays, { seed: SEED + i, numRuns: VALUES, endOnFailure: true });
      }
      stock.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
