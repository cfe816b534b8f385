// Method: the service on a bus of this thread, beside a stand-in for the native half that answers with what it was given.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import type { Client, Handlers, ServiceContext } from "#bus";
import type { Hub } from "#core";
import {
  type EventInit,
  EventKind,
  ExportFormat,
  ExportTable,
  Payments,
  PaymentsConfig,
  PaymentsReport,
  PaymentsStore,
  TextFormat,
} from "#generated/payments";
import { testHub } from "../../test/support/hub.ts";
import { planOf } from "../../test/support/plan.ts";
import { loadConfig } from "./config/load.ts";
import { readOptions } from "./desk/options.ts";
import service, { serveDesk } from "./service.ts";
import { changed, SMALL, TREE_FILE } from "./testing/configs.ts";

const folder = mkdtempSync(join(tmpdir(), "payments-desk-"));
afterAll(() => rmSync(folder, { recursive: true }));
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Desk {
  readonly config: Client<typeof PaymentsConfig>;
  readonly store: Client<typeof PaymentsStore>;
  readonly report: Client<typeof PaymentsReport>;
}
let files = 0;
async function desk(core: Handlers<typeof Payments>, store = join(folder, `${files++}.sqlite`)): Promise<Desk> {
  const parts = [PaymentsConfig, PaymentsStore, PaymentsReport];
  const hub: Hub = testHub({
    plan: planOf({
      services: {
        payments: { serves: [Payments] },
        desk: { serves: parts, calls: [Payments] },
        caller: { calls: parts },
      },
    }),
  });
  await hub.start();
  const bus = hub.bus("caller");
  hub.bus("payments").serve(Payments, core);
  const serving = serveDesk(hub.bus("desk"), { core: "payments", store, root: folder });
  closing.push(
    () => hub.close({ drain: 200 }),
    () => serving[Symbol.dispose](),
  );
  await hub.connected();
  return { config: bus.client(PaymentsConfig), store: bus.client(PaymentsStore), report: bus.client(PaymentsReport) };
}
const textOf = async (parts: AsyncIterable<{ text: string | null }>): Promise<string> => {
  let text = "";
  for await (const part of parts) text += part.text;
  return text;
};

test("a config is answered with its canonical form, or with every problem and its place", async () => {
  const { config } = await desk({});
  const good = await config.validateConfig({ text: JSON.stringify(SMALL), format: TextFormat.Json });
  expect(good).toMatchObject({ valid: true, problems: [], canonical: loadConfig(SMALL).canonical });
  const bad = await config.validateConfig({ text: "simulation: {ticks_per_day: 0, num_day: 1}\nagents: []\n" });
  expect(bad.valid).toBe(false);
  expect(bad.canonical).toBeNull();
  expect(bad.problems.map(({ sentence }) => sentence)).toEqual([
    "line 1, column 13: simulation.num_days: is missing",
    "line 1, column 13: simulation.rng_seed: is missing",
    "line 1, column 29: simulation.ticks_per_day: is 0; write at least 1",
    "line 1, column 32: simulation.num_day: unknown key; did you mean 'num_days'?",
    "line 2, column 9: agents: has 0 entries; write at least 1",
  ]);
  expect(bad.problems[3]).toMatchObject({ path: "simulation.num_day", line: 1, column: 32, file: null });
});

test("a policy file is checked, also against the banks there are", async () => {
  const { config } = await desk({});
  const text = JSON.stringify(TREE_FILE);
  expect(await config.validatePolicy({ text })).toMatchObject({ valid: true });
  const { problems } = await config.validatePolicy({ text, agents: ["A", "B"] });
  expect(problems.map(({ problem }) => problem)).toEqual(["there is no bank 'C'; did you mean 'A'?"]);
  expect((await config.validatePolicy({ text: "{", format: TextFormat.Json })).problems[0]?.sentence).toMatch(
    /^line 1, column 2/,
  );
});

test("create sends the canonical config on, with policy files of the folder; a bad text is one error", async () => {
  const seen: string[] = [];
  const { config } = await desk({
    new: ({ config: text, keepEvents }) => {
      seen.push(text ?? "", String(keepEvents));
      return { simId: 5, ticks: 10, agents: ["A", "B"] };
    },
  });
  writeFileSync(join(folder, "tree.json"), JSON.stringify(changed(TREE_FILE, ["bank_tree"], undefined)));
  const value = changed(SMALL, ["agents", 0, "policy"], { type: "FromJson", json_path: "tree.json" });
  expect(await config.create({ text: JSON.stringify(value), keepEvents: false })).toMatchObject({ simId: 5 });
  expect(seen).toEqual([loadConfig(value, { root: folder }).canonical, "false"]);
  await expect(config.create({ text: "agents: 5" })).rejects.toMatchObject({ code: "payments/bad-config" });
});

test("the schemas are JSON Schema of what is written: examples are valid, typing errors are not", async () => {
  const { config } = await desk({});
  const [whole, policy, costs] = await Promise.all([
    config.configSchema({}),
    config.policySchema({}),
    config.costSchema({}),
  ]);
  const schema = JSON.parse(whole.json!);
  expect(schema).toMatchObject({ type: "object", additionalProperties: false, required: ["simulation", "agents"] });
  expect(schema.properties.simulation.properties.rng_seed).toMatchObject({ type: "integer", minimum: 0 });
  expect(schema.properties.agents.items.required).toEqual(["id", "opening_balance", "policy"]);
  expect(JSON.parse(costs.json!).properties.overdraft_bps_per_tick).toBeDefined();
  const tree = JSON.parse(policy.json!);
  expect(tree.required).toEqual(["version", "policy_id"]);
  expect(Object.keys(tree.$defs)).toHaveLength(16);
});

test("a checkpoint is stored and restored; bytes that restore to another state are refused and taken back", async () => {
  const deleted: number[] = [];
  let restoredHash = 77n;
  const core: Handlers<typeof Payments> = {
    snapshot: ({ simId }) => ({
      bytes: Uint8Array.of(1, 2, simId),
      tick: 9,
      configHash: 5n,
      stateHash: 77n,
      version: 1,
    }),
    restore: ({ bytes }) => ({
      simId: 40 + (bytes?.[2] ?? 0),
      tick: 9,
      configHash: 5n,
      stateHash: restoredHash,
      config: "{}",
    }),
    delete: ({ simId }) => {
      deleted.push(simId);
      return { deleted: true };
    },
  };
  const path = join(folder, "kept.sqlite");
  const first = await desk(core, path);
  const saved = await first.store.saveCheckpoint({ simId: 3, label: "noon" });
  expect(saved).toMatchObject({ id: 1, simId: 3, label: "noon", tick: 9, stateHash: 77n, configHash: 5n, bytes: 3 });
  // Another process, later: the store is a file.
  const { store } = await desk(core, path);
  expect(await store.loadCheckpoint({ id: 1 })).toMatchObject({ simId: 43, tick: 9 });
  expect(await store.listCheckpoints({ simId: 3 })).toMatchObject({ total: 1, checkpoints: [saved] });
  expect((await store.listCheckpoints({ simId: 4 })).total).toBe(0);
  restoredHash = 78n;
  await expect(store.loadCheckpoint({ id: 1 })).rejects.toMatchObject({ code: "payments/corrupt-state" });
  expect(deleted).toEqual([43]);
  await expect(store.listCheckpoints({ limit: 1001 })).rejects.toMatchObject({ code: "payments/limit-exceeded" });
  expect([await store.deleteCheckpoint({ id: 1 }), await store.deleteCheckpoint({ id: 1 })]).toEqual([
    { deleted: true },
    { deleted: false },
  ]);
  await expect(store.loadCheckpoint({ id: 1 })).rejects.toMatchObject({ code: "payments/not-found" });
});

test("a recording replays byte for byte what print gave, after the simulation is gone", async () => {
  const events: EventInit[] = Array.from({ length: 2500 }, (_, i) => ({
    seq: BigInt(i),
    tick: i >> 3,
    kind: EventKind.PolicyHold,
    tx: i,
    agent: "Ä,b",
    name: "x",
  }));
  let there = true;
  const { report } = await desk({
    getEvents: ({ fromSeq, limit }) => {
      if (!there) throw new Error("gone");
      const from = Number(fromSeq);
      return {
        events: events.slice(from, from + limit),
        nextSeq: BigInt(from + limit),
        end: from + limit >= events.length,
      };
    },
    getState: () => ({ info: { tick: 313, configHash: 6n }, runHash: "abcd" }),
  });
  const printed = await textOf(report.print({ simId: 1 }));
  expect(printed.split("\n")).toHaveLength(2500 + 313 + 2);
  const recording = await report.record({ simId: 1, label: "first" });
  expect(recording).toMatchObject({
    id: 1,
    events: 2500n,
    ticks: 313,
    configHash: 6n,
    runHash: "abcd",
    label: "first",
  });
  there = false;
  expect(await textOf(report.replay({ id: 1 }))).toBe(printed);
  expect((await report.listRecordings({})).recordings).toEqual([recording]);
  expect(await report.deleteRecording({ id: 1 })).toEqual({ deleted: true });
  await expect(textOf(report.replay({ id: 1 }))).rejects.toMatchObject({ code: "payments/not-found" });
});

test("tables come in pages and leave as one CSV or JSON", async () => {
  const { report } = await desk({
    getTransactions: ({ offset }) => ({ total: 3, transactions: offset < 3 ? [{ id: offset, sender: "A" }] : [] }),
    getTimeline: ({ fromTick }) => ({
      fromTick,
      ticks: fromTick < 2 ? 1 : 0,
      arrivals: [fromTick],
      hash: [5n],
      feasibilityRatio: [0.5],
    }),
    getState: () => ({ agents: [{ agent: "A", balance: 7n }] }),
  });
  const csv = (table: ExportTable): Promise<string> =>
    textOf(report.export({ simId: 1, table, format: ExportFormat.Csv }));
  expect((await csv(ExportTable.Transactions)).split("\r\n").slice(1)).toEqual([
    expect.stringMatching(/^tx_00000000,A,/),
    expect.stringMatching(/^tx_00000001,A,/),
    expect.stringMatching(/^tx_00000002,A,/),
    "",
  ]);
  expect(await csv(ExportTable.Timeline)).toMatch(/\r\n0,0,.*0\.5,0000000000000005\r\n1,1,/);
  const json = await textOf(report.export({ simId: 1, table: ExportTable.Agents, format: ExportFormat.Json }));
  expect(JSON.parse(json)).toMatchObject([{ agent: "A", balance: "7" }]);
});

test("the service reads its config and refuses what it does not know", async () => {
  expect(readOptions("desk", {})).toEqual({ core: "payments", store: "payments-store.sqlite", root: undefined });
  expect(() => readOptions("desk", { stor: "x" })).toThrow(/unknown key 'stor'; known are core, store, root/);
  expect(() => readOptions("desk", { store: 5 })).toThrow(/config\.store is 5; write a text/);
  expect(() => service.start({} as never, { service: "d", config: { core: "" } } as unknown as ServiceContext)).toThrow(
    /config\.core/,
  );
});
