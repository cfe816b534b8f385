// Method: processes are killed and stopped while they work. The survivor's account must add up, what was accepted is delivered
// or counted, requests end with a code, and Ctrl-C afterwards still leaves neither a process nor a file.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { isRunning, Rig, type Running, range, until } from "./rig.ts";

let rig: Rig;
let up: Running;
beforeAll(async () => {
  rig = await Rig.open();
}, 120_000);
beforeEach(() => rig.topology());
afterEach(() => rig.endAll());
afterAll(() => rig.close());

/** The same over sockets and over rings in memory (where this computer has them, else sockets again). */
const overEach = (name: string, run: (transport: string) => Promise<void>): void => {
  for (const transport of ["unix", "ring"]) {
    test(`${name}, over ${transport}`, async () => {
      up = await rig.up("--transport", transport);
      await run(transport);
    }, 60_000);
  }
};

/** The supervisor has started a successor of `pid` and it is ready. */
const restarted = async (service: string, pid: number): Promise<void> => {
  await until(() => !isRunning(pid), `the end of ${service}`);
  await expect
    .poll(
      async () => {
        const rows = (await rig.status()).ups[0]?.services ?? [];
        return rows.some((row) => row.service === service && row.pid !== pid && row.state === "ready");
      },
      { timeout: 15_000, interval: 100 },
    )
    .toBe(true);
};

overEach(
  "a subscriber that is killed with messages on their way: they become link_lost, later ones reach its successor",
  async () => {
    expect(await rig.do("publish", { count: 50 })).toMatchObject({ done: 50 });
    const pid = await rig.pidOf("sink");
    process.kill(pid, "SIGSTOP");
    const { done: taken } = await rig.do("offer", { count: 20_000, from: 1000 });
    expect(taken).toBeGreaterThan(100);
    expect(taken).toBeLessThan(20_000);
    process.kill(pid, "SIGKILL");
    await restarted("sink", pid);
    expect(await rig.do("publish", { count: 20, from: 50_001 })).toMatchObject({ done: 20, code: "" });
    expect(await rig.seqs()).toEqual(range(20).map((i) => 50_001 + i));
    const { data } = await rig.edge();
    expect(data.dropped.link_lost).toBe(taken);
    expect(data.inFlight).toBe(0);
    const { stdout } = await rig.stop(up);
    expect(stdout).toMatch(/sink +\| runtime\/crashed: service sink ended with signal SIGKILL; it is started again/);
  },
);

overEach(
  "a publisher that is killed: what the subscriber has stays, and it hears the successor without doing anything",
  async () => {
    expect(await rig.do("publish", { count: 50 })).toMatchObject({ done: 50 });
    const pid = await rig.pidOf("source");
    process.kill(pid, "SIGKILL");
    await restarted("source", pid);
    expect(await rig.do("publish", { count: 10, from: 500 })).toMatchObject({ done: 10, code: "" });
    expect(await rig.seqs()).toEqual([...range(50), ...range(10).map((i) => 500 + i)]);
    const { ups } = await rig.status();
    expect(ups[0].services).toContainEqual(expect.objectContaining({ service: "sink", restarts: 0 }));
    await rig.stop(up);
  },
);

overEach(
  "a server that is killed in the middle of a request: core/peer-lost for the caller, the next request is answered",
  async () => {
    const asking = rig.do("ask", { count: 1, timeout: "25s" });
    await up.saw("asked");
    const pid = await rig.pidOf("sink");
    process.kill(pid, "SIGKILL");
    expect(await asking).toMatchObject({ code: "core/peer-lost", text: expect.stringContaining("sink went away") });
    await restarted("sink", pid);
    expect(await rig.do("ask", { count: 0, from: 7 })).toEqual({ done: 7, code: "", text: "" });
    await rig.stop(up);
  },
);

overEach(
  "a subscriber that is stopped for a moment and goes on: everything arrives, in order, on the same link",
  async () => {
    const pid = await rig.pidOf("sink");
    process.kill(pid, "SIGSTOP");
    const { done: taken } = await rig.do("offer", { count: 500, from: 0 });
    await sleep(1500);
    process.kill(pid, "SIGCONT");
    await expect.poll(async () => (await rig.seqs()).length, { timeout: 15_000 }).toBe(taken);
    expect(await rig.seqs()).toEqual(range(taken));
    const { data } = await rig.edge();
    expect(data).toMatchObject({ published: taken, delivered: taken, inFlight: 0 });
    await rig.stop(up);
  },
);

test("a subscriber that is stopped for longer than the heartbeat is given up, and comes back by itself when it goes on", async () => {
  up = await rig.up("--transport", "unix");
  expect(await rig.do("publish", { count: 5 })).toMatchObject({ done: 5 });
  const pid = await rig.pidOf("sink");
  process.kill(pid, "SIGSTOP");
  expect(await rig.do("offer", { count: 100, from: 100 })).toMatchObject({ done: 100 });
  await expect
    .poll(async () => (await rig.edge()).note ?? "", { timeout: 15_000, interval: 200 })
    .toContain("no sign of life");
  const { data, state } = await rig.edge();
  expect(state).toBe("opening");
  expect(data).toMatchObject({ inFlight: 0, dropped: expect.objectContaining({ link_lost: 100 }) });
  process.kill(pid, "SIGCONT");
  expect(await rig.do("publish", { count: 5, from: 901 })).toMatchObject({ done: 5, code: "" });
  expect((await rig.seqs()).slice(-5)).toEqual([901, 902, 903, 904, 905]);
  expect((await rig.edge()).state).toBe("open");
  await rig.stop(up);
}, 60_000);

test("over a ring a subscriber that is stopped for longer stays linked: its edge holds what was accepted, and it goes on with it", async () => {
  up = await rig.up("--transport", "ring");
  const { transport } = await rig.edge();
  const pid = await rig.pidOf("sink");
  process.kill(pid, "SIGSTOP");
  const { done: taken } = await rig.do("offer", { count: 100 });
  expect(taken).toBe(100);
  await sleep(7000);
  const { state, data } = await rig.edge();
  const isRing = transport === "ring"; // a computer without them has sockets here, and the rule of sockets
  expect({ state, inFlight: data.inFlight }).toEqual(
    isRing ? { state: "open", inFlight: 100 } : { state: "opening", inFlight: 0 },
  );
  process.kill(pid, "SIGCONT");
  await expect.poll(async () => (await rig.seqs()).length, { timeout: 15_000 }).toBeGreaterThan(isRing ? 99 : -1);
  await rig.stop(up);
}, 60_000);

test("policy block and a subscriber that stands still: publish waits, then core/timeout, and the account says timeout", async () => {
  rig.topology(
    (text) =>
      `${text}\n[[edges]]\nfrom = "source"\nto = "sink"\ncapacity = "512KiB"\npolicy = { kind = "block", timeout = "400ms" }\n`,
  );
  up = await rig.up();
  const pid = await rig.pidOf("sink");
  process.kill(pid, "SIGSTOP");
  const outcome = await rig.do("accept", { count: 20_000, timeout: "x".repeat(200) });
  expect(outcome.code).toBe("core/timeout");
  const { data } = await rig.edge();
  expect(data.dropped.timeout).toBe(1);
  expect(data.inFlight).toBeGreaterThan(100);
  process.kill(pid, "SIGCONT");
  await expect.poll(async () => (await rig.edge()).data.inFlight, { timeout: 15_000 }).toBe(0);
  expect((await rig.seqs()).length).toBe(data.published - 1);
  await rig.stop(up);
}, 60_000);

test("requests end with their code: a handler that throws, an app error, a deadline, a stream that is left, a message too large", async () => {
  up = await rig.up();
  expect(await rig.do("ask", { count: 1, timeout: "fail" })).toMatchObject({
    code: "core/handler-failed",
    text: "core/handler-failed: the handler of t.Server/Ask failed: no such card",
  });
  expect(await rig.do("ask", { count: 1, timeout: "app" })).toMatchObject({
    code: "core/app",
    text: expect.stringContaining("app/no-card: no such card"),
  });
  expect(await rig.do("ask", { count: 1, timeout: "300ms" })).toMatchObject({ code: "core/deadline-exceeded" });
  await expect.poll(async () => (await rig.seen()).aborted, { timeout: 10_000 }).toBe(1);
  expect(await rig.do("items", { count: 100 })).toMatchObject({ done: 100, code: "" });
  await expect.poll(async () => (await rig.seen()).aborted, { timeout: 10_000 }).toBe(2);
  expect(await rig.do("large", { count: 300_000 })).toMatchObject({
    code: "core/message-too-large",
    text: expect.stringMatching(
      /a t\.Note of 300\d\d\d bytes is larger than max_message 262144 of edge source -> sink/,
    ),
  });
  expect(await rig.do("publish", { count: 3 })).toMatchObject({ done: 3 });
  expect((await rig.status()).ups[0].services.every((service) => service.restarts === 0)).toBe(true);
  await rig.stop(up);
}, 60_000);
