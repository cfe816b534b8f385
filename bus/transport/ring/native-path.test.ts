import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { findAddon, findGuard, findPlugin, nativeFolders, nativePlatform } from "./native-path.ts";

const folder = mkdtempSync(join(tmpdir(), "busbar-native-"));
afterAll(() => rmSync(folder, { recursive: true }));
const before = process.env.BUSBAR_NATIVE_DIR;
afterEach(() => {
  if (before === undefined) delete process.env.BUSBAR_NATIVE_DIR;
  else process.env.BUSBAR_NATIVE_DIR = before;
});

test("native files are looked for in the package, and first in BUSBAR_NATIVE_DIR", () => {
  expect(nativeFolders({})[0]).toMatch(new RegExp(`dist/native/${nativePlatform()}$`));
  expect(nativeFolders({ BUSBAR_NATIVE_DIR: folder })[0]).toBe(folder);
  mkdirSync(join(folder, "plugins"));
  writeFileSync(join(folder, "plugins", "libmine.so"), "");
  writeFileSync(join(folder, "busbar.node"), "");
  process.env.BUSBAR_NATIVE_DIR = folder;
  expect(findAddon()).toBe(join(folder, "busbar.node"));
  expect(findPlugin("mine")).toBe(join(folder, "plugins", "libmine.so"));
  expect(findGuard()).toMatch(/busbar-guard$/);
});

test("a path is taken as it is, from the folder of the topology", () => {
  writeFileSync(join(folder, "own.so"), "");
  expect(findPlugin("./own.so", folder)).toBe(join(folder, "own.so"));
  expect(findPlugin("own.so", folder)).toBe(join(folder, "own.so"));
});

test("a plugin that is nowhere names every place that was looked at", () => {
  expect(() => findPlugin("nothing")).toThrow(/plugin\/not-found: .*dist\/native\/.*libnothing\.so, .*\.build/);
  expect(() => findPlugin("./nothing.so", "/srv")).toThrow("/srv/nothing.so");
});
