// Method: the tables of docs/wire.md are read and held against the constants of bus/wire, the worked example against the code.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { DROP_REASONS } from "#transport";
import { At, Extension, Flag, Kind, typeIdOf } from "#wire";
import { read } from "../tidy/tree.ts";
import { rowsOf } from "./page.ts";

const PAGE = "docs/wire.md";
const rows = rowsOf(PAGE);
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

test("every field of the header stands at its offset, and the fields fill 64 bytes without a gap", () => {
  const fields = rows.filter(([, type]) => /^u(8|16|32|64)$/.test(type));
  let end = 0;
  for (const [offset, type] of fields) {
    expect(Number(offset)).toBe(end);
    end += Number(type.slice(1)) / 8;
  }
  expect(end).toBe(64);
  const documented = new Map(fields.map(([offset, , name]) => [name, Number(offset)]));
  for (const [name, offset] of Object.entries(At)) expect([name, documented.get(snake(name))]).toEqual([name, offset]);
  const flags = fields.find(([, , name]) => name === "flags")?.[3] ?? "";
  const numbers = [...flags.matchAll(/(?:^|, )(\d+) /g)].map((match) => Number(match[1]));
  expect(numbers).toEqual(Object.values(Flag));
});

test("kinds and extensions are those of the code", () => {
  const kinds = rows.filter((cells) => cells.length === 4 && cells[0] in Kind);
  expect(Object.fromEntries(kinds.map(([name, number]) => [name, Number(number)]))).toEqual(Kind);
  const extensions = rows.filter((cells) => cells.length === 3 && cells[0] in Extension);
  expect(Object.fromEntries(extensions.map(([name, type]) => [name, Number(type)]))).toEqual(Extension);
});

test("the worked example has the fingerprint that the page gives", () => {
  const [, text] = /```\n(dice\.RollReply\n[\s\S]*?)```/.exec(read(PAGE)) ?? [];
  const [, fingerprint] = /its fingerprint is `([0-9a-f]{16})`/.exec(read(PAGE)) ?? [];
  const digest = createHash("sha256").update(`busfp1\n${text}`).digest("hex");
  expect(digest.slice(0, 16)).toBe(fingerprint);
  expect(typeIdOf("dice.RollReply")).toBe(0xa9d35606);
});

test("drop reasons stand in the order of their index", () => {
  expect(read(PAGE)).toContain(DROP_REASONS.join(", "));
});
