// Method: the quickstart is followed in an empty folder; what the page shows of each command must be what it prints.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { buildPackage, Project } from "../../bus/cli/test-support.ts";
import { read } from "../tidy/tree.ts";

const PAGE = read("docs/quickstart.md");
/** What the page shows behind "$ npx busbar …", the n-th time. */
const shown = (command: string, n = 0): string => {
  const blocks = [...PAGE.matchAll(/^\$ npx busbar (.+)\n([\s\S]*?)(?=^\$ |^```)/gm)].filter(
    ([, cmd]) => cmd === command,
  );
  return (blocks[n]?.[2] ?? `no ${command} on the page`).trim();
};
/** A computer without rings says so; the page shows one that has them. */
const alike = (text: string): string =>
  text
    .trim()
    .replace(/ring {7}block|unix {7}block/g, "ring|unix  block")
    .replace(/other process;.*no rings.*|other process; .*ring.*/g, "other process");

let project: Project;
beforeAll(async () => {
  await buildPackage();
  project = new Project();
  expect(await project.run("init", ".", "--name", "hello")).toMatchObject({ code: 0 });
  expect((await project.run("gen")).code).toBe(0);
}, 120_000);
afterEach(() => project.endAll());
afterAll(() => project.close());

const printed = async (...args: string[]): Promise<string> => {
  const { stdout, stderr } = await project.run(...args);
  return stdout + stderr;
};
const topology = (): string => readFileSync(join(project.folder, "topology.toml"), "utf8");

test("the services on the page are the ones that init writes", () => {
  const [, greeter] = /```ts\n\/\/ services\/greeter\.ts\n([\s\S]*?)```/.exec(PAGE) ?? [];
  expect(greeter).toBe(readFileSync(join(project.folder, "services", "greeter.ts"), "utf8"));
});

test("explain prints the tables of the page, for two nodes, for one, and over tcp", async () => {
  expect(alike(await printed("explain"))).toBe(alike(shown("explain")));
  expect(await printed("explain", "--transport", "tcp")).toContain(shown("explain --transport tcp"));
  const two = topology();
  const [, one] = /```toml\n(\[\[nodes\]\]\nname = "main"[\s\S]*?)```/.exec(PAGE) ?? [];
  project.write("topology.toml", two.replace(/\[\[nodes\]\][\s\S]*(?=\[services\.greeter\])/, `${one}\n`));
  expect((await printed("explain")).trim()).toBe(shown("explain", 1));
  project.write("topology.toml", two);
});

test("a run ends with the line of the page, and call answers as shown", async () => {
  expect((await project.run("up", "--once")).stdout).toContain(
    '{"texts":["Hello, Ada!","Hello, Grace!","Hello, Edsger!"]}',
  );
  expect(PAGE).toContain('{"texts":["Hello, Ada!","Hello, Grace!","Hello, Edsger!"]}');
  const up = project.start(["up"]);
  await up.saw("result {");
  expect((await printed("call", "Greeter.greet", '{"name": "Alan"}')).trim()).toBe(
    shown(`call Greeter.greet '{"name": "Alan"}'`),
  );
  expect((await printed("pub", "Greeted", '{"name": "Kurt", "count": 9}', "--to", "caller")).trim()).toBe(
    shown(`pub Greeted '{"name": "Kurt", "count": 9}' --to caller`),
  );
  expect(await printed("down")).toBe("hello has stopped\n");
  await up.ended;
  expect(project.leftovers()).toEqual([]);
}, 60_000);

test("another host is refused without keys, and keys writes what the page lists", async () => {
  const [, node] = /```toml\n\[\[nodes\]\]\n(name = "back"\nhost = [\s\S]*?)services/.exec(PAGE) ?? [];
  project.write("topology.toml", topology().replace('name = "back"\n', node));
  expect((await printed("validate")).trim()).toBe(shown("validate"));
  project.write("topology.toml", `${topology()}\n[security.tcp]\nkeys = "keys"\n`);
  expect((await printed("keys")).trim()).toBe(shown("keys"));
  expect(await project.run("validate")).toMatchObject({ code: 0 });
});
