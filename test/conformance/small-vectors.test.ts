import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { acceptPeer } from "#schema";
import { crc32, requestIdOf, sourceIdOf, topicIdOf, typeIdOf } from "#wire";
import type { HandshakeVector } from "./handshake-cases.ts";
import type { HashVectors } from "./hash-cases.ts";
import { vectorFiles } from "./vectors.ts";

const read = (name: string): string => readFileSync(new URL(`./vectors/${name}`, import.meta.url), "utf8");
const { cases }: { cases: HandshakeVector[] } = JSON.parse(read("handshake.json"));
const hashes: HashVectors = JSON.parse(read("hash.json"));

test.each(cases)("handshake: $name", ({ mine, theirs, accept }) => {
  expect(acceptPeer(mine, theirs)).toBe(accept);
  expect(acceptPeer(theirs, mine)).toBe(accept);
});

test("handshake vectors hold both outcomes", () => {
  expect(new Set(cases.map(({ accept }) => accept)).size).toBe(2);
});

test.each(hashes.ids)("the $kind id of '$name' is $id", ({ kind, name, id }) => {
  const idOf: Record<string, (name: string) => number> = {
    type: typeIdOf,
    source: sourceIdOf,
    topic: topicIdOf,
    rpc: (full) => requestIdOf(...(full.split("/") as [string, string])),
  };
  expect(`${idOf[kind](name)}`).toBe(id);
});

test("checksums fit their bytes, the standard's own example among them", () => {
  for (const { hex, crc } of hashes.crc32) expect(`${crc32(Buffer.from(hex, "hex"))}`).toBe(crc);
  expect(crc32(Buffer.from("123456789"))).toBe(0xcbf43926);
});

test.each(Object.entries(vectorFiles()))("%s is what the generator writes", (name, text) => {
  expect(read(name) === text, `run: npm run build && node dist/test/conformance/generate.js`).toBe(true);
});
