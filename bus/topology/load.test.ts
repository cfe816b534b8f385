import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { BusError } from "#wire";
import { loadPlan } from "./load.ts";
import { LOCK } from "./testing/fixtures.ts";
import { GALAXY } from "./testing/galaxy.ts";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "busbar-load-"));
  path = join(folder, "topology.toml");
  await writeFile(path, GALAXY);
  await mkdir(join(folder, "schema"));
  await writeFile(join(folder, "schema", "schema.lock"), JSON.stringify(LOCK));
});
afterEach(() => rm(folder, { recursive: true }));

const fault = async (): Promise<BusError> => {
  try {
    await loadPlan(path);
  } catch (error) {
    return error as BusError;
  }
  return expect.fail("loaded");
};

test("a topology is loaded with the lock of its schema", async () => {
  const plan = await loadPlan(path, { env: { XDG_RUNTIME_DIR: "/run/u" }, overrides: { mode: "bundled" } });
  expect(plan.mode).toBe("bundled");
  expect(plan.runtimeDir).toMatch(/^\/run\/u\/busbar\/galaxy-[0-9a-f]{8}$/);
  expect(plan.types).toHaveLength(4);
});

test("semantics/1.8: a link to a topology is that topology", async () => {
  const link = join(folder, "link.toml");
  await symlink(path, link);
  const [one, two] = [await loadPlan(path), await loadPlan(link)];
  expect(two.runtimeDir).toBe(one.runtimeDir);
  expect(two.topology).toBe(one.topology);
});

test("no file is one clear error", async () => {
  path = join(folder, "none.toml");
  expect((await fault()).message).toBe(
    `topology/not-found: no topology at ${path}; create one with \`busbar init\`, or name it with --topology`,
  );
  path = folder;
  expect((await fault()).message).toBe(
    `runtime/file: ${folder} cannot be read or written: it is a folder; name the topology in it`,
  );
});

test("a file that is no text is said to be none, at the first byte that is wrong", async () => {
  const bus = '[bus]\nname = "é';
  for (const [bytes, place, what] of [
    [Buffer.from("7f454c4602010100", "hex"), "1:8", "it has a zero byte"],
    [Buffer.from("ffd8ffe000104a46", "hex"), "1:1", "it is not UTF-8"],
    [Buffer.from(`${bus}\xfc"`, "latin1"), "2:9", "it is not UTF-8"],
    [Buffer.from(`${bus}\0"`), "2:10", "it has a zero byte"],
  ] as const) {
    await writeFile(path, bytes);
    expect((await fault()).message).toBe(
      `topology/bad-toml: ${path}:${place}: this file is no text (${what} here); is it the topology that you mean?`,
    );
  }
  await writeFile(path, GALAXY.replace('name = "galaxy"', 'name = "galaxy" # \uFFFD'));
  expect((await loadPlan(path)).bus).toBe("galaxy");
});

test("no schema is one clear error with the place that names it", async () => {
  await rm(join(folder, "schema"), { recursive: true });
  const error = await fault();
  expect(error.code).toBe("schema/missing");
  expect(error.message).toContain(`${path}:3:10: no schema at ${join(folder, "schema", "schema.lock")}`);
  await writeFile(path, GALAXY.replace(/schema = .*\n/, ""));
  expect((await fault()).message, "the default folder").toContain(`${path}:1:2: no schema at`);
});

test("a lock that is none is one clear error", async () => {
  for (const text of ["{", "[]", '{"version":2}', '{"version":1,"types":{"a":{}},"methods":{}}', "null"]) {
    await writeFile(join(folder, "schema", "schema.lock"), text);
    expect((await fault()).code, text).toBe("schema/bad-json");
  }
});

test("bad TOML is one line with its place", async () => {
  await writeFile(path, '[bus]\nname = "x"\nname = "y"\n');
  expect((await fault()).message).toBe(`topology/bad-toml: ${path}:3:1: 'name' is given twice`);
});
