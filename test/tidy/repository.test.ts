// Method: facts about the tree that a reader relies on, each checked over all files.
import { statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { files, read, root } from "./tree.ts";

const TOP = [
  "ARCHITECTURE.md",
  "CHANGELOG.md",
  "CMakeLists.txt",
  "CMakePresets.json",
  "LICENSE",
  "README.md",
  "biome.json",
  "bridges",
  "bus",
  "docs",
  "examples",
  "native",
  "package-lock.json",
  "package.json",
  "schema",
  "services",
  "test",
  "topology.toml",
  "tsconfig.build.json",
  "tsconfig.json",
  "vitest.config.ts",
];

test("the top level is the one the project has agreed on", () => {
  const top = [...new Set(files.map((path) => path.split("/")[0]))].filter((name) => !name.startsWith("."));
  expect(top.filter((name) => !TOP.includes(name))).toEqual([]);
});

test("every room says what it is for", () => {
  const rooms = ["bus", "bridges", "services", "native", "schema", "examples", "test"];
  const inner = files
    .filter((path) => /^(bus|services|native|bus\/transport)\/[^/]+\/[^/]+$/.test(path))
    .map((path) => dirname(path))
    .filter((room) => !/generated|testing|cmake|include|guard|platform/.test(room));
  const missing = [...new Set([...rooms, ...inner])].filter((room) => !files.includes(`${room}/README.md`));
  expect(missing).toEqual([]);
});

test("versions of dependencies are exact", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<string, Record<string, string>>;
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+[\w.-]*$/.test(version),
  );
  expect(loose).toEqual([]);
});

test("the lock file names no registry and no file is binary or large", () => {
  expect(read("package-lock.json")).not.toMatch(/"resolved": "https?:/);
  const heavy = files.filter((path) => statSync(join(root, path)).size > 1 << 20);
  const binary = files.filter((path) => read(path).includes("\0"));
  expect({ heavy, binary }).toEqual({ heavy: [], binary: [] });
});

test("no file names a path of this machine", () => {
  const own = [root, homedir()].filter((path) => path.length > 1).map((path) => `${path}/`);
  const wrong = files.filter((path) => own.some((prefix) => read(path).includes(prefix)));
  expect(wrong).toEqual([]);
});

test("source files stay short enough to be read at once", () => {
  const long = files
    .filter((path) => /\.(ts|cc|h)$/.test(path) && !path.includes("generated"))
    .filter((path) => read(path).split("\n").length > 600);
  expect(long).toEqual([]);
});

test("the version is one", () => {
  const { version } = JSON.parse(read("package.json")) as { version: string };
  const lock = JSON.parse(read("package-lock.json")) as { version: string };
  expect(lock.version).toBe(version);
});
