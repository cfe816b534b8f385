/** The runtime as a user meets it: real processes that are killed, crash, refuse to stop, and join by themselves. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { buildPackage, isRunning, Project, ROOT, until } from "../cli/test-support.ts";

let project: Project;
beforeAll(async () => {
  await buildPackage();
  project = new Project();
  project.write("package.json", '{"type":"module"}');
  project.write(
    "schema/t.fbs",
    "namespace t;\ntable Ping { n: uint; }\ntable Pong { n: uint; }\nrpc_service Echo { Ping(Ping): Pong; }\n",
  );
  project.write(
    "tsconfig.json",
    '{"compilerOptions":{"target":"es2022","lib":["es2022","esnext.disposable"],"module":"nodenext","skipLibCheck":true,"types":[],"rootDir":"generated","outDir":"generated"},"include":["generated/*.ts"],"exclude":["node_modules"]}',
  );
  expect((await project.run("gen")).stderr).toBe("");
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  await project.start(["-p", "."], {}, tsc).ended;
  project.write("idle.js", "export default { start() {} };");
}, 120_000);
afterEach(() => project.endAll());
afterAll(() => project.close());

const DOOR = join(ROOT, "dist", "bus", "runtime", "index.js");
const topology = (text: string): void => {
  project.write("topology.toml", `[bus]\nname = "t"\n${text}`);
};
const pidsIn = (path: string): number[] => {
  try {
    return readFileSync(join(project.folder, path), "utf8").trim().split("\n").map(Number);
  } catch {
    return [];
  }
};

test("when `up` is killed with SIGKILL nothing that it started lives on, and the next `up` takes over what is stale", async () => {
  project.write(
    "stuck.js",
    `import { appendFileSync } from "node:fs";
     export default { start() { appendFileSync("pids", process.pid + "\\n"); setTimeout(() => { for (;;); }, 50); } };`,
  );
  project.write("family.sh", "sleep 1000 & echo $! >> pids; echo $$ >> pids; trap '' TERM; wait; sleep 1000\n");
  topology(`[services.idle]
run = "ts:idle.js"
isolate = true
[services.stuck]
run = "ts:stuck.js"
[services.family]
run = "exec:/bin/sh"
args = ["family.sh"]
`);
  writeFileSync(join(project.folder, "pids"), "");
  const up = project.start(["up"]);
  await up.saw("t      | ready");
  await until(() => pidsIn("pids").length === 3, "three children");
  expect((await project.run("status")).stdout).toMatch(/process main \(\d+\) does not answer/);
  up.child.kill("SIGKILL");
  await until(() => pidsIn("pids").every((pid) => !isRunning(pid)), "the children to end", 20_000);
  expect(project.leftovers()).toContainEqual(expect.stringContaining("up.json"));

  topology('[services.idle]\nrun = "ts:idle.js"\n');
  const again = project.start(["up"]);
  await again.saw("t    | ready");
  again.child.kill("SIGINT");
  expect(await again.ended).toMatchObject({ code: 0 });
  expect(project.leftovers()).toEqual([]);
}, 60_000);

test("a second Ctrl-C ends at once what does not want to stop", async () => {
  project.write(
    "stubborn.js",
    `import { writeFileSync } from "node:fs";
     export default { start() { writeFileSync("pids", process.pid + "\\n"); }, stop() { return new Promise(() => {}); } };`,
  );
  topology('[services.stubborn]\nrun = "ts:stubborn.js"\nstop_timeout = "60s"\n');
  const up = project.start(["up"]);
  await up.saw("t        | ready");
  up.child.kill("SIGINT");
  await up.saw("stopping");
  await sleep(100);
  expect(up.child.exitCode).toBe(null);
  up.child.kill("SIGINT");
  expect(await up.ended).toMatchObject({ code: 130 });
  expect(pidsIn("pids").every((pid) => !isRunning(pid))).toBe(true);
  expect(project.leftovers()).toEqual([]);
});

test("what ignores SIGTERM is killed after stop_timeout, with all that it started", async () => {
  project.write("family.sh", "sleep 1000 & echo $! >> pids; echo $$ >> pids; trap '' TERM; wait; wait; sleep 1000\n");
  writeFileSync(join(project.folder, "pids"), "");
  topology('[services.family]\nrun = "exec:/bin/sh"\nargs = ["family.sh"]\nstop_timeout = "200ms"\n');
  const up = project.start(["up"]);
  await until(() => pidsIn("pids").length === 2, "two children");
  up.child.kill("SIGTERM");
  expect(await up.ended).toMatchObject({ code: 0 });
  await until(() => pidsIn("pids").every((pid) => !isRunning(pid)), "the children to end");
});

test("a crashed service is started again, its output carries its name, and giving up ends `up --once` with the reason", async () => {
  project.write(
    "crash.js",
    'export default { start() { console.log("here I am"); setTimeout(() => { throw new Error("boom"); }, 20); } };',
  );
  topology(`[services.crash]
run = "ts:crash.js"
restart = { policy = "on-failure", max = 2, window = "60s", backoff = "20ms..40ms" }
`);
  const { code, stdout, stderr } = await project.run("up", "--once");
  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr.match(/crash \| here I am/g)).toHaveLength(3);
  expect(stderr.match(/runtime\/crashed: service crash ended with exit code 1; it is started again/g)).toHaveLength(2);
  expect(stderr).toMatch(/uncaught exception.*boom/);
  expect(stderr).toMatch(/^runtime\/gave-up: service crash was restarted 2 times within 60s and stays down/m);
  expect(project.leftovers()).toEqual([]);
});

test("a run in which every service ends without a result says so", async () => {
  topology('[services.done]\nrun = "exec:true"\n');
  const once = await project.run("up", "--once");
  expect(once).toMatchObject({ code: 1 });
  expect(once.stderr).toMatch(/runtime\/no-result/);
  expect(await project.run("up")).toMatchObject({ code: 0 });
});

test("a run that is stopped before there was a result is no success", async () => {
  topology('[services.idle]\nrun = "ts:idle.js"\n');
  const up = project.start(["up", "--once"]);
  await up.saw("t    | ready");
  up.child.kill("SIGINT");
  const { code, stdout, stderr } = await up.ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^runtime\/no-result/m);
  expect(project.leftovers()).toEqual([]);
});

test("Ctrl-C while the project is being compiled ends the compiler too", async () => {
  project.write(
    "node_modules/slow/node_modules/typescript/bin/tsc",
    'require("fs").writeFileSync("compiler", String(process.pid)); setInterval(() => {}, 1000);',
  );
  project.write("node_modules/slow/node_modules/typescript/package.json", '{"name":"typescript","version":"0.0.0"}');
  project.write("node_modules/slow/tsconfig.json", '{"compilerOptions":{"outDir":"out","rootDir":"."}}');
  project.write("node_modules/slow/s.ts", "export default { start() {} };");
  topology('[services.slow]\nrun = "ts:node_modules/slow/s.ts"\n');
  const up = project.start(["up"]);
  await up.saw("compiling");
  await until(() => pidsIn("compiler").some((pid) => pid > 0), "the compiler to start");
  up.child.kill("SIGINT");
  expect(await up.ended).toMatchObject({ code: 0 });
  await until(() => pidsIn("compiler").every((pid) => !isRunning(pid)), "the compiler to end");
  expect(project.leftovers()).toEqual([]);
});

test("a module that throws while it is loaded is named, with the place in it", async () => {
  project.write("bad.js", "const none = undefined;\n\nnone.port;\nexport default { start() {} };");
  topology('[services.bad]\nrun = "ts:bad.js"\nrestart = "never"\n');
  const { code, stderr } = await project.run("up", "--once");
  expect(code).toBe(1);
  expect(stderr).toMatch(/runtime\/bad-service: service bad: .*bad\.js cannot be loaded: TypeError: Cannot read/);
  expect(stderr).toMatch(/bad\s+\|\s+at file:.*bad\.js:3:6/);
});

test("a start that throws names the service and its reason", async () => {
  project.write("bad.js", 'export default { async start() { throw new Error("no database"); } };');
  topology('[services.bad]\nrun = "ts:bad.js"\nrestart = "never"\n');
  const { code, stderr } = await project.run("up", "--once");
  expect(code).toBe(1);
  expect(stderr).toMatch(/runtime\/bad-service: service bad: start failed: no database/);
});

const PROGRAM = `
  import { MessageBus } from ${JSON.stringify(DOOR)};
  import { Echo } from "./generated/t.js";
  const [service] = process.argv.slice(2);
  const bus = await MessageBus.fromTopology(undefined, { ...(service ? { service } : {}), log: "silent" });
  if (bus.service === "server") bus.serve(Echo, { ping: ({ n }) => ({ n: n + 1 }) });
  else {
    const { n } = await bus.client(Echo).ping({ n: 41 }, { timeout: "15s" });
    console.log("answer " + n);
    await bus.close();
  }
`;

test("two programs that the user starts find each other without any `up`", async () => {
  project.write("program.js", PROGRAM);
  topology('[services.server]\nserves = ["Echo"]\n[services.client]\ncalls = ["Echo"]\n');
  const program = join(project.folder, "program.js");
  const client = project.start(["client"], {}, program);
  const server = project.start(["server"], {}, program);
  const { code, stdout, stderr } = await client.ended;
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "answer 42\n", stderr: "" });
  const status = await project.run("status");
  expect(status.stdout).toMatch(/server +server +joined/);
  const call = await project.run("call", "Echo.ping", '{"n":1}', "--json");
  expect(JSON.parse(call.stdout)).toEqual({ n: 2 });
  const second = await project.start(["server"], {}, program).ended;
  expect(second.stderr).toMatch(new RegExp(`runtime/already-running: .*process ${server.pid}`));
  server.child.kill("SIGKILL");
  await server.ended;
  const successor = project.start(["server"], {}, program);
  expect(await project.start(["client"], {}, program).ended).toMatchObject({ code: 0, stdout: "answer 42\n" });
  successor.child.kill("SIGTERM");
}, 60_000);

test("a program that `up` starts joins by itself, and one that the user starts joins the plan of the running `up`", async () => {
  project.write("program.js", PROGRAM);
  topology(`[services.server]
run = "exec:node"
args = ["program.js"]
serves = ["Echo"]
[services.client]
calls = ["Echo"]
`);
  const up = project.start(["up", "--transport", "tcp"]);
  await up.saw("t      | ready");
  const client = await project.start(["client"], {}, join(project.folder, "program.js")).ended;
  expect(client).toMatchObject({ code: 0, stdout: "answer 42\n" });
  up.child.kill("SIGINT");
  expect(await up.ended).toMatchObject({ code: 0 });
  expect(project.leftovers()).toEqual([]);
}, 60_000);

test("a program that is no service of the bus is told who is", async () => {
  project.write("program.js", PROGRAM);
  topology("[services.server]\n[services.client]\n");
  const program = join(project.folder, "program.js");
  expect((await project.start([], {}, program).ended).stderr).toMatch(
    /runtime\/usage: say which service.*client, server/,
  );
  expect((await project.start(["servr"], {}, program).ended).stderr).toMatch(
    /core\/unknown-service.*did you mean 'server'/,
  );
});
