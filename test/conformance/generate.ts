// Writes the vector files anew. Run from the root of the repository, after a build: node dist/test/conformance/generate.js [folder]
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vectorFiles } from "./vectors.ts";

const folder = process.argv[2] ?? "test/conformance/vectors";
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(vectorFiles())) {
  writeFileSync(join(folder, name), text);
  process.stdout.write(`wrote ${join(folder, name)} (${text.length} bytes)\n`);
}
