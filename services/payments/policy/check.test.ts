// Method: one good tree with one thing changed at a time, and the sentence that refuses it; names are held against the tables.
import fc from "fast-check";
import { expect, test } from "vitest";
import { problemText } from "../config/problem.ts";
import { parseSource } from "../config/source.ts";
import { changed, TREE_FILE } from "../testing/configs.ts";
import { type CheckOptions, checkPolicy } from "./check.ts";
import { ACTIONS, COMPUTATIONS, FIELDS, type FieldGroup, PAYMENT_ONLY, TREES } from "./names.ts";

const refusals = (tree: unknown, options: CheckOptions = {}): string[] => {
  const { problems, paramProblems } = checkPolicy(tree, options);
  return [...problems, ...paramProblems].map(problemText);
};
const refusal = (path: (string | number)[], value: unknown): string =>
  refusals(changed(TREE_FILE, path, value)).join(" | ");
const file = (tree: string, node: unknown, more: object = {}): unknown => ({
  version: "1.0",
  policy_id: "x",
  [tree]: node,
  ...more,
});
const act = (action: string, parameters?: object): object => ({
  type: "action",
  node_id: "n",
  action,
  ...(parameters && { parameters }),
});
const ask = (condition: unknown): object => ({
  type: "condition",
  node_id: "c",
  condition,
  on_true: { type: "action", node_id: "t", action: "Release" },
  on_false: { type: "action", node_id: "f", action: "Hold" },
});

test("a good tree comes back as it is, with truth values as numbers and integers as numbers", () => {
  const { problems, tree } = checkPolicy(parseSource(JSON.stringify(TREE_FILE), "json").value);
  expect(problems).toEqual([]);
  expect(tree).toEqual(
    changed(TREE_FILE, ["payment_tree", "condition", "conditions", 1, "condition", "right", "value"], 1),
  );
});

test("the file: version, keys, at least one tree", () => {
  expect(refusal(["version"], "2.0")).toBe('version: is "2.0"; this service reads "1.0" (a text)');
  expect(refusal(["version"], 1)).toMatch(/is 1; this service reads "1.0"/);
  expect(refusal(["policy_id"], undefined)).toBe("policy_id: is missing");
  expect(refusal(["paymenttree"], {})).toBe("paymenttree: unknown key; did you mean 'payment_tree'?");
  expect(refusals({ version: "1.0", policy_id: "x" })).toEqual([
    "has none of payment_tree, bank_tree, strategic_collateral_tree, end_of_tick_collateral_tree",
  ]);
  expect(refusals(null)).toEqual(["is null; write a mapping of keys"]);
});

test("nodes: kinds, keys, ids that are unique in their tree", () => {
  expect(refusal(["payment_tree", "type"], "conditon")).toBe(
    "payment_tree.type: is \"conditon\"; write condition or action; did you mean 'condition'?",
  );
  expect(refusal(["payment_tree", "on_false"], undefined)).toBe("payment_tree.on_false: is missing");
  expect(refusal(["payment_tree", "on_true", "extra"], 1)).toMatch(/on_true\.extra: unknown key; known are/);
  expect(refusal(["payment_tree", "on_true", "node_id"], "wait")).toBe(
    "payment_tree.on_false.on_false.node_id: 'wait' is also the node_id of payment_tree.on_true; ids are unique in a tree",
  );
  const same = file("payment_tree", act("Release"), { bank_tree: act("NoAction") });
  expect(refusals(same)).toEqual([]);
});

test("actions: unknown ones, ones of another tree, parameters that are missing, unknown or of the wrong kind", () => {
  expect(refusal(["bank_tree", "on_true", "action"], "Release")).toMatch(
    /^bank_tree\.on_true\.action: Release is an action of payment_tree; a bank_tree has SetReleaseBudget, SetState, AddState, NoAction/,
  );
  expect(refusal(["end_of_tick_collateral_tree", "action"], "HoldColateral")).toMatch(/did you mean 'HoldCollateral'/);
  expect(refusals(file("payment_tree", act("Split")))).toEqual([
    "payment_tree.parameters: is missing; Split needs num_splits",
  ]);
  expect(refusals(file("payment_tree", act("Split", { num_split: { value: 2 } })))).toEqual([
    "payment_tree.parameters.num_split: unknown key; did you mean 'num_splits'?",
    "payment_tree.parameters.num_splits: is missing",
  ]);
  expect(refusals(file("payment_tree", act("Hold", { reason: { value: 5 } })))).toEqual([
    "payment_tree.parameters.reason.value: is 5; write a text",
  ]);
  expect(refusals(file("payment_tree", act("Release", { priority_flag: { value: "high" } })))).toEqual([
    "payment_tree.parameters.priority_flag.value: is \"high\"; write HIGH, MEDIUM or LOW; did you mean 'HIGH'?",
  ]);
  expect(refusals(file("payment_tree", act("Split", { num_splits: 3 })))).toEqual([
    "payment_tree.parameters.num_splits: is 3; write a mapping of keys",
  ]);
  expect(refusals(file("bank_tree", act("SetState", { key: { value: "cooldown" }, value: { value: 1 } })))).toEqual([
    "bank_tree.parameters.key.value: is 'cooldown'; registers are named bank_state_ and letters, digits or _",
  ]);
});

test("fields, parameters and computations: unknown names are refused with the near one", () => {
  const right = { value: 1 };
  const left = (value: unknown, tree = "payment_tree", more = {}): string => {
    const node = ask({ op: "<", left: value, right });
    const bank = { ...node, on_true: act("NoAction"), on_false: { ...act("NoAction"), node_id: "m" } };
    return refusals(file(tree, tree === "payment_tree" ? node : bank, more)).join(" | ");
  };
  expect(left({ field: "balanse" })).toBe(
    "payment_tree.condition.left.field: there is no field 'balanse'; did you mean 'balance'?",
  );
  expect(left({ field: "priority" }, "bank_tree")).toBe(
    "bank_tree.condition.left.field: 'priority' is of one payment, and a bank_tree decides for a whole bank",
  );
  expect(left({ field: "bank_state_x" }, "bank_tree")).toBe("");
  expect(left({ param: "limit" })).toMatch(/the tree has no parameter 'limit'; declare it in parameters$/);
  expect(left({ param: "limit" }, "payment_tree", { parameters: { limits: 1 } })).toMatch(/did you mean 'limits'/);
  expect(left({ field: "balance", value: 1 })).toMatch(
    /has field and value; write one of field, param, value, compute/,
  );
  expect(left({})).toMatch(/left: has none; write one of/);
  expect(left({ value: "5" })).toMatch(/is "5"; write a number$/);
  expect(left({ compute: { op: "div", numerator: right, denominator: right, default: right } })).toMatch(
    /did you mean 'div0'/,
  );
  expect(left({ compute: { op: "max", values: [] } })).toMatch(/values: has 0 entries; write at least 1/);
  expect(left({ compute: { op: "+", left: right } })).toMatch(/compute\.right: is missing/);
  expect(left({ compute: { op: "+", values: [right] } })).toMatch(
    /compute\.values: unknown key; known are op, left, right/,
  );
  expect(refusals(file("payment_tree", ask({ op: "=", left: right, right })))).toEqual([
    "payment_tree.condition.op: is \"=\"; write ==, !=, <, <=, >, >=, and, or or not; did you mean '=='?",
  ]);
  expect(refusals(file("payment_tree", ask({ op: "and", conditions: [] })))).toEqual([
    "payment_tree.condition.conditions: has 0 entries; write at least 1",
  ]);
});

test("banks that a tree names must exist where they are known; params must be declared", () => {
  const agents = new Set(["B", "BANK_C"]);
  expect(refusals(TREE_FILE, { agents })).toEqual([
    "bank_tree.on_true.parameters.focus_counterparties.value[1]: there is no bank 'C'; did you mean 'B'?",
  ]);
  expect(refusals(TREE_FILE, { params: { bufer: 1 }, paramsPath: ["params"] })).toEqual([
    "params.bufer: the tree has no parameter 'bufer'; did you mean 'buffer'?",
  ]);
  expect(checkPolicy(TREE_FILE, { params: { buffer: 9 } }).tree.parameters).toEqual({ urgency: 5, buffer: 9 });
});

test("trees are 100 nodes deep and no deeper; so are conditions and values; what is below is not looked at", () => {
  const deep = (levels: number): unknown => {
    let node: unknown = { type: "action", node_id: "end", action: "Release" };
    for (let i = 1; i < levels; i++)
      node = {
        ...ask({ op: "<", left: { value: 1 }, right: { value: 2 } }),
        node_id: `c${i}`,
        on_true: node,
        on_false: { ...act("Hold"), node_id: `h${i}` },
      };
    return file("payment_tree", node);
  };
  expect(refusals(deep(100))).toEqual([]);
  expect(refusals(deep(101))).toHaveLength(2);
  expect(refusals(deep(101))[0]).toMatch(/on_true: is nested more than 100 nodes deep$/);
  expect(refusals(deep(5000)).length).toBeLessThan(10);
  let value: unknown = { value: 1 };
  for (let i = 0; i < 5000; i++) value = { compute: { op: "abs", value } };
  expect(refusals(file("payment_tree", ask({ op: "<", left: value, right: { value: 1 } }))).join()).toMatch(
    /is nested more than 100 levels deep/,
  );
  let condition: unknown = { op: "<", left: { value: 1 }, right: { value: 2 } };
  for (let i = 0; i < 5000; i++) condition = { op: "not", condition };
  expect(refusals(file("payment_tree", ask(condition))).join()).toMatch(/is nested more than 100 levels deep/);
});

test("a bank has ten registers", () => {
  const chain = (count: number): unknown => {
    let node: object = act("NoAction");
    for (let i = 0; i < count; i++)
      node = {
        ...ask({ op: "<", left: { value: 1 }, right: { value: 2 } }),
        node_id: `c${i}`,
        on_true: { ...act("SetState", { key: { value: `bank_state_${i}` }, value: { value: 1 } }), node_id: `s${i}` },
        on_false: node,
      };
    return file("bank_tree", node);
  };
  expect(refusals(chain(10))).toEqual([]);
  expect(refusals(chain(11))).toEqual(["writes 11 registers; a bank has 10"]);
});

test("every field is read where it may be, every action is taken in its trees and in no other", () => {
  for (const group of Object.keys(FIELDS) as FieldGroup[]) {
    for (const field of FIELDS[group]) {
      const condition = { op: "<", left: { field }, right: { value: 0 } };
      expect([field, refusals(file("payment_tree", ask(condition)))]).toEqual([field, []]);
      const bank = { ...ask(condition), on_true: act("NoAction"), on_false: { ...act("NoAction"), node_id: "o" } };
      expect([field, refusals(file("bank_tree", bank)).length]).toEqual([field, PAYMENT_ONLY.has(group) ? 1 : 0]);
    }
  }
  const sample = (kind: string, key: string): object =>
    kind === "number"
      ? { value: 2 }
      : {
          value:
            kind === "texts" ? ["A"] : key === "key" ? "bank_state_a" : key === "rtgs_priority" ? "Urgent" : "HIGH",
        };
  for (const [name, shape] of Object.entries(ACTIONS)) {
    const all = Object.entries({ ...shape.required, ...shape.optional });
    const parameters = Object.fromEntries(all.map(([key, kind]) => [key, sample(kind, key)]));
    for (const tree of TREES)
      expect([name, tree, refusals(file(tree, act(name, parameters))).length]).toEqual([
        name,
        tree,
        shape.trees.includes(tree) ? 0 : 1,
      ]);
  }
  expect(Object.keys(COMPUTATIONS)).toHaveLength(12);
});

test("whatever a tree is made of, the check ends with problems or a tree", () => {
  const words = fc.constantFrom(
    "type",
    "node_id",
    "action",
    "condition",
    "op",
    "left",
    "right",
    "field",
    "value",
    "compute",
    "values",
    "parameters",
    "on_true",
    "on_false",
    "conditions",
    "Release",
    "and",
    "<",
    "balance",
    "payment_tree",
  );
  const { node } = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: "medium" },
      words,
      fc.integer(),
      fc.constant(null),
      fc.array(tie("node"), { maxLength: 3 }),
      fc.dictionary(words, tie("node"), { maxKeys: 6 }),
    ),
  }));
  fc.assert(
    fc.property(node, (tree) => {
      const { problems } = checkPolicy(file("payment_tree", tree));
      expect(Array.isArray(problems)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
