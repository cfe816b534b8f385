/** Writes what is made from the key table. From the root of the repository: `node dist/bus/topology/generate.js`. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { topologyReference } from "./reference.ts";
import { topologySchemaText } from "./schema.ts";

/** Path below the root of the repository, content. */
export const generatedFiles = (): [path: string, content: string][] => [
  ["docs/reference/topology.md", topologyReference()],
  ["schema/topology.schema.json", topologySchemaText()],
];

export async function generate(root: string): Promise<string[]> {
  for (const [path, content] of generatedFiles()) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return generatedFiles().map(([path]) => path);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const path of await generate(process.cwd())) process.stdout.write(`${path}\n`);
}
