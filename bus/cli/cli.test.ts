import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { buildPackage, Project } from "./test-support.ts";

let project: Project;
beforeAll(async () => {
  await buildPackage();
  project = new Project();
  expect(await project.run("init", ".", "--name", "hello")).toMatchObject({ code: 0, stderr: "" });
  expect((await project.run("gen")).stderr).toBe("");
}, 120_000);
afterAll(() => project.close());
afterEach(() => project.endAll());

const topology = (name: string, change: (text: string) => string): string => {
  project.write(name, change(readFileSync(join(project.folder, "topology.toml"), "utf8")));
  return name;
};

test("init writes a project whose topology and schema are sound, and overwrites nothing", async () => {
  expect(await project.run("validate")).toMatchObject({ code: 0 });
  expect((await project.run("gen", "--check")).code).toBe(0);
  const again = await project.run("init", ".");
  expect(again.code).toBe(2);
  expect(again.stderr).toMatch(/^runtime\/usage: .*is there already/);
});

test("init refuses a name that no bus can have", async () => {
  expect(await project.run("init", "other", "--name", "No Bus")).toMatchObject({ code: 2 });
  expect(await project.run("init", "other", "--name", "x".repeat(49))).toMatchObject({ code: 2 });
  const long = `${"x".repeat(47)}-longer`; // of a folder, cut to what a topology takes
  expect((await project.run("init", long)).code).toBe(0);
  expect((await project.run("gen", "--topology", `${long}/topology.toml`)).code).toBe(0);
  expect((await project.run("validate", "--topology", `${long}/topology.toml`)).stderr).toBe("");
});

test("a run ends with the same result in every placement, as the last line of standard output", async () => {
  const results = [];
  for (const args of [[], ["--mode", "monolith"], ["--transport", "tcp"], ["--json"]]) {
    const { code, stdout, stderr } = await project.run("up", "--once", ...args);
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    results.push(stdout);
  }
  expect(new Set(results)).toEqual(new Set(['{"texts":["Hello, Ada!","Hello, Grace!","Hello, Edsger!"]}\n']));
  expect(project.leftovers()).toEqual([]);
});

test("explain, graph, plan and validate print text or one JSON value", async () => {
  const explain = await project.run("explain", "--json");
  expect(JSON.parse(explain.stdout)).toContainEqual(
    expect.objectContaining({ edge: "caller -> greeter", transport: "ring", rpcs: ["hello.Greeter"] }),
  );
  expect((await project.run("explain", "--mode", "monolith")).stdout).toMatch(/caller -> greeter +local/);
  expect((await project.run("graph", "--format", "mermaid")).stdout).toMatch(/^flowchart LR/);
  expect(JSON.parse((await project.run("graph", "--json")).stdout)).toMatchObject({ format: "text" });
  expect(JSON.parse((await project.run("plan", "--json")).stdout)).toMatchObject({ bus: "hello" });
  expect((await project.run("plan", "--out", "plan.bin")).code).toBe(0);
  expect(readFileSync(join(project.folder, "plan.bin")).length).toBeGreaterThan(500);
  expect(JSON.parse((await project.run("validate", "--json")).stdout)).toMatchObject({ valid: true, services: 2 });
});

test("a running bus answers status, call, pub, echo and explain --live, refuses a second up, and ends by down", async () => {
  const up = project.start(["up"]);
  await up.saw("result {");

  const second = await project.run("up");
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(`runtime/already-running: the bus hello is already running (process ${up.pid})`);

  const status = JSON.parse((await project.run("status", "--json")).stdout);
  expect(status.ups[0].services.map((s: { service: string; state: string }) => `${s.service} ${s.state}`)).toEqual([
    "greeter ready",
    "caller ready",
  ]);
  const edges = status.processes.flatMap((p: { accounts: { edges: object[] } }) => p.accounts.edges);
  expect(edges).toContainEqual(
    expect.objectContaining({
      edge: "greeter -> caller",
      data: expect.objectContaining({ published: 3, delivered: 3 }),
    }),
  );
  expect((await project.run("status")).stdout).toMatch(/greeter +back +ready/);

  const call = await project.run("call", "Greeter.greet", '{"name":"Alan"}', "--json");
  expect(JSON.parse(call.stdout)).toEqual({ text: "Hello, Alan!", count: 4 });

  const echo = project.start(["echo", "hello.Greeted", "--count", "2"]);
  await echo.saw("listening");
  let called = 0;
  while (echo.child.exitCode === null && called < 40) {
    called++;
    await project.run("call", "Greeter.greet", `{"name":"n${called}"}`);
  }
  const echoed = await echo.ended;
  expect(echoed.code).toBe(0);
  expect(
    echoed.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).name),
  ).toHaveLength(2);

  const pub = await project.run("pub", "Greeted", '{"name":"someone","count":9}', "--to", "caller");
  expect(pub.stdout).toBe("front: sent\n");
  await up.saw("someone was greeted as number 9");

  expect((await project.run("explain", "--live")).stdout).toMatch(/caller -> greeter +ring +open/);

  expect(await project.run("down")).toMatchObject({ code: 0, stdout: "hello has stopped\n" });
  expect(await up.ended).toMatchObject({ code: 0 });
  expect(project.leftovers()).toEqual([]);
}, 60_000);

test("a service with several instances is asked, heard and written to by its one name", async () => {
  const path = topology("many.toml", (text) =>
    text
      .replace('serves = ["Greeter"]', 'serves = ["Greeter"]\ninstances = 2\nisolate = true')
      .replace('subscribes = ["hello.Greeted"]', 'subscribes = ["hello.Greeted"]\ninstances = 2\nisolate = true'),
  );
  const many = ["--topology", path];
  const up = project.start(["up", ...many]);
  await up.saw("100% greeting");
  const echo = project.start(["echo", "hello.Greeted", "--from", "greeter", "--count", "2", ...many]);
  await echo.saw("listening");
  for (const instance of ["greeter#0", "greeter#1"])
    expect(
      (await project.run("call", "Greeter.greet", `{"name":"by ${instance}"}`, "--target", instance, ...many)).code,
    ).toBe(0);
  const { stdout } = await echo.ended;
  const names = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).name);
  expect(names.sort()).toEqual(["by greeter#0", "by greeter#1"]);
  expect((await project.run("call", "Greeter.greet", '{"name":"any"}', "--target", "greeter", ...many)).code).toBe(0);
  const pub = await project.run("pub", "Greeted", '{"name":"everyone"}', "--to", "caller", ...many);
  expect(pub.stdout).toBe("caller#0: sent\ncaller#1: sent\n");
  await up.saw(/caller#0 .*everyone was greeted/);
  await up.saw(/caller#1 .*everyone was greeted/);
  expect((await project.run("down", ...many)).code).toBe(0);
}, 60_000);

test("commands for a running bus say so when there is none", async () => {
  for (const args of [
    ["down"],
    ["status"],
    ["call", "Greeter.greet", "{}"],
    ["echo", "Greeted"],
    ["explain", "--live"],
  ]) {
    const { code, stderr } = await project.run(...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^runtime\/not-running: the bus hello is not running/);
  }
});

test("wrong requests are refused before they are sent, naming the field", async () => {
  const up = project.start(["up"]);
  await up.saw("result {");
  const field = await project.run("call", "Greeter.greet", '{"nam":"x"}');
  expect(field).toEqual({
    code: 1,
    stdout: "",
    stderr: "core/type-mismatch: hello.GreetRequest: nam is not a field of hello.GreetRequest; did you mean 'name'?\n",
  });
  expect((await project.run("call", "Greeter.greet", "[1]")).stderr).toBe(
    "core/type-mismatch: hello.GreetRequest: value [1] is not an object, as hello.GreetRequest wants\n",
  );
  expect((await project.run("call", "Greeter.gret", "{}")).stderr).toMatch(/schema\/unknown-rpc.*Greet/);
  expect((await project.run("call", "Greeter.greet", "{")).stderr).toMatch(
    /^schema\/bad-json: the argument is not JSON: Expected/,
  );
  expect((await project.run("pub", "Greeted", '{"name":"x"}', "--to", "caler")).stderr).toMatch(
    /core\/unknown-service.*did you mean 'caller'/,
  );
  const json = await project.run("call", "Greeter.gret", "{}", "--json");
  expect(json.stdout).toBe("");
  expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: "schema/unknown-rpc" } });
  up.child.kill("SIGINT");
  expect(await up.ended).toMatchObject({ code: 0 });
});

test("Ctrl-C drains, exits 0 and leaves nothing in the runtime folder", async () => {
  const up = project.start(["up"]);
  await up.saw("result {");
  expect(project.leftovers().length).toBeGreaterThan(0);
  up.child.kill("SIGINT");
  const { code, stdout } = await up.ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/stopping/);
  expect(project.leftovers()).toEqual([]);
});

test("a topology with faults is refused with line, column, all faults and one exit code", async () => {
  const path = topology("bad.toml", (text) =>
    text.replace('name = "front"', 'name = "front"\nhots = "x"').replace('"greeter"]', '"greter"]'),
  );
  const { code, stderr } = await project.run("validate", "--topology", path);
  expect(code).toBe(1);
  expect(stderr).toMatch(/topology\/unknown-key: bad\.toml:\d+:1: unknown key .*hots'; did you mean 'host'/);
  expect(stderr).toMatch(/greter/);
  const json = await project.run("up", "--topology", path, "--json");
  expect(JSON.parse(json.stderr).error.code).toMatch(/^topology\//);
});

test("what is missing is named: topology, schema, service file, program", async () => {
  expect((await project.run("up", "--topology", "none.toml")).stderr).toMatch(/^topology\/not-found/);
  const schema = topology("schema.toml", (text) => text.replace('schema = "schema"', 'schema = "nowhere"'));
  expect((await project.run("up", "--topology", schema)).stderr).toMatch(/^schema\/missing: .*schema\.toml:\d+/);
  const file = topology("file.toml", (text) => text.replace("services/caller.ts", "services/none.ts"));
  expect(await project.run("up", "--topology", file)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/runtime\/bad-service: service caller: there is no file .*none\.ts/),
  });
  const program = topology("program.toml", (text) => text.replace("ts:services/caller.ts", "exec:no-such-program"));
  const ran = await project.run("up", "--topology", program);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/runtime\/bad-service: service caller: there is no program no-such-program/);
  expect(project.leftovers()).toEqual([]);
}, 60_000);

test("a python: service gives one clear error", async () => {
  const path = topology("python.toml", (text) => text.replace("ts:services/caller.ts", "python:main.py"));
  const { code, stderr } = await project.run("up", "--topology", path);
  expect(code).toBe(1);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).toMatch(/^runtime\/no-bridge: service caller runs python:main\.py/);
});

test("a port in use is one error with the address", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const path = topology("port.toml", (text) =>
    text.replace('name = "back"', `name = "back"\nhost = "127.0.0.1"\nport = ${port}`),
  );
  const { code, stderr } = await project.run("up", "--topology", path, "--transport", "tcp");
  server.close();
  expect(code).toBe(1);
  expect(stderr).toMatch(new RegExp(`transport/address-in-use: .*${port}`));
  expect(project.leftovers()).toEqual([]);
});

test("a runtime folder that cannot be used is refused with the reason", async () => {
  project.write("plain", "");
  const file = topology("dir.toml", (text) =>
    text.replace('schema = "schema"', 'schema = "schema"\nruntime_dir = "plain"'),
  );
  expect((await project.run("up", "--topology", file)).stderr).toMatch(
    /^transport\/runtime-dir: .*a part of the path is a file/,
  );
  const nowhere = topology("nowhere.toml", (text) =>
    text.replace('schema = "schema"', 'schema = "schema"\nruntime_dir = "/proc/busbar/below"'),
  );
  expect((await project.run("up", "--topology", nowhere)).stderr).toMatch(/^transport\/runtime-dir: .*\/proc\/busbar/);
  mkdirSync(join(project.folder, "shared"), { mode: 0o755 });
  const open = topology("open.toml", (text) =>
    text.replace('schema = "schema"', 'schema = "schema"\nruntime_dir = "shared"'),
  );
  const first = await project.run("validate", "--topology", open, "--json");
  expect(first.code).toBe(0);
  const { runtimeDir } = JSON.parse((await project.run("plan", "--topology", open, "--json")).stdout);
  mkdirSync(runtimeDir, { mode: 0o755 });
  expect((await project.run("up", "--topology", open)).stderr).toMatch(/^transport\/runtime-dir: .*755.*chmod 700/);
});

test("wrong use exits 2, help and version exit 0, every command shows examples", async () => {
  expect(await project.run("upp")).toMatchObject({ code: 2 });
  expect(await project.run("up", "--mode", "sideways")).toMatchObject({ code: 2 });
  expect(await project.run("echo", "Greeted", "--count", "0")).toMatchObject({ code: 2 });
  expect((await project.run("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  const help = await project.run("--help");
  expect(help.code).toBe(0);
  const commands = [...help.stdout.matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1]);
  const names = "up down status validate plan explain graph gen keys doctor init call pub echo".split(" ");
  expect(commands).toEqual(expect.arrayContaining(names));
  const helps = await Promise.all(names.map((name) => project.run(name, "--help")));
  for (const { stdout } of helps) expect(stdout).toMatch(/Examples:\n {2}busbar /);
}, 60_000);

test("doctor looks at the computer and the project", async () => {
  const { code, stdout } = await project.run("doctor", "--json");
  const { findings, healthy } = JSON.parse(stdout);
  expect({ code, healthy }).toEqual({ code: 0, healthy: true });
  const checks = findings.map((finding: { check: string }) => finding.check);
  expect(checks).toEqual(
    expect.arrayContaining([
      "node",
      "addon",
      "guard",
      "compiler",
      "cmake",
      "rings",
      "zeromq",
      "topology",
      "runtime folder",
      "schema",
      "typescript",
    ]),
  );
  expect(project.leftovers()).toEqual([]);
});

test("keys makes a pair per node, keeps what is there, and the secret ones are private", async () => {
  const first = JSON.parse((await project.run("keys", "--json")).stdout);
  expect(first.written).toHaveLength(4);
  const again = await project.run("keys");
  expect(again).toMatchObject({ code: 0 });
  expect(again.stdout).toMatch(/all nodes have their keys/);
});

test("a schema file that was changed is said by gen --check, validate and up, each in one line", async () => {
  const file = join(project.folder, "schema", "hello.fbs");
  const text = readFileSync(file, "utf8");
  project.write("schema/hello.fbs", text.replace("count: uint;\n}\n\nrpc", "count: uint;\n  more: uint;\n}\n\nrpc"));
  const results = await Promise.all([project.run("gen", "--check"), project.run("validate"), project.run("up")]);
  project.write("schema/hello.fbs", text);
  for (const { code, stderr } of results) {
    expect(code).toBe(1);
    expect(stderr).toMatch(/^schema\/stale/);
  }
});

test("gen says what it writes, and what it removes because its schema file is gone", async () => {
  project.write("schema/more.fbs", "namespace more;\ntable Sun { hours: uint; }\n");
  expect((await project.run("gen")).stdout).toMatch(/^wrote generated\/more\.ts\n/m);
  rmSync(join(project.folder, "schema", "more.fbs"));
  const { code, stdout } = await project.run("gen", "--allow-breaking");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^removed generated\/more\.ts, which no schema file stands behind$/m);
  expect(existsSync(join(project.folder, "generated", "more.ts"))).toBe(false);
});
