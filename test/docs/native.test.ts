// Method: the files of docs/native.md are written into an empty project, built with CMake and called over the bus; what the
// page prints must be what comes.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { buildPackage, Project } from "../../bus/cli/test-support.ts";
import { read } from "../tidy/tree.ts";
import { filesIn } from "./page.ts";

const PAGE = "docs/native.md";
let project: Project;
beforeAll(async () => {
  await buildPackage();
  project = new Project();
}, 120_000);
afterEach(() => project.endAll());
afterAll(() => project.close());

const built = (...args: string[]): void => {
  const { status, stdout, stderr } = spawnSync("cmake", args, { cwd: project.folder, encoding: "utf8" });
  expect({ status, output: status === 0 ? "" : stdout + stderr }).toEqual({ status: 0, output: "" });
};

test("the plugin of the page is generated, compiled without a warning, loaded and called, with the answer that the page shows", async () => {
  const files = filesIn(PAGE);
  expect([...files.keys()]).toEqual(["schema/dice.fbs", "native/dice.cc", "CMakeLists.txt", "topology.toml"]);
  for (const [path, text] of files) project.write(path, text);
  project.write("package.json", '{"type":"module"}');
  expect(await project.run("gen", "--cpp", "native/generated")).toMatchObject({ code: 0, stderr: "" });
  built("-S", ".", "-B", "build", "-DCMAKE_CXX_FLAGS=-Werror");
  built("--build", "build");

  const up = project.start(["up"]);
  await up.saw(/ready\n.*ready/);
  const [, method, json] = /busbar call (\S+) '(.*)'/.exec(read(PAGE)) ?? [];
  const answer = await project.run("call", method, json);
  const [, shown] = /```json\n([\s\S]*?)```/.exec(read(PAGE)) ?? [];
  expect(answer).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(answer.stdout)).toEqual(JSON.parse(shown));
  up.child.kill("SIGINT");
  expect(await up.ended).toMatchObject({ code: 0 });
  expect(project.leftovers()).toEqual([]);

  project.write("topology.toml", `${files.get("topology.toml")}config = { sides = 8 }\n`);
  const refused = await project.run("up");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/^plugin\/bad-config: plugin .*dice.* refused its config: dice takes no config/);
}, 180_000);

test("the header that the page names is part of the package", () => {
  const { files } = JSON.parse(read("package.json")) as { files: string[] };
  expect(files).toContain("native/include");
  expect(read(join("native", "include", "busbar_service.h"))).toContain("BUSBAR_SERVICE_ABI");
});
