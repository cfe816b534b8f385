// Method: the rig's services on threads of their own, as real processes of the compiled package; compared with the same
// services on one thread and in processes of their own.
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Rig, range } from "./rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open();
}, 120_000);
afterEach(() => rig.endAll());
afterAll(() => rig.close());

/** Both services on one node; `keys` go to the services that they name. */
const together =
  (keys: Readonly<Record<string, string>> = {}) =>
  (text: string): string => {
    let changed = text
      .replace(/\[\[nodes\]\]\nname = "front"\nservices = \["source"\]\n/, "")
      .replace('services = ["sink"]', 'services = ["source", "sink"]');
    for (const [service, key] of Object.entries(keys))
      changed = changed.replace(`[services.${service}]\n`, `[services.${service}]\n${key}\n`);
    return changed;
  };
const OWN = 'thread = "own"';

/** Asks the command line again and again; it may have nobody to ask for a while. */
const eventually = async (condition: () => Promise<boolean>, what: string): Promise<void> => {
  const end = performance.now() + 20_000;
  while (!(await condition().catch(() => false))) {
    if (performance.now() > end) throw new Error(`watchdog: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

test("semantics/1.5 the same messages on one thread, on threads of their own and in processes of their own", async () => {
  const places = {
    "one thread": together(),
    "the source on its own": together({ source: OWN }),
    "the sink on its own": together({ sink: OWN }),
    "each on its own": together({ source: OWN, sink: OWN }),
    "a thread against a process": together({ source: OWN, sink: "isolate = true" }),
    "a process each": (text: string) => text,
  };
  const lists: Record<string, unknown> = {};
  const carriers: Record<string, string> = {};
  for (const [name, change] of Object.entries(places)) {
    rig.topology(change);
    const up = await rig.up();
    expect(await rig.do("publish", { count: 300 })).toMatchObject({ done: 300, code: "" });
    expect(await rig.do("items", { count: 200 })).toMatchObject({ done: 200, code: "" });
    expect(await rig.do("ask", { count: 0, from: 7 })).toMatchObject({ done: 7, code: "" });
    expect(await rig.do("ask", { count: 1, timeout: "app" })).toMatchObject({ code: "core/app" });
    lists[name] = (await rig.seen()).list;
    const edge = await rig.edge();
    expect(edge.data).toMatchObject({ published: 330, delivered: 330, inFlight: 0 });
    carriers[name] = edge.transport;
    await rig.stop(up);
  }
  const [first, ...others] = Object.values(lists);
  expect(first).toHaveLength(330);
  for (const other of others) expect(other).toEqual(first);
  expect(carriers).toEqual({
    "one thread": "local",
    "the source on its own": "ring",
    "the sink on its own": "ring",
    "each on its own": "ring",
    "a thread against a process": "ring",
    "a process each": "ring",
  });
}, 180_000);

test("one process, two threads: status, explain and the command line reach both; the topology's word for it is thread", async () => {
  rig.topology(together({ sink: OWN }));
  const up = await rig.up();
  await rig.do("publish", { count: 10 });
  const { ups, processes } = await rig.status();
  expect(processes.map(({ process }) => process).sort()).toEqual(["back", "sink@back"]);
  expect(new Set(processes.map(({ pid }) => pid)).size).toBe(1);
  expect(ups[0].services.map(({ pid }) => pid)).toEqual([processes[0].pid, processes[0].pid]);
  const live = (await rig.run("explain", "--live")).stdout;
  expect(live).toMatch(/source -> sink +ring +open/);
  const planned = (await rig.run("explain")).stdout;
  expect(planned).toContain("sink@back  back  sink (a thread of back)");
  expect(planned).toMatch(/source -> sink .* same process, sink on its own worker thread/);
  expect((await rig.run("graph")).stdout).toContain("thread sink@back");
  expect((await rig.run("pub", "Tick", '{"seq":7}', "--to", "sink")).stdout).toBe("sink@back: sent\n");
  await eventually(async () => (await rig.seen()).list.includes('t.Tick {"seq":7}'), "the tick");
  // Links of threads have no descriptor of their own, and their rings no file.
  const fds = readdirSync(`/proc/${processes[0].pid}/fd`).length;
  expect(readFileSync(`/proc/${processes[0].pid}/maps`, "utf8")).not.toContain("busbar-ring");
  expect(fds).toBeLessThan(80);
  expect(await rig.run("down")).toMatchObject({ code: 0 });
  expect(await up.ended).toMatchObject({ code: 0 });
  await rig.nothingLeft();
}, 60_000);

test("an exception on a thread ends its process, which says where it was, and the rule of restarts applies", async () => {
  rig.write(
    "bad.js",
    `import { sink } from "./sink.js";
     export default { start(bus) { sink(bus); setTimeout(() => { throw new Error("the sink leaks"); }, 300); } };`,
  );
  rig.topology((text) => together({ sink: OWN })(text).replace("ts:sink.js", "ts:bad.js"));
  const up = rig.start(["up"]);
  await up.saw("uncaught exception on the thread sink@back: Error: the sink leaks");
  await up.saw(/bad\.js:\d+/);
  await up.saw(/runtime\/crashed.*exit code 1; it is started again/);
  await up.saw(/gave-up|stays down/);
  await up.ended;
  await rig.nothingLeft();
}, 60_000);

test("process.exit on a thread is that of the process", async () => {
  rig.write(
    "leaves.js",
    `import { sink } from "./sink.js";
     export default { start(bus) { sink(bus); setTimeout(() => process.exit(7), 200); } };`,
  );
  rig.topology((text) => together({ sink: `${OWN}` })(text).replace("ts:sink.js", "ts:leaves.js"));
  const up = rig.start(["up"]);
  await up.saw(/runtime\/crashed.*exit code 7; it is started again/);
  up.child.kill("SIGINT");
  await up.ended;
  await rig.nothingLeft();
}, 60_000);

test("a start that fails on a thread is told with its reason; a program that is not there ends `up` at once", async () => {
  rig.write("late.js", 'export default { start() { throw new Error("no table free"); } };');
  rig.topology((text) => together({ sink: OWN })(text).replace("ts:sink.js", "ts:late.js"));
  const up = rig.start(["up"]);
  await up.saw(/start failed: no table free/);
  up.child.kill("SIGINT");
  await up.ended;
  rig.topology((text) => together({ sink: OWN })(text).replace("ts:sink.js", "ts:nowhere.js"));
  const missing = await rig.run("up");
  expect(missing.code).not.toBe(0);
  expect(missing.stdout + missing.stderr).toMatch(/nowhere\.js/);
  await rig.nothingLeft();
}, 60_000);

test("a thread that never gives its loop back does not keep `up` from ending", async () => {
  rig.write("stuck.js", "export default { start() { setTimeout(() => { for (;;); }, 300); } };");
  rig.topology((text) =>
    together({ sink: `${OWN}\nstop_timeout = "500ms"`, source: 'stop_timeout = "500ms"' })(text).replace(
      "ts:sink.js",
      "ts:stuck.js",
    ),
  );
  const up = await rig.up();
  await new Promise((resolve) => setTimeout(resolve, 500));
  await rig.stop(up);
}, 60_000);

test("the process is killed: both threads come back, and publishing goes on", async () => {
  rig.topology(together({ source: OWN, sink: OWN }));
  const up = await rig.up();
  expect(await rig.do("publish", { count: 50 })).toMatchObject({ done: 50 });
  const before = await rig.pidOf("sink");
  process.kill(before, "SIGKILL");
  await eventually(async () => {
    const { ups } = await rig.status();
    return ups[0].services.every(({ state, pid, restarts }) => state === "ready" && pid !== before && restarts === 1);
  }, "the restart");
  expect(await rig.do("publish", { count: 50, from: 50 })).toMatchObject({ done: 50, code: "" });
  expect(await rig.seqs()).toEqual(range(100).slice(50));
  await rig.stop(up);
}, 60_000);

test("a thread with sockets of libzmq leaves with the code of its process, and ends without a word", async () => {
  const places = (text: string): string => together({ sink: OWN, source: "isolate = true" })(text);
  rig.topology(places);
  const calm = await rig.up("--transport", "unix");
  expect(await rig.do("publish", { count: 50 })).toMatchObject({ done: 50, code: "" });
  expect((await rig.edge()).transport).toBe("unix");
  const ended = await rig.stop(calm);
  expect(ended.stdout + ended.stderr).not.toMatch(/terminate called|crashed|core dumped/);
  // bad.js and leaves.js are those of the tests above.
  for (const [program, code] of [
    ["bad.js", 1],
    ["leaves.js", 7],
  ] as const) {
    rig.topology((text) => places(text).replace("ts:sink.js", `ts:${program}`));
    const up = rig.start(["up", "--transport", "unix"]);
    await up.saw(new RegExp(`runtime/crashed.*exit code ${code}; it is started again`));
    up.child.kill("SIGINT");
    const result = await up.ended;
    expect(result.stdout + result.stderr).not.toContain("terminate called");
    await rig.nothingLeft();
  }
}, 60_000);
