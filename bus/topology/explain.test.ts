import { expect, test } from "vitest";
import { explainPlan, explainTable } from "./explain.ts";
import { graphMermaid, graphText } from "./graph.ts";
import { GALAXY_BUS, plan } from "./testing/fixtures.ts";

const text = `${GALAXY_BUS}[[nodes]]
name = "n"
services = ["turns", "cards", "view"]
[services.turns]
run = "ts:turns.ts"
publishes = ["galaxy.Turn*"]
calls = ["Cards"]
[services.cards]
run = "native:cards"
serves = ["Cards"]
[services.view]
run = "exec:view"
subscribes = ["galaxy.*"]
[[edges]]
from = "turns"
to = "view"
types = ["galaxy.TurnEnd"]
policy = "latest"
`;
const result = plan(text);

test("a row of explain says how an edge travels, why, and what it carries", () => {
  const rows = explainPlan(result);
  expect(rows.map(({ edge, transport, carries }) => [edge, transport, carries])).toEqual([
    ["cards -> turns", "ring", "replies"],
    ["turns -> cards", "ring", "cardsim.Cards"],
    ["turns -> view", "unix", "galaxy.TurnEnd (latest), galaxy.TurnStart"],
    ["view -> turns", "unix", "control"],
  ]);
  expect(rows[2]).toMatchObject({
    source: "turns",
    target: "view",
    reason: "unix: same host, other process; this version has no rings between processes",
    policy: "block 5s",
    capacity: "1MiB",
    maxMessage: "256KiB",
    types: ["galaxy.TurnEnd (latest)", "galaxy.TurnStart"],
    rpcs: [],
  });
});

test("the table of explain has aligned columns, processes and warnings", () => {
  const table = explainTable({ ...result, warnings: ["mind the gap"] });
  const lines = table.trimEnd().split("\n");
  expect(lines[0]).toBe(`bus galaxy, bundled, plan ${result.hash.slice(0, 16)}`);
  expect(lines.slice(2, 5)).toEqual(["PROCESS  NODE  SERVICES", "n        n     cards, turns", "view     n     view"]);
  const column = lines[6].indexOf("WHY");
  expect(lines[7].slice(column)).toBe("same process, native plugin cards on its own thread");
  expect(lines.at(-1)).toBe("warning: mind the gap");
});

test("an open edge carries anything, and lists the policies that types have of their own", () => {
  const open = plan(
    `${GALAXY_BUS}[[nodes]]\nname = "n"\nservices = ["a", "b"]\n[[edges]]\nfrom = "a"\nto = "b"\ntypes = ["market.*"]\npolicy = "latest"\n`,
  );
  expect(explainPlan(open).map((row) => row.carries)).toEqual(["anything, market.Trade (latest)", "anything"]);
});

test("the graph as Mermaid nests nodes, processes and services and labels links", () => {
  expect(graphMermaid(result)).toBe(`flowchart LR
  subgraph n0["n (localhost)"]
    subgraph p0["process n"]
      s0["cards"]
      s1["turns"]
    end
    subgraph p1["process view"]
      s2["view"]
    end
  end
  s1 -->|ring| s0
  s1 -->|unix| s2
`);
});

test("the graph as text is a tree with its links", () => {
  expect(graphText(result)).toBe(`galaxy (bundled)
  node n on localhost
    process n
      cards [native cards]
      turns [typescript turns.ts]
    process view
      view [exec view]
  links
    cards <- turns  ring
    turns -> view  unix
`);
});
