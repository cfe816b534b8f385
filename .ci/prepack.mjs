// Runs before the package is packed or published: what is compiled is not in the repository, and without it npm packs a
// package of documents only. Installing runs no scripts here (.npmrc), which would leave this one out, too; so pack with
// `npm run tarball`, and publish with `npm publish --ignore-scripts=false`.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root, say } from "./steps.mjs";

const needed = [
  ["dist/bus/index.js", "npm run build"],
  ["dist/native", "npm run build:native"],
];
const missing = needed.filter(([path]) => !existsSync(join(root, path)));
if (missing.length > 0) {
  const paths = missing.map(([path]) => path).join(" and ");
  say(`busbar: nothing is packed without ${paths}; run ${missing.map(([, cure]) => cure).join(" and ")} first`);
  process.exitCode = 1;
}
