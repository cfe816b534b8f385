// Runs the generator over small schema folders of its own.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { MessageType } from "#schema";
import { BusError, Memory } from "#wire";
import { fieldKey } from "../codec/names.ts";
import { parseLock, readLock, refuseCollisions } from "../lock.ts";
import { checkFresh } from "../sources.ts";
import { readErrors } from "./errors.ts";
import { errorsPage } from "./errors-page.ts";
import { type GenOptions, gen } from "./index.ts";

// biome-ignore lint/suspicious/noExplicitAny: values are of any type here
type AnyType = MessageType<any, any, any>;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "busbar-gen-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (name: string, text: string): void => {
  const path = join(folder, "schema", name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};
const run = (options: Partial<GenOptions> = {}): ReturnType<typeof gen> =>
  gen({
    schemaDir: join(folder, "schema"),
    typescriptDir: join(folder, "ts"),
    cppDir: join(folder, "cpp"),
    ...options,
  });
const read = (...path: string[]): string => readFileSync(join(folder, ...path), "utf8");

async function failure(work: Promise<unknown>): Promise<BusError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof BusError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

const FLEET = "namespace galaxy;\n\ntable Fleet { id: uint; name: string (required); }\n";

test("the bindings of this repository and of the test schema are what their schema files say", async () => {
  const ours = { typescriptImport: "#schema", typescriptExtension: ".ts", check: true } as const;
  await gen({ schemaDir: "schema", typescriptDir: "bus/generated", cppDir: "native/generated", ...ours });
  const data = "bus/schema/gen/testdata";
  const lockFile = `${data}/generated/schema.lock`;
  await gen({ schemaDir: `${data}/schema`, typescriptDir: `${data}/generated`, lockFile, ...ours });
});

test("a second run changes nothing, and --check names the first file that is stale", async () => {
  put("fleet.fbs", FLEET);
  const first = await run();
  expect(first.types).toEqual(["galaxy.Fleet"]);
  expect(first.written.map((path) => path.slice(folder.length + 1)).sort()).toEqual([
    "cpp/busbar_types.h",
    "cpp/fleet_generated.h",
    "schema/schema.lock",
    "ts/galaxy.ts",
    "ts/index.ts",
    "ts/schema-data.ts",
  ]);
  const text = read("ts", "galaxy.ts");
  expect(text).toContain('} from "busbar/schema";');
  expect(text).toContain('from "./schema-data.js"');
  expect((await run({ check: true })).written).toEqual([]);
  expect((await run()).written).toEqual([]);
  writeFileSync(join(folder, "ts", "galaxy.ts"), `${text}\n`);
  const stale = await failure(run({ check: true }));
  expect(stale.code).toBe("schema/stale");
  expect(stale.message).toContain(join(folder, "ts", "galaxy.ts"));
  expect(read("ts", "galaxy.ts")).toBe(`${text}\n`);
});

test("generated files without a schema file behind them go away, others stay", async () => {
  put("fleet.fbs", FLEET);
  put("old.fbs", "namespace old;\ntable Thing { a: int; }\n");
  await run();
  writeFileSync(join(folder, "ts", "mine.ts"), "export {};\n");
  rmSync(join(folder, "schema", "old.fbs"));
  rmSync(join(folder, "schema", "schema.lock"));
  const lockless = await failure(run({ check: true }));
  expect(lockless.code).toBe("schema/stale");
  const { removed } = await run();
  expect(removed.map((path) => path.slice(folder.length + 1)).sort()).toEqual(["cpp/old_generated.h", "ts/old.ts"]);
  expect(read("ts", "mine.ts")).toBe("export {};\n");
});

test("a compatible edit appends to the lineage of what it touches and of nothing else", async () => {
  put("fleet.fbs", `${FLEET}table Other { x: int; }\n`);
  await run();
  const lockFile = join(folder, "schema", "schema.lock");
  const before = readLock(lockFile);
  put(
    "fleet.fbs",
    `// A comment.\n${FLEET.replace("(required); }", "(required); hp: int; }")}table Other { x: int; }\n`,
  );
  expect((await run()).breaking).toEqual([]);
  const after = readLock(lockFile);
  const { fingerprint, lineage } = after.types["galaxy.Fleet"];
  expect(lineage).toEqual([before.types["galaxy.Fleet"].fingerprint, fingerprint]);
  expect(after.types["galaxy.Other"]).toEqual(before.types["galaxy.Other"]);
  expect(read("ts", "galaxy.ts")).toContain(`lineage: ["${lineage[0]}", "${lineage[1]}"]`);
});

test("a breaking edit stops with every reason and writes nothing; allowed, it begins a new lineage", async () => {
  put("fleet.fbs", FLEET);
  await run();
  const lockText = read("schema", "schema.lock");
  put("fleet.fbs", "namespace galaxy;\n\ntable Fleet { id: ulong; name: string; }\n");
  const error = await failure(run());
  expect(error.code).toBe("schema/breaking");
  expect(error.message).toContain("the change of galaxy.Fleet breaks its readers: galaxy.Fleet.id: uint -> ulong; ");
  expect(error.message).toContain("galaxy.Fleet.name: no longer required");
  expect(read("schema", "schema.lock")).toBe(lockText);
  const report = await run({ allowBreaking: true });
  expect(report.breaking).toHaveLength(3);
  expect(report.warnings).toEqual(["redeploy all services that use galaxy.Fleet together"]);
  expect(readLock(join(folder, "schema", "schema.lock")).types["galaxy.Fleet"].lineage).toHaveLength(1);
  put("fleet.fbs", "namespace galaxy;\n");
  expect((await failure(run())).code).toBe("schema/breaking");
});

test("what does not compile is named with file, line and reason", async () => {
  put("a/fleet.fbs", "namespace galaxy;\n\ntable Fleet {\n  id: unit;\n}\n");
  const unknown = await failure(run());
  expect(unknown.code).toBe("schema/compile");
  expect(unknown.message).toContain(`${join(folder, "schema", "a/fleet.fbs")}:4: type referenced but not defined`);
  put("a/fleet.fbs", "namespace galaxy;\ntable Fleet { id: int hp: int; }\n");
  expect((await failure(run())).message).toContain("a/fleet.fbs:2: expecting: ; instead got: hp");
  rmSync(join(folder, "schema"), { recursive: true });
  expect((await failure(run())).code).toBe("schema/missing");
});

test.each([
  ["table Lost { a: int; }\n", "x.fbs:1: Lost is in no namespace"],
  ["namespace n;\nenum Bits : uint (bit_flags) { a, b }\ntable T { a: Bits; }\n", "x.fbs:2: languages disagree"],
  ["namespace n;\ntable A {}\nunion U { A }\ntable T {\n  list: [U];\n}\n", "x.fbs:5: vectors of unions"],
  [
    "namespace n;\nenum E : int { a = 1, b }\ntable T {\n  x: int;\n  e: E = 0;\n}\n",
    "x.fbs:5: its default 0 is no value of n.E",
  ],
  ["namespace n;\ntable T { foo_bar: int;\n fooBar: int; }\n", "x.fbs:3: foo_bar and fooBar are both fooBar"],
  ["namespace n;\ntable T {}\ntable TInit {}\n", "bindings of n.T and n.TInit would both have TInit"],
  ["namespace n;\ntable T {}\nrpc_service T { Do(T): T; }\n", "n.T is declared twice"],
  ['namespace n;\ntable T {}\nrpc_service S { Do(T): T (streaming: "bidi"); }\n', 'streaming "bidi" is not carried'],
  ["namespace n;\ntable T {\n  a: ulong = 9223372036854775808;\n}\n", "x.fbs:3: the default of a is lost"],
  ["namespace n;\ntable T { a: int; // __proto__:\n  __proto__: int; }\n", "x.fbs:3: __proto__ means something else"],
  ["namespace n;\nstruct S {\n  __proto__: int; }\n", "x.fbs:3: __proto__ means something else"],
  ["namespace n;\nenum E : int { a,\n  __proto__ }\n", "x.fbs:3: __proto__ means something else"],
  ["namespace n;\ntable A {}\nunion U {\n  __proto__: A }\n", "x.fbs:4: __proto__ means something else"],
  ["namespace n;\ntable A {}\nrpc_service S {\n  __proto__(A): A; }\n", "x.fbs:4: __proto__ means something else"],
  ["namespace index;\ntable T {}\n", "namespace index is taken"],
])("lint refuses %j", async (text, expected) => {
  put("x.fbs", text);
  const error = await failure(run());
  // The compiler itself refuses some; then its reason is good enough.
  expect(error.code).toMatch(/^schema\/(lint|compile)$/);
  if (error.code === "schema/lint") expect(error.message).toContain(expected);
});

test.each([
  [
    "namespace one;\ntable A {}\n\nnamespace a.class;\ntable T {}\n",
    4,
    "namespace a.class has the keyword class of C++",
  ],
  ["namespace n;\n// table delete\ntable delete { x: int; }\n", 3, "delete is a keyword of C++"],
  ["namespace n;\n\nstruct and { x: int; }\n", 3, "and is a keyword of C++"],
  ["namespace n;\n\nenum template : int { a }\n", 3, "template is a keyword of C++"],
  ["namespace n;\ntable A {}\nunion operator { A }\n", 3, "operator is a keyword of C++"],
  ["namespace n;\ntable A {}\nrpc_service new { Do(A): A; }\n", 3, "new is a keyword of C++"],
  ["namespace n;\ntable module { x: int; }\n", 2, "module is a keyword of C++"],
  ["namespace n;\nenum E : int { A,\n  consteval }\n", 3, "consteval is a keyword of C++"],
  ["namespace n;\nenum E : int { A,\n  MAX }\n", 3, "every enum has a MAX of its own in C++"],
  ["namespace n;\ntable T {\n  char8_t: int;\n}\n", 3, "char8_t is a keyword of C++"],
])("what C++ would not compile is refused when C++ is asked for: %j", async (text, line, reason) => {
  put("x.fbs", text);
  const error = await failure(run());
  expect(error.code).toBe("schema/lint");
  expect(error.message).toContain(`${join(folder, "schema", "x.fbs")}:${line}: ${reason}; rename `);
  const { cppDir: _, ...others } = { schemaDir: join(folder, "schema"), typescriptDir: join(folder, "ts"), cppDir: "" };
  expect((await gen(others)).warnings).toEqual([]);
});

test("fields named like what every object has work, present and left out", async () => {
  const names = ["constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "to_locale_string"];
  const base = resolve(".build");
  mkdirSync(base, { recursive: true });
  // Below the repository, so that what is generated finds the runtime.
  const typescriptDir = mkdtempSync(join(base, "names-"));
  try {
    const fields = names.map((name) => `${name}: string;`).join(" ");
    const ints = names.map((name) => `${name}: int;`).join(" ");
    put("x.fbs", `namespace n;\nstruct P { ${ints} }\ntable T { ${fields} p: P; }\n`);
    await run({ typescriptDir, typescriptImport: "#schema", typescriptExtension: ".ts" });
    const { T } = (await import(pathToFileURL(join(typescriptDir, "n.ts")).href)) as { T: AnyType };
    const keys = names.map(fieldKey);
    const of = <V>(value: V): Record<string, V> => Object.fromEntries(keys.map((key) => [key, value]));
    for (const [init, value] of [
      [{}, { ...of(null), p: null }],
      [
        { ...of("text"), p: of(7) },
        { ...of("text"), p: of(7) },
      ],
    ]) {
      const memory = Memory.allocate(1024);
      const end = T.encode(memory, 0, 1024, init);
      expect(T.verify(memory, 0, end)).toBe(true);
      expect(T.decode(memory, 0)).toEqual(value);
      expect(T.complete(init)).toEqual(value);
      const view = T.view(memory).at(0) as Record<string, unknown>;
      for (const [key, one] of Object.entries(value)) expect(view[key]).toEqual(one);
    }
  } finally {
    rmSync(typescriptDir, { recursive: true, force: true });
  }
});

test("what has another name in C++ is a warning with its place", async () => {
  put(
    "x.fbs",
    [
      "namespace n;",
      "enum E : int { A,",
      "  int }",
      "struct S {",
      "  int: int;",
      "}",
      "table T { /* the class */ id: int = 0;",
      '  class: string; // "new',
      "  import: int;",
      "  new: int (deprecated); }",
      "union U { and: T }",
      "rpc_service V { delete(T): T; }",
    ].join("\n"),
  );
  const { warnings } = await run();
  const head = `${join(folder, "schema", "x.fbs")}:`;
  expect(
    warnings.map((text) => text.replace(head, "").replace(/; rename it to have one name everywhere$/, "")),
  ).toEqual(
    ["5: int is int_ in C++", "8: class is class_ in C++", "9: import is import_ in C++"].concat([
      "3: int is int_ in C++",
      "11: and is and_ in C++",
      "12: delete is delete_ in C++",
    ]),
  );
});

test("whether the lock is fresh is known without the compiler", async () => {
  put("fleet.fbs", FLEET);
  await run();
  const schema = join(folder, "schema");
  expect(Object.keys(checkFresh(schema).types)).toEqual(["galaxy.Fleet"]);
  put("more.fbs", "namespace more;\n");
  expect(() => checkFresh(schema)).toThrow("schema/stale");
});

test("two names with one id are refused", () => {
  expect(() =>
    refuseCollisions([
      ["a.B", { id: 7 }],
      ["c.D/E", { id: 7 }],
    ]),
  ).toThrow("schema/collision: a.B and c.D/E have the same id 7; rename one of them");
});

test("two schema files of one name in different folders are refused for C++", async () => {
  put("a/x.fbs", "namespace a;\ntable T {}\n");
  put("b/x.fbs", "namespace b;\ntable T {}\n");
  expect((await failure(run())).message).toContain("b/x.fbs: it has the same file name as a/x.fbs");
});

test("a lock that is none is refused with what is wrong", () => {
  for (const [text, problem] of [
    ["{", "is not JSON"],
    [`<<<<<<< ours\n{}`, "take back the version that was committed last, then run `busbar gen`"],
    ["[]", "has version undefined"],
    ['{"version":2}', "has version 2"],
    ['{"version":1}', "lacks its digest"],
    ['{"version":1,"digest":"","bfbs":"","types":{"a":{}},"methods":{}}', "type a"],
    ['{"version":1,"digest":"","bfbs":"","types":{},"methods":{"a":{}}}', "method a"],
  ]) {
    expect(() => parseLock(text, "schema.lock")).toThrow(problem);
  }
  expect(() => readLock(join(folder, "none.lock"))).toThrow("schema/missing");
});

test("an error list with a number used twice is refused", () => {
  const path = join(folder, "errors.toml");
  const entry = '[[error]]\nnumber = 1\ncode = "core/one"\ntext = "one"\n';
  writeFileSync(path, entry);
  expect(readErrors(path)).toEqual({ errors: [{ number: 1, code: "core/one", text: "one" }], cures: {} });
  writeFileSync(path, entry + entry.replace("core/one", "core/two"));
  expect(() => readErrors(path)).toThrow("has core/two (1) twice");
});

test("docs/reference/errors.md is what the list of errors says (else: npm run gen)", () => {
  const root = join(import.meta.dirname, "..", "..", "..");
  const list = readErrors(join(root, "schema", "bus", "errors.toml"));
  const page = errorsPage(list, "schema/bus/errors.toml");
  expect(readFileSync(join(root, "docs", "reference", "errors.md"), "utf8")).toBe(page);
  for (const { code, number } of list.errors) expect(page).toContain(`\n| \`${code}\` | ${number} | `);
});

test("the page of errors has both halves of a sentence, and refuses a code that lacks one", () => {
  const page = (text: string, more = {}): string =>
    errorsPage({ errors: [{ number: 1, code: "core/odd", text, ...more }], cures: { odd: "count again" } }, "list");
  const row = (text: string, more = {}): string | undefined => page(text, more).split("\n").at(-2);
  expect(row("{path} is not even; use '{other}' instead")).toBe(
    "| `core/odd` | 1 | *path* is not even | use *other* instead |",
  );
  expect(row("{path}:{line}:{column}: odd {key}{suggestion}")).toBe("| `core/odd` | 1 | odd *key* | count again |");
  expect(row("it is odd; {problem}", { cure: "add 1" })).toBe("| `core/odd` | 1 | it is odd | add 1 |");
  expect(row("{path} is odd; the rest is even", { cure: "add 1" })).toBe(
    "| `core/odd` | 1 | *path* is odd; the rest is even | add 1 |",
  );
  expect(row("{reason}", { when: "it is even|odd" })).toBe("| `core/odd` | 1 | it is even\\|odd | count again |");
  expect(() => page("{path}: {problem}")).toThrow(
    "schema/bad-json: list has core/odd, which does not say when it comes",
  );
  expect(() => errorsPage({ errors: [{ number: 1, code: "core/odd", text: "odd" }], cures: {} }, "list")).toThrow(
    "core/odd, which does not say what to do",
  );
});
