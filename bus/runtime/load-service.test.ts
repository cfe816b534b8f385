import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { buildServices, findCode } from "./build-services.ts";
import { checkModule, loadService } from "./load-service.ts";
import { makePlan } from "./test-support.ts";
import { emittedCandidates, readProject, stripComments } from "./tsconfig-file.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "busbar-load-"));
  writeFileSync(join(root, "package.json"), '{"type":"module"}');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (path: string, text: string): string => {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
};

/** An empty tree has no compiler; this one borrows ours. */
const withCompiler = (): void => {
  const home = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
  mkdirSync(join(root, "node_modules"));
  symlinkSync(home, join(root, "node_modules", "typescript"));
};

const planOf = (target: string) =>
  makePlan({ topology: join(root, "topology.toml"), services: [{ name: "s", target }] });

const TSCONFIG = `{
  // where the output goes
  "compilerOptions": { "outDir": "out", "rootDir": ".", "module": "nodenext", "target": "es2022", "types": [], },
}`;
const MODULE = "export default { start(): void {} };\n";

test("a .js file is loaded as it is", async () => {
  write("s.js", "export default { start() {}, stop() {} };");
  const plan = planOf("s.js");
  await buildServices(plan, plan.services, () => {
    throw new Error("nothing to compile");
  });
  expect(await loadService(plan, plan.services[0])).toHaveProperty("start");
});

test("a .ts file is compiled by its own project when it is missing or stale, and not again", async () => {
  withCompiler();
  write("tsconfig.json", TSCONFIG);
  const source = write("services/s.ts", MODULE);
  const plan = planOf("services/s.ts");
  const said: string[] = [];
  await buildServices(plan, plan.services, (text) => said.push(text));
  expect(said).toHaveLength(1);
  await buildServices(plan, plan.services, (text) => said.push(text));
  expect(said).toHaveLength(1);
  const later = new Date(Date.now() + 10_000);
  utimesSync(source, later, later);
  expect(findCode(plan, plan.services[0]).stale).toBe(true);
  await buildServices(plan, plan.services, (text) => said.push(text));
  expect(said).toHaveLength(2);
  expect(await loadService(plan, plan.services[0])).toHaveProperty("start");
});

test("a type error is one error with its place", async () => {
  withCompiler();
  write("tsconfig.json", TSCONFIG);
  write("s.ts", "export const n: number = 'text';\n");
  const plan = planOf("s.ts");
  await expect(buildServices(plan, plan.services, () => {})).rejects.toThrow(/runtime\/build-failed.*s\.ts\(1,14\)/);
});

test("without a compiler a missing build says what to run", async () => {
  write("tsconfig.json", TSCONFIG);
  write("s.ts", MODULE);
  const plan = planOf("s.ts");
  await expect(buildServices(plan, plan.services, () => {})).rejects.toMatchObject({ code: "runtime/not-built" });
  await expect(loadService(plan, plan.services[0])).rejects.toThrow(/npx tsc -p .*tsconfig\.json/);
});

test("a file that is not there, a source without a project, and one that emits nothing are told apart", async () => {
  const none = planOf("none.ts");
  await expect(buildServices(none, none.services, () => {})).rejects.toThrow(/there is no file/);
  write("s.ts", MODULE);
  const alone = planOf("s.ts");
  await expect(buildServices(alone, alone.services, () => {})).rejects.toThrow(/no tsconfig\.json/);
  write("tsconfig.json", '{"compilerOptions":{"noEmit":true}}');
  await expect(buildServices(alone, alone.services, () => {})).rejects.toThrow(/tsconfig\.build\.json/);
});

test("a tsconfig.build.json is preferred, and extends is followed", () => {
  write("base/tsconfig.json", '{"compilerOptions":{"outDir":"../from-base","rootDir":".."}}');
  write("tsconfig.json", '{"compilerOptions":{"noEmit":true}}');
  write("tsconfig.build.json", '{"extends":["./tsconfig.json","./base/tsconfig"],"compilerOptions":{"noEmit":false}}');
  const project = readProject(join(root, "tsconfig.build.json"));
  expect(project).toMatchObject({ outDir: join(root, "from-base"), rootDir: root, noEmit: false });
  expect(emittedCandidates(project, join(root, "a/b.mts"))).toEqual([join(root, "from-base/a/b.mjs")]);
});

test("without rootDir every folder between project and source may be the root", () => {
  const project = readProject(write("tsconfig.json", '{"compilerOptions":{"outDir":"out"}}'));
  expect(emittedCandidates(project, join(root, "src/a/s.ts"))).toEqual([
    join(root, "out/src/a/s.js"),
    join(root, "out/a/s.js"),
    join(root, "out/s.js"),
  ]);
});

test("comments and late commas go, strings stay", () => {
  expect(JSON.parse(stripComments('{"a": "//x /* y */ ,}", /* c */ "b": [1,], // d\n}'))).toEqual({
    a: "//x /* y */ ,}",
    b: [1],
  });
});

test("a module without a start function is refused with what to write", async () => {
  expect(() => checkModule("s", "s.js", undefined)).toThrow(/defineService/);
  expect(() => checkModule("s", "s.js", { run() {} })).toThrow(/no start function/);
  expect(() => checkModule("s", "s.js", { start() {}, stop: 1 })).toThrow(/stop/);
});

test("a module that throws while it loads names its file and reason", async () => {
  write("s.js", "throw new Error('boom');");
  const plan = planOf("s.js");
  await expect(loadService(plan, plan.services[0])).rejects.toThrow(/runtime\/bad-service.*s\.js.*boom/);
});
