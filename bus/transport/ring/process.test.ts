/** Whole processes: how they end with a plugin in them, and plugins in worker threads. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { afterAll, expect, test } from "vitest";
import { findAddon, findGuard } from "./native-path.ts";
import { testPlugin } from "./test-support.ts";

const folder = mkdtempSync(join(tmpdir(), "busbar-process-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The addon alone, because a child process reads no TypeScript: what is tested here is native. */
const PRELUDE = `
  const addon = require(${JSON.stringify(findAddon())});
  const start = (onEvent) => addon.loadPlugin(${JSON.stringify(testPlugin("echo"))}, "echo", "{}", { threads: 2, spinUs: 50, adaptive: true }, onEvent);
  const options = { capacityBytes: 65536, frameBytesMax: 4096, sourceId: 1, epoch: 1, edge: 0xffffffff, clockRank: 0xffffffff };
  // One request for a long batch, straight into the control ring.
  const longBatch = (link, rings) => {
    const ring = new DataView(rings[1]);
    const at = 4096;
    ring.setUint32(at, 72, true);
    ring.setUint32(at + 4, 0x08020142, true);
    ring.setUint32(at + 8, 0xbbcfb487, true);
    ring.setUint32(at + 40, 1, true);
    ring.setUint32(at + 64, 1000000, true);
    ring.setUint32(at + 68, 1000, true);
    Atomics.store(new Int32Array(rings[1]), 32, 72);
    addon.wake(link);
  };
`;

const scripts = {
  "forgets an idle plugin": `start(() => {}); setTimeout(() => console.log("end"), 50);`,
  "forgets an idle link": `const p = start(() => {}); addon.createLink(p, options, () => {}); console.log("end");`,
  "exits in the middle of a batch": `
    const p = start(() => {});
    const { link, rings } = addon.createLink(p, options, () => {});
    setTimeout(() => { longBatch(link, rings); setTimeout(() => { console.log("end"); process.exit(0); }, 50); }, 50);`,
  "exits at once after loading": `start(() => {}); console.log("end"); process.exit(0);`,
  "drops every handle and collects": `
    for (let i = 0; i < 20; i++) addon.createLink(start(() => {}), options, () => {});
    for (let i = 0; i < 5; i++) global.gc();
    setTimeout(() => { for (let i = 0; i < 5; i++) global.gc(); console.log("end"); }, 50);`,
  "waits for a plugin that it stops": `
    const p = start((kind) => { if (kind === 4) console.log("end"); });
    addon.refPlugin(p, true); addon.stopPlugin(p); setTimeout(() => addon.refPlugin(p, false), 200);`,
  "throws in a callback": `
    process.on("uncaughtException", (error) => { console.log(error.message); process.exit(0); });
    const p = start(() => { throw new Error("end"); }); addon.refPlugin(p, true);`,
};

test.each(Object.entries(scripts))("a process that %s ends cleanly", async (name, script) => {
  const file = join(folder, `${name.replaceAll(" ", "-")}.cjs`);
  writeFileSync(file, PRELUDE + script);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--expose-gc", file], { timeout: 20_000 });
  expect({ stdout, stderr }).toEqual({ stdout: "end\n", stderr: "" });
});

test("plugins live in worker threads, which end with work in flight", async () => {
  const file = join(folder, "worker.cjs");
  writeFileSync(
    file,
    `${PRELUDE}
    const { parentPort } = require("node:worker_threads");
    const p = start((kind) => { if (kind === 0) parentPort.postMessage("ready"); });
    const { link, rings } = addon.createLink(p, options, () => {});
    addon.refPlugin(p, true);
    parentPort.on("message", () => { longBatch(link, rings); parentPort.postMessage("working"); });`,
  );
  for (let round = 0; round < 3; round++) {
    const workers: Worker[] = [];
    for (let i = 0; i < 2; i++) {
      const worker = new Worker(file);
      workers.push(worker);
      expect(await once(worker, "message")).toEqual(["ready"]);
      worker.postMessage("go");
      expect(await once(worker, "message")).toEqual(["working"]);
    }
    expect(await Promise.all(workers.map((worker) => worker.terminate()))).toEqual([1, 1]);
  }
});

test("busbar-guard runs its program, passes its status on, and refuses to run for a parent that is gone", async () => {
  const guard = findGuard()!;
  const run = async (env: Record<string, string>, ...args: string[]): Promise<unknown> =>
    promisify(execFile)(guard, args, { env: { ...process.env, ...env }, timeout: 10_000 }).then(
      ({ stdout }) => stdout,
      (error) => [error.code, error.stderr],
    );
  expect(await run({ BUSBAR_PARENT_PID: String(process.pid) }, "printenv", "BUSBAR_PARENT_PID")).toEqual([1, ""]);
  expect(await run({}, "echo", "hello")).toBe("hello\n");
  expect(await run({}, "sh", "-c", "exit 7")).toEqual([7, ""]);
  expect(await run({ BUSBAR_PARENT_PID: "1" }, "echo")).toEqual([125, expect.stringContaining("is gone")]);
  expect(await run({ BUSBAR_PARENT_PID: "x" }, "echo")).toEqual([2, expect.stringContaining("not a process id")]);
  expect(await run({}, "/nowhere/at/all")).toEqual([127, expect.stringContaining("No such file")]);
});

test("a guarded program dies with its parent", async () => {
  const parent = join(folder, "parent.cjs");
  writeFileSync(
    parent,
    `const child = require("node:child_process").spawn(${JSON.stringify(findGuard())}, ["sleep", "60"], { stdio: "ignore" });
     console.log(child.pid); setInterval(() => {}, 1000);`,
  );
  const { spawn } = await import("node:child_process");
  const started = spawn(process.execPath, [parent], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(started.stdout!, "data");
  const pid = Number(String(line));
  expect(() => process.kill(pid, 0)).not.toThrow();
  started.kill("SIGKILL");
  await once(started, "exit");
  const end = performance.now() + 10_000;
  const alive = (): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  while (alive() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(alive()).toBe(false);
});
