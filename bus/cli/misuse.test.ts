import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { buildPackage, Project } from "./test-support.ts";

let project: Project;
beforeAll(async () => {
  await buildPackage();
  project = new Project();
  expect(await project.run("init", ".", "--name", "hello")).toMatchObject({ code: 0, stderr: "" });
  expect((await project.run("gen")).stderr).toBe("");
  project.write("a-file", "not a folder");
}, 120_000);
afterAll(() => project.close());
afterEach(() => project.endAll());

const DURATION = 'Write a number with ms, s, m or h, such as "500ms" or "5s".';

test("wrong use names the command to ask, and is JSON when the command line asks for it", async () => {
  for (const [args, reason] of [
    [["echo"], "missing required argument 'type'"],
    [["validate", "extra"], "too many arguments for 'validate'. Expected 0 arguments but got 1."],
    [["up", "--bogus"], "unknown option '--bogus'"],
    [
      ["call", "Greeter.greet", "--timeout", "xyz"],
      `option '--timeout <duration>' argument 'xyz' is invalid. ${DURATION}`,
    ],
    [["down", "--timeout", "5"], `option '--timeout <duration>' argument '5' is invalid. ${DURATION}`],
    [
      ["echo", "Greeted", "--count", "0"],
      `option '--count <n>' argument '0' is invalid. A whole number above 0 is needed.`,
    ],
  ] as const) {
    expect(await project.run(...args)).toEqual({
      code: 2,
      stdout: "",
      stderr: `error: ${reason}\n(busbar ${args[0]} --help shows what there is)\n`,
    });
    const { code, stdout, stderr } = await project.run(...args, "--json");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(JSON.parse(stderr)).toEqual({
      error: { code: "runtime/usage", message: `runtime/usage: ${reason}`, details: { reason } },
    });
  }
  expect((await project.run("valdate")).stderr).toMatch(/\(Did you mean validate\?\)\n\(busbar --help shows/);
});

test("a file that a command cannot read or write is named with the reason, and is no internal error", async () => {
  for (const args of [
    ["init", "a-file"],
    ["init", "a-file/below"],
    ["keys", "--out", "a-file"],
    ["gen", "--ts", "a-file"],
    ["gen", "--ts", "/proc/none"], // where mkdir's own `recursive` tries for ever
    ["keys", "--out", "/proc/none"],
    ["plan", "--out", "no-folder/plan.bin"],
    ["plan", "--out", "schema"],
  ]) {
    const { code, stderr } = await project.run(...args);
    expect({ args, code, stderr }).toEqual({
      args,
      code: 1,
      stderr: expect.stringMatching(/^runtime\/file: \S+ cannot be read or written: [a-z ]+\n$/),
    });
  }
  const { stderr } = await project.run("plan", "--out", "no-folder/plan.bin", "--json");
  expect(JSON.parse(stderr).error).toMatchObject({ code: "runtime/file", details: { path: "no-folder/plan.bin" } });
});

test("a down that is wrong stops nothing, and says what runs", async () => {
  const up = project.start(["up"]);
  await up.saw("result {");
  expect(await project.run("down", "--timeout", "soon")).toMatchObject({ code: 2 });
  const other = await project.run("down", "--node", "front");
  expect(other.code).toBe(2);
  expect(other.stderr).toBe(
    "runtime/usage: no `busbar up --node front` of hello is running here, " +
      `but the whole bus (process ${up.pid}); nothing was stopped\n`,
  );
  expect(await project.run("call", "Greeter.greet", "@no-such.json")).toMatchObject({
    code: 1,
    stderr: "runtime/file: no-such.json cannot be read or written: there is no such file or folder\n",
  });
  expect(up.child.exitCode).toBe(null);
  expect(up.stderr + up.stdout).not.toContain("stopping");
  expect((await project.run("down")).code).toBe(0);
  expect((await up.ended).code).toBe(0);
}, 60_000);

test("asking a service that is down says that it is down, not that the bus is", async () => {
  const text = readFileSync(join(project.folder, "topology.toml"), "utf8");
  const fragile = text.replace('serves = ["Greeter"]', 'serves = ["Greeter"]\nrestart = { policy = "never" }');
  project.write("fragile.toml", fragile);
  const at = ["--topology", "fragile.toml"];
  const up = project.start(["up", ...at]);
  await up.saw("result {");
  const { ups } = JSON.parse((await project.run("status", ...at, "--json")).stdout);
  const greeter = ups[0].services.find((each: { service: string }) => each.service === "greeter");
  process.kill(greeter.pid, "SIGKILL");
  await up.saw("runtime/crashed");
  for (const target of [[], ["--target", "greeter"]])
    expect(await project.run("call", "Greeter.greet", '{"name":"x"}', ...target, ...at)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^transport\/unreachable: service greeter cannot be reached: process back does not run on this computer\n/,
      ),
    });
}, 60_000);
