// Compiles a small program with the generated headers; it reads what TypeScript wrote, and TypeScript what it wrote.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Memory } from "#wire";
import { gen } from "../index.ts";
import { Everything } from "../testdata/generated/features.ts";
import { AVOIDED, KEYWORDS, UNKNOWN } from "./names.ts";

const DATA = "bus/schema/gen/testdata";

test("C++ verifies and reads what TypeScript encodes, and TypeScript what C++ builds", {
  timeout: 120_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "busbar-cpp-"));
  try {
    await gen({ schemaDir: `${DATA}/schema`, cppDir: folder, lockFile: join(folder, "schema.lock") });
    const program = join(folder, "peer");
    const flags = ["-std=c++20", "-Wall", "-Wextra", "-O0", `-I${folder}`];
    execFileSync("g++", [...flags, `${DATA}/peer.cc`, "-o", program], { stdio: "pipe" });

    const memory = Memory.allocate(4096);
    const end = Everything.encode(memory, 0, 4096, {
      id: 41n,
      root: { name: "root", part: { type: "Leaf", value: { label: "l", weight: 1 } } },
      vectors: { needed: [1], longs: [5n, -7n], texts: ["a", "b", "c"] },
      optionals: { i32: 9 },
      shapes: {
        must: { a: 1, b: -1, c: 2 },
        grid: {
          id: 3,
          at_: { x: 1.5, y: 2.25 },
          cells: [1, 2, -3],
          corners: [
            { a: 1, b: 2, c: 3 },
            { a: 4, b: 5, c: 6 },
          ],
          tint: 5,
          on: true,
          wide: 1n,
        },
      },
    });
    writeFileSync(join(folder, "in"), memory.u8.subarray(0, end));
    const printed = execFileSync(program, [join(folder, "in"), join(folder, "out")], { encoding: "utf8" });
    expect(printed.trim().split("\n")).toEqual(["41", "root l", "3 2.25 -3", "-7 3", "9"]);

    const answer = readFileSync(join(folder, "out"));
    const back = Memory.copyOf(answer);
    expect(Everything.verify(back, 0, answer.length)).toBe(true);
    const { id, root, shapes, vectors } = Everything.decode(back, 0);
    expect(id).toBe(42n);
    expect(root).toEqual({
      name: "from C++",
      part: { type: "Leaf", value: { label: "root", weight: 2.5 } },
      children: [],
    });
    expect(shapes?.must).toEqual({ a: 1, b: -2, c: 3 });
    expect(vectors).toBeNull();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("C++ compiles whatever the lint lets pass: fields, values, members and calls that are keywords", {
  timeout: 120_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "busbar-cpp-"));
  try {
    const words = [...KEYWORDS, ...AVOIDED].filter((word) => !UNKNOWN.has(word));
    const each = (form: (word: string) => string): string => words.map(form).join(" ");
    const schemaDir = join(folder, "schema");
    mkdirSync(schemaDir);
    writeFileSync(
      join(schemaDir, "words.fbs"),
      `namespace module.words;
struct S { ${each((word) => `${word}: int;`)} }
enum E : ubyte { ${words.join(", ")} }
table T { ${each((word) => `${word}: int;`)} }
union U { ${each((word) => `${word}: T,`)} }
table All { s: S; e: E; u: U; }
rpc_service V { ${each((word) => `${word}(T): All;`)} }
`,
    );
    const { warnings } = await gen({ schemaDir, cppDir: folder });
    expect(warnings.filter((text) => text.includes(": class is class_ in C++"))).toHaveLength(5);
    const main = join(folder, "main.cc");
    writeFileSync(main, '#include "words_generated.h"\n#include "busbar_types.h"\n');
    execFileSync("g++", ["-std=c++20", "-fsyntax-only", `-I${folder}`, main], { stdio: "pipe" });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
