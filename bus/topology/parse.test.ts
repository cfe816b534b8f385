import { expect, test } from "vitest";
import type { BusError } from "#wire";
import { parseTopology } from "./parse.ts";
import { placesIn } from "./place.ts";

const fault = (text: string): string => {
  try {
    parseTopology(text, "t.toml");
  } catch (error) {
    return (error as BusError).message;
  }
  return "accepted";
};

test("a fault of the TOML is one line with its line, column and reason", () => {
  const cases: [string, RegExp][] = [
    ["a = \n", /^topology\/bad-toml: t\.toml:1:5: unexpected character/],
    ['[bus]\nname = "x\n', /^topology\/bad-toml: t\.toml:2:10: unterminated string$/],
    ["[a\nb=1", /^topology\/bad-toml: t\.toml:1:3: /],
    ["a=1\na=2", /^topology\/bad-toml: t\.toml:2:1: 'a' is given twice$/],
    ["[x]\n[bus]\n[bus]\n", /^topology\/bad-toml: t\.toml:3:2: 'bus' is given twice$/],
    ["a={b=1,}", /^topology\/bad-toml: t\.toml:1:8: trailing commas/],
    ['a = "\\q"', /^topology\/bad-toml: t\.toml:1:7: unknown escape character/],
    ["x = 1\ny = 2 z = 3", /^topology\/bad-toml: t\.toml:2:7: /],
    ['a = """\nx\ny', /^topology\/bad-toml: t\.toml:3:2: unterminated multi-line string$/],
  ];
  for (const [text, message] of cases) {
    expect(fault(text), text).toMatch(message);
    expect(fault(text)).not.toContain("\n");
  }
});

test("a byte order mark and Windows line ends are no faults", () => {
  const { root, places } = parseTopology('\uFEFF[bus]\r\nname = "x"\r\n', "t.toml");
  expect(root.bus).toEqual({ name: "x" });
  expect(places.at(["bus", "name"], "value")).toEqual({ line: 2, column: 8 });
});

test("places are found in tables, lists, dotted keys, inline tables and quoted keys", () => {
  const text = `[bus]
name = "x"
default_policy.kind = "block"

[[nodes]]
name = "a"
services = [
  "one",
  "two",
]

[[nodes]]
name = "b"

[services."one"]
restart = { policy = "never",  max = 3 }
env.PATH = "/bin"

[services.two.config]
deep = { er = [ { here = 1 } ] }
`;
  const places = placesIn(text);
  const at = (path: (string | number)[], part: "key" | "value"): string => {
    const { line, column } = places.at(path, part);
    return `${line}:${column}`;
  };
  expect(at(["bus"], "key")).toBe("1:2");
  expect(at(["bus", "name"], "key")).toBe("2:1");
  expect(at(["bus", "name"], "value")).toBe("2:8");
  expect(at(["bus", "default_policy", "kind"], "key")).toBe("3:16");
  expect(at(["bus", "default_policy", "kind"], "value")).toBe("3:23");
  expect(at(["nodes", 0, "services", 1], "value")).toBe("9:3");
  expect(at(["nodes", 1], "key")).toBe("12:3");
  expect(at(["nodes", 1, "name"], "value")).toBe("13:8");
  expect(at(["services", "one"], "key")).toBe("15:11");
  expect(at(["services", "one", "restart", "max"], "key")).toBe("16:32");
  expect(at(["services", "one", "restart", "max"], "value")).toBe("16:38");
  expect(at(["services", "one", "env", "PATH"], "key")).toBe("17:5");
  expect(at(["services", "two"], "key")).toBe("19:11");
  expect(at(["services", "two", "config", "deep", "er", 0, "here"], "value")).toBe("20:26");
  expect(at(["nodes", 1, "nothing"], "value"), "falls back to what encloses it").toBe("12:3");
  expect(at(["nothing"], "key")).toBe("1:1");
});
