// Method: the set-up step alone, in a folder of its own, with programs named python3 and cargo that do as told.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lacking, named } from "./foreign.ts";

const ci = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), ".ci");
let root: string;

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const program = (name: string, script: string): void => {
  write(join("bin", name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(root, "bin", name), 0o755);
};
const read = (path: string): string => readFileSync(join(root, path), "utf8");

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "busbar-foreign-"));
  mkdirSync(join(root, ".ci"));
  mkdirSync(join(root, "bin"));
  for (const file of ["foreign.mjs", "steps.mjs"]) copyFileSync(join(ci, file), join(root, ".ci", file));
  write("test/foreign/requirements.txt", "# why\nsome==1.0\n");
  write("services/one/oracle/Cargo.toml", '[package]\nname = "one-oracle"\n');
  write("services/one/oracle/main.rs", "fn main() {}\n");
});
afterEach(() => rmSync(root, { recursive: true }));

const step = (): { status: number | null; lines: string[] } => {
  const code = `import { foreignPrograms } from ${JSON.stringify(join(root, ".ci", "foreign.mjs"))}; foreignPrograms();`;
  const env = { PATH: join(root, "bin") };
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    env,
    encoding: "utf8",
  });
  return { status, lines: stderr.split("\n").filter((line) => line !== "") };
};

const WORKING_PYTHON = `
if [ "$2" = venv ]; then /bin/mkdir -p "$3/bin"; printf '#!/bin/sh\\necho "$@" >> ${"$"}{0}.log\\n' > "$3/bin/python"; /bin/chmod +x "$3/bin/python"; fi`;
const WORKING_CARGO = `
if [ "$1" = build ]; then /bin/mkdir -p "$9/release"; echo program > "$9/release/one-oracle"; fi`;

test("what cannot be had is told in a line each, ends nothing, and is tried again", () => {
  program("python3", 'if [ "$1" = -c ]; then exit 0; fi; echo "first" >&2; echo "no network" >&2; exit 1');
  program("cargo", 'if [ "$1" = --version ]; then exit 0; fi; echo "failed to get crate" >&2; exit 101');
  for (let round = 0; round < 2; round++) {
    const { status, lines } = step();
    expect(status).toBe(0);
    expect(lines.filter((line) => line.includes("left out"))).toEqual([
      expect.stringMatching(/^setup: left out Python packages .*some==1\.0.*: python3 -m: no network$/),
      expect.stringMatching(/^setup: left out Rust crates .*: cargo build: failed to get crate$/),
    ]);
    expect(read(".build/python.reason")).toBe("python3 -m: no network");
    expect(existsSync(join(root, ".build", "python.stamp"))).toBe(false);
  }
});

test("a machine without Python and cargo hears so", () => {
  const { status, lines } = step();
  expect(status).toBe(0);
  expect(lines.filter((line) => line.includes("left out"))).toEqual([
    expect.stringContaining("python3-venv"),
    expect.stringContaining("no cargo is here"),
  ]);
});

test("what is there is installed once, and again when the list changes", () => {
  program("python3", WORKING_PYTHON);
  program("cargo", WORKING_CARGO);
  expect(step()).toEqual({
    status: 0,
    lines: [expect.stringMatching(/^setup: Python/), expect.stringMatching(/^setup: Rust/)],
  });
  expect(read(".build/python/bin/python.log")).toContain("test/foreign/requirements.txt");
  expect(step()).toEqual({ status: 0, lines: [] });
  write("test/foreign/requirements.txt", "some==1.1\n");
  expect(step().lines).toEqual([expect.stringMatching(/^setup: Python packages for tests \(some==1\.1\)$/)]);
  write("services/one/oracle/main.rs", "fn main() { }\n");
  expect(step().lines).toEqual([expect.stringMatching(/^setup: Rust crates for tests/)]);
  rmSync(join(root, ".build", "cargo"), { recursive: true });
  expect(step().lines).toEqual([expect.stringMatching(/^setup: Rust crates for tests/)]);
});

test("a skipped test's name says what is missing", () => {
  const there = { path: "/somewhere" };
  const gone = { missing: "no crate x-1: offline" };
  expect([named("a", there), lacking(there)]).toEqual(["a", false]);
  expect([named("a", there, gone), lacking(there, gone)]).toEqual(["a (skipped: no crate x-1: offline)", true]);
});
