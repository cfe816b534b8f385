import { expect, test } from "vitest";
import { Echo } from "#generated/busbar/testing";
import { BusError, Kind } from "#wire";
import type { RequestContext } from "./api.ts";
import { STREAM_WINDOW } from "./caller.ts";
import type { ControlItem } from "./control.ts";
import { BACKLOG_MAX, type Handler, type Origin, Server } from "./server.ts";
import { FakeClock, fakeLog } from "./test-support.ts";

const rig = (concurrency = 64) => {
  const clock = new FakeClock();
  const log = fakeLog();
  const server = new Server({ service: "b", concurrency, clock, log });
  const sent: ControlItem[] = [];
  const state = { congested: false };
  const origin: Origin = {
    source: "a",
    send: (item) => {
      sent.push(item);
      return true;
    },
    isCongested: () => state.congested,
  };
  const serve = (handle: Handler["handle"], method: Handler["method"] = Echo.methods.echo): Handler => {
    const handler = { rpc: `busbar.testing.Echo/${method.name}`, method, handle };
    server.add(handler);
    return handler;
  };
  return { clock, log, server, sent, state, origin, serve };
};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const kinds = (sent: ControlItem[]): number[] => sent.map((item) => item.kind);

test("handlers start in arrival order and overlap up to the limit", async () => {
  const { server, origin, serve, sent } = rig(2);
  const started: number[] = [];
  const ends: (() => void)[] = [];
  const handler = serve((request: { seq: number }) => {
    started.push(request.seq);
    return new Promise((resolve) => ends.push(() => resolve({ seq: request.seq })));
  });
  for (let seq = 1; seq <= 5; seq++) server.request(handler, { seq }, origin, seq, 0);
  expect(started).toEqual([1, 2]);
  while (ends.length > 0) {
    ends.shift()?.();
    await turn();
  }
  expect(started).toEqual([1, 2, 3, 4, 5]);
  expect(sent.map((item) => item.correlation)).toEqual([1, 2, 3, 4, 5]);
  expect(server.busy).toBe(0);
});

test("a long backlog of handlers that end at once does not grow the stack", async () => {
  const { server, origin, serve, sent } = rig(1);
  let free: () => void = () => {};
  const slow = serve(() => new Promise((resolve) => (free = () => resolve({}))), Echo.methods.echo);
  const quick: Handler = { ...slow, handle: () => ({}) };
  server.request(slow, {}, origin, 1, 0);
  for (let i = 0; i < BACKLOG_MAX; i++) server.request(quick, {}, origin, i + 2, 0);
  server.request(quick, {}, origin, 99_999, 0);
  expect(sent.map((item) => item.error?.code)).toEqual(["core/overloaded"]);
  free();
  await turn();
  expect(sent.length).toBe(BACKLOG_MAX + 2);
  expect(server.busy).toBe(0);
});

test("cancelled and expired requests of the backlog never start", async () => {
  const { clock, server, origin, serve } = rig(1);
  const started: number[] = [];
  let free: () => void = () => {};
  const handler = serve((request: { seq: number }) => {
    started.push(request.seq);
    return new Promise((resolve) => (free = () => resolve({})));
  });
  server.request(handler, { seq: 1 }, origin, 1, 0);
  server.request(handler, { seq: 2 }, origin, 2, 0);
  server.request(handler, { seq: 3 }, origin, 3, 100);
  server.request(handler, { seq: 4 }, origin, 4, 0);
  server.cancel(origin, 2);
  clock.pass(200);
  free();
  await turn();
  expect(started).toEqual([1, 4]);
});

test("cancel and a lost caller abort the signal, and nothing is answered", async () => {
  const { server, origin, serve, sent } = rig();
  const seen: RequestContext[] = [];
  const handler = serve((_request, context) => {
    seen.push(context);
    return new Promise((resolve) => context.signal.addEventListener("abort", () => resolve({})));
  });
  server.request(handler, {}, origin, 1, 0);
  server.request(handler, {}, origin, 2, 0);
  server.cancel(origin, 1);
  server.lost(origin);
  await turn();
  expect(seen.map((context) => context.signal.aborted)).toEqual([true, true]);
  expect(sent).toEqual([]);
});

test("after a restart the same number is another request, and the end of the old one leaves it alone", async () => {
  const { server, origin, serve, sent } = rig();
  const ends: (() => void)[] = [];
  const signals: AbortSignal[] = [];
  const handler = serve((_request, context) => {
    signals.push(context.signal);
    return new Promise((resolve) => ends.push(() => resolve({})));
  });
  server.request(handler, {}, origin, 1, 0);
  server.lost(origin);
  server.request(handler, {}, origin, 1, 0);
  ends[0]();
  await turn();
  server.cancel(origin, 1);
  expect(signals.map((signal) => signal.aborted)).toEqual([true, true]);
  expect(sent).toEqual([]);
});

test("the deadline that a handler sees is wall-clock time", () => {
  const { clock, server, origin, serve } = rig();
  let deadline = 0;
  const handler = serve((_request, context) => {
    deadline = context.deadline;
    return {};
  });
  server.request(handler, {}, origin, 1, 250);
  expect(deadline).toBe(clock.wallMs() + 250);
});

test("a stream stops at its window and while answers wait to be read", async () => {
  const { server, origin, serve, sent, state } = rig();
  let ended = false;
  const handler = serve(function* () {
    try {
      for (let index = 0; index < 1000; index++) yield { index };
    } finally {
      ended = true;
    }
  }, Echo.methods.count);
  server.request(handler, {}, origin, 1, 0);
  await turn();
  expect(sent.length).toBe(STREAM_WINDOW);
  state.congested = true;
  server.credit(origin, 1, 16);
  await turn();
  expect(sent.length).toBe(STREAM_WINDOW);
  state.congested = false;
  server.room(origin);
  await turn();
  expect(sent.length).toBe(STREAM_WINDOW + 16);
  server.credit(origin, 1, 4_000_000_000);
  server.cancel(origin, 1);
  await turn();
  expect(ended).toBe(true);
  expect(kinds(sent)).not.toContain(Kind.streamEnd);
});

test("errors of handlers travel by name, whatever their details hold", async () => {
  const { server, origin, serve, sent } = rig();
  const thrown: unknown[] = [
    Object.assign(new Error("no such card"), { name: "app/no-card", details: { card: 7 } }),
    new Error("broken"),
    new BusError("cards/unsupported", { details: { path: "x", problem: "y" } }),
    "text",
  ];
  const handler = serve((request: { seq: number }) => {
    throw thrown[request.seq];
  });
  for (let seq = 0; seq < thrown.length; seq++) server.request(handler, { seq }, origin, seq, 0);
  expect(sent.map((item) => item.error?.code)).toEqual([
    "core/app",
    "core/handler-failed",
    "cards/unsupported",
    "core/handler-failed",
  ]);
  expect(sent[0].error?.details).toEqual({ name: "app/no-card", text: "no such card", card: 7 });
});

test("an answer that cannot be sent becomes an error at the caller, and the process lives", async () => {
  const { server, serve, log } = rig();
  const sent: ControlItem[] = [];
  const strict: Origin = {
    source: "a",
    isCongested: () => false,
    send: (item) => {
      if (item.kind === Kind.response) throw new BusError("core/message-too-large");
      if (sent.push(item) > 1) throw new Error("no room for errors either");
      return true;
    },
  };
  const handler = serve(() => Promise.resolve({}));
  server.request(handler, {}, strict, 1, 0);
  server.request(handler, {}, strict, 2, 0);
  await turn();
  expect(sent[0].error?.code).toBe("core/message-too-large");
  expect(log.lines.some((line) => line.text.includes("could not be sent"))).toBe(true);
});

test("a method has one handler at a time; taking it back frees it", () => {
  const { server, serve } = rig();
  const remove = server.add({ rpc: "x", method: Echo.methods.count, handle: () => [] });
  serve(() => ({}));
  expect(() => serve(() => ({}))).toThrow(/core\/already-served/);
  remove();
  expect(server.handler(Echo.methods.count.requestId)).toBeUndefined();
});
