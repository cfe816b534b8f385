// What set-up, start and test share. Plain Node without dependencies: it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const bin = (name) => join(root, "node_modules", ".bin", name);

/** Progress goes to standard error: standard output belongs to the program that is started. */
export const say = (text) => process.stderr.write(`${text}\n`);

export const asksForHelp = (words) => words.includes("--help") || words.includes("-h");

export class Stop extends Error {}

/** Runs a program to its end; its output goes to standard error. Throws Stop with one line when it fails. */
export const run = (what, command, args, options = {}) => {
  const started = Date.now();
  const quiet = options.quiet === true;
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: quiet ? ["ignore", "pipe", "pipe"] : ["ignore", 2, 2],
    encoding: "utf8",
    maxBuffer: 1 << 28,
    ...options.spawn,
  });
  if (result.status !== 0 && options.allowFailure !== true) {
    if (quiet) say(`${result.stdout ?? ""}${result.stderr ?? ""}`);
    throw new Stop(
      `${what} failed (${command} ${args.join(" ")}): ${result.error?.message ?? `exit code ${result.status}`}`,
    );
  }
  return { ...result, seconds: (Date.now() - started) / 1000 };
};

export const works = (command, args, options = {}) =>
  spawnSync(command, args, { stdio: "ignore", ...options }).status === 0;

const hashOf = (paths) => {
  const hash = createHash("sha256");
  for (const path of paths) hash.update(existsSync(join(root, path)) ? readFileSync(join(root, path)) : "");
  return hash.digest("hex");
};

/** Does `work` only when the contents of `paths` changed since it last succeeded, or `isThere` says no. */
export const once = (name, paths, isThere, work) => {
  const stamp = join(root, ".build", `${name}.stamp`);
  const now = hashOf(paths);
  if (isThere() && existsSync(stamp) && readFileSync(stamp, "utf8") === now) return;
  work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, now);
};
