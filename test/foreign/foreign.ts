/** Programs and data of other people that set-up has put on this machine, and what to call a test that lacks them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const build = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), ".build");

/** Something found (`path`), or why it is not (`missing`). */
export type Found =
  | { readonly path: string; readonly missing?: undefined }
  | { readonly path?: undefined; readonly missing: string };

const found = (path: string | undefined, what: string, step: string): Found => {
  // What a failed step left behind may be old or half.
  const reason = join(build, `${step}.reason`);
  if (existsSync(reason)) return { missing: `no ${what}: ${readFileSync(reason, "utf8")}` };
  if (path !== undefined && existsSync(path)) return { path };
  return { missing: `no ${what}: npm run setup -- --tests installs it` };
};

/** The Python interpreter that has the packages of requirements.txt. */
export const foreignPython = (): Found => found(join(build, "python", "bin", "python"), "Python packages", "python");

/** The program that cargo built from services/<service>/oracle, whose package has this name. */
export const rustProgram = (name: string): Found =>
  found(join(build, "cargo", "release", name), `Rust program ${name}`, `cargo-${name}`);

/** The folder in which cargo has unpacked a crate, `id` as "movingai-3.0.1", that the oracle package `of` names. */
export const crateSource = (id: string, of: string): Found => {
  const registry = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "registry", "src");
  const sources = existsSync(registry) ? readdirSync(registry) : [];
  const path = sources.map((source) => join(registry, source, id)).find((one) => existsSync(one));
  return found(path, `crate ${id}`, `cargo-${of}`);
};

/** `name`, or for a test that has to be skipped, `name` and the reason. */
export const named = (name: string, ...needs: readonly Found[]): string => {
  const missing = needs.flatMap((need) => need.missing ?? []);
  return missing.length === 0 ? name : `${name} (skipped: ${missing.join("; ")})`;
};

/** Whether one of these is missing: for `test.skipIf`. */
export const lacking = (...needs: readonly Found[]): boolean => needs.some((need) => need.missing !== undefined);
