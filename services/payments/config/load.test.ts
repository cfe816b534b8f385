// Method: one good config with one thing changed at a time: what is refused says where and why; what is accepted is compared
// with the canonical form written by hand.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { changed, FULL, SMALL, TREE_FILE } from "../testing/configs.ts";
import { checkConfig, checkConfigText, loadConfig, loadConfigFile, loadConfigText } from "./load.ts";
import { problemText } from "./problem.ts";

const folder = mkdtempSync(join(tmpdir(), "payments-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

const refusals = (value: unknown): string[] => checkConfig(value).problems.map(problemText);
const refusal = (path: (string | number)[], value: unknown, base: unknown = FULL): string =>
  refusals(changed(base, path, value)).join(" | ");
// biome-ignore lint/suspicious/noExplicitAny: a test's own config
const bank = (index: number): any => (FULL as any).agents[index];
const SMALL_YAML = `simulation:
  ticks_per_day: 10
  num_days: 1
  rng_seed: 1
agents:
  - id: A
    opening_balance: 1000
    policy: {type: Fifo}
  - id: B
    opening_balance: 1000
    policy: {type: Fifo}
`;

test("the smallest config gets every default, in the canonical form", () => {
  const text = loadConfigText(SMALL_YAML).canonical;
  const agent = (id: string): unknown => ({
    arrival_bands: null,
    arrival_config: null,
    collateral_haircut_ppm: 20000,
    id,
    limits: { bilateral_limits: {}, multilateral_limit: null },
    liquidity_allocation_ppm: 0,
    liquidity_pool: 0,
    max_collateral_capacity: 0,
    opening_balance: 1000,
    policy: { type: "Fifo" },
    posted_collateral: 0,
    unsecured_cap: 0,
  });
  expect(JSON.parse(text)).toEqual({
    agents: [agent("A"), agent("B")],
    algorithm_sequencing: false,
    cost_rates: {
      collateral_cost_per_tick_bps_e6: 200,
      deadline_penalty: { amount: 50000, mode: "fixed" },
      delay_cost_per_tick_per_cent_e6: 100,
      eod_penalty: { amount: 10000, mode: "fixed" },
      liquidity_cost_per_tick_bps_e6: 0,
      overdraft_bps_per_tick_e3: 1,
      overdue_delay_multiplier_e3: 5000,
      priority_delay_multipliers_e3: { low: 1000, normal: 1000, urgent: 1000 },
      split_friction_cost: 1000,
    },
    daily_liquidity_reallocation: true,
    deadline_cap_at_eod: false,
    deferred_crediting: false,
    entry_disposition_offsetting: false,
    eod_rush_threshold_ppm: 800000,
    lsm_config: {
      cycle_search_budget: 100000,
      enable_bilateral: true,
      enable_cycles: true,
      max_cycle_length: 4,
      max_cycles_per_tick: 10,
      multilateral: "none",
    },
    priority_escalation: { curve: "linear", enabled: false, max_boost: 3, start_escalating_at_ticks: 20 },
    priority_mode: false,
    queue1_ordering: "fifo",
    rng: { streams: "per_agent" },
    scenario_events: [],
    simulation: { num_days: 1, rng_seed: 1, ticks_per_day: 10 },
  });
  expect(
    text.startsWith('{"agents":[{"arrival_bands":null,"arrival_config":null,"collateral_haircut_ppm":20000,'),
  ).toBe(true);
  expect(text).not.toMatch(/\s/);
});

test("YAML, JSON and values give the same canonical text; 64-bit numbers stay exact", () => {
  const seed = 18446744073709551615n;
  const value = changed(FULL, ["simulation", "rng_seed"], seed);
  const json = JSON.stringify(changed(FULL, ["simulation", "rng_seed"], "SEED")).replace('"SEED"', String(seed));
  const { canonical } = loadConfig(value);
  expect(canonical).toContain('"rng_seed":18446744073709551615');
  expect(loadConfigText(json, { format: "json" }).canonical).toBe(canonical);
  expect(loadConfigText(stringify(value)).canonical).toBe(canonical);
});

test("decimals become whole numbers exactly, and finer ones are refused", () => {
  const { canonical } = loadConfig(FULL);
  const costs = JSON.parse(canonical).cost_rates;
  expect(costs).toMatchObject({
    overdraft_bps_per_tick_e3: 500,
    delay_cost_per_tick_per_cent_e6: 350,
    collateral_cost_per_tick_bps_e6: 300,
    eod_penalty: { mode: "rate", bps_per_event_e6: 12500000 },
    overdue_delay_multiplier_e3: 2500,
    priority_delay_multipliers_e3: { urgent: 1500, normal: 1000, low: 500 },
  });
  expect(refusal(["cost_rates", "overdraft_bps_per_tick"], 0.0005)).toBe(
    "cost_rates.overdraft_bps_per_tick: is 0.0005; write at most 3 decimal places",
  );
  expect(refusal(["cost_rates", "overdraft_bps_per_tick"], 2e6)).toMatch(/is 2000000; write at most 1000000$/);
  expect(refusal(["agents", 0, "collateral_haircut"], 1.5)).toMatch(/is 1.5; write at most 1$/);
  expect(refusal(["agents", 0, "collateral_haircut"], -0.5)).toMatch(/is -0.5; write at least 0$/);
});

test("an unknown key is refused at its place, with the near one, the one elsewhere, or all that are known", () => {
  const typo = SMALL_YAML.replace("num_days", "num_day");
  expect(checkConfigText(typo).problems.map(problemText)).toEqual([
    "line 2, column 3: simulation.num_days: is missing",
    "line 3, column 3: simulation.num_day: unknown key; did you mean 'num_days'?",
  ]);
  expect(refusal(["rng_seed"], 5)).toBe("rng_seed: unknown key; it belongs to simulation");
  expect(refusal(["agents", 0, "max_cycle_length"], 5)).toBe(
    "agents[0].max_cycle_length: unknown key; it belongs to lsm_config",
  );
  expect(refusal(["simulation", "wibble"], 5)).toBe(
    "simulation.wibble: unknown key; known are ticks_per_day, num_days, rng_seed",
  );
  expect(refusal(["agents", 1, "policy", "urgency_treshold"], 5)).toMatch(/did you mean 'urgency_threshold'/);
  expect(refusal(["agents", 6, "policy", "x"], 5)).toBe("agents[6].policy.x: unknown key; known are type");
  expect(checkConfigText(`${SMALL_YAML}<<: {}\n`).problems.map(problemText)).toEqual([
    'line 12, column 1: ["<<"]: unknown key; merge keys are not part of YAML 1.2',
  ]);
});

test("wrong kinds, ranges and names say both values and what to write", () => {
  expect(refusal(["simulation", "ticks_per_day"], 0)).toBe("simulation.ticks_per_day: is 0; write at least 1");
  expect(refusal(["simulation", "ticks_per_day"], 1.5)).toBe("simulation.ticks_per_day: is 1.5; write a whole number");
  expect(refusal(["simulation", "rng_seed"], -1)).toBe("simulation.rng_seed: is -1; write at least 0");
  expect(refusal(["simulation", "rng_seed"], undefined)).toBe("simulation.rng_seed: is missing");
  expect(refusal(["priority_mode"], "yes")).toBe('priority_mode: is "yes"; write true or false');
  expect(refusal(["queue1_ordering"], "Fifo")).toBe(
    "queue1_ordering: is \"Fifo\"; write fifo or priority_deadline; did you mean 'fifo'?",
  );
  expect(refusal(["agents", 0, "policy", "type"], "LiquidityAwaer")).toMatch(
    /^agents\[0\]\.policy\.type: is "LiquidityAwaer"; write Fifo, .* or InlineJson; did you mean 'LiquidityAware'\?$/,
  );
  expect(refusal(["agents", 0, "policy"], { urgency_threshold: 1 })).toBe("agents[0].policy.type: is missing");
  expect(refusal(["agents", 0, "opening_balance"], 10n ** 15n)).toBe(
    "agents[0].opening_balance: is 1000000000000000; write at most 100000000000000",
  );
  expect(refusal(["agents", 0, "opening_balance"], Number.NaN)).toBe(
    "agents[0].opening_balance: is NaN; write a whole number",
  );
  expect(refusal(["agents", 0, "arrival_config", "rate_per_tick"], Number.POSITIVE_INFINITY)).toMatch(
    /is Infinity; write a number/,
  );
  expect(refusal(["agents", 0, "id"], "")).toBe("agents[0].id: has 0 characters; write at least 1");
  expect(refusal(["agents", 6, "id"], "ü".repeat(33))).toBe(
    "agents[6].id: has 66 bytes in UTF-8; a name has at most 64",
  );
  expect(refusal(["agents"], [])).toBe("agents: has 0 entries; write at least 1");
  expect(refusal(["agents", 0, "arrival_config", "deadline_range"], [1])).toMatch(
    /deadline_range: has 1 entries; write at least 2|deadline_range\[1\]: is missing/,
  );
  expect(refusals(5)).toEqual(["is 5; write a mapping of keys"]);
});

test("what keys say together is checked", () => {
  expect(refusal(["agents", 1, "id"], "A")).toMatch(
    /^agents\[1\]\.id: 'A' is also the id of agents\[0\]; ids are unique/,
  );
  expect(refusal(["agents", 0, "arrival_config", "counterparty_weights"], { Q: 1 })).toBe(
    "agents[0].arrival_config.counterparty_weights.Q: there is no bank 'Q'; did you mean 'A'?",
  );
  expect(refusal(["agents", 0, "arrival_config", "counterparty_weights"], { A: 1 })).toMatch(
    /a bank does not pay itself$/,
  );
  const none = { B: 0, C: 0, D: 0, E: 0, F: 0, G: 0 };
  expect(refusal(["agents", 0, "arrival_config", "counterparty_weights"], none)).toMatch(/are all 0/);
  expect(refusal(["agents", 0, "limits", "bilateral_limits"], { Z9: 1 })).toMatch(/there is no bank 'Z9'$/);
  expect(refusal(["agents", 0, "arrival_config", "amount_distribution", "max"], 100)).toBe(
    "agents[0].arrival_config.amount_distribution.max: is 100; write more than min, 100",
  );
  expect(refusal(["agents", 0, "arrival_config", "deadline_range"], [9, 5])).toMatch(
    /\[1\]: is 5; write at least the first, 9/,
  );
  expect(refusal(["agents", 0, "arrival_config", "priority_distribution"], { type: "Fixed", value: 3 })).toMatch(
    /beside priority/,
  );
  expect(refusal(["agents", 2, "arrival_config", "priority_distribution", "weights"], [1])).toMatch(
    /has 1 entries, values has 2/,
  );
  expect(refusal(["agents", 2, "arrival_config", "priority_distribution", "weights"], [0, 0])).toMatch(/are all 0/);
  expect(refusal(["agents", 3, "arrival_config", "priority_distribution", "max"], 1)).toMatch(
    /is 1; write at least min, 2/,
  );
  expect(refusal(["agents", 0, "arrival_bands"], { urgent: { ...bank(1).arrival_bands.urgent } })).toMatch(
    /beside arrival_config/,
  );
  expect(refusal(["agents", 1, "arrival_bands"], {})).toMatch(/has no band; write urgent, normal or low/);
  expect(refusal(["agents", 1, "arrival_bands", "normal", "deadline_offset_max"], 1)).toMatch(
    /is 1; write at least deadline_offset_min, 3/,
  );
  expect(refusal(["agents", 1, "arrival_bands", "normal", "deadline_range"], [1, 2])).toMatch(/beside deadline_offset/);
  expect(refusal(["agents", 0, "posted_collateral"], 3_000_000)).toMatch(/is 3000000, above the capacity 2000000$/);
  expect(refusal(["agents", 2, "posted_collateral"], 1)).toMatch(/above the capacity 0 \(10 x unsecured_cap/);
  expect(refusal(["agents", 0, "opening_balance"], -200_000)).toMatch(
    /is -200000, below the credit of 118000 \(100000 unsecured and 18000/,
  );
  expect(refusal(["agents", 1, "liquidity_allocation_fraction"], 0.5)).toMatch(/there is no liquidity_pool/);
  expect(refusal(["scenario_events", 0, "schedule", "tick"], 60)).toMatch(
    /is 60; the run ends before, its last tick is 59/,
  );
  expect(refusal(["scenario_events", 0, "to_agent"], "A")).toMatch(/to_agent: is from_agent/);
  expect(refusal(["scenario_events", 0, "from_agent"], "AA")).toMatch(/there is no bank 'AA'; did you mean 'A'/);
  expect(refusal(["scenario_events", 5, "counterparty"], "A")).toMatch(/is agent itself/);
  const nothing = { type: "DeadlineWindowChange", schedule: { type: "OneTime", tick: 1 } };
  expect(refusal(["scenario_events", 6], nothing)).toMatch(/changes nothing/);
  const long = { ticks_per_day: 100_000, num_days: 11, rng_seed: 1 };
  expect(refusal(["simulation"], long, SMALL)).toMatch(/has 1100000 ticks .*; a run has at most 1000000/);
  const alone = { ...SMALL, agents: [{ ...bank(3), id: "A" }] };
  expect(refusals(alone).join()).toMatch(/there is no other bank to pay/);
});

test("a policy tree is the same from a file, a mapping and a text; params replace its parameters", () => {
  mkdirSync(join(folder, "policies"));
  writeFileSync(join(folder, "policies", "careful.json"), JSON.stringify(TREE_FILE));
  const config = (policy: unknown): unknown => changed(FULL, ["agents", 5, "policy"], policy);
  const tree = (policy: unknown): string => {
    writeFileSync(join(folder, "run.yaml"), stringify(config(policy)));
    return JSON.stringify(JSON.parse(loadConfigFile(join(folder, "run.yaml")).canonical).agents[5].policy);
  };
  const params = { buffer: 3 };
  const inline = tree({ type: "Inline", decision_trees: TREE_FILE, params });
  expect(JSON.parse(inline).decision_trees.parameters).toEqual({ buffer: 3, urgency: 5 });
  expect(tree({ type: "FromJson", json_path: "policies/careful.json", params })).toBe(inline);
  expect(tree({ type: "InlineJson", json_string: JSON.stringify(TREE_FILE), params })).toBe(inline);
});

test("policy files stay inside of the folder of the config, and their problems name the file", () => {
  const refused = (json_path: string, root: string | undefined = folder, params: unknown = {}): string =>
    checkConfig(changed(FULL, ["agents", 5, "policy"], { type: "FromJson", json_path, params }), { root })
      .problems.map(problemText)
      .join(" | ");
  writeFileSync(
    join(folder, "bad.json"),
    '{"version": "1.0",\n "policy_id": "x", "payment_tree": {"type": "action",\n "node_id": "a", "action": "Relase"}}',
  );
  writeFileSync(join(folder, "no.json"), "{\n 'a': 1}");
  symlinkSync("/etc/hostname", join(folder, "link.json"));
  expect(refused("bad.json")).toMatch(
    /^bad\.json, line 3, column 28: payment_tree\.action: is "Relase"; write Release, .* did you mean 'Release'\?$/,
  );
  expect(refused("no.json")).toBe("agents[5].policy.json_path: 'no.json': line 2, column 2: no JSON from ''a': 1}' on");
  expect(refused("none.json")).toMatch(/'none\.json' cannot be read: there is no such file$/);
  for (const path of ["../x.json", "/etc/hostname", "a/../../x.json", "link.json"])
    expect(refused(path)).toMatch(/which is outside of the folder of the config/);
  expect(
    checkConfig(changed(FULL, ["agents", 5, "policy"], { type: "FromJson", json_path: "bad.json" })).problems[0]
      ?.problem,
  ).toMatch(/no files are read here/);
  writeFileSync(join(folder, "good.json"), JSON.stringify(TREE_FILE));
  expect(refused("good.json", folder, { urgenzy: 1 })).toBe(
    "agents[5].policy.params.urgenzy: the tree has no parameter 'urgenzy'; did you mean 'urgency'?",
  );
});

test("the config of this room's README is a good one", () => {
  const text = readFileSync(new URL("README.md", import.meta.url), "utf8");
  const sample = /```yaml\n([\s\S]*?)```/.exec(text)![1]!;
  expect(checkConfigText(sample).problems).toEqual([]);
});

test("an error carries the first problem in its text and all in its details", () => {
  const bad = `${SMALL_YAML.replace("id: B", "id: A")}x: 1\ny: 2\n`;
  try {
    loadConfigText(bad, { name: "run.yaml" });
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ code: "payments/bad-config" });
    expect((error as Error).message).toMatch(
      /^payments\/bad-config: run\.yaml: line 12, column 1: x: unknown key.*\(and 1 more\)$/,
    );
    expect((error as { details: { problems: unknown[] } }).details.problems).toHaveLength(2);
  }
  expect(() => loadConfigFile(join(folder, "nowhere.yaml"))).toThrow(/nowhere\.yaml: cannot be read/);
});

test("a misspelt key is named before what it makes look missing", () => {
  const text = SMALL_YAML.replace("ticks_per_day", "tick_per_day");
  expect(() => loadConfigText(text)).toThrow(
    /line 2, column 3: simulation\.tick_per_day: unknown key; did you mean 'ticks_per_day'\? \(and 1 more\)$/,
  );
});
