// Method: events of every kind, made by hand or at random; texts are compared with what is written here, and paging, storing
// and reading back must not change a byte.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Event,
  type EventInit,
  EventKind,
  EventsReply,
  Event as EventType,
  type Transaction,
  TransactionStatus,
} from "#generated/payments";
import { decodeMessage, encodeMessage } from "#schema";
import { compareRuns, type Run } from "./compare.ts";
import { ALL_FIELDS, EVENT_FIELDS } from "./event-fields.ts";
import { eventLine } from "./event-line.ts";
import { CsvWriter, csvCell, JsonWriter } from "./export.ts";
import { lifecycleOf, lifecycleText } from "./lifecycle.ts";
import { Printer, printRun } from "./printer.ts";
import { EVENT_COLUMNS, TRANSACTION_COLUMNS } from "./tables.ts";
import { moneyText, realText, txText } from "./words.ts";

const made = (init: EventInit): Event => decodeMessage(EventType, encodeMessage(EventType, init));
const line = (init: EventInit): string =>
  eventLine(made(init))
    .trim()
    .replace(/\s{2,}/, ": ");
const K = EventKind;

test("each kind of event has its line, made of the fields that the kind uses", () => {
  const pay = { tx: 42, agent: "A", counterparty: "B", amount: 1234567n };
  expect(line({ kind: K.Arrival, ...pay, priority: 5, deadlineTick: 20, divisible: true })).toBe(
    "Arrival: tx_00000042 A -> B 1,234,567, priority 5, due 20, divisible",
  );
  expect(line({ kind: K.PolicySubmit, ...pay, priority: 5, parent: 7 })).toBe(
    "PolicySubmit: tx_00000042 A -> B 1,234,567, priority 5, part of tx_00000007",
  );
  expect(line({ kind: K.PolicyHold, tx: 1, agent: "A", name: "LowPriority" })).toBe(
    "PolicyHold: tx_00000001 A: LowPriority",
  );
  expect(
    line({
      kind: K.PolicySplit,
      tx: 1,
      agent: "A",
      amount: 10n,
      count: 2,
      txs: [2, 3],
      amounts: [5n, 5n],
      cost: 1000n,
    }),
  ).toBe("PolicySplit: tx_00000001 A 10 into 2 (tx_00000002 5, tx_00000003 5), friction 1,000");
  expect(line({ kind: K.RtgsImmediateSettlement, ...pay, before: 2000000n, after: 765433n })).toBe(
    "RtgsImmediateSettlement: tx_00000042 A -> B 1,234,567, A 2,000,000 -> 765,433",
  );
  expect(
    line({
      kind: K.LsmBilateralOffset,
      agent: "A",
      counterparty: "B",
      amount: 100n,
      otherAmount: 80n,
      net: 20n,
      txs: [1, 2],
      amounts: [100n, 80n],
    }),
  ).toBe("LsmBilateralOffset: A <-> B 100 against 80, net 20: 2 payments (tx_00000001 100, tx_00000002 80)");
  expect(
    line({
      kind: K.LsmCycleSettlement,
      name: "cycle",
      agents: ["A", "B", "C"],
      nets: [-5n, 5n, 0n],
      txs: [1],
      amounts: [9n],
      amount: 9n,
      net: 5n,
      agent: "A",
    }),
  ).toBe("LsmCycleSettlement: cycle A -5, B 5, C 0, total 9, largest outflow 5 of A: 1 payments (tx_00000001 9)");
  expect(line({ kind: K.CostAccrual, agent: "A", amount: 15n, costs: { overdraft: 5n, delay: 10n, total: 15n } })).toBe(
    "CostAccrual: A 15 (overdraft 5, delay 10)",
  );
  expect(
    line({ kind: K.StateRegisterSet, agent: "A", name: "bank_state_x", value: 1.5, oldValue: 0, reason: "why" }),
  ).toBe("StateRegisterSet: A bank_state_x 0 -> 1.5: why");
  expect(line({ kind: K.BankBudgetSet, agent: "A", amount: 100n, limit: -1n, agents: ["B", "C"], count: 2 })).toBe(
    "BankBudgetSet: A 100, only B, C",
  );
  expect(
    line({
      kind: K.ScenarioEventExecuted,
      name: "DirectTransfer",
      position: 2,
      agent: "A",
      counterparty: "B",
      amount: 9n,
      reason: "done",
    }),
  ).toBe("ScenarioEventExecuted: DirectTransfer (scenario_events[2]) A -> B 9: done");
  expect(line({ kind: 200 as EventKind, seq: 9n })).toBe("Kind200: seq 9");
});

/** A random value for a field, so that no two events look alike by chance. */
const FIELDS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  ...Object.fromEntries(
    ["tx", "parent", "position", "count", "deadlineTick", "rejected"].map((key) => [key, fc.nat(1e6)]),
  ),
  ...Object.fromEntries(["priority", "oldPriority"].map((key) => [key, fc.integer({ min: 0, max: 10 })])),
  ...Object.fromEntries(
    ["agent", "counterparty", "name", "reason"].map((key) => [key, fc.string({ minLength: 1, maxLength: 8 })]),
  ),
  ...Object.fromEntries(
    ["amount", "before", "after", "limit", "cost", "net", "otherAmount"].map((key) => [
      key,
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    ]),
  ),
  ...Object.fromEntries(["value", "oldValue"].map((key) => [key, fc.double({ noNaN: true })])),
  ticks: fc.integer({ min: -100, max: 1000 }),
  rtgsPriority: fc.integer({ min: 0, max: 2 }),
  divisible: fc.boolean(),
  exhausted: fc.boolean(),
  agents: fc.array(fc.string({ maxLength: 5 }), { maxLength: 4 }),
  txs: fc.array(fc.nat(1e6), { maxLength: 4 }),
  amounts: fc.array(fc.bigInt({ min: 0n, max: 10n ** 12n }), { maxLength: 4 }),
  nets: fc.array(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), { maxLength: 4 }),
};
const anyEvent: fc.Arbitrary<Event> = fc
  .constantFrom(...(Object.keys(EVENT_FIELDS) as (keyof typeof EventKind)[]))
  .chain((kind) =>
    fc.record({
      kind: fc.constant(K[kind]),
      tick: fc.nat(5),
      ...Object.fromEntries(EVENT_FIELDS[kind].map((field) => [field, FIELDS[field]!])),
    }),
  )
  .map((init) => made(init as EventInit));

test("what a run prints does not depend on how its events are paged, stored and read back", () => {
  fc.assert(
    fc.property(
      fc.array(anyEvent, { maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }),
      (events, sizes) => {
        events.sort((a, b) => a.tick - b.tick);
        const whole = printRun(events);
        const printer = new Printer();
        let text = "";
        for (let at = 0, page = 0; at < events.length; page++) {
          const size = sizes[page % sizes.length]!;
          const stored = encodeMessage(EventsReply, { events: events.slice(at, at + size) });
          text += printer.print(decodeMessage(EventsReply, stored).events);
          at += size;
        }
        expect(text + printer.end()).toBe(whole);
        expect(whole.split("\n").filter((row) => row.startsWith("tick "))).toHaveLength(
          new Set(events.map(({ tick }) => tick)).size,
        );
      },
    ),
  );
});

test("a field that a kind uses shows in its line: two events that differ in it print differently", () => {
  // Those that say no more than the others: how many of a list, and what is beside a balance.
  const silent = new Set(["BankBudgetSet.count", "CollateralTimerBlocked.after"]);
  const same: string[] = [];
  for (const [name, fields] of Object.entries(EVENT_FIELDS)) {
    const kind = K[name as keyof typeof EventKind];
    for (const field of fields) {
      if (silent.has(`${name}.${field}`)) continue;
      const base: Record<string, unknown> = {
        kind,
        agent: "A",
        counterparty: "B",
        name: "n",
        reason: "r",
        txs: [1],
        amounts: [1n],
        agents: ["A"],
        nets: [1n],
      };
      const [left, right] = twoOf(field);
      if (line({ ...base, [field]: left } as EventInit) === line({ ...base, [field]: right } as EventInit))
        same.push(`${name}.${field}`);
    }
  }
  expect(same).toEqual([]);
});

function twoOf(field: string): [unknown, unknown] {
  if (["agent", "counterparty", "name", "reason"].includes(field)) return ["x", "y"];
  if (field === "agents") return [["x"], ["y"]];
  if (field === "txs") return [[5], [6]];
  if (field === "amounts" || field === "nets") return [[5n], [6n]];
  if (field === "divisible" || field === "exhausted") return [true, false];
  if (["amount", "before", "after", "limit", "cost", "net", "otherAmount"].includes(field)) return [5n, 6n];
  return [1, 2];
}

test("one payment's life is found in the events of the run, with its parent and children", () => {
  const events = [
    { kind: K.Arrival, tick: 1, tx: 1, agent: "A", counterparty: "B", amount: 90n },
    { kind: K.Arrival, tick: 1, tx: 2, agent: "B", counterparty: "A", amount: 80n },
    { kind: K.PolicySplit, tick: 2, tx: 1, agent: "A", amount: 90n, count: 2, txs: [3, 4], amounts: [45n, 45n] },
    { kind: K.PolicySubmit, tick: 2, tx: 3, agent: "A", counterparty: "B", amount: 45n, parent: 1 },
    { kind: K.PolicyHold, tick: 2, tx: 2, agent: "B", name: "LowPriority" },
    { kind: K.LsmBilateralOffset, tick: 4, agent: "A", counterparty: "B", txs: [3, 2], amounts: [45n, 80n] },
    { kind: K.RtgsImmediateSettlement, tick: 5, tx: 4, agent: "A", counterparty: "B", amount: 45n },
    { kind: K.EndOfDay, tick: 9 },
  ].map((init, seq) => made({ ...init, seq: BigInt(seq) }));
  const seqs = (tx: number): number[] => lifecycleOf(events, tx).map(({ seq }) => Number(seq));
  expect(seqs(1)).toEqual([0, 2, 3, 5, 6]);
  expect(seqs(2)).toEqual([1, 4, 5]);
  expect(seqs(3)).toEqual([0, 2, 3, 5]);
  const transaction = {
    ...payment,
    id: 2,
    sender: "B",
    receiver: "A",
    amount: 80n,
    arrivalTick: 1,
    settledTick: 4,
    status: TransactionStatus.Settled,
  };
  expect(lifecycleText({ transaction, events: lifecycleOf(events, 2), complete: true }).split("\n")).toEqual([
    "tx_00000002 B -> A 80, priority 5, arrived in tick 1, due 20",
    "tick 1 (+0)",
    expect.stringMatching(/^ {2}Arrival +tx_00000002/),
    "tick 2 (+1)",
    expect.stringMatching(/^ {2}PolicyHold +tx_00000002 B: LowPriority/),
    "tick 4 (+3)",
    expect.stringMatching(/^ {2}LsmBilateralOffset/),
    "settled in tick 4 after 3 ticks by LsmBilateralOffset",
    "",
  ]);
  const open = { ...payment, status: TransactionStatus.Queued, remaining: 30n, amount: 80n, overdue: true };
  expect(lifecycleText({ transaction: open, events: [], complete: false })).toMatch(
    /queued, 30 of 80 open, late\nearlier events were not kept\n$/,
  );
});
const payment: Transaction = {
  id: 1,
  sender: "A",
  receiver: "B",
  amount: 1n,
  remaining: 0n,
  arrivalTick: 0,
  deadlineTick: 20,
  priority: 5,
  originalPriority: 5,
  status: 0,
  divisible: false,
  overdue: false,
  parent: null,
  settledTick: null,
  overdueSince: null,
  queuedTick: null,
  rtgsPriority: 0,
  releaseTick: null,
  children: new Uint32Array(),
};

test("CSV is RFC 4180: what is written is read back by a parser of that grammar", () => {
  const parse = (text: string): string[][] => {
    const rows: string[][] = [];
    let row: string[] = [];
    const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
    for (let match = cell.exec(text); match !== null; match = cell.exec(text)) {
      row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
      if (match[3] === "\r\n") {
        rows.push(row);
        row = [];
      }
    }
    return rows;
  };
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), fc.bigInt(), fc.option(fc.string())), { maxLength: 8 }), (rows) => {
      const writer = new CsvWriter<(typeof rows)[number]>([
        { name: "a", of: ([a]) => a },
        { name: "b,c", of: ([, b]) => b },
        { name: "d", of: ([, , d]) => d },
      ]);
      const text = writer.begin() + writer.rows(rows) + writer.end();
      expect(parse(text)).toEqual([["a", "b,c", "d"], ...rows.map(([a, b, d]) => [a, String(b), d ?? ""])]);
    }),
  );
  expect(csvCell('say "hi"')).toBe('"say ""hi"""');
});

test("JSON is one array whatever the pages, 64-bit integers are texts, absent cells are left out", () => {
  const write = (pages: Event[][]): string => {
    const writer = new JsonWriter(EVENT_COLUMNS);
    return writer.begin() + pages.map((page) => writer.rows(page)).join("") + writer.end();
  };
  const a = made({ kind: K.PolicyHold, seq: 2n ** 60n, tick: 3, tx: 1, agent: "A", name: "x" });
  const b = made({ kind: K.CostAccrual, tick: 4, agent: "B", amount: 2n ** 62n, costs: { delay: 3n } });
  expect(write([[a], [], [b]])).toBe(write([[a, b]]));
  const [first, second] = JSON.parse(write([[a, b]])) as object[];
  expect(first).toEqual({
    seq: "1152921504606846976",
    tick: 3,
    kind: "PolicyHold",
    tx: "tx_00000001",
    agent: "A",
    name: "x",
  });
  expect(second).toMatchObject({ amount: "4611686018427387904", cost_delay: "3", cost_total: "0" });
  expect(JSON.parse(write([]))).toEqual([]);
  expect(TRANSACTION_COLUMNS.find(({ name }) => name === "settled_tick")!.of(payment)).toBeNull();
});

test("the tables of fields name every field of an event", () => {
  const used = new Set(Object.values(EVENT_FIELDS).flat());
  expect(ALL_FIELDS.filter((field) => !used.has(field))).toEqual([]);
  const all = Object.keys(made({})).filter((key) => !["seq", "tick", "kind", "costs"].includes(key));
  expect([...ALL_FIELDS].sort()).toEqual(all.sort());
  expect(Object.keys(EVENT_FIELDS)).toEqual(Object.keys(EventKind));
});

test("two runs side by side: equal ones say so, others show every difference and the first tick", () => {
  const run = (name: string, hash: bigint[], more: object = {}): Run => ({
    name,
    metrics: { tick: 3, arrivals: 10, settledValue: 1000n, settlementRate: 0.5, ...more } as unknown as Run["metrics"],
    costs: { delay: 5n, total: 5n } as unknown as Run["costs"],
    timeline: { ticks: hash.length, hash, feasibilityRatio: [2, 0.25, 1] },
  });
  const equal = compareRuns(run("a", [1n, 2n, 3n]), run("b", [1n, 2n, 3n]));
  expect(equal).toMatchObject({ equal: true, firstDifference: null });
  expect(equal.text).toMatch(/equal in every state of 3 ticks\n$/);
  const other = compareRuns(
    run("a", [1n, 2n, 3n]),
    run("b", [1n, 9n, 3n], { arrivals: 12, settledValue: 400n, settlementRate: 0.25 }),
  );
  expect(other.firstDifference).toBe(1);
  const rows = other.text.split("\n").map((row) => row.trim().split(/\s{2,}/));
  expect(rows[0]).toEqual(["a", "b", "difference"]);
  expect(rows).toContainEqual(["arrivals", "10", "12", "+2"]);
  expect(rows).toContainEqual(["settled value", "1,000", "400", "-600"]);
  expect(rows).toContainEqual(["settlement rate", "0.5", "0.25", "-0.25"]);
  expect(rows).toContainEqual(["cost: total", "5", "5"]);
  expect(rows).toContainEqual(["least feasibility ratio", "0.25", "0.25"]);
  expect(compareRuns(run("a", [1n]), run("b", [1n, 2n])).firstDifference).toBe(1);
});

test("words: money with commas, ids with eight digits, reals without noise", () => {
  expect([0n, 999n, 1000n, -1234567n].map(moneyText)).toEqual(["0", "999", "1,000", "-1,234,567"]);
  expect([txText(7), txText(123456789), txText(null)]).toEqual(["tx_00000007", "tx_123456789", "-"]);
  expect([realText(0.1 + 0.2), realText(1 / 3, 3), realText(Number.POSITIVE_INFINITY)]).toEqual([
    "0.3",
    "0.333",
    "Infinity",
  ]);
});
