// Method: a sound project, one fault at a time; the command line must say one code with its place, end with 1 and leave nothing.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Result, Rig, ROOT } from "./rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open();
}, 120_000);
afterEach(() => rig.endAll());
afterAll(() => rig.close());

const refused = async (change: (text: string) => string, ...args: string[]): Promise<Result> => {
  rig.topology(change);
  const result = await rig.run(...(args.length === 0 ? ["up"] : args));
  await rig.nothingLeft();
  expect(result.code).toBe(1);
  return result;
};

test("a topology with one fault is refused before anything starts, with code, line, column and a cure", async () => {
  const cases: [(text: string) => string, RegExp][] = [
    [(t) => t.replace("[bus]", "[bus"), /^topology\/bad-toml: topology\.toml:1:5: unexpected character/],
    [
      (t) => t.replace("serves =", "servs ="),
      /^topology\/unknown-key: topology\.toml:16:1: .*servs'; did you mean 'serves'/,
    ],
    [
      (t) => t.replace('["sink"]', '["sinc"]'),
      /^topology\/unknown-service: topology\.toml:19:11: there is no service 'sink'; did you mean 'sinc'/,
    ],
    [
      (t) => t.replace('"back"', '"front"'),
      /^topology\/duplicate: topology\.toml:9:8: node 'front' is given twice; first at line 5/,
    ],
    [
      (t) => t.replace('["sink"]', '["sink", "source"]'),
      /^topology\/duplicate: topology\.toml:10:21: service 'source'/,
    ],
    [
      (t) => t.replace('["Server", "Sink"]', '["Sink"]'),
      /^topology\/no-server: topology\.toml:15:10: source calls t\.Server/,
    ],
    [(t) => t.replace('"t.Tick"', '"t.Tock"'), /^schema\/unknown-type: topology\.toml:14:24: .*did you mean 't\.Tick'/],
    [
      (t) => `${t}isolate = true\nenv = { LD_PRELOAD = "x.so" }\n`,
      /^runtime\/forbidden-env: topology\.toml:25:9: .*LD_PRELOAD/,
    ],
    [
      (t) => t.replace('"back"', '"back"\nhost = "10.0.0.9"\nport = 9001'),
      /^transport\/no-keys: topology\.toml:10:8: .*busbar keys/,
    ],
    [
      (t) => t.replace('"back"', '"back"\nhost = "10.0.0.9"'),
      /^topology\/missing-key: topology\.toml:10:1: .*write port = 9001/,
    ],
    [
      (t) => t.replace("[bus]", `[bus]\nruntime_dir = "${"d".repeat(100)}"`),
      /^transport\/path-too-long: .*107 are allowed/,
    ],
    [(t) => t.replace("ts:sink.js", "python:main.py"), /^runtime\/no-bridge: service sink runs python:main\.py/],
  ];
  for (const [change, text] of cases) expect((await refused(change)).stderr).toMatch(text);
  expect((await refused((t) => t, "up", "--node", "bakc")).stderr).toMatch(
    /^topology\/unknown-node: .*did you mean 'back'\? \(there are: front, back\)\n/,
  );
  expect((await refused((t) => t, "up", "--node", "nope")).stderr).toBe(
    "topology/unknown-node: there is no node 'nope' in topology.toml (there are: front, back)\n",
  );
}, 60_000);

test("a native service that cannot be loaded ends the start with its own code: missing, another ABI, a config it refuses", async () => {
  const native = (target: string) => (text: string) => text.replace("ts:sink.js", `native:${target}`);
  expect((await refused(native("nosuch"))).stderr).toMatch(
    /^plugin\/not-found: plugin nosuch is not there \(looked at .*libnosuch\.so/,
  );
  const wrongAbi = join(ROOT, ".build", "native", "release", "testing", "libwrong_abi.so");
  expect(existsSync(wrongAbi)).toBe(true);
  expect((await refused(native(wrongAbi))).stderr).toMatch(
    /^plugin\/abi-mismatch: .*built for ABI 42, this host has 1/,
  );
  const config = await refused((text) => `${native("cards")(text)}config = { nonsense = 1 }\n`);
  expect(config.stderr).toMatch(/^plugin\/bad-config: plugin cards refused its config: unknown key 'nonsense'/);
}, 60_000);

test("a service that never becomes ready is ended, started again within its budget, and then given up", async () => {
  rig.write("never.js", "export default { start() { return new Promise(() => {}); } };");
  const { stderr } = await refused(
    (text) => `${text.replace("ts:sink.js", "ts:never.js").replaceAll("max = 5", "max = 2")}ready_timeout = "300ms"\n`,
    "up",
    "--once",
  );
  expect(
    stderr.match(/runtime\/not-ready: service sink was not ready within 0\.3s; it is started again/g),
  ).toHaveLength(2);
  expect(stderr).toMatch(/^runtime\/gave-up: service sink was restarted 2 times within 60s and stays down/m);
}, 60_000);

test("a service whose file was never compiled says what to run", async () => {
  rig.write("raw.ts", "export default { start() {} };");
  const { stderr } = await refused((text) => text.replace("ts:sink.js", "ts:raw.ts"));
  expect(stderr).toMatch(/^runtime\/not-built: service sink: .*raw\.ts has not been compiled; run `npx tsc/);
}, 60_000);

test("a lock that is not what the schema says fails gen --check, a breaking edit stops gen, stale bindings stop the service", async () => {
  rig.topology();
  const fbs = readFileSync(join(rig.folder, "schema", "t.fbs"), "utf8");
  rig.write("schema/t.fbs", fbs.replace("table Tick { seq: uint; }", "table Tick { seq: ulong; }"));
  expect((await rig.run("gen", "--check")).stderr).toMatch(/^schema\/breaking/);
  expect((await refused((text) => text)).stderr).toMatch(/^schema\/stale/);
  const broken = await rig.run("gen");
  expect(broken).toMatchObject({ code: 1, stdout: "" });
  expect(broken.stderr).toMatch(
    /^schema\/breaking: the change of t\.Tick breaks its readers: t\.Tick\.seq: uint -> ulong/,
  );
  const forced = await rig.run("gen", "--allow-breaking");
  expect(forced).toMatchObject({
    code: 0,
    stderr: expect.stringContaining("redeploy all services that use t.Tick together"),
  });
  // The JavaScript of the bindings is still that of the old schema.
  const { stderr } = await refused((text) => text);
  expect(stderr).toMatch(/^schema\/mismatch: t\.Tick differs .*the bindings are of another schema; run `busbar gen`/);
}, 60_000);
