import { expect, test } from "vitest";
import { Echo } from "#generated/busbar/testing";
import { BusError, Kind } from "#wire";
import { CALLS_WAITING_MAX, Caller, OUTSTANDING_MAX, STREAM_WINDOW } from "./caller.ts";
import type { Arrived, ControlItem } from "./control.ts";
import { FakeClock } from "./test-support.ts";

const rig = () => {
  const clock = new FakeClock();
  const sent: ControlItem[] = [];
  const state = { up: true };
  const caller = new Caller({
    peer: "b",
    clock,
    send: (item) => {
      if (state.up) sent.push(item);
      return state.up;
    },
    hold: (item) => {
      item.payload = new Uint8Array(8);
      return item;
    },
  });
  const ask = (timeoutMs = 1000, signal?: AbortSignal): Promise<unknown> =>
    caller.unary({ method: Echo.methods.echo, rpc: "Echo/Echo", value: {}, timeoutMs, signal });
  const count = (timeoutMs = 1000): AsyncIterator<unknown> =>
    caller
      .stream({ method: Echo.methods.count, rpc: "Echo/Count", value: {}, timeoutMs, signal: undefined })
      [Symbol.asyncIterator]();
  const answer = (kind: number, correlation: number, value: unknown = {}): void =>
    caller.arrived({
      kind,
      correlation,
      typeId: 0,
      ttlMs: 0,
      read: () => value,
      error: () => value as BusError,
    } satisfies Arrived);
  return { clock, sent, state, caller, ask, count, answer };
};

test("answers reach their callers in any order; late and unknown ones are ignored", async () => {
  const { sent, ask, answer, caller } = rig();
  const asked = [ask(), ask()];
  answer(Kind.response, sent[1].correlation, "second");
  answer(Kind.response, sent[0].correlation, "first");
  answer(Kind.response, sent[0].correlation, "again");
  answer(Kind.response, 999, "nobody");
  expect(await Promise.all(asked)).toEqual(["first", "second"]);
  expect(caller.size).toBe(0);
});

test("a deadline fails the call and cancels it over there; no timer stays", async () => {
  const { clock, sent, ask, caller } = rig();
  const asked = expect(ask(100)).rejects.toMatchObject({ code: "core/deadline-exceeded" });
  clock.pass(90);
  expect(caller.size).toBe(1);
  clock.pass(50);
  await asked;
  expect(sent.map((item) => item.kind)).toEqual([Kind.request, Kind.cancel]);
  clock.pass(50);
  expect(clock.pending).toBe(0);
});

test("time spent waiting is taken from what the server is granted", async () => {
  const { clock, sent, state, ask, caller, answer } = rig();
  state.up = false;
  const asked = ask(1000);
  clock.pass(400);
  state.up = true;
  caller.pump();
  expect(sent[0].ttlMs).toBe(600);
  answer(Kind.response, sent[0].correlation, 1);
  await asked;
});

test("a lost link fails what was sent and keeps what was not", async () => {
  const { sent, state, ask, caller, answer } = rig();
  const lost = expect(ask()).rejects.toMatchObject({ code: "core/peer-lost" });
  state.up = false;
  const waits = ask();
  caller.lost();
  await lost;
  state.up = true;
  caller.pump();
  answer(Kind.response, sent[1].correlation, "later");
  expect(await waits).toBe("later");
});

test("unanswered requests are bounded, then waiting ones are, then it is core/overloaded", async () => {
  const { sent, ask, caller, answer } = rig();
  const all = Array.from({ length: OUTSTANDING_MAX + CALLS_WAITING_MAX }, () => ask(1e9));
  expect(sent.length).toBe(OUTSTANDING_MAX);
  await expect(ask()).rejects.toMatchObject({ code: "core/overloaded" });
  for (let i = 0; i < OUTSTANDING_MAX + CALLS_WAITING_MAX; i++) answer(Kind.response, sent[i].correlation, i);
  expect(await Promise.all(all)).toHaveLength(OUTSTANDING_MAX + CALLS_WAITING_MAX);
  expect(caller.size).toBe(0);
});

test("closing fails everything at once, sends nothing more, and later calls too", async () => {
  const { clock, sent, ask, count, caller } = rig();
  const all = Promise.allSettled(Array.from({ length: 2000 }, () => ask()));
  const before = sent.length;
  caller.close(new BusError("core/closed", { details: { what: "the bus" } }));
  for (const result of await all) expect(result).toMatchObject({ status: "rejected", reason: { code: "core/closed" } });
  expect(sent.length).toBe(before);
  await expect(ask()).rejects.toMatchObject({ code: "core/closed" });
  await expect(count().next()).rejects.toMatchObject({ code: "core/closed" });
  expect(clock.pending).toBe(0);
});

test("an aborted signal cancels, before and after sending", async () => {
  const { sent, ask } = rig();
  await expect(ask(1000, AbortSignal.abort())).rejects.toMatchObject({ code: "core/cancelled" });
  expect(sent).toEqual([]);
  const controller = new AbortController();
  const asked = expect(ask(1000, controller.signal)).rejects.toMatchObject({ code: "core/cancelled" });
  controller.abort();
  await asked;
  expect(sent.map((item) => item.kind)).toEqual([Kind.request, Kind.cancel]);
});

test("a stream grants half a window at a time, and every next settles", async () => {
  const { sent, count, answer } = rig();
  const items = count();
  const early = [items.next(), items.next(), items.next()];
  const { correlation } = sent[0];
  for (let i = 0; i < STREAM_WINDOW; i++) answer(Kind.streamItem, correlation, i);
  expect((await Promise.all(early)).map((r) => r.value)).toEqual([0, 1, 2]);
  for (let i = 3; i < STREAM_WINDOW; i++) expect((await items.next()).value).toBe(i);
  expect(sent.filter((item) => item.kind === Kind.credit).length).toBe(2);
  const last = [items.next(), items.next()];
  answer(Kind.streamEnd, correlation);
  expect(await Promise.all(last)).toEqual([
    { done: true, value: undefined },
    { done: true, value: undefined },
  ]);
});

test("a server that ignores the window is cut off, so that nothing piles up", async () => {
  const { sent, count, answer, caller } = rig();
  const items = count();
  const first = items.next();
  const { correlation } = sent[0];
  for (let i = 0; i <= STREAM_WINDOW + 1; i++) answer(Kind.streamItem, correlation, i);
  expect((await first).value).toBe(0);
  expect(caller.size).toBe(0);
  for (let i = 1; i <= STREAM_WINDOW; i++) expect((await items.next()).value).toBe(i);
  await expect(items.next()).rejects.toMatchObject({ code: "wire/malformed-frame" });
  expect(await items.next()).toEqual({ done: true, value: undefined });
});

test("a slow reader is not a late server; a silent server is", async () => {
  const { clock, sent, count, answer } = rig();
  const items = count(100);
  const first = items.next();
  answer(Kind.streamItem, sent[0].correlation, 1);
  await first;
  clock.pass(10_000);
  answer(Kind.streamItem, sent[0].correlation, 2);
  expect((await items.next()).value).toBe(2);
  const late = expect(items.next()).rejects.toMatchObject({ code: "core/deadline-exceeded" });
  clock.pass(200);
  await late;
});

test("leaving a stream cancels it once and ends a waiting next", async () => {
  const { sent, count } = rig();
  const items = count();
  const waiting = items.next();
  await items.return?.();
  await items.return?.();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(sent.map((item) => item.kind)).toEqual([Kind.request, Kind.cancel]);
  expect(await items.next()).toEqual({ done: true, value: undefined });
});

test("an answer of the wrong kind is an error, not a value", async () => {
  const { sent, ask, answer } = rig();
  const asked = expect(ask()).rejects.toMatchObject({ code: "wire/malformed-frame" });
  answer(Kind.streamEnd, sent[0].correlation);
  await asked;
});
