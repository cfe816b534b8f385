// Method: the whole life of a run as a user lives it, in each placement; the sink's list of (type, canonical JSON) is compared.
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { overTcp, Rig, range } from "./rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open();
}, 120_000);
afterEach(() => rig.endAll());
afterAll(() => rig.close());

test("a bundled run lives from up to down: status, call, pub, echo, explain --live, accounts that add up, nothing left", async () => {
  rig.topology();
  const up = await rig.up();
  expect(await rig.do("publish", { count: 100 })).toMatchObject({ done: 100, code: "" });
  expect(await rig.seqs()).toEqual(range(100));

  const edge = await rig.edge();
  expect(edge).toMatchObject({
    transport: expect.stringMatching(/^(unix|ring)$/),
    state: "open",
    data: { published: 110, delivered: 110, inFlight: 0 },
  });
  const { ups, processes } = await rig.status();
  expect(ups[0].services.map(({ service, state, restarts }) => ({ service, state, restarts }))).toEqual(
    expect.arrayContaining([
      { service: "sink", state: "ready", restarts: 0 },
      { service: "source", state: "ready", restarts: 0 },
    ]),
  );
  expect(new Set(processes.map((process) => process.pid)).size).toBe(2);

  const echo = rig.start(["echo", "t.Note", "--count", "1"]);
  await echo.saw("listening");
  expect((await rig.run("pub", "Tick", '{"seq":7}', "--to", "sink")).stdout).toBe("back: sent\n");
  expect(await rig.do("publish", { count: 1, from: 501 })).toMatchObject({ done: 1 });
  expect(JSON.parse((await echo.ended).stdout)).toEqual({ seq: 501, text: "note 501" });
  expect((await rig.seen()).list.slice(-2)).toEqual(['t.Tick {"seq":7}', 't.Note {"seq":501,"text":"note 501"}']);

  expect((await rig.run("explain", "--live")).stdout).toMatch(/source -> sink +(unix|ring) +open/);
  expect(await rig.run("down")).toMatchObject({ code: 0, stdout: "rig has stopped\n" });
  expect(await up.ended).toMatchObject({ code: 0 });
  await rig.nothingLeft();
}, 60_000);

test("semantics/8.1 each edge carries the same ordered list of (type, canonical JSON) in every placement", async () => {
  rig.topology();
  const lists: Record<string, string[]> = {};
  for (const args of [[], ["--mode", "monolith"], ["--transport", "unix"], ["--transport", "tcp"]]) {
    const up = await rig.up(...args);
    expect(await rig.do("publish", { count: 300 })).toMatchObject({ done: 300, code: "" });
    lists[args.join(" ") || "bundled"] = (await rig.seen()).list;
    await rig.stop(up);
  }
  const [first, ...others] = Object.values(lists);
  expect(first).toHaveLength(330);
  for (const other of others) expect(other).toEqual(first);
}, 90_000);

test("a monolith is one process, whose services talk by reference", async () => {
  rig.topology();
  const up = await rig.up("--mode", "monolith");
  expect(await rig.do("publish", { count: 50 })).toMatchObject({ done: 50 });
  const { processes } = await rig.status();
  expect(processes.map((process) => process.process)).toEqual(["monolith"]);
  expect(await rig.edge()).toMatchObject({ transport: "local", data: { published: 55, delivered: 55 } });
  await rig.stop(up);
}, 60_000);

test("two hosts' worth of `up --node` talk over tcp with keys, and each ends by itself", async () => {
  const change = await overTcp();
  rig.topology(change);
  expect((await rig.run("keys")).code).toBe(0);
  const other = rig.copy();
  try {
    const back = await other.up("--node", "back");
    const front = await rig.up("--node", "front");
    expect(await rig.do("publish", { count: 200 })).toMatchObject({ done: 200, code: "" });
    expect(await other.seqs()).toEqual(range(200));
    expect(await rig.edge()).toMatchObject({ transport: "tcp", state: "open", data: { delivered: 220, inFlight: 0 } });
    await rig.stop(front);
    await other.stop(back);
  } finally {
    await other.close();
  }
}, 60_000);

test("an exec: service joins with MessageBus.fromTopology, drains on Ctrl-C and leaves nothing", async () => {
  rig.write(
    "program.js",
    `import { MessageBus } from "busbar";
     import { source } from "./source.js";
     source(await MessageBus.fromTopology());`,
  );
  rig.topology((text) => text.replace('run = "ts:source.js"', 'run = "exec:node"\nargs = ["program.js"]'));
  const up = await rig.up();
  await expect
    .poll(() => rig.do("publish", { count: 30 }).catch(String), { timeout: 20_000, interval: 200 })
    .toMatchObject({ done: 30 });
  expect((await rig.seqs()).slice(-30)).toEqual(range(30));
  const { ups } = await rig.status();
  expect(ups[0].services).toContainEqual(expect.objectContaining({ service: "source", state: "ready" }));
  await rig.stop(up);
}, 60_000);
