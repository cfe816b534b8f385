// Method: pack this tree, install the tarball in an empty folder as a stranger would, and run buses there.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runOk } from "../support/processes.ts";
import { root } from "../tidy/tree.ts";

let folder = "";
let tarball = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "busbar-package-"));
  const { stdout } = await runOk("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    cwd: root,
  });
  const [{ filename }] = JSON.parse(stdout) as { filename: string }[];
  tarball = join(folder, filename);
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const npm = (cwd: string, ...args: string[]): Promise<unknown> =>
  runOk("npm", [...args, "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd,
    timeoutMs: 240_000,
  });

test("the tarball holds what users need and no sources or tests", async () => {
  const { stdout } = await runOk("tar", ["-tzf", tarball]);
  const files = stdout.split("\n");
  for (const needed of [
    "dist/bus/index.js",
    "dist/bus/index.d.ts",
    "dist/bus/cli/main.js",
    "native/include/busbar_service.h",
    "LICENSE",
  ]) {
    expect(files).toContain(`package/${needed}`);
  }
  expect(files.filter((file) => /\.test\.|package\/(test|\.ci)\//.test(file))).toEqual([]);
});

test("a project made by init installs, generates, compiles and runs its two services", {
  timeout: 300_000,
}, async () => {
  const project = join(folder, "project");
  const cli = join(root, "dist", "bus", "cli", "main.js");
  await runOk(process.execPath, [cli, "init", project, "--name", "stranger", "--busbar", `file:${tarball}`]);
  await npm(project, "install");
  const busbar = join(project, "node_modules", ".bin", "busbar");
  const scripts = (
    JSON.parse(await readFile(join(project, "package.json"), "utf8")) as { scripts: Record<string, string> }
  ).scripts;
  for (const script of ["gen", "build"]) if (script in scripts) await runOk("npm", ["run", script], { cwd: project });
  await runOk(busbar, ["validate"], { cwd: project });
  const { stdout } = await runOk(busbar, ["up", "--once"], { cwd: project });
  const last = stdout.trim().split("\n").at(-1) ?? "";
  expect(() => JSON.parse(last)).not.toThrow();
});

test("the doors import and a bus of two services runs inside one program", { timeout: 300_000 }, async () => {
  const project = join(folder, "plain");
  await runOk("mkdir", ["-p", join(project, "schema")]);
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "plain", private: true, type: "module" }));
  await npm(project, "install", tarball);
  await writeFile(join(project, "schema", "plain.fbs"), "namespace plain;\ntable Ping { seq: uint; text: string; }\n");
  await writeFile(
    join(project, "topology.toml"),
    [
      '[bus]\nname = "plain"\n[[nodes]]\nname = "one"\nservices = ["a", "b"]',
      '[services.a]\npublishes = ["plain.Ping"]\n[services.b]\nsubscribes = ["plain.Ping"]',
    ].join("\n"),
  );
  const busbar = join(project, "node_modules", ".bin", "busbar");
  await runOk(busbar, ["gen", "--schema", "schema", "--ts", "generated"], { cwd: project });
  await writeFile(
    join(project, "main.ts"),
    `import { MessageBus, BusError } from "busbar";
import { createLocalTransport } from "busbar/testing";
import { FULL } from "busbar/transport";
import { Ping } from "./generated/plain.ts";
if (typeof BusError !== "function" || FULL !== -1 || createLocalTransport().name !== "local") throw new Error("doors");
const a = await MessageBus.fromTopology("topology.toml", { service: "a" });
const b = await MessageBus.fromTopology("topology.toml", { service: "b" });
const got = b.subscriber(Ping)[Symbol.asyncIterator]();
await a.publisher(Ping).publish({ seq: 7, text: "over a real socket" });
const { value } = await got.next();
console.log(JSON.stringify(value));
await Promise.all([a.close(), b.close()]);
`,
  );
  const tsc = join(root, "node_modules", ".bin", "tsc");
  const options = [
    "--module",
    "nodenext",
    "--target",
    "es2023",
    "--strict",
    "--skipLibCheck",
    "false",
    "--rewriteRelativeImportExtensions",
  ];
  await runOk(tsc, [...options, "--types", "node", "--typeRoots", join(root, "node_modules", "@types"), "main.ts"], {
    cwd: project,
  });
  const { stdout } = await runOk(process.execPath, ["main.js"], { cwd: project });
  expect(JSON.parse(stdout.trim())).toEqual({ seq: 7, text: "over a real socket" });
});

test("a project uses a service that ships with the package: its schema, its plugin, its TypeScript half", {
  timeout: 300_000,
}, async () => {
  const project = join(folder, "player");
  const cli = join(root, "dist", "bus", "cli", "main.js");
  await runOk(process.execPath, [cli, "init", project, "--name", "player", "--busbar", `file:${tarball}`]);
  await npm(project, "install");
  // As docs/native.md tells it.
  const shipped = join(project, "node_modules", "busbar", "schema", "service");
  await runOk("cp", ["-r", join(shipped, "api"), join(shipped, "cards"), join(project, "schema")]);
  await writeFile(
    join(project, "topology.toml"),
    [
      '[bus]\nname = "player"\nschema = "schema"',
      '[services.player]\nrun = "ts:services/player.ts"\ncalls = ["Cards"]',
      '[services.cards]\nrun = "native:cards"\nserves = ["Cards"]',
    ].join("\n"),
  );
  await writeFile(
    join(project, "services", "player.ts"),
    `import { defineService } from "busbar";
import { CLASSICS, compile } from "busbar/services/cards";
import { Cards } from "../generated/cardsim.js";

export default defineService({
  async start(bus, context) {
    const [game] = CLASSICS.values();
    if (game === undefined) throw new Error("no classic");
    const request = { genomeBytecode: compile(game), numGames: 10, aiTypes: [1, 1], randomSeed: 7n };
    void bus
      .client(Cards)
      .simulate({ batchId: 1n, requests: [request] })
      .then(({ results }) => context.finish({ games: results[0]?.totalGames }));
  },
});
`,
  );
  for (const script of ["gen", "build"]) await runOk("npm", ["run", script], { cwd: project });
  const busbar = join(project, "node_modules", ".bin", "busbar");
  const { stdout } = await runOk(busbar, ["up", "--once"], { cwd: project });
  expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toEqual({ games: 10 });
});
