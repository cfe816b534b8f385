import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { machineOf } from "./machine.ts";
import { parseOptions } from "./options.ts";
import { saveResults } from "./results.ts";
import { rowOf } from "./row.ts";

const folder = mkdtempSync(join(tmpdir(), "busbar-bench-results-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("saved results hold rows, raw rounds and the machine, but neither its name nor a path", () => {
  const facts = { suite: "local", measure: "publish", unit: "ns" } as const;
  const { pace } = parseOptions(["local", "--quick"], ["local"]);
  const name = saveResults(folder, {
    suite: "local",
    date: "2026-01-01",
    machine: machineOf(true),
    pace,
    load: [0.5, 1],
    rows: [rowOf(facts, [1, 2, 3])],
    raw: [{ ...facts, contestant: "busbar", samples: [1, 2, 3] }],
  });
  const text = readFileSync(join(folder, name), "utf8");
  const saved = JSON.parse(text);
  expect(name).toBe("local.json");
  expect(saved.rows[0]).toMatchObject({ measure: "publish", value: 2 });
  expect(saved.raw[0]).toMatchObject({ contestant: "busbar", samples: [1, 2, 3] });
  expect(saved.machine).toMatchObject({ node: process.version, pinned: true });
  expect(saved.machine.cores).toBeGreaterThan(0);
  expect(JSON.stringify(saved.machine)).not.toContain(hostname());
  expect(text).not.toContain(folder);
});
