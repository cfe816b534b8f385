import { beforeAll, expect, test } from "vitest";
import { canonicalText, fingerprintOf } from "./canonical.ts";
import { acceptPeer, diffSchemas, firstDifference } from "./compat.ts";
import type { BinarySchema } from "./model.ts";
import { compileSchema } from "./testing/compile-schema.ts";

const BASE = `
namespace app.trade;
/// A side.
enum Side : ubyte { Unknown = 0, Buy = 1, Sell = 2 }
struct Vec { x: double; y: double; }
table Limit { price: double; size: uint; }
table Market { note: string; }
table Cancel { id: ulong; }
union Action { Limit, Market, Cancel }
table TradeSignal {
  symbol: string (required);
  side: Side = Buy;
  strength: float = 0.01;
  ts: ulong;
  price: double;
  opt_qty: int = null;
  tags: [string];
  at: Vec;
  action: Action;
  gone: int (deprecated);
}
table Other { a: int; }
table Ask { q: string; }
rpc_service Desk { Quote(Ask): Other; Watch(Ask): Other (streaming: "server"); }
root_type TradeSignal;
file_identifier "TRSG";
`;
const TYPE = "app.trade.TradeSignal";

let base: BinarySchema;
beforeAll(async () => {
  base = await compileSchema(BASE);
});

const changed = (from: string, to: string): Promise<BinarySchema> => {
  expect(BASE).toContain(from);
  return compileSchema(BASE.replace(from, to));
};

test.each([
  ["a comment and spaces", "/// A side.", "// other words\n\n", ""],
  ["an unrelated table", "table Other", "table Extra { a: int; } table Other", "app.trade.Extra: added"],
  [
    "a field at the end",
    "gone: int (deprecated);",
    "gone: int (deprecated); fresh: string;",
    "TradeSignal.fresh: added",
  ],
  ["a deprecation", "ts: ulong;", "ts: ulong (deprecated);", "TradeSignal.ts: deprecated"],
  ["a rename in place", "ts: ulong;", "stamp: ulong;", "TradeSignal.ts: renamed to stamp"],
  ["a union member at the end", "Market, Cancel }", "Market, Cancel, Other }", "Action.Other: added"],
  ["an enum value at the end", "Sell = 2 }", "Sell = 2, Short = 3 }", "Side.Short: added"],
  ["a new call", "Quote(Ask): Other;", "Quote(Ask): Other; More(Ask): Ask;", "Desk.More: added"],
])("%s is compatible", async (_, from, to, words) => {
  const diff = diffSchemas(base, await changed(from, to));
  expect(diff.breaking).toEqual([]);
  expect(diff.compatible.join("\n")).toContain(words);
});

test.each([
  [
    "a field in front",
    "symbol: string",
    "fresh: int;\n  symbol: string",
    "TradeSignal.symbol: moved from place 0 to 1",
  ],
  [
    "a neighbour of the same type",
    "price: double;\n  opt",
    "a: double; price: double;\n  opt",
    "TradeSignal.price: moved from place 4 to 5",
  ],
  ["a field removed in the middle", "  ts: ulong;", "", "TradeSignal.price: moved"],
  ["the last field removed", "gone: int (deprecated);", "", "TradeSignal.gone: removed; mark it (deprecated) instead"],
  ["another type", "ts: ulong;", "ts: uint;", "TradeSignal.ts: ulong -> uint"],
  ["a table where a vector was", "tags: [string];", "tags: string;", "TradeSignal.tags: [string] -> string"],
  ["an enum where an integer was", "size: uint;", "size: Side;", "Limit.size: uint -> app.trade.Side"],
  ["another default", "Side = Buy", "Side = Sell", "TradeSignal.side: default 1 -> 2"],
  ["another float default", "0.01", "0.02", "TradeSignal.strength: default 0.01 -> 0.02"],
  [
    "a new required field",
    "gone: int (deprecated);",
    "gone: int (deprecated); f: string (required);",
    "TradeSignal.f: added as required",
  ],
  [
    "a field that became required",
    "tags: [string];",
    "tags: [string] (required);",
    "TradeSignal.tags: became required",
  ],
  [
    "a field no longer required",
    "symbol: string (required)",
    "symbol: string",
    "TradeSignal.symbol: no longer required",
  ],
  [
    "a required field deprecated",
    "symbol: string (required)",
    "symbol: string (required, deprecated)",
    "deprecated while required",
  ],
  ["an optional made plain", "opt_qty: int = null", "opt_qty: int", "TradeSignal.opt_qty: no longer optional"],
  ["a plain made optional", "ts: ulong;", "ts: ulong = null;", "TradeSignal.ts: became optional"],
  ["union members swapped", "{ Limit, Market", "{ Market, Limit", "Action.Limit: 1 -> 2"],
  ["a union member removed", "Market, Cancel }", "Market }", "Action.Cancel: removed"],
  [
    "another type behind a union member",
    "Market, Cancel }",
    "Market, Cancel: Other }",
    "Action.Cancel: app.trade.Cancel -> app.trade.Other",
  ],
  ["enum values renumbered", "Buy = 1, Sell = 2", "Sell = 1, Buy = 2", "Side.Buy: 1 -> 2"],
  ["an enum value removed", ", Sell = 2", "", "Side.Sell: removed"],
  ["a value between others", "Sell = 2", "Sell = 9", "Side.Sell: 2 -> 9"],
  ["another underlying type", "Side : ubyte", "Side : ushort", "Side: ubyte -> ushort"],
  ["a struct that grew", "y: double; }", "y: double; z: double; }", "Vec.z: added; structs cannot grow"],
  ["struct fields swapped", "x: double; y: double;", "y: double; x: double;", "Vec.x: y is in its place"],
  ["a struct made a table", "struct Vec", "table Vec", "Vec: struct -> table"],
  ["another struct field type", "struct Vec { x: double;", "struct Vec { x: long;", "Vec.x: double -> long"],
  ["another file identifier", '"TRSG"', '"TRSX"', "file identifier TRSG -> TRSX"],
  ["another root", "root_type TradeSignal", "root_type Other", "root type app.trade.TradeSignal -> app.trade.Other"],
  [
    "another namespace",
    "namespace app.trade;",
    "namespace app.deal;",
    "app.trade.TradeSignal: moved to app.deal.TradeSignal",
  ],
  [
    "a table removed",
    "table Cancel { id: ulong; }\nunion Action { Limit, Market, Cancel }",
    "union Action { Limit, Market }",
    "Cancel: removed",
  ],
  [
    "a call with another answer",
    "Quote(Ask): Other",
    "Quote(Ask): Ask",
    "Desk.Quote: response app.trade.Other -> app.trade.Ask",
  ],
  ["a call no longer streaming", ' (streaming: "server")', "", "Desk.Watch: streaming server -> none"],
])("%s breaks", async (_, from, to, words) => {
  const diff = diffSchemas(base, await changed(from, to));
  expect(diff.breaking.join("\n")).toContain(words);
});

test("a value added between others breaks, since it was not appended", async () => {
  const sparse = await compileSchema("enum E : int { a = 0, b = 9 } table T { e: E; }");
  const filled = await compileSchema("enum E : int { a = 0, x = 4, b = 9 } table T { e: E; }");
  expect(diffSchemas(sparse, filled).breaking).toEqual(["E.x: added as 4, before the last value 9"]);
});

test("a diff of one type looks only at what it is made of", async () => {
  const other = await changed("table Other { a: int; }", "table Other { a: long; }");
  expect(diffSchemas(base, other, TYPE)).toEqual({ breaking: [], compatible: [] });
  expect(diffSchemas(base, other).breaking).toEqual(["app.trade.Other.a: int -> long"]);
  expect(firstDifference(base, other, TYPE)).toBeUndefined();
  expect(firstDifference(base, await changed("price: double; size", "price: float; size"), TYPE)).toBe(
    "Limit.price: double -> float",
  );
  expect(firstDifference(base, await changed("ts: ulong;", "ts: uint;"), TYPE)).toBe("TradeSignal.ts: ulong -> uint");
  expect(firstDifference(base, await compileSchema("table T { a: int; }"), TYPE)).toBe(
    "TradeSignal: removed or renamed",
  );
});

test("a fingerprint ignores comments, spaces, files, order and unrelated tables", async () => {
  const mine = fingerprintOf(base, TYPE);
  expect(mine).toMatch(/^[0-9a-f]{16}$/);
  for (const [from, to] of [
    ["/// A side.", "// words\n\n\n"],
    ["table Other { a: int; }", "table Other { a: long; b: int; }"],
    [
      "table Limit { price: double; size: uint; }\ntable Market { note: string; }",
      "table Market { note: string; }\ntable Limit { size: uint (id: 1); price: double (id: 0); }",
    ],
  ]) {
    expect(fingerprintOf(await changed(from, to), TYPE)).toBe(mine);
  }
});

test("a fingerprint changes with anything that the type is made of", async () => {
  const mine = fingerprintOf(base, TYPE);
  const seen = new Set([mine]);
  for (const [from, to] of [
    ["ts: ulong;", "ts: uint;"],
    ["ts: ulong;", "ts: ulong (deprecated);"],
    ["ts: ulong;", "ts: ulong = 4;"],
    ["ts: ulong;", "ts: ulong = null;"],
    ["tags: [string];", "tags: [string] (required);"],
    ["size: uint;", "size: uint; more: int;"],
    ["Sell = 2 }", "Sell = 2, Short = 3 }"],
    ["x: double; y: double;", "y: double; x: double;"],
    ["namespace app.trade;", "namespace app.deal;"],
  ]) {
    seen.add(fingerprintOf(await changed(from, to), from.startsWith("namespace") ? "app.deal.TradeSignal" : TYPE));
  }
  expect(seen.size).toBe(10);
});

test("the canonical text names the type and lists its parts in order", async () => {
  const small = await compileSchema(
    "enum E : int { a = 0, b = 2 } struct S { v: [short:2]; } table T { s: S; e: E = b; n: string (required); r: [T]; o: bool = null; }",
  );
  expect(canonicalText(small, "T")).toBe(
    "T\nenum int E {0=a;2=b}\nstruct S 4 2 {0 v:[short:2]}\ntable T {0 s:S;1 e:E=2;2 n:string required;3 r:[T];4 o:bool optional}\n",
  );
  expect(fingerprintOf(small, "T")).toBe("c0c550d5fd277c86");
});

test("peers accept each other when one knows the other's version", () => {
  const v1 = { fingerprint: "a1", lineage: ["a1"] };
  const v2 = { fingerprint: "a2", lineage: ["a1", "a2"] };
  const v3 = { fingerprint: "a3", lineage: ["a1", "a2", "a3"] };
  const branch = { fingerprint: "b2", lineage: ["a1", "b2"] };
  expect(acceptPeer(v1, v3) && acceptPeer(v3, v1) && acceptPeer(v2, v3) && acceptPeer(v1, v1)).toBe(true);
  expect(acceptPeer(v2, branch) || acceptPeer(branch, v3)).toBe(false);
});
