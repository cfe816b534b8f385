// Method: texts with one thing wrong each, and the sentence and place that say so; then random values written and read back.
import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { jsonFault } from "./json-syntax.ts";
import { problemText } from "./problem.ts";
import { parseSource, SourceError, type SourceLimits } from "./source.ts";

const refusal = (text: string, format: "yaml" | "json" = "yaml", limits: Partial<SourceLimits> = {}): string => {
  try {
    parseSource(text, format, limits);
  } catch (error) {
    if (error instanceof SourceError) return problemText(error.problem);
    throw error;
  }
  return "accepted";
};
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, v) => (typeof v === "bigint" ? `${v}n` : v)));

test("integers keep all digits, other numbers are binary64, words of YAML 1.1 are texts", () => {
  const text =
    "a: 9007199254740993\nb: -5\nc: 0x10\nd: 1e3\ne: .5\nf: yes\ng: 012\nh: 2026-01-01\ni: ~\nj: true\nk: 0o17";
  expect(plain(parseSource(text, "yaml").value)).toEqual({
    a: "9007199254740993n",
    b: "-5n",
    c: "16n",
    d: 1000,
    e: 0.5,
    f: "yes",
    g: "12n",
    h: "2026-01-01",
    i: null,
    j: true,
    k: "15n",
  });
  expect(parseSource('{"a": 18446744073709551615}', "json").value).toEqual({ a: 18446744073709551615n });
});

test("a key that is there twice is refused with both places, in blocks, flows and JSON", () => {
  expect(refusal("agents:\n  - id: A\n    id: B\n")).toBe(
    "line 3, column 5: agents[0].id: is there twice; the first is at line 2, column 5",
  );
  expect(refusal("{a: 1, b: 2, a: 3}")).toBe("line 1, column 14: a: is there twice; the first is at line 1, column 2");
  expect(refusal('{"a": 1,\n "a": 2}', "json")).toBe(
    "line 2, column 2: a: is there twice; the first is at line 1, column 2",
  );
});

test("keys that are no text, unknown tags, several documents and an empty text are refused", () => {
  expect(refusal("? [a, b]\n: 1\n")).toBe("line 1, column 3: a key is no text");
  expect(refusal("a:\n  1: x\n")).toBe("line 2, column 3: a: a key is 1, which is no text; quote it");
  expect(refusal("a: !thing 1\n")).toMatch(/^line 1, column 4: Unresolved tag: !thing/);
  expect(refusal("a: !!binary aGk=\n")).toMatch(/^line 1, column 4: Unresolved tag/);
  expect(refusal("a: 1\n---\nb: 2\n")).toBe("line 2, column 1: there are several documents; a config is one");
  expect(refusal("")).toBe("line 1, column 1: the text is empty");
  expect(refusal("# only a comment\n")).toBe("line 1, column 1: the text is empty");
  expect(refusal("__proto__: 1")).toBe("line 1, column 1: __proto__: is no name");
});

test("what YAML itself refuses has line and column", () => {
  expect(refusal("a: [1, 2\nb: 3")).toMatch(/^line 2, column \d+: /);
  expect(refusal("a: 1\n\tb: 2")).toMatch(/^line 2, column 1: /);
  expect(refusal('a: "\\q"')).toMatch(/^line 1, column 5: Invalid escape sequence/);
  expect(refusal("a: *missing")).toMatch(/line 1, column 4: .*missing/);
});

test("a text that is no JSON is refused as JSON, with the place", () => {
  expect(refusal("a: 1", "json")).toBe("line 1, column 1: no JSON from 'a: 1' on");
  expect(refusal('{"a": 1,\n  "b": tru }', "json")).toBe("line 2, column 8: no JSON from 'tru }' on");
  expect(refusal('{"a": 1', "json")).toBe("line 1, column 8: the JSON ends too early");
  expect(refusal('{"a": [1, ]}', "json")).toBe("line 1, column 11: no JSON from ']}' on");
  expect(refusal("{} {}", "json")).toBe("line 1, column 4: no JSON from '{}' on");
});

test("JSON is what JSON.parse takes, for texts with random damage", () => {
  const good = '{"a": [1, -2.5e+3, true, null, "x\\u00e9\\n"], "b": {}, "c": [], "d": {"e": [[0]]}}';
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(good.length), fc.constantFrom(...'[]{}:,"\\ 01-+.eEtnu\n\t\u0001'), fc.boolean()), {
        maxLength: 3,
      }),
      (edits) => {
        let text = good;
        for (const [at, character, insert] of edits)
          text = text.slice(0, at) + character + text.slice(at + (insert ? 0 : 1));
        let parses = true;
        try {
          JSON.parse(text);
        } catch {
          parses = false;
        }
        expect([text, jsonFault(text) === undefined]).toEqual([text, parses]);
      },
    ),
    { numRuns: 3000 },
  );
});

test("aliases are followed, counted, and may not contain themselves", () => {
  expect(parseSource("a: &x {n: 1}\nb: *x\nc: [*x, *x]", "yaml").value).toEqual({
    a: { n: 1n },
    b: { n: 1n },
    c: [{ n: 1n }, { n: 1n }],
  });
  const many = `a: &x 1\nb: [${Array(6).fill("*x").join(", ")}]`;
  expect(refusal(many, "yaml", { aliasesMax: 5 })).toBe(
    "line 2, column 25: b[5]: is use 6 of an alias, the limit is 5",
  );
  expect(refusal("a: &x [*x]")).toMatch(/: the alias 'x' contains itself$/);
});

test("a text that aliases would blow up to billions of values ends at the bound", () => {
  const lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"];
  for (let i = 1; i < 10; i++)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(", ")}]`,
    );
  expect(refusal(lines.join("\n"))).toMatch(/is use 1001 of an alias, the limit is 1000/);
  expect(refusal(lines.join("\n"), "yaml", { aliasesMax: 1e9, valuesMax: 5000 })).toMatch(
    /there are more than 5000 values once aliases are followed/,
  );
});

test("size and depth are bounded", () => {
  expect(refusal(`a: ${"x".repeat(100)}`, "yaml", { bytesMax: 50 })).toBe("the text has 103 bytes, the limit is 50");
  expect(refusal(`${"[".repeat(300)}${"]".repeat(300)}`)).toMatch(/is nested more than 256 levels deep$/);
  expect(refusal("[".repeat(100_000))).toMatch(/: the text is nested too deeply$/);
});

test("a value is found where it stands, a missing one where its mapping is", () => {
  const { locate } = parseSource("simulation:\n  ticks: 5\nagents:\n  - id: A\n  - {id: B, x: [1, 2]}\n", "yaml");
  expect(locate(["simulation", "ticks"])).toEqual({ line: 2, column: 10 });
  expect(locate(["simulation", "ticks"], true)).toEqual({ line: 2, column: 3 });
  expect(locate(["agents", 1, "x", 1])).toEqual({ line: 5, column: 20 });
  expect(locate(["agents", 0, "policy"])).toEqual({ line: 4, column: 5 });
  expect(locate(["nothing"])).toEqual({ line: 1, column: 1 });
});

test("values that are written as JSON or YAML are read back, whatever they are", () => {
  const leaf = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((x) => !Number.isInteger(x)),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.array(tie("tree")),
      fc.dictionary(
        fc.string().filter((k) => k !== "__proto__"),
        tie("tree"),
      ),
    ),
  }));
  const json = (value: unknown): string => {
    if (typeof value === "bigint") return String(value);
    if (Array.isArray(value)) return `[${value.map(json).join(",")}]`;
    if (typeof value === "object" && value !== null)
      return `{${Object.entries(value)
        .map(([k, v]) => `${JSON.stringify(k)}:${json(v)}`)
        .join(",")}}`;
    return JSON.stringify(value);
  };
  fc.assert(
    fc.property(tree, (value) => {
      expect(plain(parseSource(json(value), "json").value)).toEqual(plain(value));
      expect(plain(parseSource(stringify(value), "yaml").value)).toEqual(plain(value));
    }),
    { numRuns: 300 },
  );
});

test("no text makes the reader fail otherwise than by a refusal", () => {
  const seed = "simulation: {ticks_per_day: 5}\nagents:\n  - id: A\n    b: &x [1, *x, 'q']\n  - *x\n# c\n";
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(seed.length), fc.constantFrom(..."[]{}:,&*!|>'\"\\\t\n-?#%@` \u0000\u2028a0")), {
        maxLength: 6,
      }),
      (edits) => {
        let text = seed;
        for (const [at, character] of edits) text = text.slice(0, at) + character + text.slice(at + 1);
        for (const format of ["yaml", "json"] as const) expect(typeof refusal(text, format)).toBe("string");
      },
    ),
    { numRuns: 500 },
  );
});
