// Method: every row of the failure table is taken apart: its codes must be in the list of errors, its tests must exist.
import { expect, test } from "vitest";
import { files, read } from "../tidy/tree.ts";
import { rowsOf } from "./page.ts";

const PAGE = "docs/failures.md";
const rows = rowsOf(PAGE);

test("every row says what happens, what is seen, what is lost, and names a test", () => {
  expect(rows.length).toBeGreaterThan(50);
  const wrong = rows.filter((cells) => cells.length !== 4 || cells.some((cell) => cell === ""));
  expect(wrong).toEqual([]);
  expect(rows.filter((cells) => !/^`[^`]+\.ts`: /.test(cells[3]))).toEqual([]);
});

test("every test that the table names exists", () => {
  const missing: string[] = [];
  for (const [, , , tests] of rows) {
    for (const reference of tests.split("<br>")) {
      const [, path, name] = /^`([^`]+)`: (.+)$/.exec(reference) ?? [];
      const text = path !== undefined && files.includes(path) ? read(path) : "";
      if (!text.includes(`("${name}"`) && !text.includes(`"${name}",\n`)) missing.push(reference);
    }
  }
  expect(missing).toEqual([]);
});

test("every code that the page names is in the list of errors", () => {
  const known = new Set([...read("schema/bus/errors.toml").matchAll(/^code = "([^"]+)"$/gm)].map((match) => match[1]));
  const rooms = new Set([...known].map((code) => code.split("/")[0]));
  const named = [...read(PAGE).matchAll(/`([a-z]+)\/([a-z-]+)`/g)].filter(([, room]) => rooms.has(room));
  expect(named.length).toBeGreaterThan(40);
  expect(named.map(([, room, name]) => `${room}/${name}`).filter((code) => !known.has(code))).toEqual([]);
});

test("every reason for which a message is dropped is explained", () => {
  const reasons = /DROP_REASONS[^=]*= \[([\s\S]*?)\]/.exec(read("bus/transport/transport.ts"))?.[1] ?? "";
  const names = [...reasons.matchAll(/"(\w+)"/g)].map((match) => match[1]);
  expect(names).toHaveLength(9);
  const page = read(PAGE);
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
