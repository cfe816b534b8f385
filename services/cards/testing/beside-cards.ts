/** For tests: runs one compiled TypeScript service beside the native one, as `busbar up --once` does. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runOk } from "../../../test/support/processes.ts";
import { root } from "../../../test/tidy/tree.ts";

/**
 * @param script of the service, below dist
 * @param config of the service: the environment of a test does not reach it
 * @returns what it announced with `finish`
 */
export async function besideCards<Result>(script: string, config: { readonly seed?: number } = {}): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "beside-cards-"));
  const topology = join(folder, "topology.toml");
  writeFileSync(
    topology,
    `[bus]
name = "beside-cards"
schema = ${JSON.stringify(join(root, "schema"))}
[[nodes]]
name = "all"
services = ["tested", "cards"]
[services.tested]
run = ${JSON.stringify(`ts:${join(root, "dist", script)}`)}
calls = ["Cards"]
config = { ${config.seed === undefined ? "" : `seed = ${config.seed}`} }
[services.cards]
run = "native:cards"
serves = ["Cards"]
threads = 2
`,
  );
  try {
    const cli = join(root, "dist", "bus", "cli", "main.js");
    const { stdout } = await runOk(process.execPath, [cli, "up", "--once", "--topology", topology]);
    return JSON.parse(stdout.trim().split("\n").at(-1)!) as Result;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
