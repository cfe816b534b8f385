// Method: the compiled command line over recordings in a folder: exit codes, JSON on standard output and nothing else, files that exist.
import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildPackage, MAIN, Project } from "../../../bus/cli/test-support.ts";
import { memorySource, openSources } from "../index.ts";
import { type Recorded, war } from "../testing/war.ts";
import { written } from "../testing/written.ts";
import { queryOf, timeOf } from "./options.ts";

let project: Project;
let messages: Recorded[];
beforeAll(async () => {
  await buildPackage();
  project = new Project();
  messages = war({ seed: 51, turns: 8 });
  const half = messages.length >> 1;
  project.write("rec/.keep", "");
  const file = (number: number): string => join(project.folder, "rec", `events-00000${number}.mcap`);
  writeFileSync(file(1), await written(messages.slice(0, half), { perChunk: 30 }));
  writeFileSync(file(2), await written(messages.slice(half), { perChunk: 30, number: 2, first: BigInt(half) + 1n }));
}, 120_000);
afterAll(() => project.close());

const json = async (...args: string[]): Promise<unknown[]> => {
  const { code, stdout, stderr } = await project.run("log", ...args, "--json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout
    .trimEnd()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
};

test("info, query, turn, combat and summary answer as JSON, one object per line where there are many", {
  timeout: 120_000,
}, async () => {
  expect((await json("info", "rec"))[0]).toMatchObject({ messages: messages.length, turns: 8 });
  const hits = messages.filter(({ type, turn }) => type === "blackbox.DamageDealt" && turn! >= 3 && turn! <= 5);
  const found = (await json("query", "rec", "--types", "DamageDealt", "--turns", "3..5")) as { sequence: string }[];
  expect(found.map(({ sequence }) => sequence)).toEqual(hits.map(({ sequence }) => String(sequence)));
  expect(await json("turn", "rec", "4")).toHaveLength(messages.filter(({ turn }) => turn === 4).length);
  const of4 = messages.filter(({ type, value }) => type === "blackbox.DamageDealt" && value.combat_id === "c4");
  expect((await json("combat", "rec", "c4"))[0]).toMatchObject({ damage: { count: of4.length } });
  expect(await json("summary", "rec")).toHaveLength(8);
});

test("recover, verify, merge, export and import make files and say so", { timeout: 120_000 }, async () => {
  const whole = readFileSync(join(project.folder, "rec", "events-000002.mcap"));
  project.write("torn/.keep", "");
  writeFileSync(join(project.folder, "torn", "x.mcap"), whole.subarray(0, whole.length - 100));
  expect((await project.run("log", "verify", "torn/x.mcap")).code).toBe(1);
  expect((await json("recover", "torn/x.mcap"))[0]).toMatchObject({
    messages: messages.length - (messages.length >> 1),
  });
  expect((await json("verify", "torn/x.recovered.mcap"))[0]).toMatchObject({ sound: true });
  expect((await json("merge", "rec", "--out", "one.mcap"))[0]).toMatchObject({ files: 2, messages: messages.length });
  expect((await project.run("log", "merge", "rec", "--out", "one.mcap")).stderr).toMatch(/^blackbox\/exists: /);
  await json("export", "one.mcap", "--format", "parquet", "--out", "tables");
  expect(existsSync(join(project.folder, "tables", "blackbox.DamageDealt.parquet"))).toBe(true);
  await json("export", "one.mcap", "--format", "entries", "--out", "all.entries");
  expect((await json("import", "all.entries", "--out", "again.mcap"))[0]).toMatchObject({
    messages: messages.filter(({ turn }) => turn !== undefined).length,
  });
});

test("a file that ends in the middle is read as far as it goes, and every command says that it does", {
  timeout: 60_000,
}, async () => {
  const whole = readFileSync(join(project.folder, "rec", "events-000001.mcap"));
  project.write("cut/.keep", "");
  writeFileSync(join(project.folder, "cut", "x.mcap"), whole.subarray(0, whole.length >> 1));
  for (const words of [
    ["cat", "cut"],
    ["info", "cut"],
    ["turn", "cut", "3"],
    ["timeline", "cut", "3"],
    ["export", "cut", "--format", "jsonl", "--out", "cut.jsonl"],
  ])
    expect(await project.run("log", ...words)).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(
        /x\.mcap ends in the middle .*: this is what can be read; see busbar log recover\n/,
      ),
    });
  expect((await project.run("log", "cat", "rec")).stderr).toBe("");
});

test("one damaged chunk is left out and told, with the place and what to do; everything around it is shown", {
  timeout: 60_000,
}, async () => {
  const bytes = readFileSync(join(project.folder, "rec", "events-000001.mcap"));
  await using recording = await openSources([memorySource(new Uint8Array(bytes))]);
  const [, second] = recording.files[0]!.summary.chunks;
  const lost = messages.slice(30, 60);
  bytes[second!.offset + 1000] = bytes[second!.offset + 1000]! ^ 1;
  project.write("hurt/.keep", "");
  writeFileSync(join(project.folder, "hurt", "events-000001.mcap"), bytes);
  const told = new RegExp(
    `^blackbox/unreadable: \\S+events-000001\\.mcap, byte ${second!.offset}: .*; left out\n1 place could not be read: this is the rest; see busbar log recover`,
    "m",
  );
  const half = messages.length >> 1;
  expect(await project.run("log", "cat", "hurt")).toMatchObject({ code: 1, stderr: expect.stringMatching(told) });
  const cat = await project.run("log", "cat", "hurt", "--json");
  expect(JSON.parse(cat.stderr)).toMatchObject({
    error: {
      code: "blackbox/unreadable",
      message: expect.stringMatching(/it left out, the rest is shown; busbar log recover/),
    },
  });
  expect(cat.code).toBe(1);
  expect(cat.stdout.trimEnd().split("\n")).toHaveLength(half - lost.length);
  const turn = lost[15]!.turn!;
  const left = messages.slice(0, half).filter((one) => one.turn === turn && !lost.includes(one)).length;
  const one = await project.run("log", "turn", "hurt", String(turn));
  expect(one).toMatchObject({ code: 1, stderr: expect.stringMatching(told) });
  expect(one.stdout.split("\n").filter((line) => line !== "")).toHaveLength(left);
  const out = await project.run("log", "export", "hurt", "--format", "jsonl", "--out", "hurt.jsonl");
  expect(out).toMatchObject({ code: 1, stderr: expect.stringMatching(told) });
  expect(readFileSync(join(project.folder, "hurt.jsonl"), "utf8").trimEnd().split("\n")).toHaveLength(
    half - lost.length,
  );
  // A name that may be in what could not be read is not said to be absent.
  expect((await project.run("log", "query", "hurt", "--entities", "999999")).stderr).not.toContain(
    "no event that names",
  );
});

test("info of a file without its index counts by the chunks' indexes, and says so where nothing tells", {
  timeout: 60_000,
}, async () => {
  const whole = readFileSync(join(project.folder, "rec", "events-000001.mcap"));
  await using recording = await openSources([memorySource(new Uint8Array(whole))]);
  const { chunks } = recording.files[0]!.summary;
  const [third] = chunks.slice(2);
  project.write("unindexed/.keep", "");
  const path = join(project.folder, "unindexed", "x.mcap");
  writeFileSync(path, whole.subarray(0, third!.offset));
  expect((await project.run("log", "info", "unindexed")).stdout).toMatch(/^1 file, \S+ \S+, 60 messages, /);
  writeFileSync(path, whole.subarray(0, third!.offset + third!.length));
  const { stdout } = await project.run("log", "info", "unindexed");
  expect(stdout).toMatch(/^1 file, \S+ \S+, messages not known \(no index\), /);
  expect(stdout).toContain("see busbar log recover");
});

test("wrong use and missing recordings are said in one line", { timeout: 60_000 }, async () => {
  expect(await project.run("log", "info", "nowhere")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^blackbox\/no-recording: nowhere/),
  });
  for (const words of [
    ["recover", "rec"],
    ["import", "rec", "--out", "never.mcap"],
  ]) {
    expect(await project.run("log", ...words)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^blackbox\/no-recording: rec: it is a folder/),
    });
  }
  expect(existsSync(join(project.folder, "never.mcap"))).toBe(false);
  expect((await project.run("log", "query", "rec", "--limit", "x")).code).toBe(2);
  expect((await project.run("log", "--help")).stdout).toMatch(/recover/);
});

test("a name that the recording does not have is one line with those that it has; a query that merely finds nothing is no error", {
  timeout: 120_000,
}, async () => {
  for (const [words, sentence] of [
    ["query rec --factions 99", /^factions is 99; the recording has no such faction; it has 0, 1, 2$/],
    ["query rec --turns 40..50", /^turns is 40\.\.50; the recording has no such turn; it has turns 1\.\.8$/],
    ["turn rec 999", /^turns is 999; the recording has no such turn; it has turns 1\.\.8$/],
    ["timeline rec 999", /^turns is 999; the recording has no such turn; it has turns 1\.\.8$/],
    ["combat rec nope", /^combat is 'nope'; the recording has no such combat; it has c1, c2, .*$/],
    ["query rec --combat c4x", /^combat is 'c4x'; .* no such combat \(did you mean 'c\d'\?\); it has c1, .*$/],
    ["query rec --entities 987654321", /^entities is 987654321; the recording has no event that names such an entity$/],
    ["query rec --topics nope", /^topics is nope; the recording has no such topic.*; it has .*$/],
  ] as const) {
    const { code, stdout, stderr } = await project.run("log", ...words.split(" "));
    expect({ words, code, stdout }).toEqual({ words, code: 1, stdout: "" });
    expect(stderr).toMatch(/^blackbox\/bad-query: [^\n]*\n$/);
    expect(stderr.trimEnd().slice("blackbox/bad-query: ".length)).toMatch(sentence);
  }
  for (const [turns, cure] of [
    ["5-3", "--turns is '5-3'; a range is written 3..5, single turns 1,4,8"],
    ["5..3", "--turns is '5..3'; the first turn is above the last: write 3..5"],
  ] as const)
    expect(await project.run("log", "query", "rec", "--turns", turns)).toMatchObject({
      code: 2,
      stderr: `runtime/usage: ${cure}\n`,
    });
  // One of the names is there; nothing is behind the last event.
  const all = (await json("query", "rec", "--turns", "4,999")) as { cursor: string }[];
  expect(all.length).toBeGreaterThan(0);
  for (const words of [
    ["--turns", "4", "--cursor", all.at(-1)!.cursor],
    ["--turns", "4", "--to", "1"],
    ["--limit", "0", "--turns", "4"],
  ])
    expect(await project.run("log", "query", "rec", ...words)).toMatchObject({ code: 0, stdout: "" });
});

test("tail shows what a recorder adds, until Ctrl-C", { timeout: 60_000 }, async () => {
  const bytes = await written(messages, { perChunk: 30 });
  const cut = bytes.length >> 1;
  project.write("live/.keep", "");
  const path = join(project.folder, "live", "events-000001.mcap");
  writeFileSync(path, bytes.subarray(0, cut));
  const tail = project.start(["log", "tail", "live", "--json", "--types", "TurnEnd"]);
  await tail.saw('"turn_number":1');
  writeFileSync(path, bytes);
  await tail.saw('"turn_number":8');
  tail.child.kill("SIGINT");
  expect((await tail.ended).code).toBe(0);
});

test("a folder of more recordings than a process may have descriptors is read like any other", {
  timeout: 120_000,
}, async () => {
  const files = 2000;
  const few = messages.slice(0, 5);
  const bytes = await written(few);
  project.write("many/.keep", "");
  for (let i = 1; i <= files; i++)
    writeFileSync(join(project.folder, "many", `events-${String(i).padStart(6, "0")}.mcap`), bytes);
  const limited = async (...args: string[]): Promise<string> => {
    const command = 'ulimit -n 128; exec "$0" "$@"';
    const { stdout } = await promisify(execFile)(
      "sh",
      ["-c", command, process.execPath, MAIN, "log", ...args, "--json"],
      {
        cwd: project.folder,
        maxBuffer: 64 * 1024 * 1024,
      },
    );
    return stdout;
  };
  expect(JSON.parse(await limited("info", "many"))).toMatchObject({ messages: files * few.length });
  const queried = (await limited("query", "many")).trimEnd().split("\n");
  expect(queried).toHaveLength(files * few.length);
});

test("options become queries exactly", () => {
  expect(queryOf({ types: "A, b.C", turns: "3..", factions: "1,2", from: "1.5s", to: "20ms" })).toEqual({
    types: ["A", "b.C"],
    turns: { from: 3 },
    factions: [1n, 2n],
    from: 1_500_000_000n,
    to: 20_000_000n,
  });
  expect(timeOf("--from", "0.000000001s")).toBe(1n);
  for (const bad of ["-1", "1.s", "x", "1d"]) expect(() => timeOf("--from", bad)).toThrow(/runtime\/usage/);
});
