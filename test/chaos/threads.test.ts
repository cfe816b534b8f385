/**
 * Rings between real threads: a worker per service, ended at any time. Both ends run the compiled package, because a
 * worker reads no TypeScript: it holds "b", which counts what comes; this thread drives "a" in another worker.
 */
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

const DIST = join(import.meta.dirname, "..", "..", "dist");
const url = (path: string): string => JSON.stringify(pathToFileURL(join(DIST, path)).href);
const folder = mkdtempSync(join(tmpdir(), "busbar-threads-"));
const program = join(folder, "end.mjs");
const workers = new Set<Worker>();
beforeAll(() => {
  expect(existsSync(join(DIST, "test", "support", "hub.js")), "the programs run compiled: npm run build").toBe(true);
});
afterEach(async () => {
  await Promise.all([...workers].map((worker) => worker.terminate()));
  workers.clear();
});
afterAll(() => rmSync(folder, { recursive: true }));

writeFileSync(
  program,
  `import { parentPort, workerData } from "node:worker_threads";
   import { createRingTransport } from ${url("bus/transport/ring/index.js")};
   import { testHub, recordingLog, systemClock } from ${url("test/support/hub.js")};
   import { planOf } from ${url("test/support/plan.js")};
   import { Blob, Echo, Note } from ${url("bus/generated/busbar/testing.js")};
   const { service, place, epoch, capacityBytes = 64 * 1024, messageBytesMax = 16 * 1024 } = workerData;
   const log = recordingLog();
   const hub = testHub({
     plan: planOf({
       services: {
         a: { process: "pa", publishes: [Note, Blob], calls: [Echo] },
         b: { process: "pb", subscribes: [Note, Blob], serves: [Echo] },
       },
       carrier: "ring", timeoutMs: 160_000, capacityBytes, messageBytesMax,
     }),
     process: "p" + service,
     transports: [createRingTransport()],
     addressOf: (process) => ({ transport: "ring", path: place + process, service: process, among: "threads" }),
     epochOf: () => epoch,
     log,
     // Eight times as fast, so that a back-off after a short life does not make the test wait.
     clock: {
       ...systemClock,
       now: () => performance.now() * 8,
       after(ms, callback) { const timer = setTimeout(callback, ms / 8); timer.unref(); return () => clearTimeout(timer); },
     },
   });
   const bus = hub.bus(service);
   let seen = 0, faults = 0, last = 0;
   if (service === "b") {
     bus.subscriber(Note).on(({ seq, text }) => {
       seen++;
       if (seq <= last || text !== "note " + seq + "x".repeat(seq % 300)) faults++;
       last = seq;
     });
     bus.subscriber(Blob).on(({ seq, data }) => { seen++; if (data[0] !== seq % 251 || data[data.length - 1] !== seq % 251) faults++; });
     bus.serve(Echo, { echo: ({ seq, text }) => ({ seq, text }) });
   }
   await hub.start();
   let kept;
   const work = {
     connected: () => hub.connected({ timeout: 80_000 }),
     async publish({ from, count }) {
       const notes = bus.publisher(Note);
       for (let seq = from; seq < from + count; seq++) await notes.publish({ seq, text: "note " + seq + "x".repeat(seq % 300) });
       await notes.flush({ timeout: 160_000 });
     },
     async large({ bytes, count }) {
       const blobs = bus.publisher(Blob);
       for (let seq = 1; seq <= count; seq++) await blobs.publish({ seq, data: new Uint8Array(bytes).fill(seq % 251) });
       await blobs.flush({ timeout: 160_000 });
     },
     async ask({ count }) {
       const echo = bus.client(Echo);
       for (let seq = 0; seq < count; seq++) {
         // Every few with a pause longer than a look, so that both loops fall asleep.
         if (seq % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
         if ((await echo.echo({ seq, text: "t" })).seq !== seq) throw new Error("another's answer");
       }
     },
     flood() {
       const notes = bus.publisher(Note);
       let seq = 0;
       const more = () => { for (let i = 0; i < 200; i++) notes.tryPublish({ seq: ++seq, text: "note " + seq + "x".repeat(seq % 300) }); setImmediate(more); };
       more();
     },
     report: () => ({ seen, faults, account: bus.accounts().edges[0], log: log.lines.filter(({ level }) => level === "error") }),
     close: () => hub.close({ drain: 500 }),
     boom: () => { setImmediate(() => { throw new Error("boom"); }); },
     leave: () => process.exit(0),
   };
   parentPort.on("message", async ({ id, what, ...args }) => {
     try { parentPort.postMessage({ id, value: await work[what](args) }); }
     catch (error) { parentPort.postMessage({ id, error: error.message }); }
   });
   parentPort.postMessage({ ready: true });`,
);

interface Report {
  seen: number;
  faults: number;
  log: unknown[];
  account: {
    state: string;
    data: { published: number; delivered: number; inFlight: number; dropped: Record<string, number> };
  };
}

class End {
  readonly worker: Worker;
  #id = 0;

  private constructor(worker: Worker) {
    this.worker = worker;
  }

  static async open(service: "a" | "b", place: string, epoch = 1, options: object = {}): Promise<End> {
    // Without the conditions of this process, under which imports mean the sources.
    const worker = new Worker(program, { workerData: { service, place, epoch, ...options }, execArgv: [] });
    workers.add(worker);
    worker.on("error", () => undefined);
    const [message] = await once(worker, "message");
    expect(message).toEqual({ ready: true });
    return new End(worker);
  }

  ask<T = unknown>(what: string, args: object = {}): Promise<T> {
    const id = ++this.#id;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to ${what}`)), 30_000);
      const answered = (message: { id?: number; value?: T; error?: string }): void => {
        if (message.id !== id) return;
        clearTimeout(timer);
        this.worker.off("message", answered);
        if (message.error === undefined) resolve(message.value as T);
        else reject(new Error(message.error));
      };
      this.worker.on("message", answered);
      this.worker.postMessage({ id, what, ...args });
    });
  }

  tell(what: string): void {
    this.worker.postMessage({ id: 0, what });
  }

  async ends(how: "terminate" | "boom" | "leave"): Promise<void> {
    const exited = once(this.worker, "exit").catch(() => undefined);
    if (how === "terminate") await this.worker.terminate();
    else this.tell(how);
    await exited;
  }
}

const sum = (dropped: Record<string, number>): number => Object.values(dropped).reduce((x, y) => x + y, 0);
const addsUp = ({ account: { data } }: Report): void => {
  expect(data.published).toBe(data.delivered + sum(data.dropped) + data.inFlight);
};

test("messages and requests cross between two threads whole and in order, asleep and awake", async () => {
  const place = `${folder}/cross-`;
  const b = await End.open("b", place);
  const a = await End.open("a", place);
  await a.ask("publish", { from: 1, count: 50_000 });
  await a.ask("ask", { count: 200 });
  const report = await b.ask<Report>("report");
  expect(report).toMatchObject({ seen: 50_000, faults: 0, log: [] });
  const mine = await a.ask<Report>("report");
  expect(mine.account).toMatchObject({ state: "open", data: { published: 50_000, delivered: 50_000, inFlight: 0 } });
  await Promise.all([a.ask("close"), b.ask("close")]);
}, 60_000);

test("a thread may end at any time, however it ends: the other goes on, its account is true, the next life links again", async () => {
  const place = `${folder}/ends-`;
  const a = await End.open("a", place);
  a.tell("flood");
  for (let life = 1; life <= 12; life++) {
    const b = await End.open("b", place, life);
    await a.ask("connected");
    await new Promise((resolve) => setTimeout(resolve, 5 + life * 3));
    const report = await b.ask<Report>("report");
    expect(report.faults).toBe(0);
    await b.ends((["terminate", "boom", "leave"] as const)[life % 3]);
    addsUp(await a.ask<Report>("report"));
  }
  expect((await a.ask<Report>("report")).log).toEqual([]);
  // And the other way: the publisher goes, the subscriber stays.
  await a.ends("terminate");
  const b = await End.open("b", place, 13);
  for (let life = 20; life < 26; life++) {
    const next = await End.open("a", place, life);
    await next.ask("publish", { from: life * 1000, count: 500 });
    await next.ends((["terminate", "boom", "leave"] as const)[life % 3]);
  }
  expect(await b.ask<Report>("report")).toMatchObject({ seen: 3000, faults: 0, log: [] });
}, 120_000);

const sizeKiB = (): number => Number(/VmSize:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
const threadsNow = (): number => readdirSync("/proc/self/task").length;
const descriptors = (): number => readdirSync("/proc/self/fd").length;

test("nothing of a link is left when its threads have gone: no memory, no descriptor", async () => {
  const place = `${folder}/left-`;
  // 16 MiB messages make rings of 32 MiB a lane: four of them a link, so that one that stays is seen.
  const options = { capacityBytes: 32 * 1024 * 1024, messageBytesMax: 16 * 1024 * 1024 };
  const round = async (epoch: number): Promise<void> => {
    const b = await End.open("b", place, epoch, options);
    const a = await End.open("a", place, epoch, options);
    await a.ask("large", { bytes: 8 * 1024 * 1024, count: 3 });
    expect(await b.ask<Report>("report")).toMatchObject({ seen: 3, faults: 0 });
    if (epoch % 2 === 0) await Promise.all([a.ask("close"), b.ask("close")]);
    await Promise.all([a.ends("terminate"), b.ends("terminate")]);
    workers.clear();
  };
  for (let epoch = 1; epoch <= 4; epoch++) await round(epoch);
  const [size, open, threads] = [sizeKiB(), descriptors(), threadsNow()];
  for (let epoch = 5; epoch <= 16; epoch++) await round(epoch);
  // Twelve links would have kept 1.5 GiB.
  expect(sizeKiB() - size).toBeLessThan(400 * 1024);
  expect(descriptors()).toBeLessThanOrEqual(open);
  expect(threadsNow()).toBeLessThanOrEqual(threads);
}, 120_000);
