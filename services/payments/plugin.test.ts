// Method: the real plugin on a bus in this process. What the TypeScript half says about a run is held against what the core
// says: hashes of configs, events of a payment, states after a checkpoint, ratios computed again from the queues.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Event, ExportFormat, ExportTable, TransactionStatus } from "#generated/payments";
import { checkConfig, loadConfig } from "./config/load.ts";
import { configModel } from "./config/model.ts";
import { eventPages, transactionPages } from "./desk/pages.ts";
import { ACTIONS, COMPARISONS, COMPUTATIONS, DEPTH_MAX, FIELD_GROUP, PAYMENT_ONLY, VERSION } from "./policy/names.ts";
import { lifecycleOf } from "./report/lifecycle.ts";
import { Printer } from "./report/printer.ts";
import { busyConfig } from "./testing/busy.ts";
import { EVERY_KIND } from "./testing/configs.ts";
import { singleChanges } from "./testing/every-key.ts";
import { openRig, type Rig, textOf } from "./testing/rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

const create = async (config: unknown = busyConfig()): Promise<number> =>
  (await rig.core.new({ config: loadConfig(config).canonical })).simId;
const eventsOf = async (simId: number): Promise<Event[]> => {
  const events: Event[] = [];
  for await (const page of eventPages(rig.core, { simId }, {})) events.push(...page);
  return events;
};
const finish = async (simId: number): Promise<string> => {
  let hash = "";
  for await (const part of rig.core.runToEnd({ simId, progressTicks: 7 })) hash = part.runHash ?? hash;
  return hash;
};

test("every key of the config, changed alone, gives another config hash in the plugin", {
  timeout: 120_000,
}, async () => {
  const silent: string[] = [];
  const seen = new Set<string>();
  const hashOf = async (config: string): Promise<bigint> => {
    const { valid, configHash, errors } = await rig.core.validateConfig({ config });
    expect(errors.map(({ path, text }) => `${path}: ${text}`)).toEqual([]);
    expect(valid).toBe(true);
    return configHash;
  };
  for (const base of EVERY_KIND) {
    const before = await hashOf(checkConfig(base).loaded!.canonical);
    for (const { key, config } of singleChanges(configModel, base)) {
      if (seen.has(key)) continue;
      seen.add(key);
      if ((await hashOf(checkConfig(config).loaded!.canonical)) === before) silent.push(key);
    }
  }
  expect(silent).toEqual([]);
  expect(seen.size).toBeGreaterThan(150);
});

test("fields, actions and computations of policy trees are those that the plugin has", async () => {
  const native = await rig.core.policySchema({});
  const sorted = (names: Iterable<string | null>): string[] => [...names].map(String).sort();
  expect(sorted(native.fields.map(({ name }) => name))).toEqual(sorted(FIELD_GROUP.keys()));
  for (const { name, paymentOnly } of native.fields)
    expect([name, PAYMENT_ONLY.has(FIELD_GROUP.get(name!)!)]).toEqual([name, paymentOnly]);
  expect(sorted(native.actions.map(({ name }) => name))).toEqual(sorted(Object.keys(ACTIONS)));
  for (const { name, required, optional } of native.actions) {
    const ours = ACTIONS[name!]!;
    expect([name, sorted(required), sorted(optional)]).toEqual([
      name,
      sorted(Object.keys(ours.required)),
      sorted(Object.keys(ours.optional)),
    ]);
  }
  expect(sorted(native.computations)).toEqual(sorted(Object.keys(COMPUTATIONS)));
  expect(sorted(native.comparisons)).toEqual(sorted(COMPARISONS));
  expect([native.version, native.depthMax]).toEqual([VERSION, DEPTH_MAX]);
});

test("what is printed while it runs, printed later and replayed from a recording are the same bytes", async () => {
  const simId = await create();
  const printer = new Printer();
  let live = "";
  for (let fromTick = 0; fromTick < 40; ) {
    const count = 1 + (fromTick % 5);
    await rig.core.tick({ simId, count });
    for await (const page of eventPages(rig.core, { simId, fromTick, toTick: fromTick + count - 1 }, {}))
      live += printer.print(page);
    fromTick += count;
  }
  live += printer.end();
  const later = await textOf(rig.report.print({ simId }));
  expect(live.length).toBeGreaterThan(10_000);
  expect(later).toBe(live);
  const recording = await rig.report.record({ simId, label: "busy" });
  await rig.core.delete({ simId });
  await expect(textOf(rig.report.print({ simId }))).rejects.toMatchObject({ code: "payments/not-found" });
  expect(await textOf(rig.report.replay({ id: recording.id }))).toBe(live);
});

test("the life of every payment is the same from the core and from the events of the run", async () => {
  const simId = await create();
  await finish(simId);
  const all = await eventsOf(simId);
  let settled = 0;
  let split = 0;
  for await (const page of transactionPages(rig.core, simId, {})) {
    for (const { id, status, children, settledTick } of page) {
      const { events, transaction, complete } = await rig.core.getLifecycle({ simId, id });
      expect([id, complete, events.map(({ seq }) => seq)]).toEqual([
        id,
        true,
        lifecycleOf(all, id).map(({ seq }) => seq),
      ]);
      expect(transaction).toMatchObject({ id, settledTick });
      if (children.length > 0) split++;
      if (status !== TransactionStatus.Settled || children.length > 0) continue;
      settled++;
      if (settled % 20 === 0) {
        const { text } = await rig.report.printLifecycle({ simId, id });
        expect(text).toMatch(new RegExp(`^tx_0*${id} `));
        expect(text).toMatch(new RegExp(`settled in tick ${settledTick} after \\d+ ticks by \\w+`));
      }
    }
  }
  expect(settled).toBeGreaterThan(50);
  expect(split).toBeGreaterThan(0);
});

test("a checkpoint of any tick, loaded in another process's store, ends on the same run hash and prints the same", async () => {
  const simId = await create();
  const path = join(rig.folder, "shared.sqlite");
  await using other = await openRig(2, path);
  const original = (await other.core.new({ config: loadConfig(busyConfig()).canonical })).simId;
  const saved: number[] = [];
  for (let tick = 0; tick < 40; tick += 5) {
    await other.core.tick({ simId: original, count: 5 });
    saved.push((await other.store.saveCheckpoint({ simId: original, label: `after ${tick + 5}` })).id);
  }
  const end = await finish(simId);
  const printed = await textOf(rig.report.print({ simId }));
  for (const id of saved) {
    const { simId: restored, tick } = await other.store.loadCheckpoint({ id });
    let hash = "";
    if (tick < 40) for await (const part of other.core.runToEnd({ simId: restored })) hash = part.runHash ?? hash;
    else hash = (await other.core.getState({ simId: restored })).runHash ?? "";
    expect([id, tick, hash]).toEqual([id, id * 5, end]);
    expect(await textOf(other.report.print({ simId: restored }))).toBe(printed);
  }
  expect((await other.store.listCheckpoints({})).total).toBe(8);
});

test("two runs of one config are equal side by side; with another seed they differ, and the table says where", async () => {
  const [a, b, c] = await Promise.all([create(), create(), create(busyConfig(8))]);
  for (const simId of [a!, b!, c!]) await finish(simId);
  expect(await rig.report.compare({ left: a!, right: b! })).toMatchObject({ equal: true, firstDifference: null });
  const { equal, firstDifference, text } = await rig.report.compare({ left: a!, right: c! });
  expect([equal, firstDifference]).toEqual([false, 0]);
  expect(text).toMatch(/settlement rate +[\d.]+ +[\d.]+/);
});

test("exported tables add up to the metrics, in CSV and in JSON", async () => {
  const simId = await create();
  await finish(simId);
  const { metrics, costs } = await rig.core.getMetrics({ simId });
  const read = async (table: ExportTable): Promise<Record<string, string>[]> =>
    JSON.parse(await textOf(rig.report.export({ simId, table, format: ExportFormat.Json })));
  const sum = (rows: Record<string, string>[], column: string): bigint =>
    rows.reduce((total, row) => total + BigInt(row[column] ?? 0), 0n);
  const transactions = await read(ExportTable.Transactions);
  const original = transactions.filter(({ parent }) => parent === undefined);
  expect(original).toHaveLength(metrics!.arrivals);
  expect(sum(original, "amount")).toBe(metrics!.arrivalsValue);
  const timeline = await read(ExportTable.Timeline);
  expect(timeline).toHaveLength(40);
  expect(sum(timeline, "settled_value")).toBe(metrics!.settledValue);
  expect(sum(timeline, "total_cost")).toBe(costs!.total);
  const agents = await read(ExportTable.Agents);
  expect(sum(agents, "balance")).toBe(6n * 9000n);
  expect(sum(agents, "cost_total")).toBe(costs!.total);
  const events = await read(ExportTable.Events);
  expect(events).toHaveLength(Number(metrics!.events));
  const csv = await textOf(rig.report.export({ simId, table: ExportTable.Transactions, format: ExportFormat.Csv }));
  expect(csv.split("\r\n")).toHaveLength(transactions.length + 2);
});

test("the feasibility ratio of each tick is what Queue 2 and the balances give", async () => {
  const simId = await create();
  const ratios: number[] = [];
  let below = 0;
  for (let tick = 0; tick < 40; tick++) {
    await rig.core.tick({ simId });
    const { agents, queue2 } = await rig.core.getState({ simId, queues: true });
    const available = new Map(agents.map((state) => [state.agent, state.available]));
    const { transactions } =
      queue2.length === 0 ? { transactions: [] } : await rig.core.getTransactions({ simId, ids: queue2 });
    let largest: { amount: bigint; sender: string } | undefined;
    for (const { remaining, sender } of transactions)
      if (remaining > (largest?.amount ?? 0n)) largest = { amount: remaining, sender: sender! };
    ratios.push(largest === undefined ? 1 : Number(available.get(largest.sender)!) / Number(largest.amount));
    if (ratios.at(-1)! < 1) below++;
  }
  const { feasibilityRatio } = await rig.core.getTimeline({ simId });
  for (const [tick, ratio] of ratios.entries())
    expect([tick, feasibilityRatio[tick]]).toEqual([tick, expect.closeTo(ratio, 9)]);
  expect(below).toBeGreaterThan(5);
});
